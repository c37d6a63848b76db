"""Arrays of images: which shape, which unit, flat or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PIXEL_SCALE = 1.0 / 255.0

ImageShape = tuple[int, int, int]


@dataclass(frozen=True)
class ImageEncoding:
    """How the images of a fitted estimator look.

    Attributes
    ----------
    image_shape : tuple of 3 int
        Height, width and channels.
    sample_shape : tuple of int
        Shape of a sample as the user passed it: flat, with or without channels.
    is_uint8 : bool
        Whether pixels are counted from 0 to 255 rather than given as floats.
    """

    image_shape: ImageShape
    sample_shape: tuple[int, ...]
    is_uint8: bool

    @property
    def scale(self) -> float:
        """Factor from the user's unit to the network's."""
        return PIXEL_SCALE if self.is_uint8 else 1.0

    def decode(self, images: np.ndarray) -> np.ndarray:
        """Turn the network's images into the shape and unit of the user's."""
        images = images.reshape(len(images), *self.sample_shape)
        return images * np.float32(255) if self.is_uint8 else images


def flatten_samples(X: Any) -> tuple[Any, tuple[int, ...] | None]:
    """Flatten the samples of an array of images.

    Parameters
    ----------
    X : array-like
        Anything that scikit-learn takes, or images of 3 or 4 dimensions.

    Returns
    -------
    X : array-like
        The samples, flat if they were images.
    sample_shape : tuple of int or None
        Shape of one image; None if X was not an array of images.

    Raises
    ------
    ValueError
        If X has more than four dimensions, or images of different shapes.
    """
    if isinstance(X, list | tuple):
        first: Any = X[0] if X else None
        if isinstance(first, np.ndarray) or _depth(first) > 1:
            X = _stacked(X)
    shape = getattr(X, "shape", ())
    if not isinstance(shape, tuple) or len(shape) < 3:
        return X, None
    if len(shape) > 4:
        raise ValueError(
            f"X has {len(shape)} dimensions, got shape {shape}. Pass images as "
            "(n_samples, height, width), (n_samples, height, width, channels), or "
            "flat as (n_samples, n_features) with image_shape."
        )
    X = np.asarray(X)
    return X.reshape(len(X), int(np.prod(shape[1:]))), tuple(map(int, shape[1:]))


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, list | tuple) and value:
        value, depth = value[0], depth + 1
    return depth


def _stacked(images: Sequence[Any]) -> np.ndarray:
    try:
        arrays = [np.asarray(image) for image in images]
    except ValueError as error:
        raise ValueError(
            f"X has images whose rows differ in length: {error} Pass images of one "
            "shape, as arrays."
        ) from error
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise ValueError(
            f"X has images of different shapes, got {sorted(shapes)[:3]}. Resize them "
            "to one shape first."
        )
    return np.stack(arrays)


def resolve_image_shape(
    sample_shape: tuple[int, ...] | None,
    n_features: int,
    image_shape: Sequence[int] | None,
) -> ImageShape:
    """Decide the shape of an image at fit.

    Parameters
    ----------
    sample_shape : tuple of int or None
        Shape of the images passed, without or with channels; None if flat.
    n_features : int
        Numbers in a sample.
    image_shape : sequence of 2 or 3 int, or None
        The estimator's parameter.

    Returns
    -------
    image_shape : tuple of 3 int
        A flat sample without a given shape is an image of one row.

    Raises
    ------
    ValueError
        If the shapes contradict each other.
    """
    given = None
    if image_shape is not None:
        given = tuple(int(size) for size in image_shape)
        if len(given) not in (2, 3) or min(given) < 1:
            raise ValueError(
                "image_shape must be (height, width) or (height, width, channels) "
                f"with sizes of at least 1, got {image_shape!r}."
            )
        given = given if len(given) == 3 else (*given, 1)
    if sample_shape is None:
        if given is None:
            return (1, n_features, 1)
        if int(np.prod(given)) != n_features:
            raise ValueError(
                f"X has {n_features} features per sample, but image_shape={given} "
                f"needs {int(np.prod(given))}. Pass images of that shape, flattened, "
                "or change image_shape."
            )
        return given  # type: ignore[return-value]
    found = sample_shape if len(sample_shape) == 3 else (*sample_shape, 1)
    if given is not None and given != found:
        raise ValueError(
            f"X has images of shape {found}, but image_shape={given}. Leave "
            "image_shape=None to take the shape from X, or pass images of that shape."
        )
    return found  # type: ignore[return-value]
