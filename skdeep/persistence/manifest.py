"""The manifest: what wrote a file, and the digest of each of its members."""

import hashlib
import json
from typing import Any

import numpy as np
import sklearn
import skops

from skdeep import __version__
from skdeep.encoding.bounded_json import read_json
from skdeep.persistence.errors import ModelFileError
from skdeep.runtime.shapes import library_versions

NAME = "manifest.json"
FORMAT = "skdeep model"
FORMAT_VERSION = 1

# A line of about 120 bytes for each of at most 20,000 members.
_MAX_BYTES = 4_000_000
_MAX_VALUES = 200_000


def versions() -> dict[str, str]:
    """Return the versions of everything that takes part in loading a model."""
    return {
        "skdeep": __version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "skops": skops.__version__,
        **library_versions(),
    }


def make_manifest(members: dict[str, bytes], estimator: str) -> bytes:
    """Return the manifest of some members.

    Parameters
    ----------
    members : dict from str to bytes-like
        Contents by name.
    estimator : str
        What the file holds, for people who look into it.
    """
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "estimator": estimator,
        "versions": versions(),
        "members": {name: _description(data) for name, data in members.items()},
    }
    return json.dumps(manifest, indent=1).encode("ascii")


def check_manifest(members: dict[str, memoryview]) -> dict[str, str]:
    """Compare the members of a file with its manifest.

    Parameters
    ----------
    members : dict from str to memoryview
        Contents by name, the manifest among them.

    Returns
    -------
    versions : dict from str to str
        What the file was written with.

    Raises
    ------
    ModelFileError
        If the manifest is missing or of another format, or a member is missing,
        additional or changed.
    """
    if NAME not in members:
        raise ModelFileError(
            f"it has no member {NAME!r}, so it was not written by "
            "skdeep.persistence.save"
        )
    manifest = read_json(
        members[NAME], NAME, max_bytes=_MAX_BYTES, max_values=_MAX_VALUES
    )
    written_with = _check_format(manifest)
    described = manifest.get("members")
    contents = {name: data for name, data in members.items() if name != NAME}
    if not isinstance(described, dict) or described.keys() != contents.keys():
        raise ModelFileError(f"its members are not those that {NAME!r} lists")
    for name, content in contents.items():
        if described[name] != _description(content):
            raise ModelFileError(
                f"its member {name!r} has not the size and SHA-256 digest that "
                f"{NAME!r} gives. It was damaged or changed; take another copy"
            )
    return written_with


def _description(content: bytes | memoryview) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _check_format(manifest: dict[str, Any]) -> dict[str, str]:
    version, written_with = manifest.get("format_version"), manifest.get("versions")
    if manifest.get("format") != FORMAT or type(version) is not int:
        raise ModelFileError(f"{NAME!r} does not say that it is a {FORMAT}")
    if not isinstance(written_with, dict) or not all(
        isinstance(text, str) and len(text) < 100 for text in written_with.values()
    ):
        raise ModelFileError(f"{NAME!r} does not say what the file was written with")
    if version != FORMAT_VERSION:
        raise ModelFileError(
            f"it has version {version} of the format and was written by skdeep "
            f"{written_with.get('skdeep')}, but this is skdeep {__version__}, which "
            f"reads version {FORMAT_VERSION}. Install the skdeep that wrote it, or a "
            "newer one"
        )
    return written_with
