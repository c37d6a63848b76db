"""Reports on one training and one test: figures against scikit-learn's own."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.sparse import csr_array, csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_iris
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    classification_report,
    confusion_matrix,
    log_loss,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import LinearSVC

from skdeep import (
    CharCNNClassifier,
    DeepCNNClassifier,
    PretrainedEncoderClassifier,
    StackedAutoencoderTransformer,
)
from skdeep.datasets import LazyRows, make_messages
from skdeep.model_comparison import train_test_report
from skdeep.model_comparison.shared_samples import count_shared
from skdeep.networks import multiply_adds


@pytest.fixture(scope="module")
def flowers():
    """Measurements and names of flowers: training and test samples."""
    iris = load_iris()
    names = iris.target_names[iris.target]
    return train_test_split(iris.data, names, random_state=0)


@pytest.fixture(scope="module")
def report(flowers):
    """A report on a linear classifier."""
    X_train, X_test, y_train, y_test = flowers
    return train_test_report(linear(), X_train, y_train, X_test, y_test)


def linear():
    """Return a classifier with probabilities."""
    return make_pipeline(StandardScaler(), LogisticRegression())


@pytest.mark.parametrize("subset", ["train", "test"])
def test_figures_are_scikit_learns(flowers, report, subset):
    """Each set has the figures of its own samples."""
    X_train, X_test, y_train, y_test = flowers
    X, y = (X_train, y_train) if subset == "train" else (X_test, y_test)
    part = getattr(report, subset)
    model = linear().fit(X_train, y_train)
    predicted = model.predict(X)
    assert part.n_samples == len(y)
    assert part.accuracy == accuracy_score(y, predicted)
    assert part.log_loss == pytest.approx(log_loss(y, model.predict_proba(X)))
    np.testing.assert_array_equal(part.confusion_matrix, confusion_matrix(y, predicted))
    expected = classification_report(y, predicted, output_dict=True)
    for name in report.classes:
        row = part.per_class.loc[name]
        wanted = expected[name]
        assert row["f1"] == pytest.approx(wanted["f1-score"])
        for metric in ("precision", "recall", "support"):
            assert row[metric] == pytest.approx(wanted[metric])


def test_the_estimator_is_not_touched(flowers):
    """What is fitted is a clone, which the report has."""
    X_train, X_test, y_train, y_test = flowers
    estimator = LogisticRegression(max_iter=500)
    report = train_test_report(estimator, X_train, y_train, X_test, y_test)
    assert not hasattr(estimator, "classes_")
    assert report.estimator.max_iter == 500
    assert report.estimator.score(X_test, y_test) == report.test.accuracy


def test_text_and_markdown_say_which_set_is_which(report):
    """Both sets, each under its title, with all classes."""
    for text in (str(report), report.to_markdown()):
        train, test = text.index("Training set"), text.index("Test set")
        assert train < test
        assert f"{report.train.accuracy:.4f}" in text[train:test]
        assert f"{report.test.accuracy:.4f}" in text[test:]
        assert text.count("virginica") == 2
        assert "FLOP" not in text
    assert "### Test set" in report.to_markdown()
    assert "| class | precision | recall | f1 | support |" in report.to_markdown()


def test_pictures_say_which_set_they_show(report):
    """The display is scikit-learn's, the title names set and accuracy."""
    axes = Figure(figsize=(8, 4)).subplots(1, 2)
    for subset, title, ax in zip(
        ("train", "test"), ("Training", "Test"), axes, strict=True
    ):
        part = getattr(report, subset)
        display = report.plot(subset, ax=ax, colorbar=False)
        assert isinstance(display, ConfusionMatrixDisplay)
        np.testing.assert_array_equal(display.confusion_matrix, part.confusion_matrix)
        assert ax.get_title() == f"{title} set, accuracy {part.accuracy:.2%}"
    undrawn = report.confusion_display()
    np.testing.assert_array_equal(
        undrawn.confusion_matrix, report.test.confusion_matrix
    )
    with pytest.raises(ValueError, match="subset"):
        report.plot("validation")


def test_the_training_set_is_no_test_set(flowers):
    """Passing it twice is a mistake."""
    X_train, _, y_train, _ = flowers
    with pytest.raises(ValueError, match="X_test is X_train"):
        train_test_report(linear(), X_train, y_train, X_train, y_train)


def test_shared_samples_are_told(flowers):
    """Test samples that the classifier has learned are counted, and named."""
    X_train, X_test, y_train, y_test = flowers
    mixed = np.concatenate([X_test[:10], X_train[:5]])
    labels = np.concatenate([y_test[:10], y_train[:5]])
    report = train_test_report(linear(), X_train, y_train, mixed, labels)
    known = {tuple(row) for row in X_train}
    assert report.n_shared == sum(tuple(row) in known for row in mixed) >= 5
    assert f"{report.n_shared} of the 15 test samples" in str(report)


