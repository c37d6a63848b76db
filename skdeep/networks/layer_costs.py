"""What each layer of a network holds, computes, and keeps while it is trained."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from skdeep.networks.costs import multiply_adds_of_call
from skdeep.networks.graphs import calls_of

# They hand on the numbers that they are given, in the same place.
_VIEWS = {"ExpandDims", "Flatten", "Identity", "Reshape", "Squeeze"}
_RECURRENT = (layers.GRU, layers.LSTM, layers.SimpleRNN)


@dataclass(frozen=True)
class LayerCost:
    """What one layer of a network costs.

    Attributes
    ----------
    name : str
        Name of the layer, with those of the models that it is in before it.
    kind : str
        Name of its class.
    output_shape : tuple or None
        Shape of what it returns for one row, of the first call; None for a size that
        depends on the data, and in place of the tuple if nothing is known.
    n_calls : int
        How often it is called for a row.
    trainable, frozen : int
        How many numbers of its weights gradient descent changes, and how many others
        there are, such as running means. Weights that an earlier layer has, too, count
        there.
    weight_bytes : int
        Memory of these weights.
    trainable_bytes : int
        Memory of those that are trained.
    multiply_adds : int or None
        For one row, over all calls; None if it is not known.
    kept_bytes : int or None
        Memory that training keeps of its outputs for one row until the gradients are
        known; None if that is not known.
    """

    name: str
    kind: str
    output_shape: tuple[int | None, ...] | None
    n_calls: int
    trainable: int
    frozen: int
    weight_bytes: int
    trainable_bytes: int
    multiply_adds: int | None
    kept_bytes: int | None


def layer_costs(
    model: keras.Model, outputs: Collection[str] | None = None
) -> list[LayerCost]:
    """Return what each layer of a network costs for one row.

    Parameters
    ----------
    model : keras.Model
        The network, built.
    outputs : collection of str, default=None
        Of a network that returns a dict: the results that matter. What leads to no
        other is left out.

    Returns
    -------
    costs : list of LayerCost
        In the order of computation; layers of models inside of the network stand by
        themselves, and the layer is one line however often it is called. Of a model
        that has no graph, its layers without shapes.

    Examples
    --------
    >>> import keras
    >>> from skdeep.networks.layer_costs import layer_costs
    >>> image = keras.Input((6,))
    >>> model = keras.Model(image, keras.layers.Dense(2, name="code")(image))
    >>> cost = layer_costs(model)[0]
    >>> cost.name, cost.trainable, cost.multiply_adds, cost.kept_bytes
    ('code', 14, 12, 8)
    """
    walk = _Walk()
    try:
        calls_of(model)
    except ValueError:
        return [
            walk.row(layer, layer.name).frozen_copy()
            for layer in model._flatten_layers(include_self=False)
            if not isinstance(layer, keras.Model)
        ]
    inputs = [_Value(None, learns=False, kept=True) for _ in _graph(model).inputs]
    walk.through(model, inputs, "", outputs)
    return [row.frozen_copy() for row in walk.rows.values()]


def input_bytes(model: keras.Model) -> int | None:
    """Return the memory of what a network is given for one row, None if not known.

    Parameters
    ----------
    model : keras.Model
        The network, built.

    Returns
    -------
    n_bytes : int or None
    """
    total = 0
    for tensor in getattr(model, "inputs", None) or [None]:
        if tensor is None or None in tensor.shape[1:]:
            return None
        # Batches are cast to what the network computes with.
        is_float = "float" in str(tensor.dtype)
        dtype = model.compute_dtype if is_float else tensor.dtype
        total += math.prod(tensor.shape[1:]) * _item_bytes(dtype)
    return total


def at_length(model: keras.Model, length: int) -> keras.Model:
    """Return a network of sequences, its layers called on rows of one length.

    Parameters
    ----------
    model : keras.Model
        A functional model of one input, of shape (length,).
    length : int
        Number of tokens in a row.

    Returns
    -------
    model : keras.Model
        One of the same layers; the same model if its input has a length already.
    """
    if model.inputs[0].shape[1:] != (None,):
        return model
    tokens = keras.Input((length,), dtype=model.inputs[0].dtype, name="tokens")
    return keras.models.clone_model(
        model, input_tensors=tokens, clone_function=lambda layer: layer
    )


@dataclass
class _Row:
    """A `LayerCost` that is still being counted."""

    name: str
    kind: str
    output_shape: tuple[int | None, ...] | None = None
    n_calls: int = 0
    trainable: int = 0
    frozen: int = 0
    weight_bytes: int = 0
    trainable_bytes: int = 0
    multiply_adds: int | None = None
    kept_bytes: int | None = None

    def frozen_copy(self) -> LayerCost:
        return LayerCost(**vars(self))


@dataclass
class _Value:
    """A tensor on its way: which layer has made it, and whether training keeps it."""

    row: _Row | None
    learns: bool
    n_bytes: int | None = None
    kept: bool = False

    def keep(self) -> None:
        """Count it as kept, once."""
        if self.kept or self.row is None:
            return
        self.kept = True
        known = self.n_bytes is not None and self.row.kept_bytes is not None
        self.row.kept_bytes = (
            self.row.kept_bytes + self.n_bytes  # type: ignore[operator]
            if known
            else None
        )


class _Walk:
    """Goes through a network call by call, and counts."""

    def __init__(self) -> None:
        self.rows: dict[int, _Row] = {}
        self._counted: set[int] = set()

    def row(self, operation: Any, name: str) -> _Row:
        """Return the row of a layer, with its weights where they are new."""
        if id(operation) in self.rows:
            return self.rows[id(operation)]
        row = self.rows[id(operation)] = _Row(name, type(operation).__name__)
        trained = {id(v) for v in getattr(operation, "trainable_weights", ())}
        for variable in getattr(operation, "weights", ()):
            if id(variable) in self._counted:
                continue
            self._counted.add(id(variable))
            size = math.prod(variable.shape)
            n_bytes = size * _item_bytes(variable.dtype)
            row.weight_bytes += n_bytes
            if id(variable) in trained:
                row.trainable += size
                row.trainable_bytes += n_bytes
            else:
                row.frozen += size
        return row

    def through(
        self,
        model: keras.Model,
        inputs: Sequence[_Value],
        path: str,
        outputs: Collection[str] | None = None,
    ) -> list[_Value]:
        """Go through a model; return its outputs."""
        graph = _graph(model)
        given = dict(zip(map(id, graph.inputs), inputs, strict=False))
        for call in _calls_for(model, outputs):
            values = [given[id(tensor)] for tensor in call.input_tensors]
            operation = call.operation
            if _has_graph(operation):
                results = self.through(operation, values, f"{path}{operation.name}/")
            else:
                results = self._call(call, values, path)
            given.update(zip(map(id, call.outputs), results, strict=True))
        return [given[id(t)] for t in graph.outputs if id(t) in given]

    def _call(self, call: Any, values: list[_Value], path: str) -> list[_Value]:
        operation = call.operation
        row = self.row(operation, path + operation.name)
        if not row.n_calls:
            row.output_shape = tuple(call.outputs[0].shape[1:])
            row.multiply_adds = row.kept_bytes = 0
        row.n_calls += 1
        if row.multiply_adds is not None:
            try:
                row.multiply_adds += multiply_adds_of_call(call)
            except ValueError:
                row.multiply_adds = None
        if row.kind in _VIEWS:
            return [values[0]] * len(call.outputs)
        trained = bool(getattr(operation, "trainable_weights", ()))
        if trained:
            # Their gradients are products with what the layer was given.
            for value in values:
                value.keep()
        learns = trained or any(value.learns for value in values)
        results = [_Value(row, learns, _row_bytes(t)) for t in call.outputs]
        if learns:
            inside = _Value(row, learns, _bytes_of_steps(operation, call))
            for value in [inside, *results]:
                value.keep()
        return results


def _has_graph(operation: Any) -> bool:
    if not isinstance(operation, keras.Model):
        return False
    return hasattr(_graph(operation), "_nodes_by_depth")


def _graph(model: keras.Model) -> Any:
    """Return the functional model that a model is, or has inside."""
    return getattr(model, "_functional", None) or model


def _calls_for(model: keras.Model, outputs: Collection[str] | None) -> list[Any]:
    """Return the calls that some outputs of a model need, in their order."""
    calls = calls_of(model)
    if outputs is None:
        return calls
    needed = {id(model.output[name]) for name in outputs}
    chosen = []
    for call in reversed(calls):
        if needed & {id(tensor) for tensor in call.outputs}:
            chosen.append(call)
            needed |= {id(tensor) for tensor in call.input_tensors}
    return chosen[::-1]


def _row_bytes(tensor: Any) -> int | None:
    """Return the memory of a tensor for one row, None if a size is not known."""
    sizes = tensor.shape[1:]
    if None in sizes:
        return None
    return math.prod(sizes) * _item_bytes(tensor.dtype)


def _bytes_of_steps(operation: Any, call: Any) -> int | None:
    """Return what a recurrent layer keeps of each step: its gates and its states."""
    if isinstance(operation, layers.Bidirectional):
        parts = [operation.forward_layer, operation.backward_layer]
    else:
        parts = [operation]
    parts = [part for part in parts if isinstance(part, _RECURRENT)]
    steps = call.input_tensors[0].shape[1] if parts else 0
    if steps is None:
        return None
    n_states = {layers.LSTM: 2}
    widths = [
        part.cell.kernel.shape[-1] + n_states.get(type(part), 1) * part.units
        for part in parts
    ]
    return steps * sum(widths) * _item_bytes(call.outputs[0].dtype)


def _item_bytes(dtype: Any) -> int:
    """Return the memory of one number."""
    name = keras.backend.standardize_dtype(dtype)
    # NumPy has no type of its own for it.
    return 2 if name == "bfloat16" else np.dtype(name).itemsize
