"""How pure and how evenly filled the buckets of a hash code are."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from skdeep.metrics.codes import as_words, read_bits, read_labels


@dataclass(frozen=True)
class BucketPurity:
    """Purity of hash buckets, with what is needed to judge it.

    Parameters
    ----------
    purity : float
        Mean of ``1 - Gini impurity`` over buckets, weighted by their sizes, in [0, 1].
        NaN if no bucket is large enough.

    coverage : float
        Share of all rows that lie in the buckets counted, in [0, 1].

    chance_purity : float
        Exact expectation of `purity` when the labels are shuffled.

    adjusted_purity : float
        ``(purity - chance_purity) / (1 - chance_purity)``: 1 for pure buckets, 0 in
        the mean for shuffled labels. 0 if shuffling cannot change the purity.

    n_buckets : int
        Number of buckets counted.

    See Also
    --------
    bucket_purity : Computes it.

    Examples
    --------
    >>> from skdeep.metrics import bucket_purity
    >>> bucket_purity([[0], [0], [1]], ["a", "a", "b"]).purity
    1.0
    """

    purity: float
    coverage: float
    chance_purity: float
    adjusted_purity: float
    n_buckets: int


def bucket_purity(
    codes: ArrayLike, labels: ArrayLike, *, min_size: int = 2
) -> BucketPurity:
    """Measure how often rows with equal codes have equal labels.

    A bucket holds the rows that share one code. With ``p[c]`` the share of class c
    among the rows of a bucket, its purity is ``sum(p[c] ** 2 for all c)``, that is one
    minus its Gini impurity: the chance that two rows drawn from it, with replacement,
    have the same label. The figure is the mean over buckets of at least `min_size`
    rows, weighted by size.

    A bucket of one row is always pure, so long codes look perfect with ``min_size=1``.
    With the default only shared buckets count, and `coverage` tells how many rows
    those hold. Small buckets stay purer by chance than large ones: compare with
    `chance_purity`, or use `adjusted_purity`.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits)
        Zeros and ones.

    labels : array-like of shape (n_samples,)
        Class labels: numbers or strings.

    min_size : int, default=2
        Smallest bucket that counts, at least 1.

    Returns
    -------
    result : BucketPurity
        Plain numbers: `purity`, `coverage`, `chance_purity`, `adjusted_purity` and
        `n_buckets`.

    Raises
    ------
    ValueError
        If `codes` is not a matrix of zeros and ones, the number of labels differs, or
        `min_size` is below 1.

    Notes
    -----
    When labels are shuffled, two different rows of one bucket agree with probability
    ``q = sum(N[c] * (N[c] - 1)) / (N * (N - 1))`` for N rows of which N[c] are of class
    c. A bucket of n rows then has the expected purity ``1 / n + (1 - 1 / n) * q``. No
    random numbers are drawn.

    Examples
    --------
    >>> from skdeep.metrics import bucket_purity
    >>> codes = [[0, 0], [0, 0], [0, 0], [0, 0], [1, 0], [1, 1]]
    >>> result = bucket_purity(codes, ["a", "a", "a", "b", "b", "a"])
    >>> result.purity
    0.625
    >>> round(result.coverage, 3)
    0.667
    """
    bits = read_bits(codes)
    values = read_labels(labels, len(bits), "labels")
    if not isinstance(min_size, Integral) or min_size < 1:
        raise ValueError(
            f"min_size must be at least 1 and an integer, got {min_size!r}."
        )
    buckets = _bucket_numbers(bits)
    _, classes, class_sizes = np.unique(values, return_inverse=True, return_counts=True)
    sizes = np.bincount(buckets)
    cells, counts = np.unique(buckets * len(class_sizes) + classes, return_counts=True)
    squares = np.bincount(cells // len(class_sizes), weights=counts.astype(float) ** 2)
    counted = sizes >= min_size
    n_counted = int(sizes[counted].sum())
    if n_counted == 0:
        return BucketPurity(float("nan"), 0.0, float("nan"), float("nan"), 0)
    purity = float((squares / sizes)[counted].sum() / n_counted)
    agreement = _chance_of_agreement(class_sizes)
    # Every counted bucket of n rows adds n * (1 / n + (1 - 1 / n) * agreement).
    n_buckets = int(counted.sum())
    chance = (n_buckets + (n_counted - n_buckets) * agreement) / n_counted
    adjusted = (purity - chance) / (1 - chance) if chance < 1 else 0.0
    return BucketPurity(purity, n_counted / len(bits), chance, adjusted, n_buckets)


def bit_balance(codes: ArrayLike) -> NDArray[np.float64]:
    """Compute the share of ones of each bit.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits)
        Zeros and ones.

    Returns
    -------
    balance : ndarray of shape (n_bits,), dtype float64
        Share of ones, in [0, 1]. A bit that splits the rows evenly has 0.5; one that
        never changes has 0 or 1.

    Raises
    ------
    ValueError
        If `codes` is not a matrix of zeros and ones.

    See Also
    --------
    bit_entropy : The same on the scale of information.

    Examples
    --------
    >>> from skdeep.metrics import bit_balance
    >>> bit_balance([[0, 1], [0, 0], [0, 1], [0, 1]])
    array([0.  , 0.75])
    """
    return np.asarray(read_bits(codes).mean(axis=0))


def bit_entropy(codes: ArrayLike) -> NDArray[np.float64]:
    """Compute the entropy of each bit.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits)
        Zeros and ones.

    Returns
    -------
    entropy : ndarray of shape (n_bits,), dtype float64
        Entropy of each bit on its own, in bits: 1 for a balanced bit, 0 for one that
        never changes. Their sum is an upper bound of :func:`code_entropy`.

    Raises
    ------
    ValueError
        If `codes` is not a matrix of zeros and ones.

    See Also
    --------
    code_entropy : Entropy of all bits together.

    Examples
    --------
    >>> from skdeep.metrics import bit_entropy
    >>> bit_entropy([[0, 1], [0, 0], [0, 1], [0, 0]])
    array([0., 1.])
    """
    balance = bit_balance(codes)
    return np.asarray((entr(balance) + entr(1 - balance)) / np.log(2))


def code_entropy(codes: ArrayLike) -> float:
    """Compute the entropy of the distribution of rows over buckets.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits)
        Zeros and ones.

    Returns
    -------
    entropy : float
        Entropy in bits of the empirical distribution of codes, between 0, if all rows
        share one code, and the smaller of ``n_bits`` and ``log2(n_samples)``.

    Raises
    ------
    ValueError
        If `codes` is not a matrix of zeros and ones.

    See Also
    --------
    bit_entropy : Entropy of each bit on its own.

    Examples
    --------
    >>> from skdeep.metrics import code_entropy
    >>> code_entropy([[0, 1, 1], [0, 0, 0], [0, 1, 1], [0, 0, 0]])
    1.0
    """
    bits = read_bits(codes)
    shares = np.bincount(_bucket_numbers(bits)) / len(bits)
    return float(entr(shares).sum() / np.log(2))


def _bucket_numbers(bits: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a number for each row that tells apart distinct codes."""
    words = as_words(bits)
    order = np.lexsort(words)
    changes = (np.diff(words[:, order], axis=1) != 0).any(axis=0)
    numbers = np.empty(len(bits), dtype=np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(changes)])
    return numbers


def _chance_of_agreement(class_sizes: NDArray[np.int64]) -> float:
    """Return the chance that two different rows have the same label."""
    sizes = class_sizes.astype(np.float64)
    total = sizes.sum()
    if total < 2:
        return 1.0
    return float((sizes * (sizes - 1)).sum() / (total * (total - 1)))
