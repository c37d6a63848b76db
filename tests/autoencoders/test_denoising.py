"""The denoising autoencoder."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from skdeep import DenoisingAutoencoderTransformer, StackedAutoencoderTransformer
from skdeep.datasets import LazyRows

KINDS = ("gaussian", "masking", "salt_and_pepper", "dropout")


@pytest.fixture(scope="module")
def digits():
    """Small grey images in [0, 1]."""
    return (load_digits().images / 16).astype(np.float32)


def small(**changes):
    """Return an estimator that trains within a second or two."""
    settings = {
        "n_components": 20,
        "hidden_layer_sizes": (40,),
        "filters": (8,),
        "epochs": 2,
        "batch_size": 50,
        "learning_rate": 0.005,
        "random_state": 0,
    }
    return DenoisingAutoencoderTransformer(**settings | changes)


def corrupted(images, kind, level):
    """Return images with noise, as plain NumPy makes it."""
    generator = np.random.default_rng(0)
    draws = generator.random(images.shape)
    if kind == "gaussian":
        return images + level * generator.normal(size=images.shape)
    if kind == "salt_and_pepper":
        return np.where(draws < level, draws < level / 2, images)
    scale = 1 - level if kind == "dropout" else 1
    return np.where(draws < level, 0, images / scale)


@pytest.mark.parametrize("kind", KINDS)
def test_it_repairs_what_it_was_trained_on(digits, kind):
    """Repaired images that were never seen are closer to the clean ones."""
    images, new = digits[:1300], digits[1300:]
    autoencoder = small(corruption=kind, epochs=15).fit(images)
    noisy = corrupted(new, kind, 0.3)
    error = ((noisy - new) ** 2).mean()
    assert ((autoencoder.denoise(noisy) - new) ** 2).mean() < 0.6 * error


def test_it_repairs_better_than_an_autoencoder_that_saw_no_noise(digits):
    """Corruption in training is what teaches to repair."""
    images, new = digits[:1300], digits[1300:]
    noisy = corrupted(new, "masking", 0.3)
    denoising = small(corruption="masking", epochs=15).fit(images)
    plain = small(corruption="masking", corruption_level=0.0, epochs=15).fit(images)
    errors = [((a.denoise(noisy) - new) ** 2).mean() for a in (denoising, plain)]
    assert errors[0] < 0.7 * errors[1]


@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("flat", [False, True])
def test_denoise_is_transform_and_back(digits, architecture, dtype, flat):
    """One pass gives what the two methods give, in the user's shape and unit."""
    images = digits[:100] * (255 if dtype == np.uint8 else 1)
    images = images.astype(dtype).reshape(100, *((64,) if flat else (8, 8)))
    autoencoder = small(
        architecture=architecture, image_shape=(8, 8, 1) if flat else None
    ).fit(images)
    repaired = autoencoder.denoise(images)
    assert repaired.shape == images.shape
    assert repaired.dtype == (np.float64 if dtype == np.float64 else np.float32)
    wanted = autoencoder.inverse_transform(autoencoder.transform(images))
    scale = 255 if dtype == np.uint8 else 1
    np.testing.assert_allclose(repaired, wanted, atol=1e-6 * scale)
    errors = ((repaired - images.astype(float)) / scale) ** 2
    scores = autoencoder.score_samples(images)
    np.testing.assert_allclose(scores, -errors.reshape(100, -1).mean(axis=1), rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_corruption_is_not_part_of_inference(digits, kind):
    """Codes are those of the samples as they are, every time."""
    autoencoder = small(corruption=kind, corruption_level=0.9).fit(digits[:200])
    codes = autoencoder.transform(digits[:50])
    np.testing.assert_array_equal(autoencoder.transform(digits[:50]), codes)
    kernel, bias, code_kernel, code_bias = autoencoder.weights_[:4]
    by_hand = digits[:50].reshape(50, 64) @ kernel + bias
    gelu = autoencoder.model_.get_layer("encoder").get_layer("hidden_1_activation")
    by_hand = np.asarray(gelu(by_hand)) @ code_kernel + code_bias
    np.testing.assert_allclose(codes, by_hand, atol=1e-4)


def test_without_corruption_it_is_a_plain_autoencoder(digits):
    """At level zero the loss and the weights are those of the stacked one."""
    settings = {
        "hidden_layer_sizes": (40,),
        "n_components": 20,
        "activation": "relu",
        "epochs": 2,
        "learning_rate": 0.001,
        "random_state": 0,
    }
    plain = DenoisingAutoencoderTransformer(corruption_level=0.0, **settings)
    stacked = StackedAutoencoderTransformer(tied_weights=False, **settings)
    found, wanted = (a.fit(digits[:300]).weights_ for a in (plain, stacked))
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_is_reproducible_and_the_corruption_random(digits):
    """The seed decides the corruption too; another seed corrupts otherwise."""
    first, second = (small().fit(digits[:200]).weights_[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    by_parts = small(learning_rate_schedule="constant")
    for _ in range(2):
        by_parts.partial_fit(digits[:200])
    whole = small(learning_rate_schedule="constant").fit(digits[:200])
    np.testing.assert_array_equal(by_parts.weights_[0], whole.weights_[0])


def test_without_bottleneck(digits):
    """A convolutional network may have a code as long as its last feature map."""
    autoencoder = small(architecture="convolutional", n_components=None)
    assert autoencoder.fit_transform(digits[:100]).shape == (100, 4 * 4 * 8)


def test_normalised_convolutions(digits):
    """Batch normalisation adds layers, and works on each image alone when fitted."""
    normalised = small(
        architecture="convolutional", filters=(8, 4), batch_normalization=True
    ).fit(digits[:100])
    names = {layer.name for layer in normalised.model_.get_layer("encoder").layers}
    assert any("normalization" in name for name in names)
    np.testing.assert_array_equal(
        normalised.denoise(digits[:3]), normalised.denoise(digits[:100])[:3]
    )


def test_unfitted():
    """There is nothing to repair with before fit."""
    with pytest.raises(NotFittedError):
        small().denoise(np.zeros((2, 4)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"corruption": "masking", "corruption_level": 1.0}, "below 1, got 1.0"),
        ({"corruption": "blur"}, "'corruption' parameter"),
        ({"n_components": None}, "n_components must be an integer"),
        ({"architecture": "recurrent"}, "'architecture' parameter"),
    ],
)
def test_wrong_parameters_are_named(digits, changes, message):
    """A parameter that makes no sense is refused in fit."""
    with pytest.raises(ValueError, match=message):
        small(**changes).fit(digits[:20])


def test_sigmoid_output_refuses_other_numbers(digits):
    """Numbers that could never be reconstructed are named before training."""
    with pytest.raises(
        ValueError, match="numbers from 0 to 1, but X goes from 0 to 16"
    ):
        small(output_activation="sigmoid").fit(digits * 16)


@pytest.mark.parametrize("way", ["fit", "partial_fit"])
def test_sigmoid_output_refuses_other_numbers_when_going_on(digits, way):
    """As in the first call, and in files; samples to repair may leave the range."""
    autoencoder = small(output_activation="sigmoid", warm_start=True).fit(digits[:100])
    with pytest.raises(ValueError, match="from 0 to 1, but X goes from 0 to 16"):
        getattr(autoencoder, way)(digits * 16)
    with config_context(working_memory=1e-6):
        with pytest.raises(ValueError, match="from 0 to 1, but X goes from 0 to 16"):
            getattr(autoencoder, way)(LazyRows(digits * 16))
        getattr(autoencoder, way)(LazyRows(digits[:100]))
    assert np.isfinite(autoencoder.denoise(digits * 16)).all()
