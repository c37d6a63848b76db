"""What happens in a worker, without one."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from skdeep.clusters.worker import Placeholder, n_threads, perform

PROGRAM = """
from skdeep.clusters.worker import n_threads
assert n_threads() is None
import tensorflow
print(n_threads())
"""


def test_placeholders_are_filled():
    """Data comes apart from the calls and takes its places in them."""
    calls = [(sorted, [Placeholder(0)], {"reverse": True}), (len, [Placeholder(1)], {})]
    report = perform(pickle.dumps(calls), [1, 3, 2], np.zeros(4))
    assert (report.values, report.error) == ([[3, 2, 1], 4], None)


def test_an_error_is_reported():
    """What a call raises is in the report, with where it was raised."""
    report = perform(pickle.dumps([(int, ["x"], {})]))
    assert report.values is None
    assert isinstance(report.error, ValueError)
    [note] = pickle.loads(pickle.dumps(report.error)).__notes__
    assert f"process {os.getpid()}" in note


@pytest.mark.parametrize(("named", "expected"), [("3", 3), ("0", None), ("x", None)])
def test_number_of_threads(named, expected):
    """The environment decides; without a sensible value all processors are used."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"TF_NUM_INTRAOP_THREADS": named},
        capture_output=True,
        text=True,
        check=True,
    )
    if expected is None:
        expected = len(os.sched_getaffinity(0))
    assert int(done.stdout) == expected


def test_number_of_threads_chosen_in_tensorflow(monkeypatch):
    """What was set in TensorFlow itself comes first."""
    tensorflow = pytest.importorskip("tensorflow")
    threading = tensorflow.config.threading
    monkeypatch.setattr(threading, "get_intra_op_parallelism_threads", lambda: 5)
    assert n_threads() == 5
