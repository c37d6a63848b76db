"""Compiled training computes what plain Keras does, and is compiled once."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from tensorflow.python.framework.func_graph import FuncGraph

from skdeep import runtime
from skdeep.networks.losses import squared_error
from skdeep.runtime.pool import POOL
from skdeep.runtime.seeds import epoch_generator
from tests.runtime.networks import (
    assert_same_weights,
    dense_network,
    fit,
    options,
    regression_data,
)

OPTIMIZERS = {
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "adamw": lambda rate: keras.optimizers.AdamW(rate, weight_decay=0.1),
    "nadam": keras.optimizers.Nadam,
    "adagrad": keras.optimizers.Adagrad,
    "ftrl": keras.optimizers.Ftrl,
    "adafactor": keras.optimizers.Adafactor,
    "clipnorm": lambda rate: keras.optimizers.SGD(rate, clipnorm=0.01),
    "scaled": lambda rate: keras.optimizers.SGD(rate, loss_scale_factor=64.0),
    "schedule_free": keras.optimizers.ScheduleFreeAdamW,
    "average": lambda rate: keras.optimizers.SGD(rate, use_ema=True, ema_momentum=0.8),
}


def reference_fit(network, optimizer, X, y, *, epochs, batch_size, seed):
    """Train with Keras' own step on the same batches."""
    with runtime.seeded_construction(seed):
        model = network()
    # As `fit` does, and `train_on_batch` only while it traces.
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, loss="mse")
    for epoch in range(epochs):
        order = epoch_generator(seed, epoch).permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            model.train_on_batch(X[rows], y[rows])
    optimizer.finalize_variable_values(model.trainable_weights)
    return model.get_weights()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_equals_keras(name):
    """Every optimizer starts and steps as in a plain Keras training."""
    X, y = regression_data(20)
    network = runtime.NetworkSpec(dense_network)
    spec = runtime.OptimizerSpec.from_optimizer(OPTIMIZERS[name](0.01))
    expected = reference_fit(
        network,
        OPTIMIZERS[name](0.01),
        X,
        y,
        epochs=3,
        batch_size=8,
        seed=4,
    )
    # The second fit finds the optimizer as the first has left it.
    for _ in range(2):
        found = fit(network, X, y, seed=4, options=options(optimizer=spec, epochs=3))
        for ours, theirs in zip(found.weights, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-6)


def test_schedule_with_accumulated_gradients():
    """A schedule of Keras counts all steps, as Keras does, in every epoch."""
    X, y = regression_data(20)
    network = runtime.NetworkSpec(dense_network)

    def optimizer():
        schedule = keras.optimizers.schedules.PolynomialDecay(0.05, 9, 0.0)
        return keras.optimizers.SGD(schedule, gradient_accumulation_steps=2)

    expected = reference_fit(network, optimizer(), X, y, epochs=3, batch_size=8, seed=4)
    changes = {
        "optimizer": runtime.OptimizerSpec.from_optimizer(optimizer()),
        "learning_rate": optimizer()._learning_rate,
        "epochs": 3,
    }
    found = fit(network, X, y, seed=4, options=options(**changes))
    for ours, theirs in zip(found.weights, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-6)


def test_averages_start_from_the_weights_there_are():
    """An optimizer that averages weights does not start from those of another fit."""
    spec = runtime.OptimizerSpec.from_optimizer(keras.optimizers.ScheduleFreeAdamW())
    chosen = options(optimizer=spec, learning_rate=1e-6)
    POOL.clear()
    fit(options=chosen, seed=1)
    for number in (2, 3):
        with runtime.seeded_construction(number):
            weights = dense_network().get_weights()
        found = fit(options=chosen, seed=1, weights=weights)
        for ours, before in zip(found.weights, weights, strict=True):
            np.testing.assert_allclose(ours, before, atol=1e-4)


TRACES = []


def traced_loss(targets, outputs):
    """Return the squared error, and write down that it was traced."""
    TRACES.append(tuple(outputs.shape))
    return squared_error(targets, outputs)


