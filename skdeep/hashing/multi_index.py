"""Exact Hamming search by looking up parts of the code in tables.

Two codes that differ in at most ``r`` bits differ in at most ``r // m`` bits in at
least one of ``m`` disjoint parts. So it is enough to look, for each part, into the few
buckets whose key is that close, and to compare only the codes found there [1]_.

References
----------
.. [1] Norouzi, M., Punjani, A. and Fleet, D. J. (2012). Fast search in Hamming space
   with multi-index hashing. IEEE Conference on Computer Vision and Pattern
   Recognition, 3108-3115. :doi:`10.1109/CVPR.2012.6248043`
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skdeep.hashing import brute_force
from skdeep.hashing.matches import Matches, join
from skdeep.hashing.nearest_pool import NearestPool
from skdeep.hashing.substring_tables import SubstringTable
from skdeep.hashing.table_search import TableSearch

# Queries that one search serves: bounds the memory of what was found for them. The
# first few are a pilot that tells whether the tables are worth it for these codes.
_QUERIES_AT_ONCE = 1024
_PILOT_QUERIES = 64

# Touching a bucket or a candidate costs about as much as comparing this many codes in
# a search that looks at all of them in order.
_COST_OF_A_LOOKUP = 64


def nearest_codes(
    queries: NDArray[np.uint64],
    tables: list[SubstringTable],
    columns: NDArray[np.uint64],
    n_bits: int,
    n_neighbors: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the nearest codes of each query.

    Looks at distance 0, then 1, and so on, until the neighbors are found. Queries for
    which this gets dearer than looking at every code are answered that way.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_words), dtype uint64
        Packed codes, one per row.

    tables : list of SubstringTable
        Tables of the searched codes.

    columns : ndarray of shape (n_words, n_codes), dtype uint64
        The searched codes, one per column.

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
    start, stop, share_too_dear = 0, _PILOT_QUERIES, 0.0
    while start < len(queries) and share_too_dear < 0.5:
        part = slice(start, stop)
        distances[part], indices[part], too_dear = _nearest_by_tables(
            queries[part], tables, columns, n_bits, n_neighbors
        )
        unsolved = start + np.flatnonzero(too_dear)
        distances[unsolved], indices[unsolved] = brute_force.nearest_codes(
            queries[unsolved], columns, n_bits, n_neighbors
        )
        start, stop, share_too_dear = stop, stop + _QUERIES_AT_ONCE, too_dear.mean()
    distances[start:], indices[start:] = brute_force.nearest_codes(
        queries[start:], columns, n_bits, n_neighbors
    )
    return distances, indices


def _nearest_by_tables(
    queries: NDArray[np.uint64],
    tables: list[SubstringTable],
    columns: NDArray[np.uint64],
    n_bits: int,
    n_neighbors: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    n_codes = columns.shape[1]
    pool = NearestPool(len(queries), n_neighbors, n_codes, n_bits)
    search = TableSearch(tables, queries, n_codes // _COST_OF_A_LOOKUP)
    searching = np.arange(len(queries))
    worst = pool.worst_distances
    distance = 0
    while len(searching):
        weight, at = divmod(distance, len(tables))
        for found in search.extend(at, weight, searching, worst):
            pool.offer(found)
            worst[:] = pool.worst_distances
        # Every code within `distance` has been found by now.
        unfinished = (worst > distance) & ~search.too_dear
        searching = searching[unfinished[searching]]
        distance += 1
    distances, indices = pool.result()
    return distances, indices, search.too_dear


def codes_within(
    queries: NDArray[np.uint64],
    tables: list[SubstringTable],
    columns: NDArray[np.uint64],
    n_bits: int,
    radius: int,
) -> Matches:
    """Find all codes within a distance of each query.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_words), dtype uint64
        Packed codes, one per row.

    tables : list of SubstringTable
        Tables of the searched codes.

    columns : ndarray of shape (n_words, n_codes), dtype uint64
        The searched codes, one per column.

    n_bits : int
        Length of a code in bits.

    radius : int
        Largest distance that counts as a neighbor.

    Returns
    -------
    matches : Matches
        All neighbors of all queries, in no particular order.
    """
    search = TableSearch(tables, queries, columns.shape[1] // _COST_OF_A_LOOKUP)
    limits = np.full(len(queries), radius, dtype=np.int64)
    searching = np.arange(len(queries))
    found: list[Matches] = []
    weight, remainder = divmod(radius, len(tables))
    for at in range(len(tables)):
        # One bit less is enough for the tables behind the remainder: were all parts
        # further off than this, the distances would add up to more than the radius.
        reach = weight if at <= remainder else weight - 1
        found.extend(search.extend(at, reach, searching, limits))
        searching = searching[~search.too_dear[searching]]
    matches = join(found)
    unsolved = np.flatnonzero(search.too_dear)
    if len(unsolved) == 0:
        return matches
    solved = ~search.too_dear[matches.rows]
    others = brute_force.codes_within(queries[unsolved], columns, n_bits, radius)
    return join(
        [
            matches.select(solved),
            Matches(unsolved[others.rows], others.distances, others.indices),
        ]
    )
