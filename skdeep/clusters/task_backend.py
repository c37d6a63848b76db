"""What the backends for Dask and Ray share: tasks, data sent once, second chances."""

import threading
import warnings
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import Any

from joblib.parallel import ParallelBackendBase

from skdeep.clusters.worker import Call, Placeholder, Report, n_threads

# Data and indices of folds have more rows; parameters, scorers and names have fewer.
_FEWEST_ROWS = 100
# How often a task is done again after the loss of a worker. As many losses in a row
# mean that the task itself kills workers, by taking all of their memory, say.
MAX_RETRIES = 3
# How often it is looked whether anybody is left to do the work.
_SECONDS_BETWEEN_LOOKS = 5.0


class DataLostError(Exception):
    """Workers took data with them that tasks still need."""


class Assignment:
    """Calls that one worker makes, with large arguments set apart."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.data: list[Any] = []
        self._calls = [
            (
                function,
                [self._set_apart(value) for value in positional],
                {name: self._set_apart(value) for name, value in named.items()},
            )
            for function, positional, named in calls
        ]
        self.future: Future[list[Any]] = Future()
        # Which copies of the data were sent with it, counted by losses.
        self.generation = 0
        self.n_retries = 0

    @cached_property
    def pickled(self) -> bytes:
        """The calls without the data. What a notebook defines goes with its code."""
        # Comes with the extras: this module can be imported without.
        import cloudpickle

        return cloudpickle.dumps(self._calls)

    def _set_apart(self, value: Any) -> Any:
        """Return a placeholder for data, and other values as they are."""
        if n_rows(value) < _FEWEST_ROWS:
            return value
        for number, known in enumerate(self.data):
            if known is value:
                return Placeholder(number)
        self.data.append(value)
        return Placeholder(len(self.data) - 1)


def n_rows(value: Any) -> int:
    """Return the number of rows of data, 0 of what is no data.

    Examples
    --------
    >>> n_rows([1, 2, 3]), n_rows("text"), n_rows(None)
    (3, 0, 0)
    """
    if isinstance(value, str | bytes | dict | type):
        return 0
    try:
        # Sparse matrices refuse `len`.
        return int(value.shape[0]) if hasattr(value, "shape") else len(value)
    except (TypeError, IndexError, AttributeError):
        return 0


class TaskBackend(ParallelBackendBase):
    """joblib backend that makes a task of each call.

    Parameters
    ----------
    nesting_level : int, default=None
        Set by joblib.
    inner_max_num_threads : None
        Threads of a worker are set where the cluster is started.
    scatter : list or tuple, default=()
        Objects that are kept on the cluster for as long as the backend exists. Others
        are kept for the duration of a call of `joblib.Parallel`.
    """

    supports_retrieve_callback = True
    # The whole cluster.
    default_n_jobs = -1

    def __init__(
        self,
        nesting_level: int | None = None,
        inner_max_num_threads: int | None = None,
        *,
        scatter: Sequence[Any] = (),
    ) -> None:
        super().__init__(nesting_level, inner_max_num_threads)
        if not isinstance(scatter, list | tuple):
            raise TypeError(
                f"scatter must be a list or tuple of objects, got a "
                f"{type(scatter).__name__}. Pass scatter=[X, y]."
            )
        self._lasting = {id(value): value for value in scatter}
        # References to data on the cluster, with the data itself, so that no other
        # object gets its id meanwhile.
        self._sent: dict[int, tuple[Any, Any]] = {}
        self._generation = 0
        self._lock = threading.RLock()
        self._running: dict[Assignment, Any] = {}
        self._finished: SimpleQueue[tuple[Assignment, Any] | None] = SimpleQueue()
        self._n_threads: set[int] = set()

    # What a kind of cluster is asked for.

    @abstractmethod
    def _n_workers(self) -> int:
        """Return how many tasks the cluster works on at a time."""

    @abstractmethod
    def _put(self, value: Any) -> Any:
        """Send data to the cluster; return a reference to it."""

    @abstractmethod
    def _start(self, pickled: bytes, references: Sequence[Any]) -> Any:
        """Start `perform` as a task and return that."""

    @abstractmethod
    def _when_done(self, task: Any, tell: Callable[[], None]) -> None:
        """Have a function called when a task is done, whatever came of it."""

    @abstractmethod
    def _report_of(self, task: Any) -> Report:
        """Return the report of a task that is done.

        Raises
        ------
        DataLostError
            If it could not be done, because data went with a worker.
        """

    @abstractmethod
    def _cancel(self, tasks: Sequence[Any]) -> None:
        """Give up tasks."""

    def _abandoned(self) -> Exception | None:
        """Return what to raise if nobody is going to do the tasks any more."""
        return None

    # What joblib asks for.

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return how many tasks are worked on at a time.

        With one, joblib would not ask the cluster at all but compute in this process,
        which is right if it was asked for. The one worker of a small cluster is asked.
        """
        return 1 if n_jobs == 1 else max(self._n_workers(), 2)

    def get_nested_backend(self) -> tuple[ParallelBackendBase | None, int | None]:
        """Return the backend for calls inside of tasks, which `perform` sets itself."""
        return None, None

    def start_call(self) -> None:
        """Start the thread that takes results in."""
        self._finished = SimpleQueue()
        self._n_threads.clear()
        threading.Thread(
            target=self._take_in,
            args=(self._finished,),
            name="skdeep.clusters",
            daemon=True,
        ).start()

    def stop_call(self) -> None:
        """Stop that thread, let go of data, and warn if scores may differ."""
        self._finished.put(None)
        with self._lock:
            self._running.clear()
            kept = {key: self._sent[key] for key in self._lasting & self._sent.keys()}
            self._sent = kept
        self._compare_threads()

    def submit(
        self, func: Any, callback: Callable[[Any], Any] | None = None
    ) -> "Future[list[Any]]":
        """Start the calls of a batch; return a future of the list of their values."""
        assignment = Assignment(func.items)
        if callback is not None:
            assignment.future.add_done_callback(callback)
        self._send(assignment)
        return assignment.future

    def retrieve_result_callback(self, out: "Future[list[Any]]") -> list[Any]:
        """Return what came of a batch, or raise it."""
        return out.result()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Give up what was started and is not done."""
        with self._lock:
            tasks = list(self._running.values())
            self._running.clear()
        self._cancel(tasks)

    # How it is done.

    def _send(self, assignment: Assignment) -> None:
        """Send an assignment off. What goes wrong arrives as its outcome."""
        finished = self._finished
        try:
            with self._lock:
                references = [self._reference(value) for value in assignment.data]
                assignment.generation = self._generation
                task = self._start(assignment.pickled, references)
                # Clusters drop tasks and data that nobody refers to.
                self._running[assignment] = task, references
            self._when_done(task, lambda: finished.put((assignment, task)))
        except Exception as error:
            # joblib waits for an outcome, and some of its threads swallow exceptions.
            finished.put((assignment, error))

    def _reference(self, value: Any) -> Any:
        """Return the reference to data on the cluster, sent there if it is not yet."""
        if id(value) not in self._sent:
            self._sent[id(value)] = value, self._put(value)
        return self._sent[id(value)][1]

    def _take_in(self, finished: "SimpleQueue[tuple[Assignment, Any] | None]") -> None:
        """Pass outcomes to joblib, until the call is over."""
        while True:
            try:
                item = finished.get(timeout=_SECONDS_BETWEEN_LOOKS)
            except Empty:
                self._look_after_tasks()
                continue
            if item is None:
                return
            assignment, task = item
            with self._lock:
                given_up = self._running.pop(assignment, None) is None
            if isinstance(task, Exception):
                assignment.future.set_exception(task)
                continue
            if given_up:
                continue
            try:
                report = self._report_of(task)
            except DataLostError as error:
                self._send_again(assignment, error)
            except Exception as error:
                assignment.future.set_exception(error)
            else:
                self._pass_on(assignment, report)

    def _look_after_tasks(self) -> None:
        """Give up all tasks if nobody is going to do them."""
        with self._lock:
            if not self._running or (error := self._abandoned()) is None:
                return
            running, self._running = self._running, {}
        self._cancel(list(running.values()))
        for assignment in running:
            assignment.future.set_exception(error)

    def _send_again(self, assignment: Assignment, error: DataLostError) -> None:
        """Send an assignment once more, with data that is sent again, too."""
        if assignment.n_retries == MAX_RETRIES:
            assignment.future.set_exception(error)
            return
        with self._lock:
            if assignment.generation == self._generation:
                # The first to come back. The others need the copies sent hereafter.
                self._generation += 1
                self._sent.clear()
        assignment.n_retries += 1
        self._send(assignment)

    def _pass_on(self, assignment: Assignment, report: Report) -> None:
        """Tell joblib what a worker has reported."""
        if report.n_threads is not None:
            self._n_threads.add(report.n_threads)
        if report.error is not None:
            assignment.future.set_exception(report.error)
        elif report.values is not None:
            assignment.future.set_result(report.values)

    def _compare_threads(self) -> None:
        """Warn if workers compute with other numbers of threads than this process."""
        here = n_threads()
        there = sorted(self._n_threads - {here})
        if here is not None and there:
            numbers = " or ".join(str(number) for number in there)
            warnings.warn(
                f"TensorFlow computed with {numbers} threads in workers, and does with "
                f"{here} in this process: scores may differ in their last digits from "
                "those of a search here. Start this process and the workers with the "
                "same TF_NUM_INTRAOP_THREADS in their environment, or all without.",
                UserWarning,
                stacklevel=2,
            )
