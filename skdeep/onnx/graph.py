"""A graph of ONNX operators that grows node by node."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdeep.runtime.requirements import needed

__all__ = ["ML", "OPSET", "OPSETS", "RUNTIME", "Graph", "element_type"]

# The last operators that both converters write.
OPSET = 17
ML, RUNTIME = "ai.onnx.ml", "com.microsoft"
OPSETS = {"": OPSET, ML: 3, RUNTIME: 1}
# The format of files that came with these operators.
_IR_VERSION = 8


def element_type(dtype: Any) -> int:
    """Return the number that ONNX has for a NumPy type; any type of str is one."""
    dtype = np.dtype(dtype)
    if dtype.kind in "UO":
        return int(needed("onnx").TensorProto.STRING)
    return int(needed("onnx").helper.np_dtype_to_tensor_dtype(dtype))


class Graph:
    """Nodes, constants, inputs and outputs; tensors are known by their names."""

    def __init__(self) -> None:
        self._helper = needed("onnx").helper
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._count = 0

    def input(self, name: str, dtype: Any, shape: Sequence[int | None]) -> str:
        """Add an input; None in a shape is any size."""
        info = self._helper.make_tensor_value_info(name, element_type(dtype), shape)
        self._inputs.append(info)
        return name

    def output(
        self, name: str, tensor: str, dtype: Any, shape: Sequence[int | None]
    ) -> None:
        """Make a tensor an output under a name of its own."""
        self._nodes.append(self._helper.make_node("Identity", [tensor], [name]))
        info = self._helper.make_tensor_value_info(name, element_type(dtype), shape)
        self._outputs.append(info)

    def constant(self, value: Any, dtype: Any = None) -> str:
        """Add an array; texts are given as an array of objects or str."""
        array = np.asarray(value, dtype=dtype)
        name = self._new_name("constant")
        if array.dtype.kind in "UO":
            data = [str(text).encode() for text in array.ravel()]
            tensor = self._helper.make_tensor(
                name, element_type(object), array.shape, data
            )
        else:
            tensor = needed("onnx").numpy_helper.from_array(array, name)
        self._constants.append(tensor)
        return name

    def add(
        self, operator: str, *inputs: str, domain: str = "", **attributes: Any
    ) -> str:
        """Add a node with one output, and return the output's name."""
        return self.add_many(operator, inputs, [True], domain=domain, **attributes)[0]

    def add_many(
        self,
        operator: str,
        inputs: Sequence[str],
        wanted: Sequence[bool],
        *,
        domain: str = "",
        **attributes: Any,
    ) -> list[str]:
        """Add a node, and return the names of those outputs that are wanted."""
        names = [self._new_name(operator) if w else "" for w in wanted]
        self._nodes.append(
            self._helper.make_node(
                operator, list(inputs), names, domain=domain, **attributes
            )
        )
        return [name for name in names if name]

    def include(self, model: Any, *inputs: str) -> dict[str, str]:
        """Add another model's graph behind some tensors.

        Returns
        -------
        outputs : dict of str to str
            The tensor that each output of that model has become.
        """
        prefix = self._new_name("part") + "/"
        original = [output.name for output in model.graph.output]
        model = needed("onnx.compose").add_prefix(model, prefix)
        graph = model.graph
        for tensor, info in zip(inputs, graph.input, strict=True):
            self._nodes.append(
                self._helper.make_node("Identity", [tensor], [info.name])
            )
        self._nodes.extend(graph.node)
        self._constants.extend(graph.initializer)
        names = [output.name for output in graph.output]
        return dict(zip(original, names, strict=True))

    def model(self, name: str, metadata: dict[str, str]) -> Any:
        """Return the finished and checked model."""
        onnx = needed("onnx")
        graph = self._helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, self._constants
        )
        used = {node.domain for node in self._nodes}
        model = self._helper.make_model(
            graph,
            opset_imports=[
                self._helper.make_opsetid(domain, version)
                for domain, version in OPSETS.items()
                if domain in used or domain == ""
            ],
            ir_version=_IR_VERSION,
            producer_name="scikit-deep",
            producer_version=metadata["skdeep_version"],
        )
        self._helper.set_model_props(model, metadata)
        # Its full check, which infers shapes, ends the process on graphs for texts.
        onnx.checker.check_model(model)
        return model

    def _new_name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"
