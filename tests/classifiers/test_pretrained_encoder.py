"""A classifier on a pretrained encoder: what is learned from which rows."""

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils._param_validation import InvalidParameterError

from skdeep import (
    ConvAutoencoderTransformer,
    DenoisingAutoencoderTransformer,
    PretrainedEncoderClassifier,
    SemanticHashingTransformer,
    StackedAutoencoderTransformer,
    VariationalAutoencoderTransformer,
)

DENSE = {"hidden_layer_sizes": (6,), "epochs": 1, "random_state": 0}
AUTOENCODERS = {
    "convolutional": ConvAutoencoderTransformer(
        4, filters=(4,), batch_normalization=True, epochs=1, random_state=0
    ),
    "denoising": DenoisingAutoencoderTransformer(4, epochs=1, random_state=0),
    "stacked": StackedAutoencoderTransformer((6, 4), epochs=1, random_state=0),
    "variational": VariationalAutoencoderTransformer(4, **DENSE),
    "thresholding": VariationalAutoencoderTransformer(
        4, binarization="threshold", **DENSE
    ),
    "hashing": SemanticHashingTransformer(4, dropout=0.2, **DENSE),
}


@pytest.fixture(scope="module")
def digits():
    """Images of four digits in [0, 1], and labels of which most are missing."""
    X, y = load_digits(n_class=4, return_X_y=True)
    X, y = (X[:200].reshape(-1, 8, 8) / 16).astype(np.float32), y[:200].copy()
    y[80:] = -1
    return X, y


def small(autoencoder=None, **changes):
    """Return a classifier that takes no time, on an autoencoder likewise."""
    if autoencoder is None:
        autoencoder = ConvAutoencoderTransformer(
            6, filters=(4,), epochs=2, learning_rate=0.01, random_state=0
        )
    settings = {"epochs": 2, "batch_size": 16, "random_state": 0}
    return PretrainedEncoderClassifier(autoencoder, **(settings | changes))


def assert_same(first, second):
    """Compare lists of weights bit by bit."""
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def differ(first, second):
    """Tell whether any weights differ."""
    return any(np.any(a != b) for a, b in zip(first, second, strict=True))


def probabilities_or_codes(autoencoder, X):
    """Return what an encoder computes, before any rounding."""
    if hasattr(autoencoder, "transform_proba"):
        return autoencoder.transform_proba(X)
    return autoencoder.transform(X)


# -- which rows serve what -------------------------------------------------------------


def test_unlabelled_rows_serve_pretraining(digits):
    """Other pixels in unlabelled rows give another autoencoder."""
    X, y = digits
    other = X.copy()
    other[y == -1] = 1 - other[y == -1]
    first, second = small().fit(X, y), small().fit(other, y)
    assert differ(first.autoencoder_.weights_, second.autoencoder_.weights_)


def test_unlabelled_rows_serve_pretraining_only(digits):
    """Without pretraining it makes no difference what they are, or that they are."""
    X, y = digits
    other = X.copy()
    other[y == -1] = 1 - other[y == -1]
    first = small(pretrain=False).fit(X, y)
    assert_same(first.weights_, small(pretrain=False).fit(other, y).weights_)
    few = y != -1
    assert_same(first.weights_, small(pretrain=False).fit(X[few], y[few]).weights_)


def test_labels_do_not_reach_the_autoencoder(digits):
    """With other labels in the labelled rows the autoencoder is the same."""
    X, y = digits
    other = np.where(y == -1, -1, (y + 1) % 4)
    first, second = small().fit(X, y), small().fit(X, other)
    assert_same(first.autoencoder_.weights_, second.autoencoder_.weights_)
    assert differ(first.weights_, second.weights_)


def test_all_rows_serve_pretraining(digits):
    """The autoencoder is the one that its own fit on all rows gives."""
    X, y = digits
    classifier = small()
    alone = clone(classifier.autoencoder).fit(X)
    assert_same(classifier.fit(X, y).autoencoder_.weights_, alone.weights_)


def test_weights_of_samples_count_in_pretraining_too(digits):
    """A row without weight is in neither part of the training."""
    X, y = digits
    weights = np.ones(len(X))
    weights[::3] = 0
    there = weights > 0
    first = small().fit(X, y, sample_weight=weights)
    second = small().fit(X[there], y[there])
    assert_same(first.autoencoder_.weights_, second.autoencoder_.weights_)
    assert_same(first.weights_, second.weights_)


