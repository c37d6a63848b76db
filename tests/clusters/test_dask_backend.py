"""When joblib's backend for Dask takes a cluster for lost."""

import pytest

pytest.importorskip("distributed", reason="the extra `dask` is missing")

from skdeep.clusters import dask_backend
from skdeep.clusters.dask_backend import DaskBackend


class Client:
    """A connection to a cluster that may have no workers, or no scheduler."""

    def __init__(self):
        self.workers = {"one": 1}

    def ncores(self):
        if self.workers is None:
            raise OSError("Timed out trying to connect to the scheduler")
        return self.workers

    def submit(self, *arguments, **options):
        return arguments

    def scatter(self, data, **options):
        """Return a reference to each item, as Dask does it for lists and dicts."""
        if isinstance(data, dict):
            return {key: ("sent", value) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return type(data)(("sent", value) for value in data)
        return ("sent", data)


@pytest.fixture
def clock(monkeypatch):
    """Give a list whose only number is the time."""
    now = [1000.0]
    monkeypatch.setattr(dask_backend.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("workers", [{}, None], ids=["no worker", "no scheduler"])
def test_workers_that_do_not_come_back(clock, workers):
    """Five minutes without a worker are an error; a worker that comes saves it."""
    client = Client()
    backend = DaskBackend(client=client)
    clock[0] += 10_000
    assert backend._abandoned() is None
    client.workers = workers
    clock[0] += 299
    assert backend._abandoned() is None
    clock[0] += 2
    error = backend._abandoned()
    assert isinstance(error, RuntimeError)
    assert "no worker for 301 seconds" in str(error)
    assert "lost-worker-timeout" in str(error)
    client.workers = {"another": 1}
    assert backend._abandoned() is None


def test_time_is_counted_from_the_last_sign_of_life(clock):
    """Tasks that start and end are such signs, even if nobody looked for workers."""
    client = Client()
    backend = DaskBackend(client=client)
    client.workers = {}
    clock[0] += 10_000
    backend._start(b"", ())
    clock[0] += 299
    assert backend._abandoned() is None


def test_more_patience(clock):
    """Clusters whose workers wait in a queue are given what the user says."""
    client = Client()
    backend = DaskBackend(client=client, wait_for_workers_timeout=3600)
    client.workers = {}
    clock[0] += 3599
    assert backend._abandoned() is None
    clock[0] += 2
    assert backend._abandoned() is not None


@pytest.mark.parametrize("value", [[1, 2], (1, 2), {"one": 1}, 1])
def test_data_are_sent_as_a_whole(value):
    """What is a list or a dict is one thing to the tasks that get it."""
    assert DaskBackend(client=Client())._put(value) == ("sent", value)


class SlowTask:
    """A task whose result comes at the third time of asking, or never."""

    def __init__(self, clock, comes=True):
        self.clock, self.comes, self.asked = clock, comes, 0

    def result(self, timeout):
        self.asked += 1
        if self.comes and self.asked == 3:
            return "report"
        self.clock[0] += timeout
        raise TimeoutError


def test_slow_results_are_waited_for(clock):
    """As long as there is a worker, a result may be on its way."""
    task = SlowTask(clock)
    assert DaskBackend(client=Client())._report_of(task) == "report"


def test_results_that_are_lost_with_the_last_worker(clock):
    """Dask waits for ever for a worker to compute them again."""
    client = Client()
    backend = DaskBackend(client=client)
    client.workers = {}
    with pytest.raises(RuntimeError, match="has had no worker"):
        backend._report_of(SlowTask(clock, comes=False))
