"""`compare_classifiers`: every classifier on the same folds, one fit per fold."""

import pickle

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit, StratifiedKFold, cross_validate
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skdeep.model_comparison import Comparison, compare_classifiers

X, Y = load_breast_cancer(return_X_y=True)
X, Y = X[:200], Y[:200]
TEXTS = [
    f"{'win a prize now' if spam else 'see you at home'} {number}"
    for number, spam in enumerate(np.arange(40) % 4 == 0)
]
KINDS = np.where(np.arange(40) % 4 == 0, "spam", "ham")


class Witness(ClassifierMixin, BaseEstimator):
    """A classifier that remembers rows and knows which of them it has seen.

    It predicts 1 for a row it was fitted on, so that any metric on training rows
    shows, and records its fits in the list that it is given.
    """

    def __init__(self, fits=None):
        self.fits = fits

    def __sklearn_clone__(self):
        return Witness(self.fits)

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        self.seen_ = set(X[:, 0])
        if self.fits is not None:
            self.fits.append(sorted(self.seen_))
        return self

    def predict(self, X):
        return np.array([int(row in self.seen_) for row in X[:, 0]])


def test_scores_are_those_of_cross_validate():
    """Every metric in every fold has the figure scikit-learn gives it."""
    cv = StratifiedKFold(4, shuffle=True, random_state=3)
    metrics = ["f1", "roc_auc", "neg_log_loss"]
    models = {"bayes": GaussianNB(), "tree": DecisionTreeClassifier(random_state=0)}
    comparison = compare_classifiers(models, X, Y, cv=cv, scoring=metrics)
    for name, model in models.items():
        expected = cross_validate(model, X, Y, cv=cv, scoring=metrics)
        for metric in metrics:
            np.testing.assert_allclose(
                comparison.scores(metric)[name], expected[f"test_{metric}"]
            )


def test_all_classifiers_meet_the_same_folds_once():
    """A splitter that draws at random is asked once, and each fold is fitted once."""
    rows = np.column_stack([np.arange(40), np.zeros(40)])
    first, second = [], []
    comparison = compare_classifiers(
        {"first": Witness(first), "second": Witness(second)},
        rows,
        np.arange(40) % 2,
        cv=ShuffleSplit(3, test_size=0.25, random_state=np.random.RandomState(0)),
        scoring="accuracy",
    )
    assert first == second == [sorted(train) for train, _ in comparison.folds]


def test_nothing_is_measured_on_training_rows():
    """A classifier that would be caught out on rows it has seen is not."""
    rows = np.column_stack([np.arange(40), np.zeros(40)])
    comparison = compare_classifiers(
        [Witness()], rows, np.arange(40) % 2, scoring="accuracy"
    )
    np.testing.assert_array_equal(comparison.predictions["witness"], 0)
    np.testing.assert_array_equal(comparison.scores("accuracy")["witness"], 0.5)


def test_estimators_and_data_stay_as_they_were():
    """The given objects are not fitted and X, y are not changed."""
    model = GaussianNB()
    before = X.copy(), Y.copy()
    compare_classifiers({"model": model}, X, Y)
    assert not hasattr(model, "classes_")
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(Y, before[1])


def test_frozen_estimators_stay_as_they_were():
    """A clone of one is the object itself, which must not remember any answers."""
    frozen = FrozenEstimator(GaussianNB().fit(X, Y))
    comparison = compare_classifiers({"frozen": frozen}, X, Y, cv=2)
    assert set(vars(frozen)) == {"estimator"}
    expected = frozen.predict(X)
    np.testing.assert_array_equal(comparison.predictions["frozen"], expected)
    restored = pickle.loads(pickle.dumps(frozen))
    np.testing.assert_array_equal(restored.predict(X), expected)


@pytest.mark.slow
def test_result_does_not_depend_on_the_number_of_jobs():
    """One process and two give the same scores, labels and probabilities."""
    models = [RandomForestClassifier(5, random_state=0), GaussianNB()]
    one, two = (compare_classifiers(models, X, Y, cv=2, n_jobs=n) for n in (1, 2))
    columns = ["estimator", "fold", *one.metrics]
    pd.testing.assert_frame_equal(one.fold_scores[columns], two.fold_scores[columns])
    for name in one.names:
        np.testing.assert_array_equal(one.predictions[name], two.predictions[name])
        np.testing.assert_array_equal(
            one.scores_out_of_fold[name], two.scores_out_of_fold[name]
        )


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        np.array,
        lambda texts: np.array(texts, dtype=object),
        lambda texts: pd.Series(texts, index=range(100, 140)),
        pl.Series,
    ],
    ids=["list", "tuple", "array", "objects", "pandas", "polars"],
)
def test_texts_come_in_any_sequence(container):
    """A pipeline gets the same rows whatever they are kept in."""
    model = make_pipeline(TfidfVectorizer(), LinearSVC())
    comparison = compare_classifiers({"svc": model}, container(TEXTS), KINDS)
    np.testing.assert_array_equal(comparison.predictions["svc"], KINDS)


