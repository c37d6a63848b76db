"""TensorFlow is refused where it would hang."""

import subprocess
import sys

import pytest

from skdeep.runtime import processes
from tests.common.test_parallel import ROOT

PROGRAM = """
import multiprocessing, sys, warnings
sys.path.insert(0, sys.argv[1])
from tests.runtime.networks import fit

def work(_):
    try:
        return "fitted", len(fit().weights)
    except RuntimeError as error:
        return "refused", str(error)

if __name__ == "__main__":
    # Python itself warns of forks of processes with threads.
    warnings.simplefilter("ignore", DeprecationWarning)
    before = fit() if sys.argv[2] == "after" else None
    with multiprocessing.get_context("fork").Pool(1) as workers:
        print(*workers.map(work, [0])[0])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="There are no forks on Windows.")
@pytest.mark.parametrize(
    ("when", "words"),
    [("after", "refused"), ("before", "fitted")],
)
def test_fork(when, words):
    """A process forked from one that has trained says so at once; before, it works."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT), when],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.stdout.startswith(words), done.stderr[-3000:]


def test_message(monkeypatch):
    """The error names both processes and what to use instead."""
    processes.check_process()
    processes.check_process()
    monkeypatch.setattr(processes.os, "getpid", lambda: 12345)
    with pytest.raises(RuntimeError, match=r"Process 12345 was forked .*'loky'"):
        processes.check_process()
