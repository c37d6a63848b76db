"""Candidates for some queries, read from tables of the codes' parts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdeep.hashing.matches import Matches
from skdeep.hashing.substring_tables import (
    SubstringTable,
    key_flips,
    key_mask,
    substring,
)

# Buckets looked up, and candidates compared, at once: both bound the memory in use.
_BUCKETS_AT_ONCE = 1 << 18
_CANDIDATES_AT_ONCE = 1 << 19


class TableSearch:
    """One search of some queries through all tables, closest buckets first.

    Parameters
    ----------
    tables : list of SubstringTable
        Tables of the searched codes.

    queries : ndarray of shape (n_queries, n_words), dtype uint64
        Packed codes.

    max_cost : int
        Buckets plus codes that may be touched for one query. A query that needs more
        is given up, see `too_dear`.

    Attributes
    ----------
    too_dear : ndarray of shape (n_queries,), dtype bool
        Queries given up: looking at every code is cheaper for them.
    """

    def __init__(
        self, tables: list[SubstringTable], queries: NDArray[np.uint64], max_cost: int
    ) -> None:
        self.too_dear = np.zeros(len(queries), dtype=bool)
        self._tables = tables
        self._queries = queries
        self._left = np.full(len(queries), max_cost, dtype=np.int64)
        # Every code that differs from a query in at most searched[t] bits of part t,
        # for any t, was found already.
        self._searched = [-1] * len(tables)
        n_words = queries.shape[1]
        self._masks = [key_mask(table, n_words) for table in tables]

    def extend(
        self,
        at: int,
        weight: int,
        rows: NDArray[np.int64],
        worst_distances: NDArray[Any],
    ) -> Iterator[Matches]:
        """Look into all buckets of one table up to some distance of the keys.

        Parameters
        ----------
        at : int
            The table.

        weight : int
            Largest number of bits in which the keys differ. Buckets that an earlier
            call looked into are left out.

        rows : ndarray of shape (n_rows,), dtype int64
            The queries to search for, ascending.

        worst_distances : ndarray of shape (n_queries,)
            Codes further away than this from their query are left out. Read anew for
            each portion of candidates, so the caller may lower it meanwhile.

        Yields
        ------
        candidates : Matches
            A bounded number of codes, each new to its query.
        """
        width = self._tables[at]["key_bits"]
        weights = range(self._searched[at] + 1, min(weight, width) + 1)
        n_buckets = sum(comb(width, ones) for ones in weights)
        rows = self._spend(rows, n_buckets)
        if n_buckets and len(rows):
            flips = np.concatenate([key_flips(width, ones) for ones in weights])
            step = max(1, _BUCKETS_AT_ONCE // n_buckets)
            for start in range(0, len(rows), step):
                part = rows[start : start + step]
                yield from self._open_buckets(at, part, flips, worst_distances)
        self._searched[at] = max(weight, self._searched[at])

    def _spend(
        self, rows: NDArray[np.int64], cost: int | NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Charge queries for a step and return those that can afford it."""
        self._left[rows] -= cost
        affordable = self._left[rows] >= 0
        self.too_dear[rows] = ~affordable
        return rows[affordable]

    def _open_buckets(
        self,
        at: int,
        rows: NDArray[np.int64],
        flips: NDArray[np.int64],
        worst_distances: NDArray[Any],
    ) -> Iterator[Matches]:
        table = self._tables[at]
        keys = substring(self._queries[rows], table["first_bit"], table["key_bits"])
        buckets = keys[:, np.newaxis] ^ flips
        starts = table["offsets"][buckets]
        sizes = table["offsets"][buckets + 1] - starts
        costs = sizes.sum(axis=1, dtype=np.int64)
        self._spend(rows, costs)
        kept = ~self.too_dear[rows]
        if not kept.all():
            rows, starts, sizes = rows[kept], starts[kept], sizes[kept]
            costs = costs[kept]
        for part in _portions(costs, _CANDIDATES_AT_ONCE):
            slots, columns = np.nonzero(sizes[part])
            counts = sizes[part][slots, columns]
            first = starts[part][slots, columns]
            yield self._compare(at, rows[part][slots], first, counts, worst_distances)

    def _compare(
        self,
        at: int,
        rows: NDArray[np.int64],
        starts: NDArray[Any],
        counts: NDArray[Any],
        worst_distances: NDArray[Any],
    ) -> Matches:
        """Compare queries with the codes ``starts .. starts + counts`` of a table."""
        table = self._tables[at]
        ends = np.cumsum(counts, dtype=np.int64)
        total = int(ends[-1]) if len(ends) else 0
        places = np.repeat(starts - (ends - counts), counts) + np.arange(total)
        differences = [
            column[places] ^ np.repeat(self._queries[rows, word], counts)
            for word, column in enumerate(table["columns"])
        ]
        distances = _count_ones(differences)
        near = np.flatnonzero(distances <= np.repeat(worst_distances[rows], counts))
        differences = [word[near] for word in differences]
        new = np.ones(len(near), dtype=bool)
        for other, mask in enumerate(self._masks):
            if other != at and self._searched[other] >= 0:
                words = zip(differences, mask, strict=True)
                parts = [word & bits for word, bits in words if bits]
                new &= _count_ones(parts) > self._searched[other]
        near = near[new]
        return Matches(
            rows=np.repeat(rows, counts)[near],
            distances=distances[near],
            indices=table["indices"][places[near]],
        )


def _count_ones(words: list[NDArray[np.uint64]]) -> NDArray[Any]:
    total: NDArray[Any] = np.bitwise_count(words[0])
    if len(words) >= 4:
        total = total.astype(np.uint32)
    for word in words[1:]:
        total += np.bitwise_count(word)
    return total


def _portions(costs: NDArray[np.int64], budget: int) -> Iterator[slice]:
    """Cut a sequence into consecutive pieces that cost about `budget` each."""
    if costs.sum() <= budget:
        yield slice(None)
        return
    pieces = np.cumsum(costs) // budget
    starts = np.flatnonzero(np.diff(pieces, prepend=-1)).tolist()
    for start, stop in pairwise([*starts, len(costs)]):
        yield slice(start, stop)
