"""Rows in an order of their own, each as often as its weight says."""

from typing import Any

import numpy as np

from skdeep.encoding.rows import normalized_weights, row_keys

_CHUNK_NUMBERS = 2**21
_TARGET_FACTOR = np.uint64(0x9E3779B97F4A7C15)
# Weights that would make an epoch longer than this many times the rows scale losses.
_MAX_REPEATS = 16


def content_order(
    rows: Any, targets: np.ndarray | None, weights: np.ndarray | None
) -> np.ndarray:
    """Return the order of rows by their content, which no shuffling changes.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, ...) or CSR matrix of shape (n_rows, n_columns)
        Numbers without NaN.
    targets : ndarray of shape (n_rows, ...) or None
        What decides between rows that are equal.
    weights : ndarray of shape (n_rows,) or None
        What decides after that.

    Returns
    -------
    order : ndarray of shape (n_rows,), dtype int64
        Row numbers.
    """
    keys = _keys(rows)
    if targets is not None:
        keys = keys ^ (row_keys(targets) * _TARGET_FACTOR)
    return np.lexsort((np.zeros(len(keys)) if weights is None else weights, keys))


def _keys(rows: Any) -> np.ndarray:
    if not hasattr(rows, "toarray"):
        return row_keys(rows)
    # The keys of sparse rows are those of the same rows with their zeros.
    step = max(1, _CHUNK_NUMBERS // max(rows.shape[1], 1))
    return np.concatenate(
        [
            row_keys(rows[start : start + step].toarray())
            for start in range(0, rows.shape[0], step)
        ]
    )


def occurrences(weights: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Turn weights into how often each row occurs, if that is what they say.

    Parameters
    ----------
    weights : ndarray of shape (n_rows,), dtype float64
        Positive weights.

    Returns
    -------
    places : ndarray of int64 or None
        Row number of each occurrence, where all weights are whole numbers, or whole
        multiples of the smallest, and not too large; None if every row occurs once.
    relative : ndarray of shape (n_rows,), dtype float32, or None
        Otherwise the weights, scaled to mean one.

    Examples
    --------
    >>> import numpy as np
    >>> occurrences(np.array([1.0, 3.0]))
    (array([0, 1, 1, 1]), None)
    """
    if np.all(weights == weights[0]):
        return None, None
    for unit in (1.0, weights.min()):
        counts = weights / unit
        whole = np.all(counts == np.rint(counts)) and counts.min() >= 1
        if whole and counts.sum() <= _MAX_REPEATS * len(counts):
            return np.repeat(np.arange(len(counts)), counts.astype(np.int64)), None
    return None, normalized_weights(weights)
