"""Rows of arrays that lie in files, read when they are needed."""

import itertools
import mmap
import operator
from collections.abc import Iterator
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn import get_config

# In memory, data is held about four times while a network is trained on it: as it was
# passed, validated, without duplicates, and as TensorFlow's tensor.
_COPIES = 4
# Rows of so many bytes are best read together: fewer, and looking for the place takes
# longer than reading; more, and shuffling by blocks leaves too much order.
_BLOCK_BYTES = 2**18
_MOST_ROWS_OF_BLOCK = 256
_LARGEST_BLOCK_BYTES = 2**23
# Reading over a gap of so many bytes is faster than reading twice.
_GAP_BYTES = 2**16
_SLICE_BYTES = 2**24
_MAPPED_BYTES = 2**22


class StoredArray(Protocol):
    """What an array in a file must have: a shape, a dtype, and slices of rows."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __getitem__(self, key: slice) -> Any:
        """Return some rows as something that NumPy makes an array of."""


def is_stored(X: Any) -> bool:
    """Tell whether X is an array that is read when it is sliced.

    Parameters
    ----------
    X : object
        Anything.

    Returns
    -------
    stored : bool
        True for memory maps, HDF5 data sets, zarr arrays, image folders and all else
        of two or more dimensions with a shape, a NumPy dtype and slices. False for
        arrays in memory, data frames and sparse matrices.
    """
    if isinstance(X, np.ndarray):
        return isinstance(X, np.memmap) and X.ndim > 1 and not _is_from_joblib(X)
    shape = getattr(X, "shape", None)
    return (
        isinstance(shape, tuple)
        and len(shape) > 1
        and isinstance(getattr(X, "dtype", None), np.dtype)
        and hasattr(type(X), "__getitem__")
        # Sparse matrices, and what pandas may come up with.
        and not hasattr(X, "tocsr")
        and not hasattr(X, "iloc")
    )


def _is_from_joblib(X: np.memmap) -> bool:
    """Tell whether joblib made a memory map of an array to pass it to a process.

    The array was in memory; that a fit runs in another process must change nothing.
    """
    folder = Path(str(X.filename)).parent.name
    return folder.startswith("joblib_memmapping_folder_")


def is_streamed(X: Any) -> bool:
    """Tell whether X is an array in a file that is too large to be read at once.

    Parameters
    ----------
    X : object
        Anything.

    Returns
    -------
    streamed : bool
        True if X is stored, see `is_stored`, and takes more than a quarter of
        scikit-learn's setting `working_memory`, that is, by default, of 1 GiB.
    """
    if not is_stored(X):
        return False
    n_bytes = np.dtype(X.dtype).itemsize * np.prod(X.shape, dtype=np.float64)
    return bool(n_bytes > get_config()["working_memory"] * 2**20 / _COPIES)


def in_any_order(X: Any) -> Any:
    """Return X such that any of its rows can be chosen, in any order.

    Parameters
    ----------
    X : object
        Anything. HDF5 data sets, for one, want ascending row numbers.

    Returns
    -------
    X : object
        `LazyRows` if X is streamed, see `is_streamed`, an array if it is stored and
        smaller, otherwise X itself.
    """
    if is_streamed(X):
        return LazyRows(X)
    return np.asarray(X) if is_stored(X) else X


class LazyRows:
    """Rows of an array in a file: some or all, in any order, read when they are needed.

    It gives HDF5 data sets, zarr arrays, memory maps and image folders the indexing
    that cross-validation needs, without reading them: ``rows[indices]`` is again
    `LazyRows`, of the same file. The estimators of this package read it piece by piece;
    others get all of its rows at once, as from an array.

    Parameters
    ----------
    data : array-like of shape (n_stored, ...)
        Something with a shape, a NumPy dtype and slices of rows, such as
        `numpy.memmap`, ``h5py.Dataset``, ``zarr.Array`` or :class:`ImageFolder`.
    rows : array-like of int of shape (n_samples,), default=None
        Which rows, counted from 0; None for all.

    Attributes
    ----------
    data : array-like
        What was passed.
    rows : ndarray of int64 of shape (n_samples,) or None
        Which of its rows, None for all.

    Raises
    ------
    TypeError
        If `data` cannot be sliced.
    IndexError
        If `rows` names rows that `data` does not have.

    See Also
    --------
    ImageFolder : Images in files of their own.

    Notes
    -----
    Rows are read in blocks. Of HDF5 data sets and zarr arrays that are stored in
    chunks, these should hold up to a few hundred rows each. Pages of a memory map that
    were read are given back, so that they do not add up in the memory of the process.

    Objects of h5py cannot be sent to another process: search over them with
    ``n_jobs=1``, or with joblib's "threading" backend.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from skdeep.datasets import LazyRows
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "images.npy")
    ...     np.save(path, np.arange(12, dtype=np.uint8).reshape(4, 1, 3))
    ...     rows = LazyRows(np.load(path, mmap_mode="r"))
    ...     some = rows[[3, 0]]
    ...     print(some, np.asarray(some).ravel())
    LazyRows of shape (2, 1, 3), uint8 [ 9 10 11  0  1  2]
    """

    def __init__(self, data: Any, rows: ArrayLike | None = None) -> None:
        if np.ma.is_masked(data):
            raise ValueError(
                "data is a masked array with masked entries, and what they hide must "
                "not be used. Fill them, as in data.filled(0)."
            )
        if not isinstance(data, LazyRows | np.ndarray) and not is_stored(data):
            raise TypeError(
                "data must be an array of two or more dimensions with a shape, a NumPy "
                f"dtype and slices, got {type(data).__name__}. Pass a numpy.memmap, an "
                "h5py.Dataset, a zarr.Array or an ImageFolder."
            )
        self.data = data
        self.rows: NDArray[np.int64] | None = None
        if rows is not None:
            self.rows = _positions(len(self), rows)
        if isinstance(data, LazyRows):
            self.data = data.data
            if data.rows is not None:
                self.rows = data.rows if rows is None else data.rows[self.rows]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of these rows: ``(n_samples, ...)``."""
        n_rows = self.data.shape[0] if self.rows is None else len(self.rows)
        return (int(n_rows), *map(int, self.data.shape[1:]))

    @property
    def ndim(self) -> int:
        """Number of dimensions of the array of these rows."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the rows."""
        return np.dtype(self.data.dtype)

    @property
    def block_rows(self) -> int:
        """Number of rows that are best read together, from a multiple of it on."""
        own = getattr(self.data, "block_rows", None)
        if own is not None:
            return int(own)
        row_bytes = max(self._row_bytes, 1)
        n_rows = min(max(_BLOCK_BYTES // row_bytes, 1), _MOST_ROWS_OF_BLOCK)
        chunks = getattr(self.data, "chunks", None)
        if isinstance(chunks, tuple) and isinstance(chunks[0], Integral):
            # A part of a chunk takes as long to read as the whole.
            n_rows = max(round(n_rows / int(chunks[0])), 1) * int(chunks[0])
            n_rows = min(n_rows, max(_LARGEST_BLOCK_BYTES // row_bytes, 1))
        return n_rows

    @property
    def _row_bytes(self) -> int:
        return int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"LazyRows of shape {self.shape}, {self.dtype}"

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for start in range(0, len(self), self.block_rows):
            stop = min(start + self.block_rows, len(self))
            yield from self.read_rows(np.arange(start, stop))

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        if copy is False:
            raise ValueError(
                "LazyRows has no array that could be shared. Use copy=None."
            )
        array = self.read_rows(np.arange(len(self)))
        return array if dtype is None else array.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> "LazyRows | NDArray[Any]":
        """Choose rows.

        Parameters
        ----------
        key : int, slice, array-like of int or bool, or tuple
            Which rows. Further parts of a tuple index the numbers of each row.

        Returns
        -------
        rows : LazyRows or ndarray
            The chosen rows, not read yet. One row, for an int, and parts of rows are
            read.

        Raises
        ------
        IndexError
            If there are no such rows, or the key is no index of rows.
        """
        first, *others = key if isinstance(key, tuple) and key else (key,)
        try:
            row = operator.index(first)
        except TypeError:
            chosen = self._chosen(() if first is Ellipsis else first)
            if all(_is_everything(part) for part in others):
                return chosen
            # An ellipsis stands for any number of axes: the others count from the end.
            rows = first if first is Ellipsis else slice(None)
            return np.asarray(chosen)[(rows, *others)]
        one = self.read_rows(_positions(len(self), [row]))[0]
        return one[tuple(others)] if others else one

    def _chosen(self, key: Any) -> "LazyRows":
        if isinstance(key, tuple) or (isinstance(key, slice) and key == slice(None)):
            return self
        return LazyRows(self, _positions(len(self), key))

    def locations(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where rows lie in the file.

        Parameters
        ----------
        rows : ndarray of int
            Row numbers, counted from 0.

        Returns
        -------
        locations : ndarray of int
            Row numbers in `data`.
        """
        return rows if self.rows is None else self.rows[rows]

    def read_rows(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Read some rows.

        Parameters
        ----------
        rows : ndarray of int
            Row numbers, counted from 0, in any order; ascending ones without
            repetition are read fastest.

        Returns
        -------
        array : ndarray of shape (n_rows, ...)
            Their numbers, in memory of their own.

        Raises
        ------
        ValueError
            If `data` returns rows of another shape than it promised.
        """
        wanted = self.locations(np.asarray(rows, dtype=np.int64))
        if np.all(wanted[1:] > wanted[:-1]):
            return _read_ascending(self.data, wanted)
        ascending, places = np.unique(wanted, return_inverse=True)
        return _read_ascending(self.data, ascending)[places]


def _is_everything(key: Any) -> bool:
    """Tell whether a part of a key leaves an axis as it is."""
    return key is Ellipsis or (isinstance(key, slice) and key == slice(None))


def _positions(n_rows: int, key: Any) -> NDArray[np.int64]:
    """Return the row numbers that a key selects, as NumPy would."""
    if isinstance(key, slice):
        return np.arange(*key.indices(n_rows))
    selection = np.asarray(key)
    if selection.size == 0:
        return np.empty(0, dtype=np.int64)
    if selection.ndim != 1 or selection.dtype.kind not in "iub":
        raise IndexError(
            "Rows are selected by an int, a slice or a 1-D array of integers or "
            f"booleans, got {key!r}."
        )
    if selection.dtype.kind == "b":
        return np.arange(n_rows)[selection]
    rows = selection.astype(np.int64)
    if rows.min() < -n_rows or rows.max() >= n_rows:
        raise IndexError(
            f"Rows from {rows.min()} to {rows.max()} were asked for, but there are "
            f"{n_rows}, numbered from 0."
        )
    return np.where(rows < 0, rows + n_rows, rows)


def _read_ascending(data: Any, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Read rows whose numbers ascend without repetition."""
    if hasattr(data, "read_rows"):
        array = np.asarray(data.read_rows(rows))
    elif isinstance(data, np.ndarray):
        array = _copy_rows(data, rows)
    else:
        array = _read_slices(data, rows)
    wanted = (len(rows), *data.shape[1:])
    if array.shape != wanted:
        raise ValueError(
            f"Reading {len(rows)} rows of a {type(data).__name__} of shape "
            f"{data.shape} gave shape {array.shape} instead of {wanted}. Check that "
            "the file is complete."
        )
    return array


def _copy_rows(data: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    """Copy rows of a memory map, so that few of its pages are in memory at once."""
    array = np.empty((len(rows), *data.shape[1:]), dtype=data.dtype)
    step = max(_MAPPED_BYTES // max(array[:1].nbytes, 1), 1)
    plain = np.asarray(data)
    for start in range(0, len(rows), step):
        array[start : start + step] = plain[rows[start : start + step]]
        _forget_pages(data)
    return array


def _forget_pages(array: NDArray[Any]) -> None:
    """Give back the pages of a memory map: read ones count as the process's memory."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    # With mode "c" they may hold changes that are nowhere else.
    shared = isinstance(array, np.memmap) and array.mode in ("r", "r+", "w+")
    if shared and isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        owner.madvise(mmap.MADV_DONTNEED)


def _read_slices(data: StoredArray, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Read rows by slices, across narrow gaps."""
    row_shape = data.shape[1:]
    row_bytes = max(
        int(np.prod(row_shape, dtype=np.int64)) * np.dtype(data.dtype).itemsize, 1
    )
    longest = max(_SLICE_BYTES // row_bytes, 1)
    ends = np.diff(rows) > max(_GAP_BYTES // row_bytes, 1)
    ends |= np.diff(rows // longest) > 0
    starts = [0, *(np.flatnonzero(ends) + 1).tolist(), len(rows)]
    array = np.empty((len(rows), *row_shape), dtype=data.dtype)
    for start, stop in itertools.pairwise(starts):
        if start == stop:
            continue
        first, last = int(rows[start]), int(rows[stop - 1])
        piece = np.asarray(data[first : last + 1])
        if piece.shape != (last + 1 - first, *row_shape):
            return piece
        array[start:stop] = piece[rows[start:stop] - first]
    return array
