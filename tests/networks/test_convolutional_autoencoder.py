"""Tests of the convolutional autoencoder network."""

import json

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.networks.convolutional_autoencoder import conv_autoencoder

# image shape -> values in the last feature map of filters (32, 64)
LAST_MAP = {
    (1, 1, 1): 64,
    (1, 4, 1): 64,
    (1, 20, 1): 5 * 64,
    (3, 1, 2): 64,
    (2, 2, 1): 64,
    (7, 5, 1): 2 * 2 * 64,
    (8, 8, 1): 2 * 2 * 64,
    (28, 28, 1): 7 * 7 * 64,
    (32, 32, 3): 8 * 8 * 64,
}

ALLOWED_LAYERS = {
    "Activation",
    "BatchNormalization",
    "Conv2D",
    "Cropping2D",
    "Dense",
    "Flatten",
    "InputLayer",
    "MaxPooling2D",
    "Reshape",
    "UpSampling2D",
}


# image shape -> values in the feature map of the default filters (32,)
DEFAULT_MAP = {
    (1, 1, 1): 32,
    (1, 4, 1): 2 * 32,
    (1, 20, 1): 10 * 32,
    (7, 5, 1): 4 * 3 * 32,
    (8, 8, 1): 4 * 4 * 32,
    (28, 28, 1): 14 * 14 * 32,
    (32, 32, 3): 16 * 16 * 32,
}


def images(shape, n=3):
    """Return a few images of uniform noise."""
    return np.random.default_rng(0).random((n, *shape), dtype="float32")


def parts(model):
    """Return the encoder and the decoder of an autoencoder."""
    return model.get_layer("encoder"), model.get_layer("decoder")


def convolution(n_in, n_out):
    """Return how many parameters a 3x3 convolution with bias has."""
    return 9 * n_in * n_out + n_out


def dense(n_in, n_out):
    """Return how many parameters a dense layer has."""
    return n_in * n_out + n_out


@pytest.mark.parametrize("shape", LAST_MAP)
@pytest.mark.parametrize("n_components", [1, 10, None])
def test_shapes(shape, n_components):
    """Images, codes and reconstructions have the promised shapes and types."""
    model = conv_autoencoder(
        image_shape=shape, n_components=n_components, filters=(32, 64)
    )
    encoder, decoder = parts(model)
    code = encoder(images(shape))
    output = decoder(code)
    assert code.shape == (3, n_components or LAST_MAP[shape])
    assert output.shape == (3, *shape)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"
    np.testing.assert_array_equal(output, model(images(shape)))


@pytest.mark.parametrize("shape", LAST_MAP)
def test_number_of_parameters(shape):
    """The network holds the weights of the textbook formula and no others."""
    channels = shape[-1]
    encoder, decoder = parts(
        conv_autoencoder(image_shape=shape, n_components=10, filters=(32, 64))
    )
    assert encoder.count_params() == (
        convolution(channels, 32) + convolution(32, 64) + dense(LAST_MAP[shape], 10)
    )
    assert decoder.count_params() == (
        dense(10, LAST_MAP[shape]) + convolution(64, 32) + convolution(32, channels)
    )


@pytest.mark.parametrize("shape", DEFAULT_MAP)
def test_default_has_one_stage(shape):
    """By default one convolution and one pooling lie between image and dense code."""
    channels = shape[-1]
    model = conv_autoencoder(image_shape=shape, n_components=10)
    assert model(images(shape)).shape == (3, *shape)
    assert model.count_params() == (
        convolution(channels, 32)
        + dense(DEFAULT_MAP[shape], 10)
        + dense(10, DEFAULT_MAP[shape])
        + convolution(32, channels)
    )


