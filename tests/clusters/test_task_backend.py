"""What backends for clusters have in common, on threads of this process."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module

import joblib
import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

pytest.importorskip("cloudpickle", reason="the extras `dask` and `ray` are missing")

from skdeep.clusters import task_backend
from skdeep.clusters.task_backend import DataLostError, TaskBackend, n_rows
from skdeep.clusters.worker import n_threads, perform

ROWS = np.arange(300.0)


class Threads(TaskBackend):
    """A cluster of threads that can lose what was sent to it."""

    def __init__(self, *, n_losses=0, n_workers=2, **options):
        super().__init__(**options)
        self.pool = ThreadPoolExecutor(2)
        self.n_losses = n_losses
        self.n_workers = n_workers
        self.sent = []
        self.cancelled = []

    def _n_workers(self):
        return self.n_workers

    def _put(self, value):
        self.sent.append(value)
        return value

    def _start(self, pickled, references):
        return self.pool.submit(perform, pickled, *references)

    def _when_done(self, task, tell):
        task.add_done_callback(lambda _: tell())

    def _report_of(self, task):
        if self.n_losses:
            self.n_losses -= 1
            raise DataLostError("lost")
        return task.result()

    def _cancel(self, tasks):
        self.cancelled += tasks


@pytest.fixture
def cluster():
    """Give a function that makes backends, and end their threads afterwards."""
    made = []

    def make(**options):
        made.append(Threads(**options))
        return made[-1]

    yield make
    for backend in made:
        backend.pool.shutdown()


def total(rows, factor=1):
    """Return a sum."""
    return float(np.sum(rows)) * factor


def run(backend, calls, **options):
    """Return what the calls return."""
    with joblib.parallel_config(backend=backend):
        return joblib.Parallel(**options)(calls)


def totals(n):
    """Return calls on the same rows."""
    return [joblib.delayed(total)(ROWS, factor=i) for i in range(n)]


EXPECTED = [total(ROWS, factor) for factor in range(20)]


def test_values_come_in_order_and_data_is_sent_once(cluster):
    """Twenty calls on the same rows send them once, and again in the next call."""
    backend = cluster()
    assert run(backend, totals(20)) == EXPECTED
    assert len(backend.sent) == 1
    assert run(backend, totals(20)) == EXPECTED
    assert len(backend.sent) == 2


def test_scattered_data_stays(cluster):
    """What is scattered is sent once for all calls."""
    backend = cluster(scatter=[ROWS])
    for _ in range(3):
        run(backend, totals(3))
    assert len(backend.sent) == 1


def test_one_object_to_scatter_is_refused(cluster):
    """An array is not a list of objects."""
    with pytest.raises(TypeError, match=r"Pass scatter=\[X, y\]"):
        cluster(scatter=ROWS)


@pytest.mark.parametrize("n_losses", [1, 3])
def test_lost_data_is_sent_again(cluster, n_losses):
    """Losses of data cost time and nothing else."""
    backend = cluster(n_losses=n_losses)
    assert run(backend, totals(20)) == EXPECTED
    assert 2 <= len(backend.sent) <= 1 + n_losses


def test_loss_after_loss_is_an_error(cluster):
    """A task whose data is lost again and again is given up."""
    with pytest.raises(DataLostError):
        run(cluster(n_losses=1000), totals(2))


def fail(number):
    """Fail, but for the first numbers."""
    if number > 2:
        raise KeyError(number)
    return number


def test_errors_keep_their_type_and_say_where(cluster):
    """An error of a task is raised as what it is, with the traceback of the worker."""
    with pytest.raises(KeyError) as raised:
        run(cluster(), (joblib.delayed(fail)(i) for i in range(50)))
    [note] = raised.value.__notes__
    assert note.startswith("Raised in process")
    assert "in fail" in note


def test_what_cannot_be_pickled_is_an_error(cluster):
    """A lock as an argument ends the call, at its start and in the middle of it."""
    calls = [joblib.delayed(fail)(0)] * 20 + [joblib.delayed(fail)(threading.Lock())]
    for some in (calls, calls[-3:]):
        with pytest.raises(TypeError, match="lock"):
            run(cluster(), some)


def test_tasks_are_given_up_after_an_error(cluster):
    """What is still running when a task fails is cancelled."""
    backend = cluster()
    calls = [joblib.delayed(fail)(3), *[joblib.delayed(time.sleep)(0.2)] * 5]
    with pytest.raises(KeyError):
        run(backend, calls, pre_dispatch="all")
    assert backend.cancelled


class Abandoned(Threads):
    """A cluster whose last worker leaves in the middle of a task."""

    over = threading.Event()

    def _start(self, pickled, references):
        return self.pool.submit(self.over.wait, 60)

    def _abandoned(self):
        # Once all calls have arrived.
        return RuntimeError("no worker") if len(self._running) == 4 else None


def test_no_worker_left_is_an_error(monkeypatch):
    """A call whose tasks nobody is going to do ends with the reason."""
    monkeypatch.setattr(task_backend, "_SECONDS_BETWEEN_LOOKS", 0.05)
    backend = Abandoned()
    calls = [joblib.delayed(time.sleep)(0)] * 4
    with pytest.raises(RuntimeError, match="no worker"):
        run(backend, calls, pre_dispatch="all", batch_size=1)
    assert len(backend.cancelled) == 4
    backend.over.set()
    backend.pool.shutdown()


def test_who_computes(cluster, monkeypatch):
    """`n_jobs=1` computes here; a cluster of one worker is asked nevertheless."""
    backend = cluster(n_workers=1)
    run(backend, totals(2), n_jobs=1)
    assert backend.sent == []
    run(backend, totals(2))
    assert len(backend.sent) == 1


def nested(rows):
    """Return in which threads calls inside of a task are made."""
    inner = joblib.Parallel(n_jobs=2)(
        joblib.delayed(threading.get_ident)() for _ in rows[:5]
    )
    return {*inner, threading.get_ident()}


def test_calls_inside_of_tasks_take_no_more_workers(cluster):
    """Parallel calls inside of a task run where the task runs."""
    found = run(cluster(), [joblib.delayed(nested)(ROWS) for _ in range(4)])
    assert [len(threads) for threads in found] == [1] * 4


def test_a_search(cluster):
    """A grid search has the scores that it has without a cluster."""
    X = np.random.default_rng(0).normal(size=(200, 3))
    y = (X[:, 0] > 0).astype(int)
    search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0, 100.0]}, cv=3)
    alone = search.fit(X, y).cv_results_["mean_test_score"]
    backend = cluster()
    with joblib.parallel_config(backend=backend):
        together = search.fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(alone, together)
    # X, y, and the rows of three folds for training; those for testing are fewer.
    assert len(backend.sent) == 5


@pytest.mark.parametrize("difference", [0, 1])
def test_other_numbers_of_threads_are_told(cluster, monkeypatch, difference):
    """Workers that compute with more threads than this process are warned of."""
    import_module("skdeep.runtime")  # which loads TensorFlow
    threads = n_threads()
    backend = cluster()
    report = backend._report_of

    def elsewhere(task):
        found = report(task)
        return type(found)(found.values, found.error, threads + difference)

    monkeypatch.setattr(backend, "_report_of", elsewhere)
    if not difference:
        assert run(backend, totals(3)) == EXPECTED[:3]
        return
    with pytest.warns(UserWarning, match="TF_NUM_INTRAOP_THREADS"):
        assert run(backend, totals(3)) == EXPECTED[:3]


@pytest.mark.parametrize(
    ("value", "n"),
    [
        (ROWS, 300),
        (ROWS.tolist(), 300),
        (csr_array(np.eye(7)), 7),
        ("x" * 300, 0),
        (dict.fromkeys(range(300)), 0),
        (np.float64(1), 0),
        (None, 0),
        (list, 0),
        (partial(total, ROWS), 0),
    ],
)
def test_what_is_data(value, n):
    """Data has rows; text, parameters and functions have none."""
    assert n_rows(value) == n


def test_equal_data_in_two_places_is_one(cluster):
    """An object that is passed twice in a call is sent once."""
    backend = cluster()
    calls = [joblib.delayed(np.dot)(ROWS, b=ROWS)] * 2
    assert run(backend, calls) == [float(ROWS @ ROWS)] * 2
    assert len(backend.sent) == 1


def test_retries_are_bounded():
    """The number of retries is that of Dask and Ray."""
    assert task_backend.MAX_RETRIES == 3
