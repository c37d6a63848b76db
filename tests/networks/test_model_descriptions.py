"""Descriptions of the user's models."""

import json

import keras
import numpy as np
import pytest
from keras import layers

from skdeep.networks.model_descriptions import (
    model_config,
    model_of,
    registered_in,
    with_own_numbers,
)


def own_network():
    """Return a small network of two maps, its layers named by Keras."""
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(image)
    x = layers.BatchNormalization()(x)
    return keras.Model(image, layers.Conv2D(5, 3)(x) - 1)


@pytest.fixture
def images():
    """Give three coloured images of 8 x 8 pixels."""
    return np.random.default_rng(0).random((3, 8, 8, 3), dtype="f4")


def test_description(images):
    """A model is rebuilt from its description, compiled or not, nested or not."""
    network = own_network()
    description = model_config(network)
    network.compile("sgd", "mse")
    assert model_config(network) == description
    assert model_config(model_of(description)) == description
    nested = keras.Sequential([keras.Input((8, 8, 3)), network, layers.Flatten()])
    again = model_of(model_config(nested))
    again.set_weights(nested.get_weights())
    np.testing.assert_array_equal(again(images), nested(images))


class Own(layers.Layer):
    """A layer that Keras does not know."""

    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (
            lambda: [keras.Input((8, 8, 1)), Own()],
            "cannot be rebuilt.*Could not locate class 'Own'",
        ),
        (
            lambda: [keras.Input((8, 8, 1)), layers.Lambda(lambda x: x)],
            "cannot be rebuilt",
        ),
        (lambda: [keras.Input((8,)), layers.Dense(2)], r"takes images.*\(None, 8\)"),
        (lambda: [layers.Flatten()], r"takes images of shape"),
    ],
)
def test_models_that_cannot_be_used(build, problem):
    """What cannot be rebuilt, or takes no images, is refused."""
    with pytest.raises(ValueError, match=problem):
        model_config(keras.Sequential(build()))


def test_two_inputs_or_outputs():
    """A model must have one input and one output."""
    one, other = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    with pytest.raises(ValueError, match="takes images"):
        model_config(keras.Model([one, other], one + other))
    with pytest.raises(ValueError, match="one output"):
        model_config(keras.Model(one, [one + 1, one + 2]))


@pytest.mark.parametrize("module", ["os", "keras.utils", "keras_extra.layers", None])
def test_forged_description(module):
    """A description imports nothing."""
    description = json.loads(model_config(own_network()))
    layer = description["config"]["layers"][2]
    layer |= {"module": module, "class_name": "path", "registered_name": "x>y"}
    with pytest.raises(ValueError, match=r"path|module"):
        model_of(json.dumps(description))


# -- functions of the user's -----------------------------------------------------------


def relu(x):
    """Return something else than Keras' function of the same name."""
    return 2 * x


def activated(activation):
    """Return a network of one layer and its activation."""
    return keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(2, 3, activation=activation)]
    )


@pytest.mark.parametrize("activation", [relu, keras.ops.gelu])
def test_functions_named_as_those_of_keras_are_refused(activation):
    """Keras finds functions by their names, and would compute something else."""
    with pytest.raises(ValueError, match=r"activation of its layer .* in whose place"):
        model_config(activated(activation))


@pytest.mark.parametrize(
    "activation",
    [
        "gelu",
        keras.ops.relu,
        keras.activations.softmax,
        layers.ReLU(6),
        layers.PReLU(shared_axes=(1, 2)),
    ],
)
def test_activations_of_keras_are_described(activation, images):
    """What Keras finds again is no obstacle."""
    network = activated(activation)
    again = model_of(model_config(network))
    again.set_weights(network.get_weights())
    np.testing.assert_allclose(again(images), network(images), rtol=1e-6)


# -- what is one network ---------------------------------------------------------------


def test_automatic_names_differ_without_meaning(images):
    """A network that a function builds is the same each time."""
    one, other = own_network(), own_network()
    assert model_config(one) != model_config(other)
    config = with_own_numbers(model_config(one))
    assert config == with_own_numbers(model_config(other))
    again = model_of(config)
    again.set_weights(one.get_weights())
    np.testing.assert_array_equal(again(images), one(images))


def test_given_names_stay():
    """A name may decide what a layer of the user's computes."""
    configs = {
        with_own_numbers(
            model_config(
                keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU(name=name)])
            )
        )
        for name in ("sobel", "prewitt")
    }
    assert len(configs) == 2


def test_names_inside_of_networks_are_numbered():
    """Networks in networks, layers in layers, and several calls of a layer."""

    def build():
        inner = own_network()
        shared = layers.Conv2D(5, 1)
        image = keras.Input((8, 8, 3))
        maps = shared(shared(inner(image)))
        wrapped = layers.TimeDistributed(layers.Dense(2))(maps)
        return keras.Model(image, keras.layers.Concatenate()([wrapped, maps]))

    config = with_own_numbers(model_config(build()))
    assert config == with_own_numbers(model_config(build()))
    assert len(model_of(config).weights) == len(build().weights)


def registered_layer(factor):
    """Register a layer under one name, whose code has a number in it."""
    if factor == 2:

        @keras.saving.register_keras_serializable("descriptions", name="Scaled")
        class Scaled(layers.Layer):
            def call(self, inputs):
                return inputs * 2
    else:

        @keras.saving.register_keras_serializable("descriptions", name="Scaled")
        class Scaled(layers.Layer):
            def call(self, inputs):
                return inputs * 3

    return Scaled


def test_own_layers_are_found():
    """They are those that are registered now, and there are none of Keras' own."""
    assert registered_in(model_config(own_network())) == []
    for factor in (2, 3):
        layer = registered_layer(factor)
        network = keras.Sequential([keras.Input((8, 8, 3)), layer()])
        assert registered_in(model_config(network)) == [layer]
