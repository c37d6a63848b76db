"""Kernels of the first layer, as images."""

from math import prod
from typing import Any

import numpy as np

from skdeep.inspection.fitted_layers import check_images, check_network
from skdeep.networks.graphs import first_layer_with_kernel


def first_layer_filters(estimator: Any) -> np.ndarray:
    """Return the filters of the first layer of a fitted estimator as images.

    They are the patterns that the units of the layer look for: of a convolution its
    kernels, of a dense layer the weights from the pixels to each unit.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of images.

    Returns
    -------
    filters : ndarray of shape (n_filters, height, width, channels)
        Weights, positive or negative. Height and width are those of the kernel, or of
        the image for a dense layer.

    Raises
    ------
    TypeError
        If the estimator has no network to look into.
    NotFittedError
        If it is not fitted.
    ValueError
        If it takes texts, or its first layer with weights does not read the pixels.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer
    >>> from skdeep.inspection import first_layer_filters
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = ConvAutoencoderTransformer(
    ...     n_components=10, filters=(8,), epochs=1, random_state=0
    ... )
    >>> first_layer_filters(autoencoder.fit(images)).shape
    (8, 3, 3, 1)
    """
    check_network(estimator)
    check_images(estimator)
    layer = first_layer_with_kernel(estimator.model_)
    if layer is None:
        raise ValueError(
            f"The network of {type(estimator).__name__} has no layer with a kernel, so "
            "it has no filters."
        )
    kernel = np.asarray(layer.kernel)
    image_shape = estimator.image_shape_
    if kernel.ndim == 4 and kernel.shape[2] == image_shape[2]:
        return np.ascontiguousarray(np.moveaxis(kernel, -1, 0))
    if kernel.ndim == 2 and len(kernel) == prod(image_shape):
        return kernel.T.reshape(-1, *image_shape)
    raise ValueError(
        f"The first layer with a kernel, {layer.name!r}, has one of shape "
        f"{kernel.shape}, which does not read images of shape {image_shape} pixel by "
        "pixel, so its filters are no images."
    )
