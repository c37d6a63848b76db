"""Labels of the two sets of a report: checked before the fit, told apart after it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.validation import _num_samples

from skdeep.encoding.numbers import refuse_masked, understood
from skdeep.encoding.targets import check_label_types
from skdeep.metrics.codes import are_numbers

# What scikit-learn's semi-supervised classifiers, and ours, take for "no label".
UNLABELLED = -1


def read_sets(
    X_train: Any, y_train: Any, X_test: Any, y_test: Any
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the labels of both sets, or say what would end a report after the fit.

    Parameters
    ----------
    X_train, X_test : sequence of samples
        Samples.

    y_train, y_test : array-like of shape (n_samples,)
        Their classes.

    Returns
    -------
    y_train, y_test : ndarray of shape (n_samples,)
        The labels.

    Raises
    ------
    ValueError
        If labels cannot be read, are missing, are not as many as the samples, or are
        numbers in one set and words in the other; if the test set is empty.
    """
    train = _labels(X_train, y_train, "train")
    test = _labels(X_test, y_test, "test")
    if not len(test):
        raise ValueError("X_test has no samples to report on. Pass at least one.")
    if are_numbers(train) != are_numbers(test):
        raise ValueError(
            f"y_train of dtype {train.dtype} cannot be compared with y_test of dtype "
            f"{test.dtype}, as only one of them holds numbers. Pass both as numbers, "
            "or both as strings."
        )
    return train, test


def _labels(X: Any, y: Any, which: str) -> NDArray[Any]:
    name = f"y_{which}"
    refuse_masked(y, name)
    if isinstance(y, list | tuple):
        # NumPy makes the word "nan" of a number among words.
        check_label_types(np.fromiter(y, dtype=object), name)
    with understood(name):
        labels: NDArray[Any] = column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name=name)
    check_label_types(labels, name)
    if labels.dtype.kind == "f" and (labels % 1 != 0).any():
        raise ValueError(
            f"{name} must hold the labels of classes, got fractions such as "
            f"{labels[labels % 1 != 0][0]}. Report on a regressor by its own metrics."
        )
    if len(labels) != _num_samples(X):
        raise ValueError(
            f"X_{which} has {_num_samples(X)} samples, but {name} has {len(labels)} "
            "labels. Pass one label for each sample."
        )
    return labels


def marks_unlabelled(y_train: NDArray[Any], classes: Any) -> bool:
    """Tell whether a classifier took the label -1 for the mark of unlabelled samples.

    Parameters
    ----------
    y_train : ndarray of shape (n_samples,)
        What it was fitted on.

    classes : array-like of shape (n_classes,)
        Its classes.

    Returns
    -------
    unlabelled : bool
        Whether -1 occurs in `y_train` and is none of the classes. To a supervised
        classifier it is one.
    """
    # Words cannot be equal to the mark.
    if y_train.dtype.kind not in "if" or UNLABELLED not in y_train:
        return False
    return UNLABELLED not in np.asarray(classes)
