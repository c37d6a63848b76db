"""How much a network has to compute."""

import math
from typing import Any

import keras
from keras import layers

from skdeep.networks.graphs import calls_of, is_own
from skdeep.networks.transposed_dense import TransposedDense

__all__ = ["multiply_adds"]

_DENSE = (layers.Dense, TransposedDense)
_CONVOLUTIONS = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
)
_TRANSPOSED = (
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Conv3DTranspose,
)
_RECURRENT = (layers.GRU, layers.LSTM, layers.SimpleRNN)
# Their weights may have as many axes as the data, and meet each number once.
_ELEMENTWISE = (
    layers.BatchNormalization,
    layers.GroupNormalization,
    layers.LayerNormalization,
    layers.Normalization,
    layers.PReLU,
    layers.RMSNormalization,
)
# What multiplies data with data, or does whatever a user likes, without weights that
# would tell how much.
_UNCOUNTED_LAYERS = (
    layers.AdditiveAttention,
    layers.Attention,
    layers.Dot,
    layers.Lambda,
)
_UNCOUNTED_OPERATIONS = {
    "Conv",
    "ConvTranspose",
    "DepthwiseConv",
    "Dot",
    "DotProductAttention",
    "Einsum",
    "Inner",
    "Matmul",
    "Outer",
    "SeparableConv",
    "Tensordot",
    "Vdot",
}
_KNOWN_MODULES = ("keras.", "skdeep.")


def multiply_adds(model: keras.Model) -> int:
    """Return how many products a network sums up for one row.

    Those of dense, convolutional and recurrent layers are counted, as often as a layer
    is called. What takes time in proportion to the numbers alone, such as biases,
    normalisations, activations and pooling, is not, as is usual; nor are products with
    zeros at an edge left out. Two floating-point operations are one multiply-add, and a
    step of training costs about three times a forward pass [1]_.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential model all of whose axes but the first have a known
        size.

    Returns
    -------
    count : int
        Multiply-adds of one forward pass for one sample.

    Raises
    ------
    ValueError
        If a size is not known, a layer is of a kind that this function does not know
        and may sum up products, or the model is not made of layers on top of each
        other.

    References
    ----------
    .. [1] Kaplan, J. et al. (2020). Scaling laws for neural language models, section
       2.1. :doi:`10.48550/arXiv.2001.08361`

    Examples
    --------
    >>> import keras
    >>> from skdeep.networks.costs import multiply_adds
    >>> image = keras.Input((8, 8, 1))
    >>> maps = keras.layers.Conv2D(4, 3)(image)
    >>> multiply_adds(keras.Model(image, maps)) == 6 * 6 * (3 * 3 * 1) * 4
    True
    """
    total = 0
    for call in calls_of(model):
        layer = call.operation
        if isinstance(layer, keras.Model):
            total += multiply_adds(layer)
        else:
            total += multiply_adds_of_call(call)
    return total


def multiply_adds_of_call(call: Any) -> int:
    """Return the multiply-adds of one call of a layer, which is no model, for one row.

    Parameters
    ----------
    call : keras.src.ops.node.Node
        The call, as `skdeep.networks.graphs.calls_of` returns them.

    Returns
    -------
    count : int

    Raises
    ------
    ValueError
        If the count is not known.
    """
    operation = call.operation
    if isinstance(operation, layers.Layer):
        return _of_call(operation, call.input_tensors[0], call.outputs[0])
    if type(operation).__name__ in _UNCOUNTED_OPERATIONS:
        raise ValueError(_not_known(operation))
    return 0


def _of_call(layer: Any, inputs: Any, outputs: Any) -> int:
    """Return the multiply-adds of a layer for one row."""
    if isinstance(layer, _DENSE):
        return _positions(layer, outputs, slice(1, -1)) * _size(layer.kernel)
    if isinstance(layer, _TRANSPOSED):
        return _positions(layer, inputs, _space(layer)) * _size(layer.kernel)
    if isinstance(layer, _CONVOLUTIONS):
        kernels = [w for w in layer.weights if len(w.shape) > 1]
        positions = _positions(layer, outputs, _space(layer))
        return positions * sum(_size(kernel) for kernel in kernels)
    if isinstance(layer, layers.Bidirectional):
        directions = (layer.forward_layer, layer.backward_layer)
        return sum(_of_call(one, inputs, outputs) for one in directions)
    if isinstance(layer, _RECURRENT):
        cell = layer.cell
        products = _size(cell.kernel) + _size(cell.recurrent_kernel)
        return _positions(layer, inputs, slice(1, -1)) * products
    if not _without_products(layer):
        raise ValueError(_not_known(layer))
    return 0


def _without_products(layer: Any) -> bool:
    """Tell whether what a layer computes is in proportion to its numbers."""
    if isinstance(layer, layers.Embedding) or is_own(layer, {"NgramEmbedding"}):
        return True
    with_matrix = any(len(w.shape) > 1 for w in layer.weights) and not (
        isinstance(layer, _ELEMENTWISE)
    )
    foreign = not type(layer).__module__.startswith(_KNOWN_MODULES)
    return not (with_matrix or foreign or isinstance(layer, _UNCOUNTED_LAYERS))


def _not_known(operation: Any) -> str:
    return (
        f"The layer {operation.name!r} is a {type(operation).__name__}, and how much "
        "that computes is not known. Count that part of the network by hand."
    )


def _space(layer: Any) -> slice:
    """Return which axes of a layer's maps are those that its kernel moves along."""
    return slice(1, -1) if layer.data_format == "channels_last" else slice(2, None)


def _positions(layer: Any, tensor: Any, axes: slice) -> int:
    sizes = tensor.shape[axes]
    if None in sizes:
        raise ValueError(
            f"The layer {layer.name!r} has maps of shape {tuple(tensor.shape)}, so "
            "what it computes depends on the data. Build the network for inputs of one "
            "size."
        )
    return math.prod(sizes)


def _size(variable: Any) -> int:
    return math.prod(variable.shape)
