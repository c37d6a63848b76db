"""Rankings and look-ups by Hamming distance."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.metrics import (
    expected_average_precision,
    leave_one_out_mean_average_precision,
    mean_average_precision,
    precision_within_radius,
)


def random_data(seed, n_queries=6, n_database=25, n_bits=7, n_classes=3):
    """Draw codes and labels."""
    rng = np.random.default_rng(seed)
    return (
        rng.integers(0, 2, (n_queries, n_bits)),
        rng.integers(0, 2, (n_database, n_bits)),
        rng.integers(0, n_classes, n_queries),
        rng.integers(0, n_classes, n_database),
    )


def slow_groups(query, database, relevant):
    """Count items and relevant items at each distance, item by item."""
    sizes, good = [0] * (len(query) + 1), [0] * (len(query) + 1)
    for code, is_relevant in zip(database, relevant, strict=True):
        distance = sum(a != b for a, b in zip(query, code, strict=True))
        sizes[distance] += 1
        good[distance] += int(is_relevant)
    return sizes, good


def slow_map(queries, database, query_labels, database_labels, **keywords):
    """Average the tie-aware figures of single queries."""
    values = []
    for query, label in zip(queries, query_labels, strict=True):
        sizes, good = slow_groups(query, database, database_labels == label)
        values.append(expected_average_precision([sizes], [good], **keywords)[0])
    return np.mean(values)


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 9_999),
    n_bits=st.sampled_from([1, 7, 64, 70, 300]),
    top_k=st.one_of(st.none(), st.integers(1, 30)),
    denominator=st.sampled_from(["retrieved", "possible"]),
)
def test_map_equals_counting_item_by_item(seed, n_bits, top_k, denominator):
    """Rankings are judged by the counts of items at each distance."""
    data = random_data(seed, n_bits=n_bits)
    keywords = {"top_k": top_k, "denominator": denominator}
    found = mean_average_precision(*data, **keywords)
    assert found == pytest.approx(slow_map(*data, **keywords), abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 9_999), top_k=st.one_of(st.none(), st.integers(1, 30)))
def test_map_does_not_depend_on_what_should_not_matter(seed, top_k):
    """Order of rows, flipping a bit everywhere, order of bits, and names of labels."""
    queries, database, wanted, given_labels = random_data(seed)
    rng = np.random.default_rng(seed)
    expected = mean_average_precision(
        queries, database, wanted, given_labels, top_k=top_k
    )
    rows, others = rng.permutation(len(queries)), rng.permutation(len(database))
    bits, flips = (
        rng.permutation(queries.shape[1]),
        rng.integers(0, 2, queries.shape[1]),
    )
    names = np.array(["dog", "ant", "cat"])
    changed = mean_average_precision(
        (queries ^ flips)[rows][:, bits].astype(bool),
        (database ^ flips)[others][:, bits].astype(np.uint8),
        names[wanted[rows]],
        names[given_labels[others]],
        top_k=top_k,
    )
    assert changed == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 9_999), top_k=st.one_of(st.none(), st.integers(1, 30)))
def test_leave_one_out_is_one_search_per_row(seed, top_k):
    """Each row in turn is taken out and queries the rest."""
    _, codes, _, labels = random_data(seed, n_database=12)
    values = [
        mean_average_precision(
            codes[[row]],
            np.delete(codes, row, axis=0),
            labels[[row]],
            np.delete(labels, row),
            top_k=top_k,
        )
        for row in range(len(codes))
    ]
    found = leave_one_out_mean_average_precision(codes, labels, top_k=top_k)
    assert found == pytest.approx(np.mean(values), abs=1e-12)


def test_perfect_and_useless_codes():
    """One code per class is perfect; one code for all gives the share of the class."""
    labels = np.repeat([0, 1], 50)
    perfect = np.repeat([[0, 0], [1, 1]], 50, axis=0)
    assert mean_average_precision(perfect, perfect, labels, labels) == 1
    useless = np.zeros((1000, 4))
    labels = np.repeat([0, 1], 500)
    found = mean_average_precision(useless[:1], useless, labels[:1], labels)
    assert found == pytest.approx(0.5, abs=0.01)


def test_queries_without_relevant_items_count_zero():
    """A label that the database lacks lowers the mean."""
    codes = [[0, 1], [1, 0]]
    found = mean_average_precision(codes, codes, ["a", "x"], ["a", "b"])
    assert found == 0.5


def test_more_queries_than_one_block(monkeypatch):
    """Blocks of queries do not show."""
    data = random_data(0, n_queries=50)
    whole = mean_average_precision(*data)
    monkeypatch.setattr("skdeep.metrics.retrieval._QUERIES_AT_ONCE", 7)
    assert mean_average_precision(*data) == pytest.approx(whole, rel=1e-14)


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 9_999),
    n_bits=st.sampled_from([1, 7, 70]),
    radius=st.integers(0, 8),
)
def test_precision_within_radius_equals_counting(seed, n_bits, radius):
    """Found and relevant items are counted one by one; empty look-ups count zero."""
    queries, database, wanted, labels = random_data(seed, n_bits=n_bits)
    precisions, empty = [], 0
    for query, label in zip(queries, wanted, strict=True):
        near = (query != database).sum(axis=1) <= radius
        empty += not near.any()
        precisions.append((labels[near] == label).mean() if near.any() else 0.0)
    found = precision_within_radius(queries, database, wanted, labels, radius=radius)
    assert found.precision == pytest.approx(np.mean(precisions))
    assert found.empty_rate == pytest.approx(empty / len(queries))
    assert type(found.precision) is type(found.empty_rate) is float


def test_thousands_of_queries_take_seconds():
    """Time grows with the number of pairs only, at nanoseconds for each."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, (20_000, 32), dtype=np.uint8)
    labels = rng.integers(0, 10, 20_000)
    start = time.process_time()
    mean_average_precision(codes[:1_000], codes, labels[:1_000], labels)
    # 20 million pairs in about 0.1 s; the bar leaves room for slow machines.
    assert time.process_time() - start < 5


