"""Autoencoder whose code units saturate, so that they can be read as bits."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from skdeep.networks.corruption import GaussianCorruption
from skdeep.networks.sizes import checked_image_shape, positive_integer

__all__ = ["semantic_hashing_autoencoder"]


def semantic_hashing_autoencoder(
    *,
    image_shape: Sequence[int],
    n_bits: int,
    hidden_layer_sizes: Sequence[int] = (500, 250),
    activation: str = "relu",
    noise_scale: float = 4.0,
    dropout: float = 0.0,
) -> keras.Model:
    """Build a dense autoencoder with a noisy logistic code.

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels of one image.
    n_bits : int
        Number of code units.
    hidden_layer_sizes : sequence of int, default=(500, 250)
        Dense layers from the image towards the code, mirrored in the decoder.
    activation : str, default="relu"
        Name of the Keras activation of the hidden layers.
    noise_scale : float, default=4.0
        Standard deviation of the noise on the code units' total input in training.
    dropout : float in [0, 1), default=0.0
        Share of the pixels set to zero in training.

    Returns
    -------
    keras.Model
        Uncompiled model from images to their reconstructions. Its layer "encoder"
        maps images to code probabilities (n, n_bits), "decoder" maps codes to images.

    Examples
    --------
    >>> from skdeep.networks import semantic_hashing_autoencoder
    >>> model = semantic_hashing_autoencoder(image_shape=(8, 8, 1), n_bits=12)
    >>> model.get_layer("encoder").output_shape
    (None, 12)
    """
    shape = checked_image_shape(image_shape)
    n_bits = positive_integer(n_bits, "n_bits")
    dtype = keras.config.dtype_policy().variable_dtype

    image = keras.Input(shape, name="encoder_image")
    x = layers.Flatten(name="flatten")(image)
    if dropout:
        x = layers.Dropout(dropout, name="pixel_dropout")(x)
    for number, size in enumerate(hidden_layer_sizes, start=1):
        x = layers.Dense(size, activation, name=f"encoder_{number}")(x)
    x = layers.Dense(n_bits, dtype=dtype, name="total_input")(x)
    if noise_scale:
        x = GaussianCorruption(noise_scale, dtype=dtype, name="noise")(x)
    code = layers.Activation("sigmoid", dtype=dtype, name="code")(x)
    encoder = keras.Model(image, code, name="encoder")

    bits = keras.Input((n_bits,), name="decoder_code")
    x = bits
    for number, size in enumerate(reversed(hidden_layer_sizes), start=1):
        x = layers.Dense(size, activation, name=f"decoder_{number}")(x)
    x = layers.Dense(math.prod(shape), dtype=dtype, name="pixels")(x)
    x = layers.Reshape(shape, dtype=dtype, name="reconstruction")(x)
    decoder = keras.Model(bits, x, name="decoder")

    whole = keras.Input(shape, name="image")
    return keras.Model(whole, decoder(encoder(whole)), name="semantic_hashing")
