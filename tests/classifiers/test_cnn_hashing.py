"""Hash codes from labels: bits, retrieval, scikit-learn's tools."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skdeep import CNNHashingTransformer, SemanticHashingTransformer
from skdeep.encoding.bits import unpack_bits
from skdeep.hashing import HammingNeighbors
from skdeep.metrics import hashing_map_scorer, mean_average_precision


@pytest.fixture(scope="module")
def digits():
    """Small grey images in [0, 1] and their labels, as words."""
    X, y = load_digits(return_X_y=True)
    names = np.array("zero one two three four five six seven eight nine".split())
    return (X[:900].reshape(-1, 8, 8) / 16).astype(np.float32), names[y[:900]]


def hasher(**changes):
    """Return a small transformer, not fitted."""
    settings = {
        "n_bits": 12,
        "filters": (8, 16),
        "epochs": 6,
        "batch_size": 32,
        "learning_rate": 0.01,
        "random_state": 0,
    }
    return CNNHashingTransformer(**(settings | changes))


@pytest.fixture(scope="module")
def fitted(digits):
    """A transformer fitted to the first 600 images."""
    return hasher().fit(digits[0][:600], digits[1][:600])


def test_bits_are_rounded_probabilities(fitted, digits):
    """Bits are zeros and ones of one byte, probabilities lie between."""
    probabilities = fitted.transform_proba(digits[0])
    bits = fitted.transform(digits[0])
    assert probabilities.shape == bits.shape == (900, 12)
    assert (probabilities.dtype, bits.dtype) == (np.float32, np.uint8)
    np.testing.assert_array_equal(bits, np.round(probabilities))


def test_packed_codes_are_the_same_bits(fitted, digits):
    """Unpacked they are what transform returns."""
    bits = unpack_bits(fitted.pack(digits[0]), 12)
    np.testing.assert_array_equal(bits, fitted.transform(digits[0]))


def test_images_of_a_class_are_found(fitted, digits):
    """New images find images of their class, far better than without labels."""
    X, y = digits
    train, test = slice(None, 600), slice(600, None)

    def retrieval(model):
        return mean_average_precision(
            model.transform(X[test]), model.transform(X[train]), y[test], y[train]
        )

    unsupervised = SemanticHashingTransformer(
        12, hidden_layer_sizes=(40,), epochs=10, random_state=0
    ).fit(X[train])
    assert retrieval(fitted) > 0.8
    assert retrieval(fitted) > retrieval(unsupervised) + 0.2
    neighbors = HammingNeighbors(n_bits=12).fit(fitted.pack(X[train]))
    found = neighbors.kneighbors(fitted.pack(X[test]), 3, return_distance=False)
    assert np.mean(y[train][found] == y[test, None]) > 0.8


def test_score_is_the_retrieval_among_the_samples(fitted, digits):
    """It is what the scorer of the metrics gives, and a search's default."""
    X, y = digits[0][600:], digits[1][600:]
    assert fitted.score(X, y) == hashing_map_scorer(fitted, X, y) > 0.7


def test_history_tells_how_well_the_classes_are_learned(fitted):
    """Loss and accuracy of each epoch; the code saturates."""
    assert set(fitted.history_) == {"loss", "accuracy"}
    assert fitted.history_["accuracy"][-1] > 0.9
    assert 0.5 < fitted.saturation_ <= 1
    assert len(fitted.classes_) == 10


def test_saturation_grows_with_the_noise(digits):
    """More noise leaves fewer probabilities in between."""
    quiet, noisy = (
        hasher(noise_scale=scale).fit(*digits).saturation_ for scale in (0, 4)
    )
    assert quiet < noisy


def test_weights_of_the_output_are_not_needed_for_codes(fitted, digits):
    """The model's part "encoder" gives the code."""
    encoder = fitted.model_.get_layer("encoder")
    codes = encoder.predict(digits[0][..., None], verbose=0)
    np.testing.assert_allclose(codes, fitted.transform_proba(digits[0]), atol=1e-6)


@pytest.mark.parametrize("augmentation", [{"mirror": True}, {"shift": 1}])
def test_augmentation_acts_in_training_only(digits, augmentation):
    """It changes what is learned, and codes are still deterministic."""
    X, y = digits
    plain = hasher(epochs=1).fit(X, y)
    changed = hasher(epochs=1, **augmentation).fit(X, y)
    assert np.any(plain.transform_proba(X) != changed.transform_proba(X))
    first = changed.transform_proba(X)
    np.testing.assert_array_equal(first, changed.transform_proba(X))
    np.testing.assert_array_equal(first[5:9], changed.transform_proba(X[5:9]))


def test_two_classes_have_one_output(digits):
    """The code is as long all the same."""
    X, y = digits
    two = np.isin(y, ["zero", "one"])
    model = hasher(epochs=1).fit(X[two], y[two])
    assert model.model_.output_shape == (None, 1)
    assert model.transform(X).shape == (900, 12)


def test_partial_fit_goes_on(digits):
    """Each call is one pass, over the classes of the first."""
    X, y = digits
    model = hasher().partial_fit(X[:300], y[:300], classes=np.unique(y))
    first = model.transform_proba(X)
    model.partial_fit(X[300:], y[300:])
    assert model.n_iter_ == 2
    assert np.any(model.transform_proba(X) != first)


def test_pipeline_and_grid_search_on_a_retrieval_scorer(digits):
    """The length of the code is tuned by retrieval in held-out folds."""
    X, y = digits
    model = make_pipeline(FunctionTransformer(), hasher(image_shape=(8, 8), epochs=3))
    grid = {"cnnhashingtransformer__n_bits": [1, 12]}
    search = GridSearchCV(
        model, grid, scoring=hashing_map_scorer, cv=2, error_score="raise"
    ).fit(X.reshape(len(X), -1), y)
    assert search.best_params_ == {"cnnhashingtransformer__n_bits": 12}


def test_labels_are_needed(digits):
    """Without them there is nothing to learn from."""
    with pytest.raises(ValueError, match="requires y"):
        hasher().fit(digits[0], None)


@pytest.mark.parametrize("wrong", [{"n_bits": 0}, {"shift": -1}, {"mirror": "yes"}])
def test_parameters_are_checked(digits, wrong):
    """The error names the parameter."""
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        hasher(**wrong).fit(*digits)
