"""Feeds of rows that repeat, and of sparse rows."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.sparse import csr_array, random_array

from skdeep.runtime.row_feeds import RepeatedFeed, SparseFeed


def test_repeated_rows_occur_so_often():
    """An epoch has every occurrence once, in an order that the generator decides."""
    feed = RepeatedFeed(np.arange(3.0)[:, None], np.array([0, 1, 1, 1, 2]))
    assert len(feed) == 5
    order = feed.order(np.arange(5), 2, np.random.default_rng(0))
    assert sorted(order) == [0, 1, 1, 1, 2]
    again = feed.order(np.arange(5), 2, np.random.default_rng(0))
    np.testing.assert_array_equal(order, again)


@pytest.mark.parametrize("seed", range(4))
def test_sparse_batches(seed):
    """A batch is what the dense rows are, also of empty ones, in any order."""
    generator = np.random.default_rng(seed)
    dense = random_array((9, 5), density=0.4, rng=generator).toarray()
    dense[generator.integers(9)] = 0
    feed = SparseFeed(csr_array(dense))
    assert len(feed) == 9
    for rows in ([0], [8, 0, 3], np.repeat(np.arange(9), 2), []):
        rows = np.asarray(rows, dtype=np.int32)
        batch = feed.layout.gather(feed.tensors(), tf.constant(rows), "float64")
        np.testing.assert_array_equal(batch, dense[rows])


def test_sparse_order():
    """Sparse rows may repeat, too."""
    feed = SparseFeed(csr_array(np.eye(2)), np.array([0, 1, 1]))
    assert sorted(feed.order(np.arange(3), 1, np.random.default_rng(0))) == [0, 1, 1]
