"""joblib on Ray's tasks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from skdeep.clusters.task_backend import MAX_RETRIES, TaskBackend
from skdeep.clusters.worker import Report, perform


class RayBackend(TaskBackend):
    """joblib backend for a cluster of Ray.

    Parameters
    ----------
    scatter : list or tuple, default=()
        Objects that are kept in Ray's memory for as long as the backend exists.
    ray_remote_args : dict, default=None
        Options of a task, as `ray.remote` takes them.

    Raises
    ------
    ValueError
        If this process is connected to no cluster.
    """

    def __init__(
        self,
        nesting_level: int | None = None,
        inner_max_num_threads: int | None = None,
        *,
        scatter: Sequence[Any] = (),
        ray_remote_args: Mapping[str, Any] | None = None,
    ) -> None:
        # An extra: this module can be imported without.
        import ray

        super().__init__(nesting_level, inner_max_num_threads, scatter=scatter)
        if not ray.is_initialized():
            raise ValueError(
                "There is no connection to a Ray cluster. Call ray.init() before "
                'parallel_config(backend="ray").'
            )
        options = {"num_cpus": 1, "max_retries": MAX_RETRIES, **(ray_remote_args or {})}
        self._ray = ray
        self._options = options
        self._perform = ray.remote(perform).options(**options)

    def _n_workers(self) -> int:
        """Return how many tasks there is room for."""
        offered = self._ray.cluster_resources()
        asked = {"CPU": self._options["num_cpus"], "GPU": self._options.get("num_gpus")}
        room = [offered.get(kind, 0) / n for kind, n in asked.items() if n]
        return max(int(min(room, default=1)), 1)

    def _put(self, value: Any) -> Any:
        """Put data into Ray's memory."""
        return self._ray.put(value)

    def _start(self, pickled: bytes, references: Sequence[Any]) -> Any:
        """Start a task."""
        return self._perform.remote(pickled, *references)

    def _when_done(self, task: Any, tell: Callable[[], None]) -> None:
        """Have a function called when a task is done."""
        task.future().add_done_callback(lambda _: tell())

    def _report_of(self, task: Any) -> Report:
        """Return the report of a task."""
        return self._ray.get(task)

    def _cancel(self, tasks: Sequence[Any]) -> None:
        """Give up tasks. What a worker has begun is interrupted."""
        for task, _ in tasks:
            self._ray.cancel(task)
