"""Curves averaged over folds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.naive_bayes import GaussianNB

from skdeep.model_comparison import compare_classifiers
from skdeep.model_comparison.calibration import reliability
from skdeep.model_comparison.curves import (
    DET,
    PRECISION_RECALL,
    ROC,
    check_binary,
    mean_curves,
)
from skdeep.model_comparison.fold_curve import (
    fold_curves,
    precisions,
    true_positive_rates,
)

X, Y = load_breast_cancer(return_X_y=True)
X, Y = X[:250, :5], np.where(Y[:250], "yes", "no")


class LabelsOnly(ClassifierMixin, BaseEstimator):
    """A classifier without continuous scores."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture(scope="module")
def comparison():
    """Give two classifiers compared in four folds."""
    models = {"bayes": GaussianNB(), "ridge": RidgeClassifier()}
    return compare_classifiers(models, X, Y, cv=4)


def test_roc_curves_are_averaged_at_equal_false_positive_rates(comparison):
    """Mean and spread are those of the folds' own curves, from (0, 0) to (1, 1)."""
    curves = mean_curves(comparison, ROC, n_points=11)
    np.testing.assert_array_equal(curves.grid, [0, *np.linspace(0, 1, 11)])
    for name in comparison.names:
        each = np.array(
            [
                true_positive_rates(curve, np.linspace(0, 1, 11))
                for curve in fold_curves(comparison, name, "yes")
            ]
        )
        assert curves.mean[name][0] == curves.std[name][0] == 0
        np.testing.assert_allclose(curves.mean[name][1:], each.mean(axis=0))
        np.testing.assert_allclose(curves.std[name][1:], each.std(axis=0))
        assert curves.mean[name][-1] == 1
        assert (np.diff(curves.mean[name]) >= 0).all()


def test_precision_is_averaged_at_equal_recall(comparison):
    """Mean and spread are those of the folds' interpolated precisions."""
    curves = mean_curves(comparison, PRECISION_RECALL, n_points=11)
    np.testing.assert_array_equal(curves.grid, np.linspace(0, 1, 11))
    for name in comparison.names:
        each = np.array(
            [
                precisions(curve, curves.grid)
                for curve in fold_curves(comparison, name, "yes")
            ]
        )
        np.testing.assert_allclose(curves.mean[name], each.mean(axis=0))
        np.testing.assert_allclose(curves.std[name], each.std(axis=0))


def test_det_curves_have_equidistant_normal_deviates(comparison):
    """The false negative rate falls from left to right."""
    curves = mean_curves(comparison, DET, n_points=50)
    steps = np.diff(norm.ppf(curves.grid))
    np.testing.assert_allclose(steps, steps[0])
    np.testing.assert_allclose(curves.grid[[0, -1]], [0.001, 0.999])
    for name in comparison.names:
        assert (np.diff(curves.mean[name]) <= 0).all()


def test_scores_are_those_of_the_table(comparison):
    """Areas and average precisions of the folds' curves are the folds' metrics."""
    for kind, metric in [(ROC, "roc_auc"), (PRECISION_RECALL, "average_precision")]:
        curves = mean_curves(comparison, kind)
        for name in comparison.names:
            np.testing.assert_allclose(
                curves.scores[name], comparison.scores(metric)[name]
            )


class Blunt(GaussianNB):
    """A classifier whose probabilities say less than its decision function."""

    def decision_function(self, X):
        return self.predict_joint_log_proba(X) @ [-1, 1]

    def predict_proba(self, X):
        return super().predict_proba(X).round(1)


def test_scores_are_those_of_the_table_where_a_classifier_gives_two():
    """Curves are of the response that the metrics take; calibration is not."""
    comparison = compare_classifiers({"blunt": Blunt()}, X, Y, cv=3)
    for kind, metric in [(ROC, "roc_auc"), (PRECISION_RECALL, "average_precision")]:
        np.testing.assert_allclose(
            mean_curves(comparison, kind).scores["blunt"],
            comparison.scores(metric)["blunt"],
        )
    assert comparison.response_methods["blunt"] == "predict_proba"
    probabilities = comparison.scores_out_of_fold["blunt"]
    np.testing.assert_array_equal(probabilities, probabilities.round(1))
    assert reliability(comparison, "blunt") is not None
    earlier = replace(comparison, fold_decisions=None)
    blunt = mean_curves(earlier, ROC).scores["blunt"]
    assert (blunt != comparison.scores("roc_auc")["blunt"]).any()


