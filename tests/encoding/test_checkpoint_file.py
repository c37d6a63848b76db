"""Files of checkpoints."""

import errno
import os
import signal
import zipfile
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep.encoding import atomic_file, checkpoint_file
from skdeep.encoding.checkpoint_file import (
    read_checkpoint,
    remove_checkpoint,
    remove_torn,
    write_checkpoint,
)
from skdeep.encoding.malformed_file import MalformedFileError

ABOUT = {"epoch": 3, "names": ["loss", "ä"], "nested": {"a": 0.1, "b": None}}
ARRAYS = {
    "weights": [np.arange(6, dtype=np.float32).reshape(2, 3), np.float64(2.5)],
    "none": [],
    "seeds": [np.array([1, 2], np.uint32), np.zeros((0, 4)), np.array(True)],
}


@pytest.fixture
def path(tmp_path):
    """Give a file of a checkpoint."""
    path = tmp_path / "fit.checkpoint"
    write_checkpoint(path, ABOUT, ARRAYS)
    return path


def assert_same(first, second):
    """Compare groups of arrays bit by bit."""
    assert first.keys() == second.keys()
    for name in first:
        assert len(first[name]) == len(second[name])
        for a, b in zip(first[name], second[name], strict=True):
            assert (np.shape(a), np.asarray(a).dtype) == (b.shape, b.dtype)
            assert np.asarray(a).tobytes() == b.tobytes()


def test_comes_back(path):
    """Values and arrays are read back, bit for bit."""
    found = read_checkpoint(path)
    assert found.about == ABOUT
    assert_same(ARRAYS, found.arrays)
    assert not found.arrays["weights"][0].flags.writeable
    assert os.listdir(path.parent) == [path.name]


