"""Arrays and other contents of a model, checked before any of them is made."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdeep.encoding.archive import read_archive
from skdeep.encoding.array_headers import read_array, read_header
from skdeep.persistence import trusted_names
from skdeep.persistence.errors import ModelFileError
from skdeep.persistence.schema import Node, Place, json_value

Members = dict[str, memoryview]

_SPARSE_PARTS = {"data.npy", "format.npy", "indices.npy", "indptr.npy", "shape.npy"}
_KEYS_OF_RANDOM_STATE = 624
# Loaders that fill something of their own from the arrays that they are given.
_COPYING = ("ConstructorFromReduceNode", "MaskedArrayNode", "TreeNode")


def check_contents(found: list[Place], members: Members) -> None:
    """Check all arrays, random states and decision trees that a schema names.

    Parameters
    ----------
    found : list of Place
        The nodes of the schema.
    members : dict from str to memoryview
        The members of the file.

    Raises
    ------
    ModelFileError
        If one of them is not what its node says, or could lead compiled code of
        NumPy, SciPy or scikit-learn out of its arrays.
    """
    checks = {
        "MaskedArrayNode": _check_masked,
        "NdArrayNode": _check_array,
        "SparseMatrixNode": _check_sparse,
        "RandomStateNode": _check_random_state,
        "TreeNode": _check_tree,
        "ConstructorFromReduceNode": _check_arguments,
        "ObjectNode": _check_support_vectors,
    }
    for place in found:
        check = checks.get(place.loader)
        if check is not None:
            try:
                check(place, members)
            except (AttributeError, IndexError, KeyError, TypeError) as error:
                raise place.refuse(f"lacks a part: {error!r}") from error
    _check_copies(found)


def _check_copies(found: list[Place]) -> None:
    """Check that no array is copied for several objects.

    A file could name one array so often that its copies fill the memory.
    """
    owner_of: dict[str, int] = {}
    for place in found:
        # Arguments and states stand in a tuple or dict of their own.
        owners = [o for o in place.owners[-2:] if o.loader in _COPYING]
        is_small = place.type_name in trusted_names.SCALAR_TYPES
        if not owners or is_small or "file" not in place.node:
            continue
        owner = owners[-1].node["__id__"]
        if owner_of.setdefault(place.node["file"], owner) != owner:
            raise place.refuse("has the same content as something else does")


def _check_masked(place: Place, members: Members) -> None:
    """Check that a masked array is made of arrays, which are not copied."""
    for part in place.node["content"].values():
        if part["__loader__"] != "NdArrayNode":
            raise place.refuse("is a masked array of something else than arrays")


def array_of(node: Node, members: Members) -> NDArray[Any]:
    """Return the array that a node names."""
    return read_array(members[node["file"]], node["file"])


def _value(node: Node) -> Any:
    return json_value(Place("a number", node))


def _integer(node: Node, path: str) -> int:
    value = _value(node)
    if type(value) is not int:
        raise ModelFileError(f"{path} holds {value!r} in place of an integer")
    return value


def _check_array(place: Place, members: Members) -> None:
    if place.node["type"] == "json":
        sizes = [_value(size) for size in place.node["shape"]["content"]]
        if not all(type(size) is int and size >= 0 for size in sizes):
            raise place.refuse(f"has the shape {sizes}")
        return
    file = place.node["file"]
    if not file.endswith(".npy"):
        raise place.refuse(f"has the content {file!r}, which is no array")
    header = read_header(members[file], file)
    name = place.type_name
    if name == "numpy.ndarray":
        if header.dtype.kind == "V" and place.owners[-2].loader != "TreeNode":
            raise place.refuse(f"is an array of records: {header.dtype}")
    elif header.shape != () or header.dtype.type.__name__ != place.node["__class__"]:
        raise place.refuse(
            f"is a {name}, but stored as dtype {header.dtype} of shape {header.shape}"
        )


def _check_sparse(place: Place, members: Members) -> None:
    _sparse_parts(place, members)


def _sparse_parts(place: Place, members: Members) -> dict[str, NDArray[Any]]:
    """Return the arrays of a sparse matrix whose indices stay inside of it."""
    file = place.node["file"]
    if place.node.get("type") != "scipy" or not file.endswith(".npz"):
        raise place.refuse("is not stored as a sparse matrix")
    parts = read_archive(members[file])
    if not parts.keys() >= _SPARSE_PARTS or parts.keys() - _SPARSE_PARTS - {
        "_is_array.npy"
    }:
        raise place.refuse(f"has the parts {sorted(parts)}")
    arrays = {name: read_array(content, name) for name, content in parts.items()}
    indices, indptr = arrays["indices.npy"], arrays["indptr.npy"]
    form, shape = arrays["format.npy"].tolist(), arrays["shape.npy"].tolist()
    is_by_row = form == b"csr"
    if form not in (b"csr", b"csc") or np.shape(shape) != (2,):
        raise place.refuse(f"is a sparse matrix of format {form!r}, shape {shape}")
    major, minor = shape if is_by_row else shape[::-1]
    kinds = {indices.dtype.kind, indptr.dtype.kind}
    if (
        kinds != {"i"}
        or indices.shape != arrays["data.npy"].shape
        or indices.ndim != 1
        or indptr.shape != (major + 1,)
        or indptr[0] != 0
        or indptr[-1] != len(indices)
        or (np.diff(indptr) < 0).any()
        or indices.min(initial=0) < 0
        or indices.max(initial=-1) >= minor
    ):
        raise place.refuse("is a sparse matrix whose indices lead out of it")
    return arrays


def _check_random_state(place: Place, members: Members) -> None:
    state = place.node["content"]["content"]
    inside = state["state"]["content"]
    keys = array_of(inside["key"], members)
    position = _integer(inside["pos"], place.path)
    # NumPy believes the position when it looks for the next number.
    if (
        _value(state["bit_generator"]) != "MT19937"
        or keys.shape != (_KEYS_OF_RANDOM_STATE,)
        or keys.dtype != np.uint32
        or not 0 <= position <= _KEYS_OF_RANDOM_STATE
    ):
        raise place.refuse("is not the state of a random number generator")


def _check_arguments(place: Place, members: Members) -> None:
    """Check what `range` and `frozenset` are called with."""
    arguments = place.node["content"]["content"]
    if place.type_name == "builtins.range":
        for argument in arguments:
            _integer(argument, place.path)
    elif place.type_name == "builtins.frozenset" and (
        len(arguments) != 1 or arguments[0]["__loader__"] != "ListNode"
    ):
        raise place.refuse("is a frozenset of something else than a list")


def _check_tree(place: Place, members: Members) -> None:
    """Check that no index of a decision tree leads out of it.

    scikit-learn's compiled code follows the children of a node and reads the feature
    that it names without looking whether they exist.
    """
    owner = place.owners[-2]
    if not owner.type_name.startswith("sklearn.tree._classes.") or any(
        ".GradientBoosting" in above.type_name for above in place.owners
    ):
        raise place.refuse(
            "is a tree of gradient boosting, whose files cannot be checked. Use a "
            "random forest"
        )
    n_features, n_classes, n_outputs = place.node["__reduce__"]["args"]["content"]
    features = _integer(n_features, place.path)
    classes = array_of(n_classes, members)
    state = place.node["content"]["content"]
    nodes, values = (array_of(state[key], members) for key in ("nodes", "values"))
    fitted_on = owner.node["content"]["content"]["n_features_in_"]
    left, right = nodes["left_child"], nodes["right_child"]
    is_leaf = left == -1
    own = np.arange(len(nodes))
    inner = (
        (left > own)
        & (right > own)
        & (np.maximum(left, right) < len(nodes))
        & (nodes["feature"] >= 0)
        & (nodes["feature"] < features)
    )
    if (
        features != _integer(fitted_on, place.path)
        or classes.shape != (_integer(n_outputs, place.path),)
        or classes.dtype.kind != "i"
        or not len(classes)
        or classes.min() < 1
        or _integer(state["node_count"], place.path) != len(nodes)
        or nodes.ndim != 1
        or not len(nodes)
        or values.shape != (len(nodes), len(classes), classes.max())
        or values.dtype != np.float64
        or not (inner | is_leaf).all()
        or not (right[is_leaf] == -1).all()
    ):
        raise place.refuse("is a decision tree whose indices lead out of it")


def _check_support_vectors(place: Place, members: Members) -> None:
    """Check that the arrays of a support vector machine have sizes that agree.

    libsvm is given pointers to them, and one size for all.
    """
    state = place.node.get("content") or {}
    attributes = state.get("content") or {}
    if not (
        place.type_name.startswith("sklearn.svm._classes.")
        and "_n_support" in attributes
    ):
        return

    def shape(name: str) -> tuple[int, ...]:
        node = attributes[name]
        if node["__loader__"] == "SparseMatrixNode":
            parts = _sparse_parts(Place(f"{place.path}.{name}", node), members)
            rows, columns = parts["shape.npy"].tolist()
            # Coefficients are read as if none of them had been left out.
            full = name != "_dual_coef_" or parts["data.npy"].size == rows * columns
            return (rows, columns) if full else ()
        return read_header(members[node["file"]], node["file"]).shape

    counts = array_of(attributes["_n_support"], members)
    support = array_of(attributes["support_"], members)
    n_features = _integer(attributes["n_features_in_"], place.path)
    n_vectors, n_pairs = len(support), len(counts) * (len(counts) - 1) // 2
    # libsvm goes by the vectors of each class in classifiers only; of others it takes
    # the number of all vectors, and scikit-learn leaves something else there.
    by_class = place.type_name.endswith("SVC")
    n_counted = int(counts.sum()) if by_class else n_vectors
    vectors = (n_vectors, n_features)
    if _value(attributes["kernel"]) == "precomputed":
        vectors = (0, 0)
    if (
        counts.ndim != 1
        or not (by_class or len(counts) == 2)
        or counts.dtype != np.int32
        or (counts < 0).any()
        or n_counted != n_vectors
        or support.shape != (n_vectors,)
        or support.dtype != np.int32
        or (vectors == (0, 0) and not _within(support, n_features))
        or shape("support_vectors_") != vectors
        or shape("_dual_coef_") != (len(counts) - 1, n_vectors)
        or shape("_intercept_") != (n_pairs,)
        or not {shape("_probA"), shape("_probB")} <= {(0,), (n_pairs,)}
    ):
        raise place.refuse("is a support vector machine whose sizes do not agree")


def _within(indices: NDArray[Any], size: int) -> bool:
    return bool(indices.min(initial=0) >= 0 and indices.max(initial=-1) < size)
