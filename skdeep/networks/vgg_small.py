"""A small convolutional classifier in the style of VGG."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from skdeep.networks.image_classifier import (
    image_classifier,
    kernel_size_for,
    pooled,
    widened,
)
from skdeep.networks.sizes import checked_image_shape

__all__ = ["vgg_small"]

_WIDTHS = (32, 64, 128)


def vgg_small(
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
    """Build six 3x3 convolutions in three stages.

    As in VGG [1]_ a stage is two convolutions of stride 1 with zeros at the edge
    ("same" padding), and stages of 32, 64 and 128 filters are separated by 2x2
    max-pooling of stride 2. Each convolution is followed by batch normalisation and a
    rectifier. The mean over what is left of the image, not a dense layer over all of
    it, leads to the classes: any size will do, and there are few parameters to learn
    from few examples. Axes of one pixel have kernels and windows of one, so that a
    plain vector is a signal along one axis.

    For images of 32x32x3 and 10 classes these are 288,746 trained parameters and 38.6
    million multiply-adds; for 8x8x1, 2.3 million.

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
    .. [1] Simonyan, K. & Zisserman, A. (2015). Very deep convolutional networks for
       large-scale image recognition. :doi:`10.48550/arXiv.1409.1556`

    Examples
    --------
    >>> from skdeep.networks.costs import multiply_adds
    >>> from skdeep.networks.vgg_small import vgg_small
    >>> model = vgg_small(image_shape=(32, 32, 3), n_outputs=10)
    >>> multiply_adds(model)
    38634752
    """
    image = keras.Input(checked_image_shape(image_shape), name="body_image")
    dtype = keras.config.dtype_policy().variable_dtype
    x: Any = image
    for stage, n_filters in enumerate(widened(_WIDTHS, width), start=1):
        if stage > 1:
            x = pooled(x, f"stage_{stage}_pooling")
        for number in (1, 2):
            name = f"stage_{stage}_{number}"
            x = layers.Conv2D(
                n_filters,
                kernel_size_for(x),
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
                name=f"{name}_convolution",
            )(x)
            x = layers.BatchNormalization(momentum=0.9, name=f"{name}_normalization")(x)
            x = layers.Activation("relu", name=f"{name}_activation")(x)
    x = layers.GlobalAveragePooling2D(dtype=dtype, name="mean")(x)
    if dropout:
        x = layers.Dropout(dropout, dtype=dtype, name="dropout")(x)
    logits = layers.Dense(n_outputs, dtype=dtype, name="logits")(x)
    return image_classifier(
        keras.Model(image, logits, name="body"),
        name="vgg_small",
        mirror=mirror,
        shift=shift,
        cutout=cutout,
        average_views=average_views,
    )
