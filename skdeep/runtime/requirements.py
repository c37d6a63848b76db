"""The libraries that the extra `onnx` installs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

__all__ = ["needed"]


def needed(name: str) -> Any:
    """Import a module of the extra `onnx`.

    Parameters
    ----------
    name : str
        Dotted name of the module.

    Returns
    -------
    module
        What was imported.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed; the message has the command to run.
    """
    try:
        with _environment_kept():
            return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"to_onnx needs {name.partition('.')[0]}, which is not installed. Run: "
            'python -m pip install "scikit-deep[onnx]"',
            name=error.name,
        ) from error


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Undo what happens to environment variables meanwhile.

    When tf2onnx is imported, it sets how much TensorFlow reports, for all processes
    that are started afterwards, too.
    """
    before = dict(os.environ)
    try:
        yield
    finally:
        for name, _ in os.environ.items() - before.items():
            del os.environ[name]
        os.environ.update(before.items() - os.environ.items())
