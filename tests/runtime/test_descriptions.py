"""Which models are known by their configuration, and what is the same network."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from skdeep.runtime.descriptions import describe_network, describe_training
from skdeep.runtime.seeds import seeded_construction


def network(units=3, rate=0.1, name="relu"):
    """Return a network with an operation, a nested model and a wrapped layer."""
    inputs = keras.Input((4, 2))
    hidden = layers.Bidirectional(layers.LSTM(units))(inputs)
    inner = keras.Sequential([keras.Input((2 * units,)), layers.Dense(units)])
    hidden = layers.Dense(units, activation="relu", name=name)(inner(hidden) + 1.0)
    outputs = layers.Dense(1, activation="sigmoid")(layers.Dropout(rate)(hidden))
    return keras.Model(inputs, outputs)


def compiled(**changes):
    """Return a compiled network."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile(**{"loss": "mse", "optimizer": "adam"} | changes)
    return model


def test_same_network():
    """Two models are one network, whatever Keras has called their layers."""
    first, second = describe_network(network()), describe_network(network(name="code"))
    assert first == second
    assert hash(first.network) == hash(second.network)
    for other in (network(units=4), network(rate=0.2)):
        assert describe_network(other) != first


def test_description_builds_the_network():
    """The network that is built from a description computes the same."""
    model = network()
    description = describe_network(model)
    copy = description.network()
    assert [w.shape for w in copy.weights] == [w.shape for w in model.weights]
    copy.set_weights(model.get_weights())
    rows = np.random.default_rng(0).normal(size=(5, 4, 2)).astype(np.float32)
    np.testing.assert_array_equal(copy(rows), model(rows))
    assert description.precision == "float32"


def test_sequential_network_is_built_once(monkeypatch):
    """A stack of layers is built once, not anew for each layer, and is Keras' own."""
    stack = [layers.Conv2D(3, 2), layers.Flatten(), layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((4, 4, 1)), *stack, layers.Dense(2)])
    network = describe_network(model).network
    config = json.loads(network.arguments["config"])
    with seeded_construction(0):
        wanted = keras.Sequential.from_config(config)
    built, build = [], keras.Sequential.build
    monkeypatch.setattr(
        keras.Sequential, "build", lambda self, shape: built.append(build(self, shape))
    )
    with seeded_construction(0):
        found = network()
    assert len(built) == 1
    assert found.get_config() == wanted.get_config()
    for one, other in zip(found.variables, wanted.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_lists_of_one():
    """A list of one input or output is that input or output."""
    inputs = keras.Input((4,))
    outputs = layers.Dense(1)(inputs)
    assert describe_network(keras.Model([inputs], [outputs])) == describe_network(
        keras.Model(inputs, outputs)
    )


def activation(x):
    """Do what a user wants."""
    return x


def initializer(shape, dtype=None):
    """Begin where a user wants."""
    return keras.ops.ones(shape, dtype)


class Own(layers.Layer):
    def call(self, inputs):
        return inputs


class OwnModel(keras.Sequential):
    pass


def test_networks_that_run_code_have_no_description():
    """Layers, functions and models of the user's, and several inputs."""
    inputs, other = keras.Input((4,)), keras.Input((4,))
    dense = layers.Dense(1)
    for model in (
        keras.Sequential([inputs, Own(), dense]),
        keras.Sequential([inputs, layers.Lambda(activation), dense]),
        keras.Sequential([inputs, layers.Dense(2, activation=activation)]),
        keras.Sequential([inputs, layers.Dense(2, kernel_initializer=initializer)]),
        OwnModel([keras.Input((4,)), layers.Dense(1)]),
        keras.Model([inputs, other], layers.Add()([inputs, other])),
        keras.Sequential([layers.Dense(1)]),
        keras.Sequential([inputs, layers.Dense(2, dtype="float64")]),
    ):
        assert describe_network(model) is None


def gelu(x):
    """Stand for something that has the name of one of Keras' functions."""
    return -x


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.Dense(4, activation=gelu),
        lambda: layers.Dense(4, activation=keras.ops.gelu),
        lambda: layers.TimeDistributed(layers.Activation(gelu)),
        lambda: layers.LSTM(2, recurrent_activation=gelu),
        lambda: keras.Sequential([layers.Dense(4, activation=gelu)]),
    ],
    ids=["dense", "of Keras' operations", "wrapped", "recurrent", "nested"],
)
def test_functions_named_like_those_of_keras_have_no_description(layer):
    """Keras writes only a name, by which it would find a function of its own."""
    model = keras.Sequential([keras.Input((4, 2)), layer()])
    assert describe_network(model) is None


