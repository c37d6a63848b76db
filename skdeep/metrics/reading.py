"""Reading arrays of numbers: what NumPy would misread is refused, by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse

# What NumPy would convert to numbers that nobody means, and text.
_REAL = "buif"


def read_numbers(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return an array of real numbers of any shape, or say why it is none.

    Parameters
    ----------
    values : array-like
        What the user passed.

    name : str
        What to call it in errors.

    Returns
    -------
    numbers : ndarray
        Integers, floats or booleans; objects that are numbers become float64.

    Raises
    ------
    TypeError
        If it is sparse.

    ValueError
        If it is no array of real numbers, or has masked entries.
    """
    check_entries(values, name)
    array = explained(np.asarray, values, name)
    if array.dtype.kind == "O":
        array = explained(lambda objects: objects.astype(np.float64), array, name)
    if array.dtype.kind not in _REAL:
        raise ValueError(
            f"{name} must hold real numbers, got an array of dtype {array.dtype}. "
            "Convert it first."
        )
    return array


def check_entries(values: Any, name: str) -> None:
    """Refuse what is no array, and arrays whose entries must not be looked at.

    Parameters
    ----------
    values : object
        What the user passed.

    name : str
        What to call it in errors.

    Raises
    ------
    TypeError
        If it is sparse.

    ValueError
        If it is no sequence, or has masked entries.
    """
    if issparse(values):
        raise TypeError(
            f"Sparse data was passed for {name}, but dense data is required. Use "
            "toarray() to convert it."
        )
    if values is None or isinstance(values, str | bytes | Mapping | Set | Iterator):
        found = "None" if values is None else f"of type {type(values).__name__}"
        raise ValueError(f"{name} is {found}, but an array is needed. Pass one.")
    parts = values if isinstance(values, list | tuple) else [values]
    if any(np.ma.is_masked(part) for part in parts):
        raise ValueError(
            f"{name} is a masked array with masked entries, and what they hide must "
            "not be used. Fill them, or leave them out."
        )


def explained(read: Callable[[Any], Any], values: Any, name: str) -> Any:
    """Return ``read(values)``, with errors that name the argument.

    Parameters
    ----------
    read : callable
        Reads an array.

    values : object
        What the user passed.

    name : str
        What to call it in errors.

    Returns
    -------
    array : object
        What `read` returns.

    Raises
    ------
    TypeError, ValueError
        As `read` does, with the name in the message.
    """
    try:
        return read(values)
    except (TypeError, ValueError, OverflowError) as error:
        message = str(error).rstrip(".")
        if re.search(rf"\b{re.escape(name)}\b", message):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"{name} cannot be read: {message}. Pass an array of one type and shape."
        ) from error
