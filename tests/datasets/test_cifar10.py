"""Fetching CIFAR-10, from the original archive and from a copy of its arrays."""

import dataclasses
import gzip
import hashlib
import io
import os
import pickle
import tarfile

import numpy as np
import pytest

from skdeep.datasets import LazyRows, cifar10, fetch_cifar10
from skdeep.datasets.cifar10 import MEMBERS, read_tar_parts
from skdeep.datasets.image_splits import SplitLayout

N_PER_BATCH = 20
LAYOUT = SplitLayout(
    (32, 32, 3),
    {"train": 5 * N_PER_BATCH, "test": N_PER_BATCH},
    cifar10.LAYOUT.target_names,
)


@pytest.fixture
def batches(python2_pickle):
    """Give the members of a small archive: their names and contents."""
    generator = np.random.default_rng(0)
    members = {"cifar-10-batches-py/readme.html": b"<html>"}
    for name in (*MEMBERS["train"], *MEMBERS["test"]):
        rows = generator.integers(0, 256, (N_PER_BATCH, 3072), dtype=np.uint8)
        labels = (generator.permutation(N_PER_BATCH) % 10).tolist()
        members[name] = python2_pickle(
            {b"batch_label": name.encode(), b"labels": labels, b"data": rows}
        )
    return members


