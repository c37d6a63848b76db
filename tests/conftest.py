"""Fixtures for all tests."""

import os
import random

# scikit-learn's check battery leaves out its array API check unless SciPy was imported
# with this set. It must therefore stand before every import that could import SciPy.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

from importlib.util import find_spec
from pathlib import Path

import hypothesis
import numpy as np
import pytest

# How long an example takes says more about what else runs on the machine than about
# the code, so no time limit; and on a failure, print how to reproduce it.
hypothesis.settings.register_profile("skdeep", deadline=None, print_blob=True)
hypothesis.settings.load_profile("skdeep")

CHECKOUT = Path(__file__).resolve().parents[1]

# Test files skip themselves. Examples in docstrings cannot, without telling readers.
NEEDED_BY_EXAMPLES = {"skdeep.onnx": ("onnx", "tf2onnx", "skl2onnx", "onnxruntime")}


def pytest_collection_modifyitems(items):
    """Skip the examples of rooms whose extra is not installed."""
    for room, libraries in NEEDED_BY_EXAMPLES.items():
        missing = [library for library in libraries if find_spec(library) is None]
        skip = pytest.mark.skip(reason=f"not installed: {', '.join(missing)}")
        for item in items if missing else ():
            if isinstance(item, pytest.DoctestItem) and item.name.startswith(room):
                item.add_marker(skip)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Let a test draw the same numbers in every run, where it sets no seed itself.

    Keras takes the seeds of layers without one from the standard library. Done before
    any fixture, as fixtures draw, too.
    """
    random.seed(0)
    np.random.seed(0)


@pytest.fixture(autouse=True)
def empty_working_directory(tmp_path_factory, monkeypatch):
    """Run each test in an empty directory, and fail it if it leaves a file there."""
    directory = tmp_path_factory.mktemp("working_directory")
    monkeypatch.chdir(directory)
    yield directory
    left_behind = sorted(str(p.relative_to(directory)) for p in directory.rglob("*"))
    if left_behind:
        pytest.fail(f"The test left files in the working directory: {left_behind}.")


@pytest.fixture
def pyplot():
    """Give `matplotlib.pyplot` without a window, and close what the test opened."""
    matplotlib = pytest.importorskip("matplotlib")
    backend = matplotlib.get_backend()
    matplotlib.use("agg", force=True)
    from matplotlib import pyplot

    pyplot.close("all")
    yield pyplot
    pyplot.close("all")
    matplotlib.use(backend, force=True)


@pytest.fixture(scope="session")
def data_home():
    """Give the folder with real data, or skip the test when there is none."""
    named = os.environ.get("SKDEEP_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(
            f"Real data was looked for in {folder}, which is no folder. "
            "Set SKDEEP_DATA to the folder that holds it to run this test."
        )
    return folder
