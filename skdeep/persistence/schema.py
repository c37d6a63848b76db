"""The schema: what skops wrote about an object, read as a grammar.

skops describes an object as a tree of nodes, each with the class that it stands for
and the loader that rebuilds it. Here every node is looked at before skops sees it:
whether its loader is one of those that models need, whether its class is trusted,
whether it has the children that its loader expects, and whether the arrays that it
names exist. skops checks types once more when it loads.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from skdeep.persistence import trusted_names
from skdeep.persistence.errors import ModelFileError

Node = dict[str, Any]

NAME = "schema.json"
# A forest of a thousand trees has 72,000 nodes.
MAX_NODES = 100_000
MAX_BYTES = 32_000_000
MAX_VALUES = 1_200_000
_MAX_NODE_DEPTH = 100
_NAMES = ("__class__", "__module__", "__loader__")
# The protocol of skops in which a node means what is written here.
PROTOCOL = 2


class Place(NamedTuple):
    """A node, where it stands, and the places that it stands in.

    Attributes
    ----------
    path : str
        In the terms of a user: ``Pipeline.steps[0][1].activation``.
    node : dict
        What skops wrote.
    owners : tuple of Place
        The objects that it belongs to, outermost first.
    """

    path: str
    node: Node
    owners: tuple["Place", ...] = ()

    @property
    def loader(self) -> str:
        """Name of the loader."""
        return self.node["__loader__"]

    @property
    def type_name(self) -> str:
        """Import path of the class or function."""
        return f"{self.node['__module__']}.{self.node['__class__']}"

    def refuse(self, problem: str) -> ModelFileError:
        """Return an error about this place."""
        return ModelFileError(f"{self.path} {problem}")


def places(root: Node) -> Iterator[Place]:
    """Yield every node of a schema, each before those that it contains.

    Parameters
    ----------
    root : dict
        The schema.

    Raises
    ------
    ModelFileError
        If something that should be a node is none, or there are too many of them.
    """
    stack = [Place(str(root.get("__class__"))[:100], root)]
    n_nodes = 0
    while stack:
        place = stack.pop()
        n_nodes += 1
        node = place.node
        for key in _NAMES:
            word = node.get(key)
            if not isinstance(word, str) or not 0 < len(word) < 200:
                raise place.refuse("is not described as skops does it")
        if n_nodes > MAX_NODES or len(place.owners) > _MAX_NODE_DEPTH:
            raise place.refuse(
                f"is one object too many: a model may have {MAX_NODES} parts, "
                f"{_MAX_NODE_DEPTH} deep"
            )
        yield place
        # Most nodes are numbers and texts.
        if node["__loader__"] == "JsonNode":
            continue
        try:
            children = list(_children(place))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise place.refuse(f"lacks a part: {error!r}") from error
        for child in children:
            if not isinstance(child.node, dict):
                raise child.refuse("is not described as skops does it")
        stack.extend(reversed(children))


def _children(place: Place) -> Iterator[Place]:
    """Yield the nodes directly inside of a node."""
    path, node, inside = place.path, place.node, (*place.owners, place)
    loader: str = node["__loader__"]
    content: Any = node.get("content")
    if loader == "DictNode":
        form = "{}.{}" if _is_state(place) else "{}[{!r}]"
        yield Place(path, node["key_types"], inside)
        for key, child in _as(dict, content).items():
            yield Place(form.format(path, key), child, inside)
    elif loader in ("ListNode", "TupleNode", "SetNode"):
        for number, child in enumerate(_as(list, content)):
            yield Place(f"{path}[{number}]", child, inside)
    elif loader == "NdArrayNode" and node["type"] == "json":
        yield Place(path, node["shape"], inside)
        for number, child in enumerate(_as(list, content)):
            yield Place(f"{path}[{number}]", child, inside)
    elif loader == "MaskedArrayNode":
        yield Place(f"{path}.data", content["data"], inside)
        yield Place(f"{path}.mask", content["mask"], inside)
    elif loader in ("LossNode", "TreeNode"):
        yield Place(path, node["__reduce__"]["args"], inside)
        yield Place(path, content, inside)
    elif loader in _WITH_ONE_CHILD and not (loader == "ObjectNode" and content is None):
        yield Place(path, content, inside)


def _is_state(place: Place) -> bool:
    """Tell whether a dict is that of an object's attributes."""
    return bool(place.owners) and (
        place.owners[-1].loader in ("ObjectNode", "TreeNode")
        and place.owners[-1].node.get("content") is place.node
    )


def _as(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} in place of {kind.__name__}")
    return value


_WITH_ONE_CHILD = (
    "ObjectNode",
    "DTypeNode",
    "RandomStateNode",
    "ConstructorFromReduceNode",
)


