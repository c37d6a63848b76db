"""How the `scoring` argument is read."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    get_scorer,
    make_scorer,
)

from skdeep.model_comparison.scoring import resolve_scorers

X = np.random.default_rng(0).normal(size=(60, 3))
NUMBERS = (X[:, 0] + np.random.default_rng(1).normal(size=60) > 0.4).astype(int)
WORDS = np.where(NUMBERS == 1, "spam", "ham")


def scores(scoring, labels):
    """Return the scores of a logistic regression on its own training rows."""
    model = LogisticRegression().fit(X, labels)
    scorers = resolve_scorers(scoring, np.unique(labels))
    return {name: scorer(model, X, labels) for name, scorer in scorers.items()}


def test_default_metrics_depend_on_the_number_of_classes():
    """Two classes get ranking metrics too; more get those every classifier has."""
    assert list(resolve_scorers(None, np.array([0, 1]))) == [
        "f1",
        "matthews_corrcoef",
        "roc_auc",
        "average_precision",
    ]
    assert list(resolve_scorers(None, np.array([0, 1, 2]))) == [
        "accuracy",
        "balanced_accuracy",
        "f1_macro",
        "matthews_corrcoef",
    ]


@pytest.mark.parametrize("scoring", [None, ("f1", "precision", "recall", "jaccard")])
def test_words_score_as_numbers_do(scoring):
    """Metrics of the positive class do not need labels 0 and 1."""
    assert scores(scoring, WORDS) == pytest.approx(scores(scoring, NUMBERS))


def test_metrics_of_probabilities_take_words():
    """The Brier score and the average precision know the positive class."""
    metrics = ["average_precision", "neg_brier_score"]
    found, expected = scores(metrics, WORDS), scores(metrics, NUMBERS)
    assert found == pytest.approx(expected)
    assert found["neg_brier_score"] < 0


def test_the_second_class_is_positive_by_default():
    """Labels 1 and 2 make 2 positive, for all default metrics alike."""
    labels = NUMBERS + 1
    model = LogisticRegression().fit(X, labels)
    found = scores(None, labels)
    assert found["f1"] == f1_score(labels, model.predict(X), pos_label=2)
    assert found["average_precision"] == pytest.approx(
        average_precision_score(labels, model.decision_function(X), pos_label=2)
    )


def test_an_explicit_name_means_what_it_means_in_cross_validate():
    """Labels 1 and 2 with scoring="f1" give scikit-learn's own figure."""
    labels = NUMBERS + 1
    model = LogisticRegression().fit(X, labels)
    assert scores("f1", labels)["f1"] == get_scorer("f1")(model, X, labels)


def test_all_ways_to_ask_give_the_same_score():
    """A name, a list, a set, a dict and a callable are read alike."""

    def accuracy(estimator, X, y):
        return accuracy_score(y, estimator.predict(X))

    expected = scores("accuracy", WORDS)
    assert scores(["accuracy"], WORDS) == expected
    assert scores({"accuracy"}, WORDS) == expected
    assert scores({"accuracy": "accuracy"}, WORDS) == expected
    assert scores({"accuracy": accuracy}, WORDS) == expected
    assert scores(accuracy, WORDS) == expected
    assert scores(make_scorer(accuracy_score), WORDS) == {"score": expected["accuracy"]}


def test_a_set_has_a_fixed_order():
    """Columns do not change places from one process to the next."""
    metrics = {"recall", "f1", "precision", "accuracy"}
    assert list(resolve_scorers(metrics, np.array([0, 1]))) == sorted(metrics)


@pytest.mark.parametrize(
    ("scoring", "error", "message"),
    [
        (3, TypeError, "Got 3 of type int"),
        ([accuracy_score], TypeError, "Pass a dict"),
        ([], ValueError, "empty"),
        ({}, ValueError, "empty"),
        (["f1", "f1"], ValueError, "repeated"),
        ("f2", ValueError, "f2"),
        ({"fold": "f1"}, ValueError, "'fold' is reserved"),
        (accuracy_score, ValueError, "make_scorer"),
    ],
)
def test_refuses_what_is_no_metric(scoring, error, message):
    """Misspelt, repeated, reserved and unusable metrics are named."""
    with pytest.raises(error, match=message):
        resolve_scorers(scoring, np.array(["ham", "spam"]))
