"""What is read from the curve of one fold, against slow references."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import average_precision_score, det_curve, roc_curve
from sklearn.naive_bayes import GaussianNB

from skdeep.model_comparison import compare_classifiers
from skdeep.model_comparison.fold_curve import (
    FoldCurve,
    equal_error_rate,
    fold_curves,
    precisions,
    true_positive_rates,
)

X, Y = load_breast_cancer(return_X_y=True)
X, Y = X[:250, :5], Y[:250]

# Labels with both classes, and scores with ties.
SAMPLES = st.integers(2, 25).flatmap(
    lambda n: st.tuples(
        arrays(bool, n).filter(lambda y: y.any() and not y.all()),
        arrays(np.float64, n, elements=st.integers(0, 6).map(float)),
    )
)


def curve_of(positive, scores):
    """Return the curve of some labels and scores."""
    fpr, tpr, _ = roc_curve(positive, scores)
    return FoldCurve(
        fpr=fpr,
        tpr=tpr,
        n_negative=int((~positive).sum()),
        n_positive=int(positive.sum()),
        average_precision=average_precision_score(positive, scores),
    )


def counts(positive, scores):
    """Return (false positives, true positives) at each threshold, from the top."""
    points = [(0, 0)]
    for threshold in sorted(set(scores), reverse=True):
        selected = scores >= threshold
        points.append(
            (int((selected & ~positive).sum()), int((selected & positive).sum()))
        )
    return points


def slow_true_positive_rate(points, fpr, n_negative, n_positive):
    """Return the highest point of the polygon above one false positive rate."""
    best = 0.0
    for (fp, tp), (next_fp, next_tp) in itertools.pairwise(points):
        x, next_x = fp / n_negative, next_fp / n_negative
        if not x - 1e-12 <= fpr <= next_x + 1e-12:
            continue
        share = 1.0 if next_x == x else min(1.0, (fpr - x) / (next_x - x))
        best = max(best, (tp + share * (next_tp - tp)) / n_positive)
    return best


def slow_precision(points, recall, n_positive):
    """Return precision at one recall > 0, true positives growing in a line."""
    target = recall * n_positive
    for (fp, tp), (next_fp, next_tp) in itertools.pairwise(points):
        if tp < target <= next_tp + 1e-12:
            share = (target - tp) / (next_tp - tp)
            return target / (target + fp + share * (next_fp - fp))
    raise AssertionError("the curve ends at recall 1")


@settings(deadline=None)
@given(SAMPLES, st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_true_positive_rates_are_those_of_the_polygon(sample, rates):
    """Ties are straight lines, steps count at their upper end."""
    positive, scores = sample
    curve = curve_of(positive, scores)
    # Away from the corners, where a rounding error moves a value by a whole step.
    corners = np.arange(curve.n_negative + 1) / curve.n_negative
    rates = [r for r in rates if np.abs(corners - r).min() > 1e-9] + [0.0, 1.0]
    points = counts(positive, scores)
    expected = [
        slow_true_positive_rate(points, rate, curve.n_negative, curve.n_positive)
        for rate in rates
    ]
    np.testing.assert_allclose(
        true_positive_rates(curve, np.array(rates)), expected, atol=1e-9
    )


def test_true_positive_rates_pass_through_the_points_of_roc_curve():
    """At the points of scikit-learn's curve the interpolation is the curve."""
    scores = GaussianNB().fit(X, Y).predict_proba(X)[:, 1]
    fpr, tpr, _ = roc_curve(Y, scores, drop_intermediate=False)
    upper = {rate: max(tpr[fpr == rate]) for rate in fpr}
    found = true_positive_rates(curve_of(Y == 1, scores), np.array(list(upper)))
    np.testing.assert_allclose(found, list(upper.values()), atol=1e-12)


@settings(deadline=None)
@given(SAMPLES, st.lists(st.floats(1e-3, 1), min_size=1, max_size=5))
def test_precisions_interpolate_numbers_of_rows(sample, recalls):
    """Between thresholds the selected rows grow in a line, as in the paper."""
    positive, scores = sample
    curve = curve_of(positive, scores)
    steps = np.arange(curve.n_positive + 1) / curve.n_positive
    recalls = [r for r in recalls if np.abs(steps - r).min() > 1e-9]
    points = counts(positive, scores)
    expected = [slow_precision(points, recall, curve.n_positive) for recall in recalls]
    found = precisions(curve, np.array(recalls))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_precisions_of_the_papers_example():
    """Table 1 of Davis and Goadrich: between (5, 5) and (10, 30) of 20 positives."""
    curve = FoldCurve(
        fpr=np.array([0, 5, 30, 2000]) / 2000,
        tpr=np.array([0, 5, 10, 20]) / 20,
        n_negative=2000,
        n_positive=20,
        average_precision=np.nan,
    )
    recalls = np.array([5, 6, 7, 8, 9, 10]) / 20
    np.testing.assert_allclose(
        precisions(curve, recalls),
        [0.500, 0.375, 0.318, 0.286, 0.265, 0.250],
        atol=5e-4,
    )


@pytest.mark.parametrize(
    ("positive", "expected"),
    [
        # The best row is positive, negative, or one of a tie of two.
        ([True, False, True], 1.0),
        ([False, True, True], 0.0),
    ],
)
def test_precision_at_recall_zero_is_the_limit(positive, expected):
    """There, nothing is selected yet, so the first step decides."""
    curve = curve_of(np.array(positive), np.array([3.0, 2.0, 1.0]))
    assert precisions(curve, np.array([0.0])) == [expected]
    tied = curve_of(np.array([True, False, True]), np.array([2.0, 2.0, 1.0]))
    assert precisions(tied, np.array([0.0])) == [0.5]


