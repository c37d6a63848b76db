import errno
import os
import stat
import subprocess
import sys

import pytest

from skdeep.encoding import atomic_file
from skdeep.encoding.atomic_file import write_atomically

OLD, NEW = b"what was there", [b"what ", b"is ", memoryview(b"new")]


@pytest.fixture
def path(tmp_path):
    """Give a file that exists."""
    path = tmp_path / "model"
    path.write_bytes(OLD)
    return path


def test_content(path):
    """A file is written, or replaced, as a whole."""
    write_atomically(path, NEW)
    assert path.read_bytes() == b"".join(NEW)
    write_atomically(path.with_name("other"), [])
    assert path.with_name("other").read_bytes() == b""
    assert sorted(os.listdir(path.parent)) == ["model", "other"]


@pytest.mark.skipif(os.name != "posix", reason="Pipes with names are POSIX'.")
def test_devices_are_left_alone(tmp_path):
    """What is there for all programs is not replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="is no file"):
        write_atomically(pipe, NEW)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


def failing(*arguments, **options):
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("function", ["fsync", "replace", "chmod"])
def test_nothing_is_lost_when_the_system_fails(path, monkeypatch, function):
    """Whatever step fails, the old file stays and no temporary file remains."""
    monkeypatch.setattr(atomic_file.os, function, failing)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, NEW)
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == ["model"]


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt, ValueError])
def test_nothing_is_lost_when_the_content_fails(path, error):
    """An error or an interruption half-way leaves everything as it was."""

    def pieces():
        yield b"half"
        raise error

    with pytest.raises(error):
        write_atomically(path, pieces())
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == ["model"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="There is no /dev/full.")
def test_full_disk(path):
    """The system's own full disk: the limit of the size of files."""
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from skdeep.encoding.atomic_file import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_atomically(Path(sys.argv[1]), [bytes(600), bytes(600)])\n"
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(atomic_file.__file__)))
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=dict(os.environ, PYTHONPATH=root),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "File too large" in done.stderr
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == ["model"]


def test_modes_are_those_of_other_files(path):
    """A new file gets the caller's usual mode, and an old one keeps its own."""
    plain = path.with_name("plain")
    plain.touch()
    write_atomically(path.with_name("new"), NEW)
    modes = [stat.S_IMODE(path.with_name(n).stat().st_mode) for n in ("new", "plain")]
    assert modes[0] == modes[1]
    path.chmod(0o640)
    write_atomically(path, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_links_stay(path):
    """Writing through a link replaces what it points to."""
    link = path.with_name("link")
    link.symlink_to(path)
    write_atomically(link, NEW)
    assert link.is_symlink()
    assert path.read_bytes() == b"".join(NEW)


def test_everything_is_on_the_disk(path, monkeypatch):
    """The file is synced before it is moved, and its folder afterwards."""
    calls = []

    def recording(name, function):
        def record(*arguments):
            calls.append(name)
            return function(*arguments)

        monkeypatch.setattr(atomic_file.os, name, record)

    recording("fsync", os.fsync)
    recording("replace", os.replace)
    write_atomically(path, NEW)
    assert calls == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("name", ["a" * 250, "模" * 80])
def test_long_names(tmp_path, name):
    """The temporary file of a file with a long name has a shorter one."""
    path = tmp_path / name
    write_atomically(path, NEW)
    assert path.read_bytes() == b"".join(NEW)


def test_folders_that_cannot_be_synced(path, monkeypatch):
    """The file is there all the same, so that nothing is said to have gone wrong."""

    def failing(folder):
        raise PermissionError(folder)

    monkeypatch.setattr(atomic_file, "_sync_folder", failing)
    write_atomically(path, NEW)
    assert path.read_bytes() == b"".join(NEW)
