"""Seeds: random initial weights without touching anybody's random state."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import numpy as np

from skdeep.runtime.processes import check_process

# Keras draws the seeds of initialisers and of random layers from Python's
# process-wide `random` when they are constructed, so only one thread may build.
BUILD_LOCK = RLock()


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


def epoch_generator(seed: int, epoch: int) -> np.random.Generator:
    """Return the generator that shuffles epoch number `epoch` of a fit."""
    return np.random.default_rng([seed, epoch])
