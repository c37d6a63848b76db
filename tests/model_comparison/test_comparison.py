"""The result object: pooled predictions, summary, paired test and tables."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import RepeatedStratifiedKFold, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdeep.model_comparison import Comparison, compare_classifiers
from skdeep.model_comparison.confusions import confused_labels, confusions

X, Y = load_breast_cancer(return_X_y=True)
X, Y = X[:200], Y[:200]


def comparison_of(scores, *, n_rows=10):
    """Return a comparison with given accuracies, without fitting anything.

    Each fold of as many rows tests one fifth of them.
    """
    n_folds = len(next(iter(scores.values())))
    rows = np.arange(n_rows)
    folds = [
        (rows[rows % 5 != fold % 5], rows[rows % 5 == fold % 5])
        for fold in range(n_folds)
    ]
    table = pd.DataFrame(
        [
            {
                "estimator": name,
                "fold": fold,
                "accuracy": score,
                "fit_time": 2.0,
                "predict_time": 0.5,
            }
            for name, values in scores.items()
            for fold, score in enumerate(values)
        ]
    )
    return Comparison(
        names=tuple(scores),
        metrics=("accuracy",),
        fold_scores=table,
        folds=folds,
        classes=np.array([0, 1]),
        y=rows % 2,
        fold_predictions={
            name: [rows[test] % 2 for _, test in folds] for name in scores
        },
        fold_responses={name: [None] * n_folds for name in scores},
        response_methods=dict.fromkeys(scores),
    )


def slow_pooled(comparison, name):
    """Return votes and mean scores row by row, in dictionaries."""
    labels, scores = {}, {}
    for (_, test), predicted, response in zip(
        comparison.folds,
        comparison.fold_predictions[name],
        comparison.fold_responses[name],
        strict=True,
    ):
        for row, label, score in zip(test, predicted, response, strict=True):
            labels.setdefault(int(row), []).append(label)
            scores.setdefault(int(row), []).append(score)
    return labels, scores


def test_rows_never_tested_are_nan():
    """ShuffleSplit leaves rows out; they are NaN among numbers and among words."""
    cv = ShuffleSplit(2, test_size=0.2, random_state=0)
    numbers = compare_classifiers([GaussianNB()], X, Y, cv=cv)
    words = compare_classifiers([GaussianNB()], X, np.where(Y, "yes", "no"), cv=cv)
    tested = np.zeros(200, dtype=bool)
    for _, test in numbers.folds:
        tested[test] = True
    assert 0 < tested.sum() < 200
    for comparison in (numbers, words):
        pooled = comparison.predictions["gaussiannb"]
        np.testing.assert_array_equal(~pd.isna(pooled), tested)
        scores = comparison.scores_out_of_fold["gaussiannb"]
        np.testing.assert_array_equal(~np.isnan(scores), tested)
    assert numbers.predictions["gaussiannb"].dtype == np.float64
    assert set(words.predictions["gaussiannb"][tested]) <= {"yes", "no"}


def test_rows_tested_several_times_are_pooled():
    """Repeated folds: the most frequent label and the mean score of each row."""
    cv = RepeatedStratifiedKFold(n_splits=4, n_repeats=4, random_state=0)
    model = DecisionTreeClassifier(max_features=1, random_state=0)
    comparison = compare_classifiers({"tree": model}, X, Y, cv=cv)
    labels, scores = slow_pooled(comparison, "tree")
    assert any(len(set(votes)) > 1 for votes in labels.values())
    expected = [max(comparison.classes, key=labels[row].count) for row in range(len(Y))]
    np.testing.assert_array_equal(comparison.predictions["tree"], expected)
    np.testing.assert_allclose(
        comparison.scores_out_of_fold["tree"],
        [np.mean(scores[row]) for row in range(len(Y))],
    )


def test_ties_between_votes_go_to_the_first_class():
    """Two repeats that disagree give the label that sorts first."""
    comparison = comparison_of({"a": [1.0] * 10})
    contrary = [1 - labels for labels in comparison.fold_predictions["a"][5:]]
    comparison.fold_predictions["a"][5:] = contrary
    np.testing.assert_array_equal(comparison.predictions["a"], 0)


@pytest.mark.parametrize("strange", [-1, 9])
def test_labels_that_are_no_class_stay_what_they_are(strange):
    """What a classifier says of outliers is no class, be it lower or higher."""
    comparison = comparison_of({"a": [1.0] * 5})
    comparison.fold_predictions["a"][2] = np.array([strange, strange])
    expected = np.where(np.arange(10) % 5 == 2, strange, np.arange(10) % 2)
    np.testing.assert_array_equal(comparison.predictions["a"], expected)
    assert confused_labels(comparison, "a").tolist() == [0, 1, strange]
    matrix = confusions(comparison, "a")
    assert matrix.tolist() == [[4, 0, 1], [0, 4, 1], [0, 0, 0]]


def test_classifiers_that_know_more_classes_than_there_are():
    """Scores of the others have no column, and those of the classes keep theirs."""
    model = GaussianNB().fit(X, 2 - Y + (X[:, 0] > 15))
    comparison = compare_classifiers(
        {"frozen": FrozenEstimator(model)}, X, Y + 1, scoring="accuracy", cv=2
    )
    np.testing.assert_allclose(
        comparison.scores_out_of_fold["frozen"], model.predict_proba(X)[:, 1]
    )


def test_labels_keep_their_type():
    """Where every row was tested, predictions are of the labels' own type."""
    for labels in (Y, np.where(Y, "yes", "no"), Y.astype(bool)):
        comparison = compare_classifiers([GaussianNB()], X, labels)
        assert comparison.predictions["gaussiannb"].dtype == labels.dtype


