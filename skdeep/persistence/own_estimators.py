"""Our own estimators in a file: their attributes, and whether the weights fit.

A network is rebuilt from the parameters in the file, so these decide how much is
built. Before any weight is read, the shapes that the parameters describe are found
without allocating anything, and compared with the headers of the weights.
"""

import inspect
import math
from dataclasses import fields
from typing import Any

import skdeep
from skdeep.base import DeepEstimator
from skdeep.encoding.archive import write_archive
from skdeep.encoding.array_headers import read_header
from skdeep.hashing import HammingNeighbors
from skdeep.mixins.backbone import BackboneMixin
from skdeep.networks.backbones import canonical_name
from skdeep.persistence import schema, trusted_names
from skdeep.persistence.contents import Members
from skdeep.persistence.described_backbones import described_weights
from skdeep.persistence.errors import ModelFileError
from skdeep.persistence.schema import Node, Place, json_value, places
from skdeep.persistence.skops_archive import dump_schema, load_skops
from skdeep.runtime import TrainingState, dtype_policy, seeded_construction
from skdeep.runtime.shapes import no_larger_variables, weight_shapes

_STATE = "_training_state"
_LARGE = ("weights_", _STATE)
_OF_FUNCTIONS = ("FunctionNode", "TypeNode")
# Numbers in a variable that need no counting: states of optimizers and metrics.
_SMALL = 2**16
# What a table of `skdeep.hashing` has at most.
_MAX_KEY_BITS = 24
_FLOATS = ("float32", "float64")
_ADVICE = (
    "The parameters were changed after fit, or the weights are those of another "
    "model. Fit again before saving, or take another copy of the file"
)


def check_own_estimators(found: list[Place], members: Members) -> None:
    """Check every estimator of skdeep that a schema describes.

    Parameters
    ----------
    found : list of Place
        All nodes, each before those that it contains.
    members : dict from str to memoryview
        The members of the file.

    Raises
    ------
    ModelFileError
        If an estimator has attributes that its class does not have, or weights of
        another network than the one that its parameters describe.
    """
    # From the inside out: what an estimator is made of is known to be right by then.
    for place in reversed(found):
        is_own = place.type_name in trusted_names.own_classes()
        if is_own and place.loader == "ObjectNode":
            cls = getattr(skdeep, place.node["__class__"])
            try:
                attributes = place.node["content"]["content"]
                _check_names(place, cls, attributes)
                _check_functions(place, attributes, {"model", "build_fn"})
                if issubclass(cls, BackboneMixin):
                    _check_backbone(place, attributes, members)
                if issubclass(cls, DeepEstimator) and "weights_" in attributes:
                    _check_weights(place, attributes, members)
                elif issubclass(cls, HammingNeighbors) and "codes_" in attributes:
                    _check_codes(place, attributes, members)
            except (AttributeError, KeyError, TypeError) as error:
                raise place.refuse(f"lacks a part: {error!r}") from error


def _check_names(place: Place, cls: type, attributes: dict[str, Node]) -> None:
    """Refuse attributes that the class does not know, or has as something else."""
    parameters = inspect.signature(cls).parameters
    prefixes = getattr(cls, "_routing_prefixes", ())
    # Whoever brings a function gives its parameters, whatever their names.
    has_function = "model" in parameters
    for name in attributes.keys() - parameters.keys():
        is_fitted = name.endswith("_") or name.startswith("_")
        is_routed = "__" in name and name.partition("__")[0] in prefixes
        is_known = is_fitted or is_routed or has_function
        if not is_known or hasattr(cls, name):
            raise place.refuse(
                f"has a parameter or attribute {name!r}, which {cls.__name__} of "
                f"skdeep {skdeep.__version__} does not have. If a newer skdeep wrote "
                "the file, install that"
            )
    if missing := parameters.keys() - attributes.keys():
        raise place.refuse(f"lacks the parameter {min(missing)!r}")


def _check_functions(
    place: Place, attributes: dict[str, Node], names: set[str]
) -> None:
    """Refuse to call anything as the function that builds a user's network.

    What any file may refer to builds none. Other functions are the caller's.
    """
    for name in attributes.keys() & names:
        part = Place(f"{place.path}.{name}", attributes[name])
        if part.loader == "JsonNode":
            continue
        known = trusted_names.functions() | trusted_names.TYPES_AS_VALUES
        if part.loader not in _OF_FUNCTIONS or part.type_name in known:
            raise part.refuse(
                f"is {part.type_name}, which builds no network. Use a function of your "
                "own that returns a keras.Model"
            )


def _check_backbone(
    place: Place, attributes: dict[str, Node], members: Members
) -> None:
    """Refuse a backbone that Keras would build out of the file alone.

    It computes what a description asks for while it reads it. From other modules than
    its own it takes nothing but classes that the caller registered. What a function
    that the caller vouches for has built may be of Keras' own classes.
    """
    node = attributes["backbone"]
    if node["__loader__"] == "DictNode":
        part = Place(f"{place.path}.backbone", node)
        content = node["content"]
        found = _headers(content["weights"], members)
        wanted = described_weights(
            part, content["config"], len(found), needs_class=True
        )
        _compare(part, "weights", found, wanted)
    else:
        _check_functions(place, attributes, {"backbone"})
    if "_backbone" in attributes:
        _check_fitted_backbone(place, attributes, members)


