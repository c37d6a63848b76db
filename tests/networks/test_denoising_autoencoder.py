"""Autoencoders with a layer that corrupts images in training."""

import numpy as np
import pytest

from skdeep.networks.denoising_autoencoder import denoising_autoencoder

IMAGES = np.random.default_rng(0).random((3, 8, 6, 2), dtype="float32")
SETTINGS = {
    "corruption": "gaussian",
    "corruption_level": 0.5,
    "image_shape": (8, 6, 2),
    "n_components": 4,
}


@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
def test_corruption_acts_in_training_only(architecture):
    """In inference the model is its encoder followed by its decoder."""
    model = denoising_autoencoder(architecture=architecture, **SETTINGS)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    clean = decoder(encoder(IMAGES))
    assert clean.shape == IMAGES.shape
    np.testing.assert_array_equal(model(IMAGES), clean)
    assert np.abs(model(IMAGES, training=True) - clean).max() > 1e-3


@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
def test_output_activation(architecture):
    """The decoder, and with it the model, ends with the activation asked for."""
    linear, squeezed = (
        denoising_autoencoder(
            architecture=architecture, output_activation=activation, **SETTINGS
        )
        for activation in ("linear", "sigmoid")
    )
    squeezed.set_weights(linear.get_weights())
    codes = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    sums = np.asarray(linear.get_layer("decoder")(codes))
    found = squeezed.get_layer("decoder")(codes)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-sums)), rtol=1e-5)
    assert [w.path for w in linear.weights] == [w.path for w in squeezed.weights]


def test_sizes_reach_the_autoencoder():
    """What is not about corruption is handed on."""
    dense = denoising_autoencoder(
        architecture="dense", hidden_layer_sizes=(9, 8), **SETTINGS
    )
    assert dense.get_layer("encoder").get_layer("hidden_2").units == 8
    convolutional = denoising_autoencoder(
        architecture="convolutional", filters=(3,), **SETTINGS
    )
    first = convolutional.get_layer("encoder").get_layer("stage_1_convolution")
    assert first.filters == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "recurrent"}, "architecture must be one of"),
        ({"corruption": "blur"}, "kind must be one of"),
        ({"corruption_level": -1.0}, "standard deviation"),
        ({"n_components": 0}, "n_components must be"),
    ],
)
def test_wrong_settings_are_named(changes, message):
    """A setting that makes no sense is refused with its name and value."""
    with pytest.raises(ValueError, match=message):
        denoising_autoencoder(**{"architecture": "dense", **SETTINGS, **changes})
