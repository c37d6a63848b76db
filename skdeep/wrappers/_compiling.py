"""From parameters to what a Keras model is compiled with."""

import inspect
from typing import Any

import keras

from skdeep.base import (
    DeepEstimator,
    try_to_convert_strings_to_classes,
    unflatten_params,
)
from skdeep.runtime.descriptions import Compilation, can_be_compiled
from skdeep.runtime.keras_copies import copy_optimizer

_OPTIMIZERS = {
    name.lower(): value
    for name, value in vars(keras.optimizers).items()
    if inspect.isclass(value)
    and issubclass(value, keras.optimizers.Optimizer)
    and value is not keras.optimizers.Optimizer
}


class ModelCompiler(DeepEstimator):
    """Compiles the user's model with what the parameters say."""

    # The losses by output that a function is given to compile its model with.
    _losses_handed_out = None

    def _routed(self, destination: str, names: Any = ()) -> dict[str, Any]:
        """Return parameters for a destination; routed ones go before others."""
        parameters = self.get_params(deep=False)
        direct = {name: parameters[name] for name in names if name in parameters}
        prefix = f"{destination}__"
        return direct | {
            name.removeprefix(prefix): value
            for name, value in parameters.items()
            if name.startswith(prefix)
        }

    def _get_compile_kwargs(self) -> dict[str, Any]:
        """Return what to call `keras.Model.compile` with."""
        arguments = self._routed("compile", self._compile_kwargs)
        for name in ("optimizer", "loss", "metrics"):
            arguments[name] = self._constructed(name, arguments[name])
        if isinstance(arguments["loss"], dict):
            # Not the user's: it may be completed.
            arguments["loss"] = self._losses_handed_out = dict(arguments["loss"])
        return arguments

    def _constructed(self, name: str, given: Any) -> Any:
        """Return an argument of `keras.Model.compile`, made of names and parameters."""
        class_of, parameters = _CLASS_OF[name], self._routed(name)
        if name == "optimizer":
            parameters = {k: v for k, v in parameters.items() if "__" not in k}
        if name == "loss" and parameters:
            class_of = _loss_class_with_parameters
        try:
            value = try_to_convert_strings_to_classes(given, class_of)
            value = unflatten_params(items=value, params=parameters)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{name}={given!r} with {parameters or 'nothing'} routed "
                f"to it is not what Keras takes: {error} Use a name, a class or "
                f"an instance; parameters of a name or class start with {name}__."
            ) from error
        if name == "optimizer" and value is self.optimizer and value is not None:
            # A parameter: copied, as a model takes possession of its optimizer.
            return copy_optimizer(value)
        if name == "metrics" and not isinstance(value, dict | list | None):
            return [value]
        return value

    def _compilation(self) -> Compilation | None:
        """Return what to compile with, None if that is more than names and numbers."""
        arguments = self._routed("compile", self._compile_kwargs)
        optimizer, loss, metrics = map(arguments.pop, ("optimizer", "loss", "metrics"))
        usual = not any(arguments.values()) and arguments.keys() <= {"run_eagerly"}
        if not (usual and isinstance(optimizer, str) and isinstance(loss, str)):
            return None
        metrics = self._constructed("metrics", metrics)
        by_name = all(isinstance(metric, str) for metric in metrics or [])
        known = _OPTIMIZERS.get(optimizer.lower())
        if known is None or not by_name:
            return None
        settings = tuple(sorted(self._routed("optimizer").items()))
        loss = self._constructed("loss", loss)
        compilation = Compilation(known, settings, loss, metrics)
        return compilation if can_be_compiled(compilation) else None

    def _compile(self, model: keras.Model) -> Compilation | None:
        """Compile a model, or return what to compile it with once it is looked at."""
        compilation = None
        if not model.compiled:
            compilation = self._compilation()
            if compilation is None:
                model.compile(**self._get_compile_kwargs())
        self._complete_losses(model)
        return compilation

    def _complete_losses(self, model: keras.Model) -> None:
        """Leave outputs without a loss untrained, which Keras wants to be told."""
        losses = vars(self).pop("_losses_handed_out", None)
        names = set(getattr(model, "output_names", ()))
        if losses and names > losses.keys():
            losses |= dict.fromkeys(names - losses.keys())


def _optimizer_class(name: str) -> type:
    # Keras would construct one, with all its variables, to say of which class it is.
    known = _OPTIMIZERS.get(name.lower())
    return type(keras.optimizers.get(name)) if known is None else known


def _loss_class(name: str) -> Any:
    """Return the class or function that a loss is the name of."""
    loss = keras.losses.get(name)
    return type(loss) if isinstance(loss, keras.losses.Loss) else loss


def _loss_class_with_parameters(name: str) -> Any:
    """Return the class that a loss is the name of, or has the function's name."""
    loss = _loss_class(name)
    if inspect.isclass(loss):
        return loss
    key = loss.__name__.replace("_", "")
    classes = {
        n.lower(): c for n, c in vars(keras.losses).items() if inspect.isclass(c)
    }
    return classes.get(key, loss)


def _metric_class(name: str) -> Any:
    """Return the class or function that a metric is the name of.

    Which accuracy or cross-entropy is meant depends on the outputs: Keras knows.
    """
    if name in ("acc", "accuracy", "ce", "crossentropy"):
        return name
    metric = keras.metrics.get(name)
    return type(metric) if isinstance(metric, keras.metrics.Metric) else metric


_CLASS_OF = {
    "optimizer": _optimizer_class,
    "loss": _loss_class,
    "metrics": _metric_class,
}
