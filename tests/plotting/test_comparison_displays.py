"""Calibration, and cost against quality, of compared classifiers."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.naive_bayes import GaussianNB

from skdeep.model_comparison import compare_classifiers
from skdeep.model_comparison.calibration import reliability
from skdeep.plotting import (
    CalibrationComparisonDisplay,
    CostQualityDisplay,
    DetComparisonDisplay,
    PrecisionRecallComparisonDisplay,
    RocComparisonDisplay,
)


@pytest.fixture(scope="module")
def comparison():
    """Give a comparison in which one classifier has no probabilities."""
    models = {
        "bayes": GaussianNB(),
        "ridge": RidgeClassifier(),
        "dummy": DummyClassifier(),
    }
    X, y = load_breast_cancer(return_X_y=True)
    return compare_classifiers(models, X[:120], y[:120], cv=2)


def test_calibration_curves(pyplot, comparison):
    """Lines are the numbers; classifiers without probabilities are left out."""
    display = CalibrationComparisonDisplay.from_comparison(comparison, n_bins=4)
    assert list(display.lines_) == ["bayes", "dummy"]
    curve = reliability(comparison, "bayes", n_bins=4)
    np.testing.assert_array_equal(display.lines_["bayes"].get_ydata(), curve.observed)
    assert list(display.bands_) == ["bayes", "dummy"]
    assert "the class 1" in display.ax_.get_xlabel()


def test_calibration_of_one_classifier(pyplot, comparison):
    """Its name is enough, as for the other curves."""
    display = CalibrationComparisonDisplay.from_comparison(comparison, names="bayes")
    assert list(display.lines_) == ["bayes"]


def test_calibration_of_more_classes(pyplot):
    """The axis says that the probability is that of the predicted class."""
    X, y = load_iris(return_X_y=True)
    compared = compare_classifiers({"bayes": GaussianNB()}, X, y, cv=2)
    display = CalibrationComparisonDisplay.from_comparison(compared, plot_band=False)
    assert "predicted class" in display.ax_.get_xlabel()
    assert display.bands_ == {}


def test_names_are_no_formulas(pyplot, comparison):
    """A dollar in the name of a classifier, a class or a metric is a dollar."""
    odd = "$\\no{$ $"
    renamed = replace(
        comparison,
        names=(odd,),
        metrics=(odd,),
        classes=np.array(["0", odd]),
        y=np.array(["0", odd])[comparison.y],
        fold_scores=comparison.fold_scores.query("estimator == 'bayes'")
        .assign(estimator=odd)
        .rename(columns={"f1": odd}),
        fold_predictions={odd: comparison.fold_predictions["bayes"]},
        fold_responses={odd: comparison.fold_responses["bayes"]},
        response_methods={odd: "predict_proba"},
    )
    for display in (
        CalibrationComparisonDisplay,
        CostQualityDisplay,
        DetComparisonDisplay,
        PrecisionRecallComparisonDisplay,
        RocComparisonDisplay,
    ):
        drawn = display.from_comparison(renamed)
        drawn.figure_.canvas.draw()
        texts = [text.get_text() for text in drawn.ax_.get_legend().get_texts()]
        assert any(odd in text for text in texts)


def test_a_hundred_classifiers(pyplot):
    """Each has a point; those of one look have numbers of their own."""
    names = [f"model {n}" for n in range(100)]
    cost = {name: np.array([1.0 + n, 1.5 + n]) for n, name in enumerate(names)}
    quality = {name: np.array([0.5, 0.5 + n / 200]) for n, name in enumerate(names)}
    display = CostQualityDisplay(cost=cost, quality=quality).plot()
    assert list(display.points_) == display.frontier_ == names
    assert [text.get_text() for text in display.ax_.texts] == [
        str(n) for n in range(1, 101)
    ]
    assert len(display.ax_.get_legend().get_texts()) == 100


def test_small_costs_have_few_ticks(pyplot):
    """Their names would run into each other, also of a single classifier."""
    display = CostQualityDisplay(cost={"a": [0.00158]}, quality={"a": [0.938]}).plot()
    assert 2 <= len(display.ax_.get_xticks()) <= 6


def test_axes_with_ticks_of_another_kind(pyplot):
    """Ticks of logarithmic axes, and ticks that users set, stay what they are."""
    display = CostQualityDisplay(cost={"a": [1.0]}, quality={"a": [0.9]})
    _, axes = pyplot.subplots(ncols=2)
    axes[0].set_xscale("log")
    axes[1].set_xticks([0.5, 1.5])
    locators = [ax.xaxis.get_major_locator() for ax in axes]
    for ax, locator in zip(axes, locators, strict=True):
        assert display.plot(ax).ax_ is ax
        assert ax.xaxis.get_major_locator() is locator
    assert axes[1].get_xticks().tolist() == [0.5, 1.5]


def test_names_that_begin_with_an_underscore(pyplot, comparison):
    """They have entries among the others; labels that users hide have none."""
    names = {"bayes": "_bayes", "dummy": "dummy"}
    renamed = replace(
        comparison,
        names=tuple(names.values()),
        fold_predictions={
            new: comparison.fold_predictions[old] for old, new in names.items()
        },
        fold_responses={
            new: comparison.fold_responses[old] for old, new in names.items()
        },
        response_methods=dict.fromkeys(names.values(), "predict_proba"),
    )
    for display in (CalibrationComparisonDisplay, RocComparisonDisplay):
        drawn = display.from_comparison(renamed)
        texts = [text.get_text() for text in drawn.ax_.get_legend().get_texts()]
        assert [text.split(" ")[0] for text in texts[:2]] == ["_bayes", "dummy"]
        assert len(texts) == 3
        hidden = display.from_comparison(renamed, curve_kwargs={"label": "_nolegend_"})
        assert len(hidden.ax_.get_legend().get_texts()) == 1


def test_calibration_refusals(pyplot, comparison):
    """Unknown names, and names without probabilities, are told."""
    draw = CalibrationComparisonDisplay.from_comparison
    with pytest.raises(ValueError, match="'ridge' gave no probabilities"):
        draw(comparison, names=["bayes", "ridge"])
    with pytest.raises(ValueError, match="names must hold"):
        draw(comparison, names=["forest"])
    with pytest.raises(ValueError, match="n_bins"):
        draw(comparison, n_bins=0)
    with pytest.raises(TypeError, match="n_bins must be an int"):
        draw(comparison, n_bins=2.5)
    with pytest.raises(ValueError, match="names must hold classifiers"):
        draw(comparison, names=[])
    with pytest.raises(ValueError, match="2 curves"):
        draw(comparison, curve_kwargs=[{}])


def test_a_classifier_that_always_fails_has_no_calibration(pyplot, comparison):
    """It is left out; who asks for it is told that it failed."""
    draw = CalibrationComparisonDisplay.from_comparison
    failed = replace(
        comparison,
        fold_predictions={**comparison.fold_predictions, "bayes": [None, None]},
        fold_responses={**comparison.fold_responses, "bayes": [None, None]},
        response_methods={**comparison.response_methods, "bayes": None},
    )
    assert list(draw(failed).lines_) == ["dummy"]
    with pytest.raises(ValueError, match="'bayes' failed in every fold"):
        draw(failed, names=["bayes", "dummy"])


def test_cost_and_quality(pyplot, comparison):
    """Each classifier is one point at its means."""
    display = CostQualityDisplay.from_comparison(comparison, "roc_auc")
    summary = comparison.summary()
    assert list(display.points_) == list(comparison.names)
    for name, container in display.points_.items():
        assert container.lines[0].get_ydata()[0] == summary.loc[name, "mean_roc_auc"]
        assert container.lines[0].get_xdata()[0] == pytest.approx(
            summary.loc[name, "mean_fit_time"]
        )
    assert display.ax_.get_ylabel() == "roc_auc"
    with pytest.raises(ValueError, match="no metric"):
        CostQualityDisplay.from_comparison(comparison, "auc")


def test_the_unbeaten_and_the_failed(pyplot):
    """A beaten classifier is not on the line, a failed one is not drawn at all."""
    cost = {"a": [1.0], "b": [2.0], "c": [100.0], "d": [1.0], "failed": [np.nan]}
    quality = {"a": [0.5], "b": [0.4], "c": [0.9], "d": [0.3], "failed": [np.nan]}
    display = CostQualityDisplay(cost=cost, quality=quality).plot()
    assert display.frontier_ == ["a", "c"]
    assert "failed" not in display.points_
    assert display.ax_.get_xscale() == "log"
    near = CostQualityDisplay(
        cost={"a": [1.0], "b": [2.0]}, quality={"a": [0.5], "b": [0.4]}
    ).plot()
    assert near.ax_.get_xscale() == "linear"
    nothing = CostQualityDisplay(cost={"a": [np.nan]}, quality={"a": [np.nan]}).plot()
    assert nothing.points_ == {} and nothing.frontier_ == []
