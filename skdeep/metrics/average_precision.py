"""Average precision of rankings with ties, exactly.

Consider a group of ``n`` tied items, ``r`` of them relevant, behind ``N`` items of
which ``R`` are relevant. In a random order of the group, the item at its place
``i = 1 .. n`` is relevant with probability ``r / n``; given that, each of the ``i - 1``
places before it is relevant with probability ``(r - 1) / (n - 1)``. So the first ``m``
places add, in expectation, the precisions

    r / n * sum((R + 1 + (i - 1) * (r - 1) / (n - 1)) / (N + i) for i in 1 .. m)
    = r / n * ((R + 1) * S + (r - 1) / (n - 1) * (m - (N + 1) * S))

where ``S = 1 / (N + 1) + ... + 1 / (N + m)`` is a difference of harmonic numbers [1]_.

References
----------
.. [1] McSherry, F. and Najork, M. (2008). Computing information retrieval performance
   measures efficiently in the presence of tied scores. Advances in Information
   Retrieval, 414-421. :doi:`10.1007/978-3-540-78646-7_38`
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln

from skdeep.metrics.reading import read_numbers

Floats = NDArray[np.float64]

# Probabilities computed together: bounds the memory.
_CELLS_AT_ONCE = 1 << 20


def expected_average_precision(
    group_sizes: ArrayLike,
    group_relevant: ArrayLike,
    *,
    top_k: int | None = None,
    denominator: Literal["retrieved", "possible"] = "retrieved",
) -> Floats:
    """Compute the mean average precision over all orders of tied items.

    Parameters
    ----------
    group_sizes : array-like of shape (n_queries, n_groups)
        Numbers of items in each group of ties, best group first. Groups may be empty.

    group_relevant : array-like of shape (n_queries, n_groups)
        How many of them are relevant.

    top_k : int, default=None
        Only the first `top_k` ranks count; the last group they reach may be cut. None
        counts all ranks.

    denominator : {"retrieved", "possible"}, default="retrieved"
        What the sum of precisions is divided by: the relevant items among the first
        `top_k` (the mean of the ratio is taken, not the ratio of the means), or the
        smaller of `top_k` and all relevant items.

    Returns
    -------
    average_precision : ndarray of shape (n_queries,), dtype float64
        In [0, 1]; 0 for queries without relevant items.

    Raises
    ------
    ValueError
        If the shapes differ, there are no groups, numbers of items are not whole, more
        items are relevant than there are, `top_k` is below 1 or `denominator` is
        unknown.

    Examples
    --------
    Of two tied items one is relevant: it is ranked first or second.

    >>> from skdeep.metrics import expected_average_precision
    >>> expected_average_precision([[2]], [[1]])
    array([0.75])
    """
    sizes, relevant = _check_groups(group_sizes, group_relevant)
    if top_k is not None and not (isinstance(top_k, Integral) and top_k >= 1):
        raise ValueError(
            f"top_k must be at least 1 and an integer, or None, got {top_k!r}."
        )
    if denominator not in ("retrieved", "possible"):
        raise ValueError(
            f"denominator must be 'retrieved' or 'possible', got {denominator!r}."
        )
    n_ranks = sizes.sum(axis=1)
    all_relevant = relevant.sum(axis=1)
    if top_k is not None:
        n_ranks = np.minimum(n_ranks, top_k)
        if denominator == "retrieved":
            return _mean_of_ratios(sizes, relevant, n_ranks)
    before = np.cumsum(sizes, axis=1) - sizes
    taken = np.clip(n_ranks[:, np.newaxis] - before, 0, sizes)
    sums = _expected_sums(sizes, relevant, taken).sum(axis=1)
    return np.asarray(sums / np.maximum(np.minimum(all_relevant, n_ranks), 1))


def _check_groups(sizes: ArrayLike, relevant: ArrayLike) -> tuple[Floats, Floats]:
    n = read_numbers(sizes, "group_sizes").astype(np.float64)
    r = read_numbers(relevant, "group_relevant").astype(np.float64)
    if n.ndim != 2 or n.shape != r.shape:
        raise ValueError(
            "group_sizes and group_relevant must have the same shape "
            f"(n_queries, n_groups), got {n.shape} and {r.shape}."
        )
    if n.shape[1] == 0:
        raise ValueError(
            f"There must be at least one group, got group_sizes of shape {n.shape}. "
            "Pass an empty group, of size 0, where nothing is ranked."
        )
    if not np.all((r >= 0) & (r <= n) & np.isfinite(n)):
        raise ValueError(
            "group_relevant must lie between 0 and group_sizes, which it does not "
            "everywhere. Count the relevant items of each group."
        )
    if np.any((n != np.floor(n)) | (r != np.floor(r))):
        raise ValueError(
            "group_sizes and group_relevant must be whole numbers, which they are not "
            "everywhere. Count items instead of weighing them."
        )
    return n, r


def _expected_sums(sizes: Floats, relevant: Floats, taken: Floats) -> Floats:
    """Return what each group adds to the sum of precisions, in expectation.

    `taken` is the number of places of each group that count.
    """
    before = np.cumsum(sizes, axis=1) - sizes
    relevant_before = np.cumsum(relevant, axis=1) - relevant
    share = relevant / np.maximum(sizes, 1)
    share_of_others = (relevant - 1) / np.maximum(sizes - 1, 1)
    return _sum_in_group(before, relevant_before, taken, share, share_of_others)


def _sum_in_group(
    before: Any, relevant_before: Any, taken: Any, share: Any, share_of_others: Any
) -> Floats:
    harmonic = digamma(before + taken + 1) - digamma(before + 1)
    # Exactly zero for one place; rounding must not make it negative.
    places = np.maximum(taken - (before + 1) * harmonic, 0)
    sums: Floats = share * ((relevant_before + 1) * harmonic + share_of_others * places)
    return sums


def _mean_of_ratios(sizes: Floats, relevant: Floats, n_ranks: Floats) -> Floats:
    """Average the precision at relevant ranks, over the relevant ranks of each order.

    The last group that is reached may be cut. How many of its relevant items lie
    before the cut is a hypergeometric random number; given it, the others follow the
    formula of a whole group.
    """
    rows = np.arange(len(sizes))
    ends = np.cumsum(sizes, axis=1)
    last = np.argmax(ends >= n_ranks[:, np.newaxis], axis=1)
    groups = np.arange(sizes.shape[1])
    whole = groups < last[:, np.newaxis]
    base = np.where(whole, _expected_sums(sizes, relevant, sizes), 0).sum(axis=1)
    hits = np.where(whole, relevant, 0).sum(axis=1)
    size, good = sizes[rows, last], relevant[rows, last]
    before = ends[rows, last] - size
    taken = n_ranks - before
    most = int(np.minimum(good, taken).max(initial=0))
    result = np.empty(len(sizes))
    step = max(1, _CELLS_AT_ONCE // (most + 1))
    for start in range(0, len(sizes), step):
        part = (slice(start, start + step), np.newaxis)
        found = np.arange(most + 1.0)
        chances = _hypergeometric(size[part], good[part], taken[part], found)
        sums = base[part] + _sum_in_group(
            before[part],
            hits[part],
            taken[part],
            found / np.maximum(taken[part], 1),
            (found - 1) / np.maximum(taken[part] - 1, 1),
        )
        ratios = sums / np.maximum(hits[part] + found, 1)
        result[part[0]] = (chances * ratios).sum(axis=1)
    return result


def _hypergeometric(size: Any, good: Any, drawn: Any, found: Any) -> Floats:
    """Return the chance of `found` good items when drawing without replacement."""
    possible = (found <= good) & (found <= drawn) & (drawn - found <= size - good)
    # Impossible numbers are computed as 0, and then left out.
    x = np.where(possible, found, np.maximum(0, drawn - (size - good)))
    logarithm = _log_choices(good, x) + _log_choices(size - good, drawn - x)
    logarithm -= _log_choices(size, drawn)
    chances = np.where(possible, np.exp(logarithm), 0.0)
    normalized: Floats = chances / chances.sum(axis=1, keepdims=True)
    return normalized


def _log_choices(n: Any, k: Any) -> Floats:
    logarithm: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return logarithm
