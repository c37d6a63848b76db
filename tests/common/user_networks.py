"""Networks as users of the wrappers write them."""

import keras
import numpy as np
from keras import layers


def flat_input(meta):
    """Return the input, and a flat tensor of it."""
    inputs = keras.Input(meta["X_shape_"][1:])
    return inputs, layers.Flatten()(inputs)


def compiled(model, loss, learning_rate, compile_kwargs):
    """Return a model compiled with Adam, and what else it is to be compiled with."""
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(**compile_kwargs | {"optimizer": optimizer, "loss": loss})
    return model


def classifier(meta, compile_kwargs, units=8, learning_rate=0.02):
    """Return a network for two classes, many, or several labels at once."""
    inputs, hidden = flat_input(meta)
    hidden = layers.Dense(units, activation="relu")(hidden)
    if meta["target_type_"] == "multiclass":
        outputs = layers.Dense(meta["n_classes_"], activation="softmax")(hidden)
        loss = "sparse_categorical_crossentropy"
    else:
        n_outputs = 1 if meta["target_type_"] == "binary" else meta["n_classes_"]
        outputs = layers.Dense(n_outputs, activation="sigmoid")(hidden)
        loss = "binary_crossentropy"
    return compiled(keras.Model(inputs, outputs), loss, learning_rate, compile_kwargs)


def regressor(meta, compile_kwargs, units=8, learning_rate=0.02):
    """Return a network for one or several numbers."""
    inputs, hidden = flat_input(meta)
    hidden = layers.Dense(units, activation="tanh")(hidden)
    outputs = layers.Dense(meta["n_outputs_"])(hidden)
    return compiled(keras.Model(inputs, outputs), "mse", learning_rate, compile_kwargs)


def autoencoder(meta, compile_kwargs, units=3, learning_rate=0.02):
    """Return a network that gives back samples of any shape from a code."""
    inputs, flat = flat_input(meta)
    code = layers.Dense(units, activation="tanh", name="code")(flat)
    outputs = layers.Dense(int(np.prod(meta["X_shape_"][1:])))(code)
    outputs = layers.Reshape(meta["X_shape_"][1:])(outputs)
    return compiled(keras.Model(inputs, outputs), "mse", learning_rate, compile_kwargs)
