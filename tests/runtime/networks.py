"""Small networks and losses for tests of the runtime."""

import keras
import numpy as np
from keras import layers, ops

from skdeep import runtime
from skdeep.networks.losses import squared_error

N_INPUTS = 5


def dense_network(
    units=4, n_outputs=1, dropout=0.0, normalised=False, penalty=0.0
) -> keras.Model:
    """Return a dense network with one hidden layer."""
    inputs = keras.Input((N_INPUTS,), name="inputs")
    penalised = keras.regularizers.L2(penalty) if penalty else None
    x = layers.Dense(units, "tanh", kernel_regularizer=penalised, name="hidden")(inputs)
    if normalised:
        x = layers.BatchNormalization(name="normalisation")(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(n_outputs, name="outputs")(x)
    return keras.Model(inputs, x, name="dense_network")


def token_network(vocabulary_size=20, units=3) -> keras.Model:
    """Return a network that reads token ids of any length, and ignores padding."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    x = layers.Embedding(vocabulary_size, units, name="embedding")(ids)
    present = ops.cast(ids > 0, x.dtype)[..., None]
    x = ops.sum(x * present, axis=1)
    return keras.Model(ids, layers.Dense(1, name="outputs")(x), name="token_network")


def regression_data(n_rows=40, seed=0):
    """Return inputs and targets with a smooth relation, in float32."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n_rows, N_INPUTS)).astype("float32")
    y = np.tanh(X[:, :1] - X[:, 1:2]).astype("float32")
    return X, y


def options(**changes):
    """Return cheap training options."""
    defaults = {
        "optimizer": runtime.OptimizerSpec.from_optimizer(keras.optimizers.Adam()),
        "learning_rate": 0.01,
        "epochs": 2,
        "batch_size": 8,
    }
    return runtime.TrainingOptions(**defaults | changes)


def fit(network=None, X=None, y=None, *, seed=0, loss=None, options=None, **further):
    """Train a dense network on the regression data, or on what is given instead."""
    if X is None:
        X, y = regression_data()
    if options is None:
        options = globals()["options"]()
    return runtime.fit(
        network or runtime.NetworkSpec(dense_network),
        loss or runtime.LossSpec(squared_error),
        runtime.ArrayFeed(X),
        runtime.ArrayFeed(y) if y is not None else None,
        options=options,
        seed=seed,
        **further,
    )


def assert_same_weights(first, second):
    """Compare two lists of arrays bit by bit."""
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
