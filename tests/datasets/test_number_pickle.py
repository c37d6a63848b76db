"""Pickles of numbers, and those that try to be more."""

import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep.datasets.number_pickle import load_number_pickle


def test_batch_as_python_2_wrote_it(python2_pickle):
    """Containers, numbers, bytes and arrays of bytes come back."""
    rows = np.arange(12, dtype=np.uint8).reshape(2, 6)
    content = python2_pickle(
        {b"data": rows, b"labels": [6, 9], b"batch_label": b"one", b"rest": (1, None)}
    )
    loaded = load_number_pickle(content)
    assert loaded[b"labels"] == [6, 9]
    assert loaded[b"batch_label"] == b"one"
    assert loaded[b"rest"] == (1, None)
    np.testing.assert_array_equal(loaded[b"data"], rows)
    assert loaded[b"data"].dtype == np.uint8


def test_arrays_by_columns(python2_pickle):
    """Arrays that are stored column by column come back as they were."""
    rows = np.asfortranarray(np.arange(12, dtype=np.uint8).reshape(3, 4))
    loaded = load_number_pickle(python2_pickle({b"data": rows}))
    np.testing.assert_array_equal(loaded[b"data"], rows)


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value",
    [
        Call(os.system, "touch hacked"),
        Call(eval, "open('hacked', 'w')"),
        Call(exec, "open('hacked', 'w')"),
        Call(open, "hacked", "w"),
        Call(getattr, "", "join"),
        Call(np.fromfile, "hacked"),
        Call(np.lib.format.open_memmap, "hacked", "w+", "u1", False, (1,)),
        Call(bytearray, 10),
    ],
    ids=lambda value: value.call[0].__name__,
)
def test_calls_are_refused(value, protocol, tmp_path, monkeypatch):
    """No function is called, neither dangerous nor harmless ones."""
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps({b"data": value}, protocol=protocol)
    with pytest.raises(ValueError, match="data do not need"):
        load_number_pickle(content)
    assert list(tmp_path.iterdir()) == []


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n"
KIND = b"cnumpy\nndarray\n"
DTYPE = b"cnumpy\ndtype\n"
START = ARRAY + b"(" + KIND + b"(I0\ntU\x01btR"
BYTE = DTYPE + b"(U\x02u1I0\nI1\ntR"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        # numpy.ndarray called with a shape of its own.
        (b"}U\x01a" + KIND + b"(I9999999999\ntRs.", "calls numpy.ndarray"),
        # Attributes set on what stands for a function or a class.
        (b"}U\x01a" + ARRAY + b"}U\x01xI1\nsbs.", "sets the state"),
        (b"}U\x01a" + KIND + b"}U\x0a__setstate__I1\nsbs.", "not a pickle"),
        # An array of something else.
        (b"}U\x01a" + DTYPE + b"(U\x01OI0\nI1\ntRs.", "dtype b'O'"),
        (b"}U\x01a" + DTYPE + b"(U\x02f8I0\nI1\ntRs.", "dtype b'f8'"),
        (b"}U\x01a" + ARRAY + b"(" + DTYPE + b"(I0\ntU\x01btRs.", "no numpy.ndarray"),
        # Shapes that promise more or less than there is.
        (b"}U\x01a" + START + b"(I1\n(I9\nt" + BYTE + b"I00\nU\x02abtbs.", "2 bytes"),
        (b"}U\x01a" + START + b"(I1\n(I-1\nI-2\nt" + BYTE + b"I00\nU\x02abtbs.", "byt"),
        (b"}U\x01a" + START + b"(I1\n(I2\ntI0\nI00\nU\x02abtbs.", "else than bytes"),
        (b"}U\x01a" + START + b"(I1\n(I2\nt" + BYTE + b"I00\nI7\ntbs.", "else than"),
        (b"}U\x01a" + START + b"I1\nbs.", "not a pickle"),
        # An array that never got its content.
        (b"}U\x01a" + START + b"s.", "values"),
        # Not a dict.
        (b"(lI1\na.", "not a dict"),
        # Objects kept elsewhere, and no pickle at all.
        (b"}U\x01aPsomewhere\ns.", "not a pickle"),
        (b"", "not a pickle"),
        (b"<html>", "not a pickle"),
    ],
)
def test_forged_streams(content, problem):
    """Whatever the stream does, it is refused as no pickle of numbers."""
    with pytest.raises(ValueError, match=problem):
        load_number_pickle(content)


def test_stand_ins_are_not_changed_by_a_forged_stream(python2_pickle):
    """A refused pickle leaves nothing behind for the next one."""
    with pytest.raises(ValueError, match="sets the state"):
        load_number_pickle(b"}U\x01a" + ARRAY + b"}U\x08__code__I1\nsbs.")
    rows = np.zeros((1, 3), np.uint8)
    loaded = load_number_pickle(python2_pickle({b"data": rows}))
    np.testing.assert_array_equal(loaded[b"data"], rows)


def test_promise_of_much_content():
    """A stream that announces more bytes than it has is torn."""
    with pytest.raises(ValueError, match="not a pickle"):
        load_number_pickle(b"}U\x01aT" + struct.pack("<i", 2**31 - 1) + b"abcs.")


@given(st.binary(max_size=60))
def test_random_streams(content):
    """Random bytes are either refused or a dict; nothing else comes out."""
    try:
        loaded = load_number_pickle(content)
    except ValueError:
        return
    assert isinstance(loaded, dict)


WHOLE = pickle.dumps({1: list(range(300)), 2: None, 3: (1, 2.5)}, protocol=2)


@given(cut=st.integers(min_value=0, max_value=len(WHOLE) - 1))
def test_torn_streams(cut):
    """A pickle that ends too early is refused, wherever it ends."""
    assert load_number_pickle(WHOLE)[2] is None
    with pytest.raises(ValueError, match="not a pickle"):
        load_number_pickle(WHOLE[:cut])
