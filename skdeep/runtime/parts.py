"""A batch in parts that pass through a network side by side, as one batch would.

Operations have one thread each (see `skdeep.runtime.threads`), so one large fit would
leave cores idle. TensorFlow runs operations that do not wait for each other on all
cores, and the parts of a batch wait for each other in batch normalisation only, whose
means and variances are those of the whole batch. There are always as many parts,
whatever the number of cores, as sums over them depend on it in their last bits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

# The class of `keras.Model(inputs, outputs)`, which Keras does not export.
from keras.src.models.functional import Functional

from skdeep.runtime.precision import convolution_multiply_adds

_N_PARTS = 4
# Multiply-adds of the convolutions for one row, below which a graph of several times
# the size is not worth the time to compile it. In two parts, a network of 0.08 million
# was 14 % faster, and one of 25 million 30 %.
_ENOUGH_MULTIPLY_ADDS = 5_000_000
# Layers of Keras whose result for a row depends on that row alone. Layers of ours say
# so themselves, by an attribute `row_by_row`.
_ROW_BY_ROW = {
    "InputLayer",
    "Activation",
    "Add",
    "AveragePooling2D",
    "Concatenate",
    "Conv2D",
    "Conv2DTranspose",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "Identity",
    "LeakyReLU",
    "MaxPooling2D",
    "Multiply",
    "ReLU",
    "Rescaling",
    "Reshape",
    "SeparableConv2D",
    "SpatialDropout2D",
    "UpSampling2D",
    "ZeroPadding2D",
}


class _Parts:
    """What the parts of a batch have in one place of a graph; to Keras, one value."""

    def __init__(self, tensors: Sequence[tf.Tensor]) -> None:
        self.tensors = list(tensors)


def n_parts(model: keras.Model) -> int:
    """Return in how many parts the batches of a network are trained.

    Parameters
    ----------
    model : keras.Model
        The network.

    Returns
    -------
    n_parts : int
        1 for small networks, and where it is not known that parts pass through all
        layers as a whole batch would.
    """
    large = convolution_multiply_adds(model) >= _ENOUGH_MULTIPLY_ADDS
    return _N_PARTS if large and _divides(model) else 1


def _divides(operation: Any) -> bool:
    graph = _graph(operation)
    if graph is not None:
        return all(_divides(inner) for inner in graph.operations)
    if _is_normalization(operation):
        return not operation.renorm
    if getattr(operation, "row_by_row", False):
        return True
    kind = type(operation)
    known = kind.__module__.startswith("keras.") and kind.__name__ in _ROW_BY_ROW
    return known and _keeps_rows_apart(operation)


def _is_normalization(operation: Any) -> bool:
    """Tell whether an operation is Keras' own batch normalisation."""
    kind = type(operation)
    return kind.__name__ == "BatchNormalization" and kind.__module__.startswith(
        "keras."
    )


def _keeps_rows_apart(layer: keras.Layer) -> bool:
    """Tell whether a layer's arguments leave it what its class promises."""
    activation = getattr(layer, "activation", None)
    home = getattr(activation, "__module__", "")
    return (
        (activation is None or home.startswith(("keras.", "skdeep.")))
        # A penalty may be of means over the batch.
        and getattr(layer, "activity_regularizer", None) is None
        and getattr(layer, "axis", -1) != 0
    )


def _graph(operation: Any) -> Any:
    """Return the graph of layers that an operation consists of, if that is known."""
    if type(operation) is keras.Sequential:
        return operation._functional
    # A subclass may do more than its graph says.
    return operation if type(operation) is Functional else None