def test_is_a_plain_zip_of_arrays(path):
    """Other programs can open it; nothing in it is a pickle."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == ["manifest.json", *(f"{i}.npy" for i in range(5))]
        with archive.open("0.npy") as file:
            np.testing.assert_array_equal(
                np.load(file, allow_pickle=False), ARRAYS["weights"][0]
            )


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.lists(st.lists(st.floats(width=32), max_size=4), max_size=3),
        max_size=3,
    ),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9)),
)
def test_any_content(tmp_path_factory, groups, about):
    """Whatever numbers and texts are written come back."""
    path = tmp_path_factory.mktemp("any") / "checkpoint"
    arrays = {k: [np.array(v, np.float32) for v in g] for k, g in groups.items()}
    write_checkpoint(path, about, arrays)
    found = read_checkpoint(path)
    assert found.about == about
    assert_same(arrays, found.arrays)


def test_no_byte_may_change(path):
    """A file of which any byte is another is refused, and so is every shorter one."""
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    # Every byte of the first and last members, and some of each kind in between.
    places = {*range(0, len(whole), 7), *range(len(whole) - 700, len(whole))}
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= int(generator.integers(1, 256))
        path.write_bytes(changed)
        with pytest.raises(MalformedFileError):
            read_checkpoint(path)
    for length in [*range(0, len(whole), 11), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(MalformedFileError):
            read_checkpoint(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(MalformedFileError):
        read_checkpoint(path)


def rewritten(path, change):
    """Write the same file with another manifest."""
    members = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            members[name] = archive.read(name)
    members["manifest.json"] = change(members["manifest.json"])
    path.write_bytes(b"".join(checkpoint_file.write_archive(members.items())))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"skdeep checkpoint", b"skdeep model", "does not say that it is"),
        (b'"format_version": 1', b'"format_version": 2', "version 2"),
        (b'"size": ', b'"size": 1', "SHA-256"),
        (b'"weights": 2', b'"weights": 3', "what its arrays are"),
        (b'"weights": 2', b'"weights": -2', "what its arrays are"),
        (b'"about": {', b'"about": 3, "other": {', "what its arrays are"),
        (b"{", b"[", "not valid"),
    ],
)
def test_manifest_is_checked(path, old, new, message):
    """A manifest that does not fit the rest is refused."""
    rewritten(path, lambda text: text.replace(old, new, 1))
    with pytest.raises(MalformedFileError, match=message):
        read_checkpoint(path)


def test_other_things(path, tmp_path):
    """What is no file of a checkpoint is refused, or said not to be there."""
    with pytest.raises(FileNotFoundError):
        read_checkpoint(tmp_path / "nothing")
    with pytest.raises(MalformedFileError, match="no plain file"):
        read_checkpoint(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(MalformedFileError):
        read_checkpoint(path)
    content = checkpoint_file.write_archive([("0.npy", b"")])
    path.write_bytes(b"".join(content))
    with pytest.raises(MalformedFileError, match=r"no member 'manifest.json'"):
        read_checkpoint(path)


def test_values_must_be_plain(path):
    """What is no plain value, or no number, is not written; the old file stays."""
    before = path.read_bytes()
    for about in ({"a": object()}, {"a": float("nan")}):
        with pytest.raises((TypeError, ValueError)):
            write_checkpoint(path, about, {})
    with pytest.raises(ValueError, match="Object arrays"):
        write_checkpoint(path, {}, {"a": [np.array([object()])]})
    assert path.read_bytes() == before


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_full_disk(path, monkeypatch, function):
    """When writing fails, the previous checkpoint stays, and nothing else."""

    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic_file.os, function, fail)
    with pytest.raises(OSError, match="No space"):
        write_checkpoint(path, {"epoch": 4}, {})
    assert read_checkpoint(path).about == ABOUT
    assert os.listdir(path.parent) == [path.name]


class DyingFile:
    """A file whose process is killed at a chosen step of writing."""

    def __init__(self, file, step):
        self._file, self._step = file, step

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def write(self, piece):
        """Write the first half of a piece, then the second."""
        middle = len(piece) // 2
        self._file.write(piece[:middle])
        self._step()
        self._file.write(piece[middle:])
        self._step()


def die_at(number):
    """Make this process kill itself at the step of that number."""
    steps = [0]

    def step():
        if steps[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        steps[0] += 1

    def around(function):
        def stepping(*arguments):
            step()
            result = function(*arguments)
            step()
            return result

        return stepping

    def opened(*arguments):
        step()
        return DyingFile(open(*arguments, buffering=0), step)

    steps_of = {n: around(getattr(os, n)) for n in ("chmod", "fsync", "replace")}
    atomic_file.open = opened
    atomic_file.os = SimpleNamespace(**(vars(os) | steps_of))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork.")
def test_killed_at_every_step(path):
    """Killed before or after any step, the writer leaves the old file or the new."""
    new, number, found = {"epoch": 4}, 0, []
    while True:
        write_checkpoint(path, ABOUT, ARRAYS)
        child = os.fork()
        if child == 0:
            try:
                die_at(number)
                write_checkpoint(path, new, ARRAYS)
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        checkpoint = read_checkpoint(path)
        assert_same(ARRAYS, checkpoint.arrays)
        found.append(checkpoint.about)
        remove_torn(path)
        assert os.listdir(path.parent) == [path.name]
        if not os.WIFSIGNALED(status):
            assert status == 0
            break
        number += 1
    changes = [a != b for a, b in pairwise(found)]
    assert (found[0], found[-1], sum(changes)) == (ABOUT, new, 1)
    # Two for each of 14 pieces, and those of the system.
    assert number > 30


def test_cleaning_up(path):
    """What a killed writer has left goes; what belongs to others stays."""
    torn = path.with_name(f".{path.name}.{'0a' * 8}.part")
    others = [f".{path.name}2.{'0a' * 8}.part", f".{path.name}.part", "other.part"]
    for place in (torn, *map(path.with_name, others)):
        place.touch()
    remove_torn(path)
    assert sorted(os.listdir(path.parent)) == sorted([path.name, *others])
    remove_checkpoint(path)
    remove_checkpoint(path)
    assert sorted(os.listdir(path.parent)) == sorted(others)
