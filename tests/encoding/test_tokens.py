import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.encoding.tokens import TokenSequences

ROWS = st.lists(st.lists(st.integers(1, 60_000), max_size=6), min_size=1, max_size=8)


def padded_slowly(rows, side, length):
    """Pad with a loop over rows: the obvious way."""
    padded = []
    for row in rows:
        fill = [0] * (length - len(row))
        padded.append(list(row) + fill if side == "right" else fill + list(row))
    return np.array(padded, dtype=np.int32)


@settings(deadline=None)
@given(ROWS, st.sampled_from(["right", "left"]), st.integers(0, 3))
def test_padding_matches_a_loop_over_rows(rows, side, extra):
    """Both sides, any lengths, empty rows included."""
    length = max(1, *map(len, rows)) + extra
    sequences = TokenSequences.from_rows(rows, dtype=np.uint16)
    padded = sequences.to_padded(side=side, length=length)
    assert padded.dtype == np.int32
    np.testing.assert_array_equal(padded, padded_slowly(rows, side, length))


@settings(deadline=None)
@given(ROWS, st.data())
def test_take_matches_indexing_a_list(rows, data):
    """Rows may be repeated, reversed or counted from the end."""
    number = st.integers(-len(rows), len(rows) - 1)
    chosen = data.draw(st.lists(number, max_size=10))
    taken = TokenSequences.from_rows(rows).take(chosen)
    expected = TokenSequences.from_rows([rows[i] for i in chosen])
    np.testing.assert_array_equal(taken.ids, expected.ids)
    np.testing.assert_array_equal(taken.offsets, expected.offsets)


def test_take_understands_a_boolean_mask_and_keeps_the_dtype():
    """A mask of the rows is an index as in NumPy."""
    sequences = TokenSequences.from_rows([[1], [2, 3], [4]], dtype=np.uint16)
    taken = sequences.take(np.array([True, False, True]))
    np.testing.assert_array_equal(taken.ids, [1, 4])
    assert taken.ids.dtype == np.uint16
    assert len(sequences.take(np.zeros(3, dtype=bool))) == 0
    with pytest.raises(IndexError):
        sequences.take([3])


def test_length_lengths_and_bytes():
    """The number of rows, of tokens per row, and the memory of the arrays."""
    sequences = TokenSequences.from_rows([[1, 2, 3], [4]], dtype=np.uint16)
    assert len(sequences) == 2
    np.testing.assert_array_equal(sequences.lengths, [3, 1])
    assert sequences.nbytes == 4 * 2 + 3 * 8


def test_no_rows_pad_to_an_empty_matrix():
    """An empty selection has one column and no rows."""
    assert TokenSequences.from_rows([[5]]).take([]).to_padded().shape == (0, 1)


def test_unusable_padding_is_refused():
    """A side that does not exist, or a length that would cut a row."""
    sequences = TokenSequences.from_rows([[1, 2, 3]])
    with pytest.raises(ValueError, match="side must be 'right' or 'left', got 'top'"):
        sequences.to_padded(side="top")
    with pytest.raises(ValueError, match="length=2 is too small for a row of 3"):
        sequences.to_padded(length=2)


@pytest.mark.parametrize(
    ("ids", "offsets"),
    [
        ([1, 2], [0, 1]),
        ([1, 2], [1, 2]),
        ([1, 2], [0, 2, 1, 2]),
        ([1, 2], []),
        ([[1, 2]], [0, 2]),
    ],
)
def test_offsets_that_do_not_cut_the_ids_are_refused(ids, offsets):
    """The two arrays must belong together."""
    with pytest.raises(ValueError, match="offsets must"):
        TokenSequences(np.array(ids), np.array(offsets, dtype=np.int64))
