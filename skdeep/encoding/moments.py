"""Mean and scale of each column."""

import numpy as np

# So few rows that sums of them in single precision are as good as exact.
_CHUNK_ROWS = 512


def column_moments(
    rows: np.ndarray, sample_weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column.

    Sums are taken in the order of the rows, whatever the number of threads, so that
    equal rows give equal bits.

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
    weights = np.asarray(weights, dtype=np.float64)
    weights = (weights / weights.sum()).astype(rows.dtype)
    starts = range(0, len(rows), _CHUNK_ROWS)
    chunks = [slice(start, start + _CHUNK_ROWS) for start in starts]
    # The mean of differences from the first row: large common values lose no digits.
    mean = np.zeros(rows.shape[1])
    for chunk in chunks:
        mean += np.einsum("i,ij->j", weights[chunk], rows[chunk] - rows[0])
    mean = mean / weights.sum(dtype=np.float64) + rows[0]
    variance = np.zeros(rows.shape[1])
    center = mean.astype(rows.dtype)
    for chunk in chunks:
        differences = rows[chunk] - center
        variance += np.einsum("i,ij,ij->j", weights[chunk], differences, differences)
    scale = np.sqrt(variance)
    # What is left of a constant column is rounding, which must not be blown up.
    constant = scale <= 1e-6 * np.abs(mean) + np.finfo(np.float32).tiny
    return mean, np.where(constant, 1.0, scale)
