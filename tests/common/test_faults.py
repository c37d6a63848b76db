"""What goes wrong around a fit: it ends soon, says what to do, and loses nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.model_selection import cross_val_score

from skdeep.persistence import load, save
from tests.common.checks import assert_same_fit, digest, fit, fresh
from tests.common.instances import INSTANCES, sample_for
from tests.common.test_parallel import ROOT

EXAMPLES = ("CharCNNClassifier", "ConvAutoencoderTransformer")
POSIX = pytest.mark.skipif(os.name != "posix", reason="This needs a POSIX system.")


def run(program, *arguments, interrupt_after=None):
    """Run a program in its own process; return what it prints as JSON."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if interrupt_after is not None:
        assert process.stdout.readline() == "ready\n"
        time.sleep(interrupt_after)
        process.send_signal(signal.SIGINT)
    try:
        out, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert out.strip(), errors[-3000:]
    return json.loads(out.splitlines()[-1])


def die_in_workers(estimator, X, y):
    """Return the accuracy, or end the process like the system does for want of memory.

    Only processes of joblib's that are not the main one end.
    """
    if os.getpid() != int(os.environ["SKDEEP_TEST_MAIN_PROCESS"]):
        os.kill(os.getpid(), signal.SIGKILL)
    return estimator.score(X, y)


@POSIX
@pytest.mark.slow
def test_killed_worker(monkeypatch):
    """A search whose worker is killed ends with an error; the next one is whole."""
    monkeypatch.setenv("SKDEEP_TEST_MAIN_PROCESS", str(os.getpid()))
    estimator = fresh(INSTANCES["CharCNNClassifier"])
    sample = sample_for(estimator)

    def scores(n_jobs, scoring=None):
        return cross_val_score(
            estimator,
            sample.X,
            sample.y,
            cv=2,
            n_jobs=n_jobs,
            scoring=scoring,
            error_score="raise",
        )

    with pytest.raises(TerminatedWorkerError, match="unexpectedly terminated"):
        scores(2, die_in_workers)
    np.testing.assert_array_equal(scores(2), scores(1))


INTERRUPTED = """
import json, signal
import numpy as np
from skdeep import DeepCNNClassifier
# A shell's background jobs, and what they start, ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
X = np.random.default_rng(0).integers(0, 255, (20_000, 3072), dtype=np.uint8)
y = np.arange(20_000) % 2
model = DeepCNNClassifier(
    image_shape=(32, 32, 3), epochs=1, batch_size=32, random_state=0
).fit(X[:400], y[:400])
weights = [w.copy() for w in model.weights_]
print("ready", flush=True)
try:
    # An epoch of minutes.
    model.set_params(batch_size=1).fit(X, y)
    said = "fitted"
except KeyboardInterrupt as error:
    said = error.__notes__
same = all(np.array_equal(a, b) for a, b in zip(weights, model.weights_, strict=True))
print(json.dumps([said, same, len(model.predict(X[:3]))]))
"""


@POSIX
@pytest.mark.slow
def test_interruption():
    """Ctrl-C ends a long epoch within seconds; the last complete fit stays."""
    start = time.monotonic()
    notes, same, n_predicted = run(INTERRUPTED, interrupt_after=8)
    assert time.monotonic() - start < 100
    assert notes == ["DeepCNNClassifier keeps its last complete fit."]
    assert same and n_predicted == 3


@pytest.mark.parametrize("name", EXAMPLES)
def test_interruption_of_first_fit(name):
    """An estimator that was never fitted is not fitted after an interruption."""

    def interrupt(*arguments, **keywords):
        raise KeyboardInterrupt

    estimator = fresh(INSTANCES[name])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skdeep.runtime.training._Run.epochs", interrupt)
        with pytest.raises(KeyboardInterrupt) as caught:
            fit(estimator)
    assert caught.value.__notes__ == [f"{name} is not fitted."]
    assert not estimator.__sklearn_is_fitted__()
    assert_same_fit(fit(estimator), fit(fresh(INSTANCES[name])))


