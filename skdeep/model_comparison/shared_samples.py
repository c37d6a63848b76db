"""Samples that two sets have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse
from sklearn.utils.validation import _num_samples

from skdeep.datasets.lazy_rows import LazyRows, is_stored
from skdeep.encoding.rows import row_keys

# Of arrays so many bytes are compared at once: those in files may not fit in memory.
_PIECE_BYTES = 2**22


def count_shared(X_train: Any, X_test: Any) -> int:
    """Return how many test samples are equal to a training sample.

    Parameters
    ----------
    X_train, X_test : sequence of samples
        Arrays, also in files, which are read piece by piece; frames, sparse matrices,
        or sequences of anything that can be hashed.

    Returns
    -------
    n_shared : int
        A number between 0 and the number of test samples; 0 if samples cannot be
        compared.
    """
    if not _num_samples(X_train) or not _num_samples(X_test):
        return 0
    if issparse(X_train) and issparse(X_test):
        common = np.result_type(X_train.dtype, X_test.dtype)
        rows = set(_sparse_rows(X_train, common))
        return sum(row in rows for row in _sparse_rows(X_test, common))
    train, test = _samples(X_train), _samples(X_test)
    if all(isinstance(X, np.ndarray | LazyRows) for X in (train, test)) and all(
        X.dtype.kind in "buif" for X in (train, test)
    ):
        common = np.result_type(train.dtype, test.dtype)
        return int(np.isin(_keys(test, common), _keys(train, common)).sum())
    return _count_hashed(train, test)


def _keys(X: NDArray[Any] | LazyRows, dtype: np.dtype[Any]) -> NDArray[np.uint64]:
    """Return keys of the rows, of which only a piece is read or converted at once."""
    row_bytes = int(np.prod(X.shape[1:], dtype=np.int64)) * dtype.itemsize
    step = max(_PIECE_BYTES // max(row_bytes, 1), 1)
    keys = [
        row_keys(_rows(X, start, start + step).astype(dtype, copy=False))
        for start in range(0, len(X), step)
    ]
    return np.concatenate(keys)


def _rows(X: NDArray[Any] | LazyRows, start: int, stop: int) -> NDArray[Any]:
    if isinstance(X, LazyRows):
        return X.read_rows(np.arange(start, min(stop, len(X))))
    return X[start:stop]


def _samples(X: Any) -> Any:
    """Return an array, or what had better not be made one.

    That is what lies in files, texts, and unequal lists.
    """
    if is_stored(X):
        return LazyRows(X)
    if isinstance(X, list | tuple):
        if isinstance(X[0], str):
            # Each would take the room of the longest.
            return X
        try:
            return np.asarray(X)
        except ValueError:
            return [tuple(x) if isinstance(x, list) else x for x in X]
    return np.asarray(X)


def _count_hashed(train: Iterable[Any], test: Iterable[Any]) -> int:
    try:
        seen = {_content(sample) for sample in train}
        return sum(_content(sample) in seen for sample in test)
    except TypeError:
        return 0


def _content(sample: Any) -> Any:
    """Return something that is equal for equal samples, and can be hashed."""
    if not isinstance(sample, np.ndarray):
        return sample
    # A missing value is not equal to itself, but says the same.
    return tuple("NaN" if _is_nan(entry) else entry for entry in sample.tolist())


def _is_nan(entry: Any) -> bool:
    return isinstance(entry, float) and entry != entry


def _sparse_rows(X: Any, dtype: np.dtype[Any]) -> Iterator[tuple[bytes, bytes]]:
    """Yield columns and values of each row of a sparse matrix."""
    rows = csr_array(X, dtype=dtype, copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    for start, stop in pairwise(rows.indptr):
        columns = rows.indices[start:stop].astype(np.int64)
        yield columns.tobytes(), rows.data[start:stop].tobytes()