@settings(deadline=None)
@given(SAMPLES)
def test_precisions_are_shares(sample):
    """They lie between 0 and 1, and end at the share of positives selected last."""
    curve = curve_of(*sample)
    found = precisions(curve, np.linspace(0, 1, 21))
    assert ((found >= 0) & (found <= 1)).all()


@settings(deadline=None)
@given(SAMPLES)
def test_equal_error_rate_lies_where_both_errors_are_equal(sample):
    """On the polygon, false negatives are as frequent as false positives there."""
    positive, scores = sample
    curve = curve_of(positive, scores)
    rate = equal_error_rate(curve)
    points = np.array(counts(positive, scores)) / [curve.n_negative, curve.n_positive]
    # The antidiagonal cuts the polygon in one point: look for it edge by edge.
    found = []
    for (x, y), (next_x, next_y) in itertools.pairwise(points):
        growth = (next_x + next_y) - (x + y)
        share = (1 - (x + y)) / growth
        if -1e-12 <= share <= 1 + 1e-12:
            found.append(x + share * (next_x - x))
    assert any(rate == pytest.approx(each, abs=1e-9) for each in found)


def test_equal_error_rate_of_perfect_guessing_and_contrary_classifiers():
    """They are 0, a half and 1."""
    positive = np.array([True, True, False, False])
    assert equal_error_rate(curve_of(positive, np.array([4.0, 3, 2, 1]))) == 0
    assert equal_error_rate(curve_of(positive, np.ones(4))) == 0.5
    assert equal_error_rate(curve_of(positive, np.array([1.0, 2, 3, 4]))) == 1


def test_curves_of_folds_are_those_of_scikit_learn():
    """Points, areas and numbers of rows of each fold are those of its test rows."""
    comparison = compare_classifiers({"ridge": RidgeClassifier()}, X, Y)
    curves = fold_curves(comparison, "ridge", 1)
    for curve, (train, test) in zip(curves, comparison.folds, strict=True):
        scores = RidgeClassifier().fit(X[train], Y[train]).decision_function(X[test])
        fpr, tpr, _ = roc_curve(Y[test], scores)
        np.testing.assert_array_equal(curve.fpr, fpr)
        np.testing.assert_array_equal(curve.tpr, tpr)
        assert curve.n_positive == Y[test].sum()
        assert curve.n_negative == (1 - Y[test]).sum()
        assert curve.average_precision == average_precision_score(Y[test], scores)


@pytest.mark.parametrize("model", [GaussianNB(), RidgeClassifier()])
def test_either_class_can_be_the_positive_one(model):
    """With the first class, both errors change places."""
    words = np.where(Y, "spam", "ham")
    comparison = compare_classifiers({"model": model}, X, words)
    for name in ("spam", "ham"):
        for curve, (_, test), response in zip(
            fold_curves(comparison, "model", name),
            comparison.folds,
            comparison.fold_responses["model"],
            strict=True,
        ):
            sign = 1 if name == "spam" else -1
            fpr, fnr, _ = det_curve(words[test], sign * response, pos_label=name)
            found = 1 - true_positive_rates(curve, np.unique(fpr))
            expected = [fnr[fpr == rate].min() for rate in np.unique(fpr)]
            np.testing.assert_allclose(found, expected, atol=1e-12)


def test_folds_of_one_class_are_left_out():
    """They have no curve; if no fold has one, that is an error."""
    order = np.argsort(Y, kind="stable")
    mixed = np.arange(0, 250, 7)
    one_class = order[:20]
    folds = [(np.setdiff1d(np.arange(250), test), test) for test in (mixed, one_class)]
    comparison = compare_classifiers(
        {"bayes": GaussianNB()}, X, Y, cv=folds, scoring="accuracy"
    )
    assert len(fold_curves(comparison, "bayes", 1)) == 1
    alone = compare_classifiers(
        {"bayes": GaussianNB()}, X, Y, cv=folds[1:], scoring="accuracy"
    )
    with pytest.raises(ValueError, match="'bayes' has no curve"):
        fold_curves(alone, "bayes", 1)


def test_a_classifier_that_always_fails_has_no_curve():
    """The message says that it failed, and not that it lacks a method."""
    models = {"bayes": GaussianNB(), "broken": GaussianNB(var_smoothing=-1.0)}
    with pytest.warns(FitFailedWarning):
        comparison = compare_classifiers(models, X, Y, cv=2, error_score=np.nan)
    with pytest.raises(ValueError, match="'broken' failed in every fold"):
        fold_curves(comparison, "broken", 1)


def test_a_fold_trained_on_one_class_guesses():
    """The other class has no score, so the curve of that fold is the diagonal."""

    class OneSided(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def decision_function(self, X):
            return np.ones(len(X))

        def predict(self, X):
            return np.full(len(X), self.classes_[0])

    train = np.flatnonzero(Y == 0)[:50]
    test = np.setdiff1d(np.arange(250), train)
    comparison = compare_classifiers(
        {"model": OneSided()}, X, Y, cv=[(train, test)], scoring="accuracy"
    )
    [curve] = fold_curves(comparison, "model", 1)
    assert curve.fpr.tolist() == curve.tpr.tolist() == [0, 1]
