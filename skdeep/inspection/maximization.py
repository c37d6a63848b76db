"""The image that a unit answers to most, of all that there could be."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skdeep import runtime
from skdeep.inspection.fitted_layers import FittedLayer, check_images, fitted_layer

# Noise to start from is so long, as a share of the longest norm allowed.
_START = 0.5


@dataclass(frozen=True)
class MaximizedActivation:
    """An image made so that a unit answers to it strongly.

    Parameters
    ----------
    image : ndarray
        The image, of the shape and in the unit of the samples in `fit`, as floats that
        may be negative.

    activation : float
        What the unit makes of it.

    box : tuple of 4 int
        Top, bottom, left and right of the pixels that the unit sees; the others are 0
        or next to it.

    location : tuple of 2 int or None
        Row and column of the unit in its feature map; None for units without
        positions.

    See Also
    --------
    maximize_activation : Computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.inspection import MaximizedActivation
    >>> found = MaximizedActivation(np.eye(3), 2.5, (0, 3, 0, 3), None)
    >>> found.activation
    2.5
    """

    image: np.ndarray
    activation: float
    box: tuple[int, int, int, int]
    location: tuple[int, int] | None


def maximize_activation(
    estimator: Any,
    unit: int,
    layer: str | None = None,
    *,
    location: Sequence[int] | None = None,
    norm: float | None = None,
    n_steps: int = 256,
    step_size: float = 0.1,
    l2: float = 0.0,
    jitter: int = 0,
    n_starts: int = 8,
    random_state: Any = None,
) -> MaximizedActivation:
    """Make an image that a unit answers to as strongly as possible [1]_.

    Gradient ascent from noise among the images up to a given norm; without that bound
    there would be no strongest answer. All steps of an image have the lengths given,
    whatever the length of the gradient. What rises is the unit's total input, before
    its activation function, which would hide the way up where it is flat; both are
    largest for the same image, as long as the function rises.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of images.
    unit : int
        Number of the unit, or of the feature map.
    layer : str, default=None
        Name of a layer of the network; by default the code. See `unit_activations`.
    location : tuple of 2 int, default=None
        Row and column in the feature map; by default its middle.
    norm : float, default=None
        Longest Euclidean norm of the image, above 0; pixels given as uint8 count from
        0 to 1 here. By default that of an image that is 0.5 wherever the unit sees it.
    n_steps : int, default=256
        Number of steps, at least 1.
    step_size : float, default=0.1
        Length of the first step as a share of `norm`, above 0. Steps shorten linearly.
    l2 : float, default=0.0
        Factor of the squared norm, subtracted from what is maximised: with it, pixels
        that matter little stay near 0.
    jitter : int, default=0
        Pixels, at most, by which the image is shifted at random for each step, at least
        0: patterns that must stand in one exact place fade.
    n_starts : int, default=8
        Images to start from, at least 1; the best result is returned.
    random_state : int, RandomState instance or None, default=None
        Decides the noise and the shifts. An integer makes the result reproducible.

    Returns
    -------
    result : MaximizedActivation
        The `image`, its `activation`, the `box` that the unit sees and its `location`.

    Raises
    ------
    TypeError
        If the estimator has no network to look into, or `unit` is no integer.
    NotFittedError
        If it is not fitted.
    ValueError
        If it takes texts, there is no such layer, unit or location, a parameter is out
        of range, or the unit does not change with the image.

    References
    ----------
    .. [1] Erhan, D., Bengio, Y., Courville, A. & Vincent, P. (2009). Visualizing
       higher-layer features of a deep network. Technical report 1341, Université de
       Montréal.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import DenoisingAutoencoderTransformer
    >>> from skdeep.inspection import maximize_activation
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = DenoisingAutoencoderTransformer(
    ...     10, hidden_layer_sizes=(20,), epochs=1, random_state=0
    ... ).fit(images)
    >>> found = maximize_activation(autoencoder, 3, random_state=0)
    >>> found.image.shape
    (8, 8)
    """
    _check_ranges(norm, n_steps, step_size, l2, jitter, n_starts)
    units = fitted_layer(estimator, layer)
    check_images(estimator)
    unit = units.check_unit(unit)
    location = _checked_location(units, location)
    box = units.receptive_fields().box(*(location or (0, 0)))
    top, bottom, left, right = box
    channels = estimator.image_shape_[2]
    if norm is None:
        norm = 0.5 * np.sqrt((bottom - top) * (right - left) * channels)
    generator = check_random_state(random_state)
    starts = np.zeros((n_starts, *estimator.image_shape_), estimator._inference)
    starts[:, top:bottom, left:right] = generator.normal(
        size=(n_starts, bottom - top, right - left, channels)
    )
    lengths = np.sqrt(np.sum(starts**2, axis=(1, 2, 3), keepdims=True))
    starts *= _START * norm / np.where(lengths > 0, lengths, 1)
    network, weights = units.network(total_input=True)
    images, values = runtime.ascend(
        network,
        weights,
        starts,
        (*(location or ()), unit),
        norm=norm,
        steps=norm * step_size * (1 - np.arange(n_steps) / n_steps),
        shifts=generator.randint(-jitter, jitter + 1, size=(n_steps, 2)),
        penalty=l2,
    )
    if np.array_equal(images, starts):
        raise ValueError(
            f"Unit {unit} of {units.path!r} does not change with the image near any of "
            f"{n_starts} starts, so there is no way up. It may be dead, or lie behind "
            "a layer without gradient, such as a binarisation by threshold. Try "
            "another unit, or more starts."
        )
    best = images[[np.argmax(values)]]
    activation = _activation(units, best, (*(location or ()), unit))
    image = estimator._images.decode(best)[0]
    return MaximizedActivation(image, activation, box, location)


def _activation(units: FittedLayer, image: np.ndarray, place: tuple[int, ...]) -> float:
    """Return the activation of a unit for one image in the network's unit."""
    network, weights = units.network()
    precision = units.estimator.precision
    found = runtime.infer(
        network, weights, runtime.ArrayFeed(image), precision=precision
    )
    return float(found[(0, *place)])


