"""Streams: rows of a data set that is not in memory, read chunk by chunk.

Reading in the order of a shuffle would read every row on its own. So blocks of
neighbouring rows are put into random order, several of them make a chunk of bounded
size, and the rows of a chunk are shuffled. While the network is trained on one chunk, a
thread reads the next. Which rows make a batch is decided before anything is read.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
import tensorflow as tf

from skdeep.runtime.feeds import ArrayFeed, ArrayLayout, SequenceFeed

# Size of a chunk: with the one that is being read and TensorFlow's copies, up to four
# times as much is in memory at any time.
CHUNK_BYTES = 2**25

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
Chunk = tuple[np.ndarray, list[tuple[tf.Tensor, ...]]]


class RowReader(Protocol):
    """Rows of one shape in something that can be read, as the encoding makes them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of all rows."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the rows."""

    @property
    def row_bytes(self) -> int:
        """Memory that a row takes while it is read, in bytes."""

    @property
    def block_rows(self) -> int:
        """Number of rows that are best read together."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def locations(self, rows: np.ndarray) -> np.ndarray:
        """Return where rows lie; neighbours are read together."""

    def read_rows(self, rows: np.ndarray) -> np.ndarray:
        """Read some rows."""

    def take(self, rows: np.ndarray) -> "RowReader":
        """Return some of the rows, without reading them."""


@contextmanager
def read_ahead(
    read: Callable[[_Item], _Result], items: Iterable[_Item]
) -> Iterator[Iterator[_Result]]:
    """Read each item in a thread, while the one before is being used.

    Parameters
    ----------
    read : callable
        Called with each item, one after the other. What it raises is raised where the
        result would have been.
    items : iterable
        What to read.

    Yields
    ------
    results : iterator
        What `read` returns, in the order of the items. The thread has ended when the
        context is left, however it is left.
    """
    # The thread sees NumPy's error state, and whatever else belongs to the caller.
    context = copy_context()
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="skdeep-reader")

    def results() -> Iterator[_Result]:
        waiting: Future[_Result] | None = None
        for item in items:
            following = pool.submit(context.run, read, item)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()

    try:
        yield results()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class StreamFeed:
    """Rows that are read chunk by chunk; to the network the same as an `ArrayFeed`.

    Parameters
    ----------
    array : RowReader
        The rows, encoded when they are read.
    scale : float, default=1.0
        Factor that each batch is multiplied with after it was cast to floats.
    """

    def __init__(self, array: RowReader, *, scale: float = 1.0) -> None:
        self.array = array
        self.layout = ArrayLayout(
            tuple(array.shape[1:]), np.dtype(array.dtype).name, scale
        )

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: np.ndarray) -> "StreamFeed":
        """Return the feed of some of the rows."""
        return StreamFeed(self.array.take(rows), scale=self.layout.scale)

    def sample(self, n_rows: int) -> np.ndarray:
        """Return the numbers of at most `n_rows` rows from all over the data."""
        return np.unique(np.linspace(0, len(self) - 1, n_rows).astype(np.int64))

    def tensors(self, rows: np.ndarray | None = None) -> tuple[tf.Tensor, ...]:
        """Read some rows, or all; return them as TensorFlow tensors."""
        rows = np.arange(len(self)) if rows is None else rows
        return (tf.convert_to_tensor(self.array.read_rows(rows)),)

    def chunk_rows(self, batch_size: int) -> int:
        """Return how many rows make a chunk: whole batches, at least one."""
        n_rows = CHUNK_BYTES // max(self.array.row_bytes, 1)
        return max(n_rows // batch_size, 1) * batch_size

    def order(
        self, rows: np.ndarray, batch_size: int, generator: np.random.Generator
    ) -> np.ndarray:
        """Return `rows` in random order: block by block, then within chunks."""
        rows = rows[self._by_location(rows)]
        blocks = self.array.locations(rows) // self.array.block_rows
        pieces = np.split(rows, np.flatnonzero(blocks[1:] != blocks[:-1]) + 1)
        order = np.concatenate([pieces[i] for i in generator.permutation(len(pieces))])
        size = self.chunk_rows(batch_size)
        for start in range(0, len(order), size):
            chunk = order[start : start + size]
            order[start : start + size] = generator.permutation(chunk)
        return order

    def _by_location(self, rows: np.ndarray) -> np.ndarray | slice:
        """Return what sorts rows by where they lie."""
        locations = self.array.locations(rows)
        # As a rule they are sorted: copies of all row numbers would take memory.
        if np.all(locations[1:] >= locations[:-1]):
            return slice(None)
        return np.argsort(locations, kind="stable")

    def collect(
        self, function: Callable[[np.ndarray], Any], n_rows: int
    ) -> tuple[Any, ...]:
        """Apply a function to all rows, some at a time.

        Parameters
        ----------
        function : callable
            From an array of rows to an array, or a structure of arrays, with as many.
        n_rows : int
            Rows to pass at once.

        Returns
        -------
        results : ndarray or structure of such
            Of all rows, in their order.
        """
        # Read from the start of the file to its end, wherever the rows are to go.
        every = np.arange(len(self))
        order = every[self._by_location(every)]
        parts = [order[i : i + n_rows] for i in range(0, len(order), n_rows)]
        results: Any = None
        with read_ahead(self.array.read_rows, parts) as pieces:
            for part, rows in zip(parts, pieces, strict=True):
                outputs = function(rows)
                if results is None:
                    results = tf.nest.map_structure(self._empty, outputs)
                whole = zip(
                    tf.nest.flatten(results), tf.nest.flatten(outputs), strict=True
                )
                for result, output in whole:
                    result[part] = output
        return results

    def _empty(self, output: np.ndarray) -> np.ndarray:
        return np.empty((len(self), *output.shape[1:]), dtype=output.dtype)


Feed = ArrayFeed | SequenceFeed | StreamFeed


class TrainingData:
    """Inputs, targets and weights, in chunks as the compiled training takes them.

    Parameters
    ----------
    inputs : Feed
        The rows.
    targets : ArrayFeed or None
        Their targets; None when the rows themselves are the targets.
    weights : ndarray of shape (n_rows,)
        Their weights.
    """

    def __init__(
        self, inputs: Feed, targets: ArrayFeed | None, weights: np.ndarray
    ) -> None:
        self.inputs = inputs
        self.targets = targets
        self.weights = ArrayFeed(np.asarray(weights, dtype=np.float32))
        # What is in memory is one chunk, made into tensors once.
        self._whole: list[tuple[tf.Tensor, ...]] | None = None
        if not isinstance(inputs, StreamFeed):
            feeds = (inputs, targets, self.weights)
            self._whole = [() if feed is None else feed.tensors() for feed in feeds]

    @contextmanager
    def chunks(self, order: np.ndarray, batch_size: int) -> Iterator[Iterable[Chunk]]:
        """Cut rows into chunks.

        Parameters
        ----------
        order : ndarray of int
            Row numbers, in the order in which they are to be used.
        batch_size : int
            All chunks but the last hold a multiple of so many rows.

        Yields
        ------
        chunks : iterable of (order, data)
            For each chunk, the order of its rows and its tensors.
        """
        if not isinstance(self.inputs, StreamFeed):
            yield [(order, self._whole or [])]
            return
        size = self.inputs.chunk_rows(batch_size)
        parts = [order[i : i + size] for i in range(0, len(order), size)]
        with read_ahead(partial(self._read, self.inputs), parts) as chunks:
            yield chunks

    def _read(self, stream: StreamFeed, rows: np.ndarray) -> Chunk:
        """Read rows in the order of the file; return their own order beside them."""
        by_location = np.argsort(stream.array.locations(rows), kind="stable")
        ascending = rows[by_location]
        order = np.empty(len(rows), dtype=np.int64)
        order[by_location] = np.arange(len(rows))
        targets = None if self.targets is None else self.targets.take(ascending)
        weights = self.weights.take(ascending)
        beside = [() if feed is None else feed.tensors() for feed in (targets, weights)]
        return order, [stream.tensors(ascending), *beside]
