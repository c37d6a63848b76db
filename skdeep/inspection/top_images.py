"""The images that units answer to most."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skdeep.inspection.activations import (
    DEAD_RANGE,
    RunningRange,
    batches_of_activations,
)
from skdeep.inspection.fitted_layers import FittedLayer, fitted_layer, reads_images


@dataclass(frozen=True)
class TopImages:
    """The samples that each unit of a layer answers to most, strongest first.

    Parameters
    ----------
    indices : ndarray of shape (n_units, n_images), dtype int64
        Which samples. Of equal activations the one of the lower index comes first.

    activations : ndarray of shape (n_units, n_images)
        How strong the answer is; for a feature map, at its strongest position.

    dead : ndarray of shape (n_units,), dtype bool
        Whether the unit answers to all samples in the same way, so that its top images
        mean nothing.

    locations : ndarray of shape (n_units, n_images, 2) or None
        Row and column of the strongest position of the feature map, of equal ones the
        first in reading order; None for units without positions.

    boxes : ndarray of shape (n_units, n_images, 4) or None
        Top, bottom, left and right of the pixels that the unit sees from there, its
        receptive field inside the image: ``image[top:bottom, left:right]``. None for
        texts.

    crops : tuple of tuple of ndarray of shape (height, width, channels), or None
        For each unit the images, cut to these boxes, in the unit of the pixels that
        were passed; None for texts.

    See Also
    --------
    top_images : Computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.inspection import TopImages
    >>> found = TopImages(
    ...     indices=np.array([[4, 2]]),
    ...     activations=np.array([[1.5, 0.5]]),
    ...     dead=np.array([False]),
    ... )
    >>> int(found.indices[0, 0])
    4
    """

    indices: np.ndarray
    activations: np.ndarray
    dead: np.ndarray
    locations: np.ndarray | None = None
    boxes: np.ndarray | None = None
    crops: tuple[tuple[np.ndarray, ...], ...] | None = None


def top_images(
    estimator: Any,
    X: Any,
    n_images: int = 9,
    layer: str | None = None,
    *,
    batch_size: int = 256,
) -> TopImages:
    """Find the images that each unit of a layer answers to most [1]_.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with a network.
    X : array-like of shape (n_samples, ...)
        Samples to choose from, best ones that were not in `fit`.
    n_images : int, default=9
        Images for each unit, at most n_samples.
    layer : str, default=None
        Name of a layer of the network; by default the code. See `unit_activations`.
        Each feature map of a convolution counts as one unit.
    batch_size : int, default=256
        Samples whose activations are held at once. It does not change the result.

    Returns
    -------
    result : TopImages
        Arrays `indices`, `activations` and `dead`; `boxes` and `crops` of the part of
        each image that the unit sees; for feature maps also `locations`.

    Raises
    ------
    TypeError
        If the estimator has no network to look into.
    NotFittedError
        If it is not fitted.
    ValueError
        If there is no such layer, there are fewer samples than `n_images`, or it is
        not known what a position of the layer sees.

    References
    ----------
    .. [1] Zeiler, M. D. & Fergus, R. (2014). Visualizing and understanding
       convolutional networks. ECCV 2014, 818-833.
       :doi:`10.1007/978-3-319-10590-1_53`

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer
    >>> from skdeep.inspection import top_images
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = ConvAutoencoderTransformer(
    ...     n_components=10, filters=(8,), epochs=1, random_state=0
    ... ).fit(images)
    >>> found = top_images(autoencoder, images, 4, "stage_1_activation")
    >>> found.indices.shape, found.locations.shape
    ((8, 4), (8, 4, 2))
    """
    units = fitted_layer(estimator, layer)
    rows = estimator._encode_input(X, reset=False)
    if not isinstance(n_images, int | np.integer) or not 1 <= n_images <= len(rows):
        raise ValueError(
            f"n_images must be an integer from 1 to the {len(rows)} samples of X, got "
            f"{n_images!r}."
        )
    indices, values, places, ranges = _strongest(units, rows, n_images, batch_size)
    found: dict[str, Any] = {
        "indices": indices,
        "activations": values,
        "dead": ranges.width <= DEAD_RANGE,
    }
    if units.map_shape is not None:
        locations = np.stack(np.unravel_index(places, units.map_shape), axis=-1)
        found["locations"] = locations
    if reads_images(estimator):
        boxes = _boxes(units, places)
        found["boxes"] = boxes
        found["crops"] = _crops(rows, indices, boxes)
    return TopImages(**found)


def _strongest(
    units: FittedLayer, rows: Any, n_images: int, batch_size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, RunningRange]:
    """Return indices, activations and flat positions for each unit, and the ranges."""
    ranges = RunningRange(units.n_units)
    best: list[np.ndarray] = []
    for start, activations in batches_of_activations(units, rows, batch_size):
        ranges.update(activations)
        by_place = activations.reshape(len(activations), -1, units.n_units)
        places = by_place.argmax(axis=1)
        values = np.take_along_axis(by_place, places[:, None], axis=1)[:, 0]
        numbers = np.broadcast_to(np.arange(len(values))[:, None] + start, values.shape)
        # Those found before stand first and have lower numbers, so that a stable sort
        # puts the lowest number first among equals.
        new = [part.T for part in (numbers, values, places)]
        if best:
            new = [np.hstack(parts) for parts in zip(best, new, strict=True)]
        order = np.argsort(-new[1], axis=1, kind="stable")[:, :n_images]
        best = [np.take_along_axis(part, order, axis=1) for part in new]
    indices, values, places = best
    return indices, values, places, ranges


def _boxes(units: FittedLayer, places: np.ndarray) -> np.ndarray:
    """Return the box that is seen from each flat position."""
    fields = units.receptive_fields()
    n_rows, n_columns = fields.map_shape
    table = [
        fields.box(row, column) for row in range(n_rows) for column in range(n_columns)
    ]
    return np.array(table, dtype=np.int64)[places]


def _crops(
    images: np.ndarray, indices: np.ndarray, boxes: np.ndarray
) -> tuple[tuple[np.ndarray, ...], ...]:
    return tuple(
        tuple(
            images[index, top:bottom, left:right].copy()
            for index, (top, bottom, left, right) in zip(*of_unit, strict=True)
        )
        for of_unit in zip(indices, boxes, strict=True)
    )
