"""Locks between processes and threads."""

import os
import signal
import subprocess
import sys

import pytest

from skdeep.encoding import file_lock
from skdeep.encoding.file_lock import FileLock, lock_path

HOLDER = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from skdeep.encoding.file_lock import FileLock\n"
    "with FileLock(Path(sys.argv[1])):\n"
    "    sys.stdout.write('locked\\n')\n"
    "    sys.stdout.flush()\n"
    "    time.sleep(60)\n"
)


def test_one_at_a_time(tmp_path):
    """A second user is refused until the first has left; nothing remains."""
    path = tmp_path / "file"
    with FileLock(path):
        with pytest.raises(BlockingIOError), FileLock(path):
            pass
        with FileLock(tmp_path / "another"):
            pass
    with FileLock(path):
        pass
    assert os.listdir(tmp_path) == []


def test_errors_release_it(tmp_path):
    """Whatever happens inside, the lock is released and the error is passed on."""
    with pytest.raises(KeyError), FileLock(tmp_path / "file"):
        raise KeyError
    with FileLock(tmp_path / "file"):
        pass


def test_removed_while_it_was_opened(tmp_path, monkeypatch):
    """A lock on a file that somebody else has just removed does not count."""
    path, lock, calls = tmp_path / "file", file_lock._lock, []

    def remove_first(descriptor):
        if not calls:
            lock_path(path).unlink()
        calls.append(descriptor)
        lock(descriptor)

    monkeypatch.setattr(file_lock, "_lock", remove_first)
    with FileLock(path):
        assert len(calls) == 2
        assert lock_path(path).exists()
        with pytest.raises(BlockingIOError), FileLock(path):
            pass


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a signal of POSIX.")
def test_killed_process_leaves_no_lock(tmp_path):
    """The system releases the lock of a process that was killed."""
    path = tmp_path / "file"
    root = os.path.dirname(os.path.dirname(os.path.dirname(file_lock.__file__)))
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        env=dict(os.environ, PYTHONPATH=root),
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(BlockingIOError), FileLock(path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with FileLock(path):
        pass
    assert os.listdir(tmp_path) == []


def test_long_names(tmp_path):
    """The lock of a file with the longest of names has a shorter one."""
    with FileLock(tmp_path / ("a" * 255)):
        assert len(os.listdir(tmp_path)) == 1
