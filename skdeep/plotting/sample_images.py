"""Samples of an estimator as images to draw."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray


def first_samples(X: Any, n_samples: int | None) -> Any:
    """Return the first samples of X as an array; all for None.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        The samples.

    n_samples : int or None
        How many, at least 1.

    Returns
    -------
    samples : ndarray or data frame

    Raises
    ------
    ValueError
        If `n_samples` is less than 1, or there is no sample.
    """
    if n_samples is not None and (not isinstance(n_samples, Integral) or n_samples < 1):
        raise ValueError(
            f"The number of images must be an integer of at least 1 or None, got "
            f"{n_samples!r}."
        )
    # Cut off first: X may be larger than memory. A data frame keeps its names.
    samples = X[:n_samples]
    samples = samples if hasattr(samples, "columns") else np.asarray(samples)
    if len(samples) == 0:
        raise ValueError("X has no samples to draw. Pass at least one.")
    return samples


def as_images(
    estimator: Any, samples: Any, image_shape: Sequence[int] | None = None
) -> NDArray[Any]:
    """Return samples as images with channels.

    Parameters
    ----------
    estimator : estimator
        Fitted; it may know the shape of its images.

    samples : array-like of shape (n_samples, ...)
        Samples, flat or not.

    image_shape : tuple of 2 or 3 int, default=None
        Height, width and channels, where the estimator does not know them.

    Returns
    -------
    images : ndarray of shape (n_samples, height, width, channels)

    Raises
    ------
    ValueError
        If the shape is not known, or another one.
    """
    array = np.asarray(samples)
    shape = image_shape or getattr(estimator, "image_shape_", None)
    if shape is None and array.ndim in (3, 4):
        shape = array.shape[1:]
    if shape is None:
        raise ValueError(
            f"X has flat samples, and {type(estimator).__name__} does not know the "
            "shape of its images. Pass image_shape=(height, width) or (height, width, "
            "channels)."
        )
    shape = tuple(int(size) for size in shape)
    shape = shape if len(shape) == 3 else (*shape, 1)
    if prod(array.shape[1:]) != prod(shape):
        raise ValueError(
            f"X has samples of shape {array.shape[1:]}, which are no images of shape "
            f"{shape}. Pass the image_shape that they have."
        )
    return array.reshape(len(array), *shape)
