"""Weights of a part of one network as initial weights of the same part of another."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from skdeep.runtime.precision import dtype_policy
from skdeep.runtime.seeds import seeded_construction
from skdeep.runtime.specification import NetworkSpec
from skdeep.runtime.weights import arrays_of


def _built(network: NetworkSpec, seed: int) -> keras.Model:
    with seeded_construction(seed), dtype_policy("float32"):
        return network()


def _places(model: keras.Model) -> dict[int, int]:
    """Return where each variable stands among the weights, by its identity."""
    return {id(variable): place for place, variable in enumerate(model.weights)}


def _part(model: keras.Model, path: str) -> Any:
    """Return a layer by its name, after those of the sub-models that it lies in."""
    for name in path.split("/"):
        model = model.get_layer(name)
    return model


def part_weights(
    network: NetworkSpec, weights: Sequence[np.ndarray], part: str
) -> list[np.ndarray]:
    """Return those weights of a network that belong to one of its parts.

    Parameters
    ----------
    network : NetworkSpec
        The network.
    weights : sequence of ndarray
        All its weights, in the order of `keras.Model.weights`.
    part : str
        Name of a layer or sub-model, as in "encoder" or "encoder/code".

    Returns
    -------
    weights : list of ndarray
        In the order of the part's own `weights`.
    """
    model = _built(network, 0)
    places = _places(model)
    return [weights[places[id(v)]] for v in _part(model, part).weights]


def initial_weights(
    network: NetworkSpec, seed: int, parts: Mapping[str, Sequence[np.ndarray]]
) -> list[np.ndarray]:
    """Draw the initial weights of a network, but for parts whose weights are given.

    Parameters
    ----------
    network : NetworkSpec
        The network.
    seed : int
        Decides the weights that are drawn.
    parts : mapping of str to sequence of ndarray
        Weights of layers or sub-models, in the order of their own `weights`.

    Returns
    -------
    weights : list of ndarray
        In the order of `keras.Model.weights`.

    Raises
    ------
    ValueError
        If a part does not have weights of these shapes.
    """
    model = _built(network, seed)
    weights = arrays_of(model.weights)
    places = _places(model)
    for name, values in parts.items():
        part = _part(model, name)
        wanted = [tuple(v.shape) for v in part.weights]
        given = [np.shape(value) for value in values]
        if wanted != given:
            raise ValueError(
                f"The part {name!r} of the network has weights of shapes {wanted}, but "
                f"the pretrained ones have {given}. Pretrain a network of the same "
                "sizes."
            )
        # Not through the model, which would round double precision.
        for variable, value in zip(part.weights, values, strict=True):
            weights[places[id(variable)]] = np.asarray(value)
    return weights