@pytest.mark.parametrize("container", [list, pd.Series, pl.Series])
def test_labels_come_in_any_sequence(container):
    """Labels are read by position, whatever index they carry."""
    model = make_pipeline(TfidfVectorizer(), LinearSVC())
    comparison = compare_classifiers({"svc": model}, TEXTS, container(KINDS.tolist()))
    np.testing.assert_array_equal(comparison.y, KINDS)
    np.testing.assert_array_equal(comparison.predictions["svc"], KINDS)


@pytest.mark.parametrize(
    "container", [pd.DataFrame, pl.DataFrame, sparse.csr_array, sparse.coo_matrix]
)
def test_tables_and_sparse_matrices_are_indexed_by_row(container):
    """Frames and sparse matrices give the labels that an array gives."""
    binary = (X > X.mean(axis=0)).astype(np.int64)
    expected = compare_classifiers([BernoulliNB()], binary, Y)
    found = compare_classifiers([BernoulliNB()], container(binary), Y)
    np.testing.assert_array_equal(
        found.predictions["bernoullinb"], expected.predictions["bernoullinb"]
    )


def test_images_and_several_classes():
    """Arrays of more dimensions are indexed by their first; scores have columns."""
    images, digits = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8)[:400]
    flatten = FunctionTransformer(lambda images: images.reshape(len(images), -1))
    comparison = compare_classifiers(
        {
            "bayes": make_pipeline(flatten, BernoulliNB()),
            "linear": make_pipeline(flatten, LinearSVC()),
        },
        images,
        digits[:400],
        cv=2,
    )
    assert comparison.metrics[0] == "accuracy"
    for name in comparison.names:
        scores = comparison.scores_out_of_fold[name]
        assert scores.shape == (400, 10)
        np.testing.assert_array_equal(
            scores.argmax(axis=1), comparison.predictions[name]
        )
        pooled = (comparison.predictions[name] == comparison.y).mean()
        assert pooled == pytest.approx(comparison.scores("accuracy")[name].mean())


def test_groups_are_never_split():
    """Near-duplicates stand on one side in every fold."""
    groups = np.arange(40) // 4
    comparison = compare_classifiers(
        [DummyClassifier()], TEXTS, np.arange(40) % 2, groups=groups, scoring="accuracy"
    )
    assert len(comparison.folds) == 5
    for train, test in comparison.folds:
        assert not set(groups[train]) & set(groups[test])


def test_failures_are_reported_and_scored_as_asked():
    """A classifier that cannot be fitted gets the error score, and a warning."""
    models = {"broken": LogisticRegression(C=-1), "bayes": GaussianNB()}
    with pytest.warns(FitFailedWarning, match="'fit' of 'broken' in fold 0"):
        comparison = compare_classifiers(
            models, X, Y, scoring="accuracy", error_score=np.nan
        )
    assert comparison.scores("accuracy")["broken"].isna().all()
    assert comparison.scores("accuracy")["bayes"].notna().all()
    assert np.isnan(comparison.predictions["broken"]).all()
    assert list(comparison.scores_out_of_fold) == ["bayes"]
    assert "nan" in comparison.to_text()


def test_a_metric_that_always_fails_keeps_its_column():
    """Asking for probabilities of a support vector machine is told, not hidden."""
    with pytest.warns(FitFailedWarning, match="'neg_log_loss' of 'linearsvc'"):
        comparison = compare_classifiers(
            [LinearSVC()], X, Y, scoring=["accuracy", "neg_log_loss"], error_score=-99
        )
    assert comparison.metrics == ("accuracy", "neg_log_loss")
    np.testing.assert_array_equal(comparison.scores("neg_log_loss"), -99)


def test_errors_are_raised_by_default():
    """The classifier's own error reaches the user."""
    with pytest.raises(ValueError, match="'C' parameter"):
        compare_classifiers([LogisticRegression(C=-1)], X, Y)


