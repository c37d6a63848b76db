"""One search among fixed codes, whichever algorithm does it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from skdeep.hashing import brute_force, faiss_search, multi_index
from skdeep.hashing.matches import Matches, join
from skdeep.hashing.substring_tables import SubstringTable

# From this many codes on, tables beat looking at every code even for small batches;
# far beyond 128 bits there are too many tables for the memory they take.
_MIN_CODES_FOR_TABLES = 65_536
_MAX_BITS_FOR_TABLES = 128

# Queries that a thread takes at a time: fewer are not worth the hand-over, more would
# not be searched together anyway.
_MIN_QUERIES_PER_TASK = 16
_MAX_QUERIES_PER_TASK = 1024

Result = TypeVar("Result")


def choose_algorithm(algorithm: str, n_codes: int, n_bits: int) -> str:
    """Decide what "auto" stands for.

    Parameters
    ----------
    algorithm : {"auto", "brute", "multi_index", "faiss"}
        What the user asked for.

    n_codes : int
        Number of codes to search.

    n_bits : int
        Length of a code in bits.

    Returns
    -------
    algorithm : {"brute", "multi_index", "faiss"}
        The algorithm.
    """
    if algorithm != "auto":
        return algorithm
    many = n_codes >= _MIN_CODES_FOR_TABLES
    return "multi_index" if many and n_bits <= _MAX_BITS_FOR_TABLES else "brute"


@dataclass(frozen=True)
class CodeSearch:
    """Answer queries about fixed codes.

    Parameters
    ----------
    columns : ndarray of shape (n_words, n_codes), dtype uint64
        The packed codes, one per column.

    n_bits : int
        Length of a code in bits.

    algorithm : {"brute", "multi_index", "faiss"}
        How to search.

    tables : list of SubstringTable
        Tables of the codes, for "multi_index".

    n_jobs : int or None
        Number of threads.
    """

    columns: NDArray[np.uint64]
    n_bits: int
    algorithm: str
    tables: list[SubstringTable]
    n_jobs: int | None

    def nearest_codes(
        self, queries: NDArray[np.uint64], n_neighbors: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find the nearest codes of each query.

        Parameters
        ----------
        queries : ndarray of shape (n_queries, n_words), dtype uint64
            Packed codes.

        n_neighbors : int
            Neighbors per query, at most the number of codes.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), dtype int64
            Distances, ascending in each row.

        indices : ndarray of shape (n_queries, n_neighbors), dtype int64
            Indices of the codes; ascending among equal distances.
        """
        columns, n_bits = self.columns, self.n_bits

        def search(
            some: NDArray[np.uint64],
        ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            if self.algorithm == "multi_index":
                return multi_index.nearest_codes(
                    some, self.tables, columns, n_bits, n_neighbors
                )
            if self.algorithm == "faiss":
                return faiss_search.nearest_codes(some, columns, n_bits, n_neighbors)
            return brute_force.nearest_codes(some, columns, n_bits, n_neighbors)

        parts = [part for _, part in self._divide(queries, search)]
        distances = np.concatenate([part[0] for part in parts])
        return distances, np.concatenate([part[1] for part in parts])

    def codes_within(self, queries: NDArray[np.uint64], radius: int) -> Matches:
        """Find all codes within a distance of each query.

        Parameters
        ----------
        queries : ndarray of shape (n_queries, n_words), dtype uint64
            Packed codes.

        radius : int
            Largest distance that counts as a neighbor.

        Returns
        -------
        matches : Matches
            All neighbors of all queries, in no particular order.
        """
        columns, n_bits = self.columns, self.n_bits

        def search(some: NDArray[np.uint64]) -> Matches:
            if self.algorithm == "multi_index":
                return multi_index.codes_within(
                    some, self.tables, columns, n_bits, radius
                )
            if self.algorithm == "faiss":
                return faiss_search.codes_within(some, columns, n_bits, radius)
            return brute_force.codes_within(some, columns, n_bits, radius)

        return join(
            found._replace(rows=found.rows + first)
            for first, found in self._divide(queries, search)
        )

    def _divide(
        self,
        queries: NDArray[np.uint64],
        search: Callable[[NDArray[np.uint64]], Result],
    ) -> list[tuple[int, Result]]:
        """Divide queries among threads, which NumPy lets run side by side.

        Returns the results, each with the row of its first query.
        """
        n_threads = 1 if self.n_jobs is None else self.n_jobs
        if n_threads < 0:
            n_threads = max(1, (os.cpu_count() or 1) + 1 + n_threads)
        n_each = -(-len(queries) // n_threads)
        n_each = min(max(n_each, _MIN_QUERIES_PER_TASK), _MAX_QUERIES_PER_TASK)
        if len(queries) <= n_each:
            return [(0, search(queries))]
        starts = range(0, len(queries), n_each)
        # Threads also in a context of processes, each of which would get a copy of all
        # codes.
        results = Parallel(n_jobs=self.n_jobs, backend="threading")(
            delayed(search)(queries[start : start + n_each]) for start in starts
        )
        return list(zip(starts, results, strict=True))