@pytest.mark.parametrize("function", [mean_average_precision, precision_within_radius])
def test_arguments_are_checked(function):
    """Codes and labels that do not fit are refused by name."""
    codes, labels = [[0, 1], [1, 1]], [0, 1]
    with pytest.raises(
        ValueError, match="database_codes must hold only zeros and ones"
    ):
        function(codes, [[0, 2], [1, 1]], labels, labels)
    with pytest.raises(ValueError, match="query_codes have 2 bits"):
        function(codes, [[0], [1]], labels, labels)
    with pytest.raises(ValueError, match="query_labels has 1 entries for 2 codes"):
        function(codes, codes, labels[:1], labels)
    with pytest.raises(ValueError, match="cannot be compared"):
        function(codes, codes, ["0", "1"], labels)
    numbers, words, mixed = (
        np.array(values, dtype=object) for values in ([1, 2], ["a", "b"], [1, "a"])
    )
    with pytest.raises(ValueError, match="cannot be compared"):
        function(codes, codes, numbers, words)
    with pytest.raises(ValueError, match="database_labels mixes labels"):
        function(codes, codes, labels, mixed)
    with pytest.raises(ValueError, match="Expected 2D array"):
        function([0, 1], codes, labels, labels)


@pytest.mark.parametrize("function", [mean_average_precision, precision_within_radius])
def test_labels_count_by_their_value(function):
    """Labels held as objects are those numbers, or those words."""
    codes = [[0, 1], [1, 1], [0, 0]]
    for labels in ([1, 2, 1], ["a", "b", "a"]):
        objects = np.array(labels, dtype=object)
        expected = function(codes, codes, labels, labels)
        for queries, database in ((objects, labels), (objects, objects)):
            assert function(codes, codes, queries, database) == expected


def test_other_arguments_are_checked():
    """Radius, top_k and a single row."""
    codes, labels = [[0, 1], [1, 1]], [0, 1]
    with pytest.raises(ValueError, match="radius must be at least 0"):
        precision_within_radius(codes, codes, labels, labels, radius=-1)
    with pytest.raises(ValueError, match="top_k must be at least 1"):
        mean_average_precision(codes, codes, labels, labels, top_k=0)
    with pytest.raises(ValueError, match="at least two rows"):
        leave_one_out_mean_average_precision(codes[:1], labels[:1])
