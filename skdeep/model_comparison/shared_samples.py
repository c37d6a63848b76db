"""Samples that two sets have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import _num_samples

from skdeep.encoding.rows import row_keys


def count_shared(X_train: Any, X_test: Any) -> int:
    """Return how many test samples are equal to a training sample.

    Parameters
    ----------
    X_train, X_test : sequence of samples
        Arrays, frames, or sequences of anything that can be hashed.

    Returns
    -------
    n_shared : int
        A number between 0 and the number of test samples; 0 if samples cannot be
        compared.
    """
    if not _num_samples(X_train) or not _num_samples(X_test):
        return 0
    train, test = (np.asarray(X) for X in (X_train, X_test))
    if train.dtype.kind in "buif" and test.dtype.kind in "buif":
        common = np.result_type(train, test)
        known, asked = (
            row_keys(X.astype(common, copy=False).reshape(len(X), -1))
            for X in (train, test)
        )
        return int(np.isin(asked, known).sum())
    try:
        seen = {_content(sample) for sample in train}
        return sum(_content(sample) in seen for sample in test)
    except TypeError:
        return 0


def _content(sample: Any) -> Any:
    """Return something that is equal for equal samples, and can be hashed."""
    return tuple(sample.tolist()) if isinstance(sample, np.ndarray) else sample
