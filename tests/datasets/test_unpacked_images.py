"""Images that are unpacked once and mapped afterwards."""

import os

import numpy as np
import pytest

from skdeep.datasets.image_splits import SplitLayout
from skdeep.datasets.unpacked_images import map_parts

LAYOUT = SplitLayout((2, 3), {"train": 6, "test": 4}, ("a", "b"))
PIXELS = np.random.default_rng(0).integers(256, size=(10, 2, 3), dtype=np.uint8)
LABELS = np.arange(10, dtype=np.int64) % 2


class Archive:
    """Reads parts, and counts how often."""

    def __init__(self):
        self.n_reads = 0

    def __call__(self, path, layout, subset):
        self.n_reads += 1
        parts = {"train": slice(6), "test": slice(6, 10)}
        names = ("train", "test") if subset == "all" else (subset,)
        # Planes of colour are stored in another order than they are returned.
        return [(PIXELS[parts[n]][:, :, ::-1], LABELS[parts[n]]) for n in names]


@pytest.fixture
def path(tmp_path):
    """Give the path of an archive."""
    path = tmp_path / "images.tar.gz"
    path.write_bytes(b"content")
    return path


@pytest.mark.parametrize("subset", ["train", "test", "all"])
def test_content(path, subset):
    """The images are those of the archive, mapped, and cannot be changed."""
    archive = Archive()
    images, labels = map_parts(path, LAYOUT, subset, archive)
    wanted = {"train": slice(6), "test": slice(6, 10), "all": slice(None)}[subset]
    assert type(images) is np.memmap
    assert not images.flags.writeable
    np.testing.assert_array_equal(images, PIXELS[wanted][:, :, ::-1])
    np.testing.assert_array_equal(labels, LABELS[wanted])


def test_unpacked_once(path):
    """An archive is unpacked again when it has changed, and only then."""
    archive = Archive()
    for _ in range(2):
        map_parts(path, LAYOUT, "train", archive)
    assert archive.n_reads == 1
    path.write_bytes(b"other content")
    map_parts(path, LAYOUT, "train", archive)
    assert archive.n_reads == 2
    assert len([entry for entry in path.parent.iterdir() if entry.is_dir()]) == 2


def test_torn_files_are_mended(path):
    """Files that were torn or replaced are written again."""
    archive = Archive()
    map_parts(path, LAYOUT, "train", archive)
    (folder,) = (entry for entry in path.parent.iterdir() if entry.is_dir())
    images, labels = folder / "train_images.npy", folder / "train_labels.npy"
    assert {entry.name for entry in folder.iterdir()} == {images.name, labels.name}
    for break_it in (
        lambda: os.truncate(images, 130),
        lambda: np.save(images, PIXELS),
        lambda: labels.write_bytes(b""),
        labels.unlink,
    ):
        before = archive.n_reads
        break_it()
        found = map_parts(path, LAYOUT, "train", archive)
        assert archive.n_reads == before + 1
        np.testing.assert_array_equal(found[0], PIXELS[:6, :, ::-1])


def test_nothing_is_left_of_a_failure(path, monkeypatch):
    """A file that could not be written does not stay."""

    def fail(source, destination):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        map_parts(path, LAYOUT, "train", Archive())
    (folder,) = (entry for entry in path.parent.iterdir() if entry.is_dir())
    assert not [*folder.iterdir()]


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX systems")
def test_modes_are_those_of_other_files(path):
    """Whoever may read the caller's files may map these."""
    map_parts(path, LAYOUT, "train", Archive())
    (path.parent / "other").write_bytes(b"")
    (folder,) = (entry for entry in path.parent.iterdir() if entry.is_dir())
    modes = {file.stat().st_mode for file in folder.iterdir()}
    assert modes == {(path.parent / "other").stat().st_mode}
