"""Histories of long trainings: lists of thousands of floats, as one array."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Shorter lists stay readable in the schema.
_SMALLEST = 1000


class PackedNumbers:
    """Stands for a list of floats in a file; calling it makes the list.

    skops describes every number on its own, and a model may have so many parts only
    that 50,000 calls of `partial_fit` would leave one that cannot be saved.

    Parameters
    ----------
    numbers : ndarray of float64 of shape (n_numbers,)
        The numbers.
    """

    def __new__(cls, numbers: Any) -> Any:
        """Return the list."""
        is_array = isinstance(numbers, np.ndarray)
        if not is_array or numbers.dtype != np.float64 or numbers.ndim != 1:
            raise ValueError("a list of numbers is not made of the array it needs")
        return numbers.tolist()

    @classmethod
    def of(cls, numbers: list[float]) -> "PackedNumbers":
        """Return what stands for `numbers` when they are saved."""
        packed = object.__new__(cls)
        packed._numbers = np.array(numbers, np.float64)
        return packed

    _numbers: NDArray[np.float64]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._numbers,)


def is_long(value: Any) -> bool:
    """Tell whether a value is a list of floats that is better packed."""
    return (
        type(value) is list
        and len(value) >= _SMALLEST
        and all(type(number) is float for number in value)
    )
