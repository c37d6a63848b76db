"""joblib on Dask's tasks."""

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from skdeep.clusters.task_backend import MAX_RETRIES, DataLostError, TaskBackend
from skdeep.clusters.worker import Report, perform

if TYPE_CHECKING:
    import distributed

# A busy machine may need a minute to start a worker in place of another.
_RESTART_SECONDS = 300
# Seconds for fetching a result before it is looked whether there still is a worker.
_FIRST_PATIENCE = 60


class DaskBackend(TaskBackend):
    """joblib backend for a cluster of Dask.

    Dask itself does again what a lost worker was doing, if it still has the data.
    Data that only lost workers held is sent again from here.

    Parameters
    ----------
    client : distributed.Client, default=None
        Connection to the cluster; None takes the one opened last.
    scatter : list or tuple, default=()
        Objects that are kept on all workers for as long as the backend exists.
    wait_for_workers_timeout : float, default=10
        Seconds that a cluster without a worker is given to get one. One that has lost
        all of its workers is given five minutes at least.
    **submit_options : object
        Keyword arguments of `distributed.Client.submit`.

    Raises
    ------
    ValueError
        If there is no client.
    """

    def __init__(
        self,
        nesting_level: int | None = None,
        inner_max_num_threads: int | None = None,
        *,
        client: "distributed.Client | None" = None,
        scatter: Sequence[Any] = (),
        wait_for_workers_timeout: float = 10,
        **submit_options: Any,
    ) -> None:
        # An extra: this module can be imported without.
        import distributed

        super().__init__(nesting_level, inner_max_num_threads, scatter=scatter)
        if client is None:
            try:
                client = distributed.get_client()
            except ValueError as error:
                raise ValueError(
                    "There is no connection to a Dask cluster. Open one, as in "
                    "client = distributed.Client(distributed.LocalCluster()), before "
                    'parallel_config(backend="dask").'
                ) from error
        self._client = client
        self._patience = wait_for_workers_timeout
        self._options = submit_options
        self._last_seen = time.monotonic()

    def _n_workers(self) -> int:
        """Return how many threads for tasks all workers have together."""
        if not self._client.ncores():
            self._client.wait_for_workers(1, timeout=self._patience)
        return sum(self._client.ncores().values())

    def _put(self, value: Any) -> Any:
        """Send data to all workers."""
        for _ in range(MAX_RETRIES):
            try:
                return self._scatter(value)
            except Exception:
                # A worker died meanwhile, or all did and none is back yet. Depending
                # on the moment that is an OSError, a ValueError or something else.
                self._client.wait_for_workers(1, timeout=_RESTART_SECONDS)
        return self._scatter(value)

    def _scatter(self, value: Any) -> Any:
        """Send data to the workers that there are, or to the first that comes."""
        # Of a list, or of a dict, Dask would send each item apart.
        (sent,) = self._client.scatter(
            [value], broadcast=True, hash=False, timeout=_RESTART_SECONDS
        )
        return sent

    def _start(self, pickled: bytes, references: Sequence[Any]) -> Any:
        """Start a task."""
        self._last_seen = time.monotonic()
        return self._client.submit(
            perform, pickled, *references, pure=False, **self._options
        )

    def _when_done(self, task: Any, tell: Callable[[], None]) -> None:
        """Have a function called when a task is done."""
        task.add_done_callback(lambda _: tell())

    def _report_of(self, task: Any) -> Report:
        """Return the report of a task."""
        self._last_seen = time.monotonic()
        # The worker that has the result may die now. Dask computes it again where there
        # is another one, and waits for ever where there is none.
        patience = _FIRST_PATIENCE
        try:
            while True:
                try:
                    return task.result(timeout=patience)
                except TimeoutError:
                    patience *= 2
                    if (abandoned := self._abandoned()) is not None:
                        raise abandoned from None
        except CancelledError as error:
            raise DataLostError(
                "Data was lost with Dask workers that died, more than "
                f"{MAX_RETRIES} times. Look into the logs of the workers; often they "
                "have too little memory."
            ) from error

    def _abandoned(self) -> Exception | None:
        """Return an error if there has been no worker for long: Dask waits for ever."""
        # A scheduler that does not answer has no workers for us, whatever the error is
        # by which the client says so.
        with contextlib.suppress(Exception):
            if self._client.ncores():
                self._last_seen = time.monotonic()
        seconds = time.monotonic() - self._last_seen
        if seconds < max(_RESTART_SECONDS, self._patience):
            return None
        return RuntimeError(
            f"The Dask cluster has had no worker for {seconds:.0f} seconds, and tasks "
            "are left to do. A LocalCluster gives up workers that take long to start "
            "again after a crash: look into their logs for what ended them, set "
            '"distributed.deploy.lost-worker-timeout" in dask.config to "10 minutes", '
            "or pass a longer wait_for_workers_timeout to parallel_config."
        )

    def _cancel(self, tasks: Sequence[Any]) -> None:
        """Give up tasks. What a worker has begun goes on to its end."""
        if tasks:
            self._client.cancel([task for task, _ in tasks])
