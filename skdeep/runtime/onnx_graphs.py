"""Networks as ONNX graphs."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from skdeep.runtime.processes import check_process
from skdeep.runtime.requirements import needed

__all__ = ["functional_network", "network_graph"]


def functional_network(network: keras.Model, rows: Any) -> keras.Model:
    """Return a network that has inputs and outputs, also of one that is a class.

    Parameters
    ----------
    network : keras.Model
        A network that is built.
    rows : ndarray of shape (1, ...)
        An example of what it takes.

    Returns
    -------
    network : keras.Model
        The network itself if it has them, otherwise another one with its weights.
    """
    if hasattr(network, "outputs"):
        return network
    inputs = keras.Input(rows.shape[1:], dtype=rows.dtype.name)
    return keras.Model(inputs, network(inputs), name=network.name)


def network_graph(network: keras.Model, opset: int) -> Any:
    """Return what a network does in inference mode as an ONNX model.

    Parameters
    ----------
    network : keras.Model
        A network, or a part of one, of one input and one output.
    opset : int
        Version of the operators of ONNX to use.

    Returns
    -------
    model : onnx.ModelProto
        Of one input and one output, whose first axis is the rows.

    Raises
    ------
    ValueError
        If the network has several inputs or outputs, or operators that cannot be
        converted.
    """
    from_function = needed("tf2onnx.convert").from_function
    check_process()
    n_outputs = len(keras.tree.flatten(network.outputs))
    if len(network.inputs) != 1 or n_outputs != 1:
        raise ValueError(
            f"The network {network.name!r} has {len(network.inputs)} inputs and "
            f"{n_outputs} outputs, but only networks of one input and one output can "
            "be written to an ONNX file."
        )
    (inputs,) = network.inputs
    signature = [tf.TensorSpec((None, *inputs.shape[1:]), inputs.dtype, name="rows")]

    def forward(rows: tf.Tensor) -> tf.Tensor:
        return tf.nest.flatten(network(rows, training=False))[0]

    try:
        with _no_reports():
            model, _ = from_function(
                tf.function(forward, autograph=False),
                input_signature=signature,
                opset=opset,
                custom_op_handlers={
                    "Erfc": (_complementary_error_function, []),
                    "ScaleAndTranslate": (_resizing, []),
                },
            )
    except (NotImplementedError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"The network {network.name!r} cannot be written to an ONNX file: {error}"
        ) from error
    # What it cannot convert, tf2onnx logs and leaves in the graph.
    unknown = {node.op_type for node in _nodes(model.graph) if not _exists(node, opset)}
    if unknown:
        raise ValueError(
            f"The network {network.name!r} cannot be written to an ONNX file: ONNX "
            f"has nothing like TensorFlow's {', '.join(sorted(unknown))}. Use other "
            "layers or activations."
        )
    _rename(model.graph, _Renumbering())
    return model


@contextmanager
def _no_reports() -> Iterator[None]:
    """Let tf2onnx report nothing: what matters is raised.

    It reports to the root logger, which then would get a handler for good if it has
    none yet.
    """
    nowhere = logging.NullHandler()
    logging.root.addHandler(nowhere)
    try:
        yield
    finally:
        logging.root.removeHandler(nowhere)


def _nodes(graph: Any) -> Iterator[Any]:
    """Yield the nodes of a graph, and of the graphs inside them."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def _exists(node: Any, opset: int) -> bool:
    defs = needed("onnx.defs")
    return node.domain in ("", "ai.onnx") and defs.has(node.op_type, opset, "")