def test_compiled_once():
    """Folds, batches, rates, epochs and seeds of all sizes share one graph."""
    loss = runtime.LossSpec(traced_loss)
    X, y = regression_data(60)
    POOL.clear()
    TRACES.clear()
    fit(X=X, y=y, loss=loss)
    first = len(TRACES)
    assert first == 1
    for n_rows, changes in (
        (37, {}),
        (37, {"batch_size": 7}),
        (37, {"learning_rate": 0.2, "learning_rate_schedule": "cosine"}),
        (50, {"epochs": 3}),
        (3, {"batch_size": 100}),
        (1, {}),
    ):
        fit(X=X[:n_rows], y=y[:n_rows], loss=loss, options=options(**changes), seed=5)
        fit(
            X=X[:n_rows],
            y=y[:n_rows],
            loss=loss,
            sample_weight=np.linspace(0.1, 1.9, n_rows),
        )
    assert len(TRACES) == first
    fit(X=X, y=y, loss=loss, options=options(early_stopping=True))
    fit(X=X, y=y, loss=loss, options=options(early_stopping=True, tol=1.0))
    # Evaluation is a graph of its own, traced when it is first needed.
    assert len(TRACES) == first + 1
    fit(runtime.NetworkSpec(dense_network, units=5), X, y, loss=loss)
    assert len(TRACES) == first + 2


def living_graphs():
    """Count the graphs that something refers to."""
    gc.collect()
    # `isinstance` would ask lazy modules, such as some of PyTorch, for their class.
    return sum(issubclass(type(thing), FuncGraph) for thing in gc.get_objects())


def test_graphs_do_not_pile_up():
    """Twenty fits leave as many graphs alive as one does."""
    network = runtime.NetworkSpec(dense_network, dropout=0.2, normalised=True)
    X, y = regression_data()

    def use(seed):
        result = fit(network, X[seed:], y[seed:], seed=seed)
        runtime.infer(network, result.weights, runtime.ArrayFeed(X[seed:]))

    # Few rows are predicted by a graph of their own.
    use(0)
    use(19)
    before = living_graphs()
    for seed in range(20):
        use(seed)
    assert living_graphs() == before


def test_forgotten_networks_are_collected():
    """What the pool lets go is freed, with all its graphs."""
    POOL.clear()
    before = living_graphs()
    for units in (6, 7, 8):
        fit(runtime.NetworkSpec(dense_network, units=units))
    assert living_graphs() > before
    POOL.clear()
    assert living_graphs() == before


def test_reuse_changes_no_bit():
    """A network used before gives the bits of a new one, random layers included."""
    network = runtime.NetworkSpec(dense_network, dropout=0.3, normalised=True)
    POOL.clear()
    fresh = fit(network, seed=3)
    fit(network, seed=4, options=options(learning_rate=0.5))
    again = fit(network, seed=3)
    assert_same_weights(fresh.weights, again.weights)
    assert fresh.history == again.history
    assert_same_weights(fresh.state.seeds, again.state.seeds)
    assert_same_weights(fresh.state.optimizer, again.state.optimizer)


