"""What happens in a worker."""

import os
import pickle
import socket
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib

Call = tuple[Callable[..., Any], Sequence[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Placeholder:
    """Stands for data that is sent apart from the call."""

    number: int


@dataclass(frozen=True)
class Report:
    """What a task gives back: the values of its calls, or what one of them raised."""

    values: list[Any] | None
    error: Exception | None
    n_threads: int | None


def perform(pickled: bytes, *data: Any) -> Report:
    """Call functions one after the other.

    Parameters
    ----------
    pickled : bytes
        A sequence of calls: function, positional and keyword arguments of each. It is
        unpickled here and nowhere before: Dask's scheduler would import all that
        estimators need, and callbacks connect to their owner where they are unpickled.
    *data : object
        What the placeholders among the arguments stand for.

    Returns
    -------
    Report
        The values. An exception is part of the report, with a note that says where it
        was raised, so that it arrives as what it is on every cluster, and the cluster
        does not take it for a task to try again.
    """
    values, raised = [], None
    try:
        # The cluster has given this worker its share of the processors. More workers
        # inside of it would take that of others.
        with joblib.parallel_config(backend="sequential"):
            for function, positional, named in pickle.loads(pickled):
                arguments = [_filled(value, data) for value in positional]
                options = {key: _filled(value, data) for key, value in named.items()}
                values.append(function(*arguments, **options))
    except Exception as error:
        where = f"process {os.getpid()} on {socket.gethostname()}"
        error.add_note(f"Raised in {where}:\n{traceback.format_exc()}")
        raised = error
    in_use = n_threads()
    return Report(None if raised else values, raised, in_use)


def _filled(value: Any, data: Sequence[Any]) -> Any:
    """Return what a placeholder stands for, and other values as they are."""
    return data[value.number] if isinstance(value, Placeholder) else value


def n_threads() -> int | None:
    """Return how many threads share an operation of TensorFlow in this process.

    None in a process that has not imported it, which takes seconds.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return None
    chosen = tensorflow.config.threading.get_intra_op_parallelism_threads()
    if chosen:
        return int(chosen)
    named = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
