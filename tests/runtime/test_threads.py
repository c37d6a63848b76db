"""One rule for TensorFlow's threads, in every process."""

import os
import subprocess
import sys

import joblib
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


def printed(arguments, environment):
    """Return what a new Python prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def threads(before="", **environment):
    """Return how many threads a new process gives an operation."""
    clean = {k: v for k, v in os.environ.items() if k != "TF_NUM_INTRAOP_THREADS"}
    state = "set" if environment else "unset"
    found = printed(["-c", PROGRAM, str(ROOT), before, state], clean | environment)
    return int(found.split("threads:")[1])


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


SHARES = """
import multiprocessing, sys
sys.path.insert(0, sys.argv[1])

def shares(_=0):
    import skdeep.runtime
    import tensorflow as tf
    return tf.config.threading.get_inter_op_parallelism_threads()

if sys.argv[2] == "spawn":
    # Workers do so, too, before they know their parent.
    shares()

if __name__ == "__main__":
    found = [shares()]
    if sys.argv[2] == "joblib":
        import joblib
        run = joblib.Parallel(n_jobs=2)
        found = run(joblib.delayed(shares)(number) for number in range(2))
    elif sys.argv[2] == "spawn":
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found += pool.map(shares, range(1))
    print("shares:", *found)
"""


def shares(tmp_path, where, **environment):
    """Return how many operations processes have at work at a time, 0 for TensorFlow's.

    The program is a file, as workers import it.
    """
    program = tmp_path / "program.py"
    program.write_text(SHARES)
    names = ("TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "RAY_RAYLET_PID")
    clean = {k: v for k, v in os.environ.items() if k not in names}
    found = printed([str(program), str(ROOT), where], clean | environment)
    return [int(number) for number in found.split("shares:")[1].split()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"OMP_NUM_THREADS": "3"}, 0, id="a user's process"),
        pytest.param({"RAY_RAYLET_PID": "1", "OMP_NUM_THREADS": "3"}, 3, id="ray"),
        pytest.param({"RAY_RAYLET_PID": "1"}, 0, id="no share"),
        pytest.param({"RAY_RAYLET_PID": "1", "OMP_NUM_THREADS": "2,1"}, 0, id="levels"),
        pytest.param(
            {
                "RAY_RAYLET_PID": "1",
                "OMP_NUM_THREADS": "3",
                "TF_NUM_INTEROP_THREADS": "2",
            },
            0,
            id="told",
        ),
    ],
)
def test_share(tmp_path, environment, expected):
    """Workers keep to what they are meant to use, other processes take all cores."""
    assert shares(tmp_path, "here", **environment) == [expected]


@pytest.mark.slow
def test_workers_of_joblib_share_the_cores(tmp_path):
    """Two workers have half of the cores each."""
    share = max(1, joblib.cpu_count() // 2)
    assert shares(tmp_path, "joblib") == [share, share]


@pytest.mark.slow
def test_workers_that_import_the_program(tmp_path):
    """A worker is known as one from the first import on, as Dask's local ones need."""
    assert shares(tmp_path, "spawn", OMP_NUM_THREADS="3") == [0, 3]
