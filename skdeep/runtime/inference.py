"""Inference: fitted weights in, outputs out, row by row the same bits.

A row's result must not depend on which rows stand beside it, nor on how many. So rows
always pass in groups of one fixed size, see `skdeep.runtime.row_groups`, and sequences
are padded to one of a few fixed lengths that their own length alone decides.
"""

import math
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from functools import cache, partial
from threading import Lock
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from skdeep.runtime.feeds import ArrayFeed, ArrayLayout, SequenceFeed
from skdeep.runtime.memory import shortage_explained
from skdeep.runtime.precision import dtype_policy
from skdeep.runtime.processes import check_process
from skdeep.runtime.row_groups import (
    FIRST_ONLY,
    N_TRIALS,
    RowGroups,
    places_alike,
    stride_of,
    usual_places,
)
from skdeep.runtime.seeds import BUILD_LOCK, seeded_construction
from skdeep.runtime.specification import NetworkSpec
from skdeep.runtime.streams import Feed, StreamFeed
from skdeep.runtime.traced_functions import TracedFunction
from skdeep.runtime.weights import arrays_of, check_weights

_GROUP = 32
_GROUP_OF_LARGE_ROWS = 8
_LARGE_ROW = 4096
# Networks with so few weights are small, and feel how they are called.
_FEW_WEIGHTS = 16
# Rows handed to TensorFlow at once, and numbers in them at most, so that memory
# stays flat.
_CHUNK_ROWS = 4096
_CHUNK_SIZE = 2**24
_MAX_FUNCTIONS = 32


