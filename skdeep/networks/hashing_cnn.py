"""Convolutional classifier whose layer under the output gives bits."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from skdeep.networks.augmentation import RandomMirror, RandomShift
from skdeep.networks.corruption import GaussianCorruption
from skdeep.networks.sizes import checked_image_shape, positive_integer

__all__ = ["hashing_cnn"]

# An image is not pooled below this height or width.
_SMALLEST_POOLED = 2


def hashing_cnn(
    *,
    image_shape: Sequence[int],
    n_bits: int,
    n_outputs: int,
    filters: Sequence[int] = (32, 64, 128),
    activation: str = "gelu",
    dropout: float = 0.0,
    noise_scale: float = 1.0,
    mirror: bool = False,
    shift: int = 0,
) -> keras.Model:
    """Build a convolutional network with a layer of logistic units under its output.

    Every entry of `filters` is a stage of two 3x3 convolutions, each with batch
    normalisation, and 2x2 max-pooling. The mean over what is left of the image leads
    to the code, and the code alone to the classes.

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels of one image.
    n_bits : int
        Number of code units.
    n_outputs : int
        Number of logits: 1 for two classes, otherwise the number of classes.
    filters : sequence of int, default=(32, 64, 128)
        Feature maps of each stage.
    activation : str, default="gelu"
        Name of the Keras activation of the convolutions.
    dropout : float in [0, 1), default=0.0
        Share of the pooled features dropped in training.
    noise_scale : float, default=1.0
        Standard deviation of the noise on the code units' total input in training.
    mirror : bool, default=False
        Whether images are mirrored at random in training.
    shift : int, default=0
        Most pixels by which they are shifted in training.

    Returns
    -------
    keras.Model
        Uncompiled model from images to logits, float32. Its layer "encoder" maps
        images to code probabilities (n, n_bits).
    """
    shape = checked_image_shape(image_shape)
    n_bits = positive_integer(n_bits, "n_bits")
    dtype = keras.config.dtype_policy().variable_dtype

    image = keras.Input(shape, name="encoder_image")
    x: Any = image
    if mirror:
        x = RandomMirror(name="mirror")(x)
    if shift:
        x = RandomShift(shift, name="shift")(x)
    for stage, n_maps in enumerate(filters, start=1):
        for number in (1, 2):
            name = f"stage_{stage}_{number}"
            x = layers.Conv2D(
                n_maps, 3, padding="same", use_bias=False, name=f"{name}_convolution"
            )(x)
            x = layers.BatchNormalization(momentum=0.9, name=f"{name}_normalization")(x)
            x = layers.Activation(activation, name=f"{name}_activation")(x)
        window = [2 if size >= _SMALLEST_POOLED else 1 for size in x.shape[1:3]]
        if window != [1, 1]:
            x = layers.MaxPooling2D(window, name=f"stage_{stage}_pooling")(x)
    x = layers.GlobalAveragePooling2D(dtype=dtype, name="mean")(x)
    if dropout:
        x = layers.Dropout(dropout, dtype=dtype, name="dropout")(x)
    x = layers.Dense(n_bits, dtype=dtype, name="total_input")(x)
    if noise_scale:
        x = GaussianCorruption(noise_scale, dtype=dtype, name="noise")(x)
    code = layers.Activation("sigmoid", dtype=dtype, name="code")(x)
    encoder = keras.Model(image, code, name="encoder")

    whole = keras.Input(shape, name="image")
    logits = layers.Dense(n_outputs, dtype=dtype, name="logits")(encoder(whole))
    return keras.Model(whole, logits, name="hashing_cnn")