class Shy(GaussianNB):
    """A classifier whose decision function fails."""

    def decision_function(self, X):
        raise NotImplementedError


def test_a_decision_function_that_fails_is_done_without():
    """Where no metric asks for it, its failure costs nothing."""
    shy = compare_classifiers({"it": Shy()}, X, Y, scoring="accuracy", cv=3)
    plain = compare_classifiers({"it": GaussianNB()}, X, Y, scoring="accuracy", cv=3)
    for comparison in (shy, plain):
        assert not comparison.fold_decisions
    np.testing.assert_array_equal(
        mean_curves(shy, ROC).scores["it"], mean_curves(plain, ROC).scores["it"]
    )


@pytest.mark.parametrize("pos_label", ["yes", "no"])
def test_the_positive_class_can_be_chosen(comparison, pos_label):
    """Scores and prevalence are those of the chosen class."""
    roc = mean_curves(comparison, ROC, pos_label=pos_label)
    recall = mean_curves(comparison, PRECISION_RECALL, pos_label=pos_label)
    assert roc.pos_label == pos_label
    sign = 1 if pos_label == "yes" else -1
    for fold, (_, test) in enumerate(comparison.folds):
        truth = comparison.y[test] == pos_label
        score = sign * comparison.fold_responses["ridge"][fold]
        assert roc.scores["ridge"][fold] == pytest.approx(roc_auc_score(truth, score))
        assert recall.scores["ridge"][fold] == pytest.approx(
            average_precision_score(truth, score)
        )
    share = np.mean(
        [(comparison.y[test] == pos_label).mean() for _, test in comparison.folds]
    )
    assert recall.prevalence == pytest.approx(share)


def test_classifiers_can_be_chosen(comparison):
    """Names stand in the order asked for."""
    assert list(mean_curves(comparison, ROC, names=["ridge", "bayes"]).mean) == [
        "ridge",
        "bayes",
    ]
    assert list(mean_curves(comparison, ROC, names="ridge").mean) == ["ridge"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"names": ["forest"]}, ValueError, r"'bayes', 'ridge'. Got \['forest'\]"),
        ({"names": []}, ValueError, "Got"),
        (
            {"pos_label": "maybe"},
            ValueError,
            r"'maybe' is not a class.*\['no', 'yes'\]",
        ),
        ({"n_points": 1}, ValueError, "at least 2. Got 1"),
        ({"n_points": 10.5}, TypeError, "Got 10.5"),
    ],
)
def test_refuses_unknown_names_and_labels(comparison, options, error, message):
    """The message lists what there is."""
    with pytest.raises(error, match=message):
        mean_curves(comparison, ROC, **options)


def test_refuses_several_classes():
    """The message says how to compare one class with the rest."""
    flowers, species = load_iris(return_X_y=True)
    comparison = compare_classifiers([GaussianNB()], flowers, species)
    with pytest.raises(ValueError, match=r"3 class\(es\).*pass y == label"):
        mean_curves(comparison, ROC)
    with pytest.raises(ValueError, match=r"Got 1 class"):
        check_binary([0])


def test_refuses_classifiers_without_continuous_scores():
    """The message names the classifier and says how to go on."""
    models = {"bayes": GaussianNB(), "labels": LabelsOnly()}
    comparison = compare_classifiers(models, X, Y, scoring="accuracy")
    with pytest.raises(ValueError, match="'labels' has neither predict_proba"):
        mean_curves(comparison, ROC)
    assert list(mean_curves(comparison, ROC, names=["bayes"]).mean) == ["bayes"]


def test_labels_may_be_booleans_or_categories():
    """The positive class of False and True is True."""
    for labels in (Y == "yes", pd.Series(Y).astype("category")):
        comparison = compare_classifiers([GaussianNB()], X, labels)
        curves = mean_curves(comparison, ROC)
        np.testing.assert_allclose(
            curves.scores["gaussiannb"], comparison.scores("roc_auc")["gaussiannb"]
        )
