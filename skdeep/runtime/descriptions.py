"""Descriptions of users' Keras models: what can be compiled once and shared.

A model that consists of Keras' own layers is known by its configuration: two models
with equal configurations are one network, whatever function has built them. Such a
network is compiled once for all fits. What runs code of the user's (their own layers,
losses, metrics, training steps) has no description here, and trains as Keras trains.
"""

import json
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from skdeep.runtime.keras_objectives import METRIC_CLASSES, METRICS, ROW_LOSSES
from skdeep.runtime.keras_objectives import keras_loss as keras_loss_of_rows
from skdeep.runtime.keras_objectives import keras_metric as keras_metric_of_rows
from skdeep.runtime.specification import (
    LossSpec,
    NetworkSpec,
    OptimizerSpec,
    tells_variables_apart,
)
from skdeep.runtime.weights import computes_with_copies

_KINDS = {"Sequential": keras.Sequential, "Functional": keras.Model}
# Layers that run code from elsewhere, or whose state is not in their configuration.
_OPAQUE = {
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
    "TextVectorization",
    "StringLookup",
    "IntegerLookup",
    "Hashing",
    "__lambda__",
    "function",
}
_PRECISIONS = {"float32", "float64"}
_AUTOMATIC_NUMBER = re.compile(r"_\d+$")


def network_from_config(*, kind: str, config: str) -> keras.Model:
    """Build a network of Keras' own layers from its configuration.

    Parameters
    ----------
    kind : {"Sequential", "Functional"}
        What the network is.
    config : str
        Its configuration in JSON.

    Returns
    -------
    model : keras.Model
    """
    settings = json.loads(config)
    if kind != "Sequential":
        return _KINDS[kind].from_config(settings)
    # Keras' own `from_config` builds the whole network again for each layer it adds.
    layers = map(keras.saving.deserialize_keras_object, settings["layers"])
    return keras.Sequential(list(layers), name=settings["name"])


@dataclass(frozen=True)
class NetworkDescription:
    """A network that its configuration describes, and what it computes with."""

    network: NetworkSpec
    precision: str


@dataclass(frozen=True)
class TrainingDescription:
    """How a compiled model trains; `metrics` are named as Keras names them."""

    loss: LossSpec
    optimizer: OptimizerSpec
    learning_rate: Any
    metrics: tuple[tuple[str, LossSpec], ...]


@dataclass(frozen=True)
class Compilation:
    """What to compile a model with, of names and numbers only.

    To make an optimizer and to compile takes as long as to train a small network for an
    epoch, and what is compiled once for all fits needs to know only what would be made.

    Attributes
    ----------
    optimizer_class : type
        Class of the optimizer, one of Keras'.
    settings : tuple of (str, value)
        Arguments of its constructor: numbers, strings or None by their names.
    loss : callable
        Loss, one of Keras'.
    metrics : sequence of str or None
        Names of metrics.
    """

    optimizer_class: type
    settings: tuple[tuple[str, Hashable], ...]
    loss: Any
    metrics: Sequence[str] | None

    def compile(self, model: keras.Model) -> None:
        """Compile a model."""
        optimizer = self.optimizer_class(**dict(self.settings))
        model.compile(optimizer, self.loss, metrics=self.metrics)


# -- networks --------------------------------------------------------------------------


def describe_network(model: keras.Model) -> NetworkDescription | None:
    """Describe a model by the configuration of its layers.

    Parameters
    ----------
    model : keras.Model
        The model, built.

    Returns
    -------
    description : NetworkDescription or None
        None if the model is more than Keras' own layers, or has several inputs.
    """
    kind = type(model).__name__
    own = type(model).__module__.startswith("keras.") and kind in _KINDS
    if not own or not model.built or len(model.inputs) != 1:
        return None
    precision = model.compute_dtype
    if precision not in _PRECISIONS:
        return None
    if kind == "Functional" and isinstance(model.input, dict):
        return None
    # Layers say in their configuration what they compute with; their variables must be
    # of the type that is handed in and out.
    known = {precision, "bfloat16"}
    if not all(
        layer.variable_dtype == precision and layer.compute_dtype in known
        for layer in model.layers
    ):
        return None
    parts = list(model._flatten_layers(include_self=False))
    if any(map(computes_with_copies, parts)) or any(map(_hides_function, parts)):
        return None
    config = model.get_config()
    try:
        # What JSON does to tuples must be done before names are looked for.
        config = json.loads(json.dumps(config))
    except TypeError:
        return None
    if any(_is_foreign(part) for part in _objects(config)):
        return None
    _rename(config, kind)
    text = json.dumps(config, sort_keys=True)
    return NetworkDescription(
        NetworkSpec(network_from_config, kind=kind, config=text), precision
    )


