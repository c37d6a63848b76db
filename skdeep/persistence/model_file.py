"""`save` and `load`."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from skdeep.encoding.archive import MAX_BYTES, read_archive, write_archive
from skdeep.encoding.atomic_file import write_atomically
from skdeep.encoding.bounded_json import read_json
from skdeep.encoding.malformed_file import MalformedFileError
from skdeep.persistence import manifest, schema
from skdeep.persistence.canonical import canonical, check_import_paths
from skdeep.persistence.contents import Members, check_contents
from skdeep.persistence.errors import ModelFileError
from skdeep.persistence.missing_parameters import add_missing_parameters
from skdeep.persistence.own_estimators import check_own_estimators
from skdeep.persistence.preparation import prepare
from skdeep.persistence.schema import Node, Place, check_schema
from skdeep.persistence.skops_archive import dump_schema, dump_skops, load_skops

Trusted = Sequence[Callable[..., Any] | str]


def save(estimator: BaseEstimator, path: str | PathLike[str]) -> None:
    """Write an estimator to a file that cannot run code when it is read.

    Parameters
    ----------
    estimator : estimator
        Any estimator of skdeep, or a Pipeline, search or other estimator of
        scikit-learn that holds some; fitted or not.
    path : str or path-like
        The file. One that exists is replaced when the new one is complete, and stays
        as it is if anything goes wrong.

    Raises
    ------
    TypeError
        If `estimator` is not an estimator.
    ModelFileError
        If it holds something that `load` would refuse; the message says where. A live
        optimizer or callback of Keras is such a thing, and a lambda.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Read it back.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skdeep import HammingNeighbors
    >>> from skdeep.persistence import load, save
    >>> neighbors = HammingNeighbors(n_neighbors=1).fit([[0, 0, 1], [1, 1, 1]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(neighbors, Path(folder, "neighbors.skdeep"))
    ...     load(Path(folder, "neighbors.skdeep"))
    HammingNeighbors(n_neighbors=1)
    """
    _check_path(path)
    if not isinstance(estimator, BaseEstimator):
        raise TypeError(
            "estimator must be an estimator of skdeep or scikit-learn, got "
            f"{estimator!r:.200}. Pass a fitted estimator, a Pipeline or a search."
        )
    name = type(estimator).__name__
    with _named(f"{name} cannot be saved"):
        root, members = dump_skops(prepare(estimator))
        check_import_paths(root)
        root, members = canonical(root, members)
        members = {schema.NAME: dump_schema(root), **members}
        views = {key: memoryview(content) for key, content in members.items()}
        # Whoever has to load the file cannot mend it: what would be refused then is
        # refused now.
        _check(_read_schema(views), views, lambda function: True)
        header = manifest.make_manifest(members, name)
        pieces = list(write_archive([(manifest.NAME, header), *members.items()]))
    write_atomically(Path(path), pieces)


def _check_path(path: Any) -> None:
    if not isinstance(path, str | PathLike):
        raise TypeError(
            f"path must be a str or a path, got {path!r}. Pass where the file is, as "
            "in pathlib.Path('model.skdeep')."
        )


def load(path: str | PathLike[str], *, trusted: Trusted | None = None) -> Any:
    """Read an estimator from a file that `save` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.
    trusted : sequence of callable or str, default=None
        Functions and classes of yours that are parameters of the estimator, such as
        one that builds a network: themselves, or their import paths, from which they
        are then imported. Nothing else that the file names is. Estimators of
        skdeep and scikit-learn need none.

    Returns
    -------
    estimator : estimator
        Equal to the one saved: same parameters, and bit for bit the same predictions
        on the same kind of machine.

    Raises
    ------
    ModelFileError
        If the file is damaged, of another format or version, or names a type or
        function that is not trusted. Nothing in it is run or imported then, nothing
        is written, and memory is not used beyond a small multiple of its size.
    OSError
        If the file cannot be read.
    TypeError, ValueError
        If `trusted` holds something that is no function, class or import path.

    See Also
    --------
    save : Write such a file.

    Notes
    -----
    What the file says is checked before it is believed: the form of the archive, the
    size and SHA-256 digest of each member, the type of every object, the header of
    every array, and the shapes of weights against the network that the parameters
    describe. This protects the machine. It does not make predictions right: whoever
    can write the file can put other weights in it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skdeep.persistence import load, save
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]
    >>> search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2)
    >>> search.set_params(scoring="roc_auc").fit(X, y).score(X, y)
    0.75
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(search, Path(folder, "search.skdeep"))
    ...     load(Path(folder, "search.skdeep")).score(X, y)
    0.75
    """
    _check_path(path)
    vouched = _import_paths(trusted)
    with _named(f"{os.fspath(path)} cannot be loaded"):
        content = _read_file(Path(path))
        members = read_archive(memoryview(content))
        written_with = manifest.check_manifest(members)
        with _said_what_wrote_it(written_with):
            del members[manifest.NAME]
            root = _read_schema(members)
            if _rename_main(root, vouched) | add_missing_parameters(root):
                members[schema.NAME] = memoryview(dump_schema(root))
                content = b"".join(write_archive(members.items()))
            found = _check(root, members, vouched.__contains__)
            return load_skops(content, found)


def _check(
    root: Node, members: Members, accepts_function: Callable[[str], bool]
) -> list[Place]:
    found = check_schema(root, members, accepts_function)
    check_contents(found, members)
    check_own_estimators(found, members)
    return found


def _read_schema(members: Members) -> Node:
    if schema.NAME not in members:
        raise ModelFileError(f"it has no member {schema.NAME!r}")
    return read_json(
        members[schema.NAME],
        schema.NAME,
        max_bytes=schema.MAX_BYTES,
        max_values=schema.MAX_VALUES,
    )


def _read_file(path: Path) -> bytes:
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(f"{path} is a folder. Pass the path of a file.")
    if not stat.S_ISREG(status.st_mode):
        raise ModelFileError("it is no plain file")
    if status.st_size > MAX_BYTES:
        raise ModelFileError(
            f"it has {status.st_size} bytes, more than the {MAX_BYTES} that a model "
            "file may have"
        )
    with open(path, "rb") as file:
        start = file.read(4)
        # A large file of another kind need not be read to the end.
        return start + file.read(MAX_BYTES) if start == b"PK\3\4" else start


def _import_paths(trusted: Trusted | None) -> dict[str, str]:
    """Return the import path of everything that the caller vouches for.

    A second entry for each is the path that it would have in a notebook or program,
    which is where a file may have been written.
    """
    if isinstance(trusted, str) or callable(trusted):
        raise TypeError(
            f"trusted must be a list of functions or import paths, got {trusted!r}. "
            "Put it in a list."
        )
    paths: dict[str, str] = {}
    for thing in trusted or ():
        if not isinstance(thing, str) and not callable(thing):
            raise TypeError(
                "trusted must hold functions, classes or import paths, got "
                f"{thing!r:.200}."
            )
        path = thing if isinstance(thing, str) else _import_path(thing)
        paths[path] = paths[f"__main__.{path.rpartition('.')[2]}"] = path
    return paths


def _import_path(thing: Any) -> str:
    module, name = getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")
    if getattr(sys.modules.get(module), name, None) is not thing:
        raise ValueError(
            f"trusted holds {thing!r}, which cannot be imported as {module}.{name}. "
            "Define it at the top level of a module."
        )
    return f"{module}.{name}"


def _rename_main(root: Node, vouched: dict[str, str]) -> bool:
    """Give functions that were written in a program the path that they have here."""
    changed = False
    for place in schema.places(root) if vouched else ():
        path = vouched.get(place.type_name, place.type_name)
        if place.loader in ("FunctionNode", "TypeNode") and path != place.type_name:
            module, _, name = path.rpartition(".")
            place.node.update({"__module__": module, "__class__": name})
            changed = True
    return changed


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Say in each error which file or estimator it is about."""
    try:
        yield
    except MalformedFileError as error:
        problem = str(error).rstrip(".")
        raise ModelFileError(f"{what}: {problem}.") from error.__cause__


@contextmanager
def _said_what_wrote_it(written_with: dict[str, str]) -> Iterator[None]:
    """Say in each error which other versions the file was written with."""
    try:
        yield
    except MalformedFileError as error:
        others = [
            f"{name} {version} (here {here})"
            for name, here in manifest.versions().items()
            if (version := written_with.get(name)) != here
        ]
        if not others:
            raise
        problem = str(error).rstrip(".")
        raise ModelFileError(
            f"{problem}. It was written with {', '.join(others)}"
        ) from error.__cause__
