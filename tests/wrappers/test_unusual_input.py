"""What users' networks cannot read is refused by name, before anything is trained."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import get_tags

from tests.common.instances import INSTANCES, sample_for

NAMES = [name for name in INSTANCES if name.startswith("Keras") and "[" not in name]


def masked(array):
    """Return an array whose first entry is hidden."""
    return np.ma.masked_array(array, np.arange(array.size).reshape(array.shape) == 0)


KINDS = {
    "masked entries": (masked, "X is a masked array with 1 masked entries"),
    "dates": (lambda X: X.astype("M8[s]"), "X is of dates"),
    "durations": (lambda X: X.astype("m8[s]"), "X is of durations"),
    "complex numbers": (lambda X: X + 1j, "Complex data not supported: X is"),
    "words": (lambda X: np.full(X.shape, "one"), "X cannot be read: could not convert"),
    "NaN": (lambda X: X * np.nan, "X contains NaN"),
}


@pytest.fixture(scope="module")
def fitted():
    """Give a fitted estimator of each class; nobody may change it."""
    there = {}
    for name in NAMES:
        sample = sample_for(INSTANCES[name])
        there[name] = clone(INSTANCES[name]).fit(sample.X, sample.y)
    return there


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_samples(name, kind, fitted):
    """Samples of a wrong kind are refused in `fit` and afterwards."""
    change, words = KINDS[kind]
    sample, estimator = sample_for(INSTANCES[name]), fitted[name]
    X = change(np.asarray(sample.X, dtype=float))
    answer = getattr(estimator, "predict", None) or estimator.transform
    with pytest.raises(ValueError, match=words):
        clone(estimator).fit(X, sample.y)
    with pytest.raises(ValueError, match=words):
        answer(X)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_beyond_the_network(name, fitted):
    """Numbers that would become infinite in single precision are refused."""
    estimator = fitted[name]
    X = np.array(sample_for(estimator).X, dtype=float)
    X.flat[0] = -1e200
    answer = getattr(estimator, "predict", None) or estimator.transform
    with pytest.raises(ValueError, match=r"X holds numbers as large as 1e\+200"):
        answer(X)


@pytest.mark.parametrize("name", NAMES)
def test_hidden_labels_and_weights(name):
    """Labels and weights that are masked are not uncovered."""
    sample = sample_for(INSTANCES[name])
    y = np.arange(len(sample.X)) % 2
    if get_tags(INSTANCES[name]).target_tags.required:
        with pytest.raises(ValueError, match="y is a masked array"):
            clone(INSTANCES[name]).fit(sample.X, masked(y))
    weights = masked(np.ones(len(y)))
    with pytest.raises(ValueError, match="sample_weight is a masked array"):
        clone(INSTANCES[name]).fit(sample.X, sample.y, sample_weight=weights)


def test_dates_as_targets():
    """A regression to dates is refused."""
    estimator = clone(INSTANCES["KerasRegressor"])
    sample = sample_for(estimator)
    y = np.arange(len(sample.X)).astype("M8[D]")
    with pytest.raises(ValueError, match="y is of dates"):
        estimator.fit(sample.X, y)
