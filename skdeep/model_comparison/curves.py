"""Curves of a comparison, averaged over its folds at common abscissas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import auc

from skdeep.model_comparison.comparison import Comparison
from skdeep.model_comparison.fold_curve import (
    Array,
    FoldCurve,
    equal_error_rate,
    fold_curves,
    precisions,
    true_positive_rates,
)

#: Smallest and largest rate on the axes of a detection error tradeoff curve; their
#: normal deviates are finite, those of 0 and 1 are not.
DET_RATES = (0.001, 0.999)


@dataclass(frozen=True)
class CurveKind:
    """What is averaged over the folds, and where.

    Attributes
    ----------
    grid : callable
        From a number of points to that many abscissas, or one more.

    ordinates : callable
        From the curve of a fold and the abscissas to the ordinates.

    score : callable
        From the curve of a fold to the number that sums it up.
    """

    grid: Callable[[int], Array]
    ordinates: Callable[[FoldCurve, Array], Array]
    score: Callable[[FoldCurve], float]


def _roc_grid(n_points: int) -> Array:
    """Return equidistant rates after a second 0, where curves start in (0, 0)."""
    return np.concatenate([[0.0], np.linspace(0, 1, n_points)])


def _roc_ordinates(curve: FoldCurve, grid: Array) -> Array:
    """Return true positive rates, 0 at the first abscissa."""
    return np.concatenate([[0.0], true_positive_rates(curve, grid[1:])])


def _det_grid(n_points: int) -> Array:
    """Return rates whose normal deviates are equidistant."""
    first, last = norm.ppf(DET_RATES)
    return norm.cdf(np.linspace(first, last, n_points))


#: Vertical average: the true positive rate at equal false positive rates. The score
#: is the area under the curve.
ROC = CurveKind(
    grid=_roc_grid,
    ordinates=_roc_ordinates,
    score=lambda curve: float(auc(curve.fpr, curve.tpr)),
)
#: Precision at equal recall. The score is the average precision.
PRECISION_RECALL = CurveKind(
    grid=lambda n_points: np.linspace(0, 1, n_points),
    ordinates=precisions,
    score=lambda curve: curve.average_precision,
)
#: The false negative rate at equal false positive rates. The score is the equal
#: error rate.
DET = CurveKind(
    grid=_det_grid,
    ordinates=lambda curve, grid: 1 - true_positive_rates(curve, grid),
    score=equal_error_rate,
)


@dataclass(frozen=True)
class MeanCurves:
    """One curve per classifier, averaged over the folds at common abscissas.

    Attributes
    ----------
    grid : ndarray of shape (n_points,)
        Abscissas.

    mean, std : dict of str to ndarray of shape (n_points,)
        Mean and standard deviation of the folds' ordinates, by classifier.

    scores : dict of str to ndarray of shape (n_folds,)
        The number that sums up the curve of each fold, computed from that fold's own
        curve and not from the mean.

    pos_label : object
        The positive class.

    prevalence : float
        Share of the positive class among the test rows, averaged over the folds.
    """

    grid: Array
    mean: dict[str, Array]
    std: dict[str, Array]
    scores: dict[str, Array]
    pos_label: Any
    prevalence: float


def mean_curves(
    comparison: Comparison,
    kind: CurveKind,
    *,
    names: Sequence[str] | None = None,
    pos_label: Any = None,
    n_points: int = 1001,
) -> MeanCurves:
    """Average the curves of every classifier over the folds.

    Parameters
    ----------
    comparison : Comparison
        A comparison of classifiers on two classes.

    kind : CurveKind
        `ROC`, `PRECISION_RECALL` or `DET`.

    names : sequence of str, default=None
        The classifiers to use; all by default.

    pos_label : object, default=None
        The positive class; the second of ``comparison.classes`` by default.

    n_points : int, default=1001
        Number of abscissas.

    Returns
    -------
    curves : MeanCurves
        Means, standard deviations and scores.

    Raises
    ------
    ValueError
        If there are not two classes, a name or label does not exist, or a classifier
        has no curve.

    TypeError
        If `n_points` is not an int.
    """
    check_binary(comparison.classes)
    if pos_label is None:
        pos_label = comparison.classes[1]
    elif pos_label not in comparison.classes.tolist():
        raise ValueError(
            f"pos_label={pos_label!r} is not a class of this comparison. Choose one of "
            f"{comparison.classes.tolist()}."
        )
    grid = kind.grid(_check_n_points(n_points))
    curves = {
        name: fold_curves(comparison, name, pos_label)
        for name in check_names(comparison, names)
    }
    ordinates = {
        name: np.array([kind.ordinates(curve, grid) for curve in each])
        for name, each in curves.items()
    }
    shares = [
        curve.n_positive / (curve.n_positive + curve.n_negative)
        for each in curves.values()
        for curve in each
    ]
    return MeanCurves(
        grid=grid,
        mean={name: each.mean(axis=0) for name, each in ordinates.items()},
        std={name: each.std(axis=0) for name, each in ordinates.items()},
        scores={
            name: np.array([kind.score(curve) for curve in each])
            for name, each in curves.items()
        },
        pos_label=pos_label,
        prevalence=float(np.mean(shares)),
    )


def check_binary(classes: Sequence[Any] | NDArray[Any]) -> None:
    """Raise ValueError unless there are two classes."""
    if len(classes) != 2:
        raise ValueError(
            f"These curves are defined for two classes. Got {len(classes)} class(es). "
            "Compare one class with the rest: pass y == label."
        )


def check_names(comparison: Comparison, names: Sequence[str] | None) -> list[str]:
    """Return the names to use, or raise ValueError if one does not exist.

    Parameters
    ----------
    comparison : Comparison
        The comparison.

    names : sequence of str, str or None
        What the user asked for; None for all.

    Returns
    -------
    names : list of str
        At least one.
    """
    if names is None:
        return list(comparison.names)
    chosen = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in chosen if name not in comparison.names]
    if unknown or not chosen:
        raise ValueError(
            f"names must hold classifiers of this comparison, which are "
            f"{', '.join(map(repr, comparison.names))}. Got {chosen}."
        )
    return chosen


def _check_n_points(n_points: int) -> int:
    """Return the number of points, or raise ValueError if it makes no curve."""
    if isinstance(n_points, bool) or not isinstance(n_points, (int, np.integer)):
        raise TypeError(f"n_points must be an int. Got {n_points!r} instead.")
    if n_points < 2:
        raise ValueError(f"n_points must be at least 2. Got {n_points} instead.")
    return int(n_points)
