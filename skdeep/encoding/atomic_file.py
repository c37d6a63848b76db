"""Files that are either written as a whole or not at all."""

import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_MOST_BYTES = 100


def write_atomically(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Write a file beside `path`, and move it there when it is safely on the disk.

    Parameters
    ----------
    path : Path
        Where the file is to be. What was there before stays until the new file is
        complete, and for good if anything goes wrong.
    pieces : iterable of bytes-like
        The content.

    Raises
    ------
    OSError
        If the file cannot be written, or what is there is a device. No temporary file
        is left behind.
    """
    # A link keeps pointing where it does; what it points to is replaced.
    path = Path(os.path.realpath(path))
    with suppress(FileNotFoundError):
        _refuse_devices(path)
    start = beginning_of_name(path)
    temporary = path.with_name(f".{start}.{secrets.token_hex(8)}.part")
    try:
        # Opened like this, and not by `tempfile`, it gets the caller's usual mode.
        with open(temporary, "xb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            with suppress(FileNotFoundError):
                os.chmod(file.name, os.stat(path).st_mode & 0o777)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        error.add_note(f"{path} is as it was before; nothing was written.")
        raise
    with suppress(OSError):
        # The file is there. Not every folder can be opened, nor every one be synced.
        _sync_folder(path.parent)


def _refuse_devices(path: Path) -> None:
    """Raise an OSError if a path is that of a device or a pipe, not of a file."""
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(
            f"{path} is no file, and would be replaced by one for all programs. Name a "
            "file."
        )


def beginning_of_name(path: Path) -> str:
    """Return what the name of a temporary file has of the name of `path`.

    File systems allow 255 bytes, of which other characters than ASCII's take several.
    """
    return os.fsencode(path.name)[:_MOST_BYTES].decode(errors="ignore")


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk too; only POSIX systems can be asked for it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
