"""Checks of how estimators are used: data of every kind, scikit-learn's machinery."""

import inspect

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline

from tests.common.checks import (
    METHODS,
    assert_same,
    assert_same_fit,
    containers,
    differ,
    fit,
    frames,
    fresh,
    is_transformer,
    only,
    outputs,
    own_names,
    state,
    take,
    wraps_own_network,
)
from tests.common.instances import reads_texts, sample_for

# Parameters that decide how large a network is, and other values for them.
SIZES = {
    "model__units": 7,
    "n_components": 5,
    "n_bits": 8,
    "units": 7,
    "filters": 5,
    "hidden_layer_sizes": (7,),
    "width": 0.5,
    "n_stages": 2,
}


def reads_images(estimator):
    """Tell whether an estimator takes arrays."""
    return not reads_texts(estimator)


# -- data ------------------------------------------------------------------------------


def check_input_is_not_modified(estimator):
    """Data is read and nothing else, also where it could be written to."""
    sample = sample_for(estimator)
    weights = np.random.default_rng(0).random(len(sample.y))
    X = sample.X.copy() if isinstance(sample.X, np.ndarray) else list(sample.X)
    y, kept = sample.y.copy(), weights.copy()
    fitted = fresh(estimator).fit(X, y, sample_weight=weights)
    fitted.partial_fit(X, y, sample_weight=weights)
    outputs(fitted, X)
    np.testing.assert_array_equal(X, sample.X)
    np.testing.assert_array_equal(y, sample.y)
    np.testing.assert_array_equal(weights, kept)


def check_read_only_input(estimator):
    """Data that cannot be written to is as good as any other."""
    sample = sample_for(estimator)
    X, y, weights = np.array(sample.X), sample.y.copy(), np.arange(1.0, 61.0)
    writable = fresh(estimator).fit(X, y, sample_weight=weights)
    for array in (X, y, weights):
        array.setflags(write=False)
    locked = fresh(estimator).fit(X, y, sample_weight=weights)
    assert_same_fit(writable, locked)
    assert_same(outputs(writable, X), outputs(locked, X))


def check_containers(estimator):
    """Lists, arrays, frames and series that say the same give the same."""
    sample = sample_for(estimator)
    expected = fit(fresh(estimator))
    fits = []
    for name, X in containers(estimator, sample.X):
        found = fresh(estimator).fit(X, sample.y)
        assert differ(expected, found) is False, name
        fits.append(found)
    wanted = outputs(expected, sample.new)
    for found, (name, new) in zip(fits, containers(estimator, sample.new), strict=True):
        for method, array in outputs(found, new).items():
            assert np.array_equal(array.ravel(), wanted[method].ravel()), (
                f"{method} of {name}"
            )


@only(reads_images)
def check_frames(estimator):
    """Flat images in frames give the same as arrays, and names are remembered."""
    sample = sample_for(estimator)
    shaped = fresh(estimator)
    if not wraps_own_network(estimator):
        shaped.set_params(image_shape=(8, 8, 1))
    expected = fit(clone(shaped), X=sample.X.reshape(-1, 64))
    wanted = outputs(expected, sample.new.reshape(-1, 64))
    if not wraps_own_network(estimator):
        # A user's function may build another network for another shape.
        assert_same(state(expected), state(fit(fresh(estimator))))
    for (name, X), (_, new) in zip(frames(sample.X), frames(sample.new), strict=True):
        found = fit(clone(shaped), X=X)
        assert_same(wanted, outputs(found, new))
        assert found.feature_names_in_[1] == "pixel_1", name
        with pytest.raises(ValueError, match="feature names"):
            outputs(found, new[new.columns[::-1]])


def check_wrong_input_is_refused(estimator):
    """What is no sample is refused, in fit and afterwards, naming what was found."""
    sample = sample_for(estimator)
    fitted = fit(fresh(estimator))
    ask = fitted.transform if is_transformer(estimator) else fitted.predict
    for wrong, named in _wrong_texts() if reads_texts(estimator) else _wrong_images():
        if named == "5 dimensions" and wraps_own_network(estimator):
            # Somebody's network may well take samples of four dimensions.
            continue
        with pytest.raises((TypeError, ValueError), match=named):
            ask(wrong)
        y = sample.y[: len(wrong)] if hasattr(wrong, "__len__") else sample.y
        with pytest.raises((TypeError, ValueError), match=named):
            fresh(estimator).fit(wrong, y)


