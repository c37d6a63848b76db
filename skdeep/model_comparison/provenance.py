"""Where a comparison comes from: parameters, data, folds, versions and machine."""

from __future__ import annotations

import os
import platform
import re
import reprlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _num_samples

from skdeep import __version__
from skdeep.model_comparison.content_digest import content_digest, description
from skdeep.model_comparison.folds import Fold

_PACKAGES = (
    "scikit-learn",
    "numpy",
    "scipy",
    "pandas",
    "keras",
    "tensorflow",
    "scikeras",
)
_SEED = "random_state"
# Addresses in memory mean nothing to a reader, and differ from process to process.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class ClassifierRecord:
    """What one classifier was.

    Attributes
    ----------
    class_name : str
        Its class.

    parameters : dict of str to str
        All parameters as text, those of nested estimators as ``outer__inner``. Long
        values are shortened.

    changed : frozenset of str
        Names of the parameters that are not at the default of their class.
    """

    class_name: str
    parameters: dict[str, str]
    changed: frozenset[str]

    @property
    def seeds(self) -> dict[str, str]:
        """Parameters called `random_state`, also of nested estimators."""
        return _seeds(self.parameters)


@dataclass(frozen=True)
class DataRecord:
    """What the classifiers were trained and tested on.

    Attributes
    ----------
    description : str
        What held the rows: type, dtype and shape.

    rows_digest, labels_digest : str or None
        Digests of X and y; None for rows that are neither numbers nor texts.

    n_groups : int or None
        Number of groups that folds kept whole; None without groups, or where a
        splitter alone knows them.
    """

    description: str
    rows_digest: str | None
    labels_digest: str | None
    n_groups: int | None


@dataclass(frozen=True)
class Provenance:
    """All that is needed to judge, or to repeat, a comparison.

    Attributes
    ----------
    classifiers : dict of str to ClassifierRecord
        The classifiers, by name.

    data : DataRecord
        The data.

    splitter : str
        What made the folds.

    splitter_seeds : dict of str to str
        Its `random_state`, if it has one.

    folds_digest : str
        Digest of the row numbers of all folds.

    versions : dict of str to str
        Versions of Python, of the packages that compute something, and of those that
        the classifiers come from.

    machine : dict of str to str
        "processor", "cores" and "system". Names of machines and of people are left
        out, because reports are passed on.

    started : str
        Date and time in ISO 8601, of Greenwich.
    """

    classifiers: dict[str, ClassifierRecord]
    data: DataRecord
    splitter: str
    splitter_seeds: dict[str, str]
    folds_digest: str
    versions: dict[str, str]
    machine: dict[str, str]
    started: str


def record_provenance(
    classifiers: Mapping[str, Any],
    X: Any,
    y: NDArray[Any],
    *,
    groups: Any,
    splitter: Any,
    folds: list[Fold],
) -> Provenance:
    """Write down what a comparison is about to do.

    Parameters
    ----------
    classifiers : mapping of str to classifier
        Classifiers by name, not fitted.

    X : sequence of n_samples rows
        Rows.

    y : ndarray of shape (n_samples,)
        Labels.

    groups : array-like of shape (n_samples,) or None
        Groups that folds keep whole.

    splitter : splitter
        What made the folds.

    folds : list of (train, test)
        Row numbers.

    Returns
    -------
    provenance : Provenance
        Texts and numbers only.
    """
    n_groups = None if groups is None else _n_distinct(groups)
    rows = np.concatenate([part for fold in folds for part in fold])
    lengths = np.array([len(part) for fold in folds for part in fold], dtype=np.int64)
    return Provenance(
        classifiers={name: _record(each) for name, each in classifiers.items()},
        data=DataRecord(
            description=description(X),
            rows_digest=content_digest(X),
            labels_digest=content_digest(y),
            n_groups=n_groups,
        ),
        splitter=_splitter_text(splitter),
        splitter_seeds=_seeds(
            {name: as_text(value) for name, value in _attributes(splitter).items()}
        ),
        folds_digest=content_digest(np.concatenate([lengths, rows])) or "",
        versions=_versions(classifiers.values()),
        machine=_machine(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def as_text(value: Any) -> str:
    """Return a short text of a value, the same in every process.

    Parameters
    ----------
    value : object
        The value of a parameter.

    Returns
    -------
    text : str
        Its representation, shortened in the middle and without addresses; of an
        estimator the name of its class, because its parameters follow on their own.
    """
    if _has_params(value):
        return f"{type(value).__name__}()"
    if isinstance(value, np.ndarray) and value.size > 10:
        return f"array of {value.dtype}, shape {value.shape}"
    shortened = reprlib.Repr()
    shortened.maxstring = shortened.maxother = 200
    shortened.maxlist = shortened.maxtuple = shortened.maxdict = 12
    return _ADDRESS.sub("", shortened.repr(value))


def _record(classifier: Any) -> ClassifierRecord:
    values = classifier.get_params(deep=True) if _has_params(classifier) else {}
    changed = frozenset(
        name for name, value in values.items() if not _is_default(classifier, name)
    )
    return ClassifierRecord(
        class_name=type(classifier).__name__,
        parameters={name: as_text(values[name]) for name in sorted(values)},
        changed=changed,
    )


def _has_params(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)


def _is_default(classifier: Any, name: str) -> bool:
    """Tell whether a parameter, perhaps of a nested estimator, is at its default."""
    outer, _, inner = name.rpartition("__")
    owner = classifier
    if outer:
        owner = classifier.get_params(deep=True).get(outer)
    if owner is None or not _has_params(owner):
        return False
    try:
        default = signature(type(owner)).parameters[inner].default
    except (KeyError, TypeError, ValueError):
        return False
    if default is Parameter.empty:
        return False
    return as_text(owner.get_params(deep=False).get(inner)) == as_text(default)


def _seeds(parameters: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in parameters.items()
        if name.rpartition("__")[2] == _SEED
    }


def _attributes(splitter: Any) -> dict[str, Any]:
    """Return the attributes of a splitter; of a repeated one those of its parts."""
    return dict(getattr(splitter, "__dict__", {}))


def _n_distinct(groups: Any) -> int:
    values = groups.tolist() if hasattr(groups, "tolist") else list(groups)
    try:
        return len(set(values))
    except TypeError:
        return _num_samples(groups)


def _splitter_text(splitter: Any) -> str:
    """Return what made the folds, which are not repeated if they were given."""
    # What scikit-learn wraps around an iterable of folds has no public name.
    if type(splitter).__name__ == "_CVIterableWrapper":
        return "row numbers that were given"
    return as_text(splitter)


def _versions(classifiers: Iterable[Any]) -> dict[str, str]:
    """Return versions of what is installed, without importing anything."""
    found = {"skdeep": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    for origin in sorted(_origins(classifiers)):
        version = getattr(sys.modules.get(origin), "__version__", None)
        if origin != "sklearn" and isinstance(version, str):
            found.setdefault(origin, version)
    return found


def _origins(classifiers: Iterable[Any]) -> set[str]:
    """Return the packages that define classifiers, or estimators inside of them."""
    parts = [
        part
        for each in classifiers
        for part in (each, *(each.get_params().values() if _has_params(each) else ()))
    ]
    return {
        type(part).__module__.partition(".")[0] for part in parts if _has_params(part)
    }


def _machine() -> dict[str, str]:
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count() or "unknown"),
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
    }


def _processor() -> str:
    """Return the name of the processor."""
    try:
        # On Linux `platform.processor` knows no more than the architecture.
        content = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        content = ""
    for line in content.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"
