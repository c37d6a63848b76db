"""Seeds: random initial weights without touching anybody's random state."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import numpy as np
import tensorflow as tf
from tensorflow.python.eager.context import context

from skdeep.runtime.processes import check_process

# Keras draws the seeds of initialisers and of random layers from Python's
# process-wide `random` when they are constructed, so only one thread may build.
BUILD_LOCK = RLock()
# So does TensorFlow with operations that have no seed of their own.
_OPERATIONS_LOCK = RLock()


@contextmanager
def seeded_construction(seed: int) -> Iterator[None]:
    """Make Keras objects that are constructed inside depend on `seed` only.

    Everything that Keras draws later comes from these seeds. Python's random
    state is put back on the way out.
    """
    check_process()
    with BUILD_LOCK:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


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
