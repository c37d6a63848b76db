"""A convolutional classifier made for few passes over the data."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from skdeep.networks.identity_initializer import IdentityUniform
from skdeep.networks.image_classifier import (
    image_classifier,
    kernel_size_for,
    pooled,
    widened,
)
from skdeep.networks.sizes import checked_image_shape
from skdeep.networks.whitening import FrozenKernelConv2D

__all__ = ["airbench"]

_WIDTHS = (64, 256, 256)
_LOGIT_SCALE = 1 / 9
# Exact zeros, as of a column that is always the same, must not be blown up: the
# original's 1e-12 does that.
_EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="skdeep")
def approximate_gelu(x: Any) -> Any:
    """Return Gaussian error linear units, approximated by a hyperbolic tangent.

    They differ from the exact ones by 5e-4 at most, which are made of the error
    function: on processors that is the slower one.
    """
    return ops.gelu(x, approximate=True)


def airbench(
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
    """Build the network of Jordan's "94% on CIFAR-10 in 3.29 seconds".

    The first layer [1]_ is a 2x2 convolution without padding whose kernel is not
    trained: its filters whiten the patches of the training images, once
    `skdeep.networks.whitening.whitening_kernel` has been put into its weights; there
    are twice as many as numbers in a patch, 24 for colours, each with its negative.
    Then come three groups of 64, 256 and 256 filters. A group is a 3x3 convolution, 2x2
    max-pooling, and another 3x3 convolution, all of stride 1 with zeros at the edge;
    after the pooling and after the second convolution there is batch normalisation,
    whose scale is fixed at one, and GELU, approximated by a hyperbolic tangent where
    the original is exact. Convolutions begin as copies of their input
    (`skdeep.networks.identity_initializer.IdentityUniform`). The maximum over what is
    left of the image, 3x3 of 32x32 pixels, leads to the classes; logits are divided by
    nine.

    For images of 32x32x3 and 10 classes these are 1.97 million parameters and 118
    million multiply-adds. Inference costs six times as many with `average_views`.

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels of one image.
    n_outputs : int
        Number of logits: 1 for two classes, otherwise the number of classes.
    width : float, default=1.0
        Factor of the numbers of filters in the three groups.
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
        its layer "body" has the convolutions, the first of which is "whitening".

    References
    ----------
    .. [1] Jordan, K. (2024). 94% on CIFAR-10 in 3.29 seconds on a single GPU.
       :doi:`10.48550/arXiv.2404.00498`

    Examples
    --------
    >>> from skdeep.networks.costs import multiply_adds
    >>> from skdeep.networks.airbench import airbench
    >>> multiply_adds(airbench(image_shape=(32, 32, 3), n_outputs=10))
    118147360
    """
    image = keras.Input(checked_image_shape(image_shape), name="body_image")
    dtype = keras.config.dtype_policy().variable_dtype
    height, width_of_image, channels = image.shape[1:]
    patch = (min(height, 2), min(width_of_image, 2))
    x: Any = FrozenKernelConv2D(
        2 * patch[0] * patch[1] * channels, patch, name="whitening"
    )(image)
    x = layers.Activation(approximate_gelu, name="whitening_activation")(x)
    for group, n_filters in enumerate(widened(_WIDTHS, width), start=1):
        x = _group(x, n_filters, f"group_{group}")
    x = layers.GlobalMaxPooling2D(dtype=dtype, name="maximum")(x)
    if dropout:
        x = layers.Dropout(dropout, dtype=dtype, name="dropout")(x)
    logits = layers.Dense(
        n_outputs,
        use_bias=False,
        kernel_initializer=keras.initializers.VarianceScaling(
            1 / 3, "fan_in", "uniform"
        ),
        dtype=dtype,
        name="logits",
    )(x)
    logits = layers.Rescaling(_LOGIT_SCALE, dtype=dtype, name="scaled_logits")(logits)
    return image_classifier(
        keras.Model(image, logits, name="body"),
        name="airbench",
        mirror=mirror,
        shift=shift,
        cutout=cutout,
        average_views=average_views,
    )


def _group(maps: Any, n_filters: int, name: str) -> Any:
    """Return what a group of two convolutions makes of maps."""
    for number in (1, 2):
        maps = layers.Conv2D(
            n_filters,
            kernel_size_for(maps),
            padding="same",
            use_bias=False,
            kernel_initializer=IdentityUniform(),
            name=f"{name}_{number}_convolution",
        )(maps)
        if number == 1:
            maps = pooled(maps, f"{name}_pooling")
        maps = layers.BatchNormalization(
            momentum=0.6,
            epsilon=_EPSILON,
            scale=False,
            name=f"{name}_{number}_normalization",
        )(maps)
        name_of_activation = f"{name}_{number}_activation"
        maps = layers.Activation(approximate_gelu, name=name_of_activation)(maps)
    return maps