def _wrong_texts():
    yield "a single text", "is a str"
    yield b"bytes", "bytes"
    yield 3, "int"
    yield None, "NoneType"
    yield ["a", 3], r"X\[1\] is 3, of type int"
    yield ["a", None], r"X\[1\] is None, a missing value"
    yield ["a", float("nan")], r"X\[1\] is NaN, a missing value"
    yield ["a", b"b"], r"X\[1\] is bytes"
    yield [["a", "b"], ["c", "d"]], "two-dimensional"
    yield np.array([["a"], ["b"]]), "2 dimension"
    yield np.array([1.0, 2.0]), "float"
    yield {"a": 1, "b": 2}, "dict"
    yield [], "0 sample"


def _wrong_images():
    images = np.ones((4, 8, 8))
    missing, endless = images.copy(), images.copy()
    missing[1, 2, 3], endless[1, 2, 3] = np.nan, np.inf
    yield missing, "NaN"
    yield endless, "inf"
    yield images * 1j, "[Cc]omplex"
    yield images[:0], "0 sample"
    yield images[0, 0], "1D array"
    yield images[None, None], "5 dimensions"
    yield np.full((4, 8, 8), "text"), "could not convert|unable to convert|convert"
    yield [np.ones((8, 8)), np.ones((8, 7))], "different shapes"
    yield None, "None|scalar"


def check_wrong_weights_are_refused(estimator):
    """Weights must be numbers from 0 up, one for each sample, not all of them 0."""
    ones = np.ones(len(sample_for(estimator).y))
    for wrong, named in (
        (-ones, "[Nn]egative"),
        (ones * np.nan, "NaN"),
        (ones[:-1], "sample_weight"),
        (ones * 0, "zero"),
        (ones[:, None] * [[1.0, 2.0]], "1D"),
    ):
        with pytest.raises(ValueError, match=named):
            fit(fresh(estimator), sample_weight=wrong)


@only(is_classifier)
def check_wrong_classes_are_refused(estimator):
    """Labels must be classes, at least two of them, one for each sample."""
    y = sample_for(estimator).y
    allowed = []
    if wraps_own_network(estimator):
        # As in SciKeras: one class, and several labels at once.
        allowed = ["class", "1d|1D"]
    for wrong, named in (
        (np.repeat(y[:1], len(y)), "class"),
        (np.linspace(0, 1, len(y)), "continuous|[Uu]nknown label type"),
        (y[:-1], "inconsistent numbers of samples"),
        (np.where(np.arange(len(y)) == 3, np.nan, np.arange(len(y)) % 2), "NaN"),
        (None, "requires y to be passed, but the target y is None"),
        (np.stack([y, y], axis=1), "1d|1D"),
    ):
        if named in allowed:
            continue
        with pytest.raises(ValueError, match=named):
            fit(fresh(estimator), y=wrong)


@only(is_classifier)
def check_labels_of_every_kind(estimator):
    """Integers, text and truth values are labels; predictions are of their kind."""
    sample = sample_for(estimator)
    codes = np.unique(sample.y, return_inverse=True)[1]
    expected = fit(fresh(estimator), y=codes)
    for labels in (
        np.array([-3, 8], dtype=np.int8),
        np.array([2.0, 5.0]),
        np.array([False, True]),
        np.array(["a", "bcd"]),
        np.array(["a", "bcd"], dtype=object),
    ):
        found = fit(fresh(estimator), y=labels[codes])
        np.testing.assert_array_equal(found.classes_, labels)
        assert_same(state(expected), state(found))
        predicted = found.predict(sample.new)
        assert predicted.dtype == labels.dtype
        np.testing.assert_array_equal(predicted, labels[expected.predict(sample.new)])
    listed = fit(fresh(estimator), y=codes.tolist())
    assert_same(state(expected), state(listed))


