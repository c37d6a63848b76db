"""Building networks, with errors that are about parameters rather than tensors."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import keras
import tensorflow as tf

from skdeep.runtime import seeds

_LIBRARIES = ("keras", "tensorflow")


def is_activation(name: str) -> bool:
    """Tell whether Keras knows an activation function of this name.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    known : bool
    """
    try:
        return callable(keras.activations.get(name))
    except (TypeError, ValueError):
        return False


@contextmanager
def building_explained(description: str) -> Iterator[None]:
    """Have errors inside of Keras say which sizes they are about.

    Parameters
    ----------
    description : str
        What is built, and with which arguments.

    Raises
    ------
    ValueError
        In place of an error that Keras or TensorFlow raises, other than of short
        memory. Errors of the builders themselves pass.
    """
    try:
        yield
    except (TypeError, ValueError, OverflowError, tf.errors.InvalidArgumentError) as e:
        if not _raised_inside(e.__traceback__):
            raise
        reason = str(e).strip().splitlines()[0].rstrip(".")
        raise ValueError(
            f"{description} cannot be built: {reason}. Change the parameters that "
            "these sizes come from."
        ) from e


def _raised_inside(traceback: TracebackType | None) -> bool:
    """Tell whether the innermost frame of a traceback is one of the libraries'."""
    module = ""
    while traceback is not None:
        home = traceback.tb_frame.f_globals.get("__name__", "")
        # Through which all variables are made, on the libraries' behalf.
        module = module if home == seeds.__name__ else home
        traceback = traceback.tb_next
    return module.partition(".")[0] in _LIBRARIES
