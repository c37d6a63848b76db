"""A linear classifier on a frozen network."""

import pickle

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import BackboneTransformer, TransferLearningClassifier, runtime
from skdeep.persistence import load, save
from tests.common.instances import backbone

DIGITS = load_digits()
X, Y = DIGITS.images[:300] / 16, DIGITS.target[:300]

GOLDEN = 0.5


@pytest.fixture(autouse=True)
def empty_store():
    """Forget all features before each test."""
    runtime.FEATURES.clear()


@pytest.fixture
def computed(monkeypatch):
    """Give a list of how many rows were sent through a network, each time."""
    numbers = []
    infer_frozen = runtime.infer_frozen

    def counted(network, weights, feed, **settings):
        numbers.append(len(feed))
        return infer_frozen(network, weights, feed, **settings)

    monkeypatch.setattr(runtime, "infer_frozen", counted)
    return numbers


def test_against_logistic_regression():
    """The dense layer is the logistic regression that `alpha` stands for."""
    alpha = 0.03
    ours = TransferLearningClassifier(
        backbone,
        alpha=alpha,
        epochs=400,
        batch_size=len(X),
        learning_rate=0.03,
        random_state=0,
    ).fit(X, Y)
    features = BackboneTransformer(backbone).fit_transform(X)
    theirs = make_pipeline(
        StandardScaler(),
        LogisticRegression(C=1 / (alpha * len(X)), max_iter=5000, tol=1e-8),
    ).fit(features, Y)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(features), atol=0.01
    )


def test_golden_score():
    """A short fit on digits gives what it gave; the number is what this computes."""
    classifier = TransferLearningClassifier(
        backbone, n_stages=2, epochs=40, batch_size=32, random_state=0
    ).fit(X, Y)
    new, labels = DIGITS.images[300:800] / 16, DIGITS.target[300:800]
    assert classifier.score(new, labels) == pytest.approx(GOLDEN, abs=0.02)


@pytest.mark.parametrize("flip_average", [False, True])
def test_backbone_is_frozen(flip_average):
    """Every variable of the backbone has the same bits before and after training."""
    network = backbone()
    before = network.get_weights()
    classifier = TransferLearningClassifier(
        network, flip_average=flip_average, epochs=3, random_state=0
    ).fit(X, Y)
    classifier.partial_fit(X, Y)
    after = classifier.model_.get_weights()[:-4]
    kept = classifier.backbone_weights_
    for arrays in (network.get_weights(), after, kept):
        assert len(arrays) == len(before) == 8
        for first, second in zip(before, arrays, strict=True):
            np.testing.assert_array_equal(first, second)
    assert [v.name for v in classifier.model_.trainable_variables] == ["kernel", "bias"]


def test_named_backbone_is_frozen():
    """The weights that were loaded are those of the fitted model."""
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    settings = {"weights": None, "input_size": 32, "random_state": 0}
    reference = BackboneTransformer(**settings).fit(images)
    classifier = TransferLearningClassifier(**settings, epochs=2)
    classifier.fit(images, np.arange(20) % 2)
    assert classifier.backbone_digest_ == reference.backbone_digest_
    model = classifier.model_
    for first, second in zip(
        reference.model_.get_weights(), model.get_weights(), strict=False
    ):
        np.testing.assert_array_equal(first, second)
    for array, variable in zip(classifier.weights_, model.weights[-4:], strict=True):
        np.testing.assert_array_equal(array, variable)
    assert len(pickle.dumps(classifier)) < 60_000


def test_model():
    """`model_` computes what the classifier does."""
    classifier = TransferLearningClassifier(backbone, epochs=3, random_state=0)
    classifier.fit(X, Y)
    logits = np.asarray(classifier.model_(X[..., None]))
    np.testing.assert_allclose(
        softmax(logits, axis=1), classifier.predict_proba(X), atol=1e-5
    )


def test_search_computes_features_once(computed):
    """Five folds and six candidates cost the features of one pass over the data."""
    search = GridSearchCV(
        TransferLearningClassifier(backbone, epochs=1, random_state=0),
        {"alpha": [1e-3, 1e-2, 0.1, 1, 10, 100]},
        cv=5,
        error_score="raise",
    ).fit(X, Y)
    assert sum(computed) == len(X)
    search.best_estimator_.predict(X)
    assert sum(computed) == len(X)


def test_wrong_labels_cost_nothing(computed):
    """What can be seen before computing features is."""
    for y in (Y[:-1], np.zeros(len(Y)), None, np.linspace(0, 1, len(Y))):
        with pytest.raises(ValueError, match=r"class|samples|y|label"):
            TransferLearningClassifier(backbone).fit(X, y)
    assert computed == []


def test_repeated_and_weightless_rows_are_not_computed(computed):
    """Features are those of distinct rows that count."""
    weights = np.ones(2 * len(X))
    weights[:10] = weights[300:310] = 0
    TransferLearningClassifier(backbone, epochs=1).fit(
        np.tile(X, (2, 1, 1)), np.tile(Y, 2), sample_weight=weights
    )
    assert computed == [len(X) - 10]


def test_stronger_penalties_give_smaller_kernels():
    """`alpha` is the strength of the penalty."""
    sizes = []
    for alpha in (0, 0.1, 10):
        classifier = TransferLearningClassifier(
            backbone, alpha=alpha, epochs=60, learning_rate=0.02, random_state=0
        )
        sizes.append(np.abs(classifier.fit(X, Y).weights_[0]).mean())
    assert sizes[0] > 1.5 * sizes[1] > 4 * sizes[2]
    with pytest.raises(ValueError, match="alpha"):
        TransferLearningClassifier(backbone, alpha=-1).fit(X, Y)


def test_going_on_keeps_backbone_and_standardisation():
    """More passes neither draw a new backbone nor measure new means."""

    def drawn():
        image = keras.Input((8, 8, 1))
        return keras.Model(image, keras.layers.Conv2D(6, 3, activation="relu")(image))

    classifier = TransferLearningClassifier(drawn, epochs=1, warm_start=True)
    classifier.fit(X, Y)
    digest, fixed = classifier.backbone_digest_, classifier.weights_[2:]
    classifier.fit(X[:100], Y[:100]).partial_fit(X[100:], Y[100:])
    assert classifier.backbone_digest_ == digest
    for first, second in zip(fixed, classifier.weights_[2:], strict=True):
        np.testing.assert_array_equal(first, second)
    assert classifier.set_params(warm_start=False).fit(X, Y).backbone_digest_ != digest


def test_precision():
    """The dense layer can be trained in double precision."""
    classifier = TransferLearningClassifier(backbone, precision="float64", epochs=2)
    assert classifier.fit(X, Y).weights_[0].dtype == np.float64
    with pytest.raises(ValueError, match="precision"):
        clone(classifier).set_params(precision="float16").fit(X, Y)


@pytest.mark.parametrize("kind", ["function", "name"])
def test_saved_without_pickle(kind, tmp_path):
    """`skdeep.persistence` stores classifiers on all backbones but live models."""
    settings = {"function": {"backbone": backbone}, "name": {"weights": None}}[kind]
    classifier = TransferLearningClassifier(
        **settings, input_size=None if kind == "function" else 32, random_state=0
    ).fit(X[:40], Y[:40])
    expected = classifier.predict_proba(X[:9])
    save(classifier, tmp_path / "model.skdeep")
    runtime.FEATURES.clear()
    trusted = [backbone] if kind == "function" else None
    loaded = load(tmp_path / "model.skdeep", trusted=trusted)
    np.testing.assert_array_equal(loaded.predict_proba(X[:9]), expected)
