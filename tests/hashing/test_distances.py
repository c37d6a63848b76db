"""Hamming distances between packed codes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.hashing import hamming_distances, pack_bits


@settings(deadline=None, max_examples=50)
@given(
    n_bits=st.one_of(st.integers(1, 130), st.sampled_from([255, 256, 300, 1000])),
    seed=st.integers(0, 999),
)
def test_distances_count_differing_bits(n_bits, seed):
    """Every distance is the number of positions that differ."""
    rng = np.random.default_rng(seed)
    A, B = rng.integers(0, 2, (4, n_bits)), rng.integers(0, 2, (6, n_bits))
    A[0], B[0] = 0, 1
    distances = hamming_distances(pack_bits(A), pack_bits(B))
    assert distances.dtype == np.int64
    np.testing.assert_array_equal(distances, (A[:, np.newaxis] != B).sum(axis=2))


def test_blocks_cover_all_rows():
    """More pairs than fit one block are all computed."""
    rng = np.random.default_rng(0)
    A, B = rng.integers(0, 2, (500, 20)), rng.integers(0, 2, (700, 20))
    expected = A @ (1 - B).T + (1 - A) @ B.T
    np.testing.assert_array_equal(
        hamming_distances(pack_bits(A), pack_bits(B)), expected
    )


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), n_bits=st.integers(1, 130))
def test_distances_are_a_metric(seed, n_bits):
    """Distances are symmetric, zero only between equals, and obey the triangle."""
    codes = np.random.default_rng(seed).integers(0, 2, (6, n_bits))
    d = hamming_distances(pack_bits(codes))
    np.testing.assert_array_equal(d, d.T)
    np.testing.assert_array_equal(d == 0, (codes[:, np.newaxis] == codes).all(axis=2))
    assert (d[:, :, np.newaxis] <= d[:, np.newaxis, :] + d[np.newaxis]).all()


def test_empty_sets_are_allowed():
    """No codes give no distances."""
    codes = pack_bits(np.ones((3, 5)))
    assert hamming_distances(codes[:0], codes).shape == (0, 3)
    assert hamming_distances(codes, codes[:0]).shape == (3, 0)


def test_codes_are_checked():
    """Unpacked codes and codes of other lengths are refused."""
    codes = pack_bits(np.ones((3, 5)))
    with pytest.raises(TypeError, match="A must hold packed codes of dtype uint64"):
        hamming_distances(np.ones((3, 5)))
    with pytest.raises(ValueError, match="B must have shape"):
        hamming_distances(codes, codes[0])
    with pytest.raises(ValueError, match="words per code"):
        hamming_distances(codes, pack_bits(np.ones((3, 70))))