def test_minus_one_is_no_class(digits):
    """It is neither among the classes nor ever predicted."""
    X, y = digits
    classifier = small().fit(X, y)
    np.testing.assert_array_equal(classifier.classes_, [0, 1, 2, 3])
    assert classifier.predict_proba(X).shape == (200, 4)


@pytest.mark.parametrize("labels", [(-1, 1), (-1.0, 1.0)])
def test_minus_one_and_one_are_two_classes(digits, labels):
    """With a single other label there is nothing else that -1 could mean."""
    X, y = digits
    two = np.where(y[:80] < 2, *labels)
    classifier = small().fit(X[:80], two)
    np.testing.assert_array_equal(classifier.classes_, labels)
    assert classifier.score(X[:80], two) == np.mean(classifier.predict(X[:80]) == two)


def test_labels_may_be_strings(digits):
    """Then every row has a label, whatever it reads."""
    X, y = digits
    names = np.array(["one", "two", "-1"])[np.maximum(y[:80], 1) - 1]
    classifier = small().fit(X[:80], names)
    assert classifier.classes_.tolist() == ["-1", "one", "two"]


def test_no_labels_at_all_are_refused(digits):
    """The error says what -1 means."""
    X, _ = digits
    with pytest.raises(ValueError, match=r"-1 for all 200 samples.*unlabelled"):
        small().fit(X, np.full(200, -1))


@pytest.mark.parametrize(
    ("labels", "problem"),
    [([-1] * 200, "-1 for all 200 samples"), (["one"] * 200, "has only 1 class")],
)
def test_labels_are_looked_at_before_pretraining(digits, monkeypatch, labels, problem):
    """Nobody waits for an autoencoder that no classes can be learned on."""

    def pretrain(*arguments, **settings):
        pytest.fail("the autoencoder is trained")

    monkeypatch.setattr(ConvAutoencoderTransformer, "fit", pretrain)
    with pytest.raises(ValueError, match=problem):
        small().fit(digits[0], labels)


def test_later_batches_may_hold_a_single_class(digits):
    """What -1 means was settled by the first call of partial_fit."""
    X, y = digits
    one = (y == 3) | (y == -1)
    classifier = small().fit(X, y)
    before = classifier.weights_
    classifier.partial_fit(X[one], y[one])
    np.testing.assert_array_equal(classifier.classes_, [0, 1, 2, 3])
    assert differ(before, classifier.weights_)
    first = small().partial_fit(X[one], y[one], classes=[0, 1, 2, 3])
    np.testing.assert_array_equal(first.classes_, [0, 1, 2, 3])


def test_partial_fit_leaves_the_autoencoder_alone(digits):
    """Pretraining happens once, in the first call."""
    X, y = digits
    classifier = small().partial_fit(X, y, classes=[0, 1, 2, 3])
    before = classifier.autoencoder_.weights_
    classifier.partial_fit(1 - X, y)
    assert classifier.autoencoder_.weights_ is before


# -- the encoder carries over ----------------------------------------------------------


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_without_fine_tuning_the_code_is_that_of_the_autoencoder(digits, name):
    """With zero epochs the features are equal, bit for bit."""
    X, y = digits
    classifier = small(AUTOENCODERS[name], epochs=0).fit(X, y)
    wanted = probabilities_or_codes(classifier.autoencoder_, X)
    np.testing.assert_array_equal(classifier.encode(X), wanted)
    assert np.any(wanted != wanted[0])


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_a_frozen_encoder_keeps_its_weights(digits, name):
    """After many steps the code is still the same, normalisation included."""
    X, y = digits
    classifier = small(AUTOENCODERS[name], freeze=True, epochs=4).fit(X, y)
    wanted = probabilities_or_codes(classifier.autoencoder_, X)
    np.testing.assert_array_equal(classifier.encode(X), wanted)
    before = classifier.autoencoder_.model_.get_layer("encoder").get_weights()
    assert_same(before, classifier.model_.get_layer("encoder").get_weights())
    loss = classifier.history_["loss"]
    assert loss[-1] < loss[0]


