"""How far apart two clouds of feature vectors are."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from skdeep.metrics.reading import explained, read_numbers


def frechet_distance(X: ArrayLike, Y: ArrayLike) -> float:
    """Compute the squared Fréchet distance between two Gaussian fits of features.

    With means m and covariance matrices C of the rows of `X` and `Y`, the distance is
    ``|m_X - m_Y| ** 2 + trace(C_X + C_Y - 2 * sqrt(C_X @ C_Y))``, the squared
    2-Wasserstein distance of normal distributions [1]_.

    Use it to judge generated images in the features of a classifier. Its scale is that
    of the features, and it falls with the number of rows: report it beside the distance
    of real training from real test data of the same number of rows. It is the "FID" of
    the literature only for one particular Inception network, so do not call it so.

    Parameters
    ----------
    X : array-like of shape (n_samples_x, n_features)
        Features, of at least two rows.

    Y : array-like of shape (n_samples_y, n_features)
        Features to compare with, of at least two rows.

    Returns
    -------
    distance : float
        At least 0, in squared units of the features.

    Raises
    ------
    ValueError
        If X or Y is not a finite matrix of two rows or more, or the numbers of features
        differ.

    References
    ----------
    .. [1] Dowson, D. C. and Landau, B. V. (1982). The Fréchet distance between
       multivariate normal distributions. Journal of Multivariate Analysis, 12(3),
       450-455. :doi:`10.1016/0047-259X(82)90077-X`

    Examples
    --------
    >>> from skdeep.metrics import frechet_distance
    >>> X = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]
    >>> Y = [[3.0, 4.0], [5.0, 4.0], [3.0, 6.0]]
    >>> round(frechet_distance(X, Y), 6)
    25.0
    """
    a, b = _read_rows(X, "X"), _read_rows(Y, "Y")
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"X has {a.shape[1]} features, but Y has {b.shape[1]}. Compute the "
            "features of both by the same model."
        )
    difference = a.mean(axis=0) - b.mean(axis=0)
    # The trace of sqrt(C_X @ C_Y) is the sum of singular values of the product of
    # centered data: no root of a matrix is needed, and none can turn complex.
    left = _triangle(a) @ _triangle(b).T
    overlap = np.linalg.svd(left, compute_uv=False).sum()
    spread = _total_variance(a) + _total_variance(b)
    distance = float(difference @ difference + spread - 2 * overlap)
    if not np.isfinite(distance):
        raise ValueError(
            "X or Y holds numbers so large that their squares are infinite. Scale both "
            "by the same number."
        )
    return max(0.0, distance)


def _read_rows(rows: ArrayLike, name: str) -> NDArray[np.float64]:
    rows = read_numbers(rows, name)
    read = partial(check_array, dtype=np.float64, ensure_min_samples=2, input_name=name)
    numbers: NDArray[np.float64] = explained(read, rows, name)
    return numbers


def _triangle(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return R with ``R.T @ R`` equal to the covariance matrix."""
    centered = (rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1)
    return np.asarray(np.linalg.qr(centered, mode="r"))


def _total_variance(rows: NDArray[np.float64]) -> float:
    return float(rows.var(axis=0, ddof=1).sum())