def test_scores_come_folds_by_classifiers():
    """Columns stand in the order in which the classifiers were given."""
    comparison = comparison_of({"b": [0.1, 0.2], "a": [0.3, 0.4]})
    scores = comparison.scores("accuracy")
    assert list(scores.columns) == ["b", "a"]
    assert scores.to_numpy().tolist() == [[0.1, 0.3], [0.2, 0.4]]
    assert comparison.scores("fit_time").to_numpy().tolist() == [[2, 2], [2, 2]]
    with pytest.raises(ValueError, match=r"no metric 'f2'.*'accuracy'"):
        comparison.scores("f2")


def test_summary_has_mean_and_spread():
    """Figures are those of NumPy; a missing score shows in the mean."""
    scores = {"a": [0.5, 0.7, 0.9], "b": [0.5, np.nan, 0.7]}
    summary = comparison_of(scores).summary()
    assert list(summary.index) == ["a", "b"]
    assert summary.loc["a"].to_dict() == pytest.approx(
        {
            "mean_accuracy": 0.7,
            "std_accuracy": np.std([0.5, 0.7, 0.9]),
            "mean_fit_time": 2.0,
            "mean_predict_time": 0.5,
        }
    )
    assert np.isnan(summary.loc["b", "mean_accuracy"])
    assert np.isnan(summary.loc["b", "std_accuracy"])


def test_paired_test_agrees_with_numbers_worked_out_by_hand():
    """Eight rows train and two test, so the factor is 1/5 + 1/4."""
    comparison = comparison_of(
        {
            "good": [0.92, 0.91, 0.93, 0.92, 0.92],
            "same": [0.92, 0.91, 0.93, 0.92, 0.92],
            "poor": [0.90, 0.90, 0.90, 0.90, 0.90],
        }
    )
    test = comparison.paired_test("accuracy")
    assert list(test.index) == ["same", "poor"]
    assert set(test["reference"]) == {"good"}
    assert test.loc["same", ["t", "p", "p_holm"]].tolist() == [0, 1, 1]
    assert test.loc["poor", "mean_difference"] == pytest.approx(-0.02)
    t = -0.02 / math.sqrt(0.45 * 0.00005)
    assert test.loc["poor", "t"] == pytest.approx(t)
    # Four degrees of freedom have the tail area 1/2 - 3/8 s (2 - 2 s² / 3) with
    # s = t / sqrt(t² + 4).
    s = abs(t) / math.sqrt(t**2 + 4)
    p = 1 - 2 * (3 / 8) * (2 * s - 2 * s**3 / 3)
    assert test.loc["poor", "p"] == pytest.approx(p)
    assert test.loc["poor", "p_holm"] == pytest.approx(2 * p)


