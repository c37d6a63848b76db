"""Live Keras models of estimators that wrap them, kept outside of the estimators.

An estimator holds numbers. The model that has been built for it lives here, as long
as somebody holds on to it or it is among those used last, and is built again when it
is asked for after that.
"""

import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import keras
import numpy as np

from skdeep.runtime.descriptions import Compilation, NetworkDescription
from skdeep.runtime.processes import check_process
from skdeep.runtime.weights import assign, check_weights, let_layers_copy

_MAX_MODELS = 8
# Threads that look at a model at the same time are to see one optimizer.
_COMPILING = RLock()


@dataclass
class LiveModel:
    """What is known of the model that was built for an estimator.

    Attributes
    ----------
    model : callable
        Returns the model, or None if it is gone.
    description : NetworkDescription or None
        What describes the network, if anything does.
    parameters : dict
        Parameters of the estimator that the model was built with.
    loaded : list of ndarray or None
        The weights that the model has, the very list that the estimator holds.
    example : tuple or None
        An input and a target of one row, once the model has been trained.
    optimizer_state : list of ndarray or None
        What the optimizer started from, once it has been used.
    learning_rate : float
        Its learning rate then, if it is a number.
    compilation : Compilation or None
        What the model is to be compiled with before anybody sees it, None if it is
        compiled.
    training : bool
        Whether Keras is training the model just now.
    """

    model: Any
    description: NetworkDescription | None
    parameters: dict[str, Any]
    loaded: list[np.ndarray] | None = None
    example: tuple[Any, Any] | None = None
    optimizer_state: list[np.ndarray] | None = field(default=None, repr=False)
    learning_rate: float = 0.0
    compilation: Compilation | None = None
    training: bool = False

    def compile(self) -> None:
        """Compile the model, unless it is."""
        with _COMPILING:
            model, compilation = self.model(), self.compilation
            if compilation is not None and model is not None:
                compilation.compile(model)
                self.compilation = None


class LiveModels:
    """The models of all estimators of a process.

    Parameters
    ----------
    max_models : int
        How many models to keep that nobody else holds.
    """

    def __init__(self, max_models: int = _MAX_MODELS) -> None:
        self.max_models = max_models
        self._of: weakref.WeakKeyDictionary[Any, LiveModel] = (
            weakref.WeakKeyDictionary()
        )
        self._recent: OrderedDict[int, keras.Model] = OrderedDict()
        self._lock = RLock()

    def put(
        self,
        owner: Any,
        model: keras.Model,
        description: NetworkDescription | None,
        parameters: dict[str, Any],
        compilation: Compilation | None = None,
    ) -> LiveModel:
        """Keep a new model of an estimator."""
        live = LiveModel(
            weakref.ref(model), description, parameters, compilation=compilation
        )
        with self._lock:
            self._of[owner] = live
            self._touch(model)
        return live

    def get(self, owner: Any) -> LiveModel | None:
        """Return what is known of an estimator's model, None if nothing is."""
        if self._of:
            # Here already: our lock may have been forked while somebody held it.
            check_process()
        with self._lock:
            live = self._of.get(owner)
            if live is not None and (model := live.model()) is not None:
                self._touch(model)
            return live

    def forget(self, owner: Any) -> None:
        """Forget the model of an estimator."""
        with self._lock:
            self._of.pop(owner, None)

    def _touch(self, model: keras.Model) -> None:
        self._recent[id(model)] = model
        self._recent.move_to_end(id(model))
        while len(self._recent) > self.max_models:
            self._recent.popitem(last=False)


def load_weights(model: keras.Model, weights: list[np.ndarray]) -> None:
    """Give a model other weights, which must be those of such a model."""
    check_weights(model.weights, weights)
    assign(model.weights, weights)
    let_layers_copy(model)


def has_weights(model: keras.Model, weights: list[np.ndarray]) -> bool:
    """Tell whether a model still has the weights that it was given.

    Parameters
    ----------
    model : keras.Model
        The model.
    weights : list of ndarray
        What it was given.

    Returns
    -------
    has_weights : bool
    """
    variables = model.weights
    return len(variables) == len(weights) and all(
        _are_equal(variable.numpy(), array)
        for variable, array in zip(variables, weights, strict=True)
    )


def _are_equal(one: np.ndarray, other: np.ndarray) -> bool:
    # To look for NaN takes longer, and there hardly ever is one.
    return np.array_equal(one, other) or (
        other.dtype.kind == "f" and np.array_equal(one, other, equal_nan=True)
    )


LIVE_MODELS = LiveModels()
