"""Shapes of a network's weights, found without making a single weight."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from types import FrameType
from typing import Any

import keras
import tensorflow as tf

from skdeep.runtime.precision import dtype_policy
from skdeep.runtime.seeds import seeded_construction
from skdeep.runtime.specification import NetworkSpec

# The networks of this package take 2,000 to 8,000 calls for each array of weights, and
# 40,000 in all where there are few.
_CALLS = 60_000
_CALLS_PER_WEIGHT = 11_000


class _TooMuchWork(BaseException):
    """Not an `Exception`, so that nothing on the way takes it for its own."""


class _Work:
    """Counts calls of functions, and raises when there are too many."""

    def __init__(self, limit: int) -> None:
        self.left = limit

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            self.left -= 1
            if self.left < 0:
                raise _TooMuchWork


def weight_shapes(
    network: NetworkSpec, precision: str = "float32", *, n_expected: int
) -> list[tuple[tuple[int, ...], str]]:
    """Return shape and dtype of each weight of a network, allocating none of them.

    The sizes may come from somebody who wants the memory or the time to run out:
    memory for weights is never asked for, and building stops when it has taken more
    steps than a network of `n_expected` arrays can need.

    Parameters
    ----------
    network : NetworkSpec
        The network.
    precision : {"float32", "float64"}, default="float32"
        The type of its weights.
    n_expected : int
        How many arrays of weights it should have.

    Returns
    -------
    shapes : list of (tuple of int, str)
        In the order of `keras.Model.weights`.

    Raises
    ------
    ValueError
        If building takes too many steps, or the sizes are no sizes of a network.
    """
    shapes: list[tuple[tuple[int, ...], str]] = []
    errors: list[BaseException] = []
    work = _Work(_CALLS + _CALLS_PER_WEIGHT * n_expected)

    def build() -> None:
        try:
            with (
                seeded_construction(0),
                dtype_policy(precision),
                keras.StatelessScope(initialize_variables=False),
            ):
                sys.setprofile(work)
                try:
                    model = network()
                finally:
                    sys.setprofile(None)
                shapes.extend((tuple(v.shape), str(v.dtype)) for v in model.weights)
        except BaseException as error:
            errors.append(error)

    # Keras remembers variables without a value until the thread ends, and would fill
    # them at the end of the next scope: this thread has no next one. It also has the
    # profiler to itself.
    thread = Thread(target=build, name="skdeep-weight-shapes", daemon=True)
    thread.start()
    thread.join()
    if errors and isinstance(errors[0], _TooMuchWork):
        raise ValueError(
            f"building the network takes more steps than one of {n_expected} arrays "
            "of weights can need"
        )
    if errors:
        raise errors[0]
    return shapes


@contextmanager
def no_larger_variables(n_numbers: int) -> Iterator[None]:
    """Refuse to make variables of more numbers, before memory is asked for.

    For networks of somebody's own, which may do what `weight_shapes` does not allow:
    compile themselves, or load weights.

    Parameters
    ----------
    n_numbers : int
        How many numbers a variable may hold.

    Raises
    ------
    ValueError
        If a variable is larger.
    """

    def create(next_creator: Callable[..., Any], **arguments: Any) -> Any:
        initial = arguments.get("initial_value")
        if callable(initial):
            # Traced, which finds the shape and computes nothing.
            traced = tf.function(initial).get_concrete_function()
            shape = traced.structured_outputs.shape
            if shape.num_elements() > n_numbers:
                raise ValueError(
                    f"it has a variable of shape {tuple(shape)}, of more than "
                    f"{n_numbers} numbers"
                )
        return next_creator(**arguments)

    with tf.variable_creator_scope(create):
        yield


def library_versions() -> dict[str, str]:
    """Return the versions of Keras and TensorFlow."""
    return {"keras": keras.__version__, "tensorflow": tf.__version__}
