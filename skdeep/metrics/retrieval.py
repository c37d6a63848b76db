"""How well codes retrieve: rankings by Hamming distance, judged by labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdeep.metrics.average_precision import expected_average_precision
from skdeep.metrics.codes import (
    are_numbers,
    as_words,
    distances_to,
    read_bits,
    read_labels,
)

# Queries whose counts are turned into precision together: bounds the memory.
_QUERIES_AT_ONCE = 1024


@dataclass(frozen=True)
class RadiusPrecision:
    """Precision of look-ups within a Hamming radius.

    Parameters
    ----------
    precision : float
        Mean over queries of the share of found codes that have the query's label, in
        [0, 1]. A query that finds nothing counts 0.

    empty_rate : float
        Share of queries that find nothing, in [0, 1].

    See Also
    --------
    precision_within_radius : Computes it.

    Examples
    --------
    >>> from skdeep.metrics import precision_within_radius
    >>> precision_within_radius([[0]], [[0], [1]], ["a"], ["a", "b"], radius=0)
    RadiusPrecision(precision=1.0, empty_rate=0.0)
    """

    precision: float
    empty_rate: float


def mean_average_precision(
    query_codes: ArrayLike,
    database_codes: ArrayLike,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
    *,
    top_k: int | None = None,
    denominator: Literal["retrieved", "possible"] = "retrieved",
) -> float:
    """Compute the mean average precision of rankings by Hamming distance.

    For each query the database is ranked by Hamming distance, and an item is relevant
    if it has the query's label. Average precision is the sum of the precisions at the
    ranks of relevant items, divided by a number of relevant items (see `denominator`).

    Most items of such a ranking tie with others. Instead of the average precision of
    one arbitrary order, its exact mean over all orders of tied items is computed, by a
    closed form [1]_. So the figure does not depend on the order of the database.

    Parameters
    ----------
    query_codes : array-like of shape (n_queries, n_bits)
        Zeros and ones.

    database_codes : array-like of shape (n_database, n_bits)
        Zeros and ones. A query that is itself in the database finds itself; for a data
        set queried by itself use :func:`leave_one_out_mean_average_precision`.

    query_labels : array-like of shape (n_queries,)
        Class labels: numbers or strings.

    database_labels : array-like of shape (n_database,)
        Class labels.

    top_k : int, default=None
        Only the first `top_k` ranks count, for example 1000 for the figure that is
        often called mAP@1000. None ranks the whole database (MAP@all).

    denominator : {"retrieved", "possible"}, default="retrieved"
        What the sum of precisions is divided by when `top_k` is given:

        - "retrieved": the relevant items among the first `top_k`, as is usual in
          papers on hashing. One relevant item, ranked first, gives 1;
        - "possible": the smaller of `top_k` and the number of relevant items in the
          database. It reaches 1 only if all ranks are relevant, as far as possible.

        Without `top_k` both are the number of relevant items in the database.

    Returns
    -------
    score : float
        Mean over queries, in [0, 1]. A query without relevant items counts 0.

    Raises
    ------
    ValueError
        If codes are not matrices of zeros and ones of the same width, numbers of
        labels differ from numbers of codes, or a parameter is out of range.

    See Also
    --------
    leave_one_out_mean_average_precision : Every item queries all others.
    precision_within_radius : Judges look-ups instead of rankings.

    Notes
    -----
    10,000 queries against 60,000 codes take seconds: distances are counted by levels,
    and only the counts are kept.

    References
    ----------
    .. [1] McSherry, F. and Najork, M. (2008). Computing information retrieval
       performance measures efficiently in the presence of tied scores. Advances in
       Information Retrieval, 414-421. :doi:`10.1007/978-3-540-78646-7_38`

    Examples
    --------
    >>> from skdeep.metrics import mean_average_precision
    >>> database = [[0, 0, 0], [0, 0, 1], [0, 1, 0]]
    >>> round(mean_average_precision([[0, 0, 0]], database, ["a"], ["a", "a", "b"]), 4)
    0.9167
    """
    queries = read_bits(query_codes, "query_codes")
    database = read_bits(database_codes, "database_codes")
    _check_widths(queries, database)
    classes = _read_classes(queries, database, query_labels, database_labels)
    blocks = _level_counts(queries, database, *classes)
    total = _sum_of_precisions(blocks, top_k, denominator)
    return total / len(queries)


def leave_one_out_mean_average_precision(
    codes: ArrayLike,
    labels: ArrayLike,
    *,
    top_k: int | None = None,
    denominator: Literal["retrieved", "possible"] = "retrieved",
) -> float:
    """Compute the mean average precision of a data set that is queried by itself.

    Each row in turn ranks all other rows; otherwise as
    :func:`mean_average_precision`, with ties handled in the same exact way.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits)
        Zeros and ones, of at least two rows.

    labels : array-like of shape (n_samples,)
        Class labels: numbers or strings.

    top_k : int, default=None
        Only the first `top_k` ranks count. None ranks all other rows.

    denominator : {"retrieved", "possible"}, default="retrieved"
        See :func:`mean_average_precision`.

    Returns
    -------
    score : float
        Mean over rows, in [0, 1]. A row whose label no other row has counts 0.

    Raises
    ------
    ValueError
        If `codes` is not a matrix of zeros and ones with two rows or more, the number
        of labels differs, or a parameter is out of range.

    Examples
    --------
    >>> from skdeep.metrics import leave_one_out_mean_average_precision
    >>> codes = [[0, 0], [0, 0], [1, 1], [1, 1]]
    >>> leave_one_out_mean_average_precision(codes, ["a", "a", "b", "b"])
    1.0
    """
    bits = read_bits(codes)
    if len(bits) < 2:
        raise ValueError(
            f"codes must have at least two rows to query each other, got {len(bits)}."
        )
    classes = _read_classes(bits, bits, labels, labels)

    def without_itself() -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        for totals, relevant in _level_counts(bits, bits, *classes):
            totals[:, 0] -= 1
            relevant[:, 0] -= 1
            yield totals, relevant

    return _sum_of_precisions(without_itself(), top_k, denominator) / len(bits)


def precision_within_radius(
    query_codes: ArrayLike,
    database_codes: ArrayLike,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
    *,
    radius: int = 2,
) -> RadiusPrecision:
    """Compute the precision of look-ups within a Hamming radius.

    Parameters
    ----------
    query_codes : array-like of shape (n_queries, n_bits)
        Zeros and ones.

    database_codes : array-like of shape (n_database, n_bits)
        Zeros and ones.

    query_labels : array-like of shape (n_queries,)
        Class labels: numbers or strings.

    database_labels : array-like of shape (n_database,)
        Class labels.

    radius : int, default=2
        Largest distance in bits that counts as found, at least 0.

    Returns
    -------
    result : RadiusPrecision
        `precision`, the mean over queries of the share of found codes that have the
        query's label, where a query that finds nothing counts 0; and `empty_rate`, the
        share of such queries.

    Raises
    ------
    ValueError
        If codes are not matrices of zeros and ones of the same width, numbers of
        labels differ from numbers of codes, or `radius` is negative.

    Examples
    --------
    >>> from skdeep.metrics import precision_within_radius
    >>> database = [[0, 0, 0], [0, 0, 1], [0, 1, 0]]
    >>> result = precision_within_radius(
    ...     [[0, 0, 0], [1, 1, 1]], database, ["a", "b"], ["a", "a", "b"], radius=1
    ... )
    >>> round(result.precision, 4), result.empty_rate
    (0.3333, 0.5)
    """
    if not isinstance(radius, Real) or not radius >= 0:
        raise ValueError(f"radius must be at least 0, got {radius!r}.")
    queries = read_bits(query_codes, "query_codes")
    database = read_bits(database_codes, "database_codes")
    _check_widths(queries, database)
    starts, stops, order = _read_classes(
        queries, database, query_labels, database_labels
    )
    found = np.zeros(len(queries))
    relevant = np.zeros(len(queries))
    words = as_words(database[order])
    for row, distances in enumerate(
        distances_to(as_words(queries), words, queries.shape[1])
    ):
        near = distances <= radius
        found[row] = np.count_nonzero(near)
        relevant[row] = np.count_nonzero(near[starts[row] : stops[row]])
    # Where nothing is found nothing is relevant either: 0 / 1.
    precisions = relevant / np.maximum(found, 1)
    return RadiusPrecision(float(precisions.mean()), float((found == 0).mean()))


def _check_widths(queries: NDArray[np.bool_], database: NDArray[np.bool_]) -> None:
    if queries.shape[1] != database.shape[1]:
        raise ValueError(
            f"query_codes have {queries.shape[1]} bits, but database_codes have "
            f"{database.shape[1]}. Pass codes of the same transformer."
        )


def _read_classes(
    queries: NDArray[np.bool_],
    database: NDArray[np.bool_],
    query_labels: ArrayLike,
    database_labels: ArrayLike,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sort the database by label.

    Returns, for each query, where the items of its label start and stop in the sorted
    database, and the order that sorts it.
    """
    wanted = read_labels(query_labels, len(queries), "query_labels")
    given = read_labels(database_labels, len(database), "database_labels")
    if are_numbers(wanted) != are_numbers(given):
        raise ValueError(
            f"query_labels of dtype {wanted.dtype} cannot be compared with "
            f"database_labels of dtype {given.dtype}, as only one of them holds "
            "numbers. Pass both as numbers, or both as strings."
        )
    order = np.argsort(given, kind="stable")
    ordered = given[order]
    starts = np.searchsorted(ordered, wanted, side="left")
    return starts, np.searchsorted(ordered, wanted, side="right"), order


