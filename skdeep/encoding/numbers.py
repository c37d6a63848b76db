"""Numbers that users pass: what NumPy would misread is refused, by name."""

import re
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = [
    "check_container",
    "refuse_masked",
    "refuse_other_kinds",
    "to_dtype",
    "understood",
]

# What NumPy would convert to numbers that nobody means.
_NO_NUMBERS = {"M": "dates", "m": "durations", "V": "records", "c": "complex numbers"}


def check_container(values: Any, name: str = "X") -> None:
    """Refuse what NumPy would read as something that the user does not mean.

    Parameters
    ----------
    values : object
        What the user passed.
    name : str, default="X"
        What the error messages call it.

    Raises
    ------
    TypeError
        If it is sparse.
    ValueError
        If it is no sequence of samples, has masked entries, is of dates, durations,
        records or complex numbers, or has two columns of one name.
    """
    # Some sparse ones are dicts, too.
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        raise TypeError(
            f"Sparse data was passed for {name}, of shape {values.shape}, but dense "
            f"data is required. Use {name}.toarray() to convert it to a numpy array."
        )
    if values is None or isinstance(values, str | bytes | Mapping | Set | Iterator):
        found = "None" if values is None else f"of type {type(values).__name__}"
        raise ValueError(
            f"{name} is {found}, but numbers in an array are needed. Pass an array or "
            "a list with one entry per sample."
        )
    refuse_masked(values, name)
    refuse_other_kinds(values, name)
    columns = getattr(values, "columns", None)
    if columns is not None and len(names := list(columns)) > len(set(names)):
        twice = sorted({str(column) for column in names if names.count(column) > 1})
        raise ValueError(
            f"{name} has several columns of one name: {twice[:5]}. Rename them, or "
            f"pass {name}.to_numpy()."
        )


def refuse_other_kinds(values: Any, name: str) -> None:
    """Refuse dates, durations, records and complex numbers.

    Parameters
    ----------
    values : object
        What the user passed; anything without a dtype passes.
    name : str
        What the error message calls it.

    Raises
    ------
    ValueError
        If the values are of such a kind.
    """
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    if kind in _NO_NUMBERS:
        # scikit-learn's own checks look for the first three words.
        start = "Complex data not supported: " if kind == "c" else ""
        raise ValueError(
            f"{start}{name} is of {_NO_NUMBERS[kind]} (dtype {values.dtype}), but real "
            "numbers are needed. Convert them to floats in a unit of your choice."
        )


def refuse_masked(values: Any, name: str) -> None:
    """Refuse masked arrays with masked entries, whose numbers would come to light.

    Parameters
    ----------
    values : object
        What the user passed. Of a list, all entries are looked at.
    name : str
        What the error message calls it.

    Raises
    ------
    ValueError
        If an entry is masked.
    """
    parts = values if isinstance(values, list | tuple) else [values]
    n_masked = sum(
        int(np.ma.count_masked(part))
        for part in parts
        if isinstance(part, np.ma.MaskedArray)
    )
    if n_masked:
        raise ValueError(
            f"{name} is a masked array with {n_masked} masked entries, and what they "
            f"hide must not be used. Fill them, as in {name}.filled(0), or leave out "
            "their samples."
        )


@contextmanager
def understood(name: str) -> Iterator[None]:
    """Have errors of reading an argument name it and say what to do.

    Parameters
    ----------
    name : str
        The argument that is read inside of the block.

    Raises
    ------
    TypeError, ValueError
        If reading it does: of the same type, with more to say if the message did not
        name the argument. Numbers too large to be read are a ValueError.
    """
    try:
        # What overflows becomes infinite, which is refused with a better message.
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except (TypeError, ValueError, OverflowError) as error:
        message = str(error)
        if re.search(rf"\b{re.escape(name)}\b", message):
            if "infinity" not in message:
                raise
            message += " Remove such samples, or scale the numbers before."
        elif message.startswith(("Expected ", "Found ", "Reshape ", "Unknown label")):
            message = f"{name} has the wrong form. {message}"
        else:
            message = (
                f"{name} cannot be read: {message.rstrip('.')}. Pass an array of one "
                "type whose samples have one shape; encode texts as numbers first."
            )
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(message) from error


def to_dtype(numbers: np.ndarray, dtype: Any, name: str = "X") -> np.ndarray:
    """Convert numbers to another float type, refusing those that it cannot hold.

    Parameters
    ----------
    numbers : ndarray
        Finite numbers.
    dtype : dtype
        The type to convert to.
    name : str, default="X"
        What the error message calls the numbers.

    Returns
    -------
    numbers : ndarray of that dtype
        The same array if it has the dtype already.

    Raises
    ------
    ValueError
        If a number is larger than the type's largest.
    """
    wanted = np.dtype(dtype)
    if numbers.dtype == wanted:
        return numbers
    if wanted.kind == numbers.dtype.kind == "f" and numbers.size:
        largest = max(float(numbers.max()), -float(numbers.min()))
        limit = float(np.finfo(wanted).max)
        if largest > limit:
            raise ValueError(
                f"{name} holds numbers as large as {largest:.3g}, but {wanted} ends at "
                f"{limit:.3g}. Scale {name}, for instance to [0, 1], or use "
                'precision="float64" where there is such a parameter.'
            )
    return numbers.astype(wanted)