class _Renumbering:
    """Numbers that tf2onnx counts through a process, counted from one."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        return re.sub(
            r"__(\d+)",
            lambda found: f"__{self._numbers.setdefault(found[1], self._next)}",
            name,
        )

    @property
    def _next(self) -> int:
        return len(self._numbers) + 1


def _rename(graph: Any, new_name: Callable[[str], str]) -> None:
    """Rename the nodes and tensors of a graph, and of the graphs inside its nodes."""
    for entry in [
        *graph.node,
        *graph.input,
        *graph.output,
        *graph.initializer,
        *graph.value_info,
    ]:
        entry.name = new_name(entry.name)
    for node in graph.node:
        node.input[:] = [new_name(name) for name in node.input]
        node.output[:] = [new_name(name) for name in node.output]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, new_name)


def _complementary_error_function(ctx: Any, node: Any, name: str, args: Any) -> None:
    """Write erfc(x), of which GELU is made, as 1 - erf(x)."""
    shapes, dtypes = node.output_shapes, node.output_dtypes
    outputs, (x,) = list(node.output), node.input
    ctx.remove_node(name)
    dtype = needed("onnx").helper.tensor_dtype_to_np_dtype(dtypes[0])
    one = ctx.make_const(f"{name}_one", np.ones((), dtype))
    error_function = ctx.make_node("Erf", [x], shapes=shapes, dtypes=dtypes)
    ctx.make_node(
        "Sub",
        [one.output[0], error_function.output[0]],
        outputs=outputs,
        name=name,
        shapes=shapes,
        dtypes=dtypes,
    )


def _resizing(ctx: Any, node: Any, name: str, args: Any) -> None:
    """Write smoothed resizing as two products with matrices.

    It is linear in rows and in columns, whereas ONNX's own operator has no smoothing in
    the version used here, and weights pixels a little differently in later ones.
    """
    shapes, dtypes = node.output_shapes, node.output_dtypes
    outputs, inputs = list(node.output), list(node.input)
    kernel = node.get_attr_value("kernel_type", b"lanczos3")
    antialias = bool(node.get_attr_value("antialias", 1))
    kernel = kernel.decode() if isinstance(kernel, bytes) else kernel
    sides = np.array(ctx.get_shape(inputs[0])[1:3], np.float32)
    size = _constant(ctx, inputs[1])
    # `tf.image.resize` divides by the shape, which it takes from the tensor.
    scale = _constant(ctx, inputs[2], np.asarray(size, np.float32) / sides)
    translation = _constant(ctx, inputs[3])
    # tf2onnx has made a graph the default: nothing is computed at once in there.
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        resized = [
            tf.raw_ops.ScaleAndTranslate(
                # Each unit vector as an image of one column shows what becomes of it.
                images=np.eye(old, dtype=np.float32)[:, :, None, None],
                size=np.array([size[axis], 1], np.int32),
                scale=np.array([scale[axis], 1], np.float32),
                translation=np.array([translation[axis], 0], np.float32),
                kernel_type=kernel,
                antialias=antialias,
            )
            for axis, old in enumerate(sides.astype(int))
        ]
        of_rows, of_columns = (m[:, :, 0, 0] for m in session.run(resized))
    ctx.remove_node(name)
    # (n, height, width, channels) to (n, channels, height, width) and back.
    first = ctx.make_node("Transpose", [inputs[0]], attr={"perm": [0, 3, 1, 2]})
    right = ctx.make_const(f"{name}_columns", of_columns)
    wide = ctx.make_node("MatMul", [first.output[0], right.output[0]])
    left = ctx.make_const(f"{name}_rows", np.ascontiguousarray(of_rows.T))
    high = ctx.make_node("MatMul", [left.output[0], wide.output[0]])
    ctx.make_node(
        "Transpose",
        [high.output[0]],
        attr={"perm": [0, 2, 3, 1]},
        outputs=outputs,
        name=name,
        shapes=shapes,
        dtypes=dtypes,
    )


def _constant(ctx: Any, tensor: str, otherwise: Any = None) -> Any:
    """Return the value of a tensor, or something else if that is computed."""
    node = ctx.get_node_by_output(tensor)
    if otherwise is not None and not node.is_const():
        return otherwise
    return node.get_tensor_value(as_list=False)
