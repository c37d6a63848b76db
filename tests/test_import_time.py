"""What `import skdeep` costs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import skdeep

HEAVY = ("tensorflow", "keras", "scikeras", "sklearn", "scipy", "pandas", "matplotlib")
SECONDS = 0.3

# The interpreter's own start is not ours to answer for, hence the clock inside.
PROBE = f"""
import time
start = time.perf_counter()
import skdeep
seconds = time.perf_counter() - start
import json, sys
loaded = [name for name in {HEAVY!r} if name in sys.modules]
print(json.dumps({{"seconds": seconds, "loaded": loaded}}))
"""


def import_in_new_process():
    """Return what one fresh interpreter measured."""
    environment = dict(os.environ, PYTHONPATH=str(Path(skdeep.__file__).parents[1]))
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def measurements():
    """Give three measurements: a busy machine may spoil one."""
    return [import_in_new_process() for _ in range(3)]


def test_import_loads_no_heavy_library(measurements):
    """Importing the package loads neither TensorFlow nor scikit-learn."""
    assert measurements[0]["loaded"] == []


def test_import_is_fast(measurements):
    """Importing the package takes less than 0.3 seconds."""
    assert min(m["seconds"] for m in measurements) < SECONDS