class DividedBatch:
    """A batch, divided into parts of nearly equal size.

    A batch of fewer rows than parts has a copy of its first row where a part would be
    empty, which TensorFlow's convolutions cannot stand.

    Parameters
    ----------
    rows : tensor of shape (n_rows,), int32
        Row numbers, at least one.
    n_parts : int
        Number of parts.

    Attributes
    ----------
    rows : list of tensor
        Row numbers of each part.
    counts : list of float32 scalar tensor
        1 for each part, but 0 for one that is a copy.
    """

    def __init__(self, rows: tf.Tensor, n_parts: int) -> None:
        n_rows = tf.shape(rows)[0]
        starts = [n_rows * part // n_parts for part in range(n_parts + 1)]
        sizes = [starts[i + 1] - starts[i] for i in range(n_parts)]
        self.rows = [
            rows[start : start + tf.maximum(size, 1)]
            for start, size in zip(starts, sizes, strict=False)
        ]
        self.counts = [tf.cast(size > 0, tf.float32) for size in sizes]

    def outputs(self, model: keras.Model, inputs: Sequence[Any]) -> list[Any]:
        """Send the parts through a network, in training.

        Parameters
        ----------
        model : keras.Model
            The network; for several parts, one of which `n_parts` says so.
        inputs : sequence of tensor or of structure of such
            What the network takes for each part.

        Returns
        -------
        outputs : list of tensor or of structure of such
            What it returns for each part. Statistics of batch normalisations have
            moved once, by those of the whole batch.
        """
        if len(inputs) == 1:
            return [model(inputs[0], training=True)]
        graph = _graph(model)
        parts = _joined([graph._standardize_inputs(part) for part in inputs])
        outputs = self._run(graph, parts)
        return [_part(outputs, number) for number in range(len(inputs))]

    def _run(self, graph: Any, inputs: Any) -> Any:
        outputs = graph._run_through_graph(inputs, operation_fn=self._side_by_side)
        single = isinstance(outputs, list | tuple) and len(outputs) == 1
        return outputs[0] if single else outputs

    def _side_by_side(self, operation: Any) -> Callable[..., Any]:
        """Return an operation of a graph that takes and returns parts."""

        def call(*arguments: Any, **options: Any) -> Any:
            graph = _graph(operation)
            if graph is not None:
                return self._run(graph, _inputs(arguments, options))
            if _is_normalization(operation) and operation.trainable:
                parts = _inputs(arguments, options).tensors
                return _Parts(self._normalized(operation, parts))
            if "training" in getattr(operation, "_call_context_args", ()):
                options["training"] = True
            outputs = []
            for number in range(len(self.rows)):
                positional, named = _part((arguments, options), number)
                outputs.append(operation(*positional, **named))
            return _joined(outputs)

        return call

    def _normalized(self, layer: Any, parts: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Normalise parts by the mean and variance of all their rows."""
        dtype = keras.backend.result_type(parts[0].dtype, "float32")
        parts = [ops.cast(part, dtype) for part in parts]
        rank = len(parts[0].shape)
        axis = layer.axis % rank
        n_channels = parts[0].shape[axis]
        shape = [n_channels if i == axis else 1 for i in range(rank)]
        counts = [tf.cast(count, dtype) for count in self.counts]

        def mean_of(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
            others = [i for i in range(rank) if i != axis]
            sums = [
                tf.reduce_sum(tensor, others) * count
                for tensor, count in zip(tensors, counts, strict=True)
            ]
            n_values = [
                tf.cast(tf.size(part) // n_channels, dtype) * count
                for part, count in zip(parts, counts, strict=True)
            ]
            return tf.add_n(sums) / tf.add_n(n_values)

        mean = mean_of(parts)
        center = tf.reshape(mean, shape)
        variance = mean_of([tf.math.squared_difference(p, center) for p in parts])
        for moving, found in (
            (layer.moving_mean, mean),
            (layer.moving_variance, variance),
        ):
            kept = ops.cast(moving, dtype) * layer.momentum
            moving.assign(ops.cast(kept + found * (1 - layer.momentum), moving.dtype))
        normalized = [
            ops.batch_normalization(
                part,
                mean,
                variance,
                axis,
                offset=ops.cast(layer.beta, dtype) if layer.center else None,
                scale=ops.cast(layer.gamma, dtype) if layer.scale else None,
                epsilon=layer.epsilon,
            )
            for part in parts
        ]
        return [ops.cast(part, layer.compute_dtype) for part in normalized]


def _inputs(arguments: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """Return what a layer is called on, be it by position or by name."""
    return arguments[0] if arguments else options["inputs"]


def _joined(structures: Sequence[Any]) -> Any:
    """Turn a structure for each part into one structure of parts."""
    flat = [keras.tree.flatten(structure) for structure in structures]
    parts = [_Parts(tensors) for tensors in zip(*flat, strict=True)]
    return keras.tree.pack_sequence_as(structures[0], parts)


def _part(structure: Any, number: int) -> Any:
    """Return what of a structure belongs to one part."""
    return keras.tree.map_structure(
        lambda value: value.tensors[number] if isinstance(value, _Parts) else value,
        structure,
    )
