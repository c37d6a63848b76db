"""The figures of a report on one set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import (
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)


def count_confusions(
    y: NDArray[Any], predicted: NDArray[Any], classes: NDArray[Any]
) -> NDArray[np.int64]:
    """Return how many samples of each class were taken for each class.

    Parameters
    ----------
    y, predicted : ndarray of shape (n_samples,)
        True and predicted labels; there may be none.

    classes : ndarray of shape (n_classes,)
        All labels that occur, sorted.

    Returns
    -------
    matrix : ndarray of shape (n_classes, n_classes)
        True classes in rows, predicted ones in columns.
    """
    if len(classes) == 1 or not len(y):
        # scikit-learn warns of a single class, and refuses to count nothing.
        return np.full((len(classes), len(classes)), len(y))
    matrix: NDArray[np.int64] = confusion_matrix(y, predicted, labels=classes)
    return matrix


def class_figures(
    y: NDArray[Any], predicted: NDArray[Any], classes: NDArray[Any]
) -> pd.DataFrame:
    """Return precision, recall, F1 and support of each class.

    Parameters
    ----------
    y, predicted : ndarray of shape (n_samples,)
        True and predicted labels; there may be none.

    classes : ndarray of shape (n_classes,)
        All labels that occur, sorted.

    Returns
    -------
    figures : DataFrame of shape (n_classes, 4)
        What would divide by zero is 0.
    """
    none = np.zeros(len(classes))
    columns = (none, none, none, none.astype(np.int64))
    if len(y):
        columns = precision_recall_fscore_support(
            y, predicted, labels=classes, zero_division=0
        )
    names = ("precision", "recall", "f1", "support")
    named = dict(zip(names, columns, strict=True))
    return pd.DataFrame(named, index=pd.Index(classes))


def mean_log_loss(
    y: NDArray[Any],
    probabilities: NDArray[np.float64],
    fitted_classes: NDArray[Any],
    classes: NDArray[Any],
) -> float:
    """Return the log loss; a class that was not trained on has probability zero.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        True labels, at least one.

    probabilities : ndarray of shape (n_samples, n_fitted_classes)
        Of each class that the classifier knows.

    fitted_classes : ndarray of shape (n_fitted_classes,)
        These classes.

    classes : ndarray of shape (n_classes,)
        All labels that occur, sorted.

    Returns
    -------
    loss : float
        In nats.
    """
    # A frozen classifier may know more classes than occur anywhere.
    labels = np.union1d(classes, fitted_classes)
    if len(labels) == 1:
        return 0.0
    # Single precision stays that: scikit-learn then knows how far sums may be off.
    aligned = np.zeros((len(y), len(labels)), dtype=probabilities.dtype)
    aligned[:, np.searchsorted(labels, fitted_classes)] = probabilities
    return float(log_loss(y, aligned, labels=labels))
