"""Neighbors of many queries in one flat list."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Matches(NamedTuple):
    """Pairs of a query and a code.

    Attributes
    ----------
    rows : ndarray of shape (n_matches,)
        The query's row.

    distances : ndarray of shape (n_matches,)
        Distance between query and code.

    indices : ndarray of shape (n_matches,)
        The code's index.
    """

    rows: NDArray[Any]
    distances: NDArray[Any]
    indices: NDArray[Any]

    def select(self, chosen: NDArray[Any]) -> Matches:
        """Return some of the matches.

        Parameters
        ----------
        chosen : ndarray
            A mask, or positions.

        Returns
        -------
        matches : Matches
            The chosen matches.
        """
        return Matches(*(column[chosen] for column in self))

    def ordered(self, by_distance: bool) -> Matches:
        """Return the matches ordered by query and index.

        Parameters
        ----------
        by_distance : bool
            Whether distance comes before index.

        Returns
        -------
        matches : Matches
            The same matches.
        """
        if by_distance:
            order = np.lexsort((self.indices, self.distances, self.rows))
        else:
            order = np.lexsort((self.indices, self.rows))
        return self.select(order)

    def bounds(self, n_queries: int) -> NDArray[np.int64]:
        """Return where the matches of each query start, if they are ordered.

        Parameters
        ----------
        n_queries : int
            Number of queries, also those without matches.

        Returns
        -------
        bounds : ndarray of shape (n_queries + 1,), dtype int64
            Query ``i`` has the matches ``bounds[i] .. bounds[i + 1]``.
        """
        return np.searchsorted(self.rows, np.arange(n_queries + 1))


def join(pieces: Iterable[Matches]) -> Matches:
    """Put pieces one behind the other.

    Parameters
    ----------
    pieces : iterable of Matches
        Any number of pieces, also none.

    Returns
    -------
    matches : Matches
        All matches, as int64 arrays.
    """
    several = list(pieces)
    if len(several) == 1:
        return Matches(*(column.astype(np.int64, copy=False) for column in several[0]))
    nothing = np.empty(0, dtype=np.int64)
    columns = zip(Matches(nothing, nothing, nothing), *several, strict=True)
    return Matches(*(np.concatenate(column) for column in columns))


def cut(values: NDArray[Any], bounds: NDArray[np.int64]) -> NDArray[np.object_]:
    """Cut one array into an array of arrays.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        The array to cut.

    bounds : ndarray of shape (n_pieces + 1,), dtype int64
        Where the pieces start, and the last one ends.

    Returns
    -------
    pieces : ndarray of shape (n_pieces,), dtype object
        The pieces.
    """
    pieces = np.empty(len(bounds) - 1, dtype=object)
    for row, (start, stop) in enumerate(pairwise(bounds.tolist())):
        pieces[row] = values[start:stop]
    return pieces
