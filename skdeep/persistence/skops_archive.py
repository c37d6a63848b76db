"""What is left to skops: turning objects into nodes, and checked nodes into objects."""

import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

import skops.io

from skdeep.persistence import schema, trusted_names
from skdeep.persistence.errors import ModelFileError
from skdeep.persistence.schema import Node, Place


def dump_schema(root: Node) -> bytes:
    """Return a schema as bytes, as short as it gets."""
    return json.dumps(root, separators=(",", ":")).encode("ascii")


def dump_skops(thing: Any) -> tuple[Node, dict[str, bytes]]:
    """Have skops describe an object.

    Parameters
    ----------
    thing : object
        What to describe.

    Returns
    -------
    root : dict
        The schema.
    members : dict from str to bytes
        The arrays, by the name of their file.

    Raises
    ------
    ModelFileError
        If skops cannot do it.
    """
    try:
        content = skops.io.dumps(thing)
    except (MemoryError, Warning):
        raise
    except Exception as error:
        raise ModelFileError(
            "it holds something that is neither a number, a text, an array nor an "
            f"estimator: {type(error).__name__}: {error}"
        ) from error
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(members.pop(schema.NAME)), members


def load_skops(content: bytes | memoryview, found: Iterable[Place]) -> Any:
    """Have skops build what was checked.

    Parameters
    ----------
    content : bytes-like
        An archive.
    found : iterable of Place
        Every node of its schema, checked.

    Raises
    ------
    ModelFileError
        If skops cannot build it.
    """
    # skops trusts many types by itself, and copies the list of the others for every
    # node. It is given only those of this file that it could not know.
    names = {
        place.type_name
        for place in found
        if place.loader not in ("JsonNode", "ListNode", "TupleNode")
        and place.type_name not in _KNOWN_TO_SKOPS
    }
    try:
        return skops.io.load(io.BytesIO(content), trusted=sorted(names))
    except (MemoryError, Warning):
        # A warning that the caller has made an error is the caller's.
        raise
    except Exception as error:
        raise ModelFileError(
            f"its parts do not make a model: {type(error).__name__}: {error}"
        ) from error


_KNOWN_TO_SKOPS = trusted_names.KEY_TYPES | {"builtins.dict", "numpy.ndarray"}
