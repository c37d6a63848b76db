"""Mean and scale of each column."""

import numpy as np

_CHUNK_ROWS = 1024


def column_moments(
    rows: np.ndarray, sample_weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column.

    Sums are in double precision and in the order of the rows, whatever their number,
    so that equal rows give equal bits.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns)
        Numbers.
    sample_weight : ndarray of shape (n_rows,), default=None
        Non-negative weights, not all of them zero.

    Returns
    -------
    mean, scale : ndarray of shape (n_columns,), dtype float64
        The scale is 1 where a column is constant.
    """
    weights = np.ones(len(rows)) if sample_weight is None else sample_weight
    weights = np.asarray(weights, dtype=np.float64) / np.sum(weights, dtype=np.float64)
    mean = np.zeros(rows.shape[1])
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = slice(start, start + _CHUNK_ROWS)
        mean += (rows[chunk] * weights[chunk, None]).sum(axis=0)
    variance = np.zeros(rows.shape[1])
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = slice(start, start + _CHUNK_ROWS)
        deviations = rows[chunk] - mean
        variance += (deviations**2 * weights[chunk, None]).sum(axis=0)
    scale = np.sqrt(variance)
    # What is left of a constant column is rounding, which must not be blown up.
    constant = scale <= 1e-6 * np.abs(mean) + np.finfo(np.float32).tiny
    return mean, np.where(constant, 1.0, scale)
