"""Vocabularies: large dicts from texts to integers, as three arrays."""

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Lone surrogates may occur in users' texts, but not in UTF-8.
_ENCODING = ("utf-8", "surrogatepass")
_SMALLEST = 64


class PackedMapping:
    """Stands for a dict in a file; calling it makes the dict.

    skops describes every key and every value of a dict on its own, in about 400
    bytes, and in time that grows with the square of their number where values are
    NumPy integers. A vocabulary of 100,000 tokens would take 40 MB.

    Parameters
    ----------
    text : ndarray of uint8
        All keys, one after the other, in UTF-8.
    lengths : ndarray of int64 of shape (n_entries,)
        How many bytes each key has.
    numbers : ndarray of int64 of shape (n_entries,)
        The values.
    """

    def __new__(cls, text: Any, lengths: Any, numbers: Any) -> Any:
        """Return the dict."""
        _check_arrays(text, lengths, numbers)
        content, ends = text.tobytes(), np.cumsum(lengths).tolist()
        starts = [0, *ends[:-1]]
        keys = (
            content[start:end].decode(*_ENCODING)
            for start, end in zip(starts, ends, strict=False)
        )
        mapping = dict(zip(keys, numbers.tolist(), strict=True))
        if len(mapping) != len(numbers):
            raise ValueError("a vocabulary has the same token twice")
        return mapping

    @classmethod
    def of(cls, mapping: Mapping[str, int]) -> "PackedMapping":
        """Return what stands for `mapping` when it is saved."""
        keys = [key.encode(*_ENCODING) for key in mapping]
        packed = object.__new__(cls)
        packed._arrays = (
            np.frombuffer(b"".join(keys), np.uint8),
            np.array([len(key) for key in keys], np.int64),
            np.array([int(number) for number in mapping.values()], np.int64),
        )
        return packed

    _arrays: tuple[NDArray[Any], ...]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arrays


def is_packable(value: Any) -> bool:
    """Tell whether a value is a dict that is better packed."""
    return (
        type(value) is dict
        and len(value) >= _SMALLEST
        and all(type(key) is str for key in value)
        and all(_is_integer(number) for number in value.values())
    )


def _is_integer(value: Any) -> bool:
    return (
        isinstance(value, Integral)
        and not isinstance(value, bool)
        and -(2**63) <= int(value) < 2**63
    )


def _check_arrays(text: Any, lengths: Any, numbers: Any) -> None:
    arrays = ((text, np.uint8), (lengths, np.int64), (numbers, np.int64))
    for array, dtype in arrays:
        if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != 1:
            raise ValueError("a vocabulary is not made of the three arrays it needs")
    if len(lengths) != len(numbers) or (lengths < 0).any():
        raise ValueError("a vocabulary has other numbers of tokens and ids")
    if len(text) < lengths.max(initial=0) or lengths.sum() != len(text):
        raise ValueError("a vocabulary has tokens beyond the end of its text")
