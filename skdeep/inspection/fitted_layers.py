"""The units of one layer of a fitted estimator."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdeep import runtime
from skdeep.networks.receptive_fields import ReceptiveFields, receptive_fields
from skdeep.networks.truncation import cut_at_layer, up_to_layer

_CODE = "encoder"


def check_network(estimator: Any) -> None:
    """Refuse what is not a fitted estimator with a network.

    Parameters
    ----------
    estimator : object
        What a user passed.

    Raises
    ------
    TypeError
        If it has no network, or one that a user wrote.
    NotFittedError
        If it is not fitted.
    """
    if isinstance(estimator, type) or not hasattr(estimator, "_network"):
        raise TypeError(
            f"{estimator!r} has no network to look into. Pass a fitted estimator of "
            "skdeep that trains one; of a pipeline, pass the step."
        )
    if not hasattr(estimator, "_encode_input"):
        # A wrapper knows neither which of its inputs are images nor what units are.
        raise TypeError(
            f"{type(estimator).__name__} wraps a network of your own, which cannot be "
            "looked into here. For what a layer computes, use KerasTransformer(model_, "
            "output_layer=...) with its model_, and call initialize and transform."
        )
    check_is_fitted(estimator)


def reads_images(estimator: Any) -> bool:
    """Tell whether an estimator takes images rather than texts."""
    return hasattr(estimator, "image_shape_")


def check_images(estimator: Any) -> None:
    """Refuse an estimator that does not take images.

    Parameters
    ----------
    estimator : estimator
        One with a network, fitted.

    Raises
    ------
    ValueError
        If it takes texts.
    """
    if not reads_images(estimator):
        raise ValueError(
            f"{type(estimator).__name__} does not take images, so there is no image to "
            "show. Pass an estimator of images."
        )


@dataclass(frozen=True)
class FittedLayer:
    """The units of a layer, with what is needed to compute their activations.

    Attributes
    ----------
    estimator : estimator
        Whose layer it is, fitted.
    path : str
        Name of the layer in the network.
    n_units : int
        Number of units, or of feature maps.
    map_shape : tuple of 2 int or None
        Height and width of the maps; None if the layer has no positions.
    """

    estimator: Any
    path: str
    n_units: int
    map_shape: tuple[int, int] | None

    def activations(self, rows: Any) -> np.ndarray:
        """Return the activations of the units for encoded rows.

        Parameters
        ----------
        rows : ndarray or TokenSequences
            As the estimator encodes its input.

        Returns
        -------
        activations : ndarray of shape (n_rows, n_units) or \
                (n_rows, map_height, map_width, n_units)
        """
        estimator = self.estimator
        feed = estimator._feed(rows)
        if self.path == _CODE:
            # The part that `transform` computes, shared with it.
            found = estimator._infer(feed, part=_CODE)
        else:
            network, weights = self._own_network
            found = runtime.infer(network, weights, feed, precision=estimator.precision)
        return found[..., : self.n_units]

    @cached_property
    def _own_network(self) -> tuple[runtime.NetworkSpec, list[np.ndarray]]:
        return self.network()

    def network(
        self, *, total_input: bool = False
    ) -> tuple[runtime.NetworkSpec, list[np.ndarray]]:
        """Return the network up to the layer, and its fitted weights.

        Parameters
        ----------
        total_input : bool, default=False
            Whether to leave out the activation function of the units.

        Returns
        -------
        network : NetworkSpec
        weights : list of ndarray
        """
        whole = self.estimator.model_
        places = {id(v): place for place, v in enumerate(whole.weights)}
        part = cut_at_layer(whole, self.path, total_input=total_input)
        weights = [self.estimator.weights_[places[id(v)]] for v in part.weights]
        network = runtime.NetworkSpec(
            up_to_layer,
            network=self.estimator._network(),
            layer=self.path,
            total_input=total_input,
        )
        return network, weights

    def receptive_fields(self) -> ReceptiveFields:
        """Return which pixels each position of the layer sees."""
        return receptive_fields(cut_at_layer(self.estimator.model_, self.path))

    def check_unit(self, unit: Any) -> int:
        """Return the number of a unit, or say that there is none of that number."""
        if not isinstance(unit, int | np.integer) or isinstance(unit, bool):
            raise TypeError(
                f"unit must be the number of a unit, an integer, got {unit!r}."
            )
        if not 0 <= unit < self.n_units:
            raise ValueError(
                f"unit={unit} does not exist: the layer has {self.n_units} units, "
                f"counted from 0 to {self.n_units - 1}."
            )
        return int(unit)


def fitted_layer(estimator: Any, layer: str | None) -> FittedLayer:
    """Return a layer of a fitted estimator.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with a network.
    layer : str or None
        Name of the layer; None for the code.

    Returns
    -------
    layer : FittedLayer

    Raises
    ------
    TypeError
        If the estimator has no network, a head on a frozen one, or one that a user
        wrote, or if `layer` is no string.
    NotFittedError
        If it is not fitted.
    ValueError
        If there is no such layer, or it has no units that can be told apart.
    """
    check_network(estimator)
    if layer is not None and not isinstance(layer, str):
        raise TypeError(f"layer must be the name of a layer or None, got {layer!r}.")
    model = estimator.model_
    if len(model.weights) != len(estimator.weights_):
        raise TypeError(
            f"{type(estimator).__name__} has trained the head of its network alone, so "
            "its other layers cannot be looked into. Use BackboneTransformer for the "
            "features that the head reads, and first_layer_filters for the filters."
        )
    if layer is None and _CODE not in {part.name for part in model.layers}:
        raise ValueError(
            f"{type(estimator).__name__} has no code, so layer=None says nothing. "
            "Name one of the layers of its model_.summary(expand_nested=True)."
        )
    path = layer or _CODE
    shape = cut_at_layer(model, path).output_shape
    allowed = (2, 4) if reads_images(estimator) else (2,)
    if not isinstance(shape, tuple) or len(shape) not in allowed:
        raise ValueError(
            f"The layer {path!r} returns {shape} for rows of {type(estimator).__name__}"
            ", but units need one number each for a row"
            f"{', or a map of them' if 4 in allowed else ''}. Name another layer."
        )
    n_units = _code_length(estimator) if layer is None else shape[-1]
    return FittedLayer(
        estimator, path, n_units, shape[1:3] if len(shape) == 4 else None
    )


def _code_length(estimator: Any) -> int:
    # What stands behind a variational code are log variances.
    return getattr(estimator, "autoencoder_", estimator)._n_features_out
