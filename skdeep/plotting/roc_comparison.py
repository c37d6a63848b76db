"""ROC curves of compared classifiers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skdeep.model_comparison.curves import ROC, CurveKind
from skdeep.plotting.comparison_curve import Array, ComparisonCurveDisplay


class RocComparisonDisplay(ComparisonCurveDisplay):
    """ROC curves of several classifiers, averaged over the same folds.

    Each curve is the vertical average of the folds' empirical curves: the mean of
    their true positive rates at equal false positive rates [1]_, with a band of one
    standard deviation on either side. The legend gives mean and standard deviation
    of the areas under the folds' own curves. Make it with :meth:`from_comparison` or
    :meth:`from_estimators`.

    Parameters
    ----------
    grid : ndarray of shape (n_points,)
        False positive rates, ascending from 0 to 1; the first two are both 0, where
        the curves rise from the origin.

    mean : mapping of str to ndarray of shape (n_points,)
        Mean true positive rates, by classifier.

    std : mapping of str to ndarray of shape (n_points,)
        Standard deviations of the true positive rates over the folds.

    scores : mapping of str to ndarray of shape (n_folds,)
        Areas under the curve, by classifier and fold.

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
        The diagonal.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    PrecisionRecallComparisonDisplay : More telling when the positive class is rare.
    DetComparisonDisplay : More telling when all curves hug the corner.
    skdeep.model_comparison.compare_classifiers : Makes the comparison.

    References
    ----------
    .. [1] T. Fawcett, "An Introduction to ROC Analysis", Pattern Recognition Letters
           27(8), 861-874, 2006. :doi:`10.1016/j.patrec.2005.10.010`

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdeep.plotting import RocComparisonDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> models = {"bayes": GaussianNB(), "tree": DecisionTreeClassifier(max_depth=2)}
    >>> display = RocComparisonDisplay.from_estimators(models, X, y)
    >>> sorted(display.lines_)
    ['bayes', 'tree']
    """

    _kind: ClassVar[CurveKind] = ROC
    _score_name: ClassVar[str] = "AUC"
    _axis_names: ClassVar[tuple[str, str]] = (
        "False positive rate",
        "True positive rate",
    )
    _legend_location: ClassVar[str] = "lower right"

    def _chance_level(self) -> tuple[Array, Array, str]:
        """Return the diagonal."""
        ends = np.array([0.0, 1.0])
        return ends, ends, "chance (AUC = 0.5)"
