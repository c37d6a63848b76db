"""The displays of compared classifiers: what they draw, and with what."""

import io
import pickle
import sys

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdeep.model_comparison import compare_classifiers
from skdeep.model_comparison.curves import DET, PRECISION_RECALL, ROC, mean_curves
from skdeep.plotting import (
    DetComparisonDisplay,
    PrecisionRecallComparisonDisplay,
    RocComparisonDisplay,
)
from skdeep.plotting.palette import line_styles

DISPLAYS = {
    RocComparisonDisplay: ROC,
    PrecisionRecallComparisonDisplay: PRECISION_RECALL,
    DetComparisonDisplay: DET,
}
X, Y = load_breast_cancer(return_X_y=True)
X, Y = X[:250, :5], np.where(Y[:250], "spam", "ham")
MODELS = {"bayes": GaussianNB(), "ridge": RidgeClassifier()}


class NeverFitted(ClassifierMixin, BaseEstimator):
    """A classifier that fails the test if it is ever fitted."""

    def fit(self, X, y):
        pytest.fail("Nothing may be fitted before the classes are checked.")

    def predict(self, X):
        pytest.fail("Nothing may be predicted.")


@pytest.fixture(scope="module")
def comparison():
    """Give two classifiers compared in five folds."""
    return compare_classifiers(MODELS, X, Y)


@pytest.fixture(params=DISPLAYS, ids=lambda display: display.__name__)
def display_class(request):
    """Give each display in turn."""
    return request.param


def positions(display_class, values):
    """Return where rates stand on the axes of a display."""
    if display_class is not DetComparisonDisplay:
        return values
    return norm.ppf(np.clip(values, 0.001, 0.999))


def test_curves_and_bands_are_those_that_were_computed(
    pyplot, comparison, display_class
):
    """Lines hold the means, bands one standard deviation on either side, clipped."""
    curves = mean_curves(comparison, DISPLAYS[display_class])
    display = display_class.from_comparison(comparison)
    assert list(display.lines_) == list(display.bands_) == ["bayes", "ridge"]
    for name, line in display.lines_.items():
        np.testing.assert_array_equal(display.mean[name], curves.mean[name])
        np.testing.assert_array_equal(
            line.get_xdata(), positions(display_class, curves.grid)
        )
        np.testing.assert_array_equal(
            line.get_ydata(), positions(display_class, curves.mean[name])
        )
        corners = display.bands_[name].get_paths()[0].vertices
        low = np.clip(curves.mean[name] - curves.std[name], 0, 1)
        high = np.clip(curves.mean[name] + curves.std[name], 0, 1)
        edges = positions(display_class, np.concatenate([low, high]))
        np.testing.assert_allclose(
            [corners[:, 1].min(), corners[:, 1].max()], [edges.min(), edges.max()]
        )
    assert display.figure_ is display.ax_.figure


def test_the_legend_gives_mean_and_spread(pyplot, comparison):
    """Its numbers are those of the table of scores."""
    entries = {
        RocComparisonDisplay: ("AUC", "roc_auc"),
        PrecisionRecallComparisonDisplay: ("AP", "average_precision"),
    }
    summary = comparison.summary()
    for display_class, (word, metric) in entries.items():
        display = display_class.from_comparison(comparison)
        mean, std = summary.loc["bayes", [f"mean_{metric}", f"std_{metric}"]]
        texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert texts[0] == f"bayes ({word} = {mean:.3f} ± {std:.3f})"
        assert texts[-1].startswith(f"chance ({word} = ")


def test_lines_of_chance(pyplot, comparison):
    """A diagonal, the share of the positive class, and a falling diagonal."""
    roc = RocComparisonDisplay.from_comparison(comparison).chance_level_
    assert roc.get_xydata().tolist() == [[0, 0], [1, 1]]
    recall = PrecisionRecallComparisonDisplay.from_comparison(comparison)
    heights = recall.chance_level_.get_ydata()
    assert heights == pytest.approx([np.mean(Y == "spam")] * 2, abs=0.01)
    det = DetComparisonDisplay.from_comparison(comparison).chance_level_
    np.testing.assert_allclose(det.get_xdata(), -det.get_ydata())


def test_axes_name_the_positive_class(pyplot, comparison, display_class):
    """Labels that are words appear on both axes, whichever is chosen."""
    for label in ("spam", "ham"):
        display = display_class.from_comparison(comparison, pos_label=label)
        assert display.ax_.get_xlabel().endswith(f"(positive: {label})")
        assert display.ax_.get_ylabel().endswith(f"(positive: {label})")


def test_a_display_can_be_made_from_arrays(pyplot, display_class):
    """Without class and prevalence the axes and the chance line do without them."""
    grid = np.linspace(0, 1, 5)
    display = display_class(
        grid=grid,
        mean={"a": grid},
        std={"a": 0 * grid},
        scores={"a": np.array([0.5])},
    )
    assert display.plot() is display
    assert "(positive" not in display.ax_.get_xlabel()
    is_recall = display_class is PrecisionRecallComparisonDisplay
    assert (display.chance_level_ is None) == is_recall


