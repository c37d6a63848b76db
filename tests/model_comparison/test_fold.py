"""One classifier in one fold: one fit, one prediction, many metrics."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import accuracy_score
from sklearn.metrics.pairwise import linear_kernel
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC

from skdeep.model_comparison.fold import evaluate_fold, rows_of_metadata
from skdeep.model_comparison.scoring import resolve_scorers

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(90, 4))
Y = np.where(X[:, 0] + 0.3 * RANDOM.normal(size=90) > 0, "spam", "ham")
FOLD = (np.arange(60), np.arange(60, 90))


def evaluate(estimator, X=X, y=Y, fold=FOLD, scoring=None, **options):
    """Evaluate with defaults that raise every error."""
    classes = np.unique(y)
    settings = {
        "classes": classes,
        "scorers": resolve_scorers(scoring, classes),
        "fit_params": {},
        "score_params": {},
        "raise_errors": True,
        **options,
    }
    return evaluate_fold(estimator, X, y, fold, **settings)


class Coin(ClassifierMixin, BaseEstimator):
    """A classifier that predicts at random and counts how often it is asked."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.calls_ = {"predict": 0, "predict_proba": 0}
        self.random_ = np.random.default_rng(0)
        return self

    def predict(self, X):
        self.calls_["predict"] += 1
        return self.random_.choice(self.classes_, size=len(X))

    def predict_proba(self, X):
        self.calls_["predict_proba"] += 1
        positive = self.random_.random(len(X))
        return np.column_stack([1 - positive, positive])


def test_outcome_is_that_of_a_model_fitted_on_the_training_rows():
    """Scores, labels and probabilities come from the test rows alone."""
    train, test = FOLD
    model = LogisticRegression().fit(X[train], Y[train])
    outcome = evaluate(LogisticRegression(), scoring="accuracy")
    np.testing.assert_array_equal(outcome.predicted, model.predict(X[test]))
    np.testing.assert_allclose(outcome.response, model.predict_proba(X[test])[:, 1])
    assert outcome.response_method == "predict_proba"
    assert outcome.scores == {"accuracy": model.score(X[test], Y[test])}
    assert outcome.fit_time > 0
    assert outcome.predict_time > 0
    assert outcome.errors == []


def test_each_response_is_computed_once_for_all_metrics():
    """Five metrics and the kept predictions take two calls of the classifier."""
    coin = Coin()
    metrics = ["f1", "accuracy", "matthews_corrcoef", "roc_auc", "average_precision"]
    evaluate(coin, scoring=metrics)
    assert coin.calls_ == {"predict": 1, "predict_proba": 1}


def test_scores_belong_to_the_predictions_that_are_returned():
    """Even a random classifier gets the accuracy of the labels it returned."""
    outcome = evaluate(Coin(), scoring="accuracy")
    assert outcome.scores["accuracy"] == accuracy_score(Y[FOLD[1]], outcome.predicted)


def test_remembered_answers_are_for_the_test_rows_only():
    """A scorer that asks about other rows gets an answer about those."""

    def n_answers(estimator, X, y):
        return len(estimator.predict(X[:7]))

    assert evaluate(LogisticRegression(), scoring=n_answers).scores == {"n_answers": 7}


def test_a_scorer_cannot_spoil_what_other_scorers_see():
    """Changing the predictions in place changes a copy."""

    def vandal(estimator, X, y):
        estimator.predict(X)[:] = "ham"
        return 0.0

    scoring = {"vandal": vandal, "accuracy": "accuracy"}
    outcome = evaluate(LogisticRegression(), scoring=scoring)
    assert outcome.scores["accuracy"] > 0.8
    assert set(outcome.predicted) == {"ham", "spam"}


def test_a_class_with_slots_is_asked_again():
    """Where nothing can be remembered, the scores are the same."""

    class Slotted(ClassifierMixin, BaseEstimator):
        __slots__ = ("classes_", "fitted_")

        def __setattr__(self, name, value):
            if name not in self.__slots__:
                raise AttributeError(name)
            super().__setattr__(name, value)

        def fit(self, X, y):
            self.fitted_ = LogisticRegression().fit(X, y)
            self.classes_ = self.fitted_.classes_
            return self

        def predict(self, X):
            return self.fitted_.predict(X)

    expected = evaluate(LogisticRegression(), scoring=["accuracy", "f1"]).scores
    assert evaluate(Slotted(), scoring=["accuracy", "f1"]).scores == expected


def test_decision_function_serves_where_there_are_no_probabilities():
    """Its sign points to the second class."""
    outcome = evaluate(RidgeClassifier())
    assert outcome.response_method == "decision_function"
    np.testing.assert_array_equal(outcome.response > 0, outcome.predicted == "spam")


def test_a_classifier_without_continuous_score_has_no_response():
    """Metrics of labels still work."""
    outcome = evaluate(LabelsOnly(), scoring="accuracy")
    assert outcome.response is None
    assert outcome.response_method is None
    assert outcome.scores["accuracy"] > 0.5


class OneSided(ClassifierMixin, BaseEstimator):
    """A classifier of one class, with a decision function of one column."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        return np.ones(len(X))

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class LabelsOnly(ClassifierMixin, BaseEstimator):
    """A classifier that only predicts labels."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[(X[:, 0] > 0).astype(int)]


