"""Autoencoders that see corrupted images in training."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from skdeep.networks.convolutional_autoencoder import conv_autoencoder
from skdeep.networks.corruption import corruption_layer
from skdeep.networks.dense_autoencoder import dense_autoencoder

__all__ = ["denoising_autoencoder"]

_BUILDERS: dict[str, Callable[..., keras.Model]] = {
    "convolutional": conv_autoencoder,
    "dense": dense_autoencoder,
}


def denoising_autoencoder(
    *,
    architecture: str,
    corruption: str,
    corruption_level: float,
    output_activation: str = "linear",
    **sizes: Any,
) -> keras.Model:
    """Build an autoencoder with a layer that corrupts the images in training.

    Parameters
    ----------
    architecture : {"dense", "convolutional"}
        Which autoencoder follows: `dense_autoencoder` or `conv_autoencoder`.
    corruption : {"gaussian", "masking", "salt_and_pepper", "dropout"}
        What is done to the images; see `corruption_layer`.
    corruption_level : float
        How much of it.
    output_activation : str, default="linear"
        Name of the Keras activation of the reconstruction.
    **sizes : object
        Passed to the builder of the autoencoder, such as `image_shape` and
        `n_components`.

    Returns
    -------
    keras.Model
        Uncompiled model from images to their reconstructions. Its layers
        `"encoder"` and `"decoder"` are those of the autoencoder; `"corruption"`
        stands before them and does nothing outside of training.

    Raises
    ------
    ValueError
        If `architecture`, `corruption` or its level is unknown, or a size is wrong.

    See Also
    --------
    skdeep.networks.corruption.corruption_layer : The kinds of corruption.

    Examples
    --------
    >>> from skdeep.networks.denoising_autoencoder import denoising_autoencoder
    >>> model = denoising_autoencoder(
    ...     architecture="dense",
    ...     corruption="gaussian",
    ...     corruption_level=0.3,
    ...     image_shape=(8, 8, 1),
    ...     n_components=10,
    ... )
    >>> [layer.name for layer in model.layers]
    ['image', 'corruption', 'encoder', 'decoder']
    """
    if architecture not in _BUILDERS:
        raise ValueError(
            f"architecture must be one of {sorted(_BUILDERS)}, got {architecture!r}."
        )
    autoencoder = _BUILDERS[architecture](**sizes)
    encoder = autoencoder.get_layer("encoder")
    decoder = _activated(autoencoder.get_layer("decoder"), output_activation)
    image = keras.Input(autoencoder.input_shape[1:], name="image")
    corrupted = corruption_layer(corruption, corruption_level, name="corruption")(image)
    return keras.Model(image, decoder(encoder(corrupted)), name="denoising_autoencoder")


def _activated(decoder: keras.Model, activation: str) -> keras.Model:
    """Return the decoder with an activation after its last layer."""
    if activation == "linear":
        return decoder
    output = layers.Activation(
        activation, dtype=decoder.output.dtype, name="reconstruction_activation"
    )(decoder.output)
    return keras.Model(decoder.input, output, name="decoder")
