"""JSON from files that nobody vouches for: measured before it is parsed."""

import json
import re
from typing import Any, NoReturn

import numpy as np

from skdeep.encoding.malformed_file import MalformedFileError

MAX_DEPTH = 400

# Every string, also one that does not end. Nothing is ever tried twice, so that the
# time is proportional to the text whatever stands in it.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


def read_json(
    content: memoryview,
    name: str,
    *,
    max_bytes: int,
    max_values: int,
    finite: bool = True,
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
    finite : bool, default=True
        Whether NaN and infinities, which are no JSON, are refused.

    Raises
    ------
    MalformedFileError
        If the text is too large, too deep, or no JSON object.
    """
    if len(content) > max_bytes:
        raise MalformedFileError(
            f"its member {name!r} has {len(content)} bytes, more than {max_bytes}"
        )
    raw = content.tobytes()
    n_values = sum(map(raw.count, (b"{", b"[", b",", b":")))
    # Texts in texts have four quotes, each with a separator behind it.
    if n_values > max_values or raw.count(b'"') > 4 * max_values:
        raise MalformedFileError(
            f"its member {name!r} holds more than the {max_values} values or texts "
            "that it may have"
        )
    if _depth(raw) > MAX_DEPTH:
        raise MalformedFileError(f"its member {name!r} is nested too deeply")
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_Objects(),
            parse_constant=_refuse_constant if finite else None,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedFileError(
            f"its member {name!r} is not valid: {error}"
        ) from error
    if not isinstance(value, dict):
        raise MalformedFileError(f"its member {name!r} is not a JSON object")
    return value


def _depth(raw: bytes) -> int:
    """Return how deep objects and arrays are nested."""
    codes = np.frombuffer(_STRING.sub(b"", raw), np.uint8)
    opening, closing = np.isin(codes, list(b"{[")), np.isin(codes, list(b"}]"))
    steps = opening.astype(np.int8) - closing.astype(np.int8)
    return int(np.cumsum(steps, dtype=np.int32).max(initial=0))


class _Objects:
    """Makes dicts that share equal texts, of which schemas consist."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        share = self._texts.setdefault
        made = {k: share(v, v) if type(v) is str else v for k, v in pairs}
        if len(made) < len(pairs):
            raise ValueError("an object has the same key twice")
        return made


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
