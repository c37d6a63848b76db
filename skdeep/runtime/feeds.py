"""Feeds: rows of a data set, gathered batch by batch inside the compiled graph.

A feed holds a data set once, in its own dtype. What varies from data set to data
set goes into the graph as tensors; what the graph depends on is the feed's
`layout`, a plain value that is part of the key of everything compiled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

# Batches of sequences are as long as their longest row, rounded up to a multiple
# of this, so that the number of different shapes stays small.
_LENGTH_STEP = 8
# Shuffled rows are cut into runs of up to so many batches, and each run, sorted by
# length, into batches: nearly all padding goes, little of the randomness does. An epoch
# has at least so many runs, or one for each batch: sorted as a whole, it would have
# batches of one class where length tells of the class.
_BATCHES_PER_RUN = 8
_RUNS_PER_EPOCH = 6


class TokenRows(Protocol):
    """Sequences of token ids laid end to end, as the encoding makes them."""

    ids: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True)
class ArrayLayout:
    """Rows of one shape; integers and floats alike reach the network as floats."""

    row_shape: tuple[int | None, ...]
    dtype: str
    scale: float = 1.0
    as_float: bool = True

    def signature(self) -> tuple[tf.TensorSpec, ...]:
        """Return the specification of the feed's tensors."""
        return (tf.TensorSpec((None, *self.row_shape), self.dtype),)

    def gather(self, tensors: Sequence[tf.Tensor], rows: tf.Tensor, dtype: str) -> Any:
        """Return the batch of `rows`, cast to `dtype` and scaled."""
        return self.decode(tf.gather(tensors[0], rows), dtype)

    def decode(self, batch: tf.Tensor, dtype: str) -> Any:
        """Cast a batch to `dtype` and scale it; labels stay integers."""
        if not self.as_float:
            return batch
        batch = tf.cast(batch, dtype)
        return batch if self.scale == 1.0 else batch * tf.cast(self.scale, dtype)


@dataclass(frozen=True)
class SequenceLayout:
    """Rows of different lengths; id 0 pads them to the longest of a batch."""

    dtype: str

    def signature(self) -> tuple[tf.TensorSpec, ...]:
        """Return the specification of the feed's tensors."""
        return (tf.TensorSpec((None,), self.dtype), tf.TensorSpec((None,), "int64"))

    def gather(self, tensors: Sequence[tf.Tensor], rows: tf.Tensor, dtype: str) -> Any:
        """Return the ids of `rows`, int32 of shape (n_rows, longest)."""
        ids, offsets = tensors
        starts = tf.gather(offsets, rows)
        lengths = tf.gather(offsets, rows + 1) - starts
        longest = -(-tf.reduce_max(lengths) // _LENGTH_STEP) * _LENGTH_STEP
        positions = tf.range(longest)[None, :]
        inside = positions < lengths[:, None]
        indices = tf.where(inside, starts[:, None] + positions, 0)
        return tf.where(inside, tf.cast(tf.gather(ids, indices), tf.int32), 0)


class ArrayFeed:
    """Rows of an array.

    Parameters
    ----------
    array : ndarray of shape (n_rows, ...)
        The rows, in the dtype in which they are to be held.
    scale : float, default=1.0
        Factor that each batch is multiplied with after it was cast to floats.
    as_float : bool, default=True
        Whether batches are cast to the network's floats. Labels are not.
    """

    def __init__(
        self, array: np.ndarray, *, scale: float = 1.0, as_float: bool = True
    ) -> None:
        self.array = array
        self.layout = ArrayLayout(
            tuple(array.shape[1:]), array.dtype.name, scale, as_float
        )

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: np.ndarray) -> "ArrayFeed":
        """Return the feed of some of the rows."""
        return ArrayFeed(
            self.array[rows], scale=self.layout.scale, as_float=self.layout.as_float
        )

    def sample(self, n_rows: int) -> np.ndarray:
        """Return the numbers of at most `n_rows` rows that stand for all."""
        # Distinct rows come in an order that is as good as random.
        return np.arange(min(n_rows, len(self)))

    def tensors(self) -> tuple[tf.Tensor, ...]:
        """Return the data as TensorFlow tensors."""
        return (tf.convert_to_tensor(self.array),)

    def order(
        self, rows: np.ndarray, batch_size: int, generator: np.random.Generator
    ) -> np.ndarray:
        """Return `rows` shuffled."""
        return generator.permutation(rows)


class SequenceFeed:
    """Rows of token ids of different lengths, padded on the right batch by batch.

    Parameters
    ----------
    sequences : object with attributes `ids` and `offsets`
        Row ``i`` is ``ids[offsets[i]:offsets[i + 1]]``, at least one id.
    """

    def __init__(self, sequences: TokenRows) -> None:
        self.sequences = sequences
        self.layout = SequenceLayout(sequences.ids.dtype.name)

    def __len__(self) -> int:
        return len(self.sequences.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Number of ids of each row, int64 of shape (n_rows,)."""
        return np.diff(self.sequences.offsets)

    def tensors(self) -> tuple[tf.Tensor, ...]:
        """Return the data as TensorFlow tensors."""
        return (
            tf.convert_to_tensor(self.sequences.ids),
            tf.convert_to_tensor(np.asarray(self.sequences.offsets, dtype=np.int64)),
        )

    def order(
        self, rows: np.ndarray, batch_size: int, generator: np.random.Generator
    ) -> np.ndarray:
        """Return `rows` shuffled, then put into batches of similar length."""
        rows = generator.permutation(rows)
        lengths = self.lengths[rows]
        n_batches = -(-len(rows) // batch_size)
        run = batch_size * min(_BATCHES_PER_RUN, max(1, n_batches // _RUNS_PER_EPOCH))
        for start in range(0, len(rows), run):
            stop = min(start + run, len(rows))
            similar = np.argsort(-lengths[start:stop], kind="stable")
            rows[start:stop] = rows[start:stop][similar]
        n_whole = len(rows) // batch_size * batch_size
        batches = generator.permutation(rows[:n_whole].reshape(-1, batch_size))
        return np.concatenate([batches.reshape(-1), rows[n_whole:]])
