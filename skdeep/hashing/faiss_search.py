"""Exact Hamming search by Faiss, where somebody has installed it.

Faiss is no dependency: it is imported when `algorithm="faiss"` asks for it. It finds
the right distances but keeps an arbitrary code among equally distant ones, so the ties
at the last place are looked up again to keep the promised order.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdeep.hashing.matches import Matches, join
from skdeep.hashing.nearest_pool import MAX_POOL_QUERIES, NearestPool


def import_faiss() -> Any:
    """Import Faiss.

    Returns
    -------
    faiss : module
        The module.

    Raises
    ------
    ImportError
        If Faiss is not installed.
    """
    try:
        return import_module("faiss")
    except ImportError as error:
        raise ImportError(
            "algorithm='faiss' needs the package faiss-cpu, which is not installed. "
            "Install it with `pip install faiss-cpu`, or use algorithm='auto'."
        ) from error


def nearest_codes(
    queries: NDArray[np.uint64],
    columns: NDArray[np.uint64],
    n_bits: int,
    n_neighbors: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the nearest codes of each query.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_words), dtype uint64
        Packed codes, one per row.

    columns : ndarray of shape (n_words, n_codes), dtype uint64
        Packed codes to search, one per column.

    n_bits : int
        Length of a code in bits.

    n_neighbors : int
        Neighbors per query, at most ``n_codes``.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_neighbors), dtype int64
        Distances, ascending in each row.

    indices : ndarray of shape (n_queries, n_neighbors), dtype int64
        Indices of the codes; ascending among equal distances.
    """
    index = _index(columns, n_bits)
    distances = np.empty((len(queries), n_neighbors), dtype=np.int64)
    indices = np.empty((len(queries), n_neighbors), dtype=np.int64)
    for start in range(0, len(queries), MAX_POOL_QUERIES):
        part = slice(start, start + MAX_POOL_QUERIES)
        words = queries[part]
        pool = NearestPool(len(words), n_neighbors, columns.shape[1], n_bits)
        reach = index.search(_bytes(words, n_bits), n_neighbors)[0][:, -1]
        for radius in np.unique(reach).tolist():
            rows = np.flatnonzero(reach == radius)
            found = _range_search(index, words[rows], n_bits, radius)
            pool.offer(Matches(rows[found.rows], found.distances, found.indices))
        distances[part], indices[part] = pool.result()
    return distances, indices


def codes_within(
    queries: NDArray[np.uint64],
    columns: NDArray[np.uint64],
    n_bits: int,
    radius: int,
) -> Matches:
    """Find all codes within a distance of each query.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_words), dtype uint64
        Packed codes, one per row.

    columns : ndarray of shape (n_words, n_codes), dtype uint64
        Packed codes to search, one per column.

    n_bits : int
        Length of a code in bits.

    radius : int
        Largest distance that counts as a neighbor.

    Returns
    -------
    matches : Matches
        All neighbors of all queries, in no particular order.
    """
    return join([_range_search(_index(columns, n_bits), queries, n_bits, radius)])


def _index(columns: NDArray[np.uint64], n_bits: int) -> Any:
    codes = _bytes(columns.T, n_bits)
    # Made for each search: filling it is one copy, and a fitted estimator stays data.
    index = import_faiss().IndexBinaryFlat(8 * codes.shape[1])
    index.add(codes)
    return index


def _bytes(words: NDArray[np.uint64], n_bits: int) -> NDArray[np.uint8]:
    octets = np.ascontiguousarray(words.astype("<u8", copy=False)).view(np.uint8)
    return np.ascontiguousarray(octets[:, : -(-n_bits // 8)])


def _range_search(
    index: Any, queries: NDArray[np.uint64], n_bits: int, radius: int
) -> Matches:
    # Faiss finds what is closer than the radius, not what lies on it.
    bounds, distances, indices = index.range_search(_bytes(queries, n_bits), radius + 1)
    counts = np.diff(bounds.astype(np.int64))
    return Matches(np.repeat(np.arange(len(queries)), counts), distances, indices)