@pytest.mark.parametrize("model", [LogisticRegression(), RidgeClassifier()])
def test_columns_are_aligned_when_a_class_is_missing_from_training(model):
    """The missing class gets the lowest score, the others keep their places."""
    y = np.array(["a", "b", "c"])[np.arange(90) % 3]
    y[:60] = np.array(["a", "c"])[np.arange(60) % 2]
    outcome = evaluate(model, y=y, scoring="accuracy")
    assert outcome.response.shape == (30, 3)
    lowest = 0 if outcome.response_method == "predict_proba" else -np.inf
    np.testing.assert_array_equal(outcome.response[:, 1], lowest)
    np.testing.assert_array_equal(
        np.array(["a", "b", "c"])[outcome.response.argmax(axis=1)], outcome.predicted
    )


def test_a_training_part_of_one_class_gives_that_class_alone():
    """Its only column is that of the class, and the other has no probability."""
    y = np.where(np.arange(90) < 60, "ham", Y)
    outcome = evaluate(DummyClassifier(), y=y, scoring="accuracy")
    np.testing.assert_array_equal(outcome.response, 0)
    outlier = evaluate(OneSided(), y=y, scoring="accuracy")
    np.testing.assert_array_equal(outlier.response, -np.inf)


def test_refuses_one_column_per_pair_of_classes():
    """A one-versus-one decision function is explained, not misread."""
    y = np.arange(90) % 4
    model = SVC(decision_function_shape="ovo")
    with pytest.raises(ValueError, match=r"\(30, 6\).*'ovr'"):
        evaluate(model, y=y, scoring="accuracy")


def test_a_precomputed_kernel_is_sliced_on_both_sides():
    """Pairwise estimators get train-by-train and test-by-train blocks."""
    kernel = linear_kernel(X)
    found = evaluate(SVC(kernel="precomputed"), X=kernel)
    expected = evaluate(SVC(kernel="linear"))
    np.testing.assert_array_equal(found.predicted, expected.predicted)


def test_a_scorer_may_return_several_scores():
    """Each becomes a metric of its own, given as a float."""

    def both(estimator, X, y):
        return {"one": np.float32(1), "two": np.array([2])}

    outcome = evaluate(LogisticRegression(), scoring=both)
    assert outcome.scores == {"one": 1.0, "two": 2.0}
    assert all(type(score) is float for score in outcome.scores.values())


@pytest.mark.parametrize("score", ["good", None, np.zeros(3), 1j])
def test_refuses_scores_that_are_no_numbers(score):
    """The message says which metric returned what."""

    def odd(estimator, X, y):
        return score

    with pytest.raises(ValueError, match="scoring must return a number"):
        evaluate(LogisticRegression(), scoring=odd)


def test_errors_are_kept_with_their_place_when_they_may_not_be_raised():
    """A failing fit leaves no scores, a failing metric leaves the others."""
    failed = evaluate(LogisticRegression(C=-1), raise_errors=False)
    assert failed.predicted is None
    assert failed.scores == {}
    [(place, trace)] = failed.errors
    assert place == "fit"
    assert "'C' parameter" in trace
    scoring = {"accuracy": "accuracy", "loss": "neg_log_loss"}
    partial = evaluate(RidgeClassifier(), scoring=scoring, raise_errors=False)
    assert list(partial.scores) == ["accuracy"]
    assert [place for place, _ in partial.errors] == ["loss"]


def test_metadata_of_rows_is_sliced_and_other_metadata_is_not():
    """Lists, arrays and Series of one entry per row follow the rows."""
    rows = np.array([2, 0])
    sliced = rows_of_metadata(
        {
            "array": np.arange(5),
            "list": list("abcde"),
            "series": pd.Series(range(5), index=list("vwxyz")),
            "word": "abcde",
            "short": [1, 2],
            "number": np.float64(3),
            "options": dict.fromkeys("abcde", 1),
            "none": None,
        },
        X=["x"] * 5,
        rows=rows,
    )
    assert sliced["array"].tolist() == [2, 0]
    assert sliced["list"] == ["c", "a"]
    assert sliced["series"].tolist() == [2, 0]
    assert sliced["word"] == "abcde"
    assert sliced["short"] == [1, 2]
    assert sliced["number"] == 3
    assert len(sliced["options"]) == 5
    assert sliced["none"] is None


@pytest.mark.parametrize("raise_errors", [True, False])
def test_unlabelled_rows_cannot_be_tested(raise_errors):
    """They would count as errors of a classifier that never predicts them."""
    y = np.where(Y == "spam", 1, 0)
    y[::3] = -1
    classifier = SelfTrainingClassifier(LogisticRegression())
    message = "10 test rows are labelled -1, .* unlabelled"
    if raise_errors:
        with pytest.raises(ValueError, match=message):
            evaluate(classifier, y=y, scoring="accuracy")
        return
    outcome = evaluate(classifier, y=y, scoring="accuracy", raise_errors=False)
    assert outcome.scores == {}
    assert outcome.errors[0][0] == "predict"


def test_unlabelled_rows_can_be_trained_on():
    """Folds that test labelled rows only give the figures of these."""
    y = np.where(Y == "spam", 1, 0)
    y[:60:3] = -1
    classifier = SelfTrainingClassifier(LogisticRegression())
    outcome = evaluate(classifier, y=y, scoring="accuracy")
    classifier.fit(X[:60], y[:60])
    assert outcome.scores == {"accuracy": classifier.score(X[60:], y[60:])}


def test_minus_one_is_a_class_of_supervised_classifiers():
    """It is tested like any other."""
    y = np.where(Y == "spam", 1, -1)
    outcome = evaluate(LogisticRegression(), y=y, scoring="accuracy")
    assert outcome.scores["accuracy"] > 0.5