def test_double_precision_carries_over(digits):
    """Nothing is rounded on the way, either."""
    X, y = digits
    autoencoder = ConvAutoencoderTransformer(
        4, filters=(4,), epochs=1, precision="float64", random_state=0
    )
    classifier = small(autoencoder, epochs=0, precision="float64")
    X = X.astype(np.float64)
    classifier.fit(X, y)
    assert classifier.encode(X).dtype == np.float64
    wanted = classifier.autoencoder_.transform(X)
    np.testing.assert_array_equal(classifier.encode(X), wanted)


def test_fine_tuning_changes_the_encoder(digits):
    """Without freezing the encoder learns, too."""
    X, y = digits
    classifier = small().fit(X, y)
    assert np.any(classifier.encode(X) != classifier.autoencoder_.transform(X))


@pytest.mark.parametrize("augmentation", [{"mirror": True}, {"shift": 1}])
def test_labelled_images_may_be_augmented(digits, augmentation):
    """That changes what is learned from labels, and nothing about the autoencoder."""
    plain = small().fit(*digits)
    changed = small(**augmentation).fit(*digits)
    assert differ(plain.weights_, changed.weights_)
    assert_same(plain.autoencoder_.weights_, changed.autoencoder_.weights_)
    first = changed.predict_proba(digits[0])
    np.testing.assert_array_equal(first[5:9], changed.predict_proba(digits[0][5:9]))
    as_pretrained = small(epochs=0, **augmentation).fit(*digits)
    np.testing.assert_array_equal(
        as_pretrained.encode(digits[0]), as_pretrained.autoencoder_.transform(digits[0])
    )


def test_without_pretraining_the_encoder_starts_at_random(digits):
    """The same network, but its autoencoder has not seen a single epoch."""
    X, y = digits
    pretrained = small(epochs=0).fit(X, y)
    random = small(epochs=0, pretrain=False).fit(X, y)
    assert random.autoencoder_.n_iter_ == 0
    shapes = [[w.shape for w in c.weights_] for c in (pretrained, random)]
    assert shapes[0] == shapes[1]
    assert random.autoencoder_.score(X) < pretrained.autoencoder_.score(X)


@pytest.mark.parametrize("state", ["fitted", "frozen", "greedy"])
def test_nothing_is_pretrained_whatever_the_autoencoder(digits, state):
    """Neither by a fit before this one, nor layer by layer."""
    X, y = digits
    given = clone(small().autoencoder)
    if state == "greedy":
        given = clone(AUTOENCODERS["stacked"]).set_params(pretraining="greedy")
    else:
        given.fit(X)
    fresh = clone(given)
    if state == "greedy":
        fresh.set_params(pretraining=None)
    given = FrozenEstimator(given) if state == "frozen" else given
    found = small(given, epochs=0, pretrain=False).fit(X, y)
    expected = small(fresh, epochs=0, pretrain=False).fit(X, y)
    assert_same(found.autoencoder_.weights_, expected.autoencoder_.weights_)
    assert found.autoencoder_.n_iter_ == 0
    pretrained = small(given, epochs=0).fit(X, y)
    assert differ(found.autoencoder_.weights_, pretrained.autoencoder_.weights_)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"early_stopping": "no"},
        {"early_stopping": True, "validation_fraction": 1.5},
    ],
    ids=str,
)
def test_parameters_of_the_autoencoder_are_checked(digits, wrong):
    """As they are when the autoencoder is fitted by itself."""
    classifier = small().set_params(
        **{f"autoencoder__{k}": v for k, v in wrong.items()}
    )
    with pytest.raises(InvalidParameterError, match=list(wrong)[-1]):
        classifier.fit(*digits)


# -- autoencoders that are given -------------------------------------------------------


@pytest.mark.parametrize("state", ["unfitted", "fitted", "frozen"])
@pytest.mark.parametrize("freeze", [False, True])
def test_a_given_autoencoder_is_never_modified(digits, state, freeze):
    """Neither its parameters nor anything it has learned changes."""
    X, y = digits
    given = autoencoder = clone(small().autoencoder)
    if state != "unfitted":
        autoencoder.fit(1 - X)
    if state == "frozen":
        given = FrozenEstimator(autoencoder)
    before = joblib.hash(vars(autoencoder))
    classifier = small(given, freeze=freeze).fit(X, y)
    classifier.partial_fit(X, y)
    assert classifier.autoencoder is given
    assert joblib.hash(vars(autoencoder)) == before
    if state != "unfitted":
        assert_same(classifier.autoencoder_.weights_, autoencoder.weights_)


