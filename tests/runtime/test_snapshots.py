"""Snapshots of a training, and going on from them."""

import copy
import dataclasses

import keras
import numpy as np
import pytest

from skdeep import runtime
from skdeep.networks.losses import squared_error
from skdeep.runtime.snapshots import Progress
from tests.runtime.networks import (
    assert_same_weights,
    dense_network,
    fit,
    options,
    regression_data,
)

NETWORK = runtime.NetworkSpec(dense_network, dropout=0.3, normalised=True)


class Memory:
    """Keeps the snapshot of each epoch."""

    def __init__(self, last=None):
        self.last = last
        self.every = []

    def load(self):
        """Return the snapshot to begin with."""
        return copy.deepcopy(self.last)

    def save(self, snapshot):
        """Keep a copy, as training goes on with the original."""
        self.every.append(copy.deepcopy(snapshot))

    def refuse(self, problem):
        """Return an error."""
        return ValueError(f"refused: {problem}")


def of_class(optimizer):
    """Return the specification of an optimizer."""
    return runtime.OptimizerSpec.from_optimizer(optimizer)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"early_stopping": True, "learning_rate": 0.5, "n_iter_no_change": 2, "tol": 0},
        {
            "optimizer": of_class(runtime.LookaheadSGD()),
            "learning_rate_schedule": "triangular",
        },
        {"optimizer": of_class(keras.optimizers.AdamW(use_ema=True))},
        {"learning_rate": keras.optimizers.schedules.CosineDecay(0.1, 20)},
    ],
)
def test_going_on_from_every_epoch(settings):
    """Whichever epoch was the last to be saved, the end has the same bits."""
    settings = {"epochs": 5, **settings}
    memory = Memory()
    plain = fit(NETWORK, options=options(**settings))
    saved = fit(NETWORK, options=options(**settings, checkpoint=memory))
    assert len(memory.every) == plain.n_iter
    results = [saved]
    for snapshot in memory.every:
        again = Memory(snapshot)
        results.append(fit(NETWORK, options=options(**settings, checkpoint=again)))
        assert len(again.every) == plain.n_iter - snapshot.progress.epoch
    for result in results:
        assert_same_weights(plain.weights, result.weights)
        assert_same_weights(plain.state.optimizer, result.state.optimizer)
        assert_same_weights(plain.state.seeds, result.state.seeds)
        assert plain.history == result.history
        assert (plain.n_iter, plain.n_rows) == (result.n_iter, result.n_rows)


def test_only_epochs_that_run_are_told():
    """Whoever listens to epochs hears of those that are run, by their numbers."""
    memory, told = Memory(), []
    fit(options=options(epochs=4, checkpoint=memory))
    again = options(epochs=4, checkpoint=Memory(memory.every[1]))
    again.on_epoch_begin = told.append
    again.on_epoch_end = lambda epoch, logs, weights: told.append(epoch)
    fit(options=again)
    assert told == [2, 2, 3, 3]


def test_a_training_that_was_stopped_stays_so():
    """A listener's wish to stop outlives the process."""
    memory = Memory()
    stopping = options(epochs=5, checkpoint=memory)
    stopping.on_epoch_end = lambda epoch, logs, weights: epoch == 1
    result = fit(options=stopping)
    again = fit(options=options(epochs=5, checkpoint=Memory(memory.every[-1])))
    assert result.n_iter == again.n_iter == 2
    assert_same_weights(result.weights, again.weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"precision": "bfloat16"}, "precision 'bfloat16'"),
        ({"weights": []}, "0 arrays of weights"),
        ({"seeds": []}, "states of random layers"),
        ({"optimizer": [np.zeros(2)]}, "1 arrays of optimizer variables"),
        ({"progress": Progress(1, best_weights=[np.zeros(3)])}, "best weights"),
    ],
)
def test_foreign_snapshots(change, message):
    """A snapshot of another network is refused before anything is changed."""
    memory = Memory()
    plain = fit(NETWORK, options=options(checkpoint=memory))
    foreign = Memory(dataclasses.replace(memory.every[0], **change))
    with pytest.raises(ValueError, match=f"refused.*{message}"):
        fit(NETWORK, options=options(checkpoint=foreign))
    assert_same_weights(plain.weights, fit(NETWORK, options=options()).weights)


def test_other_shapes_and_dtypes():
    """Each array must have the shape and dtype of its variable."""
    memory = Memory()
    fit(NETWORK, options=options(checkpoint=memory))
    last = memory.every[0]
    for wrong in (last.weights[0].T, last.weights[0].astype(np.float64)):
        changed = dataclasses.replace(last, weights=[wrong, *last.weights[1:]])
        with pytest.raises(ValueError, match="number 0 of its weights has shape and"):
            fit(NETWORK, options=options(checkpoint=Memory(changed)))


def test_autoencoders():
    """A network without targets goes on just the same."""
    X, _ = regression_data()
    network = runtime.NetworkSpec(dense_network, n_outputs=5)
    loss, memory = runtime.LossSpec(squared_error), Memory()
    plain = fit(network, X, None, loss=loss, options=options(checkpoint=memory))
    again = options(checkpoint=Memory(memory.every[0]))
    assert_same_weights(
        plain.weights, fit(network, X, None, loss=loss, options=again).weights
    )