def _level_counts(
    queries: NDArray[np.bool_],
    database: NDArray[np.bool_],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    order: NDArray[np.int64],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Count the items, and the relevant items, at each distance from each query.

    Yields blocks of queries: two arrays of shape (n_block, n_bits + 1). The database
    is sorted by label, so the items relevant to a query are one slice of it.
    """
    n_bits = queries.shape[1]
    words, all_queries = as_words(database[order]), as_words(queries)
    for first in range(0, len(queries), _QUERIES_AT_ONCE):
        block = all_queries[:, first : first + _QUERIES_AT_ONCE]
        totals = np.empty((block.shape[1], n_bits + 1), dtype=np.int64)
        relevant = np.empty_like(totals)
        for row, distances in enumerate(distances_to(block, words, n_bits)):
            alike = distances[starts[first + row] : stops[first + row]]
            totals[row] = np.bincount(distances, minlength=n_bits + 1)
            relevant[row] = np.bincount(alike, minlength=n_bits + 1)
        yield totals, relevant


def _sum_of_precisions(
    blocks: Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]],
    top_k: int | None,
    denominator: Any,
) -> float:
    return sum(
        float(
            expected_average_precision(
                totals, relevant, top_k=top_k, denominator=denominator
            ).sum()
        )
        for totals, relevant in blocks
    )
