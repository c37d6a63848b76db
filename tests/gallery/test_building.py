"""What the builder refuses, and what it says."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import skdeep
from skdeep.gallery import building
from skdeep.gallery.__main__ import main
from skdeep.gallery.building import build_site, quiet_and_offline
from skdeep.gallery.requirements import (
    LIBRARIES,
    MissingExtraError,
    require_extra,
)

PROGRAM = '"""What is one and one?"""\n\nprint(1 + 1)\n'


@pytest.fixture
def examples(tmp_path):
    """Give a folder with one program and one course."""
    folder = tmp_path / "examples"
    folder.mkdir()
    (folder / "sums.py").write_text(PROGRAM)
    (folder / "course.md").write_text("# A course\n")
    return folder


def test_files_that_are_no_site_are_left_alone(tmp_path, examples):
    """A folder with other files is refused, and keeps them."""
    note = tmp_path / "output" / "note.txt"
    note.parent.mkdir()
    note.write_text("mine")
    with pytest.raises(ValueError, match="no site of this program"):
        build_site(note.parent, examples)
    assert note.read_text() == "mine"


def test_a_file_is_no_folder(tmp_path, examples):
    """A site needs a folder."""
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ValueError, match="is no folder"):
        build_site(file, examples)


def test_unknown_programs_are_named(tmp_path, examples):
    """A wrong name is answered with those there are."""
    with pytest.raises(ValueError, match=r"no programs \['products'\].*\['sums'\]"):
        build_site(tmp_path / "site", examples, only=["products", "sums"])


@pytest.mark.parametrize(("kind", "left"), [("programs", "*.py"), ("courses", "*.md")])
def test_a_folder_without_examples_is_refused(tmp_path, examples, kind, left):
    """Both programs and courses are needed."""
    for file in examples.glob(left):
        file.unlink()
    with pytest.raises(ValueError, match=f"no {kind}.*--examples"):
        build_site(tmp_path / "site", examples)


def test_a_missing_extra_is_named_with_the_command(tmp_path, monkeypatch, capsys):
    """Without Sphinx, the program says what to install, and writes nothing."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "sphinx" else find(name, *rest),
    )
    with pytest.raises(MissingExtraError, match="sphinx"):
        require_extra()
    assert main([str(tmp_path / "site")]) == 1
    message = capsys.readouterr().err
    assert 'python -m pip install ".[gallery]"' in message
    assert message.startswith("The gallery needs sphinx,")
    assert list(tmp_path.iterdir()) == []


def test_the_room_is_imported_without_its_libraries():
    """Only building a site needs them."""
    code = (
        "import sys, skdeep.gallery.__main__; "
        f"print([name for name in {LIBRARIES!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_environment_is_put_back(tmp_path, monkeypatch):
    """Programs see no real data; the caller's settings are as before."""
    monkeypatch.setenv("SKDEEP_DATA", "elsewhere")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    with quiet_and_offline(tmp_path):
        assert os.environ["SKDEEP_DATA"] == str(tmp_path / "no_data")
        assert os.environ["MPLBACKEND"] == "Agg"
    assert os.environ["SKDEEP_DATA"] == "elsewhere"
    assert "MPLBACKEND" not in os.environ


def test_a_site_is_replaced_as_a_whole(tmp_path, monkeypatch):
    """The old site stays until the new one is complete, on the same disk."""
    output, site = tmp_path / "site", tmp_path / "new"
    for folder, page in ((output, "old"), (site, "new")):
        folder.mkdir()
        (folder / f"{page}.html").write_text(page)
    with monkeypatch.context() as patch:

        def fill_the_disk(*arguments):
            raise OSError("No space left on device")

        patch.setattr(building.shutil, "copytree", fill_the_disk)
        with pytest.raises(OSError, match="No space"):
            building._replace(output, site)
    assert sorted(os.listdir(tmp_path)) == ["new", "site"]
    assert os.listdir(output) == ["old.html"]
    building._replace(output, site)
    assert sorted(os.listdir(tmp_path)) == ["new", "site"]
    assert os.listdir(output) == ["new.html"]
    building._replace(tmp_path / "another" / "site", site)
    assert os.listdir(tmp_path / "another" / "site") == ["new.html"]


@pytest.mark.slow
def test_a_program_that_fails_is_named_and_the_old_site_stays(tmp_path, examples):
    """There is no site with a traceback in it, nor half of one."""
    output = tmp_path / "site"
    output.mkdir()
    (output / "objects.inv").write_text("of the old site")
    (examples / "sums.py").write_text(f"{PROGRAM}\n\n1 / 0\n")
    command = [sys.executable, "-m", "skdeep.gallery", str(output)]
    done = subprocess.run(
        [*command, "--examples", str(examples)],
        env=dict(os.environ, PYTHONPATH=str(Path(skdeep.__file__).parents[1])),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "sums.py" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("The site was not built: ")
    assert [path.read_text() for path in output.iterdir()] == ["of the old site"]
