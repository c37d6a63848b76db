import json
import sys

import hypothesis.strategies as st
import pytest
from hypothesis import given

from skdeep.encoding.bounded_json import MAX_DEPTH, read_json
from skdeep.encoding.malformed_file import MalformedFileError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
)


def read(content, **limits):
    """Read some bytes as a member of a file."""
    limits = {"max_bytes": 10**6, "max_values": 10**5} | limits
    return read_json(memoryview(content), "a.json", **limits)


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=5), st.booleans())
def test_what_was_written_is_read(value, ascii_only):
    """Objects come back, whatever their texts hold."""
    assert read(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60) | st.text('{}[]"\\:,1a', max_size=60))
def test_anything_else_is_refused(content):
    """Other bytes are objects or refused, as by Python's own reader."""
    content = content.encode() if isinstance(content, str) else content
    try:
        value = json.loads(content.decode("utf-8"))
    except ValueError:
        value = None
    try:
        assert read(content) == value
    except MalformedFileError as error:
        assert not isinstance(value, dict) or "twice" in str(error)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{" + b" " * 10**6 + b"}", "bytes, more than"),
        (b'{"a":[' + b"1," * 10**5 + b"1]}", "values or texts"),
        (b'{"a":"' + b'\\"' * 450_000 + b'"}', "values or texts"),
        (b'{"a":1,"a":2}', "same key twice"),
        (b'{"a":NaN}', "NaN is no JSON"),
        (b'{"a":' + b"9" * 10_000 + b"}", "not valid"),
        (b"\xff{}", "not valid"),
        (b"[]", "not a JSON object"),
    ],
)
def test_too_much(content, problem):
    """What is too large, or says something twice, is refused."""
    with pytest.raises(MalformedFileError, match=problem):
        read(content)


def test_depth_is_counted_outside_of_texts():
    """Brackets in texts open and close nothing, and hide nothing."""
    texts = {"a": ["]" * 1000, "[{" * 1000, '\\"[', "\\"]}
    assert read(json.dumps(texts).encode()) == texts
    hidden = '{"a":' + '["]}",' * (MAX_DEPTH + 1) + "1" + "]" * (MAX_DEPTH + 1) + "}"
    json.loads(hidden)
    with pytest.raises(MalformedFileError, match="nested too deeply"):
        read(hidden.encode())


def test_depth_does_not_depend_on_the_limit_of_recursion(monkeypatch):
    """Where recursion is hardly limited, depth is."""
    monkeypatch.setattr(sys, "getrecursionlimit", lambda: 10**9)
    limit = sys.getrecursionlimit
    assert limit() == 10**9
    with pytest.raises(MalformedFileError, match="nested too deeply"):
        read(b'{"a":' + b"[" * 50_000)
