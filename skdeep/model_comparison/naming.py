"""Names for the classifiers of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sklearn.base import is_classifier


def named_classifiers(estimators: Any) -> dict[str, Any]:
    """Return the classifiers by name, in the order given.

    Parameters
    ----------
    estimators : mapping of str to classifier, or iterable
        An iterable holds classifiers, named after their classes and numbered where
        a class repeats, or pairs (name, classifier).

    Returns
    -------
    named : dict of str to classifier
        The same objects, by name.

    Raises
    ------
    TypeError
        If something is not a classifier, a name is not a str, or a single estimator
        is passed.

    ValueError
        If there is no classifier, or a name is given twice.
    """
    if hasattr(estimators, "fit") or not isinstance(estimators, Iterable):
        raise TypeError(
            "estimators must be a mapping from names to classifiers or a list of "
            f"classifiers. Got {estimators!r}. Pass a single classifier in a list."
        )
    pairs = (
        list(estimators.items())
        if isinstance(estimators, Mapping)
        else _pairs(list(estimators))
    )
    if not pairs:
        raise ValueError("estimators is empty. Pass at least one classifier.")
    for name, estimator in pairs:
        _check_classifier(name, estimator)
    named = dict(pairs)
    if len(named) < len(pairs):
        raise ValueError(
            f"The names of the classifiers must differ. Got {[n for n, _ in pairs]}."
        )
    return named


def _pairs(entries: list[Any]) -> list[tuple[str, Any]]:
    """Return (name, classifier) pairs for a list of classifiers or of pairs."""
    if any(hasattr(entry, "fit") for entry in entries):
        return list(zip(_names_of_classes(entries), entries, strict=True))
    for entry in entries:
        if not isinstance(entry, (tuple, list)) or len(entry) != 2:
            raise TypeError(
                "A list of estimators must hold classifiers, or pairs (name, "
                f"classifier). Got {entry!r}."
            )
    return [(name, estimator) for name, estimator in entries]


def _names_of_classes(estimators: list[Any]) -> list[str]:
    """Name estimators after their classes, numbered where a class repeats."""
    names = [type(estimator).__name__.lower() for estimator in estimators]
    return [
        f"{name}-{names[: position + 1].count(name)}" if names.count(name) > 1 else name
        for position, name in enumerate(names)
    ]


def _check_classifier(name: Any, estimator: Any) -> None:
    """Raise TypeError unless `name` is a name and `estimator` a classifier."""
    if not isinstance(name, str) or not name:
        raise TypeError(
            f"The name of a classifier must be a non-empty str. Got {name!r}."
        )
    if isinstance(estimator, type):
        raise TypeError(
            f"{name!r} is the class {estimator.__name__}, not an instance. "
            f"Pass {estimator.__name__}()."
        )
    if not hasattr(estimator, "fit") or not is_classifier(estimator):
        raise TypeError(
            f"{name!r} is not a classifier: got {estimator!r} among estimators. Pass "
            "an estimator that is_classifier accepts, or a pipeline that ends in one."
        )