SHORT_OF_MEMORY = """
import json, resource
import numpy as np
import psutil
from skdeep import ConvAutoencoderTransformer
X = np.random.default_rng(0).integers(0, 255, (4000, 3072), dtype=np.uint8)
model = ConvAutoencoderTransformer(
    4, image_shape=(32, 32, 3), epochs=1, batch_size=16, random_state=0
).fit(X[:40])
limit = psutil.Process().memory_info().vms + 400_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    model.set_params(batch_size=4000).fit(X)
    print(json.dumps("fitted"))
except MemoryError as error:
    print(json.dumps([str(error), error.__notes__, model.batch_size]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux limits memory so.")
def test_short_memory():
    """A batch beyond the memory is refused by its size, with one to try instead."""
    message, notes, _ = run(SHORT_OF_MEMORY)
    assert "batch_size=4000 needs at least " in message
    advice = re.search(r"are free\. Try batch_size=(\d+)\.$", message)
    assert 1 <= int(advice[1]) <= 1024
    assert notes == ["ConvAutoencoderTransformer keeps its last complete fit."]


FULL_DISK = """
import json, os, resource, signal, sys
from pathlib import Path
from skdeep import HammingNeighbors
from skdeep.persistence import load, save
path = Path(sys.argv[1])
save(HammingNeighbors(2).fit([[0, 1], [1, 1]]), path)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    save(HammingNeighbors(1).fit([[0, 1]] * 1000), path)
    said = "saved"
except OSError as error:
    said = error.__notes__
print(json.dumps([said, load(path).n_neighbors, os.listdir(path.parent)]))
"""


@POSIX
def test_full_disk(tmp_path):
    """Where a model does not fit on the disk, the one before it stays."""
    path = tmp_path / "model.skdeep"
    notes, n_neighbors, files = run(FULL_DISK, path)
    assert notes == [f"{path} is as it was before; nothing was written."]
    assert n_neighbors == 2
    assert files == ["model.skdeep"]


def in_threads(*functions):
    """Call functions at the same time; return what they return or raise."""
    results = [None] * len(functions)
    barrier = threading.Barrier(len(functions))

    def call(place, function):
        barrier.wait()
        try:
            results[place] = function()
        except Exception as error:
            results[place] = error

    threads = [
        threading.Thread(target=call, args=pair) for pair in enumerate(functions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("name", EXAMPLES)
def test_two_estimators_in_threads(name):
    """Two fits at once give the bits of one after the other."""
    expected = [digest(fit(fresh(INSTANCES[name], random_state=i))) for i in (0, 1)]
    together = in_threads(
        *(lambda i=i: fit(fresh(INSTANCES[name], random_state=i)) for i in (0, 1))
    )
    assert [digest(estimator) for estimator in together] == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_estimator_in_two_threads(name):
    """Of two fits of one estimator at once one is refused; the other is whole."""
    estimator = fresh(INSTANCES[name])
    results = in_threads(lambda: fit(estimator), lambda: fit(estimator))
    refused = [r for r in results if isinstance(r, Exception)]
    for error in refused:
        assert isinstance(error, RuntimeError)
        assert "is being fitted in another thread" in str(error)
    assert len(refused) < 2
    assert_same_fit(estimator, fit(fresh(INSTANCES[name])))


@pytest.mark.parametrize("name", EXAMPLES)
def test_clock_going_backwards(name, monkeypatch, tmp_path):
    """No result depends on a clock, and none that goes backwards does harm."""
    expected = fit(fresh(INSTANCES[name]))
    now = [4e9]

    def backwards():
        now[0] -= 1e7
        return now[0]

    for clock in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(f"time.{clock}", backwards)
    monkeypatch.setattr("skdeep.runtime.pace.perf_counter", backwards)
    estimator = fit(fresh(INSTANCES[name]))
    save(estimator, tmp_path / "model")
    loaded = load(tmp_path / "model")
    monkeypatch.undo()
    assert_same_fit(loaded, expected)