def test_weights_scale_gradients():
    """A step is that of the mean of weighted losses over the rows of the batch."""
    X, y = regression_data(16)
    weights = np.linspace(0.2, 1.8, 16)
    network = runtime.NetworkSpec(dense_network)
    sgd = runtime.OptimizerSpec.from_optimizer(keras.optimizers.SGD())
    found = fit(
        network,
        X,
        y,
        sample_weight=weights,
        options=options(optimizer=sgd, epochs=1, batch_size=4, learning_rate=0.1),
    )
    with runtime.seeded_construction(0):
        model = network()
    order = epoch_generator(0, 0).permutation(16)
    for rows in order.reshape(4, 4):
        with tf.GradientTape() as tape:
            errors = tf.square(model(X[rows]) - y[rows])[:, 0]
            loss = tf.reduce_sum(errors * weights[rows].astype("float32")) / 4
        values = [v.value for v in model.trainable_variables]
        for variable, gradient in zip(
            model.trainable_variables, tape.gradient(loss, values), strict=True
        ):
            variable.assign_sub(0.1 * gradient)
    for ours, theirs in zip(found.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_penalties_are_part_of_the_loss():
    """Regularisers of layers push weights, and are counted in the history."""
    X, y = regression_data()
    network = runtime.NetworkSpec(dense_network, penalty=0.5)
    still = fit(network, X, y, options=options(learning_rate=1e-12, epochs=1))
    with runtime.seeded_construction(0):
        model = network()
    errors = np.mean((np.asarray(model(X)) - y) ** 2)
    penalty = 0.5 * np.sum(model.get_layer("hidden").kernel.numpy() ** 2)
    assert still.history["loss"][0] == pytest.approx(errors + penalty, rel=1e-5)
    free = fit(runtime.NetworkSpec(dense_network), X, y, options=options(epochs=20))
    pushed = fit(network, X, y, options=options(epochs=20))
    assert np.abs(pushed.weights[0]).sum() < np.abs(free.weights[0]).sum() / 2


def test_metrics_are_weighted_means():
    """Loss and metrics of an epoch are means over rows, by their weights."""
    X, y = regression_data(10)
    weights = np.linspace(0.1, 1.9, 10)
    network = runtime.NetworkSpec(dense_network)
    result = fit(
        network,
        X,
        y,
        sample_weight=weights,
        metrics=[("error", runtime.LossSpec(absolute_error))],
        options=options(learning_rate=1e-12, epochs=1, batch_size=3),
    )
    with runtime.seeded_construction(0):
        errors = np.asarray(network()(X) - y)[:, 0]
    assert result.history["error"][0] == pytest.approx(
        np.average(np.abs(errors), weights=weights), rel=1e-5
    )
    assert result.history["loss"][0] == pytest.approx(
        np.average(errors**2, weights=weights), rel=1e-5
    )


def absolute_error(targets, outputs):
    """Return the absolute error of each row."""
    return ops.abs(targets - outputs)[:, 0]


@pytest.mark.parametrize("n_rows", [1, 255, 256, 257, 600])
def test_evaluation(n_rows):
    """Evaluation in pieces gives the means over all rows."""
    X, y = regression_data(n_rows)
    network = runtime.NetworkSpec(dense_network, dropout=0.5)
    result = fit(network, X, y, options=options(epochs=1))
    program = next(key for key, _ in reversed(POOL._idle.values()))
    feeds = [runtime.ArrayFeed(array).tensors() for array in (X, y)]
    ones = runtime.ArrayFeed(np.ones(n_rows, "float32")).tensors()
    with POOL.lease(program, 0, result.weights, None, None) as compiled:
        sums = compiled.evaluate(np.arange(n_rows), [*feeds, ones])
        means = compiled.means(sums)
    outputs = runtime.infer(network, result.weights, runtime.ArrayFeed(X))
    assert means["loss"] == pytest.approx(np.mean((outputs - y) ** 2), rel=1e-5)


def test_weights_of_another_network():
    """Weights that do not fit are refused before anything is changed."""
    weights = fit(runtime.NetworkSpec(dense_network, units=3)).weights
    with pytest.raises(ValueError, match=r"shape \(5, 3\) of .*needed \(5, 4\)"):
        fit(weights=weights)
    with pytest.raises(ValueError, match="got 3 arrays, needed 4"):
        fit(weights=weights[1:])


class EpochLayer(keras.layers.Layer):
    """Adds the number of the epoch, in training."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator()

    def begin_epoch(self, epoch):
        self.seed_generator.state.assign([0, epoch])

    def call(self, inputs, training=False):
        epoch = ops.cast(self.seed_generator.state[1], inputs.dtype)
        return inputs + epoch if training else inputs


def counting_network():
    """Return a network whose loss tells the epoch."""
    inputs = keras.Input((5,), name="inputs")
    part = keras.Model(inputs, EpochLayer(name="epoch")(inputs), name="part")
    outputs = keras.layers.Dense(1, kernel_initializer="ones", name="outputs")
    return keras.Model(inputs, outputs(part(inputs)))


def test_layers_are_told_the_epoch():
    """Also those of sub-models, and where another training goes on."""
    X, y = np.zeros((8, 5), np.float32), np.zeros((8, 1), np.float32)
    network = runtime.NetworkSpec(counting_network)
    still = {"learning_rate": 1e-12}
    first = fit(network, X, y, options=options(epochs=3, **still))
    np.testing.assert_allclose(first.history["loss"], [0, 25, 100], rtol=1e-5)
    then = fit(
        network,
        X,
        y,
        options=options(epochs=1, **still),
        weights=first.weights,
        state=first.state,
    )
    np.testing.assert_allclose(then.history["loss"], [225], rtol=1e-5)


def test_rows_are_counted():
    """Each epoch counts those that are trained on, not those that are watched."""
    assert fit(options=options(epochs=3)).n_rows == 3 * 40
    watched = options(epochs=2, early_stopping=True, validation_fraction=0.25)
    assert fit(options=watched).n_rows == 2 * 30