class ForwardFunction:
    """A traced forward pass through a network, or a named part of it.

    Stateless: the weights are arguments, so that any number of estimators and
    threads share it.
    """

    def __init__(
        self, network: NetworkSpec, part: str | None, layout: ArrayLayout, dtype: str
    ) -> None:
        self.dtype = dtype
        self.layout = layout
        with seeded_construction(0), dtype_policy(dtype):
            model = network()
        self.part = model if part is None else model.get_layer(part)
        positions = {id(v): i for i, v in enumerate(model.weights)}
        self._trainable = [positions[id(v)] for v in self.part.trainable_variables]
        # What is no weight is a random layer's state, which inference never uses.
        self._others = [
            positions[id(v)] if id(v) in positions else tf.constant(v.numpy())
            for v in self.part.non_trainable_variables
        ]
        large = math.prod(size or 1 for size in layout.row_shape) > _LARGE_ROW
        self.group = _GROUP_OF_LARGE_ROWS if large else _GROUP
        self.variables = model.weights
        self._wanted = [(tuple(v.shape), np.dtype(v.dtype)) for v in model.weights]
        self._traced: dict[int | None, TracedFunction] = {}
        self._known: dict[tuple[int, ...], RowGroups] = {}
        self._stride = 1
        self._seen: set[tuple[int, ...]] = set()

    def arrays(self, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return weights as the function takes them."""
        # Looked at first, as asking the variables takes as long as some predictions.
        found = [(np.shape(array), getattr(array, "dtype", None)) for array in weights]
        if found == self._wanted:
            return list(weights)
        check_weights(self.variables, weights)
        return [
            np.asarray(array, dtype=dtype)
            for (_, dtype), array in zip(self._wanted, weights, strict=True)
        ]

    def outputs(self, weights: Sequence[tf.Tensor], batch: tf.Tensor) -> Any:
        """Return the outputs for a batch of rows, inside a traced function."""
        trainable = [weights[i] for i in self._trainable]
        others = [weights[i] if isinstance(i, int) else i for i in self._others]
        batch = self.layout.decode(batch, self.dtype)
        outputs, _ = self.part.stateless_call(trainable, others, batch, training=False)
        self._stride = stride_of(tf.compat.v1.get_default_graph(), self.group)
        return outputs

    def _function(self, n_rows: int | None) -> TracedFunction:
        """Return what is traced for a number of rows, None for any."""
        if n_rows not in self._traced:
            weights = [tf.TensorSpec(v.shape, v.dtype) for v in self.variables]
            # Parts of a network may be called on codes: the signature is the layout's.
            (rows,) = self.layout.signature()
            rows = tf.TensorSpec((n_rows, *rows.shape[1:]), rows.dtype)
            function = self._forward if n_rows is None else self.outputs
            with BUILD_LOCK:
                if n_rows not in self._traced:
                    traced = tf.function(function, autograph=False)
                    self._traced[n_rows] = TracedFunction(
                        traced.get_concrete_function(weights, rows),
                        as_operation=len(self.variables) <= _FEW_WEIGHTS,
                    )
        return self._traced[n_rows]

    def _forward(self, weights: Sequence[tf.Tensor], rows: tf.Tensor) -> Any:
        """Return the outputs for whole groups of rows, inside a traced function."""
        tail = tf.shape(rows)[1:]
        groups = tf.reshape(rows, tf.concat([[-1, self.group], tail], 0))
        groups.set_shape((None, self.group, *rows.shape[1:]))
        shapes = self.part.compute_output_spec(
            keras.KerasTensor((self.group, *rows.shape[1:]), self.dtype)
        )
        signature = tf.nest.map_structure(
            lambda s: tf.TensorSpec((self.group, *s.shape[1:]), s.dtype), shapes
        )
        outputs = tf.map_fn(
            lambda group: self.outputs(weights, group),
            groups,
            fn_output_signature=signature,
        )
        return tf.nest.map_structure(
            lambda o: tf.reshape(o, tf.concat([[-1], tf.shape(o)[2:]], 0)), outputs
        )

    def __call__(
        self,
        weights: list[np.ndarray],
        rows: np.ndarray,
        examples: np.ndarray | None = None,
    ) -> Any:
        """Return the outputs for `rows`, as NumPy arrays.

        Examples are of the shape of the rows; by them, or else by the rows, it is tried
        out which places of a group to use.
        """
        many = len(rows) > self.group
        with shortage_explained("Inference"):
            groups = self._groups(weights, rows, examples, many)
            outputs = self._run(weights, groups.spread(rows), many)
        return groups.collect(outputs, len(rows))

    def _run(self, weights: list[np.ndarray], rows: np.ndarray, many: bool) -> Any:
        """Return the outputs for whole groups of rows."""
        if not many and len(rows) > self.group:
            pieces = np.split(rows, len(rows) // self.group)
            return _concatenated([self._run(weights, p, many) for p in pieces])
        return self._function(None if many else self.group)([*weights, rows])

    def _groups(
        self,
        weights: list[np.ndarray],
        rows: np.ndarray,
        examples: np.ndarray | None,
        many: bool,
    ) -> RowGroups:
        """Return groups whose places are alike for rows of this shape."""
        shape = rows.shape[1:]
        if shape in self._known:
            return self._known[shape]
        # There are many lengths, and few rows are sooner sent one by one than tried.
        unsure = examples is not None and shape not in self._seen
        if len(rows) == 1 or (unsure and len(rows) <= N_TRIALS):
            self._seen.add(shape)
            return RowGroups(self.group, FIRST_ONLY)
        examples = rows if examples is None else examples
        # The stride is known from then on.
        self._function(None if many else self.group)
        # Initial weights tell better: fitted ones may make all outputs 0 or 1.
        for tried in (arrays_of(self.variables), weights):
            run = partial(self._run, tried, many=many)
            places = places_alike(run, examples, self.group, self._stride)
            if places is not None:
                self._known[shape] = RowGroups(self.group, places)
                return self._known[shape]
        # With these weights all outputs are the same.
        return RowGroups(self.group, usual_places(self.group, self._stride))


class _FunctionCache:
    def __init__(self, size: int) -> None:
        self.size = size
        self._functions: OrderedDict[Hashable, ForwardFunction] = OrderedDict()
        self._lock = Lock()

    def get(
        self, network: NetworkSpec, part: str | None, layout: ArrayLayout, dtype: str
    ) -> ForwardFunction:
        check_process()
        key = (network.key, part, layout, dtype)
        with self._lock:
            if key in self._functions:
                self._functions.move_to_end(key)
                return self._functions[key]
        with BUILD_LOCK:
            function = self._functions.get(key)
            if function is None:
                function = ForwardFunction(network, part, layout, dtype)
        with self._lock:
            self._functions[key] = function
            while len(self._functions) > self.size:
                self._functions.popitem(last=False)
        return function

    def clear(self) -> None:
        with self._lock:
            self._functions.clear()


FUNCTIONS = _FunctionCache(_MAX_FUNCTIONS)


def infer(
    network: NetworkSpec,
    weights: Sequence[np.ndarray],
    feed: Feed,
    *,
    part: str | None = None,
    precision: str = "float32",
) -> Any:
    """Send rows through a network in inference mode.

    Parameters
    ----------
    network : NetworkSpec
        The network.
    weights : sequence of ndarray
        Its fitted weights, in the order of `keras.Model.weights`.
    feed : ArrayFeed, SequenceFeed or StreamFeed
        The rows.
    part : str, default=None
        Name of a sub-model, such as "encoder", to use instead of the whole.
    precision : str, default="float32"
        Inference is in float64 when training was, otherwise in float32.

    Returns
    -------
    outputs : ndarray of shape (n_rows, ...) or structure of such
        What the network returns, in the order of the rows.
    """
    dtype = "float64" if precision == "float64" else "float32"
    pieces = []
    if isinstance(feed, ArrayFeed | StreamFeed):
        function = FUNCTIONS.get(network, part, feed.layout, dtype)
        arrays = function.arrays(weights)
        if isinstance(feed, StreamFeed):
            return feed.collect(
                lambda rows: function(arrays, rows),
                _chunk_rows(math.prod(feed.array.shape[1:])),
            )
        for start, stop in _chunks(len(feed), feed.array[:1].size):
            pieces.append(function(arrays, feed.array[start:stop]))
        return _concatenated(pieces)
    layout = ArrayLayout((None,), "int32", as_float=False)
    function = FUNCTIONS.get(network, part, layout, dtype)
    arrays = function.arrays(weights)
    order = []
    generator = np.random.default_rng(0)
    for length, rows in _rows_by_length(feed):
        for start, stop in _chunks(len(rows), length):
            some = rows[start:stop]
            order.append(some)
            examples = _drawn(generator, feed.sequences.ids, (N_TRIALS, length))
            pieces.append(function(arrays, _padded(feed, some, length), examples))
    places = np.argsort(np.concatenate(order), kind="stable")
    return tf.nest.map_structure(lambda o: o[places], _concatenated(pieces))


def _concatenated(pieces: list[Any]) -> Any:
    if len(pieces) == 1:
        return pieces[0]
    return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *pieces)


def _chunks(n_rows: int, row_size: int) -> list[tuple[int, int]]:
    size = _chunk_rows(row_size)
    return [(i, min(i + size, n_rows)) for i in range(0, n_rows, size)]


def _chunk_rows(row_size: int) -> int:
    return max(_GROUP, min(_CHUNK_ROWS, _CHUNK_SIZE // max(row_size, 1)))


def _rows_by_length(feed: SequenceFeed) -> list[tuple[int, np.ndarray]]:
    """Group rows by the length that they are padded to."""
    lengths = feed.lengths
    steps = [8]
    while steps[-1] < lengths.max():
        # 8, 12, 16, 24, 32, 48, ...: at most half as much padding as text.
        steps.append(steps[-1] * 3 // 2 if len(steps) % 2 else steps[-2] * 2)
    places = np.searchsorted(steps, lengths)
    return [(steps[p], np.flatnonzero(places == p)) for p in np.unique(places)]


def _padded(feed: SequenceFeed, rows: np.ndarray, length: int) -> np.ndarray:
    """Return some rows of token ids as an int32 array of shape (n, length)."""
    starts = feed.sequences.offsets[rows]
    inside = np.arange(length) < feed.lengths[rows][:, None]
    indices = np.where(inside, starts[:, None] + np.arange(length), 0)
    return np.where(inside, feed.sequences.ids[indices], 0).astype(np.int32)


def _drawn(
    generator: np.random.Generator, ids: np.ndarray, shape: tuple[int, int]
) -> np.ndarray | None:
    """Return rows of ids that occur, if any do."""
    return generator.choice(ids, shape).astype(np.int32) if ids.size else None


@cache
def output_shape(network: NetworkSpec, part: str | None = None) -> tuple[int, ...]:
    """Return the shape of what a network, or a part of it, returns for one row."""
    with seeded_construction(0), dtype_policy("float32"):
        model = network()
    model = model if part is None else model.get_layer(part)
    return tuple(model.output_shape[1:])
