"""Adam's fused step computes what Keras' own does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdeep.runtime.fused_adam import fuse

ROWS = tf.constant([0, 2, 2])


def gradients(number, dtype):
    """Return gradients of a matrix, of a vector and of some rows of a table."""
    generator = np.random.default_rng(number)
    matrix, vector, rows = (
        tf.constant(generator.normal(size=shape), dtype)
        for shape in [(3, 4), (4,), (3, 2)]
    )
    return [matrix, vector, tf.IndexedSlices(rows, ROWS, tf.constant([5, 2]))]


def trained(optimizer, dtype, n_steps=7):
    """Return variables and the optimizer's state after some steps."""
    generator = np.random.default_rng(0)
    variables = [
        keras.Variable(generator.normal(size=shape), dtype=dtype)
        for shape in [(3, 4), (4,), (5, 2)]
    ]
    optimizer.build(variables)
    step = tf.function(lambda *given: optimizer.apply(list(given), variables))
    for number in range(n_steps):
        step(*gradients(number, dtype))
    optimizer.finalize_variable_values(variables)
    return [v.numpy() for v in [*variables, *optimizer.variables]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1, "learning_rate": 0.3},
        {"weight_decay": 0.2, "clipnorm": 0.5},
        {"use_ema": True, "ema_momentum": 0.7},
        {"gradient_accumulation_steps": 2},
        {"amsgrad": True},
        {"learning_rate": keras.optimizers.schedules.CosineDecay(0.1, 5)},
    ],
    ids=lambda parameters: "-".join(parameters) or "default",
)
def test_equals_keras(name, parameters, dtype):
    """Weights, moments and averages agree, whatever the parameters."""
    make = getattr(keras.optimizers, name)
    fused = make(**parameters)
    fuse(fused)
    # In single precision, the fused operation rounds 1 - beta_2.
    exact = 1e-4 if dtype == "float32" else 1e-12
    for ours, theirs in zip(
        trained(fused, dtype), trained(make(**parameters), dtype), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=exact, atol=exact / 10)


def test_uses_one_operation():
    """A step of Adam is one operation for each variable."""
    optimizer = keras.optimizers.Adam()
    fuse(optimizer)
    variables = [keras.Variable(np.ones(3)), keras.Variable(np.ones(2))]
    optimizer.build(variables)
    step = tf.function(lambda: optimizer.apply([tf.ones(3), tf.ones(2)], variables))
    graph = step.get_concrete_function().graph
    found = [o.type for o in graph.get_operations()]
    assert found.count("ResourceApplyAdam") == len(variables)
    # Keras' rate, its count of steps, and the same count to add one to it.
    assert found.count("ReadVariableOp") <= 3


class OwnAdam(keras.optimizers.Adam):
    """Somebody's Adam with another step."""


@pytest.mark.parametrize(
    "optimizer",
    [
        OwnAdam(),
        keras.optimizers.Adam(amsgrad=True),
        keras.optimizers.Nadam(),
        keras.optimizers.SGD(),
    ],
    ids=["subclass", "amsgrad", "nadam", "sgd"],
)
def test_others_stay(optimizer):
    """Optimizers with another step keep it."""
    fuse(optimizer)
    assert "_backend_update_step" not in vars(optimizer)
