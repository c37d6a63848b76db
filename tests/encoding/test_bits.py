"""Packing of binary codes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.encoding.bits import check_packed, pack_bits, unpack_bits, words_per_code


@settings(deadline=None, max_examples=50)
@given(n_bits=st.integers(1, 130), n_samples=st.integers(0, 5), seed=st.integers(0, 99))
def test_unpacking_reverses_packing(n_bits, n_samples, seed):
    """Every matrix of bits comes back from its packed form."""
    bits = np.random.default_rng(seed).integers(0, 2, (n_samples, n_bits))
    packed = pack_bits(bits)
    assert packed.dtype == np.uint64
    assert packed.shape == (n_samples, words_per_code(n_bits))
    unpacked = unpack_bits(packed, n_bits)
    assert unpacked.dtype == np.uint8
    np.testing.assert_array_equal(unpacked, bits)


@settings(deadline=None, max_examples=50)
@given(n_bits=st.integers(1, 130), seed=st.integers(0, 99))
def test_packed_words_are_the_sums_of_powers_of_two(n_bits, seed):
    """Bit i adds 2 ** (i % 64) to word i // 64."""
    bits = np.random.default_rng(seed).integers(0, 2, (3, n_bits))
    expected = [
        [
            sum(int(row[i]) << (i % 64) for i in range(n_bits) if i // 64 == word)
            for word in range(words_per_code(n_bits))
        ]
        for row in bits
    ]
    np.testing.assert_array_equal(pack_bits(bits), np.array(expected, dtype=np.uint64))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_every_type_of_zero_and_one_packs_alike(dtype):
    """The type that carries the bits does not matter."""
    bits = np.array([[0, 1, 1, 0, 1]]).astype(dtype)
    np.testing.assert_array_equal(pack_bits(bits), [[22]])


@pytest.mark.parametrize("bad", [[[0, 2]], [[0.5, 1.0]], [[-1, 1]], [[np.nan, 1.0]]])
def test_other_values_than_zero_and_one_are_refused(bad):
    """Anything that is no bit is an error, never rounded."""
    with pytest.raises(ValueError, match="only zeros and ones"):
        pack_bits(bad)


@pytest.mark.parametrize("bad", [[0, 1], [[[0, 1]]], np.empty((3, 0))])
def test_bits_must_be_a_matrix_with_columns(bad):
    """Other shapes are refused with the shape named."""
    with pytest.raises(ValueError, match="must have shape"):
        pack_bits(bad)


def test_packed_codes_are_checked():
    """Type, width and unused bits of packed codes are verified."""
    packed = pack_bits(np.ones((2, 5), dtype=bool))
    np.testing.assert_array_equal(check_packed(packed, 5), packed)
    with pytest.raises(TypeError, match="uint64"):
        unpack_bits(packed.astype(np.int64), 5)
    with pytest.raises(ValueError, match="need shape"):
        unpack_bits(packed, 65)
    with pytest.raises(ValueError, match="behind n_bits=4"):
        unpack_bits(packed, 4)
    with pytest.raises(ValueError, match="at least 1"):
        unpack_bits(packed, 0)