@pytest.mark.parametrize("activation", ["elu", "relu", "tanh"])
def test_pooling_before_a_rising_activation_changes_nothing(activation):
    """The encoder equals the textbook order: convolve, activate, pool."""
    encoder, _ = parts(
        conv_autoencoder(
            image_shape=(7, 5, 2),
            n_components=None,
            filters=(6,),
            activation=activation,
        )
    )
    maps = encoder.get_layer("stage_1_convolution")(images((7, 5, 2)))
    maps = keras.activations.get(activation)(maps)
    maps = keras.ops.max_pool(maps, 2, padding="same")
    np.testing.assert_allclose(
        encoder(images((7, 5, 2))), np.reshape(maps, (3, -1)), rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize("batch_normalization", [False, True])
@pytest.mark.parametrize("n_components", [4, None])
def test_only_the_promised_layers(batch_normalization, n_components):
    """Nothing but convolution, pooling, up-sampling and dense layers works here."""
    model = conv_autoencoder(
        image_shape=(7, 5, 1),
        n_components=n_components,
        batch_normalization=batch_normalization,
    )
    kinds = {type(layer).__name__ for part in parts(model) for layer in part.layers}
    assert kinds <= ALLOWED_LAYERS
    assert ("BatchNormalization" in kinds) == batch_normalization
    assert ("Dense" in kinds) == (n_components is not None)


def test_layer_names_do_not_depend_on_what_was_built_before():
    """Two equal calls give equal configurations, down to every name."""
    first, second = (
        conv_autoencoder(image_shape=(7, 5, 3), n_components=4) for _ in range(2)
    )
    assert first.to_json() == second.to_json()


@pytest.mark.parametrize("n_components", [4, None])
def test_configuration_round_trip(n_components):
    """A model rebuilt from its JSON configuration computes the same numbers."""
    shape = (7, 5, 3)
    model = conv_autoencoder(
        image_shape=shape,
        n_components=n_components,
        filters=(4, 6),
        activation="elu",
        batch_normalization=True,
        interpolation="bilinear",
    )
    again = keras.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(model(images(shape)), again(images(shape)))
    assert json.loads(again.to_json()) == json.loads(model.to_json())


def test_uncompiled():
    """Loss and optimizer are the business of whoever trains the network."""
    model = conv_autoencoder(image_shape=(2, 2, 1), n_components=1)
    assert not model.compiled


def test_code_and_output_are_linear():
    """Neither the code nor the reconstruction is squeezed into a range."""
    encoder, decoder = parts(conv_autoencoder(image_shape=(4, 4, 1), n_components=3))
    assert encoder.get_layer("code").activation is keras.activations.linear
    assert decoder.get_layer("reconstruction").activation is keras.activations.linear


def test_mixed_precision_keeps_code_and_output_in_float32():
    """Half precision inside, full precision where users read numbers."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = conv_autoencoder(image_shape=(4, 4, 1), n_components=3)
    finally:
        keras.config.set_dtype_policy(before)
    encoder, decoder = parts(model)
    assert encoder.get_layer("stage_1_convolution").compute_dtype == "bfloat16"
    assert encoder.output.dtype == decoder.output.dtype == "float32"


def test_channels_last_whatever_the_keras_configuration():
    """The layout of images is ours, not that of the user's Keras settings."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        model = conv_autoencoder(image_shape=(7, 5, 3), n_components=2)
    finally:
        keras.config.set_image_data_format(before)
    assert model.output_shape == (None, 7, 5, 3)
    assert {
        layer.data_format
        for part in parts(model)
        for layer in part.layers
        if hasattr(layer, "data_format")
    } == {"channels_last"}


@settings(max_examples=15, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 13), st.integers(1, 13), st.integers(1, 3)),
    filters=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    kernel_size=st.integers(1, 4),
    interpolation=st.sampled_from(["nearest", "bilinear"]),
)
def test_every_size_comes_back(shape, filters, kernel_size, interpolation):
    """The output has the shape of the input, however often it was halved."""
    model = conv_autoencoder(
        image_shape=shape,
        n_components=2,
        filters=filters,
        kernel_size=kernel_size,
        interpolation=interpolation,
    )
    assert model.output_shape == (None, *shape)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_shape": (8, 8)}, "three are needed"),
        ({"image_shape": (8, 0, 1)}, "every entry of image_shape"),
        ({"n_components": 0}, "n_components must be an integer of at least 1, got 0"),
        ({"filters": ()}, "filters is empty"),
        ({"filters": (8, 2.5)}, "every entry of filters"),
        ({"kernel_size": True}, "kernel_size must be"),
        ({"interpolation": "cubic"}, "interpolation='cubic' is unknown"),
    ],
)
def test_wrong_sizes_are_named(changes, message):
    """A size that makes no sense is refused with its name and value."""
    settings_ = {"image_shape": (8, 8, 1), "n_components": 2, **changes}
    with pytest.raises(ValueError, match=message):
        conv_autoencoder(**settings_)
