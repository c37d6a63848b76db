"""Seeds: random initial weights without touching anybody's random state."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock, get_ident
from typing import Any

import numpy as np
import tensorflow as tf
from keras.src.random import seed_generator
from tensorflow.python.eager.context import context

from skdeep.runtime.processes import check_process

# One thread at a time stands in for Keras' source of random numbers.
BUILD_LOCK = RLock()
# TensorFlow has one source for operations without a seed of their own.
_OPERATIONS_LOCK = RLock()


class _Draws:
    """Python's module `random` as Keras uses it, with numbers of its own in one thread.

    Parameters
    ----------
    seed : int
        What decides the numbers that the current thread draws. All other threads draw
        from the real module.
    """

    def __init__(self, seed: int) -> None:
        self._generator = random.Random(seed)
        self._thread = get_ident()

    def randint(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        ours = get_ident() == self._thread
        return (self._generator if ours else random).randint(low, high)


@contextmanager
def seeded_construction(seed: int) -> Iterator[None]:
    """Make Keras objects that are constructed inside depend on `seed` only.

    Keras draws the seeds of initialisers and of random layers from Python's `random`
    when they are constructed, and everything later from these seeds. To seed that
    module would not do: all threads draw from it, such as those that serve a worker of
    a cluster, and would take numbers away from us, and get ours.
    """
    check_process()
    with BUILD_LOCK:
        before = seed_generator.python_random
        seed_generator.python_random = _Draws(seed)
        try:
            with variables_of_one_name():
                yield
        finally:
            seed_generator.python_random = before


@contextmanager
def variables_of_one_name() -> Iterator[None]:
    """Give all variables that are made inside one name in TensorFlow.

    It keeps the operation that makes a variable for ever, 36 kB for each name, and
    Keras numbers layers: names would be new in every fit. Keras' own names stay.
    """

    def make(creator: Any, **arguments: Any) -> Any:
        # The slash leaves out the names of the scopes around.
        return creator(**arguments | {"name": "variable/"})

    with tf.variable_creator_scope(make):
        yield


@contextmanager
def seeded_operations(seed: int) -> Iterator[None]:
    """Make TensorFlow's operations without a seed of their own depend on `seed`.

    Such as the one by which Keras shuffles arrays. TensorFlow's own state is put back
    on the way out, and one thread at a time is inside.
    """
    with _OPERATIONS_LOCK:
        state = context()
        # The generator is made when a seed is set for the first time.
        before, generator = state._seed, getattr(state, "_rng", None)
        tf.random.set_seed(seed)
        try:
            yield
        finally:
            tf.random.set_seed(before)
            if generator is not None:
                state._rng = generator


def epoch_generator(seed: int, epoch: int) -> np.random.Generator:
    """Return the generator that shuffles epoch number `epoch` of a fit."""
    return np.random.default_rng([seed, epoch])
