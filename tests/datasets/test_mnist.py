"""Fetching MNIST."""

import dataclasses
import hashlib

import numpy as np
import pytest

from skdeep.datasets import fetch_mnist, mnist
from skdeep.datasets.image_splits import SplitLayout


@pytest.fixture
def origin(tmp_path, monkeypatch):
    """Give the path of a small archive that stands for the original."""
    generator = np.random.default_rng(0)
    arrays = {}
    for part, n_samples in (("train", 30), ("test", 20)):
        arrays[f"x_{part}"] = generator.integers(0, 256, (n_samples, 28, 28), np.uint8)
        arrays[f"y_{part}"] = np.arange(n_samples, dtype=np.uint8) % 10
    path = tmp_path / "origin.npz"
    np.savez(path, **arrays)
    layout = SplitLayout((28, 28), {"train": 30, "test": 20}, tuple("0123456789"))
    monkeypatch.setattr(mnist, "LAYOUT", layout)
    archive = dataclasses.replace(
        mnist.ARCHIVE,
        url=f"file://localhost{path}",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    monkeypatch.setattr(mnist, "ARCHIVE", archive)
    return path


def test_download_once(origin, tmp_path):
    """The archive is downloaded by the first call, and used by the next."""
    home = tmp_path / "home"
    bunch = fetch_mnist(data_home=home)
    assert [entry.name for entry in home.iterdir()] == ["mnist.npz"]
    assert bunch.data.shape == (30, 28, 28)
    assert bunch.data.dtype == np.uint8
    assert bunch.target.tolist() == [n % 10 for n in range(30)]
    assert bunch.target_names == list("0123456789")
    assert "28 x 28" in bunch.DESCR
    origin.unlink()
    X, y = fetch_mnist(data_home=home, subset="test", return_X_y=True)
    assert X.shape == (20, 28, 28)
    assert y.dtype == np.int64


def test_environment_variable(origin, tmp_path, monkeypatch):
    """Without a folder, the environment variable says where the file is."""
    monkeypatch.setenv("SKDEEP_DATA", str(tmp_path / "home"))
    fetch_mnist()
    assert (tmp_path / "home" / "mnist.npz").exists()


def test_repacked_file_is_accepted(origin, tmp_path):
    """A file in the data home may have been packed anew: its arrays count."""
    home = tmp_path / "home"
    home.mkdir()
    with np.load(origin) as arrays:
        np.savez_compressed(home / "mnist.npz", **arrays)
    X, _ = fetch_mnist(
        data_home=home, subset="all", download_if_missing=False, return_X_y=True
    )
    assert X.shape == (50, 28, 28)


def test_file_of_something_else(origin, tmp_path):
    """A file with other arrays is refused by name, not replaced."""
    home = tmp_path / "home"
    home.mkdir()
    np.savez(home / "mnist.npz", x_train=np.zeros(3))
    with pytest.raises(ValueError, match=r"mnist\.npz does not hold"):
        fetch_mnist(data_home=home)


def test_offline(tmp_path):
    """Without the file and without a download, the error says what to get."""
    with pytest.raises(OSError, match="download_if_missing is False") as raised:
        fetch_mnist(data_home=tmp_path, download_if_missing=False)
    for expected in (mnist.ARCHIVE.url, "mnist.npz", str(tmp_path)):
        assert expected in str(raised.value)


def test_shuffle(origin, tmp_path):
    """Shuffling gives the same samples in another order, the same for a seed."""
    plain, labels = fetch_mnist(data_home=tmp_path, return_X_y=True)
    mixed, mixed_labels = fetch_mnist(
        data_home=tmp_path, shuffle=True, random_state=3, return_X_y=True
    )
    again, _ = fetch_mnist(
        data_home=tmp_path, shuffle=True, random_state=3, return_X_y=True
    )
    assert not np.array_equal(plain, mixed)
    np.testing.assert_array_equal(mixed, again)
    label_of = {image.tobytes(): n for image, n in zip(plain, labels, strict=True)}
    assert [label_of[image.tobytes()] for image in mixed] == mixed_labels.tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"subset": "validation"},
        {"n_retries": 0},
        {"delay": 0.0},
        {"shuffle": "yes"},
        {"data_home": 3},
    ],
)
def test_parameters_are_checked(options, tmp_path):
    """A parameter out of its range is named."""
    (name,) = options
    with pytest.raises(ValueError, match=f"The '{name}' parameter"):
        fetch_mnist(**{"data_home": tmp_path, "download_if_missing": False, **options})


def test_real_file(data_home):
    """The real file has the known shapes and class frequencies."""
    if not (data_home / "mnist.npz").exists():
        pytest.skip(f"There is no mnist.npz in {data_home}.")
    X, y = fetch_mnist(data_home=data_home, download_if_missing=False, return_X_y=True)
    assert X.shape == (60_000, 28, 28)
    assert np.bincount(y).tolist() == [
        *(5923, 6742, 5958, 6131, 5842),
        *(5421, 5918, 6265, 5851, 5949),
    ]