def _check_fitted_backbone(
    place: Place, attributes: dict[str, Node], members: Members
) -> None:
    """Compare a backbone, which is built where it is needed, with its weights."""
    node, parameter = attributes["_backbone"], attributes["backbone"]
    part = Place(f"{place.path}._backbone", node)
    if part.loader != "DictNode":
        raise part.refuse("does not say what the backbone is")
    settings = node["content"]
    if "config" not in settings:
        name = json_value(Place(f"{part.path}['name']", settings["name"]))
        try:
            is_known = canonical_name(str(name)) == name
        except ValueError as error:
            raise part.refuse(f"names no backbone: {error}") from error
        if not is_known:
            raise part.refuse(f"names no backbone, but {name!r:.100}")
        return
    if "name" in settings or parameter["__loader__"] == "JsonNode":
        raise part.refuse(
            f"describes a model, but the backbone is known by its name. {_ADVICE}"
        )
    found = _headers(attributes["backbone_weights_"], members)
    wanted = described_weights(part, settings["config"], len(found), needs_class=False)
    _compare(place, "backbone_weights_", found, wanted)


def _check_weights(place: Place, attributes: dict[str, Node], members: Members) -> None:
    """Compare the headers of all weights with the network of the parameters."""
    found = _headers(attributes["weights_"], members)
    estimator = _without_weights(place, members)
    try:
        estimator._validate_params()
        network = estimator._network()
        precision = estimator._inference
        if network.function.__module__.startswith("skdeep."):
            wanted = weight_shapes(network, precision, n_expected=len(found))
        else:
            # A function that the caller vouches for, and that may do more than
            # connect layers. The sizes that it is told are still those of the file.
            largest = max((math.prod(shape) for shape, _ in found), default=0)
            with (
                seeded_construction(0),
                dtype_policy(precision),
                no_larger_variables(max(largest, _SMALL)),
            ):
                model = network()
            wanted = [(tuple(v.shape), str(v.dtype)) for v in model.weights]
    except Exception as error:
        raise place.refuse(
            f"has parameters that describe no network of its weights: {error}"
        ) from error
    _compare(place, "weights_", found, wanted)
    if _STATE in attributes:
        state = attributes[_STATE]["content"]
        if state.keys() != {field.name for field in fields(TrainingState)}:
            raise place.refuse(f"has a state of training with {sorted(state)}")
        if state["weights"]["__loader__"] == "ListNode":
            found = _headers(state["weights"], members)
            _compare(place, f"{_STATE}['weights']", found, wanted)


def _headers(node: Node, members: Members) -> list[tuple[tuple[int, ...], str]]:
    """Return shape and dtype of each array of a list."""
    if node["__loader__"] != "ListNode":
        raise TypeError("weights that are no list")
    headers = []
    for item in node["content"]:
        if item["__loader__"] != "NdArrayNode":
            raise TypeError("weights that are no arrays")
        header = read_header(members[item["file"]], item["file"])
        headers.append((header.shape, header.dtype.name))
    return headers


def _compare(
    place: Place,
    name: str,
    found: list[tuple[tuple[int, ...], str]],
    wanted: list[tuple[tuple[int, ...], str]],
) -> None:
    if len(found) != len(wanted):
        raise place.refuse(
            f"has {len(found)} arrays in {name}, but the network that its parameters "
            f"describe has {len(wanted)}. {_ADVICE}"
        )
    for number, (have, need) in enumerate(zip(found, wanted, strict=True)):
        # Precision may change after fit: numbers are converted when they are used.
        same_type = have[1] == need[1] or {have[1], need[1]} <= set(_FLOATS)
        if have[0] != need[0] or not same_type:
            raise place.refuse(
                f"has {have[1]} of shape {have[0]} in {name}[{number}], but the "
                f"network that its parameters describe has {need[1]} of shape "
                f"{need[0]}. {_ADVICE}"
            )


def _without_weights(place: Place, members: Members) -> Any:
    """Load an estimator without its weights."""
    content = place.node["content"]
    kept = {k: node for k, node in content["content"].items() if k not in _LARGE}
    key_types = content["key_types"]
    key_types = key_types | {"content": key_types["content"][: len(kept)]}
    attributes = content | {"content": kept, "key_types": key_types}
    root = place.node | {"content": attributes, "protocol": schema.PROTOCOL}
    inside = list(places(root))
    files = {p.node["file"] for p in inside if "file" in p.node}
    pieces = write_archive(
        [
            (schema.NAME, dump_schema(root)),
            *((name, bytes(members[name])) for name in sorted(files)),
        ]
    )
    return load_skops(b"".join(pieces), inside)


def _check_codes(place: Place, attributes: dict[str, Node], members: Members) -> None:
    """Check that the codes of a search are as many and as long as it says."""
    as_list = {"__loader__": "ListNode", "content": [attributes["codes_"]]}
    codes = _headers(as_list, members)
    estimator = _without_weights(place, members)
    shape = (estimator.n_samples_fit_, -(-estimator.n_bits_ // 64))
    if codes != [(shape, "uint64")]:
        raise place.refuse(
            f"has codes of {codes[0][1]} and shape {codes[0][0]}, but needs uint64 of "
            f"shape {shape}"
        )
    for table in estimator.tables_:
        bits = table["key_bits"]
        # The shift below takes the memory that it is told to.
        if type(bits) is not int or not 0 <= bits <= _MAX_KEY_BITS:
            raise ModelFileError(
                f"{place.path}.tables_ have keys of {bits!r:.100} bits, which do not "
                f"belong to its codes: a key has 0 to {_MAX_KEY_BITS}"
            )
        sizes = (len(table["offsets"]), *table["columns"].shape, len(table["indices"]))
        n_codes, n_words = shape
        if sizes != ((1 << bits) + 1, n_words, n_codes, n_codes):
            raise ModelFileError(f"{place.path}.tables_ do not belong to its codes")