def test_estimators_are_compared_and_drawn(pyplot, display_class):
    """One call gives what a comparison and a display give."""
    groups = np.arange(250) // 2
    options = {"groups": groups, "cv": 3}
    found = display_class.from_estimators(MODELS, X, Y, **options, n_points=21)
    comparison = compare_classifiers(MODELS, X, Y, **options)
    expected = display_class.from_comparison(comparison, n_points=21)
    for name in MODELS:
        np.testing.assert_array_equal(found.mean[name], expected.mean[name])
        np.testing.assert_array_equal(found.scores[name], expected.scores[name])


def test_groups_cv_and_metadata_reach_the_comparison(pyplot):
    """A splitter and sample weights change the curves as they should."""
    groups, weight = np.arange(250) // 2, np.random.default_rng(0).exponential(size=250)
    options = {"groups": groups, "cv": StratifiedGroupKFold(3)}
    plain, weighted = (
        RocComparisonDisplay.from_estimators([GaussianNB()], X, Y, **options, params=p)
        for p in (None, {"sample_weight": weight})
    )
    assert len(plain.scores["gaussiannb"]) == 3
    assert (plain.scores["gaussiannb"] != weighted.scores["gaussiannb"]).any()


def test_options_of_plot(pyplot, comparison, display_class):
    """Everything but the curves can be left out, and every artist styled."""
    _, ax = pyplot.subplots()
    display = display_class.from_comparison(
        comparison,
        names=["ridge"],
        ax=ax,
        plot_band=False,
        plot_chance_level=False,
        legend=False,
        despine=True,
        curve_kwargs={"linewidth": 3, "label": "mine"},
    )
    assert display.ax_ is ax
    assert display.bands_ == {}
    assert display.chance_level_ is None
    assert ax.get_legend() is None
    assert not ax.spines["top"].get_visible()
    assert display.lines_["ridge"].get_linewidth() == 3
    assert display.lines_["ridge"].get_label() == "mine"
    display.plot(
        band_kwargs={"alpha": 0.5},
        chance_level_kwargs={"color": "red", "label": "luck"},
    )
    assert display.ax_ is not ax
    assert display.bands_["ridge"].get_alpha() == 0.5
    assert display.chance_level_.get_color() == "red"
    assert display.chance_level_.get_label() == "luck"


def test_curves_can_be_styled_one_by_one(pyplot, comparison):
    """A list holds arguments for each curve."""
    display = RocComparisonDisplay.from_comparison(
        comparison, curve_kwargs=[{"color": "red"}, {}]
    )
    assert display.lines_["bayes"].get_color() == "red"
    with pytest.raises(ValueError, match="1 entries for 2 curves"):
        display.plot(curve_kwargs=[{}])


def test_one_fold_has_no_band(pyplot, display_class):
    """There is no spread to draw or to write."""
    fold = np.arange(250) % 2 == 0
    comparison = compare_classifiers(MODELS, X, Y, cv=[(fold, ~fold)])
    display = display_class.from_comparison(comparison)
    assert display.bands_ == {}
    assert "±" not in display.lines_["bayes"].get_label()


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_ten_curves_look_different(pyplot, style):
    """Each has a colour and dash of its own, none in the colour of the ground."""
    models = [DecisionTreeClassifier(max_depth=1 + n % 3) for n in range(10)]
    with pyplot.style.context(style):
        display = RocComparisonDisplay.from_estimators(models, X, Y, cv=2)
        display.figure_.savefig(io.BytesIO(), format="png")
        looks = {
            (line.get_color(), line.get_linestyle(), line._dash_pattern[1] is None)
            for line in display.lines_.values()
        }
        ground = {"default": "white", "dark_background": "black"}[style]
    assert len(looks) == 10
    assert ground not in {colour for colour, *_ in looks}


def test_styles_repeat_late(pyplot):
    """Seven colours and four dashes make twenty-eight looks."""
    _, ax = pyplot.subplots()
    styles = line_styles(ax, 28)
    assert len({(s["color"], str(s["linestyle"])) for s in styles}) == 28


def test_several_classes_are_refused_before_anything_is_fitted(pyplot, display_class):
    """Hours of fitting would be lost otherwise."""
    flowers, species = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=r"3 class\(es\)"):
        display_class.from_estimators([NeverFitted()], flowers, species)
    assert pyplot.get_fignums() == []


def test_no_figure_is_left_when_something_is_wrong(pyplot, comparison, display_class):
    """An unknown label is found before a figure is opened."""
    with pytest.raises(ValueError, match="'eggs' is not a class"):
        display_class.from_comparison(comparison, pos_label="eggs")
    assert pyplot.get_fignums() == []


def test_a_missing_matplotlib_is_named(comparison, monkeypatch):
    """The message says how to install it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        RocComparisonDisplay.from_comparison(comparison)


def test_arrays_of_a_display_can_be_pickled(comparison, pyplot):
    """What was computed can be kept and drawn elsewhere."""
    curves = mean_curves(comparison, ROC)
    display = RocComparisonDisplay(
        grid=curves.grid, mean=curves.mean, std=curves.std, scores=curves.scores
    )
    restored = pickle.loads(pickle.dumps(display)).plot()
    np.testing.assert_array_equal(
        restored.lines_["bayes"].get_ydata(), curves.mean["bayes"]
    )
