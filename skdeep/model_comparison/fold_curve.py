"""The curve of one classifier in one fold, and what can be read from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_curve

from skdeep.model_comparison.comparison import Comparison
from skdeep.model_comparison.predicted_labels import was_fitted

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FoldCurve:
    """The empirical ROC curve of one classifier in one fold.

    Attributes
    ----------
    fpr, tpr : ndarray of shape (n_points,)
        False and true positive rates, from (0, 0) to (1, 1).

    n_negative, n_positive : int
        Numbers of test rows of either class.

    average_precision : float
        Average precision in this fold.
    """

    fpr: Array
    tpr: Array
    n_negative: int
    n_positive: int
    average_precision: float


def true_positive_rates(curve: FoldCurve, fpr: Array) -> Array:
    """Return the ordinates of a ROC curve; the upper end where it rises vertically.

    Parameters
    ----------
    curve : FoldCurve
        The curve.

    fpr : ndarray of shape (n_points,)
        Abscissas in [0, 1].

    Returns
    -------
    tpr : ndarray of shape (n_points,)
        True positive rates.
    """
    after = np.searchsorted(curve.fpr, fpr, side="right")
    before = np.maximum(after - 1, 0)
    after = np.minimum(after, len(curve.fpr) - 1)
    width = curve.fpr[after] - curve.fpr[before]
    share = np.divide(
        fpr - curve.fpr[before], width, out=np.zeros_like(fpr), where=width > 0
    )
    return curve.tpr[before] + share * (curve.tpr[after] - curve.tpr[before])


def precisions(curve: FoldCurve, recalls: Array) -> Array:
    """Interpolate precision between the points that thresholds give.

    Between two thresholds the numbers of true and of false positives grow together,
    in a line, which makes precision a curve; a straight line in the plane of
    precision and recall would promise too much [1]_. At recall 0 the limit from the
    right is taken. Where precision falls at one recall, the highest value counts.

    Parameters
    ----------
    curve : FoldCurve
        The ROC curve of the same fold.

    recalls : ndarray of shape (n_points,)
        Recalls in [0, 1].

    Returns
    -------
    precision : ndarray of shape (n_points,)
        Precisions in [0, 1].

    References
    ----------
    .. [1] J. Davis and M. Goadrich, "The Relationship between Precision-Recall and
           ROC Curves", ICML 2006. :doi:`10.1145/1143844.1143874`
    """
    recall = curve.tpr
    # The first point that reaches the recall, but never one of recall 0.
    after = np.maximum(
        np.searchsorted(recall, recalls, side="left"),
        np.searchsorted(recall, 0.0, side="right"),
    )
    before = after - 1
    share = (recalls - recall[before]) / (recall[after] - recall[before])
    fpr = curve.fpr[before] + share * (curve.fpr[after] - curve.fpr[before])
    true_positives = recalls * curve.n_positive
    false_positives = fpr * curve.n_negative
    selected = true_positives + false_positives
    slope = (recall[after] - recall[before]) * curve.n_positive
    rise = slope + (curve.fpr[after] - curve.fpr[before]) * curve.n_negative
    # Nothing is selected only at recall 0 of a curve that leaves the origin in this
    # segment: its precision there is that of all of the segment.
    return np.divide(true_positives, selected, out=slope / rise, where=selected > 0)


def equal_error_rate(curve: FoldCurve) -> float:
    """Return the rate at which false positives are as frequent as false negatives.

    Parameters
    ----------
    curve : FoldCurve
        The curve.

    Returns
    -------
    rate : float
        Between 0 (perfect) and 1; 0.5 for a classifier that guesses.
    """
    surplus = 1 - curve.tpr - curve.fpr
    after = int(np.argmax(surplus <= 0))
    share = surplus[after - 1] / (surplus[after - 1] - surplus[after])
    return float(
        curve.fpr[after - 1] + share * (curve.fpr[after] - curve.fpr[after - 1])
    )


def fold_curves(comparison: Comparison, name: str, pos_label: Any) -> list[FoldCurve]:
    """Return the ROC curves of one classifier, one for each fold that has one.

    They are of the decision function where there is one, as scikit-learn's scorers
    are: probabilities may be equal, or ordered otherwise, where it differs.

    Folds whose test rows are all of one class have no such curve and are left out,
    and so are folds whose fit failed.

    Parameters
    ----------
    comparison : Comparison
        A comparison of classifiers on two classes.

    name : str
        Name of the classifier.

    pos_label : object
        The positive class.

    Returns
    -------
    curves : list of FoldCurve
        At least one curve.

    Raises
    ------
    ValueError
        If the classifier has no continuous scores, failed in every fold, or no fold
        has a curve.
    """
    if not was_fitted(comparison.fold_predictions[name]):
        raise ValueError(
            f"{name!r} failed in every fold, so it has no curve. Leave it out with "
            "names=[...], or repeat the comparison with error_score='raise' to see why."
        )
    if comparison.response_methods[name] is None:
        raise ValueError(
            f"{name!r} has neither predict_proba nor decision_function, so it has no "
            "curve. Leave it out with names=[...]."
        )
    responses = comparison.fold_responses[name]
    decisions = (comparison.fold_decisions or {}).get(name, [None] * len(responses))
    sign = 1 if pos_label == comparison.classes[1] else -1
    curves = []
    for (_, test), response, decision in zip(
        comparison.folds, responses, decisions, strict=True
    ):
        response = response if decision is None else decision
        positive = comparison.y[test] == pos_label
        if response is None or positive.all() or not positive.any():
            continue
        # A class without training rows scores minus infinity, which curves refuse.
        scores = np.nan_to_num(sign * response)
        fpr, tpr, _ = roc_curve(positive, scores)
        curves.append(
            FoldCurve(
                fpr=fpr,
                tpr=tpr,
                n_negative=int((~positive).sum()),
                n_positive=int(positive.sum()),
                average_precision=float(average_precision_score(positive, scores)),
            )
        )
    if not curves:
        raise ValueError(
            f"{name!r} has no curve: in no fold was it fitted and tested on rows of "
            "both classes. Use stratified folds, or larger ones."
        )
    return curves
