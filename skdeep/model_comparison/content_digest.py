"""A short text that tells whether two comparisons saw the same data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.validation import _num_samples

from skdeep.encoding.digests import array_digest, text_digest

# Arrays in files are read in pieces of about so many bytes. The size is a part of the
# digest's definition: the pieces of an array must be the same on every machine.
_PIECE_BYTES = 2**24


def content_digest(X: Any) -> str | None:
    """Return a digest of rows, whatever holds them.

    Parameters
    ----------
    X : sequence of rows
        Numbers or texts: an array, also one in a file, a list, a sparse matrix, or a
        Series or DataFrame of pandas or polars.

    Returns
    -------
    digest : str or None
        In hexadecimal. Equal for a list and an array of the same rows, for instance;
        not for numbers of another type. None for rows that are neither numbers nor
        texts.

    Examples
    --------
    >>> from skdeep.model_comparison.content_digest import content_digest
    >>> content_digest(["ham", "spam"]) == content_digest(("ham", "spam"))
    True
    >>> content_digest([object()]) is None
    True
    """
    try:
        return _digest(X)
    except Exception:
        # Whatever holds the rows, classifiers may know how to read it: a comparison
        # must not fail for want of its digest.
        return None


def description(X: Any) -> str:
    """Say in a few words what holds the rows.

    Parameters
    ----------
    X : sequence of rows
        Any.

    Returns
    -------
    text : str
        Type, dtype and shape as far as they exist, such as
        ``"ndarray of float64, shape (569, 30)"``.
    """
    text = type(X).__name__
    dtype = getattr(X, "dtype", None)
    if dtype is not None:
        text += f" of {dtype}"
    shape = getattr(X, "shape", None)
    if shape is not None:
        return f"{text}, shape {tuple(shape)}"
    return f"{text}, length {_num_samples(X)}"


def _digest(X: Any) -> str | None:
    if sparse.issparse(X):
        # A copy, because summing duplicates and sorting change the matrix itself.
        matrix = X.tocsr(copy=True)
        matrix.sum_duplicates()
        # The type of the indices depends on how the matrix was made.
        places = [part.astype(np.int64) for part in (matrix.indptr, matrix.indices)]
        return array_digest([np.array(matrix.shape, np.int64), *places, matrix.data])
    if hasattr(X, "columns"):
        names = [str(name) for name in X.columns]
        parts = [_digest(column) for column in _columns(X)]
        known = [part for part in parts if part is not None]
        return text_digest([*names, *known]) if len(known) == len(parts) else None
    if not hasattr(X, "__array__") and not hasattr(X, "dtype"):
        # Not all that has rows says when they end.
        X = list(islice(X, _num_samples(X)))
        if X and all(isinstance(row, str) for row in X):
            return text_digest(X)
    if getattr(X, "shape", None) is None or not isinstance(X.dtype, np.dtype):
        X = np.asarray(X)
    if X.dtype.kind in "OUT":
        texts = np.asarray(X).ravel().tolist()
        known_texts = all(isinstance(text, str) for text in texts)
        return text_digest(texts) if known_texts else None
    return array_digest(_pieces(X))


def _columns(X: Any) -> list[Any]:
    """Return the columns of a frame, of which several may have the same name."""
    if hasattr(X, "get_columns"):
        return list(X.get_columns())
    return [column for _, column in X.items()]


def _pieces(X: Any) -> Iterator[NDArray[Any]]:
    """Yield blocks of rows as arrays of numbers."""
    n_rows = len(X)
    row_bytes = max(1, int(np.prod(X.shape[1:])) * X.dtype.itemsize)
    step = max(1, _PIECE_BYTES // row_bytes)
    for start in range(0, n_rows, step):
        piece = np.asarray(X[start : start + step])
        # Dates have no buffer of their own.
        yield piece.view(np.int64) if piece.dtype.kind in "mM" else piece
