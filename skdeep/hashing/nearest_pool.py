"""The best neighbors found so far, for many queries at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdeep.hashing.matches import Matches

# Larger than every real key: "no neighbor yet".
_EMPTY = np.iinfo(np.int64).max

#: Queries that one pool serves at most. A row number, a distance and a code's index
#: share one 64-bit integer while candidates are sorted: 12 bits are for the row.
MAX_POOL_QUERIES = 4096


class NearestPool:
    """Keep, for each query, the nearest codes among all that were offered.

    A neighbor is one integer, ``distance << index_bits | index``. Ordering these
    integers orders neighbors by distance and equal distances by index, which is the
    promised order of the results; it makes sorting and merging single NumPy calls.

    Parameters
    ----------
    n_queries : int
        Number of queries, at most ``MAX_POOL_QUERIES``.

    n_neighbors : int
        Neighbors kept for each query.

    n_codes : int
        Number of searched codes: indices lie in ``[0, n_codes)``.

    n_bits : int
        Length of a code: distances lie in ``[0, n_bits]``.

    Raises
    ------
    ValueError
        If an index and a distance do not fit into 51 bits together.
    """

    def __init__(
        self, n_queries: int, n_neighbors: int, n_codes: int, n_bits: int
    ) -> None:
        self.n_neighbors = n_neighbors
        self._nothing_found = n_bits + 1
        self._index_bits = max(1, (n_codes - 1).bit_length())
        self._key_bits = self._index_bits + self._nothing_found.bit_length()
        if self._key_bits > 51:
            raise ValueError(
                f"{n_codes} codes of {n_bits} bits are too many to search at once. "
                "Split the codes among several HammingNeighbors."
            )
        self._keys = np.full((n_queries, n_neighbors), _EMPTY, dtype=np.int64)

    @property
    def worst_distances(self) -> NDArray[np.int64]:
        """Distance of the last neighbor kept; ``n_bits + 1`` while one is missing.

        Array of shape (n_queries,).
        """
        last: NDArray[np.int64] = self._keys[:, -1] >> self._index_bits
        return last.clip(max=self._nothing_found)

    def offer_block(self, distances: NDArray[Any], first_index: int) -> None:
        """Consider a block of consecutive codes for all queries.

        Parameters
        ----------
        distances : ndarray of shape (n_queries, n_block)
            Distances to the codes ``first_index, first_index + 1, ...``.

        first_index : int
            Index of the block's first code.
        """
        keys = distances.astype(np.int64)
        keys <<= self._index_bits
        keys += np.arange(first_index, first_index + keys.shape[1])
        keys = np.concatenate([self._keys, keys], axis=1)
        if keys.shape[1] > 4 * self.n_neighbors:
            keys.partition(self.n_neighbors - 1, axis=1)
            keys = keys[:, : self.n_neighbors]
        keys.sort(axis=1)
        self._keys = keys[:, : self.n_neighbors].copy()

    def offer(self, candidates: Matches) -> None:
        """Consider single candidates.

        Parameters
        ----------
        candidates : Matches
            Candidates in any order. A code must not be offered twice to a query.
        """
        if len(candidates.rows) == 0:
            return
        keys = candidates.rows.astype(np.int64)
        keys <<= self._key_bits - self._index_bits
        keys |= candidates.distances.astype(np.int64)
        keys <<= self._index_bits
        keys |= candidates.indices.astype(np.int64)
        keys.sort()
        sorted_rows = keys >> self._key_bits
        firsts = np.flatnonzero(np.diff(sorted_rows, prepend=-1))
        counts = np.diff(firsts, append=len(keys))
        ranks = np.arange(len(keys)) - np.repeat(firsts, counts)
        slots = np.repeat(np.arange(len(firsts)), counts)
        kept = ranks < self.n_neighbors
        width = self.n_neighbors + min(self.n_neighbors, int(counts.max()))
        merged = np.full((len(firsts), width), _EMPTY, dtype=np.int64)
        improved = sorted_rows[firsts]
        merged[:, : self.n_neighbors] = self._keys[improved]
        places = self.n_neighbors + ranks[kept]
        merged[slots[kept], places] = keys[kept] & ((1 << self._key_bits) - 1)
        merged.sort(axis=1)
        self._keys[improved] = merged[:, : self.n_neighbors]

    def result(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return what was kept.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), dtype int64
            Distances, ascending in each row.

        indices : ndarray of shape (n_queries, n_neighbors), dtype int64
            Indices of the codes; ascending among equal distances.
        """
        indices = self._keys & ((1 << self._index_bits) - 1)
        return self._keys >> self._index_bits, indices
