"""When a watched training is said not to have come to its end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep.runtime.convergence import convergence_problem
from skdeep.runtime.specification import OptimizerSpec
from skdeep.runtime.training import TrainingOptions


def options(**changes):
    """Return settings of five epochs, with a patience of two."""
    settings = {"epochs": 5, "batch_size": 8, "n_iter_no_change": 2, "tol": 0.01}
    optimizer = OptimizerSpec(object, ())
    return TrainingOptions(
        **{"optimizer": optimizer, "learning_rate": 0.25, **settings, **changes}
    )


@pytest.mark.parametrize(
    ("watched", "words"),
    [
        ([1.0, 1.1, 1.2], ["better than the first", "learning_rate (now 0.25)"]),
        ([1.0, 0.995, 0.994], ["tol=0.01", "n_iter_no_change (now 2)"]),
        ([1.0, 2.0, 0.9, 0.8, 0.7], ["epochs=5 were not enough", "Raise epochs"]),
        ([5.0, 4.0, 3.0, 2.0, 1.0], ["each of the last 2", "to 1."]),
    ],
)
def test_problems_name_parameters(watched, words):
    """The message says what was seen and what to change."""
    problem = convergence_problem(watched, options())
    assert all(word in problem for word in words)


@pytest.mark.parametrize(
    "watched",
    [
        [],
        [1.0],
        # It stopped, having become better after the first epoch.
        [1.0, 0.5, 0.6, 0.6],
        # Epochs ran out while it came and went.
        [1.0, 0.9, 0.8, 0.9, 0.7],
        [1.0, 0.9, 0.8, 0.7, 0.9],
        # Callbacks have stopped it.
        [1.0, 0.9, 0.8],
    ],
)
def test_no_problem(watched):
    """Nothing is said where nothing is certain."""
    assert convergence_problem(watched, options()) is None


def test_a_schedule_is_not_named_by_a_number():
    """A learning rate that is a schedule has none to show."""
    schedule = options(learning_rate=lambda step: 1.0)
    assert "Lower learning_rate, or" in convergence_problem([1, 2, 3], schedule)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=9))
def test_at_most_one_problem(watched):
    """What has stopped at once has not run out of epochs, and the reverse."""
    problem = convergence_problem(watched, options(epochs=len(watched), tol=0.0))
    falls = np.diff(np.minimum.accumulate(watched)) < 0
    if problem is None:
        return
    assert ("first" in problem) == (len(watched) == 3 and not falls.any())
    assert ("not enough" in problem) == (len(watched) > 2 and falls[-2:].all())
