"""Check that what a user passes as texts is a one-dimensional sequence of str."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

__all__ = ["check_texts"]

# How the array libraries name "give me plain Python objects", in the order in which
# they are tried: pyarrow arrays, pandas and polars Series, NumPy arrays.
_TO_LIST_METHODS = ("to_pylist", "to_list", "tolist")


def check_texts(texts: Any, *, name: str = "X") -> list[str]:
    """Return `texts` as a list of plain `str`, or say which entry is not one.

    Parameters
    ----------
    texts : sequence of str of shape (n_samples,)
        A list, a tuple, a NumPy array of strings or objects, a pandas or polars
        Series (whatever holds the strings inside), or a pyarrow array. Any `str`
        is accepted, the empty one, NUL characters and lone surrogates included.
    name : str, default="X"
        What the error messages call `texts`.

    Returns
    -------
    list of str
        A new list of length `n_samples`; `texts` itself is not changed. Instances
        of subclasses of `str`, such as `numpy.str_`, are returned as plain `str`.

    Raises
    ------
    ValueError
        If `texts` is a bare `str`, is empty, is not a one-dimensional ordered
        sequence, or has an entry that is not a `str` (a missing value included).

    Examples
    --------
    >>> from skdeep.encoding.text import check_texts
    >>> check_texts(("free entry", "see you"))
    ['free entry', 'see you']
    >>> check_texts(["free entry", None])
    Traceback (most recent call last):
    ...
    ValueError: X[1] is None, a missing value, but every text must be a str. ...
    """
    entries = _as_list(texts, name)
    if not entries:
        raise ValueError(
            f"Found array with 0 sample(s) (shape=(0,)) for {name} while a minimum "
            "of 1 is required. Pass at least one text."
        )
    for position, entry in enumerate(entries):
        if type(entry) is str:
            continue
        if not isinstance(entry, str):
            raise ValueError(_describe_entry(entry, position, name))
        # The unbound method gives the characters even if a subclass overrides it.
        entries[position] = str.__str__(entry)
    return entries


def _as_list(texts: Any, name: str) -> list[Any]:
    """Return the entries of a one-dimensional sequence as a new list."""
    if isinstance(texts, str):
        raise ValueError(
            f"{name} is a str ({_shorten(texts)}), but a sequence of texts is "
            f"expected, string object received. Pass [{name}] to classify one text."
        )
    if isinstance(texts, (bytes, bytearray)):
        raise ValueError(
            f"{name} is {type(texts).__name__}, but a sequence of str is expected. "
            "Decode it and pass a list of texts."
        )
    shape = getattr(texts, "shape", None)
    if isinstance(shape, tuple) and len(shape) != 1:
        raise ValueError(
            f"{name} has {len(shape)} dimension(s), shape={shape}, but texts must be "
            "one-dimensional: one str per sample. Pass a single column, such as "
            "frame['text'] or array[:, 0]."
        )
    dtype = getattr(texts, "dtype", None)
    in_memory = any(hasattr(texts, method) for method in _TO_LIST_METHODS)
    in_memory &= not isinstance(texts, np.memmap)
    if not in_memory and isinstance(dtype, np.dtype) and dtype.kind in "biufc":
        # Nobody should wait until a whole file was read to be told of its first entry.
        raise ValueError(
            f"{name} is a {type(texts).__name__} of {dtype}, but every text must be a "
            "str. Pass the texts themselves, or use an estimator of images or vectors."
        )
    for method in _TO_LIST_METHODS:
        if hasattr(texts, method):
            return list(getattr(texts, method)())
    ordered = isinstance(texts, Iterable) and not isinstance(texts, (Mapping, Set))
    if not (ordered and hasattr(texts, "__len__")):
        raise ValueError(
            f"{name} is of type {type(texts).__name__}, but texts must be a "
            "one-dimensional sequence with one str per sample, such as a list, a "
            f"NumPy array or a pandas Series. Pass list({name}) if that is one."
        )
    return list(texts)


def _describe_entry(entry: Any, position: int, name: str) -> str:
    """Say what entry of the sequence is not a `str`, and what to do about it."""
    where = f"{name}[{position}]"
    if entry is None or type(entry).__name__ in ("NAType", "NaTType"):
        found, advice = f"{entry!r}, a missing value", "Drop or fill such rows first"
    elif isinstance(entry, float) and entry != entry:
        found, advice = "NaN, a missing value", "Drop or fill such rows first"
    elif isinstance(entry, (bytes, bytearray)):
        found = f"{type(entry).__name__} ({_shorten(entry)})"
        advice = "Decode it first, for instance with .decode('utf-8')"
    elif isinstance(entry, (list, tuple)) or _has_dimensions(entry):
        found = f"of type {type(entry).__name__}, which makes {name} two-dimensional"
        advice = "Pass one str per sample, in one dimension"
    else:
        found = f"{_shorten(entry)}, of type {type(entry).__name__}"
        advice = "Convert the entries to str first"
    return f"{where} is {found}, but every text must be a str. {advice}."


def _has_dimensions(entry: Any) -> bool:
    """Tell an array or a Series from a NumPy scalar."""
    return hasattr(entry, "ndim") and entry.ndim > 0


def _shorten(value: Any, n_characters: int = 40) -> str:
    """Return the `repr` of a value, cut so that it fits into a message."""
    # Cutting before repr keeps a text of a gigabyte from being copied for a message.
    if isinstance(value, (str, bytes, bytearray)) and len(value) > n_characters:
        return f"{value[:n_characters]!r}..."
    written = repr(value)
    if len(written) > n_characters:
        return f"{written[:n_characters]}..."
    return written
