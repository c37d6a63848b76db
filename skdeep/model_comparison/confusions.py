"""Which classes are taken for which, out of fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdeep.model_comparison.comparison import Comparison
from skdeep.model_comparison.predicted_labels import known_labels, places_of


def confusions(comparison: Comparison, name: str) -> NDArray[np.int64]:
    """Return how many test rows of each class were taken for each class.

    Parameters
    ----------
    comparison : Comparison
        The comparison.

    name : str
        A classifier of it. Rows that several folds tested count several times; folds
        whose fit failed are left out.

    Returns
    -------
    matrix : ndarray of shape (n_labels, n_labels)
        Counts; true classes in rows, predicted ones in columns, in the order of
        `confused_labels`.

    Raises
    ------
    ValueError
        If there is no such classifier, or it was never fitted.
    """
    if name not in comparison.names:
        raise ValueError(
            f"There is no classifier {name!r} in this comparison. Choose one of "
            f"{', '.join(map(repr, comparison.names))}."
        )
    tested = [
        (comparison.y[test], predicted)
        for (_, test), predicted in zip(
            comparison.folds, comparison.fold_predictions[name], strict=True
        )
        if predicted is not None
    ]
    if not tested:
        raise ValueError(
            f"{name!r} failed in every fold, so there is nothing to count. Repeat the "
            "comparison with error_score='raise' to see why."
        )
    known = confused_labels(comparison, name)
    matrix = np.zeros((len(known), len(known)), dtype=np.int64)
    for true, predicted in tested:
        np.add.at(matrix, (places_of(known, true), places_of(known, predicted)), 1)
    return matrix


def confused_labels(comparison: Comparison, name: str) -> NDArray[Any]:
    """Return what the rows and columns of the confusions of a classifier stand for.

    Parameters
    ----------
    comparison : Comparison
        The comparison.

    name : str
        A classifier of it.

    Returns
    -------
    labels : ndarray of shape (n_labels,)
        ``comparison.classes``, and after them labels that are no class but were
        predicted, as for outliers.
    """
    return known_labels(comparison.classes, comparison.fold_predictions[name])
