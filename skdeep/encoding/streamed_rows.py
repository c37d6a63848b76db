"""Rows that are read, checked and converted when they are needed."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from skdeep.encoding.numbers import to_dtype


class RowSource(Protocol):
    """Where rows come from, such as a file."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def __getitem__(self, key: Any) -> Any:
        """Return a source of some of the rows."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of all rows."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the rows."""

    @property
    def block_rows(self) -> int:
        """Number of rows that are best read together."""

    def locations(self, rows: np.ndarray) -> np.ndarray:
        """Return where rows lie in the file."""

    def read_rows(self, rows: np.ndarray) -> np.ndarray:
        """Read some rows."""


class StreamedRows:
    """Encoded rows of a data set that is not in memory.

    It stands where an array of encoded rows would: it has their shape and dtype, and
    an index reads them.

    Parameters
    ----------
    source : RowSource
        Where the rows come from.
    row_shape : tuple of int
        Shape of an encoded row.
    dtype : dtype
        Of the encoded rows.
    check : callable
        Turns rows as they were read, an array, into encoded ones of `row_shape`, or
        raises ValueError. The numbers may still be of another dtype.
    """

    def __init__(
        self,
        source: RowSource,
        row_shape: tuple[int, ...],
        dtype: Any,
        check: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        self.source = source
        self.row_shape = tuple(row_shape)
        self.dtype = np.dtype(dtype)
        self.check = check

    def __len__(self) -> int:
        return len(self.source)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of all encoded rows."""
        return (len(self), *self.row_shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions of that array."""
        return len(self.shape)

    @property
    def row_bytes(self) -> int:
        """Memory that a row takes, read or encoded, whichever is more, in bytes."""
        n_numbers = int(np.prod(self.row_shape, dtype=np.int64))
        return n_numbers * max(self.dtype.itemsize, self.source.dtype.itemsize)

    @property
    def block_rows(self) -> int:
        """Number of rows that are best read together."""
        return self.source.block_rows

    def locations(self, rows: np.ndarray) -> np.ndarray:
        """Return where rows lie in the file, which decides what is read together."""
        return self.source.locations(rows)

    def read_rows(self, rows: np.ndarray) -> np.ndarray:
        """Read, check and encode some rows.

        Parameters
        ----------
        rows : ndarray of int
            Row numbers.

        Returns
        -------
        encoded : ndarray of shape (n_rows, ...)

        Raises
        ------
        ValueError
            If a row holds what an estimator cannot take.
        """
        if len(rows) == 0:
            return np.empty((0, *self.row_shape), dtype=self.dtype)
        checked = self.check(self.source.read_rows(rows))
        return np.ascontiguousarray(to_dtype(checked, self.dtype))

    def __getitem__(self, key: Any) -> np.ndarray:
        """Read the rows, or parts of rows, that an index asks for."""
        first, *others = key if isinstance(key, tuple) else (key,)
        chosen = np.arange(len(self))[first]
        if chosen.ndim == 0:
            return self.read_rows(chosen[None])[0][tuple(others)]
        rows = first if first is Ellipsis else slice(None)
        return self.read_rows(chosen)[(rows, *others)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.read_rows(np.arange(len(self)))
        return array if dtype is None else array.astype(dtype, copy=False)

    def take(self, rows: np.ndarray) -> "StreamedRows":
        """Return some of the rows, without reading them."""
        if len(rows) == len(self) and np.array_equal(rows, np.arange(len(self))):
            return self
        return StreamedRows(self.source[rows], self.row_shape, self.dtype, self.check)

    def astype(self, dtype: Any, copy: bool = True) -> "StreamedRows":
        """Return the rows in another dtype, without reading them."""
        return StreamedRows(self.source, self.row_shape, dtype, self.check)