@pytest.mark.parametrize(
    ("train", "test", "expected"),
    [
        (np.eye(3), np.eye(4)[:, :3], 3),
        (np.arange(6).reshape(3, 2), np.array([[2.0, 3.0], [3.0, 2.0]]), 1),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [2, 2, 3]}), 2),
        (["a", "b"], ["b", "c", "b"], 2),
        (np.array(["a", "b"], dtype=object), pd.Series(["a"]), 1),
        ([], ["a"], 0),
        (csr_matrix(np.eye(3)), csr_array(np.eye(4)[1:, :3]), 2),
        ([["a"], ["b", "c"]], [["b", "c"], ["c"]], 1),
        (
            pd.DataFrame({"a": ["x", "y"], "b": [np.nan, 1.0]}),
            pd.DataFrame({"a": ["x", "x"], "b": [np.nan, 1.0]}),
            1,
        ),
        ([{"a": 1}], [{"a": 1}], 0),
    ],
)
def test_shared_samples_are_counted(train, test, expected):
    """By content, whatever holds them; what cannot be compared counts as different."""
    assert count_shared(train, test) == expected


class InAFile:
    """Images that are made when they are read, of which it remembers the most."""

    shape, dtype = (1500, 64, 64), np.dtype(np.uint8)

    def __init__(self, first):
        self.first, self.most = first, 0

    def __len__(self):
        return self.shape[0]

    def __array__(self, dtype=None, copy=None):
        raise MemoryError("All images were read at once.")

    def __getitem__(self, key):
        rows = self.first + np.arange(*key.indices(len(self)))
        self.most = max(self.most, len(rows))
        images = np.zeros((len(rows), *self.shape[1:]), dtype=self.dtype)
        images[:, 0, :2] = np.column_stack([rows // 256, rows % 256])
        return images


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_shared_samples_of_files_are_read_piece_by_piece(dtype):
    """Whether the other set is in a file, or an array of perhaps another dtype."""
    train, test = InAFile(0), InAFile(1490)
    assert count_shared(train, test) == 10
    assert 0 < train.most <= 1024 >= test.most
    assert count_shared(train, train[5:9].astype(dtype)) == 4
    assert count_shared(test[:20].astype(dtype), train) == 10
    assert count_shared(LazyRows(train, [7, 3, 7]), LazyRows(train, [3, 4])) == 1
    assert train.most <= 1024


def test_operations_of_a_network():
    """Six operations for a multiply-add, for each distinct row and epoch."""
    X, y = load_digits(return_X_y=True)
    model = DeepCNNClassifier(image_shape=(8, 8), width=0.1, epochs=3, random_state=0)
    report = train_test_report(model, X[:100], y[:100], X[100:150], y[100:150])
    count = multiply_adds(report.estimator.model_)
    assert report.multiply_adds == count
    assert report.training_flop == 6.0 * count * 100 * 3
    assert report.gflop_per_second == pytest.approx(
        report.training_flop / report.fit_seconds / 1e9
    )
    assert "GFLOP/s" in str(report)
    in_pipeline = make_pipeline(StandardScaler(), model.set_params(epochs=1))
    report = train_test_report(in_pipeline, X[:100], y[:100], X[100:150], y[100:150])
    assert report.training_flop == 6.0 * count * 100


def test_frozen_parts_have_no_number_of_operations():
    """How often a frozen part of the network was passed is not known."""
    X, y = load_digits(return_X_y=True)
    encoder = StackedAutoencoderTransformer((8,), 4, epochs=1, random_state=0).fit(X)
    for freeze in (True, False):
        model = PretrainedEncoderClassifier(
            encoder, freeze=freeze, pretrain=False, epochs=1, random_state=0
        )
        report = train_test_report(model, X[:100], y[:100], X[100:150], y[100:150])
        assert report.multiply_adds > 0
        assert (report.training_flop is None) == freeze


def test_pretraining_is_not_left_out_of_the_operations():
    """Where the fit pretrains, its operations are not known; elsewhere they are."""
    X, y = load_digits(return_X_y=True)
    encoder = StackedAutoencoderTransformer((8,), 4, epochs=1, random_state=0).fit(X)
    for given in (encoder, FrozenEstimator(encoder)):
        model = PretrainedEncoderClassifier(given, epochs=1, random_state=0)
        report = train_test_report(model, X[:100], y[:100], X[100:150], y[100:150])
        assert (report.training_flop is None) == (given is encoder)


def test_a_frozen_classifier_is_not_trained():
    """Operations of a training that was before have nothing to do with its time."""
    X, y = load_digits(return_X_y=True)
    model = DeepCNNClassifier(image_shape=(8, 8), width=0.1, epochs=1, random_state=0)
    frozen = FrozenEstimator(model.fit(X[:100], y[:100]))
    for estimator in (frozen, make_pipeline(frozen)):
        report = train_test_report(estimator, X[:100], y[:100], X[100:150], y[100:150])
        assert report.multiply_adds == multiply_adds(model.model_)
        assert report.training_flop is report.gflop_per_second is None
        assert "GFLOP/s" not in str(report)


def test_texts_have_no_number_of_operations():
    """They are of any length; everything else is reported."""
    texts, labels = make_messages(60, random_state=0, return_X_y=True)
    model = CharCNNClassifier(filters=4, epochs=1, random_state=0)
    report = train_test_report(model, texts[:40], labels[:40], texts[40:], labels[40:])
    assert report.training_flop is report.multiply_adds is None
    assert report.gflop_per_second is None
    assert report.test.n_samples == 20


def test_without_probabilities_there_is_no_log_loss(flowers):
    """It is not a number, and the rest is there."""
    X_train, X_test, y_train, y_test = flowers
    report = train_test_report(LinearSVC(), X_train, y_train, X_test, y_test)
    assert np.isnan(report.test.log_loss)
    assert report.test.accuracy > 0.5


class Unknowing(ClassifierMixin, BaseEstimator):
    """Says that every sample is of each known class, equally likely."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


def test_classes_that_only_the_test_has(flowers):
    """They are in the tables, and were given the probability zero."""
    X, y = np.arange(6.0)[:, None], np.array(list("aabbcc"))
    report = train_test_report(Unknowing(), X[:4], y[:4], X[4:], y[4:])
    assert report.classes.tolist() == ["a", "b", "c"]
    assert report.train.log_loss == pytest.approx(np.log(2))
    assert report.test.log_loss > 30
    assert report.test.confusion_matrix.tolist() == [[0, 0, 0], [0, 0, 0], [2, 0, 0]]
    assert report.test.per_class.loc["c", "recall"] == 0


@pytest.mark.parametrize("known", ["setosa", "versicolor", "virginica"])
def test_a_frozen_classifier_may_know_more_classes(flowers, known):
    """The log loss is of the true class, whether or not others occur anywhere."""
    X_train, X_test, y_train, y_test = flowers
    model = linear().fit(X_train, y_train)
    train, test = (
        (y == known) & (model.predict(X) == known)
        for X, y in ((X_train, y_train), (X_test, y_test))
    )
    report = train_test_report(
        FrozenEstimator(model),
        X_train[train],
        y_train[train],
        X_test[test],
        y_test[test],
    )
    assert report.classes.tolist() == [known]
    of_known = model.predict_proba(X_test[test])[:, model.classes_ == known]
    assert report.test.log_loss == pytest.approx(-np.log(of_known).mean())


def test_frozen_classes_beyond_those_that_occur(flowers):
    """Classes that sort last and occur nowhere are no error."""
    X_train, X_test, y_train, y_test = flowers
    model = linear().fit(X_train, y_train)
    train, test = y_train == "setosa", y_test == "setosa"
    train[np.flatnonzero(y_train == "versicolor")[:2]] = True
    report = train_test_report(
        FrozenEstimator(model),
        X_train[train],
        y_train[train],
        X_test[test],
        y_test[test],
    )
    assert report.classes.tolist() == ["setosa", "versicolor"]
    expected = log_loss(
        y_test[test], model.predict_proba(X_test[test]), labels=model.classes_
    )
    assert report.test.log_loss == pytest.approx(expected)


@pytest.mark.parametrize("missing", [None, np.nan])
@pytest.mark.parametrize("make", [list, np.array], ids=["list", "array"])
def test_missing_words_are_found_before_the_fit(missing, make):
    """Neither is a missing label taken for a word."""

    class Unfitted(Unknowing):
        def fit(self, X, y):
            pytest.fail("it was fitted")

    X, y = np.arange(4.0)[:, None], ["a", "b", "a", missing]
    y = make(y) if make is list else make(y, dtype=object)
    with pytest.raises(ValueError, match=r"y_test (mixes labels|contains NaN)|NaN"):
        train_test_report(Unfitted(), X, np.array(list("abab")), X + 9, y)


def test_labels_that_are_no_class_have_a_column():
    """What is predicted and occurs nowhere is counted, and so is every row."""

    class Doubting(Unknowing):
        def predict(self, X):
            return np.where(X[:, 0] > 4, "?", super().predict(X))

    X, y = np.arange(6.0)[:, None], np.array(list("abaaba"))
    report = train_test_report(Doubting(), X[:2], y[:2], X[2:], y[2:])
    assert report.classes.tolist() == ["?", "a", "b"]
    assert report.test.confusion_matrix.tolist() == [[0, 0, 0], [1, 2, 0], [0, 1, 0]]
    assert report.train.confusion_matrix.sum() == 2
    assert report.test.per_class.loc["?", "support"] == 0
    assert report.test.log_loss == pytest.approx(np.log(2))


@pytest.fixture(scope="module")
def half_labelled():
    """Measurements and classes of flowers, of which every third is not known."""
    X, y = load_iris(return_X_y=True)
    y[::3] = -1
    return X[::2], y[::2], X[1::2], y[1::2]


def test_unlabelled_samples_do_not_count(half_labelled):
    """What a semi-supervised classifier takes as unlabelled is no class."""
    X_train, y_train, X_test, y_test = half_labelled
    report = train_test_report(SelfTrainingClassifier(linear()), *half_labelled)
    assert report.classes.tolist() == [0, 1, 2]
    for part, X, y in (
        (report.train, X_train, y_train),
        (report.test, X_test, y_test),
    ):
        model, known = report.estimator, y != -1
        assert (part.n_samples, part.n_unlabelled) == (known.sum(), (~known).sum())
        assert part.accuracy == model.score(X[known], y[known]) > 0.9
        expected = log_loss(y[known], model.predict_proba(X[known]))
        assert part.log_loss == pytest.approx(expected)
        assert part.confusion_matrix.sum() == part.per_class.support.sum() == 50
    assert "25 more are unlabelled" in str(report)


def test_unlabelled_rows_of_our_own_classifier():
    """Its own score is that of the report."""
    X, y = load_digits(return_X_y=True)
    y[::2] = -1
    encoder = StackedAutoencoderTransformer((8,), 4, epochs=1, random_state=0)
    model = PretrainedEncoderClassifier(encoder, epochs=1, random_state=0)
    report = train_test_report(model, X[:200], y[:200], X[200:300], y[200:300])
    assert -1 not in report.classes
    assert report.test.accuracy == report.estimator.score(X[200:300], y[200:300])
    assert report.test.n_samples == report.test.n_unlabelled == 50


def test_a_test_set_without_labels_has_no_figures(half_labelled):
    """They are not a number; the fit is not lost."""
    X_train, y_train, X_test, y_test = half_labelled
    nothing = np.full(len(y_test), -1)
    model = SelfTrainingClassifier(linear())
    report = train_test_report(model, X_train, y_train, X_test, nothing)
    assert np.isnan([report.test.accuracy, report.test.log_loss]).all()
    assert (report.test.n_samples, report.test.n_unlabelled) == (0, 75)
    assert report.test.confusion_matrix.tolist() == [[0] * 3] * 3
    assert report.train.accuracy > 0.9


def test_minus_one_is_a_class_to_others(half_labelled):
    """A supervised classifier learns it, and its rows count."""
    report = train_test_report(linear(), *half_labelled)
    assert report.classes.tolist() == [-1, 0, 1, 2]
    assert report.test.n_samples == 75
    assert report.test.n_unlabelled == 0


class Expensive(Unknowing):
    """Must not be fitted in vain."""

    def fit(self, X, y):
        raise AssertionError("fit was called")


@pytest.mark.parametrize(
    ("X_test", "y_test", "message"),
    [
        (np.ones((3, 1)), [0, 1], "X_test has 3 samples, but y_test has 2 labels"),
        (np.ones((2, 1)), ["0", "1"], "only one of them holds numbers"),
        (np.ones((2, 1)), [0, np.nan], "y_test contains NaN"),
        (np.ones((2, 1)), [0.5, 1.0], "y_test must hold the labels of classes"),
        (np.ones((0, 1)), [], "X_test has no samples"),
    ],
)
def test_a_wrong_test_set_is_told_before_the_fit(X_test, y_test, message):
    """Nobody trains for hours to hear that the test labels are too few."""
    with pytest.raises(ValueError, match=message):
        train_test_report(Expensive(), np.eye(2), [0, 1], X_test, y_test)


def test_training_labels_are_as_many_as_samples():
    """The error names the set."""
    with pytest.raises(ValueError, match="X_train has 2 samples, but y_train has 3"):
        train_test_report(Expensive(), np.eye(2), [0, 1, 1], np.ones((1, 2)), [0])


@pytest.mark.parametrize("wrong", [KMeans(), LogisticRegression, "logistic"])
def test_only_classifiers_are_reported_on(flowers, wrong):
    """The error says what was passed."""
    X_train, X_test, y_train, y_test = flowers
    with pytest.raises(TypeError, match="must be a classifier"):
        train_test_report(wrong, X_train, y_train, X_test, y_test)
