"""Feeds of rows that repeat, and of sparse rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from skdeep.runtime.feeds import ArrayFeed


class _Occurrences:
    """The rows of an epoch, some of them several times."""

    places: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def order(
        self, rows: np.ndarray, batch_size: int, generator: np.random.Generator
    ) -> np.ndarray:
        """Return the row numbers of the occurrences `rows`, shuffled."""
        return self.places[generator.permutation(rows)]


class RepeatedFeed(_Occurrences, ArrayFeed):
    """Rows of an array of which some occur several times in an epoch.

    Parameters
    ----------
    array : ndarray of shape (n_rows, ...)
        The rows, each of them once.
    places : ndarray of int64 of shape (n_occurrences,)
        Row number of each occurrence.
    """

    def __init__(self, array: np.ndarray, places: np.ndarray) -> None:
        super().__init__(array)
        self.places = places


@dataclass(frozen=True)
class SparseLayout:
    """Rows of `n_columns` numbers of which most are zero."""

    n_columns: int
    dtype: str

    def signature(self) -> tuple[tf.TensorSpec, ...]:
        """Return the specification of the feed's tensors."""
        return (
            tf.TensorSpec((None,), self.dtype),
            tf.TensorSpec((None,), "int64"),
            tf.TensorSpec((None,), "int64"),
        )

    def gather(self, tensors: Sequence[tf.Tensor], rows: tf.Tensor, dtype: str) -> Any:
        """Return the batch of `rows` with its zeros, cast to `dtype`."""
        data, columns, offsets = tensors
        starts = tf.gather(offsets, rows)
        lengths = tf.gather(offsets, rows + 1) - starts
        # Number of the batch's row that each stored number belongs to, and the
        # number's place among those of its row.
        owner = tf.repeat(tf.range(tf.shape(rows)[0], dtype=tf.int64), lengths)
        before = tf.cumsum(lengths, exclusive=True)
        places = tf.range(tf.reduce_sum(lengths)) - tf.gather(before, owner)
        places += tf.gather(starts, owner)
        where = tf.stack([owner, tf.gather(columns, places)], axis=1)
        shape = tf.stack([tf.shape(rows, out_type=tf.int64)[0], self.n_columns])
        return tf.scatter_nd(where, tf.cast(tf.gather(data, places), dtype), shape)


class SparseFeed(_Occurrences):
    """Rows of a sparse matrix, filled with zeros batch by batch.

    Parameters
    ----------
    matrix : scipy.sparse CSR matrix or array of shape (n_rows, n_columns)
        The rows.
    places : ndarray of int64 of shape (n_occurrences,), default=None
        Row number of each occurrence in an epoch; None for each row once.
    """

    def __init__(self, matrix: Any, places: np.ndarray | None = None) -> None:
        self.matrix = matrix
        self.places = np.arange(matrix.shape[0]) if places is None else places
        self.layout = SparseLayout(int(matrix.shape[1]), matrix.data.dtype.name)

    def tensors(self) -> tuple[tf.Tensor, ...]:
        """Return the data as TensorFlow tensors."""
        return (
            tf.convert_to_tensor(self.matrix.data),
            tf.convert_to_tensor(np.asarray(self.matrix.indices, dtype=np.int64)),
            tf.convert_to_tensor(np.asarray(self.matrix.indptr, dtype=np.int64)),
        )
