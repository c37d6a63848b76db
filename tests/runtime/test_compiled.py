"""Compiled training computes what plain Keras does, and is compiled once."""

import gc

import keras
import numpy as np
import pytest
from keras import ops
from tensorflow.python.framework.func_graph import FuncGraph

from skdeep import runtime
from skdeep.networks.losses import squared_error
from skdeep.runtime.pool import POOL
from skdeep.runtime.seeds import epoch_generator
from tests.runtime import networks
from tests.runtime.networks import (
    assert_same_weights,
    dense_network,
    fit,
    options,
    regression_data,
)

OPTIMIZERS = {
    "sgd": keras.optimizers.SGD,
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "amsgrad": lambda rate: keras.optimizers.Adam(rate, amsgrad=True),
    "adamw": lambda rate: keras.optimizers.AdamW(rate, weight_decay=0.1),
    "nadam": keras.optimizers.Nadam,
    "adamax": keras.optimizers.Adamax,
    "adagrad": keras.optimizers.Adagrad,
    "adadelta": keras.optimizers.Adadelta,
    "ftrl": keras.optimizers.Ftrl,
    "lion": keras.optimizers.Lion,
    "adafactor": keras.optimizers.Adafactor,
    "clipnorm": lambda rate: keras.optimizers.SGD(rate, clipnorm=0.01),
    "global_clipnorm": lambda rate: keras.optimizers.SGD(rate, global_clipnorm=0.01),
    "average": lambda rate: keras.optimizers.SGD(rate, use_ema=True, ema_momentum=0.8),
}


def reference_fit(network, optimizer, X, y, weights, *, epochs, batch_size, seed):
    """Train with Keras' own step on the same batches."""
    with runtime.seeded_construction(seed):
        model = network()
    model.compile(optimizer, loss="mse")
    for epoch in range(epochs):
        order = epoch_generator(seed, epoch).permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            # Keras divides by the sum of the weights of a batch, which would give
            # rows of light batches more influence than their weight.
            batch = weights[rows] / weights[rows].mean()
            scale = weights[rows].mean()
            assert len(set(batch)) == 1 or scale > 0
            model.train_on_batch(X[rows], y[rows], sample_weight=batch)
    optimizer.finalize_variable_values(model.trainable_weights)
    return model.get_weights()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_equals_keras(name):
    """Every optimizer starts and steps as in a plain Keras training."""
    X, y = regression_data(20)
    network = runtime.NetworkSpec(dense_network)
    spec = runtime.OptimizerSpec.from_optimizer(OPTIMIZERS[name](0.01))
    expected = reference_fit(
        network,
        OPTIMIZERS[name](0.01),
        X,
        y,
        np.ones(20),
        epochs=3,
        batch_size=8,
        seed=4,
    )
    # The second fit finds the optimizer as the first has left it.
    for _ in range(2):
        found = fit(network, X, y, seed=4, options=options(optimizer=spec, epochs=3))
        for ours, theirs in zip(found.weights, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-6)
