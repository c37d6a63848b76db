"""Checks that a fitted estimator is parameters plus numbers, and travels as such."""

import copy
import inspect
import io
import pickle
import tempfile
from pathlib import Path

import joblib
import numpy as np
import skops.io
from sklearn.base import BaseEstimator, clone

from skdeep.base import DeepEstimator
from skdeep.persistence import load, save
from tests.common.checks import (
    assert_same,
    fit,
    fresh,
    learning_badly,
    outputs,
    state,
    stops_early,
    wraps_own_network,
)
from tests.common.instances import sample_for

PLAIN = (type(None), bool, int, float, str, np.ndarray)
# Beyond the weights: parameters, history, a vocabulary, names of classes.
MAX_GROWTH, MAX_EXTRA_BYTES = 1.3, 20_000
FRAMEWORKS = ("keras", "tensorflow", "scikeras")


def _fits(estimator):
    """Yield an estimator after each way of fitting it."""
    yield fit(fresh(estimator))
    yield fit(fresh(estimator, warm_start=True))
    sample = sample_for(estimator)
    yield fresh(estimator).partial_fit(sample.X, sample.y)


def _copies(estimator):
    yield pickle.loads(pickle.dumps(estimator))
    yield copy.deepcopy(estimator)
    yield copy.copy(estimator)
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    buffer.seek(0)
    yield joblib.load(buffer)


def check_copies_are_equal(estimator):
    """Copies of every kind give the same bits, and go on alike."""
    sample = sample_for(estimator)
    for fitted in _fits(estimator):
        before = outputs(fitted, sample.new)
        others = list(_copies(fitted))
        for other in others:
            assert_same(state(fitted), state(other))
            assert_same(before, outputs(other, sample.new))
            assert other.get_params().keys() == fitted.get_params().keys()
        fitted.partial_fit(sample.X, sample.y)
        for other in others:
            other.partial_fit(sample.X, sample.y)
            assert_same(state(fitted), state(other))


def check_skops(estimator):
    """Skops needs to be told to trust the estimators' own classes and nothing else."""
    sample = sample_for(estimator)
    parts = estimator.get_params().values()
    own = {
        type(part) for part in (estimator, *parts) if isinstance(part, DeepEstimator)
    } | {part for part in parts if inspect.isfunction(part)}
    for fitted in (fresh(estimator), *_fits(estimator)):
        content = skops.io.dumps(fitted)
        untrusted = skops.io.get_untrusted_types(data=content)
        assert untrusted == sorted(f"{c.__module__}.{c.__name__}" for c in own)
        other = skops.io.loads(content, trusted=untrusted)
        assert repr(other) == repr(fitted)
        if hasattr(fitted, "weights_"):
            assert_same(state(fitted), state(other))
            assert_same(outputs(fitted, sample.new), outputs(other, sample.new))
            other.partial_fit(sample.X, sample.y)


def check_pickle_is_small(estimator):
    """A pickle holds little more than the weights."""
    fitted = fit(fresh(estimator))
    outputs(fitted, sample_for(estimator).new)
    if not wraps_own_network(estimator):
        assert fitted.model_ is not fitted.model_
    weights = sum(array.nbytes for array in fitted.weights_)
    assert len(pickle.dumps(fitted)) <= weights * MAX_GROWTH + MAX_EXTRA_BYTES


def check_holds_numbers_only(estimator):
    """No attribute is a live model, function, callback or file, however deep."""
    for fitted in _fits(estimator):
        outputs(fitted, sample_for(estimator).new)
        assert fitted.model_.built
        parameters = set(fitted.get_params(deep=False))
        for name, value in vars(fitted).items():
            if name not in parameters:
                _assert_plain(value, name)


def _assert_plain(value, path):
    if isinstance(value, BaseEstimator):
        for name in vars(value).keys() - value.get_params(deep=False).keys():
            _assert_plain(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, dict):
        for key, item in value.items():
            assert isinstance(key, PLAIN), f"{path} has the key {key!r}"
            _assert_plain(item, f"{path}[{key!r}]")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _assert_plain(item, f"{path}[{number}]")
    else:
        assert isinstance(value, PLAIN), f"{path} is {type(value)}"
        assert not (isinstance(value, np.ndarray) and value.dtype == object), path


def check_pickle_names_no_framework(estimator):
    """A pickle can be read where neither Keras nor TensorFlow is imported yet."""

    class Recorder(pickle.Unpickler):
        def find_class(self, module, name):
            modules.add(module.partition(".")[0])
            return super().find_class(module, name)

    modules = set()
    for fitted in _fits(estimator):
        Recorder(io.BytesIO(pickle.dumps(fitted))).load()
    assert "skdeep" in modules
    assert not modules & set(FRAMEWORKS)


def check_model_is_independent(estimator):
    """`model_` computes what the estimator does, and is the caller's to change."""
    fitted = fit(fresh(estimator))
    model = fitted.model_
    # A frozen backbone's weights come before those that were fitted.
    weights = model.get_weights()[-len(fitted.weights_) :]
    assert_same(state(fitted), state(fitted) | dict(enumerate(weights)))
    before = outputs(fitted, sample_for(estimator).new)
    model.set_weights([np.zeros_like(array) for array in model.get_weights()])
    assert_same(before, outputs(fitted, sample_for(estimator).new))
    assert any(array.any() for array in fitted.weights_)


def check_clone_is_unfitted(estimator):
    """A clone has the parameters and nothing else, and learns the same."""
    fitted = fit(fresh(estimator))
    other = clone(fitted)
    assert vars(other).keys() == vars(fresh(estimator)).keys()
    assert not hasattr(other, "weights_")
    assert_same(state(fitted), state(fit(other)))


def check_writes_nothing(estimator):
    """Fitting and predicting leave no file in the working directory."""
    with learning_badly():
        fitted = fit(fresh(estimator, early_stopping=stops_early(estimator)))
    outputs(fitted, sample_for(estimator).new)
    assert list(Path.cwd().iterdir()) == []


def check_model_file(estimator):
    """A file that cannot run code holds all that a pickle does."""
    sample = sample_for(estimator)
    # Functions of the user's are named in the file, and vouched for by the caller.
    trusted = [p for p in estimator.get_params().values() if inspect.isfunction(p)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.skdeep")
        for fitted in (fresh(estimator), *_fits(estimator)):
            save(fitted, path)
            other = load(path, trusted=trusted)
            assert repr(other) == repr(fitted)
            if hasattr(fitted, "weights_"):
                assert_same(state(fitted), state(other))
                assert_same(outputs(fitted, sample.new), outputs(other, sample.new))
                for each in (fitted, other):
                    each.partial_fit(sample.X, sample.y)
                assert_same(state(fitted), state(other))
