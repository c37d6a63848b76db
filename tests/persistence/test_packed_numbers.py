"""Long lists of floats in a file."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from skdeep import StackedAutoencoderTransformer
from skdeep.persistence import load, save
from skdeep.persistence.packed_numbers import PackedNumbers, is_long


@given(st.lists(st.floats()))
def test_what_was_packed_is_unpacked(numbers):
    """A list comes back bit for bit, whatever is no number in it."""
    constructor, arrays = PackedNumbers.of(numbers).__reduce__()
    found = constructor(*arrays)
    assert type(found) is list
    assert {type(number) for number in found} <= {float}
    assert np.array(found).tobytes() == np.array(numbers).tobytes()


def test_what_is_packed():
    """Only long lists of floats are; short ones stay readable."""
    long = [0.5] * 1000
    assert is_long(long)
    for other in (
        long[1:],
        [*long, 1],
        [*long, np.float64(1)],
        [*long, None],
        tuple(long),
    ):
        assert not is_long(other)


@pytest.mark.parametrize(
    "numbers",
    [np.zeros((2, 2)), np.zeros(2, int), np.zeros(2, "float32"), [0.5], b"ab", 0.5],
    ids=str,
)
def test_other_arrays_are_refused(numbers):
    """What is no row of floats is refused."""
    with pytest.raises(ValueError, match="list of numbers"):
        PackedNumbers(numbers)


def test_long_trainings_can_be_saved(tmp_path):
    """An estimator that learned from 60,000 batches is saved with its history."""
    X = np.random.default_rng(0).random((4, 3))
    estimator = StackedAutoencoderTransformer((2,), epochs=1, random_state=0).fit(X)
    losses = np.random.default_rng(1).random(60_000).tolist()
    estimator.history_ = {"loss": losses, "val_loss": losses[::-1]}
    save(estimator, tmp_path / "model")
    assert load(tmp_path / "model").history_ == estimator.history_
