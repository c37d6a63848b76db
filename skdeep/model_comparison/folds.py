"""Draw the folds of a comparison once, so that every classifier meets the same."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, check_cv
from sklearn.model_selection._split import _CVIterableWrapper

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def resolve_splitter(cv: Any, y: NDArray[Any], *, grouped: bool) -> Any:
    """Return the splitter that `cv` asks for.

    Parameters
    ----------
    cv : int, splitter, iterable of (train, test) or None
        None means 5 folds.

    y : ndarray of shape (n_samples,)
        Labels.

    grouped : bool
        Whether there are groups; a number of folds must then keep them whole, which
        scikit-learn's reading of an int would not.

    Returns
    -------
    splitter : splitter
        Object with `split`.
    """
    n_folds = 5 if cv is None else cv
    if grouped and isinstance(n_folds, Integral):
        return StratifiedGroupKFold(int(n_folds), shuffle=True, random_state=0)
    return check_cv(n_folds, y, classifier=True)


def materialise_folds(
    splitter: Any, X: Any, y: NDArray[Any], split_params: Mapping[str, Any]
) -> list[Fold]:
    """Draw the folds as pairs of index arrays.

    Parameters
    ----------
    splitter : splitter
        Object with `split`.

    X : sequence of n_samples rows
        Rows.

    y : ndarray of shape (n_samples,)
        Labels.

    split_params : mapping of str to object
        Further arguments of `split`, such as groups.

    Returns
    -------
    folds : list of (train, test)
        Row numbers.

    Raises
    ------
    ValueError
        If there is no fold, if one has an empty part or row numbers out of range, or
        if it tests rows it trains on.
    """
    folds = [
        (_as_row_numbers(train), _as_row_numbers(test))
        for train, test in splitter.split(X, y, **split_params)
    ]
    if not folds:
        raise ValueError(f"cv gave no folds. Got {splitter!r}. Pass at least one.")
    for number, (train, test) in enumerate(folds):
        _check_fold(number, train, test, n_samples=len(y))
    groups = split_params.get("groups")
    # Other splitters that do not look at groups warn of it themselves.
    if groups is not None and isinstance(splitter, _CVIterableWrapper):
        _check_groups(folds, np.asarray(groups))
    return folds


def _check_groups(folds: list[Fold], groups: NDArray[Any]) -> None:
    """Raise ValueError if rows of one group stand on both sides of a given fold."""
    for number, (train, test) in enumerate(folds):
        shared = np.intersect1d(groups[train], groups[test])
        if len(shared):
            raise ValueError(
                f"Fold {number} of cv tests rows of {len(shared)} of the groups that "
                f"it trains on, the first being {shared[0]!r}. Pass folds that keep "
                "groups whole, or leave out groups."
            )


def _as_row_numbers(rows: Any) -> NDArray[np.intp]:
    """Return row numbers, given row numbers or a boolean mask."""
    rows = np.asarray(rows)
    if rows.dtype == bool:
        return np.flatnonzero(rows)
    return rows.astype(np.intp)


def _check_fold(
    number: int, train: NDArray[np.intp], test: NDArray[np.intp], *, n_samples: int
) -> None:
    """Raise ValueError unless both parts are there, valid and disjoint."""
    if not len(train) or not len(test):
        raise ValueError(
            f"Fold {number} has {len(train)} training rows and {len(test)} test rows. "
            "Both parts need rows: use fewer folds."
        )
    rows = np.concatenate([train, test])
    if rows.min() < 0 or rows.max() >= n_samples:
        raise ValueError(
            f"Fold {number} names rows {rows.min()} to {rows.max()}, but there are "
            f"{n_samples} rows, numbered from 0. Pass folds of this data set."
        )
    shared = np.intersect1d(train, test)
    if len(shared):
        raise ValueError(
            f"Fold {number} tests {len(shared)} of the rows it trains on, the first "
            f"being row {shared[0]}. Pass folds whose parts do not overlap."
        )
