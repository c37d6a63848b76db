"""Errors that say what to do where memory is short."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import psutil
import tensorflow as tf

# One batch takes more than its lower bound: several copies, gradients, work space.
_RESERVE = 4
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def check_batch_memory(model: keras.Model, batch_size: int) -> None:
    """Refuse a batch that cannot fit, before the system ends the process for it.

    Training keeps what each layer that is trained puts out until the gradients are
    known; what else a batch takes is left out, so that hardly anything is refused that
    could have worked.

    Parameters
    ----------
    model : keras.Model
        The network, built.
    batch_size : int
        Rows in a batch.

    Raises
    ------
    MemoryError
        If one batch needs more memory than is free. The message names the need and a
        batch size to try.
    """
    of_row = _bytes_of_row(model)
    free = free_memory()
    if batch_size * of_row <= free:
        return
    raise MemoryError(
        f"Training with batch_size={batch_size} needs at least "
        f"{readable(batch_size * of_row)} of memory for one batch, and "
        f"{readable(free)} are free. {_advice(free // (_RESERVE * of_row))}"
    )


@contextmanager
def shortage_explained(work: str, batch_size: int | None = None) -> Iterator[None]:
    """Turn TensorFlow's errors about memory into `MemoryError`.

    Parameters
    ----------
    work : str
        What is going on, for the message.
    batch_size : int, default=None
        Rows in a batch, if the user can choose fewer.
    """
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        advice = "Pass fewer rows at a time, or free memory."
        if batch_size is not None:
            advice = _advice(batch_size // _RESERVE)
        raise MemoryError(
            f"{work} ran out of memory: {_refused(str(error))}, and "
            f"{readable(free_memory())} are free. {advice}"
        ) from error


def free_memory() -> int:
    """Return how many bytes this process may still take."""
    free = psutil.virtual_memory().available
    process = psutil.Process()
    if hasattr(process, "rlimit"):
        limit, _ = process.rlimit(psutil.RLIMIT_AS)
        if limit != psutil.RLIM_INFINITY:
            free = min(free, max(0, limit - process.memory_info().vms))
    return int(free)


def readable(n_bytes: float) -> str:
    """Return a number of bytes as people write it."""
    power = 0
    while n_bytes >= 1000 and power < len(_UNITS) - 1:
        n_bytes, power = n_bytes / 1000, power + 1
    return f"{n_bytes:.3g} {_UNITS[power]}"


def _refused(message: str) -> str:
    """Return what TensorFlow could not get."""
    tensor = re.search(r"shape\[([\d,]+)\] and type (\w+)", message)
    if tensor is None:
        return "TensorFlow could not get what it asked for"
    size = math.prod(map(int, tensor[1].split(",")))
    n_bytes = size * tf.as_dtype(tensor[2]).size
    return f"TensorFlow could not get {readable(n_bytes)} for one array"


def _bytes_of_row(model: keras.Model) -> int:
    """Return a lower bound of what training keeps for one row."""
    total = 0
    for layer in model._flatten_layers(include_self=False):
        # Layers that are not called, or more than once, have no one output; those that
        # are not trained may let go of theirs.
        output = getattr(layer, "output", None)
        trained = layer.trainable_weights and not isinstance(layer, keras.Model)
        if not trained or output is None:
            continue
        for tensor in keras.tree.flatten(output):
            # An axis of unknown length, such as that of a text, has one element.
            size = math.prod(length or 1 for length in tensor.shape[1:])
            total += size * tf.as_dtype(tensor.dtype).size
    return max(total, 1)


def _advice(n_rows: int) -> str:
    if n_rows < 1:
        return "Make the network or the samples smaller."
    return f"Try batch_size={2 ** int(math.log2(n_rows))}."
