"""Whether probabilities are frequencies."""

from statistics import NormalDist

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdeep.model_comparison import compare_classifiers
from skdeep.model_comparison.calibration import reliability


def check_wilson(found, count):
    """Check that ends of intervals are 1.96 standard deviations of so many rows off."""
    z = NormalDist().inv_cdf(0.975)
    for end in (found.low, found.high):
        inner = (end > 0) & (end < 1)
        assert inner.any()
        deviation = np.sqrt(end * (1 - end) / count)
        distance = np.abs(found.observed - end)
        np.testing.assert_allclose(distance[inner], z * deviation[inner])


def test_bins_are_those_of_scikit_learn():
    """On two classes, quantile bins of distinct probabilities agree with its own."""
    X, y = load_breast_cancer(return_X_y=True)
    models = {"bayes": GaussianNB(var_smoothing=1.0)}
    comparison = compare_classifiers(models, X, y)
    found = reliability(comparison, "bayes", n_bins=6)
    scores = comparison.scores_out_of_fold["bayes"]
    observed, predicted = calibration_curve(y, scores, n_bins=6, strategy="quantile")
    np.testing.assert_allclose(found.observed, observed)
    np.testing.assert_allclose(found.predicted, predicted)
    assert found.count.sum() == len(y)
    gaps = np.abs(observed - predicted)
    assert found.error == pytest.approx((gaps * found.count).sum() / len(y))


def test_more_classes_use_the_predicted_one():
    """The mean over all bins is the accuracy, and that of the largest probability."""
    X, y = load_iris(return_X_y=True)
    comparison = compare_classifiers({"bayes": GaussianNB()}, X, y)
    found = reliability(comparison, "bayes")
    scores = comparison.scores_out_of_fold["bayes"]
    weights = found.count / found.count.sum()
    assert found.observed @ weights == pytest.approx((scores.argmax(1) == y).mean())
    assert found.predicted @ weights == pytest.approx(scores.max(1).mean())


def test_intervals_are_those_of_wilson():
    """Their ends are where the share is 1.96 standard deviations away."""
    X, y = load_breast_cancer(return_X_y=True)
    found = reliability(compare_classifiers({"b": GaussianNB()}, X, y), "b")
    check_wilson(found, found.count)
    assert (found.low <= found.observed).all()
    assert (found.high >= found.observed).all()


def test_rows_that_are_tested_again_say_nothing_new():
    """Repeats count in the bins, and make no interval narrower."""
    X, y = load_breast_cancer(return_X_y=True)
    cv = RepeatedStratifiedKFold(n_splits=4, n_repeats=3, random_state=0)
    found = reliability(compare_classifiers({"b": GaussianNB()}, X, y, cv=cv), "b")
    assert found.count.sum() == 3 * len(y)
    check_wilson(found, found.count / 3)


def test_equal_probabilities_make_one_bin():
    """A classifier that knows only the share of the classes has one point."""
    X, y = load_breast_cancer(return_X_y=True)
    y = np.arange(len(X)) % 2
    comparison = compare_classifiers({"d": DummyClassifier()}, X[:100], y[:100])
    found = reliability(comparison, "d")
    np.testing.assert_allclose([*found.predicted, *found.observed], 0.5)
    assert found.error == 0


def test_each_of_two_probabilities_makes_a_bin():
    """A tree of one question has two points, however unequal its leaves are."""
    X, y = load_breast_cancer(return_X_y=True)
    stump = DecisionTreeClassifier(max_depth=1, random_state=0)
    folds = [(np.arange(400), np.arange(400, 569))]
    found = reliability(compare_classifiers({"s": stump}, X, y, cv=folds), "s")
    assert len(found.predicted) == 2


def test_scores_that_are_no_probabilities():
    """A decision function has no calibration."""
    X, y = load_breast_cancer(return_X_y=True)
    comparison = compare_classifiers({"ridge": RidgeClassifier()}, X, y, cv=2)
    assert reliability(comparison, "ridge") is None
