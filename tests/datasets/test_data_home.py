"""Where data sets are kept."""

from pathlib import Path

import pytest

from skdeep.datasets import clear_data_home, get_data_home


def test_argument_comes_first(tmp_path, monkeypatch):
    """A folder that is passed is used and created, whatever the environment says."""
    monkeypatch.setenv("SKDEEP_DATA", str(tmp_path / "environment"))
    folder = get_data_home(tmp_path / "a" / "b")
    assert folder == str(tmp_path / "a" / "b")
    assert Path(folder).is_dir()
    assert not (tmp_path / "environment").exists()


def test_environment_comes_second(tmp_path, monkeypatch):
    """The environment variable names the folder, read when it is asked for."""
    monkeypatch.setenv("SKDEEP_DATA", str(tmp_path / "environment"))
    assert get_data_home() == str(tmp_path / "environment")


@pytest.mark.parametrize("value", [None, ""])
def test_home_folder_comes_last(tmp_path, monkeypatch, value):
    """Without anything said, data are in the user's home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SKDEEP_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("SKDEEP_DATA", value)
    assert get_data_home() == str(tmp_path / "skdeep_data")


def test_tilde_is_the_home_folder(tmp_path, monkeypatch):
    """A tilde stands for the user's home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert get_data_home("~/data") == str(tmp_path / "data")


def test_clear_deletes_the_folder(tmp_path):
    """The folder goes, with everything in it."""
    folder = Path(get_data_home(tmp_path / "data"))
    (folder / "sub").mkdir()
    (folder / "sub" / "file").write_text("x")
    clear_data_home(folder)
    assert not folder.exists()
    assert tmp_path.exists()


@pytest.mark.parametrize("folder", [".", "..", "~", "/"])
def test_clear_spares_what_is_more_than_data(folder, monkeypatch, tmp_path):
    """The home folder, the working directory and their parents are never deleted."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ValueError, match="is not deleted"):
        clear_data_home(folder)
    assert tmp_path.exists()


def test_clear_keeps_links(tmp_path):
    """A link stays, to a folder that is empty."""
    target, link = tmp_path / "target", tmp_path / "data"
    target.mkdir()
    link.symlink_to(target)
    (target / "file").write_text("x")
    clear_data_home(link)
    assert link.is_symlink()
    assert get_data_home(link) == str(link)
    assert not list(target.iterdir())
