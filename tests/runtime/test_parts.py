"""Batches in parts train a network as whole batches do."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from skdeep import runtime
from skdeep.networks.airbench import airbench
from skdeep.networks.convolutional_autoencoder import conv_autoencoder
from skdeep.networks.losses import squared_error
from skdeep.networks.resnet20 import resnet20
from skdeep.networks.vgg_small import vgg_small
from skdeep.runtime import compiled, parts
from skdeep.runtime.parts import n_parts
from skdeep.runtime.pool import POOL
from tests.runtime.networks import assert_same_weights, options

SHAPE = (6, 6, 2)
# Adam would turn rounding errors of gradients that are zero into whole steps.
DESCENT = runtime.OptimizerSpec.from_optimizer(keras.optimizers.SGD())


class Double(layers.Layer):
    """A layer of somebody's own."""

    def call(self, inputs):
        return 2 * inputs


class Deeper(keras.Model):
    """A graph of layers, and more than that."""

    def call(self, inputs, training=None):
        return super().call(inputs, training=training) + 1


def body(normalised=True, **options_of_dense):
    """Return a network with everything that parts pass through."""
    image = keras.Input(SHAPE, name="body_image")
    x = layers.Conv2D(4, 3, padding="same", name="convolution")(image)
    if normalised:
        x = layers.BatchNormalization(momentum=0.8, name="normalisation")(x)
    y = layers.Activation("relu", name="rectified")(x)
    x = layers.Add(name="sum")([x, y])
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(3, name="dense", **options_of_dense)(x)
    return keras.Model(image, x, name="body")


def nested_network(**settings):
    """Return a network whose layers stand inside of another's, one of them frozen."""
    image = keras.Input(SHAPE, name="image")
    # Layers may be called on their inputs by name, too.
    x = body(**settings)(inputs=image)
    x = layers.BatchNormalization(name="frozen", trainable=False)(inputs=x)
    penalty = keras.regularizers.L2(0.01)
    x = layers.Dense(1, kernel_regularizer=penalty, name="output")(x)
    return keras.Model(image, x, name="nested_network")


def train(monkeypatch, n, network, n_rows=37, batch_size=9):
    """Return weights and losses after training in some number of parts."""
    monkeypatch.setattr(compiled, "n_parts", lambda model: n)
    POOL.clear()
    generator = np.random.default_rng(0)
    X = generator.normal(size=(n_rows, *SHAPE)).astype("float32")
    y = generator.normal(size=(n_rows, 1)).astype("float32")
    result = runtime.fit(
        runtime.NetworkSpec(network),
        runtime.LossSpec(squared_error),
        runtime.ArrayFeed(X),
        runtime.ArrayFeed(y),
        options=options(
            epochs=2, batch_size=batch_size, optimizer=DESCENT, learning_rate=0.001
        ),
        seed=1,
        sample_weight=generator.random(n_rows),
    )
    POOL.clear()
    return result.weights, result.history["loss"]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 9, 18, 37])
@pytest.mark.parametrize("n", [2, 4])
def test_equals_a_whole_batch(monkeypatch, n, batch_size):
    """Weights, moving statistics and losses are those of batches in one piece.

    The last batch of nine has one row, and so has every part of it or none.
    """
    expected, losses = train(monkeypatch, 1, nested_network, batch_size=batch_size)
    found, found_losses = train(monkeypatch, n, nested_network, batch_size=batch_size)
    np.testing.assert_allclose(found_losses, losses, rtol=1e-4)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)


def test_same_bits_again(monkeypatch):
    """Parts that run side by side give the same bits each time."""
    fits = [train(monkeypatch, 4, nested_network)[0] for _ in range(4)]
    for weights in fits[1:]:
        assert_same_weights(fits[0], weights)


def test_statistics_move_once(monkeypatch):
    """A batch normalisation sees one batch, not one for each part."""
    calls = []
    original = parts.DividedBatch._normalized

    def count(batch, layer, tensors):
        calls.append((layer.name, len(tensors)))
        return original(batch, layer, tensors)

    monkeypatch.setattr(parts.DividedBatch, "_normalized", count)
    train(monkeypatch, 4, nested_network)
    assert calls == [("normalisation", 4)]


@pytest.fixture
def no_threshold(monkeypatch):
    """Divide small networks, too."""
    monkeypatch.setattr(parts, "_ENOUGH_MULTIPLY_ADDS", 0)


@pytest.mark.usefixtures("no_threshold")
def test_networks_that_divide():
    """Networks of Keras' layers and ours do, also inside of each other."""
    assert n_parts(nested_network()) == 4
    assert n_parts(keras.Sequential([keras.Input(SHAPE), layers.Conv2D(2, 3)])) == 4
    for build, settings in (
        (vgg_small, {"n_outputs": 10}),
        (resnet20, {"n_outputs": 10, "mirror": True, "shift": 2}),
        (airbench, {"n_outputs": 10, "cutout": 3, "average_views": True}),
        (conv_autoencoder, {"n_components": 4}),
    ):
        assert n_parts(build(image_shape=(8, 8, 3), **settings)) == 4


def _with(layer):
    return keras.Sequential([keras.Input(SHAPE), layers.Conv2D(2, 3), layer])


@pytest.mark.usefixtures("no_threshold")
@pytest.mark.parametrize(
    "network",
    [
        _with(Double()),
        _with(layers.Lambda(lambda x: x - ops.mean(x, axis=0))),
        _with(layers.Activation(lambda x: x - ops.mean(x, axis=0))),
        _with(layers.Dense(2, activity_regularizer="l2")),
        _with(layers.BatchNormalization(renorm=True)),
        _with(layers.Softmax(axis=0)),
        keras.Sequential([layers.Conv2D(2, 3)]),
    ],
    ids=lambda network: network.layers[-1].__class__.__name__,
)
def test_networks_that_do_not(network):
    """Where a row might depend on others, batches stay whole."""
    assert n_parts(network) == 1


@pytest.mark.usefixtures("no_threshold")
def test_subclasses_do_not():
    """Neither does a model that does more than its graph says."""
    model = body()
    assert n_parts(Deeper(model.input, model.output)) == 1
    joined = layers.Concatenate(axis=0)([model.output, model.output])
    assert n_parts(keras.Model(model.input, joined)) == 1


def test_small_networks_stay_whole():
    """What has little to do is not worth a graph of several times the size."""
    assert n_parts(vgg_small(image_shape=(8, 8, 1), n_outputs=10)) == 1
    assert n_parts(vgg_small(image_shape=(32, 32, 3), n_outputs=10)) == 4
