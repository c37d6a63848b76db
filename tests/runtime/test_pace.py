"""Work is divided into pieces, and what it gives does not depend on them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep import runtime
from skdeep.runtime import pace
from skdeep.runtime.pace import Pace
from skdeep.runtime.pool import POOL
from tests.runtime.networks import (
    assert_same_weights,
    dense_network,
    fit,
    options,
    regression_data,
)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(pace, "perf_counter", lambda: self.now)

    def run(self, steps, n_steps, seconds):
        """Return the lengths of the pieces of work of so many seconds a step."""
        lengths = []
        for start, stop in steps.pieces(n_steps):
            lengths.append(stop - start)
            self.now += seconds * (stop - start)
        return lengths


@given(st.lists(st.integers(0, 100), max_size=4))
def test_pieces_cover_all_steps(counts):
    """Every step is in one piece, in order."""
    steps = Pace()
    for count in counts:
        seen = [i for piece in steps.pieces(count) for i in range(*piece)]
        assert seen == list(range(count))


def test_fast_steps(monkeypatch):
    """Pieces grow until they take long enough, and stay so for the next epoch."""
    clock, steps = Clock(monkeypatch), Pace()
    assert clock.run(steps, 100, 0.002) == [8, 16, 32, 44]
    assert clock.run(steps, 100, 0.002) == [64, 36]
    assert clock.run(steps, 3, 0.002) == [3]
    assert clock.run(steps, 300, 0.002) == [64, 64, 64, 64, 44]


def test_slow_steps(monkeypatch):
    """Pieces shrink down to one step."""
    clock, steps = Clock(monkeypatch), Pace()
    assert clock.run(steps, 17, 1.0) == [8, 4, 2, 1, 1, 1]


def test_clock_going_backwards(monkeypatch):
    """A clock that goes backwards takes no step away."""
    clock, steps = Clock(monkeypatch), Pace()
    assert sum(clock.run(steps, 1000, -5.0)) == 1000


@pytest.mark.parametrize("first", [1, 3, 1000])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_results_do_not_depend_on_pieces(monkeypatch, first, early_stopping):
    """Weights and histories are the same bits for pieces of any length."""
    network = runtime.NetworkSpec(dense_network, dropout=0.3, normalised=True)
    X, y = regression_data(1100)
    settings = options(
        batch_size=7, early_stopping=early_stopping, validation_fraction=0.5
    )

    def trained():
        POOL.clear()
        return fit(network, X, y, options=settings)

    expected = trained()
    monkeypatch.setattr(pace, "_FIRST_STEPS", first)
    monkeypatch.setattr(pace, "_LONG", np.inf)
    result = trained()
    assert result.history == expected.history
    assert_same_weights(result.weights, expected.weights)
