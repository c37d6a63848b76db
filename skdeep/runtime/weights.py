"""Weights and other variables: whether arrays belong to them, and what they hold."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_NORMALIZATION = "keras.src.layers.preprocessing.normalization.Normalization"


def check_weights(variables: Sequence[Any], weights: Sequence[np.ndarray]) -> None:
    """Refuse weights of another network than the one with these variables.

    Parameters
    ----------
    variables : sequence of keras.Variable
        What the network has, in the order of `keras.Model.weights`.
    weights : sequence of ndarray
        What was fitted.

    Raises
    ------
    ValueError
        If their number or their shapes differ.
    """
    if len(weights) != len(variables):
        raise ValueError(_message(f"{len(weights)} arrays", f"{len(variables)}"))
    for variable, array in zip(variables, weights, strict=True):
        wanted, found = tuple(variable.shape), np.shape(array)
        if wanted != found:
            raise ValueError(_message(f"shape {found} of {variable.path}", f"{wanted}"))


def assign(variables: Sequence[Any], arrays: Sequence[np.ndarray]) -> None:
    """Set variables, each to an array of its shape.

    By the operation itself: `keras.Variable.assign` takes four times as long, which
    small networks feel.

    Parameters
    ----------
    variables : sequence of keras.Variable
        What to set.
    arrays : sequence of ndarray
        The values.

    Raises
    ------
    ValueError
        If their number or their shapes differ.
    """
    for variable, array in zip(variables, arrays, strict=True):
        if tuple(variable.shape) != np.shape(array):
            raise ValueError(
                f"{variable.path} has shape {tuple(variable.shape)}, but is to be set "
                f"to an array of shape {np.shape(array)}."
            )
        # `tf.constant` copies. A variable would share the memory of an array.
        tf.raw_ops.AssignVariableOp(
            resource=variable.value.handle, value=tf.constant(array, variable.dtype)
        )


def start_averages(optimizer: Any, variables: Sequence[Any]) -> None:
    """Let an optimizer that averages weights start from those that there are.

    To be called after weights were set for a new training. Keras' ScheduleFreeAdamW
    begins with a copy of the weights that it was built for.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        The optimizer, built.
    variables : sequence of keras.Variable
        What it trains.
    """
    if isinstance(optimizer, keras.optimizers.ScheduleFreeAdamW):
        assign(optimizer._momentums, arrays_of(variables))


def computes_with_copies(layer: Any) -> bool:
    """Tell whether a layer computes with copies of its weights.

    Parameters
    ----------
    layer : keras.Layer

    Returns
    -------
    computes_with_copies : bool
        True for Keras' Normalization, unless it was given its mean and variance.
    """
    names = {f"{kind.__module__}.{kind.__name__}" for kind in type(layer).__mro__}
    return _NORMALIZATION in names and layer.input_mean is None


def let_layers_copy(model: Any) -> None:
    """Let layers that compute with copies of their weights copy them again.

    To be called after weights were set. Keras' Normalization is the one such layer.

    Parameters
    ----------
    model : keras.Model
        The model.
    """
    for layer in model._flatten_layers(include_self=False):
        if computes_with_copies(layer):
            layer.finalize_state()


def arrays_of(variables: Sequence[Any]) -> list[np.ndarray]:
    """Return copies of what variables hold.

    Parameters
    ----------
    variables : sequence of keras.Variable

    Returns
    -------
    arrays : list of ndarray
    """
    return [
        np.asarray(
            tf.raw_ops.ReadVariableOp(
                resource=variable.value.handle, dtype=variable.dtype
            ).numpy()
        )
        for variable in variables
    ]


def _message(found: str, wanted: str) -> str:
    return (
        "The fitted weights are not those of the network that the parameters "
        f"describe: got {found}, needed {wanted}. A parameter that decides how the "
        "network is built was changed after fit. Set it back, or call fit again "
        "(with warm_start=False)."
    )