def check_schema(
    root: Node, members: dict[str, Any], accepts_function: Callable[[str], bool]
) -> list[Place]:
    """Check every node of a schema.

    Parameters
    ----------
    root : dict
        The schema.
    members : dict
        By name, the members that nodes may refer to.
    accepts_function : callable
        Tells of the name of a function or class whether the caller trusts it.

    Returns
    -------
    places : list of Place
        All nodes, each before those that it contains.

    Raises
    ------
    ModelFileError
        If a node is of an untrusted type or not what skops writes.
    """
    protocol = root.get("protocol")
    if protocol != PROTOCOL or type(protocol) is not int:
        raise ModelFileError(f"it has protocol {protocol!r} of skops")
    if root.get("__loader__") != "ObjectNode":
        raise ModelFileError("it does not hold an estimator")
    found: list[Place] = []
    by_id: dict[int, Node] = {}
    files: dict[str, int] = {}
    for place in places(root):
        _check_type(place, accepts_function)
        try:
            _check_content(place)
        except (AttributeError, KeyError, TypeError) as error:
            raise place.refuse(f"lacks a part: {error!r}") from error
        identity = place.node.get("__id__")
        if type(identity) is not int or identity < 1:
            raise place.refuse("has no number")
        # skops builds an object once for each number, whatever the nodes say.
        if by_id.setdefault(identity, place.node) != place.node:
            raise place.refuse("has the number of something else")
        if (file := place.node.get("file")) is not None:
            if place.loader not in ("NdArrayNode", "SparseMatrixNode"):
                raise place.refuse("is stored in a file")
            # ... and reads a file once for each object that names it.
            if file not in members or files.setdefault(file, identity) != identity:
                raise place.refuse(f"has the content {file!r:.100}, which is not its")
        found.append(place)
    if unused := members.keys() - files.keys() - {NAME}:
        raise ModelFileError(f"nothing refers to its member {min(unused)!r}")
    return found


def _check_type(place: Place, accepts_function: Callable[[str], bool]) -> None:
    """Refuse everything that is not on a list, by name."""
    loader, name = place.loader, place.type_name
    if loader in ("FunctionNode", "TypeNode"):
        lists = trusted_names.TYPES_AS_VALUES | trusted_names.functions()
        if name not in lists and not accepts_function(name):
            raise place.refuse(
                f"is {name}, which the caller has to vouch for: import it and pass "
                f"load(path, trusted=[{place.node['__class__']}])"
            )
        return
    trusted = _TYPES_OF_LOADER.get(loader, frozenset())
    if loader == "ObjectNode":
        trusted = trusted_names.object_types()
    if name not in trusted:
        raise place.refuse(
            f"is a {name}, which is neither a type of scikit-learn whose files can be "
            f"checked nor one of skdeep. {_advice_about(name)}"
        )


def _advice_about(name: str) -> str:
    if name.startswith("sklearn.neighbors."):
        return "Use algorithm='brute', which needs no tree"
    if name.startswith("sklearn.ensemble._hist_gradient_boosting."):
        return "Use a random forest"
    return "Leave it out of the model, and save what stands around it"


_TYPES_OF_LOADER: dict[str, frozenset[str]] = {
    "DictNode": frozenset(
        {"builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"}
    ),
    "ListNode": frozenset({"builtins.list"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "SetNode": frozenset({"builtins.set"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "JsonNode": frozenset({"builtins.str"}),
    "NdArrayNode": trusted_names.SCALAR_TYPES | {"numpy.ndarray"},
    "MaskedArrayNode": frozenset({"numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"}),
    "DTypeNode": frozenset({"numpy.dtype"}),
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "SparseMatrixNode": trusted_names.SPARSE_TYPES,
    "TreeNode": frozenset({"sklearn.tree._tree.Tree"}),
    "LossNode": trusted_names.LOSS_TYPES,
    "ConstructorFromReduceNode": frozenset(
        {"builtins.range", "builtins.frozenset"} | trusted_names.PACKED
    ),
}


def _check_content(place: Place) -> None:
    """Check what a node says beside its children."""
    node, loader = place.node, place.loader
    content: Any = node.get("content")
    if loader == "JsonNode":
        json_value(place)
    elif loader == "DictNode":
        _check_keys(place)
    elif loader == "SliceNode":
        parts = [content[key] for key in ("start", "stop", "step")]
        if not all(part is None or type(part) in (int, str) for part in parts):
            raise place.refuse("is a slice of something else than integers or names")
    elif loader == "NdArrayNode":
        as_text = node.get("type") == "json"
        if as_text == ("file" in node) or node.get("type") not in ("json", "numpy"):
            raise place.refuse("is an array without content")
        if as_text and place.type_name != "numpy.ndarray":
            raise place.refuse("is a scalar without content")
    elif loader == "SparseMatrixNode" and "file" not in node:
        raise place.refuse("is a sparse matrix without content")
    elif loader == "ObjectNode" and content is not None:
        if content.get("__loader__") not in ("DictNode", "JsonNode"):
            raise place.refuse("has a state that is no dict")
    elif loader == "LossNode":
        arguments = node["__reduce__"]["args"]
        if content["content"] or arguments["__loader__"] != "TupleNode":
            raise place.refuse("is a loss function with a state")
    elif loader in ("ConstructorFromReduceNode", "RandomStateNode", "DTypeNode"):
        wanted = {"RandomStateNode": "DictNode", "DTypeNode": "NdArrayNode"}
        if content.get("__loader__") != wanted.get(loader, "TupleNode"):
            raise place.refuse("is built from something else than its arguments")


def json_value(place: Place) -> Any:
    """Return the number, text, boolean or None of a node."""
    content = place.node.get("content")
    if not isinstance(content, str) or content[:1] in ("", "[", "{", " ", "\n", "\t"):
        raise place.refuse("is not a number, text, boolean or None")
    try:
        return json.loads(content)
    except ValueError as error:
        raise place.refuse(f"is not a number, text, boolean or None: {error}") from None


def _check_keys(place: Place) -> None:
    content, key_types = place.node["content"], place.node["key_types"]
    names = [f"{k['__module__']}.{k['__class__']}" for k in key_types["content"]]
    if len(names) != len(content):
        raise place.refuse("is a dict with more or fewer keys than types of keys")
    for name in names:
        if name not in trusted_names.KEY_TYPES | trusted_names.SCALAR_TYPES or (
            "bool" in name
        ):
            # A key is written as a text: False would come back as True.
            raise place.refuse(
                f"is a dict with a key of type {name}, which files cannot keep apart. "
                "Use texts or numbers as keys"
            )
