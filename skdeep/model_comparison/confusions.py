"""Which classes are taken for which, out of fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdeep.model_comparison.comparison import Comparison


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
    matrix : ndarray of shape (n_classes, n_classes)
        Counts; true classes in rows, predicted ones in columns, in the order of
        ``comparison.classes``.

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
    matrix = np.zeros((len(comparison.classes),) * 2, dtype=np.int64)
    for true, predicted in tested:
        np.add.at(
            matrix, (_places(comparison, true), _places(comparison, predicted)), 1
        )
    return matrix


def _places(comparison: Comparison, labels: NDArray[Any]) -> NDArray[np.intp]:
    """Return which of the sorted classes each label is."""
    return np.searchsorted(comparison.classes, labels)
