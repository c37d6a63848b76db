"""Autoencoder of images made of convolutions, max-pooling and up-sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
from keras import layers

from skdeep.networks.sizes import checked_image_shape, positive_integer

_CHANNELS_LAST = "channels_last"


def conv_autoencoder(
    *,
    image_shape: Sequence[int],
    n_components: int | None,
    filters: Sequence[int] = (32,),
    kernel_size: int = 3,
    activation: str = "elu",
    batch_normalization: bool = False,
    interpolation: str = "nearest",
) -> keras.Model:
    """Build an autoencoder from Conv2D, MaxPooling2D and UpSampling2D layers.

    Every entry of `filters` is one stage. A stage of the encoder convolves, halves
    height and width by max-pooling and activates; a stage of the decoder doubles
    them by up-sampling and then convolves. Between the two lies the code, a dense
    layer without activation: a rectified code would have to spend two numbers on
    every direction of the data. The output is linear too, so any real pixel can be
    reconstructed.

    Images of every size are accepted. Odd sizes are rounded up when they are halved
    and cropped when they are doubled; an axis of one pixel is never halved, so that a
    plain feature vector can be given as a one-row strip.

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels of one image, each at least 1.
    n_components : int or None
        Length of the code. With None, the code is the last feature map of the
        encoder, flattened; then there is no dense layer at all.
    filters : sequence of int, default=(32,)
        Feature maps of each stage, from the image towards the code. One stage keeps
        most of the detail for the dense layers; more stages see a larger part of
        the image at once.
    kernel_size : int, default=3
        Height and width of the convolution kernels, at least 1.
    activation : str, default="elu"
        Name of the Keras activation of each stage and of the dense layer that opens
        the decoder.
    batch_normalization : bool, default=False
        Whether to normalise over the batch before each activation.
    interpolation : {"nearest", "bilinear"}, default="nearest"
        How the decoder fills in pixels when it doubles the size.

    Returns
    -------
    keras.Model
        Uncompiled model from images `(n, height, width, channels)` to their
        reconstructions of the same shape. Its layer `"encoder"` is the model from
        images to codes `(n, n_components)`; its layer `"decoder"` the model from
        codes to images. Codes and reconstructions have the variable type of the
        current dtype policy: float32, also under a mixed policy.

    Raises
    ------
    ValueError
        If a size is not a positive integer, `filters` is empty or `interpolation`
        is unknown.

    References
    ----------
    .. [1] Hinton, G. E. & Salakhutdinov, R. R. (2006). Reducing the dimensionality
       of data with neural networks. Science 313(5786), 504-507.
       https://doi.org/10.1126/science.1127647
    .. [2] Masci, J., Meier, U., Ciresan, D. & Schmidhuber, J. (2011). Stacked
       convolutional auto-encoders for hierarchical feature extraction. ICANN 2011,
       52-59. https://doi.org/10.1007/978-3-642-21735-7_7

    Examples
    --------
    >>> from skdeep.networks.convolutional_autoencoder import conv_autoencoder
    >>> model = conv_autoencoder(image_shape=(8, 8, 1), n_components=10)
    >>> model.output_shape
    (None, 8, 8, 1)
    >>> model.get_layer("encoder").output_shape
    (None, 10)
    """
    height, width, channels = checked_image_shape(image_shape)
    filters = tuple(positive_integer(f, "every entry of filters") for f in filters)
    if not filters:
        raise ValueError("filters is empty. Give at least one stage, such as (32,).")
    if n_components is not None:
        n_components = positive_integer(n_components, "n_components")
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(
            f'interpolation={interpolation!r} is unknown. Use "nearest" or "bilinear".'
        )
    kernel_size = positive_integer(kernel_size, "kernel_size")
    sizes = _map_sizes(height, width, n_stages=len(filters))
    hidden = _HiddenLayers(kernel_size, activation, batch_normalization)
    encoder = _encoder(sizes, channels, filters, n_components, hidden)
    decoder = _decoder(sizes, channels, filters, n_components, hidden, interpolation)
    image = keras.Input((height, width, channels), name="image")
    return keras.Model(image, decoder(encoder(image)), name="conv_autoencoder")


class _HiddenLayers:
    """Makes the layers that every stage repeats with the same settings."""

    def __init__(
        self, kernel_size: int, activation: str, batch_normalization: bool
    ) -> None:
        self.kernel_size = kernel_size
        self.activation = activation
        self.batch_normalization = batch_normalization

    def convolve(
        self, maps: keras.KerasTensor, filters: int, name: str
    ) -> keras.KerasTensor:
        """Apply a convolution that keeps height and width; do not activate yet."""
        return layers.Conv2D(
            filters,
            self.kernel_size,
            padding="same",
            # The normalisation subtracts the mean, and any bias with it.
            use_bias=not self.batch_normalization,
            data_format=_CHANNELS_LAST,
            name=f"{name}_convolution",
        )(maps)

    def activate(self, maps: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Apply the activation, after a batch normalisation where one is wanted."""
        if self.batch_normalization:
            maps = layers.BatchNormalization(name=f"{name}_normalization")(maps)
        return layers.Activation(self.activation, name=f"{name}_activation")(maps)


