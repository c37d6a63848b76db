"""Weights: whether they belong to a network."""

from collections.abc import Sequence
from typing import Any

import numpy as np


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


def _message(found: str, wanted: str) -> str:
    return (
        "The fitted weights are not those of the network that the parameters "
        f"describe: got {found}, needed {wanted}. A parameter that decides how the "
        "network is built was changed after fit. Set it back, or call fit again "
        "(with warm_start=False)."
    )
