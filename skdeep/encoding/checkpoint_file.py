"""Files of checkpoints: arrays and plain values, and no code.

Format, version 1
-----------------
A zip archive of the form that `skdeep.encoding.archive` accepts. Its members are

``manifest.json``
    ``format`` and ``format_version``; ``about``, plain values; ``groups``, the number
    of arrays of each name; ``members``, the size and SHA-256 digest of every array;
``0.npy``, ``1.npy``, ...
    the arrays, group after group.

A checkpoint lives as long as a fit: a file of another version is refused.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from skdeep.encoding.archive import MAX_BYTES, read_archive, write_archive
from skdeep.encoding.array_headers import read_array
from skdeep.encoding.atomic_file import beginning_of_name, write_atomically
from skdeep.encoding.bounded_json import read_json
from skdeep.encoding.malformed_file import MalformedFileError

FORMAT = "skdeep checkpoint"
FORMAT_VERSION = 1
NAME = "manifest.json"

_MAX_MANIFEST_BYTES = 16_000_000
_MAX_MANIFEST_VALUES = 1_000_000


class CheckpointError(MalformedFileError):
    """A checkpoint that training cannot go on from: damaged, or of another fit.

    The message says what is wrong, what was found, and what to do. The file is left
    as it is.

    See Also
    --------
    ModelFileError : What is wrong with files of models.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skdeep import ConvAutoencoderTransformer
    >>> from skdeep.persistence import CheckpointError
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "fit.checkpoint")
    ...     _ = path.write_bytes(b"something else")
    ...     try:
    ...         ConvAutoencoderTransformer(checkpoint=path).fit([[0.0], [1.0]])
    ...     except CheckpointError as error:
    ...         print(str(error).partition("used: ")[2].partition(". ")[0])
    it does not start as files written by skdeep do
    """


@dataclass(frozen=True)
class Checkpoint:
    """What a file of a checkpoint holds.

    Attributes
    ----------
    about : dict
        Plain values: numbers, texts, lists and dicts.
    arrays : dict from str to list of ndarray
        Arrays by the name of their group, read-only.
    """

    about: dict[str, Any]
    arrays: dict[str, list[np.ndarray]]


def write_checkpoint(
    path: Path, about: Mapping[str, Any], arrays: Mapping[str, Sequence[np.ndarray]]
) -> None:
    """Write a checkpoint; whoever reads the file finds the old one or the new one.

    Parameters
    ----------
    path : Path
        The file. It is replaced when the new one is safely on the disk.
    about : mapping
        Plain values.
    arrays : mapping from str to sequence of ndarray
        Arrays by the name of their group.

    Raises
    ------
    OSError
        If the file cannot be written. The previous one stays.
    MalformedFileError
        If it would have more than 2 GiB.
    """
    every = [array for group in arrays.values() for array in group]
    members = {f"{number}.npy": _npy(array) for number, array in enumerate(every)}
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "about": dict(about),
        "groups": {name: len(group) for name, group in arrays.items()},
        "members": {name: _description(data) for name, data in members.items()},
    }
    header = json.dumps(manifest, indent=1, allow_nan=False).encode("ascii")
    write_atomically(path, list(write_archive([(NAME, header), *members.items()])))


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    checkpoint : Checkpoint

    Raises
    ------
    FileNotFoundError
        If there is none.
    MalformedFileError
        If the file is damaged or something else; the message continues a sentence
        about it.
    """
    members = read_archive(memoryview(_content(path)))
    if NAME not in members:
        raise MalformedFileError(f"it has no member {NAME!r}, so it is no checkpoint")
    manifest = read_json(
        members.pop(NAME),
        NAME,
        max_bytes=_MAX_MANIFEST_BYTES,
        max_values=_MAX_MANIFEST_VALUES,
    )
    if manifest.get("format") != FORMAT:
        raise MalformedFileError(f"{NAME!r} does not say that it is a {FORMAT}")
    if (version := manifest.get("format_version")) != FORMAT_VERSION:
        raise MalformedFileError(
            f"it has version {version!r} of the format, but this skdeep goes on from "
            f"version {FORMAT_VERSION}"
        )
    described, about = manifest.get("members"), manifest.get("about")
    if described != {name: _description(data) for name, data in members.items()}:
        raise MalformedFileError(
            f"its members have not the sizes and SHA-256 digests that {NAME!r} gives. "
            "It was damaged or changed"
        )
    groups = manifest.get("groups")
    if (
        not isinstance(about, dict)
        or not isinstance(groups, dict)
        or not _are_counts(groups, len(members))
        or list(members) != _numbered(len(members))
    ):
        raise MalformedFileError(f"{NAME!r} does not say what its arrays are")
    # The headers of all arrays are read, and compared with the sizes of the members,
    # before anybody uses one.
    every = iter([read_array(members[name], name) for name in _numbered(len(members))])
    return Checkpoint(
        about, {name: [next(every) for _ in range(n)] for name, n in groups.items()}
    )


def remove_checkpoint(path: Path) -> None:
    """Remove a checkpoint, if there is one."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def remove_torn(path: Path) -> None:
    """Remove what processes that were killed while they wrote `path` have left."""
    start = beginning_of_name(path)
    pattern = re.compile(rf"\.{re.escape(start)}\.[0-9a-f]{{16}}\.part")
    # A longer name shares its beginning with those of others.
    names = os.listdir(path.parent) if start == path.name else []
    for name in filter(pattern.fullmatch, names):
        with suppress(FileNotFoundError):
            os.unlink(path.with_name(name))


def _content(path: Path) -> bytes:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise MalformedFileError("it is no plain file")
    if status.st_size > MAX_BYTES:
        raise MalformedFileError(f"it has {status.st_size} bytes, more than any has")
    with open(path, "rb") as file:
        start = file.read(4)
        # A large file of another kind need not be read to the end.
        return start + file.read(MAX_BYTES) if start == b"PK\3\4" else start


def _npy(array: np.ndarray) -> bytes:
    file = BytesIO()
    np.lib.format.write_array(
        file, np.asarray(array), version=(1, 0), allow_pickle=False
    )
    return file.getvalue()


def _description(content: bytes | memoryview) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _numbered(n_members: int) -> list[str]:
    return [f"{number}.npy" for number in range(n_members)]


def _are_counts(groups: dict[str, Any], total: int) -> bool:
    whole = all(type(n) is int and n >= 0 for n in groups.values())
    return whole and sum(groups.values()) == total
