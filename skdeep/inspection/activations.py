"""Activations of the units of a layer."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils import gen_batches

from skdeep.inspection.fitted_layers import FittedLayer, fitted_layer

#: A unit whose activations lie within so much of one another tells rows apart by
#: rounding errors only.
DEAD_RANGE = 1e-6


def unit_activations(estimator: Any, X: Any, layer: str | None = None) -> np.ndarray:
    """Return how strongly each unit of a layer answers to each sample.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with a network.
    X : array-like of shape (n_samples, ...)
        Samples, of the shape and unit that the estimator was fitted on.
    layer : str, default=None
        Name of a layer of the network; by default the code, of a variational
        autoencoder its mean, of a hashing transformer its probabilities. A path such
        as "decoder/reconstruction" tells layers of one name apart.

    Returns
    -------
    activations : ndarray of shape (n_samples, n_units) or \
            (n_samples, map_height, map_width, n_units)
        In float64 if the estimator has `precision="float64"`, otherwise in float32.
        The second shape is that of feature maps.

    Raises
    ------
    TypeError
        If the estimator has no network to look into.
    NotFittedError
        If it is not fitted.
    ValueError
        If there is no such layer, or X does not have the shape that was fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer
    >>> from skdeep.inspection import unit_activations
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = ConvAutoencoderTransformer(
    ...     n_components=10, filters=(8,), epochs=1, random_state=0
    ... ).fit(images)
    >>> unit_activations(autoencoder, images).shape
    (200, 10)
    >>> unit_activations(autoencoder, images, "stage_1_activation").shape
    (200, 4, 4, 8)
    """
    units = fitted_layer(estimator, layer)
    return units.activations(estimator._encode_input(X, reset=False))


def dead_units(
    estimator: Any,
    X: Any,
    layer: str | None = None,
    *,
    tol: float = DEAD_RANGE,
    batch_size: int = 256,
) -> np.ndarray:
    """Return the units of a layer that answer to all samples in the same way.

    They carry nothing: rectified units that are always off, saturated units that are
    always on, components that a variational autoencoder does not use (for which `tol`
    must be larger, such as 0.1).

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with a network.
    X : array-like of shape (n_samples, ...)
        Samples, as many and as varied as the answer is to speak of.
    layer : str, default=None
        Name of a layer of the network; by default the code.
    tol : float, default=1e-6
        Largest difference between two activations of a dead unit, at least 0. Those of
        a feature map are taken over all its positions.
    batch_size : int, default=256
        Samples whose activations are held at once. It does not change the result.

    Returns
    -------
    units : ndarray of int
        Numbers of the dead units, ascending.

    Raises
    ------
    TypeError
        If the estimator has no network to look into.
    NotFittedError
        If it is not fitted.
    ValueError
        If there is no such layer, or `tol` or `batch_size` is too small.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer
    >>> from skdeep.inspection import dead_units
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = ConvAutoencoderTransformer(
    ...     n_components=10, filters=(8,), epochs=1, random_state=0
    ... )
    >>> dead_units(autoencoder.fit(images), images)
    array([], dtype=int64)
    """
    if not tol >= 0:
        raise ValueError(f"tol must be at least 0, got {tol!r}.")
    units = fitted_layer(estimator, layer)
    rows = estimator._encode_input(X, reset=False)
    ranges = RunningRange(units.n_units)
    for _, activations in batches_of_activations(units, rows, batch_size):
        ranges.update(activations)
    return np.flatnonzero(ranges.width <= tol)


class RunningRange:
    """Least and greatest activation of each unit, over batches."""

    def __init__(self, n_units: int) -> None:
        self.low = np.full(n_units, np.inf)
        self.high = np.full(n_units, -np.inf)

    def update(self, activations: np.ndarray) -> None:
        """Take in activations; the last axis is that of the units."""
        flat = activations.reshape(-1, len(self.low))
        self.low = np.minimum(self.low, flat.min(axis=0))
        self.high = np.maximum(self.high, flat.max(axis=0))

    @property
    def width(self) -> np.ndarray:
        """Difference between the greatest and the least activation of each unit."""
        return self.high - self.low


def batches_of_activations(
    units: FittedLayer, rows: Any, batch_size: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield activations of some rows at a time, with the number of the first.

    Parameters
    ----------
    units : FittedLayer
        Whose activations.
    rows : ndarray or TokenSequences
        Encoded rows.
    batch_size : int
        How many rows at a time.

    Yields
    ------
    start : int
    activations : ndarray of shape (n_rows, ..., n_units)
    """
    if not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise ValueError(
            f"batch_size must be an integer of at least 1, got {batch_size!r}."
        )
    take = units.estimator._take
    for batch in gen_batches(len(rows), int(batch_size)):
        yield batch.start, units.activations(take(rows, np.arange(len(rows))[batch]))
