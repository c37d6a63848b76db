"""One rule for TensorFlow's threads, in every process."""

import os
import subprocess
import sys

import pytest

from tests.common.test_parallel import ROOT

PROGRAM = """
import os, sys
sys.path.insert(0, sys.argv[1])
exec(sys.argv[2])
import skdeep.runtime
import tensorflow as tf
print("threads:", tf.config.threading.get_intra_op_parallelism_threads())
assert "TF_NUM_INTRAOP_THREADS" not in os.environ or sys.argv[3] == "set"
"""
TOLD = "import tensorflow as tf; tf.config.threading.set_intra_op_parallelism_threads"
CORES = "os.cpu_count = lambda: "


def threads(before="", **environment):
    """Return how many threads a new process gives an operation."""
    clean = {k: v for k, v in os.environ.items() if k != "TF_NUM_INTRAOP_THREADS"}
    state = "set" if environment else "unset"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT), before, state],
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout.split("threads:")[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(f"{CORES}2", 1, id="2 cores"),
        pytest.param(f"{CORES}64", 8, id="64 cores"),
        pytest.param(f"{CORES}None", 1, id="unknown"),
        pytest.param(f"{TOLD}(3)", 3, id="told"),
        # Nought means what TensorFlow starts with.
        pytest.param("import tensorflow as tf; tf.ones(3) + 1", 0, id="running"),
    ],
)
def test_rule(before, expected):
    """One thread, more on large machines, and nobody's choice is overruled."""
    assert threads(before) == expected


@pytest.mark.slow
def test_environment_is_heard():
    """The variable is left to TensorFlow, which reads it itself."""
    assert threads(TF_NUM_INTRAOP_THREADS="2") == 0
