"""The pool of best neighbors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.hashing.matches import Matches
from skdeep.hashing.nearest_pool import NearestPool


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 9_999),
    n_neighbors=st.integers(1, 12),
    n_pieces=st.integers(1, 5),
    as_blocks=st.booleans(),
)
def test_pool_keeps_the_first_of_a_full_sort(seed, n_neighbors, n_pieces, as_blocks):
    """However candidates arrive, the kept ones are the best by distance and index."""
    rng = np.random.default_rng(seed)
    distances = rng.integers(0, 6, (4, 30))
    pool = NearestPool(4, n_neighbors, 30, n_bits=5)
    if as_blocks:
        for columns in np.array_split(np.arange(30), n_pieces):
            pool.offer_block(distances[:, columns].astype(np.uint8), columns[0])
    else:
        for cells in np.array_split(rng.permutation(distances.size), n_pieces):
            rows, indices = np.divmod(cells, 30)
            pool.offer(Matches(rows, distances[rows, indices], indices))
    order = np.argsort(distances, axis=1, kind="stable")[:, :n_neighbors]
    found = pool.result()
    np.testing.assert_array_equal(found[1], order)
    expected = np.take_along_axis(distances, order, axis=1)
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(pool.worst_distances, expected[:, -1])


def test_a_pool_that_is_not_full_accepts_everything():
    """While neighbors are missing, the worst distance is beyond all distances."""
    pool = NearestPool(2, 2, 10, n_bits=8)
    np.testing.assert_array_equal(pool.worst_distances, [9, 9])
    one = np.array([1])
    pool.offer(Matches(one, one, one))
    pool.offer(Matches(one[:0], one[:0], one[:0]))
    np.testing.assert_array_equal(pool.worst_distances, [9, 9])


def test_pools_beyond_64_bits_are_refused():
    """Numbers that do not fit one integer raise instead of overflowing."""
    with pytest.raises(ValueError, match="too many to search at once"):
        NearestPool(1, 1, 2**50, n_bits=64)
