"""Reading binary codes and labels. Shared by all figures about codes."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, column_or_1d
from sklearn.utils._missing import is_pandas_na

from skdeep.metrics.reading import check_entries, explained


def read_bits(codes: ArrayLike, name: str = "codes") -> NDArray[np.bool_]:
    """Validate a matrix of zeros and ones.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits)
        Zeros and ones of any numeric type, or bool.

    name : str, default="codes"
        What to call the matrix in errors.

    Returns
    -------
    bits : ndarray of shape (n_samples, n_bits), dtype bool
        The same codes.

    Raises
    ------
    ValueError
        If `codes` is not a matrix with rows and columns, or holds other values.
    """
    check_entries(codes, name)
    array = explained(
        lambda given: check_array(given, dtype=None, input_name=name), codes, name
    )
    if array.dtype == np.bool_:
        return np.asarray(array)
    ones = np.asarray(array == 1)
    if not np.all(ones | (array == 0)):
        raise ValueError(
            f"{name} must hold only zeros and ones, got other values in an array of "
            f"dtype {array.dtype}. Threshold it first, for example {name} > 0.5; "
            "unpack packed codes with skdeep.hashing.unpack_bits."
        )
    return ones


def read_labels(labels: ArrayLike, n_samples: int, name: str) -> NDArray[Any]:
    """Validate one label per code.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Class labels: numbers or strings.

    n_samples : int
        Number of codes.

    name : str
        What to call the labels in errors.

    Returns
    -------
    labels : ndarray of shape (n_samples,)
        The same labels.

    Raises
    ------
    ValueError
        If the labels are not one-dimensional or not as many as the codes, or mix
        strings with others.
    """
    check_entries(labels, name)
    array: NDArray[Any] = explained(column_or_1d, labels, name)
    missing = array != array if array.dtype.kind != "O" else _missing(array)
    if np.any(missing):
        raise ValueError(
            f"{name} has missing values (NaN or None) among {len(array)} entries. "
            "Leave out what has no label."
        )
    if len(array) != n_samples:
        raise ValueError(
            f"{name} has {len(array)} entries for {n_samples} codes. Pass one label "
            "per code."
        )
    if array.dtype.kind == "O":
        _check_types(array, name)
    return array


def are_numbers(labels: NDArray[Any]) -> bool:
    """Tell whether labels, as `read_labels` returns them, are numbers.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        Labels.

    Returns
    -------
    numbers : bool
        Whether they all are, of whatever type.
    """
    if labels.dtype.kind != "O":
        return labels.dtype.kind in "biuf"
    return all(isinstance(label, Number | np.bool_) for label in labels)


def _check_types(labels: NDArray[np.object_], name: str) -> None:
    """Refuse labels that have no order, as some are words and others are not."""
    types = {type(label) for label in labels}
    words = {kind for kind in types if issubclass(kind, str)}
    if words and words != types:
        raise ValueError(
            f"{name} mixes labels of the types "
            f"{sorted(kind.__name__ for kind in types)}. Convert all to str or all to "
            "numbers."
        )


def _missing(labels: NDArray[np.object_]) -> NDArray[np.bool_]:
    return np.array(
        [label is None or is_pandas_na(label) or label != label for label in labels],
        dtype=bool,
    )


def as_words(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack codes into 64-bit words, one code per column.

    Parameters
    ----------
    bits : ndarray of shape (n_samples, n_bits), dtype bool
        Codes.

    Returns
    -------
    words : ndarray of shape (ceil(n_bits / 64), n_samples), dtype uint64
        The packed codes; unused bits are zero.
    """
    octets = np.packbits(bits, axis=1)
    padded = np.zeros((len(bits), -(-octets.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : octets.shape[1]] = octets
    return np.ascontiguousarray(padded.view(np.uint64).T)


def distances_to(
    queries: NDArray[np.uint64], words: NDArray[np.uint64], n_bits: int
) -> Iterator[NDArray[Any]]:
    """Compute Hamming distances to all codes, query by query.

    One query at a time keeps the memory at nine bytes per code, and NumPy's loops as
    long as they can be.

    Parameters
    ----------
    queries : ndarray of shape (n_words, n_queries), dtype uint64
        Packed codes, one per column.

    words : ndarray of shape (n_words, n_codes), dtype uint64
        Packed codes, one per column.

    n_bits : int
        Length of a code.

    Yields
    ------
    distances : ndarray of shape (n_codes,), dtype unsigned integer
        Numbers of differing bits. The array is overwritten by the next query's.
    """
    difference = np.empty(words.shape[1], dtype=np.uint64)
    ones = np.empty(words.shape[1], dtype=np.uint8)
    distances = np.empty(words.shape[1], dtype=np.min_scalar_type(n_bits))
    for query in queries.T:
        distances[:] = 0
        for word, part in zip(words, query, strict=True):
            np.bitwise_xor(word, part, out=difference)
            np.bitwise_count(difference, out=ones)
            distances += ones
        yield distances
