"""Users' models: copied, built, trained as Keras does it."""

import weakref
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from skdeep.runtime.custom_models import (
    ShuffledRows,
    built_by,
    ensure_built,
    fit_model,
    take_rows,
    trains_as_keras,
    watches_predictions,
)
from skdeep.runtime.keras_copies import copy_model
from skdeep.runtime.live_models import LiveModel
from skdeep.runtime.training import TrainingState


def model():
    """Return a compiled model."""
    network = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(1)])
    network.compile(keras.optimizers.Adam(0.5), "mae", metrics=["mse"])
    return network


def test_copy():
    """A copy has weights, loss, metrics and optimizer, and shares none of them."""
    original = model()
    copy = copy_model(original)
    rows = np.ones((4, 3), dtype=np.float32)
    np.testing.assert_array_equal(copy(rows), original(rows))
    assert copy.loss == "mae"
    assert float(copy.optimizer.learning_rate.numpy()) == 0.5
    assert copy.optimizer is not original.optimizer
    before = original.get_weights()
    copy.fit(rows, np.ones(4), verbose=0)
    assert [metric.name for metric in copy.metrics[1].metrics] == ["mse"]
    for array, kept in zip(original.get_weights(), before, strict=True):
        np.testing.assert_array_equal(array, kept)
    uncompiled = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    assert not copy_model(uncompiled).compiled


def test_build_from_an_example():
    """A model without shapes gets them from rows."""
    network = keras.Sequential([layers.Dense(2)])
    ensure_built(network, np.ones((1, 5), dtype=np.float32))
    assert network.weights[0].shape == (5, 2)


def test_seeded_building():
    """Initial weights depend on the seed; what is no model is refused."""
    first, second, other = (
        built_by(model, seed).get_weights()[0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    with pytest.raises(TypeError, match="returned 3, of type int"):
        built_by(lambda: 3, 0)


def test_shuffled_rows():
    """Each epoch has every occurrence once, in an order of its own."""
    places = np.array([0, 1, 1, 2, 3])
    x = [np.arange(4), -np.arange(4)]

    def epochs(seed, epoch, n_epochs=2):
        rows = ShuffledRows(x, np.arange(4), None, places, 2, seed, epoch)
        assert len(rows) == 3
        found = []
        for _ in range(n_epochs):
            rows.on_epoch_begin()
            batches = [rows[i] for i in range(len(rows))]
            assert all(isinstance(inputs, tuple) for inputs, _ in batches)
            for (first, second), y in batches:
                np.testing.assert_array_equal(first, -second)
                np.testing.assert_array_equal(first, y)
            found.append(np.concatenate([y for _, y in batches]).tolist())
        return found

    one = epochs(seed=0, epoch=0)
    assert all(sorted(order) == [0, 1, 1, 2, 3] for order in one)
    assert one == epochs(0, 0)
    assert one[1:] == epochs(0, 1, 1)
    assert one != epochs(5, 0)


class OwnFit(keras.Sequential):
    def fit(self, *args, **kwargs):
        return super().fit(*args, **kwargs)


def test_whose_fit():
    """Only Keras' own `fit` with known arguments can be served rows our way."""
    assert trains_as_keras(model(), {"epochs": 2, "shuffle": True, "callbacks": []})
    assert not trains_as_keras(model(), {"shuffle": False})
    assert not trains_as_keras(model(), {"steps_per_epoch": 3})
    assert not trains_as_keras(OwnFit([keras.Input((1,)), layers.Dense(1)]), {})
    patched = model()
    patched.fit = lambda *args, **kwargs: None
    assert not trains_as_keras(patched, {})


def trained(network, y, places=None, **arguments):
    """Train a model on some targets with its own `fit`."""
    hooks = SimpleNamespace(on_epoch_begin=None, on_epoch_end=None)
    return fit_model(
        LiveModel(weakref.ref(network), None, {}),
        np.ones((len(y), 3)),
        y,
        None,
        places,
        arguments={"verbose": 0, **arguments},
        options=hooks,
        state=TrainingState(0),
    )


class NoNumberAt(keras.losses.Loss):
    """A loss that is no number where the target is 9, with gradients that are."""

    def call(self, y_true, y_pred):
        wrong = keras.ops.where(y_true == 9, np.float32(np.nan), np.float32(0))
        return keras.ops.mean(y_pred**2 + wrong, axis=-1)


@pytest.mark.parametrize("places", [None, np.arange(4)])
def test_divergence(places):
    """A loss that is no number stops training; epoch and learning rate are named."""
    seen = []
    watcher = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(epoch)
    )
    network = model()
    network.compile(keras.optimizers.SGD(0.25), NoNumberAt())
    settings = {"epochs": 5, "initial_epoch": 2, "callbacks": [watcher]}
    with pytest.raises(
        ValueError, match=r"loss became nan in epoch 1 at learning_rate=0.25. Lower"
    ):
        trained(network, np.array([1.0, 1.0, 1.0, 9.0]), places, **settings)
    assert seen == [2]
    with pytest.raises(ValueError, match="val_loss became nan in epoch 1"):
        trained(
            network,
            np.array([1.0, 1.0, 1.0, 9.0]),
            places,
            validation_split=0.25,
            **settings,
        )
    finite = trained(network, np.ones(4), places, **settings)
    assert np.isfinite(finite.history["loss"]).all()
    assert len(finite.history["loss"]) == 3


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        (
            keras.optimizers.SGD(
                keras.optimizers.schedules.ExponentialDecay(0.5, 10**6, 0.5)
            ),
            "at learning_rate=0.5.",
        ),
        (
            keras.optimizers.MultiOptimizer(
                keras.optimizers.OptimizerMap(keras.optimizers.SGD())
            ),
            "in epoch 1.",
        ),
    ],
)
def test_divergence_at_other_rates(optimizer, rate):
    """The rate of a schedule is that of the last step; several rates are not named."""
    network = model()
    network.compile(optimizer, NoNumberAt())
    with pytest.raises(ValueError, match=f"diverged: loss became nan.*{rate} Lower"):
        trained(network, np.array([1.0, 9.0]))


def test_take_rows():
    """Rows are taken of any structure; None stays None."""
    x, none = take_rows(({"a": np.arange(4)}, None), [2, 0])
    np.testing.assert_array_equal(x["a"], [2, 0])
    assert none is None


def test_who_watches_predictions():
    """Only callbacks that define such a hook do."""

    class Watcher(keras.callbacks.Callback):
        def on_predict_end(self, logs=None):
            pass

    assert watches_predictions(Watcher())
    assert not watches_predictions(keras.callbacks.EarlyStopping())