@only(is_classifier)
def check_probabilities(estimator):
    """Probabilities sum to one, and decide which class is predicted."""
    sample = sample_for(estimator)
    three = np.array(["x", "y", "z"])[np.arange(len(sample.y)) % 3]
    for y in (sample.y, three):
        fitted = fit(fresh(estimator), y=y)
        probabilities = fitted.predict_proba(sample.new)
        assert probabilities.shape == (len(sample.new), len(np.unique(y)))
        assert probabilities.dtype == np.float64
        assert probabilities.min() >= 0
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
        np.testing.assert_allclose(
            fitted.predict_log_proba(sample.new),
            np.log(probabilities),
            rtol=1e-9,
            # The logarithm of a rounded number next to one.
            atol=1e-15,
        )
        np.testing.assert_array_equal(
            fitted.predict(sample.new), fitted.classes_[probabilities.argmax(axis=1)]
        )


# -- parameters ------------------------------------------------------------------------


def check_unfitted_use(estimator):
    """What needs a fit says so, also to `hasattr`."""
    new = sample_for(estimator).new
    unfitted = fresh(estimator)
    for method in (*METHODS, "inverse_transform", "get_feature_names_out"):
        if not hasattr(unfitted, method):
            continue
        call = getattr(unfitted, method)
        with pytest.raises(NotFittedError):
            call(new) if "names" not in method else call()
    for attribute in ("model_", "weights_", "history_", "classes_"):
        assert not hasattr(unfitted, attribute)


def check_typing_errors_in_names(estimator):
    """A parameter that does not exist is refused when it is given."""
    with pytest.raises(TypeError, match="epoch"):
        type(estimator)(epoch=3)
    with pytest.raises(TypeError, match="optimiser__momentum"):
        type(estimator)(optimiser__momentum=0.9)
    with pytest.raises(ValueError, match="epoch"):
        fresh(estimator).set_params(epoch=3)


def check_constructor_is_explicit(estimator):
    """Every parameter is in the signature, has a constraint, and is only assigned."""
    names = set(inspect.signature(type(estimator)).parameters)
    assert names == set(type(estimator)().get_params(deep=False))
    assert names == set(type(estimator)._parameter_constraints)
    for name, value in type(estimator)().get_params(deep=False).items():
        default = inspect.signature(type(estimator)).parameters[name].default
        assert value is default


def check_set_params_changes_the_network(estimator):
    """Setting a size before `fit` is as good as constructing with it."""
    names = [*estimator.get_params()]
    if wraps_own_network(estimator):
        names.append("model__units")
    name = next(name for name in SIZES if name in names)
    fitted = fit(fresh(estimator))
    shapes = [array.shape for array in fitted.weights_]
    fit(fitted.set_params(**{name: SIZES[name]}))
    assert [array.shape for array in fitted.weights_] != shapes
    assert_same_fit(fitted, fit(fresh(estimator, **{name: SIZES[name]})))


def check_wrong_parameters_are_refused(estimator):
    """Values outside the documented range are refused by name when fitting."""
    known = fresh(estimator).get_params()
    for name, wrong in {
        "epochs": -1,
        "batch_size": -2,
        "learning_rate": 0,
        "learning_rate_schedule": "falling",
        "validation_fraction": 1.0,
        "n_iter_no_change": 0.5,
        "tol": -1e-3,
        "precision": "float16",
        "early_stopping": "yes",
        "optimizer": "no such optimizer",
        "random_state": "seed",
        "fit__epoch": 3,
        "optimizer__no_such_parameter": 3,
    }.items():
        if name not in known and "__" not in name:
            continue
        with pytest.raises((TypeError, ValueError), match=name.partition("__")[0]):
            fit(fresh(estimator, **{name: wrong}))


def check_html(estimator):
    """Notebooks show estimators, fitted or not, routed parameters included."""
    routed = fresh(estimator, optimizer__weight_decay=0.01)
    for shown in (routed, fit(fresh(estimator))):
        html = shown._repr_html_()
        assert type(estimator).__name__ in html
    assert "optimizer__weight_decay=0.01" in repr(routed)


# -- scikit-learn's machinery ----------------------------------------------------------


