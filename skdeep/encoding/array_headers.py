"""Headers of NumPy's files: what an array claims to be, before it is one."""

import ast
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdeep.encoding.malformed_file import MalformedFileError

_MAX_DIMENSIONS = 16
_MAX_HEADER = 2_000

# NumPy evaluates the header as Python literals. What passes here is one dict of one
# form, so there is nothing in it that could surprise.
_SIZES = r"(?:|\d{1,18},|\d{1,18}(?:, \d{1,18})+)"
_PLAIN = r"'[<>|][biufcSU]\d{1,9}'"
_FIELD = r"\('\w{0,40}', '[<>|][biufV]\d{1,4}'\)"
_HEADER = re.compile(
    rf"\{{'descr': (?P<plain>{_PLAIN}|\[(?:{_FIELD}(?:, )?){{1,40}}\]), "
    rf"'fortran_order': (?P<fortran>True|False), 'shape': \((?P<shape>{_SIZES})\), "
    r"\} *\n"
)


@dataclass(frozen=True)
class ArrayHeader:
    """What a file of an array says about it.

    Attributes
    ----------
    dtype : numpy.dtype
        Numbers, booleans, texts, or a record of numbers.
    shape : tuple of int
        Its shape.
    fortran_order : bool
        Whether the first index runs fastest.
    start : int
        Where the content starts in the file.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    start: int


def read_header(content: memoryview, name: str) -> ArrayHeader:
    """Read the header of an array and compare it with the size of its file.

    Parameters
    ----------
    content : memoryview of bytes
        The file, as `numpy.save` writes it.
    name : str
        What to call it in messages.

    Raises
    ------
    MalformedFileError
        If it is no array of numbers, booleans or texts, or its shape and dtype do
        not give the number of bytes that follow.
    """
    length = int.from_bytes(content[8:10], "little")
    if bytes(content[:8]) != b"\x93NUMPY\1\0" or length > _MAX_HEADER:
        raise MalformedFileError(f"its member {name!r} is not a file of an array")
    text = bytes(content[10 : 10 + length]).decode("latin-1")
    match = _HEADER.fullmatch(text)
    if match is None:
        raise MalformedFileError(
            f"its member {name!r} is no array of numbers, booleans or texts: its "
            f"header is {text.strip()[:200]!r}"
        )
    try:
        dtype = np.lib.format.descr_to_dtype(ast.literal_eval(match["plain"]))
    except (TypeError, ValueError) as error:
        raise MalformedFileError(
            f"its member {name!r} has the impossible dtype {match['plain'][:200]}"
        ) from error
    shape = tuple(int(size) for size in match["shape"].split(",") if size)
    found, wanted = len(content) - 10 - length, math.prod(shape) * dtype.itemsize
    if found != wanted or len(shape) > _MAX_DIMENSIONS:
        raise MalformedFileError(
            f"its member {name!r} has {found} bytes for an array of shape {shape} and "
            f"dtype {dtype}, which needs {wanted}"
        )
    if dtype.itemsize > max(found, 4096):
        # An empty array of enormous texts is small until somebody fills it.
        raise MalformedFileError(f"its member {name!r} has the dtype {dtype}")
    return ArrayHeader(dtype, shape, match["fortran"] == "True", 10 + length)


def read_array(content: memoryview, name: str) -> NDArray[Any]:
    """Return an array that shares its memory with the file, read-only."""
    header = read_header(content, name)
    flat: NDArray[Any] = np.frombuffer(content[header.start :], header.dtype)
    array = flat.reshape(header.shape, order="F" if header.fortran_order else "C")
    array.flags.writeable = False
    return array
