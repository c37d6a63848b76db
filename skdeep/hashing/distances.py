"""Hamming distances between packed codes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdeep.encoding.bits import WORD_BITS
from skdeep.encoding.numbers import check_container, understood

#: Distances computed at once: the words of one block (8 bytes each) stay in a
#: processor's second-level cache.
BLOCK_CELLS = 65_536


def distance_dtype(n_bits: int) -> np.dtype[Any]:
    """Choose the smallest unsigned type that holds every distance and one more.

    Parameters
    ----------
    n_bits : int
        Length of a code in bits.

    Returns
    -------
    dtype : numpy.dtype
        An unsigned integer type in which ``n_bits + 1``, used for "further away than
        anything", still fits.
    """
    return np.min_scalar_type(n_bits + 1)


def block_distances(
    queries: NDArray[np.uint64], columns: NDArray[np.uint64], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Count differing bits between every query and every code of one block.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_words), dtype uint64
        Packed codes, one per row.

    columns : ndarray of shape (n_words, n_codes), dtype uint64
        Packed codes, one per *column*: every word is then contiguous in memory.

    dtype : numpy.dtype
        Type of the distances, see :func:`distance_dtype`.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_codes)
        Number of differing bits.
    """
    total: NDArray[Any] = np.bitwise_count(queries[:, :1] ^ columns[0])
    if total.dtype != dtype:
        total = total.astype(dtype)
    for word in range(1, len(columns)):
        total += np.bitwise_count(queries[:, word : word + 1] ^ columns[word])
    return total


def hamming_distances(A: ArrayLike, B: ArrayLike | None = None) -> NDArray[np.int64]:
    """Compute all Hamming distances between two sets of packed codes.

    Parameters
    ----------
    A : array-like of shape (n_samples_a, n_words), dtype uint64
        Codes packed by :func:`skdeep.hashing.pack_bits`.

    B : array-like of shape (n_samples_b, n_words), dtype uint64, default=None
        Codes packed the same way. If None, `A` is compared with itself.

    Returns
    -------
    distances : ndarray of shape (n_samples_a, n_samples_b), dtype int64
        Number of bits, at least 0, in which the codes differ.

    Raises
    ------
    TypeError
        If a set of codes is not of dtype uint64.

    ValueError
        If a set of codes is not two-dimensional, or their numbers of words differ.

    See Also
    --------
    HammingNeighbors : Finds the nearest codes without computing all distances.

    Examples
    --------
    >>> from skdeep.hashing import hamming_distances, pack_bits
    >>> codes = pack_bits([[0, 0, 0], [0, 1, 1], [1, 1, 1]])
    >>> hamming_distances(codes)
    array([[0, 2, 3],
           [2, 0, 1],
           [3, 1, 0]])
    """
    rows = _check_words(A, "A")
    others = rows if B is None else _check_words(B, "B")
    n_words = rows.shape[1]
    if n_words != others.shape[1]:
        raise ValueError(
            f"A has {n_words} words per code, but B has {others.shape[1]}. Pack both "
            "from codes of the same number of bits."
        )
    columns = np.ascontiguousarray(others.T)
    dtype = distance_dtype(n_words * WORD_BITS)
    distances = np.empty((len(rows), len(others)), dtype=np.int64)
    step = max(1, BLOCK_CELLS // max(1, len(others)))
    for start in range(0, len(rows), step):
        block = slice(start, start + step)
        distances[block] = block_distances(rows[block], columns, dtype)
    return distances


def _check_words(codes: ArrayLike, name: str) -> NDArray[np.uint64]:
    check_container(codes, name)
    with understood(name):
        words = np.asarray(codes)
    if words.dtype != np.uint64:
        raise TypeError(
            f"{name} must hold packed codes of dtype uint64, got dtype {words.dtype}. "
            "Pack zeros and ones with skdeep.hashing.pack_bits."
        )
    if words.ndim != 2 or words.shape[1] == 0:
        raise ValueError(
            f"{name} must have shape (n_samples, n_words), got {words.shape}. Pack "
            "zeros and ones with skdeep.hashing.pack_bits."
        )
    return words