def test_a_given_autoencoder_may_change_afterwards(digits):
    """The fitted classifier does not depend on what becomes of it."""
    X, y = digits
    autoencoder = clone(small().autoencoder).fit(X)
    classifier = small(autoencoder).fit(X, y)
    before = classifier.predict_proba(X)
    autoencoder.set_params(n_components=3).fit(X)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)
    assert classifier.encode(X).shape == (200, 6)


def test_a_frozen_autoencoder_survives_cloning(digits):
    """Cross-validation clones; what is frozen is used as it is in each fold."""
    X, y = digits
    frozen = FrozenEstimator(clone(small().autoencoder).fit(X))
    classifier = clone(small(frozen, epochs=0)).fit(X[:100], y[:100])
    np.testing.assert_array_equal(classifier.encode(X), frozen.transform(X))


def test_a_fitted_autoencoder_takes_its_images_in_any_form(digits):
    """With an axis of channels, without, or flat: they are the same images."""
    X, y = digits
    frozen = FrozenEstimator(clone(small().autoencoder).fit(X))
    codes = frozen.transform(X)
    with_channels = small(frozen, epochs=0).fit(X[..., None], y)
    np.testing.assert_array_equal(with_channels.encode(X), codes)
    flat = small(frozen, epochs=0, image_shape=(8, 8)).fit(X.reshape(-1, 64), y)
    np.testing.assert_array_equal(flat.encode(X.reshape(-1, 64)), codes)


def test_an_autoencoder_of_another_unit_is_refused(digits):
    """Codes of bytes are none of floats."""
    X, y = digits
    autoencoder = clone(small().autoencoder).fit((X * 255).astype(np.uint8))
    with pytest.raises(ValueError, match=r"\(8, 8, 1\), uint8 pixels, but X.* floats"):
        small(autoencoder).fit(X, y)


def test_an_autoencoder_of_other_images_is_refused(digits):
    """The error names both shapes."""
    X, y = digits
    autoencoder = clone(small().autoencoder).fit(X[:, :6])
    with pytest.raises(ValueError, match="Pass images of that shape"):
        small(autoencoder).fit(X, y)


def test_other_transformers_are_refused(digits):
    """Only an autoencoder of this package has an encoder to carry over."""
    X, y = digits
    with pytest.raises(ValueError, match="must be one of skdeep's autoencoders"):
        small(MinMaxScaler()).fit(X, y)


def test_an_autoencoder_is_made_when_none_is_given(digits):
    """By default it is a convolutional one."""
    X, y = digits
    classifier = PretrainedEncoderClassifier(epochs=0, random_state=0).fit(X, y)
    assert isinstance(classifier.autoencoder_, ConvAutoencoderTransformer)
    assert classifier.get_params()["autoencoder"] is None


# -- scikit-learn's tools --------------------------------------------------------------


def test_scores_leave_out_unlabelled_rows(digits):
    """What nobody knows is neither right nor wrong."""
    X, y = digits
    classifier = small(epochs=15, learning_rate=0.01).fit(X, y)
    weights = np.random.default_rng(0).random(len(X))
    right = classifier.predict(X[:80]) == y[:80]
    assert classifier.score(X, y) == np.mean(right)
    wanted = np.average(right, weights=weights[:80])
    assert classifier.score(X, y, sample_weight=weights) == pytest.approx(wanted)
    with pytest.raises(ValueError, match="unlabelled"):
        classifier.score(X[80:], y[80:])


def test_cross_validation_with_unlabelled_rows(digits):
    """Folds hold rows of both kinds, and the scores are those of a classifier."""
    X, y = digits
    scores = cross_val_score(small(epochs=40, learning_rate=0.02), X, y, cv=3)
    assert scores.min() > 0.7


def test_pipeline_and_grid_search(digits):
    """Parameters of the autoencoder can be searched through two levels."""
    X, y = digits
    flat = X.reshape(len(X), -1)
    model = make_pipeline(
        MinMaxScaler(), small().set_params(autoencoder__image_shape=(8, 8, 1))
    )
    model.set_params(pretrainedencoderclassifier__image_shape=(8, 8, 1))
    grid = {"pretrainedencoderclassifier__autoencoder__n_components": [2, 5]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(flat, y)
    fitted = search.best_estimator_[-1]
    (best,) = search.best_params_.values()
    assert fitted.encode(flat).shape == (200, best)
