"""Encoded rows that are read when they are needed, against those of an array."""

import numpy as np
import pytest

from skdeep.encoding.rows import distinct_rows
from skdeep.encoding.streamed_rows import StreamedRows

ARRAY = np.random.default_rng(0).normal(size=(20, 6))


class Source:
    """Rows of an array, with a note of what was read."""

    block_rows = 4

    def __init__(self, array, where=None):
        self.array = array
        self.where = np.arange(len(array)) if where is None else where
        self.shape = (len(self.where), *array.shape[1:])
        self.dtype = array.dtype
        self.n_read = 0

    def __len__(self):
        return len(self.where)

    def __getitem__(self, rows):
        return Source(self.array, self.where[rows])

    def locations(self, rows):
        return self.where[rows]

    def read_rows(self, rows):
        self.n_read += len(rows)
        return self.array[self.where[rows]]


def check(rows):
    """Refuse negative first numbers; make images of the others."""
    if np.any(rows[:, 0] < -9):
        raise ValueError("X starts with a number below -9.")
    return rows.reshape(-1, 2, 3, 1)


@pytest.fixture
def rows():
    """Return streamed rows of the array, in single precision."""
    return StreamedRows(Source(ARRAY), (2, 3, 1), np.float32, check)


WANTED = ARRAY.reshape(-1, 2, 3, 1).astype(np.float32)


@pytest.mark.parametrize(
    "key",
    [
        slice(3, 9),
        slice(None),
        np.array([7, 2, 2]),
        np.arange(20) % 3 == 0,
        4,
        (4, slice(1), 2),
        (slice(5), slice(None), slice(1, 2)),
        (Ellipsis, 0),
        (Ellipsis, slice(1, 2), 0),
    ],
)
def test_indexing_reads(rows, key):
    """An index gives the encoded rows, in the network's dtype."""
    assert rows[key].dtype == np.float32
    np.testing.assert_array_equal(rows[key], WANTED[key])


def test_like_an_array(rows):
    """Shape, length and content are those of the array of encoded rows."""
    assert rows.shape == (20, 2, 3, 1)
    assert (len(rows), rows.ndim, rows.block_rows) == (20, 4, 4)
    np.testing.assert_array_equal(np.asarray(rows), WANTED)
    assert np.asarray(rows, dtype=np.float64).dtype == np.float64
    assert rows.read_rows(np.arange(0)).shape == (0, 2, 3, 1)


def test_size_of_a_row(rows):
    """What takes more counts: a row as it was read, or as it is encoded."""
    assert rows.row_bytes == 6 * 8
    pixels = StreamedRows(Source(ARRAY.astype(np.uint8)), (2, 3, 1), np.float32, check)
    assert pixels.row_bytes == 6 * 4


def test_choosing_does_not_read(rows):
    """Taking rows and changing their dtype waits until they are needed."""
    chosen = rows.take(np.array([9, 3, 5])).astype(np.float64)
    assert rows.source.n_read == chosen.source.n_read == 0
    assert chosen.dtype == np.float64
    assert chosen.locations(np.array([2, 0])).tolist() == [5, 9]
    np.testing.assert_array_equal(np.asarray(chosen), check(ARRAY)[[9, 3, 5]])
    assert rows.take(np.arange(20)) is rows


def test_rows_are_checked_when_they_are_read():
    """A row that cannot be taken is refused as soon as somebody wants it."""
    array = ARRAY.copy()
    array[7, 0] = -10
    rows = StreamedRows(Source(array), (2, 3, 1), np.float32, check)
    rows[:7]
    with pytest.raises(ValueError, match="below -9"):
        rows[5:9]


def test_equal_rows_stay_apart(rows):
    """Streamed rows are not read to find equal ones; those that weigh nothing go."""
    chosen, weights = distinct_rows(rows)
    assert chosen.tolist() == [*range(20)]
    assert weights is None
    given = np.arange(20.0) % 4
    chosen, weights = distinct_rows(rows, np.arange(20), given)
    assert chosen.tolist() == np.flatnonzero(given).tolist()
    np.testing.assert_allclose(weights, given[chosen] / 2)
    assert weights.dtype == np.float32
    assert distinct_rows(rows, sample_weight=np.full(20, 3.0))[1] is None
    assert rows.source.n_read == 0
