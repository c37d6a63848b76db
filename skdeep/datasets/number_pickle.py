"""Pickles of plain containers and byte arrays, read without running anything."""

import io
import math
import pickle
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray


def load_number_pickle(content: bytes) -> Any:
    """Load a pickle of dicts, lists, bytes, numbers and arrays of unsigned bytes.

    A pickle is a program that may call whatever it can name. Here it can name three
    things, which are what Python 2 wrote for an array, and each of them is replaced
    by a stand-in of ours: not even NumPy's own functions are called with arguments
    from the file.

    Parameters
    ----------
    content : bytes
        The pickle, in a protocol of Python 2 (0 to 2). Its 8-bit strings are
        returned as bytes.

    Returns
    -------
    value : object
        The content. Arrays are ndarray of uint8, and read-only.

    Raises
    ------
    ValueError
        If the pickle is torn, or names anything else.
    """
    try:
        # Everything a forged stream can make the unpickler raise is the same news.
        value = _NumberUnpickler(io.BytesIO(content), encoding="bytes").load()
        return _with_arrays(value)
    except Exception as error:
        raise ValueError(f"it is not a pickle of plain numbers: {error}") from error


class _NumberUnpickler(pickle.Unpickler):
    """An unpickler that can only build containers and arrays of unsigned bytes."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return our stand-in for one of the three admitted names."""
        try:
            return _STAND_INS[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it names {module_name}.{global_name}, which data do not need"
            ) from None


class _StandIn:
    """A callable whose state a pickle cannot set, unlike that of a function."""

    __slots__ = ("_build",)

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build

    def __call__(self, *arguments: Any) -> Any:
        return self._build(*arguments)

    def __setstate__(self, state: Any) -> NoReturn:
        raise pickle.UnpicklingError("it sets the state of something that is no array")


class _UnsignedByte:
    """The dtype of the one kind of array that is admitted."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        # Byte order and alignment follow. A single byte has neither.
        pass


class _ByteArray:
    """An array of unsigned bytes, waiting for its shape and content."""

    __slots__ = ("values",)

    values: NDArray[np.uint8]

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, column_major, content = state
        if not isinstance(dtype, _UnsignedByte) or not isinstance(content, bytes):
            raise pickle.UnpicklingError("it has an array of something else than bytes")
        if min(shape, default=0) < 0 or math.prod(shape) != len(content):
            raise pickle.UnpicklingError(
                f"it has an array of shape {shape} with {len(content)} bytes"
            )
        values = np.frombuffer(content, np.uint8)
        if column_major:
            self.values = values.reshape(shape[::-1]).transpose()
        else:
            self.values = values.reshape(shape)


def _refuse_call(*arguments: Any) -> NoReturn:
    """Refuse to be called: numpy.ndarray is only ever an argument in such files."""
    raise pickle.UnpicklingError("it calls numpy.ndarray")


def _start_array(kind: Any, shape: Any, type_code: Any) -> _ByteArray:
    """Stand in for NumPy's function that starts an empty array."""
    if kind is not _STAND_INS["numpy", "ndarray"]:
        raise pickle.UnpicklingError("it starts an array that is no numpy.ndarray")
    return _ByteArray()


def _start_dtype(type_code: Any, align: Any = False, copy: Any = False) -> Any:
    """Stand in for numpy.dtype."""
    if type_code != b"u1":
        raise pickle.UnpicklingError(f"it has an array of dtype {type_code!r}")
    return _UnsignedByte()


_STAND_INS = {
    ("numpy.core.multiarray", "_reconstruct"): _StandIn(_start_array),
    ("numpy", "ndarray"): _StandIn(_refuse_call),
    ("numpy", "dtype"): _StandIn(_start_dtype),
}


def _with_arrays(value: Any) -> Any:
    """Return a dict with its arrays in the place of what was waiting for them."""
    if not isinstance(value, dict):
        raise pickle.UnpicklingError(f"it holds a {type(value).__name__}, not a dict")
    return {
        key: item.values if isinstance(item, _ByteArray) else item
        for key, item in value.items()
    }
