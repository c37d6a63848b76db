"""Networks cut off at a layer, and the walk through their graph."""

import keras
import numpy as np
import pytest
from keras import layers

from skdeep.networks import (
    conv_autoencoder,
    semantic_hashing_autoencoder,
    variational_autoencoder,
)
from skdeep.networks.dense_autoencoder import dense_autoencoder
from skdeep.networks.graphs import first_layer_with_kernel, layer_paths
from skdeep.networks.image_classifier import image_classifier
from skdeep.networks.receptive_fields import receptive_fields
from skdeep.networks.truncation import cut_at_layer, up_to_layer

SHAPE = (8, 8, 1)
IMAGES = np.random.default_rng(0).uniform(size=(5, *SHAPE)).astype("float32")


def conv_network():
    """Return an autoencoder whose halves have layers of one name."""
    return conv_autoencoder(image_shape=SHAPE, n_components=4, filters=(2, 3))


def test_layers_are_found_in_sub_models():
    """The first of a name in the order of computation, others by their path."""
    model = conv_network()
    assert cut_at_layer(model, "stage_2_convolution").output_shape == (None, 4, 4, 3)
    path = "decoder/stage_2_convolution"
    assert path in layer_paths(model)
    assert cut_at_layer(model, path).output_shape == (None, 4, 4, 2)


def test_a_part_computes_what_the_whole_computes():
    """Cut at the sub-models, the network gives codes and reconstructions."""
    model = conv_network()
    code = model.get_layer("encoder")(IMAGES)
    for name in ("encoder", "code", "encoder/code"):
        np.testing.assert_array_equal(cut_at_layer(model, name)(IMAGES), code)
    np.testing.assert_array_equal(cut_at_layer(model, "decoder")(IMAGES), model(IMAGES))


def test_weights_are_some_of_the_whole():
    """They are the same variables, in the same order."""
    model = conv_network()
    places = [id(v) for v in model.weights]
    found = [places.index(id(v)) for v in cut_at_layer(model, "code").weights]
    assert found == list(range(6))
    tied = dense_autoencoder(
        image_shape=SHAPE, n_components=3, hidden_layer_sizes=(5,), tied_weights=True
    )
    part = cut_at_layer(tied, "reconstruction")
    assert {id(v) for v in part.weights} == {id(v) for v in tied.weights}


def test_unknown_layer():
    """The message lists those that exist."""
    with pytest.raises(ValueError, match=r"no layer 'cod'.*encoder/code"):
        up_to_layer(network=conv_network, layer="cod")
    with pytest.raises(ValueError, match="no layer 'decoder/code'"):
        up_to_layer(network=conv_network, layer="decoder/code")


def test_total_input_of_a_layer_with_activation():
    """Its activation is left out, wherever it stands."""
    image = keras.Input(SHAPE)
    x = layers.Conv2D(2, 3, name="convolution")(image)
    x = layers.ReLU(name="rectified")(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(3, "sigmoid", name="hidden")(x)
    model = keras.Model(image, layers.Dense(2, "softmax", name="classes")(x))
    maps = cut_at_layer(model, "rectified", total_input=True)(IMAGES)
    np.testing.assert_array_equal(maps, cut_at_layer(model, "convolution")(IMAGES))
    assert float(np.min(maps)) < 0
    # Classes depend on one another: there is no total input of one.
    classes = cut_at_layer(model, "classes", total_input=True)(IMAGES)
    np.testing.assert_allclose(np.sum(classes, axis=1), 1, rtol=1e-6)
    hidden = np.asarray(cut_at_layer(model, "hidden")(IMAGES))
    total = np.asarray(cut_at_layer(model, "hidden", total_input=True)(IMAGES))
    np.testing.assert_allclose(hidden, 1 / (1 + np.exp(-total)), rtol=1e-5)


def test_total_input_of_a_code():
    """Of a saturating code what it saturates from, through noise and sub-models."""
    model = semantic_hashing_autoencoder(
        image_shape=SHAPE, n_bits=3, hidden_layer_sizes=(4,)
    )
    expected = cut_at_layer(model, "total_input")(IMAGES)
    found = cut_at_layer(model, "encoder", total_input=True)(IMAGES)
    np.testing.assert_array_equal(found, expected)
    nested = variational_autoencoder(
        image_shape=SHAPE, n_components=2, binarization="threshold"
    )
    part = cut_at_layer(nested, "encoder", total_input=True)
    np.testing.assert_array_equal(part(IMAGES), nested.get_layer("encoder")(IMAGES))


def test_total_input_of_the_network_itself():
    """An activation right behind the input leads back to the image."""
    image = keras.Input(SHAPE)
    model = keras.Model(image, layers.ReLU(name="rectified")(image))
    part = cut_at_layer(model, "rectified", total_input=True)
    np.testing.assert_array_equal(part(-IMAGES), -IMAGES)


def test_one_view_before_averages():
    """Inside of a network that averages over views, a row is an image."""
    image = keras.Input(SHAPE, name="body_image")
    maps = layers.Conv2D(2, 3, padding="same", name="convolution")(image)
    logits = layers.Dense(3, name="logits")(layers.Flatten(name="flatten")(maps))
    body = keras.Model(image, logits, name="body")
    model = image_classifier(
        body, name="whole", mirror=True, shift=1, average_views=True
    )
    averaged = np.asarray(model(IMAGES))
    np.testing.assert_array_equal(
        cut_at_layer(model, "mean_of_views")(IMAGES), averaged
    )
    part = cut_at_layer(model, "convolution")
    assert receptive_fields(part).box(3, 0) == (2, 5, 0, 2)
    np.testing.assert_allclose(
        part(IMAGES), body.get_layer("convolution")(IMAGES), rtol=1e-5, atol=1e-6
    )


def test_first_kernel():
    """The first layer with a kernel, None without one."""
    assert first_layer_with_kernel(conv_network()).name == "stage_1_convolution"
    image = keras.Input(SHAPE)
    assert first_layer_with_kernel(keras.Model(image, layers.Flatten()(image))) is None
