"""Traced functions that all networks of one program share.

Tracing a small network takes as long as training it, and one thread at a time traces.
A traced function is handed its variables from outside on each call: what one network
has traced, another of the same program calls with variables of its own.
"""

from collections.abc import Callable, Hashable, Sequence
from copy import copy
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import tensorflow as tf

from skdeep.runtime.seeds import BUILD_LOCK


class SharedTraces:
    """The traced functions of a program, by name.

    They live as long as a network of the program does.
    """

    def __init__(self) -> None:
        self._traced: dict[str, tuple[Any, list[int | None]]] = {}

    def get(
        self, name: str, trace: Callable[[], Any], variables: Sequence[Any]
    ) -> Callable[..., Any]:
        """Return a traced function that works on some variables.

        Parameters
        ----------
        name : str
            What the function does.
        trace : callable
            Traces it on these variables; called if nobody has before.
        variables : sequence of keras.Variable
            Those of the caller, in an order that is the same in all networks.

        Returns
        -------
        function : callable
            The traced function. It belongs to the caller; what it shares with others
            does not change.
        """
        handles = [variable.value.handle for variable in variables]
        with BUILD_LOCK:
            if name not in self._traced:
                function = trace()
                self._traced[name] = function, _places(function, handles)
                return function
            function, places = self._traced[name]
        captured = function.captured_inputs
        if any(
            place is None and tensor.dtype == tf.resource
            for place, tensor in zip(places, captured, strict=True)
        ):
            # It uses a variable that only the network that traced it knows.
            with BUILD_LOCK:
                return trace()
        function = copy(function)
        function.set_external_captures(
            [
                tensor if place is None else handles[place]
                for place, tensor in zip(places, captured, strict=True)
            ]
        )
        return function


def _places(function: Any, handles: Sequence[tf.Tensor]) -> list[int | None]:
    """Return which of the handles each captured tensor is, None if it is none."""
    known = {id(handle): place for place, handle in enumerate(handles)}
    return [known.get(id(tensor)) for tensor in function.captured_inputs]


_TRACES: WeakValueDictionary[Hashable, SharedTraces] = WeakValueDictionary()
_LOCK = Lock()


def traces_of(program: Hashable) -> SharedTraces:
    """Return what is traced of a program, shared by all who ask.

    Parameters
    ----------
    program : hashable
        What identifies the program.

    Returns
    -------
    traces : SharedTraces
        Forgotten when nobody holds it any more.
    """
    with _LOCK:
        traces = _TRACES.get(program)
        if traces is None:
            traces = _TRACES[program] = SharedTraces()
        return traces
