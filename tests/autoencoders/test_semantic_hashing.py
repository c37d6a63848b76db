"""Semantic hashing: bits, saturation, retrieval, scikit-learn's tools."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skdeep import SemanticHashingTransformer
from skdeep.encoding.bits import unpack_bits
from skdeep.hashing import HammingNeighbors
from skdeep.metrics import bucket_purity, hashing_map_scorer


def scaled(X):
    """Scale pixels to [0, 1]."""
    return X / 16


@pytest.fixture(scope="module")
def digits():
    """Small grey images in [0, 1] and their labels."""
    X, y = load_digits(return_X_y=True)
    return (X[:900].reshape(-1, 8, 8) / 16).astype(np.float32), y[:900]


def hasher(**changes):
    """Return a small transformer, not fitted."""
    settings = {
        "n_bits": 12,
        "hidden_layer_sizes": (40,),
        "epochs": 25,
        "batch_size": 32,
        "learning_rate": 0.005,
        "random_state": 0,
    }
    return SemanticHashingTransformer(**(settings | changes))


@pytest.fixture(scope="module")
def fitted(digits):
    """A transformer that has learned something."""
    return hasher().fit(digits[0])


def test_bits_are_rounded_probabilities(fitted, digits):
    """Bits are zeros and ones of one byte, probabilities lie between."""
    probabilities = fitted.transform_proba(digits[0])
    bits = fitted.transform(digits[0])
    assert probabilities.shape == bits.shape == (900, 12)
    assert (probabilities.dtype, bits.dtype) == (np.float32, np.uint8)
    assert 0 <= probabilities.min() and probabilities.max() <= 1
    np.testing.assert_array_equal(bits, np.round(probabilities))


@pytest.mark.parametrize("n_bits", [1, 12, 64, 70])
def test_packed_codes_are_the_same_bits(digits, n_bits):
    """Unpacked they are what transform returns, whatever the number of words."""
    model = hasher(n_bits=n_bits, epochs=1).fit(digits[0][:100])
    packed = model.pack(digits[0])
    assert packed.shape == (900, -(-n_bits // 64))
    assert packed.dtype == np.uint64
    bits = unpack_bits(packed, n_bits)
    np.testing.assert_array_equal(bits, model.transform(digits[0]))


def test_saturation_grows_with_the_noise(digits):
    """More noise leaves fewer probabilities in between."""
    shares = [
        hasher(noise_scale=scale).fit(digits[0]).saturation_ for scale in (0, 1, 4)
    ]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.8


def test_saturation_is_the_share_near_zero_or_one(fitted, digits):
    """It is measured on the training samples, and a plain number."""
    probabilities = fitted.transform_proba(np.unique(digits[0], axis=0))
    near = np.minimum(probabilities, 1 - probabilities) < 0.1
    assert isinstance(fitted.saturation_, float)
    assert fitted.saturation_ == pytest.approx(near.mean(), abs=2e-3)


def test_little_is_lost_by_rounding_a_noisy_code(digits):
    """Images from bits are hardly worse than images from probabilities."""

    def loss_of_rounding(model):
        bits = model.transform(digits[0]).astype(np.float32)
        rebuilt = model.inverse_transform(bits)
        rounded = np.mean((rebuilt - digits[0]) ** 2)
        return rounded / -model.score(digits[0])

    noisy = loss_of_rounding(hasher().fit(digits[0]))
    assert noisy < 1.1
    assert noisy < loss_of_rounding(hasher(noise_scale=0).fit(digits[0]))


def test_similar_images_have_similar_codes(fitted, digits):
    """The nearest codes of an image mostly show the same digit."""
    X, y = digits
    neighbors = HammingNeighbors(n_bits=12).fit(fitted.pack(X[:700]))
    distances, indices = neighbors.kneighbors(fitted.pack(X[700:]), n_neighbors=5)
    assert np.mean(y[:700][indices] == y[700:, None]) > 0.5
    bits = fitted.transform(X)
    differing = bits[700:, None] != bits[:700][indices]
    np.testing.assert_array_equal(differing.sum(axis=2), distances)


def test_images_of_a_bucket_are_of_one_kind(fitted, digits):
    """Equal codes mean the same digit far more often than by chance."""
    purity = bucket_purity(fitted.transform(digits[0]), digits[1])
    assert purity.adjusted_purity > 0.3


def test_score_is_minus_the_reconstruction_error(fitted, digits):
    """Reconstructed from probabilities, not from bits; training improves it."""
    rebuilt = fitted.inverse_transform(fitted.transform_proba(digits[0]))
    errors = ((rebuilt - digits[0]) ** 2).reshape(900, -1).mean(axis=1)
    np.testing.assert_allclose(fitted.score_samples(digits[0]), -errors, rtol=1e-4)
    assert fitted.score(digits[0]) == pytest.approx(-errors.mean(), rel=1e-4)
    assert fitted.score(digits[0]) > hasher(epochs=1).fit(digits[0]).score(digits[0])


def test_partial_fit_goes_on(digits):
    """Each call is one pass, after which saturation is measured again."""
    model = hasher()
    seen = []
    for _ in range(3):
        model.partial_fit(digits[0])
        seen.append((model.n_iter_, model.score(digits[0]), model.saturation_))
    assert [n for n, _, _ in seen] == [1, 2, 3]
    assert len({saturation for _, _, saturation in seen}) == 3
    assert seen[2][1] > seen[0][1]


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, {"dropout": 0.5}), ({"dropout": 0.5}, {"dropout": 0.0, "noise_scale": 0.0})],
)
def test_going_on_with_another_noise(digits, before, after):
    """Layers that only act in training may come and go between two fits."""
    X, _ = digits
    fitted = hasher(epochs=1, warm_start=True, **before).fit(X)
    weights = fitted.weights_
    fitted.set_params(**after).fit(X).partial_fit(X)
    assert fitted.n_iter_ == 3
    assert not np.array_equal(fitted.weights_[0], weights[0])

    again = hasher(epochs=1, warm_start=True, **before).fit(X)
    again.set_params(**after).fit(X).partial_fit(X)
    for one, other in zip(fitted.weights_, again.weights_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_pixels_may_be_bytes(digits):
    """Codes of uint8 images are those of the images scaled."""
    grey = np.round(digits[0] * 255).astype(np.uint8)
    model = hasher(epochs=2).fit(grey)
    assert model.transform(grey).mean() not in (0, 1)
    rebuilt = model.inverse_transform(model.transform_proba(grey))
    assert rebuilt.max() > 100


def test_dropout_acts_in_training_only(digits):
    """It changes what is learned, and codes are still deterministic."""
    plain = hasher(epochs=2).fit(digits[0])
    dropped = hasher(epochs=2, dropout=0.5).fit(digits[0])
    assert any(
        np.any(a != b) for a, b in zip(plain.weights_, dropped.weights_, strict=True)
    )
    first = dropped.transform_proba(digits[0])
    np.testing.assert_array_equal(first, dropped.transform_proba(digits[0]))


def test_names_of_bits(fitted):
    """Bits are numbered, after the class."""
    names = fitted.get_feature_names_out()
    assert len(names) == 12
    assert names[0] == "semantichashingtransformer0"


def test_bits_in_a_data_frame(digits):
    """A frame of bits has the names, and one byte for each bit."""
    model = hasher(epochs=1).set_output(transform="pandas")
    frame = model.fit_transform(digits[0][:50])
    assert list(frame.columns) == list(model.get_feature_names_out())
    assert (frame.dtypes == np.uint8).all()


def test_pipeline_and_grid_search_on_a_retrieval_scorer(digits):
    """Noise and length of the code are tuned by retrieval in held-out folds."""
    X, y = digits
    model = make_pipeline(FunctionTransformer(scaled), hasher(image_shape=(8, 8)))
    grid = {"semantichashingtransformer__n_bits": [1, 12]}
    search = GridSearchCV(
        model, grid, scoring=hashing_map_scorer, cv=2, error_score="raise"
    ).fit(X.reshape(len(X), -1) * 16, y)
    assert search.best_params_ == {"semantichashingtransformer__n_bits": 12}
    one, twelve = search.cv_results_["mean_test_score"]
    # One bit, the same for nearly all rows, finds what chance does.
    assert twelve > 2 * one


@pytest.mark.parametrize("name", ["transform", "transform_proba", "pack"])
def test_codes_need_a_fit(digits, name):
    """Before it there is no code."""
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        getattr(clone(hasher()), name)(digits[0])


@pytest.mark.parametrize(
    "wrong", [{"n_bits": 0}, {"noise_scale": -1}, {"dropout": 1.0}]
)
def test_parameters_are_checked(digits, wrong):
    """The error names the parameter."""
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        hasher(**wrong).fit(digits[0])
