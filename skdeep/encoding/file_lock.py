"""Locks between processes and threads that no killed process leaves behind."""

import os
import sys
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

# What most file systems allow, less the dot and the suffix.
_LONGEST_NAME = 240


def lock_path(path: Path) -> Path:
    """Return the file beside `path` that is locked in its place.

    Parameters
    ----------
    path : Path
        The file that is to belong to one user at a time.

    Returns
    -------
    lock : Path
        An empty file, which is removed when the lock is released.
    """
    name = path.name
    if len(name.encode()) > _LONGEST_NAME:
        name = blake2b(name.encode(), digest_size=16).hexdigest()
    return path.with_name(f".{name}.lock")


class FileLock:
    """Belong to one user at a time, whichever process or thread that is.

    The system releases the lock of a process that ends, however it ends.

    Parameters
    ----------
    path : Path
        What to lock. The lock is on another file, `lock_path`, so that this one may
        be replaced.

    Raises
    ------
    BlockingIOError
        On entering, if somebody else has the lock.
    OSError
        If the folder does not exist or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = lock_path(path)
        self._descriptor = -1

    def __enter__(self) -> "FileLock":
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                _lock(descriptor)
                if _is_still(descriptor, self.path):
                    self._descriptor = descriptor
                    return self
            except BaseException:
                os.close(descriptor)
                raise
            # Its last user has removed it after we had opened it: there may be
            # another by now.
            os.close(descriptor)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            # While it is locked: whoever opens it now sees that it is gone.
            os.unlink(self.path)
        except OSError:
            # Windows does not remove open files. An empty file does no harm.
            pass
        finally:
            os.close(self._descriptor)


def _is_still(descriptor: int, path: Path) -> bool:
    """Tell whether an open file is the one of that name."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, "locked by somebody else") from error

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
