"""Checks of training: going on, stopping, failing, and what is recorded of it."""

import copy
import os
import pickle
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.base import is_classifier

from skdeep.mixins.checkpointing import FitCheckpoint
from tests.common.checks import (
    assert_same,
    assert_same_fit,
    differ,
    fit,
    fresh,
    learning_badly,
    only,
    outputs,
    own_names,
    saves_checkpoints,
    state,
    stops_early,
    take,
    wraps_own_network,
)
from tests.common.instances import sample_for


def check_history(estimator):
    """The history is a dict of lists with a number for each epoch, and no more."""
    plain = fit(fresh(estimator, epochs=3))
    fits = [plain]
    if stops_early(estimator):
        fits.append(fit(fresh(estimator, epochs=3, early_stopping=True)))
    assert plain.n_iter_ == 3
    names = {"loss", "accuracy"} if is_classifier(estimator) else {"loss"}
    assert names <= plain.history_.keys()
    for watched in fits[1:]:
        assert watched.history_.keys() == {
            *plain.history_,
            *(f"val_{name}" for name in plain.history_),
        }
    for fitted in fits:
        assert type(fitted.history_) is dict
        assert type(fitted.n_iter_) is int
        for name, values in fitted.history_.items():
            assert type(name) is str
            assert type(values) is list
            assert len(values) == fitted.n_iter_
            assert all(type(v) is float and np.isfinite(v) for v in values)
    for watched in fits[1:]:
        before = copy.deepcopy(watched.history_)
        sample = sample_for(estimator)
        watched.set_params(early_stopping=False).partial_fit(sample.X, sample.y)
        assert watched.history_["val_loss"] == before["val_loss"]
        assert len(watched.history_["loss"]) == len(before["loss"]) + 1


def check_partial_fit_is_an_epoch(estimator):
    """Epochs one by one equal one fit, also with pickling in between."""
    sample = sample_for(estimator)
    whole = fit(fresh(estimator, epochs=3, learning_rate_schedule="constant"))
    steps, stored = fresh(estimator), fresh(estimator)
    for _ in range(3):
        steps.partial_fit(sample.X, sample.y)
        stored.partial_fit(sample.X, sample.y)
        stored = pickle.loads(pickle.dumps(stored))
    assert_same_fit(whole, steps)
    assert_same_fit(whole, stored)
    assert steps.n_iter_ == 3


def check_warm_start(estimator):
    """With `warm_start` a fit goes on, and keeps the history."""
    whole = fit(fresh(estimator, epochs=4, learning_rate_schedule="constant"))
    parts = fresh(
        estimator, epochs=2, learning_rate_schedule="constant", warm_start=True
    )
    fit(fit(parts))
    if wraps_own_network(estimator):
        # As in SciKeras, training goes on but its history starts again.
        assert not differ(whole, parts)
        assert parts.history_["loss"] == whole.history_["loss"][2:]
    else:
        assert_same_fit(whole, parts)
        assert parts.n_iter_ == 4
    # Without it, nothing is kept.
    again = fit(fit(fresh(estimator)))
    assert again.n_iter_ == len(again.history_["loss"]) == fresh(estimator).epochs


def check_partial_fit_after_fit(estimator):
    """One more pass may follow a whole fit, on other rows."""
    sample = sample_for(estimator)
    fitted = fit(fresh(estimator))
    before = copy.deepcopy(fitted)
    fitted.partial_fit(take(sample.X, np.arange(20)), sample.y[:20])
    assert differ(before, fitted)
    assert fitted.n_iter_ == before.n_iter_ + 1


@only(lambda e: is_classifier(e) and not wraps_own_network(e))
def check_class_weights_in_partial_fit(estimator):
    """The weight of a class counts even if a call has no rows of another."""
    sample = sample_for(estimator)
    classes = np.unique(sample.y)
    one = np.flatnonzero(sample.y == classes[0])[:10]
    found = [
        fresh(estimator, optimizer="sgd", class_weight=weight).partial_fit(
            take(sample.X, one), sample.y[one], classes=classes
        )
        for weight in (None, {classes[0]: 1.0}, {classes[0]: 5.0})
    ]
    assert_same_fit(found[0], found[1])
    assert differ(found[0], found[2])


@only(is_classifier)
def check_partial_fit_with_classes(estimator):
    """All classes can be named beforehand, and no other may follow."""
    sample = sample_for(estimator)
    first = np.flatnonzero(sample.y == sample.y[0])[:10]
    classes = np.unique(sample.y)
    one = fresh(estimator).partial_fit(
        take(sample.X, first), sample.y[first], classes=classes
    )
    np.testing.assert_array_equal(one.classes_, classes)
    one.partial_fit(sample.X, sample.y)
    one.partial_fit(take(sample.X, first), sample.y[first])
    others = np.array(["other", "more"]) if classes.dtype.kind == "U" else classes + 5
    other = others[np.searchsorted(classes, sample.y)]
    before = copy.deepcopy(vars(one))
    with pytest.raises(ValueError, match="classes"):
        one.partial_fit(sample.X, other)
    with pytest.raises(ValueError, match="classes"):
        one.partial_fit(sample.X, sample.y, classes=classes[:1])
    if not wraps_own_network(estimator):
        with pytest.raises(ValueError, match="class"):
            fresh(estimator).partial_fit(take(sample.X, first), sample.y[first])
    with pytest.raises(ValueError, match="classes"):
        fit(one.set_params(warm_start=True), y=other)
    assert_same(dict(enumerate(before["weights_"])), dict(enumerate(one.weights_)))


