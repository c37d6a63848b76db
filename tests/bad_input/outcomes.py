"""What may happen with unusual input, and how it is tried.

`tests/bad_input/table.py` says for each kind of input which of the two it is.
"""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse


def unchanged(sample):
    """Return the sample itself."""
    return sample


@dataclass(frozen=True)
class Answer:
    """The same answer as for a plain array.

    Attributes
    ----------
    note : str
        What README says about it.
    same_as : callable or None
        Turns the plain sample into the one that has this answer; None if there is no
        other way to write it, so that the answer must only be made of numbers.
    """

    note: str = "taken as it is"
    same_as: Callable[[Any], Any] | None = unchanged


@dataclass(frozen=True)
class Refusal:
    """An error of this type, whose message has all of these words."""

    error: type[Exception]
    words: tuple[str, ...]

    @property
    def note(self):
        """What README says about it."""
        return f"`{self.error.__name__}`"


@dataclass(frozen=True)
class Row:
    """One kind of input.

    Attributes
    ----------
    kind : str
        What README calls it.
    make : callable
        Turns a plain sample, and a place in it, into one of this kind.
    expected : Answer or Refusal
        What is to happen.
    """

    kind: str
    make: Callable[[Any, Any], Any]
    expected: Answer | Refusal


def refused(*words, error=ValueError):
    """Return a refusal whose message has these words."""
    return Refusal(error, words)


def rows_that_are(outcome, table):
    """Return the rows of a table with a kind of outcome, for `pytest.parametrize`."""
    return [row for row in table if isinstance(row.expected, outcome)]


def name_of(value):
    """Return what a test is called after."""
    return getattr(value, "kind", None) or str(value)


def check_refused(expected, call):
    """Call a function that must refuse, with an error of ours that says enough."""
    try:
        call()
    except Exception as error:
        check_message(error, expected.words)
        assert isinstance(error, expected.error), repr(error)
    else:
        raise AssertionError(f"nothing was refused; wanted {expected}")


def check_message(error, words=()):
    """Check that an error is one that a person understands."""
    kind = type(error)
    assert isinstance(error, (TypeError, ValueError)), repr(error)
    assert kind.__module__.partition(".")[0] in ("builtins", "sklearn", "skdeep"), kind
    message = str(error)
    first = message.splitlines()[0]
    assert len(first) < 1000, "too long to read"
    assert not re.search(r"tensor\b|KerasTensor|Exception encountered|Node:", first)
    missing = [word for word in words if word not in message]
    assert not missing, f"{missing} not in {message!r}"


def equal(first, second):
    """Tell whether two answers are the same, number by number."""
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(equal, first, second))
    first, second = np.asarray(first), np.asarray(second)
    return first.dtype.kind == second.dtype.kind and np.array_equal(first, second)


def all_numbers(answer):
    """Tell whether an answer has neither NaN nor infinity in it."""
    if isinstance(answer, list | tuple):
        return all(map(all_numbers, answer))
    array = np.asarray(answer)
    return array.dtype.kind in "USbOui" or bool(np.isfinite(array).all())


def content_of(value):
    """Return what a value holds, to see later whether it was modified."""
    if isinstance(value, np.ma.MaskedArray):
        return value.filled(0).tobytes(), np.ma.getmaskarray(value).tobytes()
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.dtype.str, value.shape, value.tobytes()
    if sparse.issparse(value):
        return value.toarray().tobytes()
    if hasattr(value, "to_numpy"):
        return repr(value.to_numpy().tolist())
    return copy.copy(value) if isinstance(value, set) else repr(value)
