"""Copies of losses, metrics and optimizers that Keras cannot describe."""

import copy
import pickle

import keras
import numpy as np
import pytest
from keras import layers

from skdeep.runtime.keras_copies import copy_model, mend_copies


class OwnLoss(keras.losses.MeanSquaredError):
    def __init__(self, power=2, name="own"):
        super().__init__(name=name)
        self.power = power


class OwnMetric(keras.metrics.MeanAbsoluteError):
    pass


class OwnOptimizer(keras.optimizers.SGD):
    pass


@pytest.mark.parametrize(
    "thing",
    [
        OwnLoss(3),
        OwnMetric(name="shown"),
        OwnOptimizer(0.5),
        keras.losses.Huber(2.0),
        keras.metrics.MeanSquaredError(name="shown"),
        keras.optimizers.Adam(0.5),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_copies_are_objects(thing):
    """A copy is an object of the same class with the same settings."""
    mend_copies()
    for other in (copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
        assert type(other) is type(thing)
        assert other is not thing
        if isinstance(thing, OwnLoss):
            assert other.power == 3
            assert float(other([[1.0]], [[3.0]])) == 4
        elif isinstance(thing, keras.optimizers.Optimizer):
            assert float(other.learning_rate.numpy()) == 0.5
        else:
            assert other.get_config() == thing.get_config()
            # Keras leaves the delta of a Huber loss out of its configuration.
            assert float(other([[0.0]], [[9.0]])) == float(thing([[0.0]], [[9.0]]))


def gelu(x):
    """Stand for something that has the name of one of Keras' functions."""
    return -x


def recurrent():
    """Return a network with such functions in a cell, a wrapper and a nested model."""
    inputs = keras.Input((3, 2))
    hidden = layers.LSTM(2, activation=gelu, recurrent_activation=gelu)(inputs)
    nested = keras.Sequential([keras.Input((2,)), layers.Dense(2, activation=gelu)])
    hidden = layers.Reshape((1, 2))(nested(hidden))
    return keras.Model(inputs, layers.TimeDistributed(layers.Activation(gelu))(hidden))


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.Sequential([keras.Input((3, 2)), layers.Dense(4, gelu)]),
        lambda: keras.Sequential([layers.Dense(4, keras.ops.gelu)]),
        recurrent,
    ],
    ids=["sequential", "deferred", "functional"],
)
def test_copies_have_the_functions_of_the_model(make):
    """A function that is named like one of Keras' is not replaced by that one."""
    model = make()
    rows = np.random.default_rng(0).normal(size=(5, 3, 2)).astype(np.float32)
    wanted = model(rows)
    np.testing.assert_array_equal(copy_model(model)(rows), wanted)
