"""The libraries that the extra `onnx` installs."""

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
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"to_onnx needs {name.partition('.')[0]}, which is not installed. Run: "
            'python -m pip install "scikit-deep[onnx]"',
            name=error.name,
        ) from error