def write_tar(path, members, **special):
    """Write members to a gzipped tar archive; `special` ones are TarInfo objects."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in special.values():
            archive.addfile(member)
    return path


@pytest.fixture
def archive(batches, tmp_path):
    """Give the path of a small archive."""
    return write_tar(tmp_path / "cifar-10-python.tar.gz", batches)


@pytest.fixture
def origin(archive, monkeypatch):
    """Let the small archive stand for the original."""
    monkeypatch.setattr(cifar10, "LAYOUT", LAYOUT)
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    url = f"file://localhost{archive}"
    remote = dataclasses.replace(cifar10.ARCHIVE, url=url, sha256=sha256)
    monkeypatch.setattr(cifar10, "ARCHIVE", remote)
    monkeypatch.setattr(cifar10, "SHA256", sha256)
    return archive


def test_pixels_and_labels(archive, batches):
    """Planes of red, green and blue become channels, batches follow each other."""
    train, test = read_tar_parts(archive, LAYOUT, "all")
    contents = {
        name: pickle.loads(content, encoding="bytes")
        for name, content in batches.items()
        if name.endswith(tuple("12345h"))
    }
    first, last = contents[MEMBERS["train"][0]], contents[MEMBERS["test"][0]]
    assert train[0].shape == (100, 32, 32, 3)
    assert train[1][:N_PER_BATCH].tolist() == first[b"labels"]
    assert test[1].tolist() == last[b"labels"]
    for channel in range(3):
        plane = first[b"data"][7, 1024 * channel : 1024 * (channel + 1)]
        np.testing.assert_array_equal(train[0][7, :, :, channel].ravel(), plane)
    assert (train[0].dtype, train[1].dtype) == (np.uint8, np.int64)


def test_order_of_members_does_not_matter(batches, tmp_path, archive):
    """Images are numbered by batch, wherever the batch is in the archive."""
    backwards = write_tar(tmp_path / "b.tar.gz", dict(reversed(batches.items())))
    ((images, _),) = read_tar_parts(archive, LAYOUT, "train")
    ((same, _),) = read_tar_parts(backwards, LAYOUT, "train")
    np.testing.assert_array_equal(images, same)


def test_download_once(origin, tmp_path):
    """The archive is downloaded by the first call, and used by the next."""
    home = tmp_path / "home"
    bunch = fetch_cifar10(data_home=home, subset="test")
    assert [entry.name for entry in home.iterdir()] == ["cifar-10-python.tar.gz"]
    assert bunch.data.shape == (N_PER_BATCH, 32, 32, 3)
    assert bunch.target_names[:2] == ["airplane", "automobile"]
    assert len(bunch.target_names) == 10
    assert "CIFAR-10" in bunch.DESCR
    origin.unlink()
    X, _ = fetch_cifar10(data_home=home, subset="all", return_X_y=True)
    assert X.shape == (120, 32, 32, 3)


def test_lazy_images(origin):
    """Images that stay in a file are the same, in the same order."""
    home = origin.parent
    for subset in ("train", "test", "all"):
        X, y = fetch_cifar10(data_home=home, subset=subset, return_X_y=True)
        lazy = fetch_cifar10(data_home=home, subset=subset, lazy=True)
        assert type(lazy.data) is np.memmap
        np.testing.assert_array_equal(lazy.data, X)
        np.testing.assert_array_equal(lazy.target, y)
    shuffled = {"data_home": home, "shuffle": True, "random_state": 0}
    X, y = fetch_cifar10(**shuffled, return_X_y=True)
    lazy = fetch_cifar10(**shuffled, lazy=True)
    assert isinstance(lazy.data, LazyRows)
    np.testing.assert_array_equal(np.asarray(lazy.data), X)
    np.testing.assert_array_equal(lazy.target, y)


def test_copy_of_the_arrays(tmp_path, monkeypatch):
    """A ready cifar10.npz is used, after a look at its structure."""
    monkeypatch.setattr(cifar10, "LAYOUT", LAYOUT)
    arrays = {
        "x_train": np.zeros((100, 32, 32, 3), np.uint8),
        "y_train": np.arange(100) % 10,
        "x_test": np.ones((20, 32, 32, 3), np.uint8),
        "y_test": np.arange(20) % 10,
    }
    np.savez(tmp_path / "cifar10.npz", **arrays)
    X, y = fetch_cifar10(
        data_home=tmp_path, subset="test", download_if_missing=False, return_X_y=True
    )
    assert X.all()
    assert y.tolist() == arrays["y_test"].tolist()
    np.savez(tmp_path / "cifar10.npz", **{**arrays, "y_test": np.arange(20)})
    with pytest.raises(ValueError, match=r"cifar10\.npz does not hold"):
        fetch_cifar10(data_home=tmp_path, subset="test")


def test_changed_archive_is_refused(origin):
    """An archive in the data home with another digest is named, and not replaced."""
    content = origin.read_bytes()
    origin.write_bytes(content[:-1])
    with pytest.raises(OSError, match="torn or has been changed") as raised:
        fetch_cifar10(data_home=origin.parent)
    assert str(origin) in str(raised.value)
    assert origin.read_bytes() == content[:-1]


def test_offline(tmp_path):
    """Without a file and without a download, the error says what to get."""
    with pytest.raises(OSError, match="download_if_missing is False") as raised:
        fetch_cifar10(data_home=tmp_path, download_if_missing=False)
    for expected in (
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "cifar-10-python.tar.gz",
        "cifar10.npz",
        str(tmp_path),
    ):
        assert expected in str(raised.value)


class Attack:
    """Pickles as a command for the shell."""

    def __reduce__(self):
        return os.system, ("touch hacked",)


@pytest.mark.parametrize("key", [b"data", b"labels", b"other"])
def test_pickles_that_run_commands(batches, tmp_path, monkeypatch, key):
    """A batch that would run a command is refused, and nothing is run."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    name = MEMBERS["test"][0]
    hostile = {b"data": b"", b"labels": [], key: Attack()}
    batches[name] = pickle.dumps(hostile, protocol=2)
    path = write_tar(tmp_path / "hostile.tar.gz", batches)
    with pytest.raises(ValueError, match="data do not need") as raised:
        read_tar_parts(path, LAYOUT, "test")
    assert str(path) in str(raised.value)
    assert name in str(raised.value)
    assert list(empty.iterdir()) == []


