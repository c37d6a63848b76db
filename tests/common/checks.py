"""What the checks of our own battery have in common.

A check is a function of an unfitted estimator that raises if a promise is broken. It
gets an estimator with `random_state=0` that is its own.
"""

import hashlib
import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning

from tests.common.instances import reads_texts, sample_for

# Everything that a fitted estimator may be asked about samples.
METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "encode",
    "score_samples",
)


def only(condition):
    """Mark a check as meant for the estimators that fulfil a condition."""

    def mark(check):
        check.condition = condition
        return check

    return mark


def is_transformer(estimator):
    """Tell whether an estimator turns samples into codes."""
    return hasattr(estimator, "transform")


def needs_classes(estimator):
    """Tell whether `fit` must be given classes."""
    return is_classifier(estimator)


def wraps_own_network(estimator):
    """Tell whether a user's network is wrapped, with the parameters of SciKeras."""
    return "model" in estimator.get_params(deep=False)


def stops_early(estimator):
    """Tell whether an estimator can watch some rows and stop."""
    return "early_stopping" in estimator.get_params(deep=False)


def saves_checkpoints(estimator):
    """Tell whether a fit can go on after it was killed."""
    return "checkpoint" in estimator.get_params(deep=False)


def own_names(estimator, parameters):
    """Return parameters of training under the names that an estimator has for them."""
    if not wraps_own_network(estimator):
        return parameters
    constant = {"learning_rate_schedule": "constant", "early_stopping": False}
    return {
        "model__learning_rate" if name == "learning_rate" else name: value
        for name, value in parameters.items()
        if name not in constant or constant[name] != value
    }


def checks_in(*modules):
    """Return the checks that modules define, as a dict of functions."""
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if name.startswith("check_") and value.__module__ == module.__name__
    }


def fresh(estimator, **parameters):
    """Return an unfitted copy with a fixed seed and some parameters changed."""
    parameters = own_names(estimator, parameters)
    return clone(estimator).set_params(**{"random_state": 0} | parameters)


def fit(estimator, **changes):
    """Fit an estimator on its sample data, or on what `changes` names instead."""
    sample = sample_for(estimator)
    return estimator.fit(**{"X": sample.X, "y": sample.y} | changes)


@contextmanager
def learning_badly():
    """Fit on purpose in a way that estimators warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def outputs(estimator, X):
    """Return all that an estimator says about samples, by method."""
    said = {m: getattr(estimator, m)(X) for m in METHODS if hasattr(estimator, m)}
    if hasattr(estimator, "inverse_transform"):
        said["inverse_transform"] = estimator.inverse_transform(said["transform"])
    return {method: np.asarray(array) for method, array in said.items()}


def state(estimator):
    """Return the numbers that a fit has left: weights and history."""
    history = {f"history_{k}": np.array(v) for k, v in estimator.history_.items()}
    return dict(enumerate(estimator.weights_)) | history


def assert_same(first, second):
    """Compare two dicts of arrays bit by bit."""
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=str(name))
        assert first[name].dtype == second[name].dtype


def assert_same_fit(first, second):
    """Compare weights, history and predictions of two estimators bit by bit."""
    assert_same(state(first), state(second))
    new = sample_for(first).new
    assert_same(outputs(first, new), outputs(second, new))


def differ(first, second):
    """Tell whether the weights of two estimators differ."""
    return any(
        a.shape != b.shape or (a != b).any()
        for a, b in zip(first.weights_, second.weights_, strict=True)
    )


def digest(estimator):
    """Return a number in hexadecimal that any changed bit of a fit changes."""
    content = hashlib.sha256()
    said = outputs(estimator, sample_for(estimator).new)
    for array in [*state(estimator).values(), *said.values()]:
        array = array.astype(str) if array.dtype == object else array
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()


def take(X, rows):
    """Return some samples, whatever holds them."""
    return X[rows] if isinstance(X, np.ndarray) else [X[row] for row in rows]


def containers(estimator, X):
    """Yield the name and the content of containers that say the same as X."""
    import pandas as pd
    import polars as pl

    if reads_texts(estimator):
        yield "tuple", tuple(X)
        yield "array of objects", np.array(X, dtype=object)
        yield "array of str", np.array(X)
        yield "pandas", pd.Series(X, index=np.arange(len(X))[::-1])
        yield "pandas str", pd.Series(X, dtype="str")
        yield "polars", pl.Series(X)
    else:
        yield "float32", X.astype(np.float32)
        yield "Fortran order", np.asfortranarray(X)
        yield "every second of twice as many", np.repeat(X, 2, axis=0)[::2]
        yield "lists", X.tolist()
        yield "list of arrays", list(X)
        yield "channels", X[..., np.newaxis]


def frames(X):
    """Yield flat images as frames of named columns."""
    import pandas as pd
    import polars as pl

    flat = X.reshape(len(X), -1)
    names = [f"pixel_{column}" for column in range(flat.shape[1])]
    yield "pandas", pd.DataFrame(flat, columns=names)
    yield "polars", pl.DataFrame(flat, schema=names)
