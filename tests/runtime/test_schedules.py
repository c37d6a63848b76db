"""Learning-rate schedules."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep.runtime.schedules import SCHEDULES, learning_rates


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(1, 30), st.integers(1, 9))
def test_pieces(schedule, n_steps, n_epochs):
    """The rates of epochs, one after the other, are those of the whole fit."""
    total = n_steps * n_epochs
    whole = learning_rates(0.1, schedule, 0, total, total)
    pieces = [
        learning_rates(0.1, schedule, epoch * n_steps, n_steps, total)
        for epoch in range(n_epochs)
    ]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert whole.dtype == np.float32
    assert (whole > 0).all()
    assert (whole <= np.float32(0.1)).all()


def slow_reference(schedule, progress):
    """Return the factor at one point of the training, from the definitions."""
    if schedule == "constant":
        return 1.0
    if schedule == "linear":
        return 1.0 - progress
    if schedule == "cosine":
        return (1.0 + np.cos(np.pi * progress)) / 2
    if progress < 0.23:
        return 0.2 + 0.8 * progress / 0.23
    return 1.0 - 0.93 * (progress - 0.23) / 0.77


@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
def test_values(schedule):
    """Each schedule follows its definition."""
    found = learning_rates(2.0, schedule, 0, 1000, 1000)
    wanted = [2.0 * slow_reference(schedule, step / 1000) for step in range(1000)]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_triangular_has_its_peak_at_a_quarter():
    """The triangular schedule rises, and then falls to a small part."""
    rates = learning_rates(1.0, "triangular", 0, 1000, 1000)
    assert rates.argmax() == pytest.approx(230, abs=1)
    assert rates[0] == pytest.approx(0.2)
    assert rates[-1] == pytest.approx(0.07, abs=2e-3)
    assert (np.diff(rates[:230]) > 0).all()
    assert (np.diff(rates[231:]) < 0).all()


def test_functions():
    """A function of the step is asked for each step, and the schedule is not."""
    decay = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.1)
    found = learning_rates(decay, "cosine", 20, 5, 100)
    np.testing.assert_allclose(found, 0.5 * 0.1 ** (np.arange(20, 25) / 10), rtol=1e-5)
    found = learning_rates(lambda step: 1 / (1 + step), "linear", 3, 2, 10)
    np.testing.assert_allclose(found, [1 / 4, 1 / 5], rtol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        keras.optimizers.schedules.ExponentialDecay,
        lambda: 0.1,
        lambda step: "little",
    ],
)
def test_functions_that_give_no_rate(wrong):
    """What is no function from a step to a number is said to be the learning rate."""
    with pytest.raises(ValueError, match=r"learning_rate=.* of a step to a number"):
        learning_rates(wrong, "constant", 0, 2, 2)
