"""What parameters may be, where scikit-learn has no word for it."""

from numbers import Integral
from typing import Any

from sklearn.utils._param_validation import Options

from skdeep import runtime

# TensorFlow counts the entries of a dimension in 32 bits.
_LARGEST_SIZE = 2**31 - 1


class Sizes(Options):
    """A sequence of positive integers.

    Parameters
    ----------
    *lengths : int
        How many there may be; any number by default.
    """

    def __init__(self, *lengths: int) -> None:
        super().__init__(Integral, set())
        self.lengths = lengths

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a value is such a sequence."""
        if isinstance(val, str | bytes | dict | set | frozenset | type):
            return False
        try:
            entries = list(val)
        except TypeError:
            return False
        return all(_is_size(entry) for entry in entries) and (
            not self.lengths or len(entries) in self.lengths
        )

    def __str__(self) -> str:
        number = " or ".join(map(str, self.lengths))
        return f"a sequence of {number + ' ' if number else ''}integers of at least 1"


class Activation(Options):
    """The name of an activation function that Keras knows."""

    def __init__(self) -> None:
        super().__init__(str, set())

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a value is such a name."""
        return isinstance(val, str) and runtime.is_activation(val)

    def __str__(self) -> str:
        return "the name of an activation of Keras, such as 'relu' or 'linear'"


def _is_size(entry: Any) -> bool:
    is_integer = isinstance(entry, Integral) and not isinstance(entry, bool)
    return is_integer and 1 <= int(entry) <= _LARGEST_SIZE
