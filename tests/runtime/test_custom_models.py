"""Users' models: copied, built, trained as Keras does it."""

import keras
import numpy as np
import pytest
from keras import layers

from skdeep.runtime.custom_models import (
    ShuffledRows,
    built_by,
    ensure_built,
    take_rows,
    trains_as_keras,
    watches_predictions,
)
from skdeep.runtime.keras_copies import copy_model


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
