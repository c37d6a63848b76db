"""Networks cut off at one of their layers."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from skdeep.networks.graphs import calls_of, is_own, layer_paths, producer

__all__ = ["cut_at_layer", "up_to_layer"]

# What they return in inference is their first input.
_UNCHANGING = (
    layers.Dropout,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.SpatialDropout2D,
)
_OWN_UNCHANGING = {"ContractivePenalty", "Corruption", "SparsityPenalty"}
_ACTIVATIONS = (
    layers.Activation,
    layers.ELU,
    layers.LeakyReLU,
    layers.ReLU,
)
_WITH_ACTIVATION = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv2DTranspose,
    layers.Dense,
    layers.DepthwiseConv2D,
    layers.SeparableConv2D,
)
# These look at all units at once.
_NOT_UNIT_BY_UNIT = (keras.activations.softmax, keras.activations.log_softmax)


def up_to_layer(
    *, network: Callable[[], keras.Model], layer: str, total_input: bool = False
) -> keras.Model:
    """Build a network and cut it off at one of its layers.

    Parameters
    ----------
    network : callable
        Builds a functional `keras.Model`.
    layer : str
        Name of the layer, as in `cut_at_layer`.
    total_input : bool, default=False
        Whether to leave out the activation function of its units.

    Returns
    -------
    keras.Model
        From the network's input to what the layer returns. Its weights are some of
        those of the network, in the same order.

    Raises
    ------
    ValueError
        If there is no layer of that name.
    """
    return cut_at_layer(network(), layer, total_input=total_input)


def cut_at_layer(
    model: keras.Model, layer: str, *, total_input: bool = False
) -> keras.Model:
    """Return the part of a network that leads to one of its layers.

    Parameters
    ----------
    model : keras.Model
        A functional model.
    layer : str
        Name of the layer. Layers of sub-models are found, too, the first in the order
        of computation; a path such as "decoder/stage_2_convolution" picks another.
    total_input : bool, default=False
        Whether to leave out the activation function of its units, if it looks at one
        unit at a time, and layers that do nothing in inference.

    Returns
    -------
    keras.Model
        It takes over the layers of `model`, which may change in doing so: `model` is
        not to be used any more, but for its weights. In front of the layer that
        averages over views of an image, the image is the only view.

    Raises
    ------
    ValueError
        If there is no layer of that name.

    Examples
    --------
    >>> from skdeep.networks import conv_autoencoder
    >>> from skdeep.networks.truncation import cut_at_layer
    >>> model = conv_autoencoder(image_shape=(8, 8, 1), n_components=10)
    >>> cut_at_layer(model, "stage_1_activation").output_shape
    (None, 4, 4, 32)
    """
    part = _part(model, layer, total_input)
    if part is None:
        raise ValueError(
            f"The network has no layer {layer!r}. Its layers are "
            f"{', '.join(layer_paths(model))}; name one of them."
        )
    _see_one_view(part)
    return part


def _see_one_view(part: keras.Model) -> None:
    """Have a part see images themselves, where the whole averages over their views.

    Each view is a row of its own until the answers are averaged.
    """
    inner = part._flatten_layers(include_self=False)
    views = [layer for layer in inner if is_own(layer, {"Views", "MeanOfViews"})]
    if not any(is_own(layer, {"MeanOfViews"}) for layer in views):
        for layer in views:
            layer.views = layer.views[:1]


def _part(model: keras.Model, layer: str, total_input: bool) -> keras.Model | None:
    calls = calls_of(model)
    for call in calls:
        if call.operation.name == layer:
            output = _total_input(call) if total_input else call.outputs[0]
            return keras.Model(model.input, output)
    first, _, rest = layer.partition("/")
    for call in calls:
        inner = call.operation
        if isinstance(inner, keras.Model):
            wanted = rest if rest and inner.name == first else layer
            part = _part(inner, wanted, total_input)
            if part is not None:
                return keras.Model(model.input, part(*call.input_tensors))
    return None


def _total_input(call: Any) -> keras.KerasTensor:
    """Return what a call would return without the activation of its units."""
    layer = call.operation
    if call.is_input:
        return call.outputs[0]
    if isinstance(layer, keras.Model):
        inner = keras.Model(layer.input, _total_input(producer(layer.outputs[0])))
        return inner(*call.input_tensors)
    if getattr(layer, "activation", None) in _NOT_UNIT_BY_UNIT:
        return call.outputs[0]
    passed = isinstance(layer, (*_UNCHANGING, *_ACTIVATIONS))
    if passed or is_own(layer, _OWN_UNCHANGING):
        return _total_input(producer(call.input_tensors[0]))
    if isinstance(layer, _WITH_ACTIVATION):
        layer.activation = keras.activations.linear
    return call.outputs[0]
