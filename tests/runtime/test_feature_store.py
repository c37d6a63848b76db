"""Features that are computed once for each content."""

import os
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep.runtime import FeatureFolder, FeatureStore, stored_features
from skdeep.runtime import feature_store as module


def name(number):
    """Return the digest of a row."""
    return number.to_bytes(16, "big")


class Counted:
    """Features are the number of a row and its square; which were computed is kept."""

    def __init__(self, numbers):
        self.numbers = np.asarray(numbers)
        self.computed = []

    def __call__(self, rows):
        self.computed += self.numbers[rows].tolist()
        numbers = self.numbers[rows].astype("f4")
        return np.stack([numbers, numbers**2], axis=1)


def features(numbers, store, folder=None, table="t"):
    """Return features of some rows, and the rows that were computed for it."""
    compute = Counted(numbers)
    digests = [name(number) for number in numbers]
    found = stored_features(table, digests, 2, compute, folder, store)
    expected = np.array([[n, n**2] for n in numbers], dtype="f4").reshape(-1, 2)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32
    found[:] = -1  # the caller's own
    return compute.computed


ROWS = st.lists(st.integers(0, 20), max_size=12)


@given(st.lists(ROWS, max_size=6), st.integers(0, 200))
def test_against_an_obvious_store(requests, max_bytes):
    """Whatever is asked for, and however little is kept, features are right."""
    store = FeatureStore(max_bytes)
    seen = set()
    for numbers in requests:
        computed = features(numbers, store)
        # Each row once, and with enough memory none that was seen before.
        assert len(computed) == len(set(computed))
        if max_bytes >= 21 * 8:
            assert set(computed) == set(numbers) - seen
        seen |= set(numbers)
        assert store.n_bytes <= max_bytes
        assert (store.n_bytes == 0) == (len(store) == 0)


def test_blocks_not_used_for_longest_are_dropped():
    """What was asked for last stays."""
    store = FeatureStore(2 * 8)
    features([1], store)
    features([2], store)
    features([1], store)
    features([3], store)
    assert features([1], store) == []
    assert features([2], store) == [2]
    store.clear()
    assert len(store) == 0
    assert features([2], store) == [2]


def test_no_more_is_kept_than_counted():
    """Features of a row do not keep those of others in memory."""
    store = FeatureStore(1000)
    others = np.ones((32, 2), dtype=np.float32)
    alive = weakref.ref(others)
    store.add("t", [name(1)], others[:1])
    del others
    assert alive() is None
    assert store.n_bytes == 8


@pytest.mark.skipif(os.name != "posix", reason="files have other permissions")
def test_folder_is_for_others_too(tmp_path):
    """Files of a shared folder have the mode that files usually have."""
    features([1], FeatureStore(0), FeatureFolder(tmp_path))
    usual = tmp_path / "usual"
    usual.touch()
    (block,) = tmp_path.rglob("*.npz")
    assert block.stat().st_mode == usual.stat().st_mode


def test_tables_are_apart():
    """Other settings have other features."""
    store = FeatureStore()
    features([1, 2], store, table="a")
    assert features([2, 3], store, table="b") == [2, 3]
    assert features([1, 2], store, table="a") == []


def test_folder(tmp_path):
    """Features outlive the process, and one that was interrupted."""
    folder = FeatureFolder(tmp_path / "new" / "folder")
    assert features([1, 2, 3], FeatureStore(), folder) == [1, 2, 3]
    assert features([3, 4, 1], FeatureStore(), folder) == [4]
    store = FeatureStore()
    assert features([4, 2], store, folder) == []
    # From now on they are in memory, too.
    assert features([4, 2], store) == []
    assert features([4], FeatureStore(), folder, table="other") == [4]
    assert not list(folder.path.rglob("*.part"))


def test_blocks(tmp_path, monkeypatch):
    """Much is computed and written in blocks, so that an interruption costs one."""
    monkeypatch.setattr(module, "_BLOCK_ROWS", 4)
    folder = FeatureFolder(tmp_path)
    features(range(10), FeatureStore(), folder)
    assert len(list(tmp_path.rglob("*.npz"))) == 3
    for path in sorted(tmp_path.rglob("*.npz"))[1:]:
        path.unlink()
    left = features(range(10), FeatureStore(), folder)
    assert len(left) in (6, 8)


@pytest.mark.parametrize("damage", ["torn", "empty", "other", "shape", "pickle"])
def test_damaged_files_are_computed_again(tmp_path, damage):
    """A file that is no block of such features is left out."""
    folder = FeatureFolder(tmp_path)
    features([1, 2], FeatureStore(), folder)
    [path] = tmp_path.rglob("*.npz")
    if damage == "torn":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "other":
        np.savez(path, numbers=np.arange(3))
    else:
        names = np.frombuffer(name(1) + name(2), np.uint8).reshape(2, 16)
        other = np.zeros((3, 2)) if damage == "shape" else np.array([{}, {}])
        np.savez(path, digests=names, features=other)
    assert features([1, 2], FeatureStore(), folder) == [1, 2]


def test_failing_to_write_leaves_nothing(tmp_path, monkeypatch):
    """A file appears whole or not at all."""

    def fail(*arguments, **others):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.warns(RuntimeWarning, match="not kept in .*disk full"):
        features([1], FeatureStore(), FeatureFolder(tmp_path))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_folder_that_cannot_be_written(tmp_path, monkeypatch):
    """What is computed is returned all the same, with one warning."""
    monkeypatch.setattr(module, "_BLOCK_ROWS", 2)
    (tmp_path / "file").touch()
    with pytest.warns(RuntimeWarning, match="Pass a folder that can be") as warned:
        features(range(6), FeatureStore(), FeatureFolder(tmp_path / "file"))
    assert len(warned) == 1


def test_what_killed_processes_left_is_removed(tmp_path):
    """A file that was begun long ago goes, one that is being written stays."""
    folder = FeatureFolder(tmp_path)
    features([1], FeatureStore(), folder)
    old, new = (tmp_path / "t" / f"{age}.part" for age in ("old", "new"))
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    features([2], FeatureStore(), folder)
    assert [path.name for path in (tmp_path / "t").glob("*.part")] == ["new.part"]
