"""What the three classifiers of images have in common."""

import json

import keras
import numpy as np
import pytest

from skdeep.networks.airbench import airbench
from skdeep.networks.image_classifier import widened
from skdeep.networks.resnet20 import resnet20
from skdeep.networks.vgg_small import vgg_small

BUILDERS = [vgg_small, resnet20, airbench]
AUGMENTATIONS = {"mirror": True, "shift": 1, "cutout": 3}

every_builder = pytest.mark.parametrize("build", BUILDERS, ids=lambda f: f.__name__)


def images(shape, n=4):
    """Return a few images of uniform noise."""
    return np.random.default_rng(0).random((n, *shape), dtype="float32")


def small(build, shape=(8, 8, 1), n_outputs=3, **changes):
    """Return a narrow network."""
    settings = {"width": 0.1, "image_shape": shape, "n_outputs": n_outputs}
    return build(**settings | changes)


@every_builder
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 2, 1), (1, 30, 1), (3, 1, 2), (7, 5, 1), (8, 8, 3)]
)
@pytest.mark.parametrize("n_outputs", [1, 10])
def test_every_size_of_images_will_do(build, shape, n_outputs):
    """Also strips and single pixels; gradients are finite in training."""
    model = small(build, shape, n_outputs)
    assert model(images(shape)).shape == (4, n_outputs)
    assert np.isfinite(model(images(shape), training=True)).all()


@every_builder
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentation_acts_in_training_only(build, name):
    """Each kind adds its layer, without weights, and inference ignores it."""
    plain, model = small(build), small(build, **{name: AUGMENTATIONS[name]})
    assert name in [layer.name for layer in model.layers]
    assert name not in [layer.name for layer in plain.layers]
    model.set_weights(plain.get_weights())
    rows = images((8, 8, 1), 16)
    np.testing.assert_array_equal(model(rows), plain(rows))
    trained = np.asarray(model(rows, training=True))
    assert np.abs(trained - np.asarray(plain(rows, training=True))).max() > 1e-5


@every_builder
def test_dropout_acts_in_training_only(build):
    """It drops features under the output."""
    plain, model = small(build), small(build, dropout=0.5)
    model.set_weights(plain.get_weights())
    rows = images((8, 8, 1))
    np.testing.assert_array_equal(model(rows), plain(rows))
    assert model.get_layer("body").get_layer("dropout").rate == 0.5


@every_builder
def test_views_are_averaged(build):
    """The mean over an image and its mirror image, one logit after another."""
    plain = small(build)
    model = small(build, mirror=True, average_views=True)
    model.set_weights(plain.get_weights())
    rows = images((8, 8, 1))
    expected = (np.asarray(plain(rows)) + np.asarray(plain(rows[:, :, ::-1]))) / 2
    np.testing.assert_allclose(model(rows), expected, rtol=1e-5, atol=1e-6)
    assert model(rows, training=True).shape == (4, 3)
    assert model.output_shape == (None, 3)


@every_builder
def test_without_augmentation_there_is_one_view(build):
    """Nothing is shown that training has not."""
    names = [layer.name for layer in small(build, average_views=True).layers]
    assert names == ["image", "standardization", "body"]


@every_builder
def test_only_the_features_and_logits_are_single_precision(build):
    """In half precision convolutions are, and what decides the classes is not."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small(build, mirror=True, shift=1, cutout=2, average_views=True)
    finally:
        keras.config.set_dtype_policy(policy)
    assert keras.backend.standardize_dtype(model.output.dtype) == "float32"
    body = model.get_layer("body")
    convolutions = [la for la in body.layers if isinstance(la, keras.layers.Conv2D)]
    assert {layer.compute_dtype for layer in convolutions} == {"bfloat16"}
    rows = keras.ops.cast(images((8, 8, 1)), "bfloat16")
    for training in (False, True):
        assert np.isfinite(model(rows, training=training)).all()


@every_builder
def test_layer_names_do_not_depend_on_what_was_built_before(build):
    """Two equal calls give equal configurations, but for what is drawn."""

    def configuration():
        content = small(build, mirror=True, shift=1, average_views=True).to_json()
        return json.loads(content)["config"]

    first, second = configuration(), configuration()
    assert [la["name"] for la in first["layers"]] == [
        la["name"] for la in second["layers"]
    ]
    bodies = [
        next(la for la in one["layers"] if la["name"] == "body")
        for one in (first, second)
    ]
    assert bodies[0] == bodies[1]


@every_builder
def test_configuration_round_trip(build):
    """Keras can make the network again from what it saves, custom layers included."""
    model = small(build, mirror=True, shift=1, cutout=2, average_views=True)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(model)
    )
    again.set_weights(model.get_weights())
    rows = images((8, 8, 1))
    np.testing.assert_array_equal(again(rows), model(rows))


def test_widths_are_rounded():
    """Never to nothing."""
    assert widened((64, 256), 0.5) == [32, 128]
    assert widened((64, 256), 0.001) == [1, 1]
    assert widened((3, 4), 1.2) == [4, 5]


@every_builder
@pytest.mark.parametrize(
    "wrong", [{"width": 0.0}, {"width": -1.0}, {"image_shape": (8, 8)}]
)
def test_sizes_are_checked(build, wrong):
    """The error names what is wrong."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        small(build, **wrong)