def test_functions_of_keras_are_described():
    """A function of Keras' own is known by its name, however it was passed."""
    known = keras.activations
    for activation in ("gelu", known.gelu, known.swish, tf.nn.relu, keras.ops.tanh):
        outputs = layers.Dense(2, activation=activation)
        assert describe_network(keras.Sequential([keras.Input((4,)), outputs]))


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": keras.losses.Huber(delta=2.0)},
        {"loss": keras.losses.mean_absolute_error},
        {"loss": ["mse"]},
        {"metrics": ["mae"]},
        {"metrics": [keras.metrics.MeanSquaredError(name="error")]},
        {"optimizer": keras.optimizers.SGD(0.5)},
    ],
)
def test_training_that_is_described(changes):
    """Losses, metrics and optimizers of Keras' that have a value for each row."""
    description = describe_training(compiled(**changes))
    assert description is not None
    assert description == describe_training(compiled(**changes))
    targets = np.array([[1.0], [3.0]], dtype=np.float32)
    outputs = np.array([[1.5], [9.0]], dtype=np.float32)
    loss = changes.get("loss", "mse")
    loss = keras.losses.get(loss[0] if isinstance(loss, list) else loss)
    np.testing.assert_allclose(
        np.mean(description.loss(targets, outputs)),
        np.mean(loss(targets, outputs)),
        rtol=1e-6,
    )


def test_learning_rate_is_apart():
    """Rates are not part of what is compiled; schedules stay schedules."""
    slow = describe_training(compiled(optimizer=keras.optimizers.SGD(0.25)))
    fast = describe_training(compiled(optimizer=keras.optimizers.SGD(0.5)))
    assert (slow.learning_rate, fast.learning_rate) == (0.25, 0.5)
    assert slow.optimizer == fast.optimizer
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    described = describe_training(compiled(optimizer=keras.optimizers.SGD(schedule)))
    assert float(described.learning_rate(0)) == pytest.approx(0.1)


class OwnLoss(keras.losses.MeanSquaredError):
    pass


class OwnOptimizer(keras.optimizers.SGD):
    pass


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": OwnLoss()},
        {"loss": lambda targets, outputs: (targets - outputs) ** 2},
        {"loss": keras.losses.MeanSquaredError(reduction="sum")},
        {"loss": keras.losses.Huber(delta=np.float32(2))},
        {"metrics": ["AUC"]},
        {"metrics": [keras.metrics.BinaryAccuracy(threshold=0.3)]},
        {"metrics": ["mse", "mse"]},
        {"weighted_metrics": ["mse"]},
        {"optimizer": OwnOptimizer(0.1)},
        {"run_eagerly": True},
        {"steps_per_execution": 2},
    ],
)
def test_training_that_is_not_described(changes):
    """What is more than that is left to Keras."""
    assert describe_training(compiled(**changes)) is None


@pytest.mark.parametrize(
    ("loss", "targets", "outputs", "metric"),
    [
        ("binary_crossentropy", [[1.0], [0.0]], [[0.7], [0.6]], "accuracy"),
        (
            "categorical_crossentropy",
            [[1.0, 0], [0, 1]],
            [[0.7, 0.3], [0.6, 0.4]],
            "acc",
        ),
        (
            "sparse_categorical_crossentropy",
            [[1.0], [0.0]],
            [[0.7, 0.3], [0.6, 0.4]],
            "accuracy",
        ),
    ],
)
def test_accuracy_is_the_one_that_suits(loss, targets, outputs, metric):
    """The accuracy of the rows is what Keras finds it to be."""
    targets, outputs = np.float32(targets), np.float32(outputs)
    inputs = keras.Input((outputs.shape[1],))
    model = keras.Sequential([inputs, layers.Identity(), layers.Activation("linear")])
    model.compile(loss=loss, optimizer="sgd", metrics=[metric])
    description = describe_training(model)
    expected = model.evaluate(outputs, targets, verbose=0)
    found = [np.mean(description.loss(targets, outputs))]
    found += [
        np.mean(function(targets, outputs)) for _, function in description.metrics
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
