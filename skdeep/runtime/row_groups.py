"""Groups of rows of one size, in which every row rounds as it would alone.

Matrix products of different heights round differently, so rows pass through a network
in groups of one size. That is not enough: on many processors, the last rows of a matrix
are multiplied by another routine than the first, and a vector of numbers that begins in
one row and ends in the next is summed in another order. Which places of a group are
alike depends on processor, TensorFlow and network. So it is tried out, and only places
are used at which a row has the bits that it has at the first.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

# For a row alone nothing has to be tried out.
FIRST_ONLY = np.zeros(1, np.intp)
N_TRIALS = 8
# Where one number comes out of a row, another routine does not show in each trial. So
# the most frequent one is left out unseen: without AVX-512, oneDNN multiplies rows of
# matrices by six, and those that are left otherwise.
_ROWS_OF_BLOCK = 6

Run = Callable[[np.ndarray], Any]


class RowGroups:
    """Groups of rows, of which some places are used.

    Parameters
    ----------
    size : int
        Rows of a group.
    places : ndarray of intp, default=None
        Those that are used; by default those that no processor rounds otherwise as far
        as is known.
    """

    def __init__(self, size: int, places: NDArray[np.intp] | None = None) -> None:
        self.size = size
        self.places = _usual_places(size) if places is None else places

    def spread(self, rows: np.ndarray) -> np.ndarray:
        """Return whole groups, the rows at the places, zeros elsewhere."""
        n_places = len(self.places)
        if n_places == self.size and not len(rows) % self.size:
            return rows
        n_groups = -(-len(rows) // n_places)
        starts = np.arange(n_groups)[:, None] * self.size
        spread = np.zeros((n_groups * self.size, *rows.shape[1:]), rows.dtype)
        spread[(starts + self.places).ravel()[: len(rows)]] = rows
        return spread

    def collect(self, outputs: Any, n_rows: int) -> Any:
        """Return the outputs of rows, in their order, of those of groups."""

        def collected(output: np.ndarray) -> np.ndarray:
            if len(self.places) < self.size:
                groups = output.reshape(-1, self.size, *output.shape[1:])
                output = groups[:, self.places].reshape(-1, *output.shape[1:])
            return output[:n_rows]

        return tf.nest.map_structure(collected, outputs)


def places_alike(run: Run, examples: np.ndarray, size: int) -> NDArray[np.intp] | None:
    """Try out which places of a group are like the first.

    Parameters
    ----------
    run : callable
        Returns the outputs for the rows of whole groups, an array or a structure of
        arrays.
    examples : ndarray of shape (n_rows, ...)
        Rows that the network may be asked about, of which trials are mixed.
    size : int
        Rows of a group.

    Returns
    -------
    places : ndarray of intp or None
        In rising order, the first among them. None if these examples cannot tell,
        because all have the same outputs.
    """
    trials = _mixed(examples, N_TRIALS)
    outputs = [
        output.reshape(N_TRIALS, size, -1)
        for output in tf.nest.flatten(run(np.repeat(trials, size, axis=0)))
    ]
    alike = np.zeros(size, bool)
    alike[_usual_places(size)] = True
    for output in outputs:
        first = output[:, :1]
        same = (output == first) | ((output != output) & (first != first))
        alike &= same.all(axis=(0, 2))
    telling = any((output[:, 0] != output[:1, 0]).any() for output in outputs)
    return np.flatnonzero(alike) if telling else None


def _usual_places(size: int) -> NDArray[np.intp]:
    """Return the places of whole blocks; all if a group is less than one."""
    n_left = 0 if _has_avx512() or size < _ROWS_OF_BLOCK else size % _ROWS_OF_BLOCK
    return np.arange(size - n_left)


@cache
def _has_avx512() -> bool:
    """Tell whether the processor is known to have AVX-512."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512f" in flags.split()


def _mixed(examples: np.ndarray, n_rows: int) -> np.ndarray:
    """Return rows, each number of which is that of some example at the same place."""
    flat = examples.reshape(len(examples), -1)
    generator = np.random.default_rng(0)
    chosen = generator.integers(len(flat), size=(n_rows, flat.shape[1]))
    mixed = np.take_along_axis(flat, chosen, axis=0)
    return mixed.reshape(n_rows, *examples.shape[1:])
