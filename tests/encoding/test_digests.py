"""Digests follow the content and nothing else."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from skdeep.encoding.digests import array_digest, row_digests, text_digest

ROWS = st_numpy.arrays(
    st.sampled_from(["u1", "f4", "f8"]),
    st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3)),
    elements=st.integers(0, 2),
)


@given(ROWS)
def test_digests_of_rows(rows):
    """Rows have equal digests exactly if they are equal, wherever they stand."""
    digests = row_digests(rows)
    assert digests == row_digests(rows[::-1])[::-1]
    assert digests == row_digests(np.asfortranarray(rows))
    for first, one in zip(rows, digests, strict=True):
        for second, other in zip(rows, digests, strict=True):
            assert (one == other) == np.array_equal(first, second)


def test_digest_is_blake2b():
    """A digest is that of the bytes, in 16 bytes."""
    row = np.array([[1.5, -2.0]], dtype="f4")
    expected = hashlib.blake2b(row.tobytes(), digest_size=16).digest()
    assert row_digests(row) == [expected]


def test_digest_of_arrays():
    """Numbers, dtypes, shapes, and where an array ends all count."""
    array = np.arange(6.0).reshape(2, 3)
    others = [
        [array],
        [array + 1],
        [array.astype("f4")],
        [array.reshape(3, 2)],
        [array[:1], array[1:]],
        [array, array[:0]],
        [],
    ]
    digests = [array_digest(arrays) for arrays in others]
    assert len(set(digests)) == len(others)
    assert array_digest([np.asfortranarray(array)]) == digests[0]
    assert array_digest(iter([array])) == digests[0]


@pytest.mark.parametrize(("first", "second"), [(["ab"], ["a", "b"]), ([""], [])])
def test_digest_of_texts(first, second):
    """Where a text ends counts."""
    assert text_digest(first) != text_digest(second)
    assert text_digest(first) == text_digest(list(first))


def test_digest_of_half_a_character():
    """A text that UTF-8 has no bytes for has a digest of its own."""
    assert text_digest(["\ud83d"]) == text_digest(["\ud83d"])
    assert text_digest(["\ud83d"]) != text_digest(["\ud83e"])
