"""Tables of parts of codes."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.hashing import pack_bits
from skdeep.hashing.substring_tables import build_tables, key_flips, key_mask, substring


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 999), n_bits=st.integers(1, 130), n_codes=st.integers(1, 300)
)
def test_tables_partition_bits_and_codes(seed, n_bits, n_codes):
    """Keys cover every bit once; each table lists each code once, under its key."""
    bits = np.random.default_rng(seed).integers(0, 2, (n_codes, n_bits))
    codes = pack_bits(bits)
    covered = np.zeros(n_bits, dtype=int)
    for table in build_tables(codes, n_bits):
        first, width = table["first_bit"], table["key_bits"]
        covered[first : first + width] += 1
        keys = bits[:, first : first + width] @ (1 << np.arange(width))
        order = table["indices"]
        np.testing.assert_array_equal(order, np.argsort(keys, kind="stable"))
        np.testing.assert_array_equal(table["columns"].T, codes[order])
        starts = np.searchsorted(keys[order], np.arange((1 << width) + 1))
        np.testing.assert_array_equal(table["offsets"], starts)
    assert (covered == 1).all()


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), first=st.integers(0, 120), width=st.integers(1, 24))
def test_substrings_may_cross_words(seed, first, width):
    """Any run of bits is read as one number, the first bit lowest."""
    bits = np.random.default_rng(seed).integers(0, 2, (3, 144))
    expected = bits[:, first : first + width] @ (1 << np.arange(width))
    np.testing.assert_array_equal(substring(pack_bits(bits), first, width), expected)


@pytest.mark.parametrize("width", [1, 2, 7, 12])
def test_flips_are_all_numbers_of_a_weight(width):
    """The flips of all weights are all numbers, each once, in ascending order."""
    for weight in range(width + 1):
        flips = key_flips(width, weight)
        assert len(flips) == comb(width, weight)
        expected = [x for x in range(1 << width) if x.bit_count() == weight]
        np.testing.assert_array_equal(flips, expected)


def test_masks_select_the_bits_of_a_key():
    """Masks of all tables are disjoint and cover the code."""
    tables = build_tables(pack_bits(np.ones((50, 130))), 130)
    masks = np.array([key_mask(table, 3) for table in tables])
    ones = pack_bits(np.ones((1, 130)))[0]
    np.testing.assert_array_equal(np.bitwise_or.reduce(masks), ones)
    assert np.bitwise_count(masks).sum() == 130
