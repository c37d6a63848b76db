"""Rows in the order of their content, each as often as its weight says."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from skdeep.encoding.repeats import content_order, occurrences


def some_rows(n_rows=40):
    """Return rows, targets and weights with ties in all of them."""
    generator = np.random.default_rng(0)
    return (
        generator.integers(0, 3, (n_rows, 2)).astype(np.float32),
        generator.integers(0, 2, (n_rows, 1)).astype(np.float32),
        generator.integers(1, 4, n_rows).astype(float),
    )


def test_order_depends_on_content_only():
    """Shuffled rows come in the same order."""
    rows, targets, weights = some_rows()
    order = content_order(rows, targets, weights)
    assert sorted(order) == list(range(len(rows)))
    for seed in range(5):
        shuffle = np.random.default_rng(seed).permutation(len(rows))
        other = shuffle[
            content_order(rows[shuffle], targets[shuffle], weights[shuffle])
        ]
        for array in (rows, targets, weights):
            np.testing.assert_array_equal(array[order], array[other])


def test_equal_rows_are_neighbours():
    """Rows that are equal, targets included, stand together, the lightest first."""
    rows, targets, weights = some_rows()
    order = content_order(rows, targets, weights)
    kinds = [tuple(row) for row in np.hstack([rows, targets])[order]]
    changes = sum(a != b for a, b in itertools.pairwise(kinds))
    assert changes == len(set(kinds)) - 1
    for kind in set(kinds):
        places = [i for i, other in enumerate(kinds) if other == kind]
        assert (np.diff(weights[order][places]) >= 0).all()


def test_sparse_rows_have_the_order_of_dense_ones(monkeypatch):
    """The order does not depend on how zeros are stored, nor on chunks."""
    rows, targets, _ = some_rows()
    expected = content_order(rows, targets, None)
    for numbers in (2**21, 8):
        monkeypatch.setattr("skdeep.encoding.repeats._CHUNK_NUMBERS", numbers)
        np.testing.assert_array_equal(
            content_order(csr_array(rows), targets, None), expected
        )


@given(st.lists(st.integers(1, 6), min_size=1, max_size=20))
def test_whole_weights_are_counts(counts):
    """Whole numbers say how often a row occurs."""
    counts = np.array(counts, dtype=float)
    places, relative = occurrences(counts)
    assert relative is None
    if np.all(counts == counts[0]):
        assert places is None
    else:
        np.testing.assert_array_equal(np.bincount(places), counts)


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=20),
    st.floats(0.1, 10) | st.integers(1, 20),
)
@example(counts=[2], unit=2)
def test_multiples_of_the_smallest_weight_are_counts(counts, unit):
    """The smallest weight is one occurrence, unless whole numbers say otherwise."""
    weights = np.array([1, *counts]) * unit
    places, _ = occurrences(weights)
    if places is None:
        return
    occurring = np.bincount(places)
    np.testing.assert_allclose(occurring / occurring[0], weights / unit, rtol=1e-12)
    assert occurring[0] in (1, unit)


def test_other_weights_scale():
    """What is no count is a weight of mean one; so are counts that are too large."""
    for weights in (np.array([0.5, 1.2, 3.3]), np.array([1.0, 1000.0])):
        places, relative = occurrences(weights)
        assert places is None
        assert relative.mean() == pytest.approx(1)
        np.testing.assert_allclose(relative / relative[0], weights / weights[0], 1e-6)
