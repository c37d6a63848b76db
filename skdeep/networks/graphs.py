"""The graph of a network: which layer is called on what, and in which order."""

from collections.abc import Collection
from typing import Any

import keras

__all__ = ["calls_of", "first_layer_with_kernel", "is_own", "layer_paths", "producer"]


def calls_of(model: keras.Model) -> list[Any]:
    """Return the calls of layers that make up a network.

    Parameters
    ----------
    model : keras.Model
        A functional model, or a `keras.Sequential` that is built.

    Returns
    -------
    calls : list
        Keras' nodes, each after those whose results it needs; sub-models are one call.

    Raises
    ------
    ValueError
        If the model is of another kind, or not built: it has no graph.
    """
    # A Sequential keeps its graph in a functional model, once its input is known.
    graph = getattr(model, "_functional", None) or model
    by_depth = getattr(graph, "_nodes_by_depth", None)
    if by_depth is None:
        raise ValueError(
            f"The {type(model).__name__} {model.name!r} has no graph of layers. Use a "
            "functional model, or a keras.Sequential that starts with a keras.Input."
        )
    nodes = [
        node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]
    ]
    return [node for node in nodes if not node.is_input]


def producer(tensor: keras.KerasTensor) -> Any:
    """Return the call that a symbolic tensor comes from."""
    layer, number, _ = tensor._keras_history
    return layer._inbound_nodes[number]


def layer_paths(model: keras.Model) -> list[str]:
    """Return how the layers of a network can be named.

    Parameters
    ----------
    model : keras.Model
        A functional model.

    Returns
    -------
    paths : list of str
        Names in the order of computation; a layer of a sub-model has the names of the
        sub-models before its own, with slashes between.
    """
    paths = []
    for call in calls_of(model):
        layer = call.operation
        paths.append(layer.name)
        if isinstance(layer, keras.Model):
            paths += [f"{layer.name}/{path}" for path in layer_paths(layer)]
    return list(dict.fromkeys(paths))


def is_own(layer: Any, names: Collection[str]) -> bool:
    """Tell whether a layer is of a class of this package with one of these names.

    Parameters
    ----------
    layer : keras.layers.Layer
        The layer.
    names : collection of str
        Names of classes; those that inherit from them count, too. To import them all
        would be to load every network of the package to look at one.

    Returns
    -------
    own : bool
    """
    return any(
        base.__name__ in names and base.__module__.startswith("skdeep.")
        for base in type(layer).__mro__
    )


def first_layer_with_kernel(model: keras.Model) -> Any | None:
    """Return the first layer of a network that has a kernel, None if none has.

    Parameters
    ----------
    model : keras.Model
        A functional model.

    Returns
    -------
    layer : keras.layers.Layer or None
    """
    for call in calls_of(model):
        layer = call.operation
        if isinstance(layer, keras.Model):
            layer = first_layer_with_kernel(layer)
        if getattr(layer, "kernel", None) is not None:
            return layer
    return None