@only(stops_early)
def check_partial_fit_does_not_stop_early(estimator):
    """One pass cannot watch anything, which is said."""
    sample = sample_for(estimator)
    with pytest.raises(ValueError, match="early_stopping"):
        fresh(estimator, early_stopping=True).partial_fit(sample.X, sample.y)


class Interrupt(keras.callbacks.Callback):
    """Press control and C in the second epoch."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def check_failing_keeps_the_previous_fit(estimator):
    """Whatever goes wrong in a fit, the estimator is what it was before."""
    sample = sample_for(estimator)
    fitted = fit(fresh(estimator))
    new = sample.new
    before = outputs(fitted, new)
    weights, attributes = state(fitted), set(vars(fitted))
    parameters = fitted.get_params()

    def restore():
        for name in fitted.get_params().keys() - parameters.keys():
            delattr(fitted, name)
        fitted.set_params(**parameters)

    def fails(error, match, X=sample.X, y=sample.y, **changes):
        for warm_start in (False, True):
            fitted.set_params(warm_start=warm_start, **own_names(fitted, changes))
            with pytest.raises(error, match=match):
                fitted.fit(X, y)
            restore()
            assert set(vars(fitted)) == attributes
            assert_same(weights, state(fitted))
            assert_same(before, outputs(fitted, new))

    fails(ValueError, "diverged.*learning_rate", learning_rate=3e38)
    fails(KeyboardInterrupt, None, callbacks=Interrupt)
    some = sample.y[: len(sample.wrong_X)]
    fails((TypeError, ValueError), None, X=sample.wrong_X, y=some)
    fails(ValueError, "optimizer", optimizer="no such optimizer")
    if is_classifier(estimator):
        if not wraps_own_network(estimator):
            fails(ValueError, "class", y=np.repeat(sample.y[:1], len(sample.y)))
        fails(ValueError, "samples", y=sample.y[:-1])
    with pytest.raises(ValueError, match="diverged"):
        fitted.set_params(**own_names(fitted, {"learning_rate": 3e38}))
        for _ in range(3):
            fitted.partial_fit(sample.X, sample.y)
    # What failed in between does not show in a later fit.
    restore()
    fit(fitted)
    assert_same_fit(fitted, fit(fresh(estimator)))


def check_failing_first_fit_leaves_nothing(estimator):
    """An estimator whose first fit failed is not fitted."""
    failed = fresh(estimator, learning_rate=3e38)
    attributes = set(vars(failed))
    with pytest.raises(ValueError, match="diverged"):
        fit(failed)
    assert set(vars(failed)) == attributes


@only(stops_early)
def check_early_stopping(estimator):
    """The weights kept are those of the epoch with the lowest watched loss."""
    # A high rate makes the loss go up and down.
    settings = {
        "early_stopping": True,
        "validation_fraction": 0.3,
        "learning_rate": 0.3,
        "learning_rate_schedule": "constant",
    }
    patience = {"n_iter_no_change": 2, "tol": 0}
    with learning_badly():
        watched = fit(fresh(estimator, epochs=12, **patience, **settings))
    losses = watched.history_["val_loss"]
    best = int(np.argmin(losses))
    assert watched.n_iter_ == len(losses) == min(12, best + 3)
    with learning_badly():
        until_best = fit(fresh(estimator, epochs=best + 1, **settings))
    assert until_best.history_["val_loss"] == losses[: best + 1]
    assert_same(dict(enumerate(until_best.weights_)), dict(enumerate(watched.weights_)))


@only(saves_checkpoints)
def check_killed_fit_goes_on(estimator):
    """A fit that ended after some epochs goes on from its checkpoint, bit by bit."""
    settings = {"epochs": 3, "early_stopping": True}
    whole = fit(fresh(estimator, **settings))
    save = FitCheckpoint.save

    def save_and_stop(checkpoint, snapshot):
        save(checkpoint, snapshot)
        if snapshot.progress.epoch == 2:
            raise KeyboardInterrupt

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FitCheckpoint, "save", save_and_stop)
            with pytest.raises(KeyboardInterrupt):
                fit(fresh(estimator, checkpoint=path, **settings))
        before = path.read_bytes()
        with pytest.raises(ValueError, match=r"epochs=3 \(here 4\)"):
            fit(fresh(estimator, checkpoint=path, **(settings | {"epochs": 4})))
        assert path.read_bytes() == before
        resumed = fit(fresh(estimator, checkpoint=path, **settings))
        assert os.listdir(folder) == []
    assert_same_fit(whole, resumed)
    assert resumed.n_iter_ == whole.n_iter_