def test_the_reference_can_be_chosen():
    """Differences turn round with the reference, and so does the alternative."""
    comparison = comparison_of({"a": [0.9, 0.8, 0.9], "b": [0.5, 0.6, 0.6]})
    against_a = comparison.paired_test("accuracy").loc["b"]
    against_b = comparison.paired_test("accuracy", "b").loc["a"]
    assert against_a["t"] == pytest.approx(-against_b["t"])
    assert against_a["p"] == pytest.approx(against_b["p"])
    greater = comparison.paired_test("accuracy", "b", "greater").loc["a"]
    assert greater["p"] == pytest.approx(against_b["p"] / 2)
    wide = comparison.paired_test("accuracy", "b", confidence_level=0.99).loc["a"]
    assert wide["ci_low"] < against_b["ci_low"]


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_classifier_with_missing_scores_is_not_tested(missing):
    """Its row is NaN, a warning says why, and the others are not adjusted for it."""
    comparison = comparison_of(
        {"a": [0.9, 0.8, 0.9], "b": [0.5, missing, 0.6], "c": [0.6, 0.7, 0.5]}
    )
    problem = r"'b' has no finite 'accuracy' in the folds \[1\]"
    with pytest.warns(UserWarning, match=problem):
        test = comparison.paired_test("accuracy")
    assert test.loc["b", ["t", "p", "p_holm"]].isna().all()
    assert test.loc["c", "p_holm"] == test.loc["c", "p"]


def test_paired_test_refuses_what_it_cannot_answer():
    """One classifier, one fold, unknown names and a reference without scores."""
    pair = {"a": [0.9, 0.8], "b": [0.5, np.nan]}
    with pytest.raises(ValueError, match="two classifiers"):
        comparison_of({"a": [0.9, 0.8]}).paired_test("accuracy")
    with pytest.raises(ValueError, match="2 folds"):
        comparison_of({"a": [0.9], "b": [0.8]}).paired_test("accuracy")
    with pytest.raises(ValueError, match="no classifier 'c'"):
        comparison_of(pair).paired_test("accuracy", "c")
    with pytest.raises(ValueError, match="reference 'b' has no finite 'accuracy'"):
        comparison_of(pair).paired_test("accuracy", "b")
    with pytest.raises(ValueError, match="no metric 'f2'"):
        comparison_of(pair).paired_test("f2")
    missing = {"a": [0.9, np.nan], "b": [0.5, np.nan]}
    with pytest.raises(ValueError, match="No classifier has 'accuracy'"):
        comparison_of(missing).paired_test("accuracy")


def test_classifiers_without_continuous_scores_are_left_out():
    """There is nothing to pool for them."""
    assert comparison_of({"a": [0.9, 0.8]}).scores_out_of_fold == {}


def test_decision_functions_are_pooled_too():
    """Scores of a linear classifier have the sign of its predictions."""
    comparison = compare_classifiers([RidgeClassifier()], X, Y)
    assert comparison.response_methods == {"ridgeclassifier": "decision_function"}
    np.testing.assert_array_equal(
        comparison.scores_out_of_fold["ridgeclassifier"] > 0,
        comparison.predictions["ridgeclassifier"] == 1,
    )


def test_attributes_are_fixed():
    """A result is read, not edited."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        comparison_of({"a": [0.9, 0.8]}).names = ("b",)


def test_representation_is_a_title_and_the_table():
    """Printing a comparison says what was compared and how it went."""
    comparison = comparison_of({"a": [0.5, 0.7], "b <i>": [0.25, 0.35]})
    title, *table = repr(comparison).splitlines()
    assert title.startswith("Comparison of 2 classifiers in 2 folds of 10 rows")
    assert "\n".join(table) == comparison.to_text()
    assert "| a | **0.600 ± 0.100** | 2 | 0.5 |" in comparison.to_markdown()
    html = comparison._repr_html_()
    assert "<b>0.600 ± 0.100</b>" in html
    assert "b &lt;i&gt;" in html
    assert repr(comparison_of({"a": [0.5]})).startswith(
        "Comparison of 1 classifier in 1 fold of"
    )
