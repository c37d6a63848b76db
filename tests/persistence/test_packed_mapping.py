import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from skdeep.persistence.packed_mapping import PackedMapping, is_packable

ANY_TEXT = st.text(st.characters(codec=None), max_size=6)
INTEGERS = st.integers(-(2**63), 2**63 - 1)


@given(st.dictionaries(ANY_TEXT, INTEGERS))
def test_what_was_packed_is_unpacked(mapping):
    """A dict comes back in its order, whatever characters its keys have."""
    constructor, arrays = PackedMapping.of(mapping).__reduce__()
    found = constructor(*arrays)
    assert type(found) is dict
    assert list(found.items()) == list(mapping.items())


def test_what_is_packed():
    """Only large dicts from texts to integers are; small ones stay readable."""
    large = {str(n): n for n in range(100)}
    assert is_packable(large)
    assert is_packable({key: np.int64(n) for key, n in large.items()})
    for other in (
        {"a": 1},
        large | {"a": 1.0},
        large | {"a": True},
        large | {"a": 2**63},
        large | {1: 1},
        list(large),
    ):
        assert not is_packable(other)


TEXT = np.frombuffer(b"abc", np.uint8)
NUMBERS = np.arange(2)


@pytest.mark.parametrize(
    "arrays",
    [
        (TEXT, np.array([1, 1]), NUMBERS),
        (TEXT, np.array([4, -1]), NUMBERS),
        (TEXT, np.array([1, 2]), np.arange(3)),
        (TEXT, np.array([2**62, 2**62]), NUMBERS),
        (np.frombuffer(b"aa", np.uint8), np.array([1, 1]), NUMBERS),
        (np.frombuffer(b"\xff\xff", np.uint8), np.array([1, 1]), NUMBERS),
        (TEXT, np.array([[1, 2]]), NUMBERS),
        (TEXT, np.array([1.0, 2.0]), NUMBERS),
        (TEXT.astype(float), np.array([1, 2]), NUMBERS),
        (b"abc", [1, 2], [0, 1]),
    ],
)
def test_other_arrays_are_refused(arrays):
    """Arrays that are no dict are refused, whatever their sizes claim."""
    with pytest.raises(ValueError, match=r"vocabulary|decode"):
        PackedMapping(*arrays)