def test_members_outside_of_the_folder(batches, tmp_path):
    """Members that would be extracted elsewhere are not extracted at all."""
    inner = tmp_path / "inner"
    inner.mkdir()
    link = tarfile.TarInfo("cifar-10-batches-py/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hostile = {"../escaped": b"x", "/escaped": b"x", **batches}
    path = write_tar(inner / "hostile.tar.gz", hostile, link=link)
    read_tar_parts(path, LAYOUT, "all")
    assert sorted(tmp_path.rglob("*")) == [inner, path]


def test_link_in_place_of_a_batch(batches, tmp_path):
    """A link is not followed to a file of this machine."""
    name = MEMBERS["test"][0]
    del batches[name]
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    path = write_tar(tmp_path / "hostile.tar.gz", batches, link=link)
    with pytest.raises(ValueError, match="no plain file"):
        read_tar_parts(path, LAYOUT, "test")


def test_missing_and_repeated_batches(batches, tmp_path):
    """A batch that is missing or comes twice is named."""
    name = MEMBERS["train"][2]
    twice = write_tar(tmp_path / "twice.tar", batches)
    with tarfile.open(tmp_path / "plain.tar", "w") as archive:
        for _ in range(2):
            member = tarfile.TarInfo(name)
            member.size = len(batches[name])
            archive.addfile(member, io.BytesIO(batches[name]))
    twice.write_bytes(gzip.compress((tmp_path / "plain.tar").read_bytes(), 1))
    with pytest.raises(ValueError, match=f"'{name}' comes twice"):
        read_tar_parts(twice, LAYOUT, "train")
    del batches[name]
    path = write_tar(tmp_path / "missing.tar.gz", batches)
    with pytest.raises(ValueError, match=f"no member '{name}'"):
        read_tar_parts(path, LAYOUT, "train")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({b"data": np.zeros((20, 3071), np.uint8)}, "no array 'data'"),
        ({b"data": [1, 2, 3]}, "no array 'data'"),
        ({b"labels": [0] * 19}, "no list 'labels' of 20"),
        ({b"labels": [0.5] * 20}, "no list 'labels'"),
        ({b"labels": [10**30] * 20}, "no list 'labels'"),
        ({b"labels": [11] * 20}, r"have the values \[11\]"),
        ({b"data": np.zeros((19, 3072), np.uint8), b"labels": [0] * 19}, r"\(19, 32"),
    ],
)
def test_batches_of_something_else(batches, tmp_path, python2_pickle, change, problem):
    """A batch with another shape or other labels is refused by name."""
    name = MEMBERS["test"][0]
    batch = {b"data": np.zeros((20, 3072), np.uint8), b"labels": [0] * 20, **change}
    batches[name] = python2_pickle(batch)
    path = write_tar(tmp_path / "other.tar.gz", batches)
    with pytest.raises(ValueError, match=problem) as raised:
        read_tar_parts(path, LAYOUT, "test")
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.95])
def test_torn_archive(archive, share):
    """An archive that ends too early cannot be read, and is named."""
    content = archive.read_bytes()
    archive.write_bytes(content[: int(share * len(content))])
    with pytest.raises(OSError, match="cannot be read") as raised:
        read_tar_parts(archive, LAYOUT, "all")
    assert str(archive) in str(raised.value)


@pytest.mark.parametrize(
    "content", [b"<html>not found</html>", gzip.compress(b"x", mtime=0)]
)
def test_file_of_another_kind(tmp_path, content):
    """A page of a server in place of the archive cannot be read, and is named."""
    path = tmp_path / "cifar-10-python.tar.gz"
    path.write_bytes(content)
    with pytest.raises(OSError, match=r"cifar-10-python\.tar\.gz cannot be read"):
        read_tar_parts(path, LAYOUT, "test")


def test_oversized_members(tmp_path, monkeypatch):
    """A member that is announced too large is refused before it is unpacked."""
    monkeypatch.setattr(cifar10, "_LARGEST_MEMBER", 100_000)
    member = tarfile.TarInfo("bomb")
    member.size = 10**12
    content = member.tobuf() + bytes(1024)
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match="'bomb' has 1000000000000 bytes"):
        read_tar_parts(path, LAYOUT, "test")


def test_archive_that_unpacks_to_too_much(tmp_path, batches, monkeypatch):
    """An archive is not unpacked beyond its limit, whatever its members say."""
    monkeypatch.setattr(cifar10, "_LARGEST_ARCHIVE", 200_000)
    path = write_tar(tmp_path / "bomb.tar.gz", batches)
    with pytest.raises(ValueError, match="unpacks to more than 200000 bytes"):
        read_tar_parts(path, LAYOUT, "test")


def test_real_copy(data_home):
    """A real copy has 1,000 test images of each class."""
    names = ("cifar10.npz", "cifar-10-python.tar.gz")
    if not any((data_home / name).exists() for name in names):
        pytest.skip(f"There is neither {names[0]} nor {names[1]} in {data_home}.")
    X, y = fetch_cifar10(
        data_home=data_home, subset="test", download_if_missing=False, return_X_y=True
    )
    assert X.shape == (10_000, 32, 32, 3)
    assert np.bincount(y).tolist() == [1000] * 10