def _checked_location(
    units: FittedLayer, location: Sequence[int] | None
) -> tuple[int, int] | None:
    """Return a position in the maps of a layer; None if it has no maps."""
    shape = units.map_shape
    if shape is None:
        if location is not None:
            raise ValueError(
                f"location={location!r} was given, but the units of {units.path!r} "
                f"have no positions. Leave it out."
            )
        return None
    if location is None:
        return shape[0] // 2, shape[1] // 2
    place = tuple(location) if np.ndim(location) == 1 else ()
    if len(place) != 2 or not all(
        isinstance(number, Integral) and 0 <= number < size
        for number, size in zip(place, shape, strict=True)
    ):
        raise ValueError(
            f"location must be row and column in maps of shape {shape}, counted from "
            f"0, got {location!r}."
        )
    return int(place[0]), int(place[1])


def _check_ranges(
    norm: Any, n_steps: Any, step_size: Any, l2: Any, jitter: Any, n_starts: Any
) -> None:
    for name, value, least in (
        ("n_steps", n_steps, 1),
        ("n_starts", n_starts, 1),
        ("jitter", jitter, 0),
    ):
        if not isinstance(value, Integral) or int(value) < least:
            raise ValueError(
                f"{name} must be an integer of at least {least}, got {value!r}."
            )
    for name, value in (("norm", norm), ("step_size", step_size)):
        if value is not None and not (_is_number(value) and value > 0):
            raise ValueError(f"{name} must be a number above 0, got {value!r}.")
    if not (_is_number(l2) and l2 >= 0):
        raise ValueError(f"l2 must be a number of at least 0, got {l2!r}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and isfinite(value)
