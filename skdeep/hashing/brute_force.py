"""Exact Hamming search that looks at every code, in blocks that fit the cache."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skdeep.hashing.distances import BLOCK_CELLS, block_distances, distance_dtype
from skdeep.hashing.matches import Matches, join
from skdeep.hashing.nearest_pool import NearestPool

# Queries that share one pass over a block of codes: enough to spread the cost of the
# NumPy calls, few enough that the rows of a block stay long (NumPy's inner loop).
_QUERIES_PER_PASS = 16

# Codes that are sorted outright before later codes are compared with the best of them.
_FIRST_CODES = 1024


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
    distances = np.empty((len(queries), n_neighbors), dtype=np.int64)
    indices = np.empty((len(queries), n_neighbors), dtype=np.int64)
    n_rows, n_block = _block_shape(len(queries), columns.shape[1], 4 * n_neighbors)
    for start in range(0, len(queries), n_rows):
        part = slice(start, start + n_rows)
        pool = _search_block_by_block(
            queries[part], columns, n_bits, n_neighbors, n_block
        )
        distances[part], indices[part] = pool.result()
    return distances, indices


def _search_block_by_block(
    queries: NDArray[np.uint64],
    columns: NDArray[np.uint64],
    n_bits: int,
    n_neighbors: int,
    n_block: int,
) -> NearestPool:
    n_codes = columns.shape[1]
    dtype = distance_dtype(n_bits)
    pool = NearestPool(len(queries), n_neighbors, n_codes, n_bits)
    # The first codes fill the pool. They are all sorted, so they are few.
    n_first = min(n_block, max(4 * n_neighbors, _FIRST_CODES))
    pool.offer_block(block_distances(queries, columns[:, :n_first], dtype), 0)
    worst = pool.worst_distances.astype(dtype)[:, np.newaxis]
    waiting: list[Matches] = []
    n_waiting = 0
    for first in range(n_first, n_codes, n_block):
        block = block_distances(queries, columns[:, first : first + n_block], dtype)
        # Later codes have larger indices: one at the worst distance comes too late.
        closer = block < worst
        if closer.any():
            rows, offsets = np.divmod(np.flatnonzero(closer), block.shape[1])
            waiting.append(Matches(rows, block[rows, offsets], offsets + first))
            n_waiting += len(rows)
        if n_waiting >= len(queries) * n_neighbors:
            # Sorting candidates in is dear: it waits until it narrows the search.
            pool.offer(join(waiting))
            worst = pool.worst_distances.astype(dtype)[:, np.newaxis]
            waiting, n_waiting = [], 0
    pool.offer(join(waiting))
    return pool


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
    dtype = distance_dtype(n_bits)
    found: list[Matches] = []
    n_rows, n_block = _block_shape(len(queries), columns.shape[1], 1)
    for start in range(0, len(queries), n_rows):
        part = queries[start : start + n_rows]
        for first in range(0, columns.shape[1], n_block):
            block = block_distances(part, columns[:, first : first + n_block], dtype)
            near = np.flatnonzero(block <= radius)
            rows, offsets = np.divmod(near, block.shape[1])
            distances = block.ravel()[near]
            found.append(Matches(rows + start, distances, offsets + first))
    return join(found)


def _block_shape(n_queries: int, n_codes: int, min_block: int) -> tuple[int, int]:
    """Choose how many queries meet how many codes at once."""
    n_rows = max(1, min(n_queries, _QUERIES_PER_PASS))
    n_block = min(n_codes, max(BLOCK_CELLS // n_rows, min_block))
    return max(1, min(n_queries, BLOCK_CELLS // n_block)), n_block
