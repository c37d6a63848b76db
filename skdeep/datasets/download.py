"""Files on the internet: found in the data home or downloaded, always verified."""

import hashlib
import http.client
import logging
import os
import secrets
import stat
from dataclasses import dataclass
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any

from sklearn.utils._param_validation import Interval

# What every fetcher lets its user say about where data come from.
FETCHER_CONSTRAINTS: dict[str, list[Any]] = {
    "data_home": [str, PathLike, None],
    "download_if_missing": ["boolean"],
    "return_X_y": ["boolean"],
    "n_retries": [Interval(Integral, 1, None, closed="left")],
    "delay": [Interval(Real, 0.0, None, closed="neither")],
}

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteFile:
    """A file on the internet: where it is, its name on disk and its digest.

    `sha256` is None for an archive whose members are verified instead.
    """

    url: str
    filename: str
    sha256: str | None


def verify_sha256(path: Path, sha256: str) -> None:
    """Raise OSError, naming the file, unless its SHA-256 digest is `sha256`."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise OSError(
            f"{path} is torn or has been changed: its SHA-256 digest is {found}, but "
            f"{sha256} was expected. Delete the file to have it downloaded again."
        )


def unreadable_by_user(path: Path, error: PermissionError) -> PermissionError:
    """Build the error for a file, whole for all we know, that may not be read."""
    return PermissionError(
        f"{path} may not be read by this user: {error}. Ask its owner to allow it, for "
        "example by chmod a+r, or pass another data_home."
    )


def missing_file_error(
    remote: RemoteFile, folder: Path, reason: str, accepted: tuple[str, ...] = ()
) -> OSError:
    """Build the error that tells how to get a file onto this machine by hand.

    Parameters
    ----------
    remote : RemoteFile
        The file to get.
    folder : Path
        Where the fetcher looks for it.
    reason : str
        Why it was not downloaded.
    accepted : tuple of str
        Names of further files that would do instead.
    """
    message = (
        f"{remote.filename} is not in {folder} and {reason}. To work offline, "
        f"download {remote.url} on another machine and put it into {folder} under "
        f"the name {remote.filename}."
    )
    if accepted:
        message += f" A file {' or '.join(accepted)} in that folder is used too."
    return OSError(message)


def download(
    remote: RemoteFile,
    data_home: Path,
    *,
    folder: Path,
    download_if_missing: bool,
    n_retries: int,
    delay: float,
    accepted: tuple[str, ...] = (),
) -> Path:
    """Download a file that is not in the data home, verified and in one piece.

    Parameters
    ----------
    remote : RemoteFile
        The file.
    data_home : Path
        The folder that the error messages speak of.
    folder : Path
        Where the file is written to.
    download_if_missing : bool
        False refuses, with the error that explains how to get the file by hand.
    n_retries : int
        Number of retries when the server does not answer.
    delay : float
        Seconds between retries.
    accepted : tuple of str
        Names of further files that the fetcher would have used.

    Returns
    -------
    path : Path
        The path of the downloaded file.

    Raises
    ------
    OSError
        If the file was not downloaded or has not the expected digest.
    """
    if not download_if_missing:
        raise missing_file_error(
            remote, data_home, "download_if_missing is False", accepted
        )
    from sklearn.datasets import fetch_file

    _logger.info("Downloading %s to %s", remote.url, data_home)
    try:
        path = Path(
            fetch_file(
                remote.url,
                folder=folder,
                local_filename=remote.filename,
                sha256=remote.sha256,
                n_retries=n_retries,
                delay=delay,
            )
        )
        _let_others_read(path)
    except (OSError, http.client.HTTPException) as error:
        raise missing_file_error(
            remote, data_home, f"downloading it failed ({error})", accepted
        ) from error
    return path


def _let_others_read(path: Path) -> None:
    """Give a file that fetch_file made, for its owner only, the usual mode."""
    # A file is made to see that mode: the umask cannot be read without setting it, for
    # all threads.
    sample = path.with_name(f"{secrets.token_hex(8)}.part")
    try:
        with open(sample, "xb") as file:
            mode = os.fstat(file.fileno()).st_mode
    finally:
        sample.unlink(missing_ok=True)
    # Where all files have one mode, changing it may be refused.
    if path.stat().st_mode != mode:
        path.chmod(stat.S_IMODE(mode))
