"""Descriptions of the user's models: texts that Keras builds them from again."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from types import FunctionType
from typing import Any

import keras
import numpy as np

__all__ = ["model_config", "model_of", "registered_in", "with_own_numbers"]

_LAST_NUMBER = re.compile(r"_\d+$")
_NO_LETTER = re.compile(r"[\W_]")
# Where a description has names of layers.
_PLACES = ("name", "keras_history", "input_layers", "output_layers")


def model_config(model: keras.Model) -> str:
    """Describe a model, without its weights, as a text that `model_of` reads.

    Raises
    ------
    ValueError
        If it cannot be rebuilt from a description, or does not take one image.
    """
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    shapes = [tuple(x.shape) for x in inputs or ()]
    if len(shapes) != 1 or len(shapes[0]) != 4 or len(outputs or ()) != 1:
        raise ValueError(
            "backbone must be a functional or sequential keras.Model with one output, "
            "that takes images of shape (height, width, channels), but its inputs have "
            f"the shapes {shapes}. Wrap it in a functional model that does."
        )
    try:
        description = keras.saving.serialize_keras_object(model)
        description.pop("compile_config", None)
        config = json.dumps(description, sort_keys=True)
        rebuilt = model_of(config)
    except Exception as error:
        # Keras puts the whole configuration before and after the reason.
        reason = str(error).rpartition("Exception encountered: ")[2]
        raise ValueError(
            f"backbone={model.name!r} cannot be rebuilt from its configuration: "
            f"{reason.partition(' Full object config')[0]} Register layers of your own "
            "with keras.saving.register_keras_serializable, and replace Lambda layers."
        ) from error
    if len(rebuilt.weights) != len(model.weights):
        raise ValueError(
            f"backbone={model.name!r} has {len(model.weights)} weights, but rebuilt "
            f"from its configuration {len(rebuilt.weights)}. Wrap it in a functional "
            "model."
        )
    _check_activations(model, rebuilt)
    return config


def _check_activations(model: keras.Model, rebuilt: keras.Model) -> None:
    """Refuse functions in whose place Keras puts others of the same name."""
    pairs = zip(model._flatten_layers(), rebuilt._flatten_layers(), strict=False)
    for layer, other in pairs:
        for name in ("activation", "recurrent_activation"):
            function, found = getattr(layer, name, None), getattr(other, name, None)
            if function is not found and not _are_one(function, found):
                raise ValueError(
                    f"backbone={model.name!r} cannot be rebuilt from its "
                    f"configuration: the {name} of its layer {layer.name!r} is "
                    f"{function!r:.100}, in whose place Keras puts {found!r:.100}. "
                    "Use that, or register a function of yours with "
                    "keras.saving.register_keras_serializable."
                )


def _are_one(function: Any, other: Any) -> bool:
    """Tell whether Keras or TensorFlow has two names for a function."""
    if not isinstance(function, FunctionType):
        # Layers, which are activations, too, are compared layer by layer.
        return type(function) is type(other)
    homes = {str(getattr(f, "__module__", "")) for f in (function, other)}
    if not all(home.startswith(("keras.", "tensorflow.")) for home in homes):
        return False
    numbers = np.linspace(-5, 5, 20, dtype=np.float32)[None]
    return bool(np.allclose(function(numbers), other(numbers)))


def model_of(config: str) -> keras.Model:
    """Build a model from its description, with random weights.

    Descriptions come from files, too. Keras looks up what they name among its own
    classes and those that were registered; it imports nothing else and runs no code.

    Raises
    ------
    ValueError
        If it names something else.
    """
    try:
        model = keras.saving.deserialize_keras_object(
            json.loads(config), safe_mode=True
        )
    except TypeError as error:
        raise ValueError(str(error)) from error
    if not isinstance(model, keras.Model):
        raise ValueError(f"it describes a {type(model).__name__}, not a model")
    return model


@lru_cache(maxsize=16)
def with_own_numbers(config: str) -> str:
    """Return a description whose layers are numbered from the first one on.

    Keras goes on counting from model to model, so that what a function builds has other
    names each time. Names that somebody gave stay.

    Parameters
    ----------
    config : str
        What `model_config` returns.

    Returns
    -------
    config : str
        Equal for models that differ in automatic names only.
    """
    description = json.loads(config)
    taken = set(_texts(description))
    names: dict[str, str] = {}
    for part in _objects(description):
        inner = part["config"]
        name = inner.get("name") if isinstance(inner, dict) else None
        if not isinstance(name, str) or name in names:
            continue
        stem = _LAST_NUMBER.sub("", name)
        if _NO_LETTER.sub("", stem) == _NO_LETTER.sub("", part["class_name"]).lower():
            names[name] = f"{stem}_of_backbone_{len(names)}"
    if taken.intersection(names.values()):
        return config
    return json.dumps(_renamed(description, names, ""), sort_keys=True)


def registered_in(config: str) -> list[Any]:
    """Return the user's own classes and functions that a description names.

    Parameters
    ----------
    config : str
        What `model_config` returns.

    Returns
    -------
    registered : list of type or callable
        Those of its names that are registered with Keras now, in the same order for
        the same description.
    """
    things = map(keras.saving.get_registered_object, _names_in(config))
    return [thing for thing in things if thing is not None]


@lru_cache(maxsize=16)
def _names_in(config: str) -> list[str]:
    """Return all texts of a description, each once."""
    return sorted(set(_texts(json.loads(config))))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the description of every object, an outer one before those inside."""
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str) and "config" in value:
            yield value
        for item in value.values():
            yield from _objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _renamed(value: Any, names: dict[str, str], key: str) -> Any:
    if isinstance(value, str):
        return names.get(value, value) if key in _PLACES else value
    if isinstance(value, dict):
        return {inner: _renamed(item, names, inner) for inner, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names, key) for item in value]
    return value