def test_it_is_an_error_if_nothing_can_be_fitted():
    """A table of nothing but error scores is no comparison."""
    with pytest.raises(ValueError, match="No classifier could be fitted"):
        compare_classifiers([LogisticRegression(C=-1)], X, Y, error_score=0.0)


def test_a_callable_may_name_several_metrics():
    """The columns are the keys that it returns."""

    def counts(estimator, X, y):
        return {"n_rows": len(y), "n_right": (estimator.predict(X) == y).sum()}

    comparison = compare_classifiers([GaussianNB()], X, Y, cv=4, scoring=counts)
    assert comparison.metrics == ("n_rows", "n_right")
    np.testing.assert_array_equal(comparison.scores("n_rows")["gaussiannb"], 50)


def test_a_callable_of_several_metrics_may_fail_in_one_fold():
    """Its own name is no metric."""

    def counts(estimator, X, y):
        if (X == first).all(axis=1).any():
            raise ValueError("a fold that cannot be scored")
        return {"n_rows": len(y)}

    first = X[0]
    with pytest.warns(FitFailedWarning, match="cannot be scored"):
        comparison = compare_classifiers(
            [GaussianNB()], X, Y, cv=4, scoring=counts, error_score=0.0
        )
    assert comparison.metrics == ("n_rows",)
    assert sorted(comparison.scores("n_rows")["gaussiannb"]) == [0, 50, 50, 50]


def test_a_callable_may_not_take_the_name_of_a_column():
    """A metric called fold would overwrite the number of the fold."""
    with pytest.raises(ValueError, match="'fold' is reserved"):
        compare_classifiers(
            [GaussianNB()], X, Y, scoring=lambda estimator, X, y: {"fold": 1}
        )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([GaussianNB()], "one text", [0, 1]), TypeError, "bare string: 'one text'"),
        (([GaussianNB()], X, Y[:-1]), ValueError, "inconsistent numbers"),
        (([GaussianNB()], X, np.zeros(200)), ValueError, "1 distinct value"),
        (([GaussianNB()], X, X[:, 0]), ValueError, "'continuous'"),
        (([GaussianNB()], X, Y.reshape(-1, 2)), ValueError, "1d array"),
        ((GaussianNB(), X, Y), TypeError, "in a list"),
    ],
)
def test_refuses_data_it_cannot_compare_on(arguments, error, message):
    """Strings, wrong lengths, one class and continuous targets are named."""
    with pytest.raises(error, match=message):
        compare_classifiers(*arguments)


def test_refuses_an_unknown_error_score():
    """The message repeats it."""
    with pytest.raises(ValueError, match="'ignore'"):
        compare_classifiers([GaussianNB()], X, Y, error_score="ignore")


def test_groups_must_have_one_entry_per_row():
    """Lengths are compared before anything is fitted."""
    with pytest.raises(ValueError, match="inconsistent numbers"):
        compare_classifiers([GaussianNB()], X, Y, groups=np.arange(10))


def test_result_can_be_pickled():
    """A comparison survives a round trip, with the same tables."""
    comparison = compare_classifiers([GaussianNB()], X, Y)
    restored = pickle.loads(pickle.dumps(comparison))
    assert isinstance(restored, Comparison)
    assert restored.to_text() == comparison.to_text()
    assert repr(restored) == repr(comparison)


def test_clones_are_independent():
    """An estimator that is given twice is fitted apart and scores the same."""
    model = DecisionTreeClassifier(random_state=0)
    comparison = compare_classifiers({"a": model, "b": model, "c": clone(model)}, X, Y)
    scores = comparison.scores("f1")
    np.testing.assert_array_equal(scores["a"], scores["b"])
    np.testing.assert_array_equal(scores["a"], scores["c"])


@pytest.mark.parametrize("working_memory", [1024, 1e-6])
def test_files_with_shuffled_folds(tmp_path, working_memory):
    """Rows of an HDF5 file are chosen in any order, read at once or when needed."""
    order = np.random.default_rng(0).permutation(len(Y))
    folds = [(order[:120], order[120:]), (order[80:], order[:80])]
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        rows = file.create_dataset("rows", data=X)
        with config_context(working_memory=working_memory):
            from_file = compare_classifiers([GaussianNB()], rows, Y, cv=folds)
    in_memory = compare_classifiers([GaussianNB()], X, Y, cv=folds)
    for first, second in zip(
        from_file.fold_predictions["gaussiannb"],
        in_memory.fold_predictions["gaussiannb"],
        strict=True,
    ):
        np.testing.assert_array_equal(first, second)
