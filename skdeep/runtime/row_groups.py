"""Groups of rows of one size, in which every row rounds as it would alone.

Matrix products of different heights round differently, so rows pass through a network
in groups of one size. That is not enough: on many processors, the last rows of a matrix
are multiplied by another routine than the first, and numbers are summed by another one
where a vector of them begins in one row and ends in the next. Places of a group that
are known to be treated so are not used. What else there is depends on processor,
TensorFlow and network. So it is tried out, and only places are used at which a row has
the bits that it has at the first.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from skdeep.runtime.processor import processor_flags

# For a row alone nothing has to be tried out.
FIRST_ONLY = np.zeros(1, np.intp)
N_TRIALS = 8
# Trials alone would not do: where few numbers come out of a row, another routine shows
# in one trial of twenty. Without AVX-512, oneDNN multiplies rows of matrices by six,
# and those that are left otherwise.
_ROWS_OF_BLOCK = 6
# Operations that round, and sum vectors of numbers, or else numbers one by one.
_SUMS = {"EuclideanNorm", "Mean", "Prod", "Sum"}

Run = Callable[[np.ndarray], Any]


class RowGroups:
    """Groups of rows, of which some places are used.

    Parameters
    ----------
    size : int
        Rows of a group.
    places : ndarray of intp, default=None
        Those that are used, of which the first is one; all by default.
    """

    def __init__(self, size: int, places: NDArray[np.intp] | None = None) -> None:
        self.size = size
        self.places = np.arange(size) if places is None else places
        # Few rows then pass as quickly as can be, for those who ask row after row.
        self._leading = bool(self.places[-1] == len(self.places) - 1)

    def spread(self, rows: np.ndarray) -> np.ndarray:
        """Return whole groups, the rows at the places, zeros elsewhere."""
        n_places = len(self.places)
        if n_places == self.size and not len(rows) % self.size:
            return rows
        n_groups = -(-len(rows) // n_places)
        spread = np.zeros((n_groups * self.size, *rows.shape[1:]), rows.dtype)
        if n_groups == 1 and self._leading:
            spread[: len(rows)] = rows
            return spread
        starts = np.arange(n_groups)[:, None] * self.size
        spread[(starts + self.places).ravel()[: len(rows)]] = rows
        return spread

    def collect(self, outputs: Any, n_rows: int) -> Any:
        """Return the outputs of rows, in their order, of those of groups."""

        def collected(output: np.ndarray) -> np.ndarray:
            alone = n_rows <= len(self.places) and self._leading
            if len(self.places) < self.size and not alone:
                groups = output.reshape(-1, self.size, *output.shape[1:])
                output = groups[:, self.places].reshape(-1, *output.shape[1:])
            return output[:n_rows]

        return tf.nest.map_structure(collected, outputs)


def usual_places(size: int, stride: int) -> NDArray[np.intp]:
    """Return the places that are not known to be treated in another way.

    Parameters
    ----------
    size : int
        Rows of a group.
    stride : int
        Places from one at which vectors of numbers begin as at the first to the next;
        see `stride_of`.

    Returns
    -------
    places : ndarray of intp
        In rising order, the first among them.
    """
    n_left = 0 if _has_avx512() or size < _ROWS_OF_BLOCK else size % _ROWS_OF_BLOCK
    return np.arange(0, size - n_left, stride)


def stride_of(graph: tf.Graph, size: int) -> int:
    """Return how many places after the first vectors of numbers begin as there.

    Parameters
    ----------
    graph : tf.Graph
        What a group passes through.
    size : int
        Rows of a group.

    Returns
    -------
    stride : int
        1 if the sums over other axes than the last have whole vectors of channels.
    """
    n_numbers = 16 if _has_avx512() else 8
    strides = [1]
    for operation in _operations(graph):
        if operation.type not in _SUMS:
            continue
        summed, result = operation.inputs[0].shape, operation.outputs[0].shape
        if not result.rank or result.rank < 2 or result[0] != size:
            continue
        axes = tf.get_static_value(operation.inputs[1])
        known = axes is not None and summed.rank is not None
        if known and summed.rank - 1 in np.ravel(axes) % summed.rank:
            continue
        per_row = math.prod(length or 1 for length in result[1:])
        strides.append(n_numbers // math.gcd(n_numbers, per_row))
    return math.lcm(*strides)


def _operations(graph: tf.Graph) -> Iterator[tf.Operation]:
    """Yield the operations of a graph, and of the functions that it calls."""
    for operation in graph.get_operations():
        yield operation
        for attribute in operation.node_def.attr.values():
            if attribute.HasField("func"):
                function = graph._get_function(attribute.func.name)
                if function is not None:
                    yield from _operations(function.graph)


def places_alike(
    run: Run, examples: np.ndarray, size: int, stride: int
) -> NDArray[np.intp] | None:
    """Try out which of the usual places of a group are like the first.

    Parameters
    ----------
    run : callable
        Returns the outputs for the rows of whole groups, an array or a structure of
        arrays.
    examples : ndarray of shape (n_rows, ...)
        Rows that the network may be asked about, of which trials are mixed.
    size, stride : int
        See `usual_places`.

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
    alike[usual_places(size, stride)] = True
    for output in outputs:
        first = output[:, :1]
        same = (output == first) | ((output != output) & (first != first))
        alike &= same.all(axis=(0, 2))
    telling = any((output[:, 0] != output[:1, 0]).any() for output in outputs)
    return np.flatnonzero(alike) if telling else None


def _has_avx512() -> bool:
    return "avx512f" in processor_flags()


def _mixed(examples: np.ndarray, n_rows: int) -> np.ndarray:
    """Return rows, each number of which is that of some example at the same place."""
    flat = examples.reshape(len(examples), -1)
    generator = np.random.default_rng(0)
    chosen = generator.integers(len(flat), size=(n_rows, flat.shape[1]))
    mixed = np.take_along_axis(flat, chosen, axis=0)
    return mixed.reshape(n_rows, *examples.shape[1:])
