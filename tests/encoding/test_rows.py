"""Rows by content, against a slow reference on dictionaries."""

from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdeep.encoding.rows import distinct_rows, normalized_weights, row_keys
from skdeep.encoding.tokens import TokenSequences

few_values = st.sampled_from([0.0, -0.0, 1.0, 0.5, 1e-30])
arrays = hnp.arrays(
    st.sampled_from(["float32", "float64"]),
    st.tuples(st.integers(1, 12), st.integers(1, 3)),
    elements=few_values.map(np.float32),
)
pixels = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 12), st.integers(1, 3), st.integers(1, 2)),
    elements=st.integers(0, 1),
)
sequences = st.lists(
    st.lists(st.integers(1, 2), min_size=1, max_size=3), min_size=1, max_size=12
).map(TokenSequences.from_rows)
any_rows = st.one_of(arrays, pixels, sequences)
weight_values = st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 2.0, 1e-3, 1e3])


def content(rows, number):
    """Return a row as a tuple of numbers; -0.0 equals 0.0 there, too."""
    if isinstance(rows, TokenSequences):
        return tuple(rows.ids[slice(*rows.offsets[number : number + 2])].tolist())
    return tuple(rows[number].ravel().tolist())


def slow_reference(rows, targets, weights):
    """Return the weight of each content."""
    table = defaultdict(Fraction)
    for number in range(len(rows)):
        target = None if targets is None else int(targets[number])
        weight = Fraction(1 if weights is None else float(weights[number]))
        if weight > 0:
            table[content(rows, number), target] += weight
    return table


def take(rows, order):
    """Return rows in an order."""
    return rows.take(order) if isinstance(rows, TokenSequences) else rows[order]


@st.composite
def samples(draw):
    """Draw rows, perhaps targets and perhaps weights."""
    rows = draw(any_rows)
    n_rows = len(rows)

    def each(elements):
        return st.lists(elements, min_size=n_rows, max_size=n_rows).map(np.array)

    targets = draw(st.none() | each(st.integers(0, 1)))
    weights = draw(st.none() | each(weight_values).filter(np.any))
    return rows, targets, weights


@given(samples())
def test_weighted_multiset(sample):
    """Each content is chosen once, with the share that its rows have together."""
    rows, targets, weights = sample
    chosen, merged = distinct_rows(rows, targets, weights)
    table = slow_reference(rows, targets, weights)
    found = [
        (content(rows, n), None if targets is None else int(targets[n])) for n in chosen
    ]
    assert len(found) == len(table)
    assert set(found) == set(table)
    if merged is None:
        merged = np.ones(len(chosen))
    else:
        assert merged.dtype == np.float32
    total = sum(table.values())
    shares = [float(table[key] / total) * len(table) for key in found]
    np.testing.assert_allclose(merged, shares, rtol=1e-6)


@given(samples(), st.randoms(use_true_random=False))
def test_order_does_not_matter(sample, random):
    """Rows in another order are the same rows, in the same order, to the bit."""
    rows, targets, weights = sample
    order = list(range(len(rows)))
    random.shuffle(order)
    order = np.array(order)
    first, merged = distinct_rows(rows, targets, weights)
    second, again = distinct_rows(
        take(rows, order),
        None if targets is None else targets[order],
        None if weights is None else weights[order],
    )
    second = order[second]
    assert [content(rows, n) for n in first] == [content(rows, n) for n in second]
    if targets is not None:
        np.testing.assert_array_equal(targets[first], targets[second])
    np.testing.assert_array_equal(merged, again)


@given(samples(), st.integers(1, 3))
def test_repeating_equals_weighting(sample, times):
    """Rows given several times are rows of several times the weight."""
    rows, targets, weights = sample
    weights = np.ones(len(rows)) if weights is None else weights
    repeated = np.tile(np.arange(len(rows)), times)
    first, merged = distinct_rows(rows, targets, weights * times)
    second, again = distinct_rows(
        take(rows, repeated),
        None if targets is None else targets[repeated],
        weights[repeated],
    )
    assert [content(rows, n) for n in first] == [
        content(rows, n) for n in repeated[second]
    ]
    if merged is None or again is None:
        merged = np.ones(len(first)) if merged is None else merged
        again = np.ones(len(first)) if again is None else again
    np.testing.assert_allclose(merged, again, rtol=1e-6)


def test_sums_do_not_depend_on_the_order():
    """Weights of equal rows are added up in an order of their own."""
    rows = np.zeros((2001, 1), dtype=np.float32)
    rows[0] = 1
    weights = np.random.default_rng(0).random(2001) ** 9
    expected = None
    for seed in range(20):
        order = np.concatenate([[0], 1 + np.random.default_rng(seed).permutation(2000)])
        _, merged = distinct_rows(rows[order], sample_weight=weights[order])
        expected = merged if expected is None else expected
        np.testing.assert_array_equal(merged, expected)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int32"])
@pytest.mark.parametrize("shape", [(1,), (3,), (5, 7, 3), (32, 32, 3)])
def test_keys_tell_rows_apart(dtype, shape):
    """Rows that differ in any single number have different keys."""
    n_numbers = int(np.prod(shape))
    rows = np.zeros((2 * n_numbers + 1, n_numbers), dtype=dtype)
    for place in range(n_numbers):
        rows[1 + place, place] = 1
        rows[1 + n_numbers + place, place] = 2
    keys = row_keys(rows.reshape(-1, *shape))
    assert keys.dtype == np.uint64
    assert len(np.unique(keys)) == len(rows)


def test_keys_of_many_rows():
    """A million different rows have a million different keys."""
    generator = np.random.default_rng(0)
    numbers = np.arange(2**20, dtype=np.float32)
    grid = np.stack([numbers % 1024, numbers // 1024], axis=1)
    assert len(np.unique(row_keys(grid))) == 2**20
    bits = (np.arange(2**16)[:, None] >> np.arange(16)) & 1
    assert len(np.unique(row_keys(bits.astype(np.uint8)))) == 2**16
    ragged = [generator.integers(1, 3, n % 30 + 1).tolist() for n in range(5000)]
    keys = row_keys(TokenSequences.from_rows(ragged))
    assert len(np.unique(keys)) == len(set(map(tuple, ragged)))


def test_keys_do_not_depend_on_layout():
    """Views, orders in memory and chunks do not change a key."""
    rows = np.random.default_rng(0).random((50, 6, 4)).astype("float32")
    keys = row_keys(rows)
    np.testing.assert_array_equal(row_keys(np.asfortranarray(rows)), keys)
    np.testing.assert_array_equal(row_keys(np.repeat(rows, 2, axis=0)[::2]), keys)
    np.testing.assert_array_equal(row_keys(rows.reshape(50, 24)), keys)
    for number in range(50):
        assert row_keys(rows[number : number + 1]) == keys[number]


KNOWN_KEYS = [4967098139784369544, 16575463538019919403]


def test_keys_are_the_same_everywhere():
    """The order of rows, and so every fit, rests on these numbers."""
    assert row_keys(np.array([[1.0, 2.0]], dtype=np.float32)).tolist() == KNOWN_KEYS[:1]
    assert row_keys(TokenSequences.from_rows([[1, 2]])).tolist() == KNOWN_KEYS[1:]


def test_normalized_weights():
    """Weights have mean one, and equal ones are none."""
    assert normalized_weights(np.array([0.3, 0.3])) is None
    found = normalized_weights(np.array([1.0, 3.0]))
    np.testing.assert_array_equal(found, np.array([0.5, 1.5], dtype=np.float32))
    assert found.dtype == np.float32
