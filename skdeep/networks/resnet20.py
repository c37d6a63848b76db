"""The residual network of 20 layers for small images."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from skdeep.networks.image_classifier import image_classifier, kernel_size_for, widened
from skdeep.networks.sizes import checked_image_shape

__all__ = ["WideningShortcut", "resnet20"]

_WIDTHS = (16, 32, 64)
_BLOCKS = 3


@keras.saving.register_keras_serializable(package="skdeep")
class WideningShortcut(layers.Layer):
    """Hand on every n-th pixel, with channels of zeros added: nothing is learned.

    Parameters
    ----------
    strides : sequence of 2 int
        Which pixels to take along each axis, from the first.
    channels : int
        How many there are to be, at least as many as there are.
    **kwargs : object
        Passed to `keras.layers.Layer`.
    """

    row_by_row = True

    def __init__(self, strides: Any, channels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.strides = tuple(int(stride) for stride in strides)
        self.channels = channels
        self.built = True

    def call(self, maps: Any) -> Any:
        """Return the smaller and wider maps."""
        down, right = self.strides
        missing = self.channels - maps.shape[-1]
        maps = maps[:, ::down, ::right, :]
        return ops.pad(maps, [(0, 0), (0, 0), (0, 0), (0, missing)])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the smaller and wider maps."""
        n_rows, *sizes, _ = input_shape
        sizes = [-(-size // by) for size, by in zip(sizes, self.strides, strict=True)]
        return (n_rows, *sizes, self.channels)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return super().get_config() | {
            "strides": self.strides,
            "channels": self.channels,
        }


def resnet20(
    *,
    image_shape: Sequence[int],
    n_outputs: int,
    width: float = 1.0,
    dropout: float = 0.0,
    mirror: bool = False,
    shift: int = 0,
    cutout: int = 0,
    average_views: bool = False,
) -> keras.Model:
    """Build the residual network of 20 layers.

    He et al. [1]_ use it for CIFAR-10: a 3x3 convolution with 16 filters, then three
    stages of three blocks with 16, 32 and 64 filters. A block is two 3x3 convolutions,
    each followed by batch normalisation, with a rectifier between them and one after
    the sum with the block's input. The first convolution of the second and the third
    stage has stride 2; there the input of the block is subsampled and gets channels of
    zeros, which costs no parameters ("option A"). All other strides are 1, the image is
    padded by one pixel of zeros everywhere. The mean over all pixels leads to the
    classes.

    For images of 32x32x3 and 10 classes these are 269,722 trained parameters and 40.6
    million multiply-adds.

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels of one image.
    n_outputs : int
        Number of logits: 1 for two classes, otherwise the number of classes.
    width : float, default=1.0
        Factor of the numbers of filters.
    dropout : float in [0, 1), default=0.0
        Share of the pooled features dropped in training.
    mirror : bool, default=False
        Whether images are mirrored in every second epoch of training.
    shift : int, default=0
        Most pixels by which they are shifted in training.
    cutout : int, default=0
        Side in pixels of a square that is hidden from them in training.
    average_views : bool, default=False
        Whether logits are averaged over mirrored and shifted views in inference.

    Returns
    -------
    keras.Model
        Uncompiled model from images to logits. Its layer "standardization" comes first,
        its layer "body" has the convolutions.

    References
    ----------
    .. [1] He, K., Zhang, X., Ren, S. & Sun, J. (2016). Deep residual learning for image
       recognition. CVPR 2016, 770-778. :doi:`10.1109/CVPR.2016.90`

    Examples
    --------
    >>> from skdeep.networks.costs import multiply_adds
    >>> from skdeep.networks.resnet20 import resnet20
    >>> multiply_adds(resnet20(image_shape=(32, 32, 3), n_outputs=10))
    40551040
    """
    image = keras.Input(checked_image_shape(image_shape), name="body_image")
    dtype = keras.config.dtype_policy().variable_dtype
    widths = widened(_WIDTHS, width)
    x = _normalized(_convolved(image, widths[0], (1, 1), "first"), "first")
    x = layers.Activation("relu", name="first_activation")(x)
    for stage, n_filters in enumerate(widths, start=1):
        for block in range(1, _BLOCKS + 1):
            x = _block(
                x, n_filters, smaller=stage > 1 and block == 1, name=f"{stage}_{block}"
            )
    x = layers.GlobalAveragePooling2D(dtype=dtype, name="mean")(x)
    if dropout:
        x = layers.Dropout(dropout, dtype=dtype, name="dropout")(x)
    logits = layers.Dense(
        n_outputs, kernel_initializer="he_normal", dtype=dtype, name="logits"
    )(x)
    return image_classifier(
        keras.Model(image, logits, name="body"),
        name="resnet20",
        mirror=mirror,
        shift=shift,
        cutout=cutout,
        average_views=average_views,
    )


def _block(maps: Any, n_filters: int, *, smaller: bool, name: str) -> Any:
    """Return the maps plus what two convolutions make of them."""
    strides = tuple(min(size, 2) if smaller else 1 for size in maps.shape[1:3])
    shortcut = maps
    if strides != (1, 1) or maps.shape[-1] != n_filters:
        shortcut = WideningShortcut(strides, n_filters, name=f"block_{name}_shortcut")(
            maps
        )
    x = _convolved(maps, n_filters, strides, f"block_{name}_1")
    x = layers.Activation("relu", name=f"block_{name}_1_activation")(
        _normalized(x, f"block_{name}_1")
    )
    x = _convolved(x, n_filters, (1, 1), f"block_{name}_2")
    x = _normalized(x, f"block_{name}_2")
    x = layers.Add(name=f"block_{name}_sum")([shortcut, x])
    return layers.Activation("relu", name=f"block_{name}_activation")(x)


def _convolved(maps: Any, n_filters: int, strides: tuple[int, ...], name: str) -> Any:
    kernel_size = kernel_size_for(maps)
    padding = "same"
    if strides != (1, 1):
        # "same" would pad at the far end alone, and look at other pixels than the
        # shortcut takes.
        around = [(size // 2, size // 2) for size in kernel_size]
        maps = layers.ZeroPadding2D(around, name=f"{name}_padding")(maps)
        padding = "valid"
    return layers.Conv2D(
        n_filters,
        kernel_size,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_convolution",
    )(maps)


def _normalized(maps: Any, name: str) -> Any:
    return layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, name=f"{name}_normalization"
    )(maps)
