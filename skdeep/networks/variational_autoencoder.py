"""Variational autoencoder, dense or convolutional."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from skdeep.networks.convolutional_autoencoder import conv_autoencoder
from skdeep.networks.probabilistic_layers import (
    BernoulliLogLikelihood,
    CodeAndPixels,
    GaussianDivergence,
    GaussianLogLikelihood,
    GaussianSampling,
    PixelBinarization,
)
from skdeep.networks.sizes import checked_image_shape, positive_integer

__all__ = ["negative_elbo", "variational_autoencoder"]

_LIKELIHOODS: dict[str, Any] = {
    "bernoulli": BernoulliLogLikelihood,
    "gaussian": GaussianLogLikelihood,
}


def variational_autoencoder(
    *,
    image_shape: Sequence[int],
    n_components: int,
    architecture: str = "dense",
    hidden_layer_sizes: Sequence[int] = (200, 200),
    filters: Sequence[int] = (32, 64),
    kernel_size: int = 3,
    activation: str = "elu",
    likelihood: str = "gaussian",
    binarization: str | None = None,
) -> keras.Model:
    """Build a variational autoencoder.

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels of one image.
    n_components : int
        Length of the code.
    architecture : {"dense", "convolutional"}, default="dense"
        What lies between image and code.
    hidden_layer_sizes : sequence of int, default=(200, 200)
        Sizes of the dense layers from the image towards the code; mirrored in the
        decoder. None at all makes both maps affine.
    filters, kernel_size : sequence of int, int
        Stages of the convolutional architecture, as in `conv_autoencoder`.
    activation : str, default="elu"
        Name of the Keras activation of the hidden layers.
    likelihood : {"gaussian", "bernoulli"}, default="gaussian"
        Distribution of the pixels given the code.
    binarization : {"dynamic", "threshold"} or None, default=None
        How pixels are turned into zeros and ones, if at all.

    Returns
    -------
    keras.Model
        Uncompiled model from images to a dict of "log_likelihood" and "divergence",
        each of shape (n,), in nats. Its layer "encoder" maps images to means and log
        variances, side by side in (n, 2 * n_components); "decoder" maps codes to
        images of means or logits; "likelihood" maps codes and pixels, side by side
        in (n, n_components + n_pixels), to log likelihoods (n,).

    Examples
    --------
    >>> from skdeep.networks import variational_autoencoder
    >>> model = variational_autoencoder(image_shape=(8, 8, 1), n_components=3)
    >>> model.get_layer("encoder").output_shape
    (None, 6)
    """
    shape = checked_image_shape(image_shape)
    n_components = positive_integer(n_components, "n_components")
    if likelihood not in _LIKELIHOODS:
        raise ValueError(
            f"likelihood must be one of {sorted(_LIKELIHOODS)}, got {likelihood!r}."
        )
    if architecture == "convolutional":
        settings: dict[str, Any] = {
            "image_shape": shape,
            "filters": filters,
            "kernel_size": kernel_size,
            "activation": activation,
        }
        # The encoder of an autoencoder with twice the code makes both statistics.
        twice = conv_autoencoder(n_components=2 * n_components, **settings)
        encoder = twice.get_layer("encoder")
        once = conv_autoencoder(n_components=n_components, **settings)
        decoder = once.get_layer("decoder")
    else:
        encoder = _dense_encoder(shape, n_components, hidden_layer_sizes, activation)
        decoder = _dense_decoder(shape, n_components, hidden_layer_sizes, activation)
    if binarization == "threshold":
        # Inside the encoder, so that it takes grey images wherever it is used.
        encoder = _thresholding(encoder)
    dtype = keras.config.dtype_policy().variable_dtype
    scorer = _likelihood(shape, n_components, decoder, likelihood, dtype)

    image = keras.Input(shape, name="image")
    pixels = image
    if binarization is not None:
        pixels = PixelBinarization(binarization, name="binarization")(image)
    posterior = encoder(pixels)
    code = GaussianSampling(dtype=dtype, name="sampling")(posterior)
    flat = layers.Flatten(dtype=dtype, name="observed")(pixels)
    beside = layers.Concatenate(dtype=dtype, name="code_and_pixels")([code, flat])
    outputs = {
        "log_likelihood": scorer(beside),
        "divergence": GaussianDivergence(dtype=dtype, name="divergence")(posterior),
        # Nothing is trained through it, but parts of a network must be layers of it.
        "decoded": decoder(code),
    }
    return keras.Model(image, outputs, name="variational_autoencoder")


def _thresholding(encoder: keras.Model) -> keras.Model:
    image = keras.Input(encoder.input_shape[1:], name="grey_image")
    binary = PixelBinarization("threshold", name="threshold")(image)
    return keras.Model(image, encoder(binary), name="encoder")


def _dense_encoder(
    image_shape: tuple[int, int, int],
    n_components: int,
    hidden_layer_sizes: Sequence[int],
    activation: str,
) -> keras.Model:
    image = keras.Input(image_shape, name="encoder_image")
    x = layers.Flatten(name="flatten")(image)
    for number, size in enumerate(hidden_layer_sizes, start=1):
        x = layers.Dense(size, activation, name=f"encoder_{number}")(x)
    dtype = keras.config.dtype_policy().variable_dtype
    posterior = layers.Dense(2 * n_components, dtype=dtype, name="posterior")(x)
    return keras.Model(image, posterior, name="encoder")


def _dense_decoder(
    image_shape: tuple[int, int, int],
    n_components: int,
    hidden_layer_sizes: Sequence[int],
    activation: str,
) -> keras.Model:
    code = keras.Input((n_components,), name="decoder_code")
    x = code
    for number, size in enumerate(reversed(hidden_layer_sizes), start=1):
        x = layers.Dense(size, activation, name=f"decoder_{number}")(x)
    dtype = keras.config.dtype_policy().variable_dtype
    x = layers.Dense(math.prod(image_shape), dtype=dtype, name="pixels")(x)
    x = layers.Reshape(image_shape, dtype=dtype, name="reconstruction")(x)
    return keras.Model(code, x, name="decoder")


def _likelihood(
    image_shape: tuple[int, int, int],
    n_components: int,
    decoder: keras.Model,
    likelihood: str,
    dtype: str,
) -> keras.Model:
    rows = keras.Input(
        (n_components + math.prod(image_shape),), dtype=dtype, name="rows"
    )
    split = CodeAndPixels(n_components, dtype=dtype, name="split")
    code, pixels = split(rows)
    parameters = layers.Flatten(dtype=dtype, name="parameters")(decoder(code))
    score = _LIKELIHOODS[likelihood](dtype=dtype, name=likelihood)
    return keras.Model(rows, score(pixels, parameters), name="likelihood")


def negative_elbo(targets: Any, outputs: dict[str, Any], *, beta: float = 1.0) -> Any:
    """Return minus the evidence lower bound of each row, in nats.

    Parameters
    ----------
    targets : tensor
        Not used: what is observed may have been drawn inside the network.
    outputs : dict of tensors of shape (n_rows,)
        "log_likelihood" and "divergence".
    beta : float, default=1.0
        Weight of the divergence; the bound is one for 1 only.

    Returns
    -------
    losses : tensor of shape (n_rows,)
    """
    return beta * outputs["divergence"] - outputs["log_likelihood"]
