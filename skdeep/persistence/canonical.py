"""The form in which a schema is kept: the same for the same model, wherever it ran."""

import io
import sys
from typing import Any

import numpy as np

from skdeep.encoding.archive import write_archive
from skdeep.persistence import trusted_names
from skdeep.persistence.schema import Node, places

_NAMES = ("__loader__", "__module__", "__class__")
_NAMED = ("FunctionNode", "TypeNode")
_WITH_PUBLIC_NAMES = ("ObjectNode", "ConstructorFromReduceNode", *_NAMED)


def check_import_paths(root: Node) -> None:
    """Check that functions are found by the names under which they are saved.

    Parameters
    ----------
    root : dict
        The schema, as skops wrote it: with addresses of objects as their numbers,
        while the objects exist.

    Raises
    ------
    ModelFileError
        If one is not, such as a lambda.
    """
    for place in places(root):
        if place.loader not in _NAMED:
            continue
        module, name = place.node["__module__"], place.node["__class__"]
        if place.type_name in trusted_names.functions():
            continue
        found = getattr(sys.modules.get(module), name, None)
        if id(found) != place.node["__id__"]:
            raise place.refuse(
                f"is the function or class {module}.{name}, which cannot be imported "
                "by that name: lambdas, and what is defined inside of functions, have "
                "no such name. Define it at the top level of a module"
            )


def canonical(root: Node, members: dict[str, bytes]) -> tuple[Node, dict[str, bytes]]:
    """Return a schema with small numbers, public names and plain arrays.

    Parameters
    ----------
    root : dict
        The schema, as skops wrote it.
    members : dict from str to bytes
        Its arrays.

    Returns
    -------
    root : dict
        The schema in its lasting form.
    members : dict from str to bytes
        The arrays under the names that this schema uses.
    """
    renaming = _Renaming(members)
    new = renaming.of(root)
    return new | {"protocol": root["protocol"]}, renaming.members


class _Renaming:
    def __init__(self, members: dict[str, bytes]) -> None:
        self._old_members = members
        self.members: dict[str, bytes] = {}
        self._nodes: dict[Any, Node] = {}
        self._files: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        """Return a part of a schema with new names."""
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "__loader__" not in value:
            return {key: self.of(item) for key, item in value.items()}
        identity: Any = value["__id__"]
        if value["__loader__"] in ("JsonNode", *_NAMED):
            # Whether two equal numbers are one object is up to Python.
            identity = tuple(value[key] for key in (*_NAMES, "content") if key in value)
        if identity not in self._nodes:
            number = len(self._nodes) + 1
            self._nodes[identity] = {}
            self._nodes[identity] = self._node(value, number)
        return self._nodes[identity]

    def _node(self, node: Node, number: int) -> Node:
        new: Node = {"__id__": number}
        for key, item in node.items():
            if key == "file":
                new[key] = self._file(item)
            elif key not in ("__id__", "is_json", "_skops_version", "protocol"):
                new[key] = self.of(item)
        if node["__loader__"] in _WITH_PUBLIC_NAMES:
            new["__module__"], new["__class__"] = trusted_names.public_name(
                node["__module__"], node["__class__"]
            )
        return new

    def _file(self, old: str) -> str:
        if old not in self._files:
            content, suffix = self._old_members[old], old.rpartition(".")[2]
            self._files[old] = f"{len(self._files)}.{suffix}"
            self.members[self._files[old]] = (
                _without_compression(content) if suffix == "npz" else content
            )
        return self._files[old]


def _without_compression(content: bytes) -> bytes:
    """Return an archive of arrays in the one form that is read."""
    members = []
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        for name in archive.files:
            buffer = io.BytesIO()
            np.save(buffer, archive[name], allow_pickle=False)
            members.append((f"{name}.npy", buffer.getvalue()))
    return b"".join(write_archive(members))
