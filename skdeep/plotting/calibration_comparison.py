"""Calibration curves of compared classifiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np

from skdeep.model_comparison import Comparison
from skdeep.model_comparison.calibration import Reliability, reliability
from skdeep.model_comparison.curves import check_names
from skdeep.model_comparison.predicted_labels import was_fitted
from skdeep.plotting.figures import literal_legend, new_axes
from skdeep.plotting.palette import REFERENCE_LINE, line_styles, own_styles


class CalibrationComparisonDisplay:
    """How often the probabilities of several classifiers came true.

    Of two classes the probability is that of the positive one, of more classes that of
    the predicted one. It is out-of-fold, and put into bins of equal numbers of rows;
    the band is Wilson's interval, of 95 % coverage, of the share in each bin. A
    classifier on the diagonal can be believed [1]_. Make it with
    :meth:`from_comparison`.

    Parameters
    ----------
    curves : mapping of str to Reliability
        Mean probability and share of rows by bin, for each classifier.

    pos_label : object, default=None
        The positive class, named on the axes; None stands for the predicted one.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The curves.

    bands_ : dict of str to matplotlib PolyCollection
        The bands.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    RocComparisonDisplay : Whether the order of the scores is right.
    sklearn.calibration.CalibratedClassifierCV : Makes probabilities of scores.

    References
    ----------
    .. [1] A. Niculescu-Mizil and R. Caruana, "Predicting Good Probabilities with
           Supervised Learning", ICML 2005. :doi:`10.1145/1102351.1102430`

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdeep.model_comparison import compare_classifiers
    >>> from skdeep.plotting import CalibrationComparisonDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> comparison = compare_classifiers({"bayes": GaussianNB()}, X, y)
    >>> display = CalibrationComparisonDisplay.from_comparison(comparison)
    >>> list(display.lines_)
    ['bayes']
    """

    lines_: dict[str, Any]
    bands_: dict[str, Any]
    ax_: Any
    figure_: Any

    def __init__(
        self, *, curves: Mapping[str, Reliability], pos_label: Any = None
    ) -> None:
        self.curves = curves
        self.pos_label = pos_label

    @classmethod
    def from_comparison(
        cls,
        comparison: Comparison,
        *,
        names: Sequence[str] | None = None,
        n_bins: int = 10,
        ax: Any = None,
        **plot_options: Any,
    ) -> Self:
        """Draw the calibration curves of a comparison.

        Parameters
        ----------
        comparison : Comparison
            Result of :func:`~skdeep.model_comparison.compare_classifiers`.

        names : sequence of str, default=None
            The classifiers to draw; by default all that have `predict_proba`.

        n_bins : int, default=10
            Greatest number of bins. Equal probabilities share one, so there may be
            fewer.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : CalibrationComparisonDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If a name does not exist, has no probabilities or failed in every fold, if
            no classifier is left, or `n_bins` is less than 1.

        TypeError
            If `n_bins` is not an int.

        ImportError
            If matplotlib is not installed.
        """
        if isinstance(n_bins, bool) or not isinstance(n_bins, Integral):
            raise TypeError(f"n_bins must be an int. Got {n_bins!r} instead.")
        if n_bins < 1:
            raise ValueError(f"n_bins must be at least 1. Got {n_bins!r} instead.")
        chosen = check_names(comparison, names)
        found = {name: reliability(comparison, name, n_bins=n_bins) for name in chosen}
        curves = {name: curve for name, curve in found.items() if curve is not None}
        if not curves or (names is not None and len(curves) < len(found)):
            without = [name for name, curve in found.items() if curve is None]
            raise ValueError(_why_no_curve(comparison, without))
        binary = len(comparison.classes) == 2
        pos_label = comparison.classes[1] if binary else None
        return cls(curves=curves, pos_label=pos_label).plot(ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        plot_band: bool = True,
        legend: bool = True,
        curve_kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> Self:
        """Draw the curves, and the diagonal of a calibrated classifier.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        plot_band : bool, default=True
            Whether to fill the intervals of the shares.

        legend : bool, default=True
            Whether to draw a legend with the expected calibration errors.

        curve_kwargs : dict or list of dict, default=None
            Arguments of matplotlib's `plot` for all curves, or for each of them.

        Returns
        -------
        display : CalibrationComparisonDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `curve_kwargs` is a list of another length than there are curves.
        """
        n_curves = len(self.curves)
        each = own_styles(curve_kwargs, n_curves)
        self.ax_ = new_axes() if ax is None else ax
        self.figure_ = self.ax_.figure
        self.lines_, self.bands_ = {}, {}
        named = []
        styles = line_styles(self.ax_, n_curves)
        for (name, curve), base, own in zip(
            self.curves.items(), styles, each, strict=True
        ):
            label = f"{name} (error = {curve.error:.3f})"
            style = {"marker": ".", "label": label, **base, **own}
            (line,) = self.ax_.plot(curve.predicted, curve.observed, **style)
            self.lines_[name] = line
            # Users hide a curve by another label, not by the name of a classifier.
            named += [line] if line.get_label() == label else []
            if plot_band:
                self.bands_[name] = self._draw_band(curve, line.get_color())
        self._finish_axes()
        if legend:
            size = "small" if n_curves <= 6 else "x-small"
            literal_legend(self.ax_, named, fontsize=size)
        return self

    def _draw_band(self, curve: Reliability, colour: Any) -> Any:
        """Draw the intervals; one bin has a bar, as a band would have no width."""
        if len(curve.predicted) == 1:
            ends = np.array([curve.low, curve.high])
            return self.ax_.vlines(curve.predicted, *ends, color=colour, alpha=0.5)
        return self.ax_.fill_between(
            curve.predicted,
            curve.low,
            curve.high,
            color=colour,
            alpha=0.15,
            linewidth=0,
        )

    def _finish_axes(self) -> None:
        """Draw the diagonal and name the axes."""
        self.ax_.plot([0, 1], [0, 1], label="calibrated", **REFERENCE_LINE)
        label = self.pos_label
        of = "the predicted class" if label is None else f"the class {label}"
        self.ax_.set_xlabel(f"Mean probability of {of}", parse_math=False)
        self.ax_.set(
            ylabel="Share of rows where it was true",
            xlim=(-0.01, 1.01),
            ylim=(-0.01, 1.01),
            aspect="equal",
        )


def _why_no_curve(comparison: Comparison, names: Sequence[str]) -> str:
    """Return what is wrong with classifiers that gave no probabilities."""
    failed = [
        name for name in names if not was_fitted(comparison.fold_predictions[name])
    ]
    if failed:
        return (
            f"{', '.join(map(repr, failed))} failed in every fold, so there is no "
            "curve to draw. Name other classifiers, or repeat the comparison with "
            "error_score='raise' to see why."
        )
    return (
        f"{', '.join(map(repr, names))} gave no probabilities, so there is no curve to "
        "draw. Name classifiers with predict_proba, or wrap them in sklearn's "
        "CalibratedClassifierCV."
    )
