"""What training holds in memory beside the rows."""

import math

import keras
import numpy as np

from skdeep.runtime.precision import dtype_policy, resolve_precision
from skdeep.runtime.seeds import BUILD_LOCK, seeded_construction
from skdeep.runtime.specification import NetworkSpec, OptimizerSpec


def network_for_training(network: NetworkSpec, precision: str) -> keras.Model:
    """Build a network with the numbers that it is trained with.

    Parameters
    ----------
    network : NetworkSpec
        The network.
    precision : {"float32", "bfloat16", "float64", "auto"}
        The parameter of the estimators.

    Returns
    -------
    model : keras.Model
        A new one, with random weights.
    """
    built = "float32" if precision == "auto" else precision
    with seeded_construction(0), dtype_policy(built):
        model = network()
    chosen = resolve_precision(precision, model)
    return model if chosen == built else network_for_training(network, chosen)


def optimizer_bytes(optimizer: OptimizerSpec, model: keras.Model) -> int:
    """Return the memory of an optimizer's state for a network.

    Parameters
    ----------
    optimizer : OptimizerSpec
        The optimizer.
    model : keras.Model
        The network, which is left as it is.

    Returns
    -------
    n_bytes : int
        Of its variables, such as moving averages of gradients; the number of the step
        and the learning rate count, too.
    """
    with BUILD_LOCK, dtype_policy("float32"):
        built = optimizer.build()
        built.build(model.trainable_variables)
        if hasattr(built, "average_also"):
            built.average_also(model.non_trainable_weights)
    return sum(
        math.prod(variable.shape) * np.dtype(variable.dtype).itemsize
        for variable in built.variables
    )
