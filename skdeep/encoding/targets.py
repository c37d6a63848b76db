"""Class labels and their weights."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np


def check_label_types(labels: np.ndarray, name: str = "y") -> None:
    """Refuse labels that cannot be sorted, as some are words and others are not.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        Labels.
    name : str, default="y"
        What the error message calls them.

    Raises
    ------
    ValueError
        If there are str and something else among them.
    """
    if labels.dtype != object:
        return
    types = {str if isinstance(label, str) else type(label) for label in labels}
    if len(types) > 1 and str in types:
        names = sorted(kind.__name__ for kind in types)
        raise ValueError(
            f"{name} mixes labels of the types {names}. Convert all to str or all to "
            "numbers, and leave out samples without a label."
        )


def encode_classes(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the place of each label among the classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Labels.
    classes : ndarray of shape (n_classes,)
        Known labels, sorted.

    Returns
    -------
    codes : ndarray of shape (n_samples,), dtype int32

    Raises
    ------
    ValueError
        If a label is not among the classes.
    """
    places = np.clip(np.searchsorted(classes, y), 0, len(classes) - 1)
    unknown = classes[places] != y
    if np.any(unknown):
        raise ValueError(
            f"y contains labels that are not in classes={classes.tolist()}, got "
            f"{np.unique(y[unknown]).tolist()[:5]}. Pass all labels as `classes` to "
            "the first call of partial_fit."
        )
    return places.astype(np.int32)


def class_weights(
    class_weight: Mapping[Any, float] | str | None,
    classes: np.ndarray,
    codes: np.ndarray,
    sample_weight: np.ndarray | None,
) -> np.ndarray | None:
    """Return the weight of each row that its class gives it.

    Parameters
    ----------
    class_weight : mapping of label to float, "balanced" or None
        As in scikit-learn: classes that a mapping leaves out weigh one.
    classes : ndarray of shape (n_classes,)
        Labels, sorted.
    codes : ndarray of shape (n_rows,)
        Class number of each row.
    sample_weight : ndarray of shape (n_rows,) or None
        Weights of the rows, which "balanced" counts the classes with.

    Returns
    -------
    weights : ndarray of shape (n_rows,), dtype float64, or None

    Raises
    ------
    ValueError
        If a mapping names a class that is not there, or a weight is no finite number
        of at least 0, or all are 0, or those of all rows.
    """
    if class_weight is None:
        return None
    if isinstance(class_weight, Mapping):
        unknown = [label for label in class_weight if label not in classes.tolist()]
        if unknown:
            raise ValueError(
                f"class_weight names the classes {unknown}, which are not among the "
                f"classes of y, {classes.tolist()}. Use the labels of y as keys."
            )
        for label, weight in class_weight.items():
            if not (isinstance(weight, Real) and 0 <= weight < float("inf")):
                raise ValueError(
                    f"class_weight gives class {label!r} the weight {weight!r}, but "
                    "weights are finite numbers of at least 0. Change it."
                )
        if not any(class_weight.get(label, 1) for label in classes.tolist()):
            raise ValueError(
                "class_weight is zero for all classes, so there is nothing to train "
                "on. Give at least one class a positive weight."
            )
    weights = np.ones(len(classes))
    if isinstance(class_weight, str):
        counts = np.bincount(codes, sample_weight, minlength=len(classes))
        present = counts > 0
        weights[present] = counts.sum() / (present.sum() * counts[present])
    else:
        for label, weight in class_weight.items():
            weights[np.flatnonzero(classes == label)] = weight
    of_rows = weights[codes]
    if not of_rows.any():
        raise ValueError(
            "class_weight is zero for all classes that y shows, "
            f"{classes[np.unique(codes)].tolist()}, so there is nothing to train on. "
            "Pass samples of another class."
        )
    return of_rows