# Functions that have the names of Keras' activations and compute the same. (The `gelu`
# of `keras.ops` does not.)
_SAME_FUNCTIONS = {
    getattr(module, name)
    for module in (keras.ops, tf.nn)
    for name in (
        "relu",
        "relu6",
        "elu",
        "selu",
        "sigmoid",
        "softplus",
        "softsign",
        "tanh",
    )
}


def _hides_function(layer: Any) -> bool:
    """Tell whether a layer calls a function that only has the name of one of Keras'.

    Its configuration holds the name alone, and so stands for the one of Keras.
    """
    functions = (
        getattr(layer, name, None) for name in ("activation", "recurrent_activation")
    )
    return any(
        isinstance(function, FunctionType)
        and function not in _SAME_FUNCTIONS
        and getattr(keras.activations, function.__name__, None) is not function
        for function in functions
    )


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Yield the configuration of every serialised object, however deep."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield config
        for value in config.values():
            yield from _objects(value)
    elif isinstance(config, list):
        for value in config:
            yield from _objects(value)


def _is_foreign(config: dict[str, Any]) -> bool:
    if config["class_name"] == "__keras_tensor__":
        return False
    module = config.get("module") or ""
    return config["class_name"] in _OPAQUE or not f"{module}.".startswith("keras.")


def _rename(config: dict[str, Any], kind: str) -> None:
    """Give layers numbers for names: those from Keras differ from fit to fit."""
    layers = config["layers"]
    names = {}
    for number, layer in enumerate(layers):
        original = layer["config"].get("name", layer.get("name"))
        names[original] = layer["config"]["name"] = f"layer_{number}"
        if "name" in layer:
            layer["name"] = names[original]
        if layer["class_name"] in _KINDS:
            _rename(layer["config"], layer["class_name"])
            layer["config"]["name"] = names[original]
        else:
            _forget_numbers(layer["config"], names[original])
        for part in _objects(layer.get("inbound_nodes", [])):
            if part["class_name"] == "__keras_tensor__":
                history = part["config"]["keras_history"]
                history[0] = names.get(history[0], history[0])
    config["name"] = "network"
    if kind == "Functional":
        for ends in ("input_layers", "output_layers"):
            config[ends] = _renamed_ends(config[ends], names)


def _forget_numbers(config: dict[str, Any], own_name: str) -> None:
    """Strip automatic numbers from the names of layers inside a layer."""
    for part in _objects({k: v for k, v in config.items() if k != "name"}):
        inner = part.get("config")
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            inner["name"] = _AUTOMATIC_NUMBER.sub("", inner["name"])
    config["name"] = own_name


def _renamed_ends(ends: Any, names: dict[str, str]) -> Any:
    if isinstance(ends, dict):
        return {key: _renamed_ends(value, names) for key, value in ends.items()}
    if ends and isinstance(ends[0], str):
        return [names[ends[0]], *ends[1:]]
    renamed = [_renamed_ends(end, names) for end in ends]
    # A list of one tensor is that tensor.
    return renamed[0] if len(renamed) == 1 else renamed


# -- training --------------------------------------------------------------------------


def describe_training(
    model: keras.Model, compilation: Compilation | None = None
) -> TrainingDescription | None:
    """Describe how a compiled model of one output trains.

    Parameters
    ----------
    model : keras.Model
        The model, compiled unless it is said with what it will be.
    compilation : Compilation, default=None
        What it will be compiled with, where it is not compiled yet.

    Returns
    -------
    description : TrainingDescription or None
        None if it takes more than a loss of rows, an optimizer and means of rows.
    """
    if model.run_eagerly or model.steps_per_execution != 1 or "fit" in vars(model):
        return None
    if len(model.outputs) != 1 or len(model.outputs[0].shape) < 2:
        return None
    masked = any(layer.supports_masking for layer in _maskers(model))
    if masked and len(model.outputs[0].shape) > 2:
        return None
    if compilation is None:
        loss, metrics, optimizer = model.loss, _metrics(model), model.optimizer
        if not _is_plain(optimizer):
            return None
        rule, rate = OptimizerSpec.from_optimizer(optimizer), learning_rate(optimizer)
    else:
        loss, metrics = compilation.loss, _named_metrics(compilation.metrics or [])
        rule, rate = _optimizer_to_be(compilation)
    loss = _loss(loss)
    if loss is None or metrics is None:
        return None
    return TrainingDescription(loss, rule, rate, metrics)