def _encoder(
    sizes: list[tuple[int, int]],
    channels: int,
    filters: tuple[int, ...],
    n_components: int | None,
    hidden: _HiddenLayers,
) -> keras.Model:
    """Build the model from images to codes."""
    image = keras.Input((*sizes[0], channels), name="encoder_image")
    maps = image
    for stage, n_maps in enumerate(filters, start=1):
        name = f"stage_{stage}"
        maps = hidden.convolve(maps, n_maps, name)
        window = _pooling_window(sizes[stage - 1])
        if window != (1, 1):
            maps = layers.MaxPooling2D(
                window,
                padding="same",
                data_format=_CHANNELS_LAST,
                name=f"{name}_pooling",
            )(maps)
        # A rising activation and the maximum may change places; in this order the
        # activation has four times fewer values to work on.
        maps = hidden.activate(maps, name)
    code = layers.Flatten(data_format=_CHANNELS_LAST, name="flatten")(maps)
    if n_components is not None:
        code = layers.Dense(n_components, dtype=_variable_dtype(), name="code")(code)
    return keras.Model(image, code, name="encoder")


def _decoder(
    sizes: list[tuple[int, int]],
    channels: int,
    filters: tuple[int, ...],
    n_components: int | None,
    hidden: _HiddenLayers,
    interpolation: str,
) -> keras.Model:
    """Build the model from codes to images."""
    map_shape = (*sizes[-1], filters[-1])
    n_features = math.prod(map_shape)
    code = keras.Input((n_components or n_features,), name="decoder_code")
    if n_components is None:
        maps = layers.Reshape(map_shape, name="maps")(code)
    else:
        maps = layers.Dense(n_features, name="expansion")(code)
        maps = layers.Reshape(map_shape, name="maps")(maps)
        maps = hidden.activate(maps, "expansion")
    for stage in range(len(filters), 0, -1):
        maps = _enlarge(maps, sizes[stage], sizes[stage - 1], stage, interpolation)
        if stage > 1:
            maps = hidden.convolve(maps, filters[stage - 2], f"stage_{stage}")
            maps = hidden.activate(maps, f"stage_{stage}")
    image = layers.Conv2D(
        channels,
        hidden.kernel_size,
        padding="same",
        data_format=_CHANNELS_LAST,
        dtype=_variable_dtype(),
        name="reconstruction",
    )(maps)
    return keras.Model(code, image, name="decoder")


def _enlarge(
    maps: keras.KerasTensor,
    size: tuple[int, int],
    enlarged_size: tuple[int, int],
    stage: int,
    interpolation: str,
) -> keras.KerasTensor:
    """Undo one max-pooling: up-sample, then crop what rounding up has added."""
    window = _pooling_window(enlarged_size)
    if window != (1, 1):
        maps = layers.UpSampling2D(
            window,
            interpolation=interpolation,
            data_format=_CHANNELS_LAST,
            name=f"stage_{stage}_upsampling",
        )(maps)
    surplus = [
        (0, pixels * factor - wanted)
        for pixels, factor, wanted in zip(size, window, enlarged_size, strict=True)
    ]
    if surplus != [(0, 0), (0, 0)]:
        maps = layers.Cropping2D(
            surplus, data_format=_CHANNELS_LAST, name=f"stage_{stage}_cropping"
        )(maps)
    return maps


def _map_sizes(height: int, width: int, n_stages: int) -> list[tuple[int, int]]:
    """Return the size of the image and of the maps after each max-pooling."""
    sizes = [(height, width)]
    for _ in range(n_stages):
        height, width = (math.ceil(pixels / 2) for pixels in sizes[-1])
        sizes.append((height, width))
    return sizes


def _pooling_window(size: tuple[int, int]) -> tuple[int, int]:
    """Return by how much each axis is divided: an axis of one pixel stays whole."""
    return (min(size[0], 2), min(size[1], 2))


def _variable_dtype() -> str:
    """Return the type of the weights, which a mixed policy keeps at full precision."""
    return keras.config.dtype_policy().variable_dtype