def check_pipeline(estimator):
    """In a pipeline an estimator gives what it gives alone."""
    sample = sample_for(estimator)
    pipeline = make_pipeline("passthrough", fresh(estimator)).fit(sample.X, sample.y)
    alone = fit(fresh(estimator))
    method = "transform" if is_transformer(estimator) else "predict"
    np.testing.assert_array_equal(
        getattr(pipeline, method)(sample.new), getattr(alone, method)(sample.new)
    )
    assert pipeline.score(sample.new, sample.new_y) == alone.score(
        sample.new, sample.new_y
    )


def check_grid_search(estimator):
    """A search over parameters in a pipeline finds and refits the best."""
    sample = sample_for(estimator)
    grid = own_names(estimator, {"learning_rate": [1e-6, 0.02], "fit__epochs": [3]})
    grid = {f"deep__{name}": values for name, values in grid.items()}
    search = GridSearchCV(
        Pipeline([("deep", fresh(estimator))]), grid, cv=2, error_score="raise"
    ).fit(sample.X, sample.y)
    best = search.best_estimator_["deep"]
    assert best.n_iter_ == 3
    assert_same_fit(best, fit(fresh(estimator, **best.get_params())))
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@only(is_classifier)
def check_folds_are_stratified(estimator):
    """Rows sorted by class do not leave a fold with one class only."""
    sample = sample_for(estimator)
    order = np.argsort(sample.y, kind="stable")
    scores = cross_val_score(
        fresh(estimator),
        take(sample.X, order),
        sample.y[order],
        cv=2,
        scoring="roc_auc",
        error_score="raise",
    )
    assert ((scores >= 0) & (scores <= 1)).all()


def check_metadata_routing(estimator):
    """Weights that are asked for reach `fit` through scikit-learn's routing."""
    sample = sample_for(estimator)
    weights = np.arange(len(sample.y)) % 3
    half = np.arange(len(sample.y)) < 30
    with config_context(enable_metadata_routing=True):
        routed = fresh(estimator).set_fit_request(sample_weight=True)
        if "sample_weight" in inspect.signature(routed.score).parameters:
            routed.set_score_request(sample_weight=False)
        found = cross_validate(
            routed,
            sample.X,
            sample.y,
            params={"sample_weight": weights},
            cv=[(np.flatnonzero(half), np.flatnonzero(~half))],
            return_estimator=True,
        )["estimator"][0]
    expected = fit(
        fresh(estimator),
        X=take(sample.X, np.flatnonzero(half)),
        y=sample.y[half],
        sample_weight=weights[half],
    )
    assert_same_fit(expected, found)


@only(is_transformer)
def check_set_output(estimator):
    """Codes come as frames if asked for, with names of their columns."""
    sample = sample_for(estimator)
    fitted = fit(fresh(estimator))
    codes = fitted.transform(sample.new)
    names = fitted.get_feature_names_out()
    for kind in ("pandas", "polars"):
        frame = fitted.set_output(transform=kind).transform(sample.new)
        assert type(frame).__module__.startswith(kind)
        assert list(frame.columns) == list(names)
        np.testing.assert_array_equal(frame.to_numpy(), codes)
    prefix = type(estimator).__name__.lower()
    assert list(names) == [f"{prefix}{number}" for number in range(codes.shape[1])]


def check_beats_a_dummy(estimator):
    """A few more epochs do better than knowing the mean, or the commonest class."""
    sample = sample_for(estimator)
    fitted = fit(fresh(estimator, epochs=40))
    score = fitted.score(sample.new, sample.new_y)
    if not is_transformer(estimator):
        # For numbers, the share of variance that is explained.
        dummy = DummyClassifier().fit(np.zeros((len(sample.y), 1)), sample.y)
        bound = dummy.score(np.zeros((len(sample.new_y), 1)), sample.new_y) + 0.2
    else:
        error = np.mean((sample.new - sample.X.mean(axis=0)) ** 2)
        bound = -error
        if hasattr(estimator, "log_likelihood"):
            # Of an image, under one Gaussian for all.
            variance = np.mean((sample.X - sample.X.mean(axis=0)) ** 2)
            nats = np.log(2 * np.pi * variance) + error / variance
            bound = -0.5 * sample.new[0].size * nats
    assert score > bound