def can_be_compiled(compilation: Compilation) -> bool:
    """Tell whether it is known what a model will be, compiled with something.

    Parameters
    ----------
    compilation : Compilation
        What to compile with.

    Returns
    -------
    can_be_compiled : bool
        False also where Keras is going to refuse it: whoever compiles then hears why.
    """
    settings = dict(compilation.settings)
    rate = settings.pop("learning_rate", 0.0)
    plain = all(isinstance(v, int | float | str | None) for v in settings.values())
    if not plain or not isinstance(rate, float):
        return False
    # A rate is a variable of the type of all numbers.
    if keras.config.floatx() != "float32":
        return False
    try:
        _optimizer_to_be(compilation)
    except Exception:
        return False
    return True


def _optimizer_to_be(compilation: Compilation) -> tuple[OptimizerSpec, float]:
    """Return what describes the optimizer of a compilation, and its learning rate."""
    settings: dict[str, Any] = dict(compilation.settings)
    rate = settings.pop("learning_rate", None)
    # What tells 1 from 1.0 and from True.
    types = tuple(type(value) for value in settings.values())
    spec, usual_rate = _described_optimizer(
        compilation.optimizer_class, tuple(settings.items()), types
    )
    return spec, usual_rate if rate is None else float(np.float32(rate))


@lru_cache(maxsize=64)
def _described_optimizer(
    optimizer_class: Any, settings: tuple[tuple[str, Any], ...], types: tuple[type, ...]
) -> tuple[OptimizerSpec, float]:
    optimizer = optimizer_class(**dict(settings))
    return OptimizerSpec.from_optimizer(optimizer), learning_rate(optimizer)


def _is_plain(optimizer: Any) -> bool:
    """Tell whether class, configuration and rate are all that there is to know."""
    known = type(optimizer).__module__.startswith("keras.")
    rates = keras.Variable | keras.optimizers.schedules.LearningRateSchedule
    return (
        known
        and type(optimizer).__name__ != "LossScaleOptimizer"
        and isinstance(getattr(optimizer, "_learning_rate", None), rates)
        and not tells_variables_apart(optimizer)
    )


def learning_rate(optimizer: Any) -> Any:
    """Return the learning rate of an optimizer, a float or a schedule."""
    schedule = optimizer._learning_rate
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return schedule
    return float(optimizer.learning_rate.numpy())


def _maskers(model: keras.Model) -> Iterator[Any]:
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "mask_zero", False) or type(layer).__name__ == "Masking":
            yield layer


def _loss(loss: Any) -> LossSpec | None:
    """Describe a loss that is one of Keras' own and has a value for each row."""
    if isinstance(loss, list | tuple) and len(loss) == 1:
        loss = loss[0]
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if isinstance(loss, keras.losses.Loss):
        name = type(loss).__name__
        plain = loss.reduction == "sum_over_batch_size"
        if not plain or getattr(loss, "ignore_class", None) is not None:
            return None
        owner = type(loss)
        if owner is getattr(keras.losses, name, None) and name in ROW_LOSSES:
            try:
                # Its configuration may leave some out: the delta of a Huber loss.
                settings = json.dumps(loss._fn_kwargs, sort_keys=True)
            except TypeError:
                # Arrays, or numbers of NumPy's.
                return None
            return LossSpec(keras_loss_of_rows, name=name, settings=settings)
        return None
    name = getattr(loss, "__name__", "")
    if name in ROW_LOSSES and loss is getattr(keras.losses, name, None):
        return LossSpec(keras_loss_of_rows, name=name, settings=None)
    return None


def _metrics(model: keras.Model) -> tuple[tuple[str, LossSpec], ...] | None:
    """Describe the metrics, None if one of them is not a mean over rows."""
    try:
        config = model.get_compile_config()
    except Exception:
        # Somebody's own object that cannot say what it is made of.
        return None
    if not config or config.get("weighted_metrics") or config.get("loss_weights"):
        return None
    metrics = config.get("metrics") or []
    if not isinstance(metrics, list):
        return None
    if len(metrics) == 1 and isinstance(metrics[0], list):
        metrics = metrics[0]
    return _named_metrics(metrics)


def _named_metrics(metrics: Sequence[Any]) -> tuple[tuple[str, LossSpec], ...] | None:
    """Describe metrics given by names and configurations."""
    described = []
    for metric in metrics:
        if isinstance(metric, str) and metric in METRICS:
            described.append((metric, metric))
        elif isinstance(metric, dict) and metric.get("module") == "keras.metrics":
            name = METRIC_CLASSES.get(metric["class_name"])
            if name is None or metric["config"].get("threshold", 0.5) != 0.5:
                return None
            described.append((metric["config"]["name"], name))
        else:
            return None
    if len({name for name, _ in described}) < len(described):
        return None
    return tuple(
        (shown, LossSpec(keras_metric_of_rows, name=name)) for shown, name in described
    )
