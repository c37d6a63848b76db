"""Precision-recall curves of compared classifiers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skdeep.model_comparison.curves import PRECISION_RECALL, CurveKind
from skdeep.plotting.comparison_curve import Array, ComparisonCurveDisplay


class PrecisionRecallComparisonDisplay(ComparisonCurveDisplay):
    """Precision-recall curves of several classifiers, averaged over the same folds.

    Each curve is the mean of the folds' precisions at equal recall, with a band of
    one standard deviation on either side. Between the points of a fold, numbers of
    true and false positives are interpolated, not precisions [1]_. The legend gives
    mean and standard deviation of the folds' average precisions, which sum up the
    points alone, as :func:`sklearn.metrics.average_precision_score` does. Make it
    with :meth:`from_comparison` or :meth:`from_estimators`.

    Parameters
    ----------
    grid : ndarray of shape (n_points,)
        Recalls, ascending from 0 to 1. At recall 0 the limit from the right is
        drawn.

    mean : mapping of str to ndarray of shape (n_points,)
        Mean precisions, by classifier.

    std : mapping of str to ndarray of shape (n_points,)
        Standard deviations of the precisions over the folds.

    scores : mapping of str to ndarray of shape (n_folds,)
        Average precisions, by classifier and fold.

    pos_label : int, float, bool or str, default=None
        The positive class, named on the axes; None leaves it out.

    prevalence : float, default=None
        Share of the positive class, the precision of a classifier that guesses; None
        leaves its line out.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The curves.

    bands_ : dict of str to matplotlib PolyCollection
        The bands.

    chance_level_ : matplotlib Line2D or None
        The horizontal line of a classifier that guesses.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    RocComparisonDisplay : Does not depend on how rare the positive class is.
    skdeep.model_comparison.compare_classifiers : Makes the comparison.

    References
    ----------
    .. [1] J. Davis and M. Goadrich, "The Relationship between Precision-Recall and
           ROC Curves", ICML 2006. :doi:`10.1145/1143844.1143874`

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdeep.plotting import PrecisionRecallComparisonDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> models = {"bayes": GaussianNB(), "tree": DecisionTreeClassifier(max_depth=2)}
    >>> display = PrecisionRecallComparisonDisplay.from_estimators(models, X, y)
    >>> sorted(display.lines_)
    ['bayes', 'tree']
    """

    _kind: ClassVar[CurveKind] = PRECISION_RECALL
    _score_name: ClassVar[str] = "AP"
    _axis_names: ClassVar[tuple[str, str]] = ("Recall", "Precision")
    _legend_location: ClassVar[str] = "lower left"

    def _chance_level(self) -> tuple[Array, Array, str] | None:
        """Return the horizontal line at the share of the positive class."""
        if self.prevalence is None:
            return None
        height = np.full(2, self.prevalence)
        return np.array([0.0, 1.0]), height, f"chance (AP = {self.prevalence:.3f})"
