"""Searches on real clusters of two workers, in which workers are killed."""

import json
import os
import secrets
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("searches.py")
LIBRARY = {"dask": "distributed", "ray": "ray"}
LONGEST = 600

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=LIBRARY)
def outcome(request, tmp_path_factory):
    """Give what the program found on a kind of cluster."""
    if find_spec(LIBRARY[request.param]) is None:
        pytest.skip(f"the extra `{request.param}` is missing")
    folder = tmp_path_factory.mktemp(request.param)
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        # Otherwise Ray writes one to the home directory.
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", str(PROGRAM), request.param, str(folder)],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return json.loads((folder / "found.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["network", "linear"])
def test_scores_are_the_same_bits_though_workers_were_killed(outcome, kind):
    """Nothing of a search shows that a worker, or each of them, died in the middle."""
    assert outcome["killed"][kind]
    alone, together = outcome["alone"][kind], outcome["together"][kind]
    assert len(alone) == 3
    assert together == alone
    assert len({tuple(scores) for scores in alone.values()}) == 3


def test_search_inside_of_a_cross_validation(outcome):
    """Searches inside of tasks neither hang nor differ."""
    assert outcome["together"]["nested"] == outcome["alone"]["nested"]


def test_search_beside_the_cluster(outcome):
    """`n_jobs=1` computes in this process, as everywhere."""
    assert outcome["n_jobs=1"] == outcome["alone"]["linear"]


def test_errors_arrive_as_what_they_are(outcome):
    """A refused parameter is the error that it is without a cluster."""
    name, message, note = outcome["error"]
    assert name == "InvalidParameterError"
    assert "'width' parameter of DeepCNNClassifier" in message
    assert note.startswith("Raised in process")


def test_callbacks_report_to_the_process_that_searches(outcome):
    """A monitor sees two epochs of two fits."""
    assert outcome["monitored"] == 4


def test_no_thread_is_left(outcome):
    """When a search is over, so are the threads that it needed."""
    assert outcome["threads"] == []
