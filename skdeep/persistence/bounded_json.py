"""JSON from files that nobody vouches for: measured before it is parsed."""

import json
import re
from typing import Any, NoReturn

import numpy as np

from skdeep.persistence.errors import ModelFileError

MAX_DEPTH = 400

# Every string, also one that does not end. Nothing is ever tried twice, so that the
# time is proportional to the text whatever stands in it.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


def read_json(
    content: memoryview, name: str, *, max_bytes: int, max_values: int
) -> dict[str, Any]:
    """Parse a JSON object of bounded size, depth and number of values.

    Parameters
    ----------
    content : memoryview of bytes
        UTF-8 text.
    name : str
        What to call it in messages.
    max_bytes, max_values : int
        The largest length, and the largest number of objects, arrays and separators.

    Raises
    ------
    ModelFileError
        If the text is too large, too deep, or no JSON object.
    """
    if len(content) > max_bytes:
        raise ModelFileError(
            f"its member {name!r} has {len(content)} bytes, more than {max_bytes}"
        )
    structure = _STRING.sub(b"", content)
    n_values = sum(map(structure.count, (b"{", b"[", b",", b":")))
    if n_values > max_values:
        raise ModelFileError(
            f"its member {name!r} holds {n_values} values, more than {max_values}"
        )
    codes = np.frombuffer(structure, np.uint8)
    opening, closing = np.isin(codes, list(b"{[")), np.isin(codes, list(b"}]"))
    depths = np.cumsum(opening.astype(np.int8) - closing.astype(np.int8), dtype=int)
    if depths.max(initial=0) > MAX_DEPTH:
        raise ModelFileError(f"its member {name!r} is nested too deeply")
    try:
        value = json.loads(
            bytes(content).decode("utf-8"),
            object_pairs_hook=_without_repetition,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"its member {name!r} is not valid: {error}") from error
    if not isinstance(value, dict):
        raise ModelFileError(f"its member {name!r} is not a JSON object")
    return value


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("an object has the same key twice")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
