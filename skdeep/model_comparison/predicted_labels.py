"""Labels that a classifier predicted, fold by fold, with those that are no class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Predictions = Sequence[NDArray[Any] | None]


def was_fitted(predictions: Predictions) -> bool:
    """Tell whether a classifier predicted anything, so that some fit succeeded.

    Parameters
    ----------
    predictions : sequence of ndarray or None
        Labels of each fold; None for a fold whose fit failed.

    Returns
    -------
    fitted : bool
        False if the fit failed in every fold.
    """
    return any(labels is not None for labels in predictions)


def known_labels(classes: NDArray[Any], predictions: Predictions) -> NDArray[Any]:
    """Return the classes, and after them other labels that were predicted.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted classes of the data.

    predictions : sequence of ndarray or None
        Labels of each fold. Those of outliers, for example, need be no class.

    Returns
    -------
    labels : ndarray of shape (n_labels,)
        The classes themselves, if nothing else was predicted.
    """
    found = [np.unique(labels) for labels in predictions if labels is not None]
    others = np.setdiff1d(np.concatenate(found), classes) if found else np.array([])
    return np.concatenate([classes, others]) if others.size else classes


def places_of(known: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.intp]:
    """Return the place of each label among distinct ones, in whatever order.

    Parameters
    ----------
    known : ndarray of shape (n_labels,)
        As of `known_labels`.

    labels : ndarray of shape (n_samples,)
        Each is one of them.

    Returns
    -------
    places : ndarray of shape (n_samples,)
        Such that ``known[places]`` are the labels.
    """
    order = np.argsort(known, kind="stable")
    return order[np.searchsorted(known, labels, sorter=order)]
