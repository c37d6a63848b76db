import io

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays
from sklearn.tree import DecisionTreeClassifier

from skdeep.encoding.array_headers import read_array, read_header
from skdeep.encoding.malformed_file import MalformedFileError

DTYPES = st.sampled_from(
    "? i1 <i2 >i4 <i8 u1 <u8 <f2 <f4 >f8 <c8 <c16 S5 <U3 >U2".split()
)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)


def npy(array):
    """Return an array as NumPy writes it."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return memoryview(buffer.getvalue())


@given(DTYPES, SHAPES, st.booleans())
def test_what_was_written_is_read(dtype, shape, by_column):
    """Arrays of all kinds, shapes and orders come back, read-only."""
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    array = np.asarray(array, order="F" if by_column else "C")
    content = npy(array)
    header = read_header(content, "0.npy")
    assert (header.dtype, header.shape) == (array.dtype, shape)
    found = read_array(content, "0.npy")
    np.testing.assert_array_equal(found, array)
    assert not found.flags.writeable


def test_records_of_decision_trees():
    """The records that scikit-learn keeps of a tree are read, gaps included."""
    tree = DecisionTreeClassifier().fit([[0], [1]], [0, 1]).tree_
    nodes = tree.__getstate__()["nodes"]
    found = read_array(npy(nodes), "0.npy")
    for name in nodes.dtype.names:
        np.testing.assert_array_equal(found[name], nodes[name])


@given(DTYPES, SHAPES, st.data())
def test_changed_headers(dtype, shape, data):
    """A header with another character is refused, or means an array of that size."""
    content = bytearray(npy(np.zeros(shape, dtype)))
    length = 10 + int.from_bytes(content[8:10], "little")
    place = data.draw(st.integers(0, length - 1))
    content[place] = data.draw(st.integers(0, 255))
    try:
        found = read_array(memoryview(content), "0.npy")
    except MalformedFileError as error:
        assert "0.npy" in str(error)
    else:
        wanted = np.load(io.BytesIO(content), allow_pickle=False)
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == wanted.dtype


@pytest.mark.parametrize(
    "array",
    [
        np.array([None]),
        np.array([{}, []], dtype=object),
        np.zeros(2, "M8[s]"),
        np.zeros(2, [("a", "O")]),
        np.zeros(2, [("a", "f8", (2,))]),
        np.zeros(3, "V8"),
    ],
    ids=lambda array: str(array.dtype),
)
def test_other_arrays_are_refused(array):
    """Objects, dates and whatever is not a number, boolean or text is refused."""
    with pytest.raises(
        MalformedFileError, match="no array of numbers, booleans or texts"
    ):
        read_header(npy(array), "0.npy")


@pytest.mark.parametrize("change", [-1, 1, 100])
def test_other_sizes_are_refused(change):
    """The content has as many bytes as the header says."""
    content = bytes(npy(np.arange(5.0)))
    content = content[:change] if change < 0 else content + bytes(change)
    with pytest.raises(
        MalformedFileError, match=f"has {40 + change} bytes for an array"
    ):
        read_header(memoryview(content), "0.npy")
