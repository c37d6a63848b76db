"""Parameters that did not exist when a file was written."""

import inspect
import json
from typing import Any

import skdeep
from skdeep.persistence import trusted_names
from skdeep.persistence.schema import Node, places

# Beyond every number that a file of ours has.
_FIRST_NUMBER = 1 << 40


def add_missing_parameters(root: Node) -> bool:
    """Give each estimator of skdeep the parameters that it lacks, with their defaults.

    A parameter that is added to an estimator has a default with which the estimator
    does what it did before, so this is what the file means.

    Parameters
    ----------
    root : dict
        The schema, not checked yet. It is changed in place.

    Returns
    -------
    changed : bool
        Whether anything was missing.
    """
    descriptions = _Descriptions()
    added: dict[tuple[Any, str], Node] = {}
    for place in places(root):
        state = place.node.get("content")
        if place.type_name not in trusted_names.own_classes() or not isinstance(
            state, dict
        ):
            continue
        attributes, key_types = state.get("content"), state.get("key_types")
        if not isinstance(attributes, dict) or not isinstance(key_types, dict):
            continue
        number, types = place.node.get("__id__"), key_types.get("content")
        if not isinstance(number, int | None) or not isinstance(types, list):
            continue
        cls = getattr(skdeep, place.node["__class__"])
        for name, parameter in inspect.signature(cls).parameters.items():
            # An estimator that is described twice is one estimator.
            key = (number, name)
            if name not in attributes:
                added.setdefault(key, descriptions.of(parameter.default))
                attributes[name] = added[key]
                types.append(descriptions.of_text)
    return bool(added)


class _Descriptions:
    """Describes values as skops does."""

    def __init__(self) -> None:
        self._last_number = _FIRST_NUMBER
        self.of_text = self._node("TypeNode", "str")

    def _node(self, loader: str, name: str, **content: Any) -> Node:
        self._last_number += 1
        names = {"__module__": "builtins", "__class__": name, "__loader__": loader}
        return names | {"__id__": self._last_number} | content

    def of(self, value: Any) -> Node:
        """Describe a number, a text, a boolean, None, or a tuple of such."""
        if isinstance(value, tuple):
            items = [self.of(item) for item in value]
            return self._node("TupleNode", "tuple", content=items)
        return self._node("JsonNode", "str", content=json.dumps(value))
