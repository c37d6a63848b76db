"""One small site, built once for all tests that look at it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import skdeep
from skdeep.encoding.file_lock import FileLock

CHECKOUT = Path(__file__).resolve().parents[2]
# Two, as pages may get in each other's way.
RUN = ("tied_weights", "compress_images")


def build(folder):
    """Build a site in which two programs were run, as people do."""
    command = [sys.executable, "-m", "skdeep.gallery", str(folder)]
    options = ["--examples", str(CHECKOUT / "examples"), "--only", *RUN, "--fast"]
    done = subprocess.run(
        [*command, *options],
        env=dict(os.environ, PYTHONPATH=str(Path(skdeep.__file__).parents[1])),
        cwd=folder.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-8000:]
    assert done.stdout.splitlines()[-1] == f"The site: {folder / 'index.html'}"
    # Programs write where they are told, and nothing beside the site.
    assert [path.name for path in folder.parent.iterdir()] == ["site"]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Give the folder of the site, which all processes of this test run share."""
    home = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        home = home.parent
    folder = home / "gallery" / "site"
    folder.parent.mkdir(exist_ok=True)
    while True:
        try:
            with FileLock(folder.parent):
                if not folder.exists():
                    build(folder)
                return folder
        except BlockingIOError:
            time.sleep(0.5)  # another process builds it


@pytest.fixture(scope="session")
def program_that_ran():
    """Give the name of a program that was run for the site."""
    return RUN[0]
