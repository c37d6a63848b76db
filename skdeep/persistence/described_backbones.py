"""Descriptions of backbones in a file: what Keras would make of them."""

from collections.abc import Iterator
from typing import Any

from skdeep.encoding.bounded_json import read_json
from skdeep.networks.model_descriptions import model_of
from skdeep.persistence import schema
from skdeep.persistence.schema import Node, Place, json_value
from skdeep.runtime import NetworkSpec
from skdeep.runtime.shapes import weight_shapes

_TENSOR = "__keras_tensor__"
# Layers without weights take steps to build, too. So many are allowed for whatever
# the number of weights: a description of more has some.
_MOST_PARTS = 200


def described_weights(
    place: Place, node: Node, n_arrays: int, *, needs_class: bool
) -> list[tuple[tuple[int, ...], str]]:
    """Return shape and dtype of the weights of a described model, making none of them.

    Parameters
    ----------
    place : Place
        What has the description.
    node : dict
        The description, a text.
    n_arrays : int
        How many arrays of weights the file has for it.
    needs_class : bool
        Whether the model must be of a class that the caller registered with Keras.

    Raises
    ------
    ModelFileError
        If it describes no model, or one of which Keras would build more than its
        weights while it reads it.
    """
    config = Place(f"{place.path}['config']", node)
    text = json_value(config)
    if config.loader != "JsonNode" or not isinstance(text, str):
        raise config.refuse("is no description of a model")
    content = memoryview(text.encode("utf-8", "replace"))
    description = read_json(
        content,
        config.path,
        max_bytes=schema.MAX_BYTES,
        max_values=schema.MAX_VALUES,
        # Keras writes them, as for a ReLU whose maximum is infinity.
        finite=False,
    )
    if needs_class and str(description.get("module")).startswith("keras"):
        raise place.refuse(
            f"describes a model of the class {description.get('class_name')!r:.100}, "
            "which is none that you registered with Keras. Use a name, or a function "
            "of your own that returns a keras.Model"
        )
    n_parts = min(text.count('"class_name"'), _MOST_PARTS)
    try:
        for graph in _graphs(description):
            _check_graph(graph)
        return weight_shapes(
            NetworkSpec(model_of, config=text), n_expected=max(n_arrays, n_parts)
        )
    except Exception as error:
        raise place.refuse(
            f"describes no model that can be built here: {error}"
        ) from error


def _graphs(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the configuration of every functional model, however deep."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if "layers" in item and "output_layers" in item:
                yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _check_graph(graph: dict[str, Any]) -> None:
    """Check that all layers of a model lie between its inputs and its outputs.

    Keras also builds those that do not, though they are no part of the model, and
    computes at once whatever does not depend on an input.
    """
    sources: dict[str, set[str]] = {}
    for layer in graph["layers"]:
        name = layer["name"]
        found = sources.setdefault(name, set())
        for node in layer.get("inbound_nodes") or ():
            inputs = set(_inputs(node))
            if not inputs:
                raise ValueError(
                    f"it has a layer {name!r:.100}, which is not computed from the "
                    "image"
                )
            found |= inputs
    ends = [name for name in _names(graph["output_layers"]) if name in sources]
    reached = set(ends)
    while ends:
        new = (sources[ends.pop()] - reached) & sources.keys()
        reached |= new
        ends.extend(new)
    reached |= {
        layer["name"]
        for layer in graph["layers"]
        if layer.get("class_name") == "InputLayer"
    }
    if unused := sources.keys() - reached:
        raise ValueError(
            f"it has a layer {min(unused)!r:.100}, which leads to no output"
        )


def _inputs(value: Any) -> Iterator[str]:
    """Yield the names of the layers that a call takes tensors of, as Keras finds them.

    A tensor inside of another object is not looked for there.
    """
    if isinstance(value, list):
        for item in value:
            yield from _inputs(item)
    elif isinstance(value, dict) and value.get("class_name") == _TENSOR:
        yield str(value["config"]["keras_history"][0])
    elif isinstance(value, dict) and value.get("class_name") in (None, "__tuple__"):
        for item in value.values():
            yield from _inputs(item)


def _names(ends: Any) -> Iterator[str]:
    """Yield the names in a structure of ends, each a list of a name and two numbers."""
    if isinstance(ends, dict):
        for end in ends.values():
            yield from _names(end)
    elif isinstance(ends, list):
        if ends and isinstance(ends[0], str):
            yield ends[0]
        else:
            for end in ends:
                yield from _names(end)
