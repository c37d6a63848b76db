"""Detection error tradeoff curves of compared classifiers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.stats import norm

from skdeep.model_comparison.curves import DET, DET_RATES, CurveKind
from skdeep.plotting.comparison_curve import Array, ComparisonCurveDisplay

_TICKS = np.array([0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99])


class DetComparisonDisplay(ComparisonCurveDisplay):
    """Detection error tradeoff curves of several classifiers, over the same folds.

    The two kinds of error, on axes of normal deviates, which pull apart curves that
    all hug the corner of a ROC plot [1]_. Each curve is the mean of the folds' false
    negative rates at equal false positive rates, with a band of one standard
    deviation on either side; rates below 0.1 % are drawn at 0.1 %. The legend gives
    mean and standard deviation of the equal error rates (EER), at which both errors
    are as frequent; smaller is better. Make it with :meth:`from_comparison` or
    :meth:`from_estimators`.

    Parameters
    ----------
    grid : ndarray of shape (n_points,)
        False positive rates, ascending from 0.001 to 0.999.

    mean : mapping of str to ndarray of shape (n_points,)
        Mean false negative rates, by classifier.

    std : mapping of str to ndarray of shape (n_points,)
        Standard deviations of the false negative rates over the folds.

    scores : mapping of str to ndarray of shape (n_folds,)
        Equal error rates, by classifier and fold.

    pos_label : int, float, bool or str, default=None
        The positive class, named on the axes; None leaves it out.

    prevalence : float, default=None
        Share of the positive class; not used by this display.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The curves.

    bands_ : dict of str to matplotlib PolyCollection
        The bands.

    chance_level_ : matplotlib Line2D or None
        The falling diagonal.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    RocComparisonDisplay : The same rates on straight axes.
    skdeep.model_comparison.compare_classifiers : Makes the comparison.

    References
    ----------
    .. [1] A. Martin, G. Doddington, T. Kamm, M. Ordowski and M. Przybocki, "The DET
           Curve in Assessment of Detection Task Performance", Eurospeech 1997.
           :doi:`10.21437/Eurospeech.1997-504`

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdeep.plotting import DetComparisonDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> models = {"bayes": GaussianNB(), "tree": DecisionTreeClassifier(max_depth=2)}
    >>> display = DetComparisonDisplay.from_estimators(models, X, y)
    >>> sorted(display.lines_)
    ['bayes', 'tree']
    """

    _kind: ClassVar[CurveKind] = DET
    _score_name: ClassVar[str] = "EER"
    _axis_names: ClassVar[tuple[str, str]] = (
        "False positive rate",
        "False negative rate",
    )
    _legend_location: ClassVar[str] = "upper right"

    def _chance_level(self) -> tuple[Array, Array, str]:
        """Return the falling diagonal."""
        ends = np.array(DET_RATES)
        return ends, 1 - ends, "chance (EER = 0.5)"

    def _x_position(self, values: Array) -> Array:
        """Return normal deviates; 0 and 1 would be infinitely far."""
        return norm.ppf(np.clip(values, *DET_RATES))

    def _y_position(self, values: Array) -> Array:
        """Return normal deviates, as on the other axis."""
        return self._x_position(values)

    def _finish_axes(self) -> None:
        """Write rates in percent at their normal deviates."""
        super()._finish_axes()
        limits = norm.ppf(DET_RATES) + np.array([-0.05, 0.05])
        labels = [f"{100 * rate:.3g} %" for rate in _TICKS]
        self.ax_.set(xlim=limits, ylim=limits)
        self.ax_.set_xticks(norm.ppf(_TICKS), labels)
        self.ax_.set_yticks(norm.ppf(_TICKS), labels)
