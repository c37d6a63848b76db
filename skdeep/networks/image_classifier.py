"""What all classifiers of images have around their convolutions."""

from typing import Any

import keras
from keras import layers

from skdeep.networks.augmentation import AlternatingMirror, RandomCutout, RandomShift
from skdeep.networks.sizes import positive_integer
from skdeep.networks.standardization import Standardization
from skdeep.networks.views import MeanOfViews, Views, views_of

__all__ = ["image_classifier", "kernel_size_for", "pooled", "widened"]


def image_classifier(
    body: keras.Model,
    *,
    name: str,
    mirror: bool = False,
    shift: int = 0,
    cutout: int = 0,
    average_views: bool = False,
) -> keras.Model:
    """Put standardisation, augmentation and averaging around a network.

    Parameters
    ----------
    body : keras.Model
        Network from images to logits, called "body".
    name : str
        Name of the whole.
    mirror : bool, default=False
        Whether images are mirrored in every second epoch of training.
    shift : int, default=0
        Most pixels by which they are shifted in training.
    cutout : int, default=0
        Side in pixels of a square that is hidden from them in training.
    average_views : bool, default=False
        Whether logits are averaged, in inference, over the image and the same image
        mirrored and shifted by a pixel, as far as training does the like.

    Returns
    -------
    keras.Model
        Uncompiled model from images to logits.
    """
    image = keras.Input(body.input_shape[1:], name="image")
    x: Any = Standardization(name="standardization")(image)
    if mirror:
        x = AlternatingMirror(name="mirror")(x)
    if shift:
        x = RandomShift(shift, "reflect", name="shift")(x)
    if cutout:
        x = RandomCutout(cutout, name="cutout")(x)
    views, shares = views_of(mirror=mirror, shift=shift > 0)
    if not average_views or len(views) == 1:
        return keras.Model(image, body(x), name=name)
    logits = body(Views(views, name="views")(x))
    logits = MeanOfViews(shares, dtype=logits.dtype, name="mean_of_views")(logits)
    return keras.Model(image, logits, name=name)


def widened(widths: tuple[int, ...], factor: float) -> list[int]:
    """Return numbers of filters multiplied by a factor and rounded, at least 1."""
    if not factor > 0:
        raise ValueError(f"width must be a positive number, got {factor!r}.")
    return [positive_integer(max(1, round(n * factor)), "width") for n in widths]


def kernel_size_for(maps: Any) -> tuple[int, int]:
    """Return 3x3, but 1 along an axis of one pixel: the rest would see nothing."""
    height, width = (1 if size == 1 else 3 for size in maps.shape[1:3])
    return height, width


def pooled(maps: Any, name: str) -> Any:
    """Halve height and width by the maximum of 2x2; an axis of one pixel stays."""
    window = tuple(min(size, 2) for size in maps.shape[1:3])
    if window == (1, 1):
        return maps
    return layers.MaxPooling2D(window, name=name)(maps)
