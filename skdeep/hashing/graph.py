"""Neighbors as the sparse graphs that scikit-learn's estimators read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


def check_mode(mode: str) -> None:
    """Refuse unknown kinds of edges.

    Parameters
    ----------
    mode : str
        Should be "connectivity" or "distance".

    Raises
    ------
    ValueError
        If it is neither.
    """
    if mode not in ("connectivity", "distance"):
        raise ValueError(f"mode must be 'connectivity' or 'distance', got {mode!r}.")


def neighbor_graph(
    distances: NDArray[Any],
    indices: NDArray[Any],
    bounds: NDArray[Any],
    n_codes: int,
    mode: str,
) -> csr_array:
    """Build a graph from queries to codes.

    Parameters
    ----------
    distances : ndarray of shape (n_edges,)
        Distances, query by query.

    indices : ndarray of shape (n_edges,)
        Indices of the codes.

    bounds : ndarray of shape (n_queries + 1,)
        Where the edges of each query start.

    n_codes : int
        Number of codes.

    mode : {"connectivity", "distance"}
        Whether edges are ones or distances.

    Returns
    -------
    graph : csr_array of shape (n_queries, n_codes), dtype float64
        The graph.
    """
    edges = np.ones(len(indices)) if mode == "connectivity" else distances
    shape = (len(bounds) - 1, n_codes)
    return csr_array((edges.astype(np.float64), indices, bounds), shape=shape)
