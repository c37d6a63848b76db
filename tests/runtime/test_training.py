"""Training from a specification to weights."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep import runtime
from skdeep.runtime.seeds import epoch_generator
from skdeep.runtime.training import even_batch_size
from skdeep.runtime.validation import validation_split
from tests.runtime.networks import (
    assert_same_weights,
    dense_network,
    fit,
    options,
    regression_data,
)


def test_learns():
    """A smooth function is learnt nearly exactly."""
    X, y = regression_data(200)
    result = fit(
        runtime.NetworkSpec(dense_network, units=16), X, y, options=options(epochs=60)
    )
    losses = result.history["loss"]
    assert losses[-1] < 0.01 < 0.05 < losses[0]
    assert result.n_iter == len(losses) == 60


def test_initial_weights():
    """Training starts from given weights instead of random ones."""
    first = fit(seed=0)
    still = options(learning_rate=1e-30, epochs=1)
    result = fit(weights=first.weights, seed=5, options=still)
    assert_same_weights(first.weights, result.weights)


def test_targets_may_be_the_inputs():
    """Without targets a network learns to give back its inputs."""
    X, _ = regression_data()
    network = runtime.NetworkSpec(dense_network, n_outputs=5)
    assert_same_weights(
        fit(network, X, None).weights, fit(network, X, X.copy()).weights
    )


def test_going_on():
    """Stopping after any epoch and going on changes no bit."""
    network = runtime.NetworkSpec(dense_network, dropout=0.3, normalised=True)
    whole = fit(network, options=options(epochs=5))
    part = fit(network, options=options(epochs=2))
    rest = fit(
        network, options=options(epochs=3), weights=part.weights, state=part.state
    )
    assert_same_weights(whole.weights, rest.weights)
    assert_same_weights(whole.state.optimizer, rest.state.optimizer)
    assert_same_weights(whole.state.seeds, rest.state.seeds)
    assert part.history["loss"] + rest.history["loss"] == whole.history["loss"]
    assert rest.state.epoch == 5


def test_every_row_once():
    """Each epoch visits every row once, in another order."""
    orders = [epoch_generator(3, epoch).permutation(40) for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    # The mean of losses before any step is that over all rows, whatever the order.
    losses = fit(options=options(learning_rate=1e-30, epochs=3)).history["loss"]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-6)


def test_early_stopping_keeps_the_best():
    """Weights are those of the best epoch, whose watched loss can be computed again."""
    X, y = regression_data(60)
    strata = (y[:, 0] > 0).astype(int)
    network = runtime.NetworkSpec(dense_network)
    result = fit(
        network,
        X,
        y,
        seed=2,
        strata=strata,
        options=options(
            early_stopping=True,
            validation_fraction=0.3,
            epochs=40,
            learning_rate=0.3,
            n_iter_no_change=3,
        ),
    )
    losses = result.history["val_loss"]
    best = int(np.argmin(losses))
    _, watched = validation_split(60, 0.3, strata, epoch_generator(2, 2**31))
    outputs = runtime.infer(network, result.weights, runtime.ArrayFeed(X[watched]))
    assert np.mean((outputs - y[watched]) ** 2) == pytest.approx(losses[best], rel=1e-5)
    assert result.n_iter == best + 4 < 40


def test_watched_rows_are_not_trained_on():
    """Rows that are watched have no influence on any weight."""
    X, y = regression_data(60)
    training, watched = validation_split(60, 0.3, None, epoch_generator(2, 2**31))
    settings = options(early_stopping=True, validation_fraction=0.3, epochs=1)
    first = fit(X=X, y=y, seed=2, options=settings)
    y[watched] += 9
    second = fit(X=X, y=y, seed=2, options=settings)
    assert_same_weights(first.weights, second.weights)
    assert first.history["loss"] == second.history["loss"]
    assert first.history["val_loss"] != second.history["val_loss"]
    y[training] += 9
    third = fit(X=X, y=y, seed=2, options=settings)
    assert (third.weights[0] != first.weights[0]).any()


def test_tolerance():
    """Losses that fall by less than the tolerance count as not falling."""
    impatient = options(
        early_stopping=True, epochs=50, n_iter_no_change=4, tol=1e9, learning_rate=1e-3
    )
    result = fit(options=impatient)
    # The first epoch is better than nothing; the weights are the best all the same.
    assert result.n_iter == 5
    assert np.argmin(result.history["val_loss"]) == 4
    again = fit(options=options(early_stopping=True, epochs=5, learning_rate=1e-3))
    assert_same_weights(result.weights, again.weights)


@pytest.mark.parametrize("by_batch", [False, True])
@pytest.mark.parametrize(
    ("rate", "epoch"), [(1e38, 1), (lambda step: 1e38 if step >= 10 else 1e-3, 3)]
)
def test_divergence(rate, epoch, by_batch):
    """A loss that is no number stops training; epoch and learning rate are named."""

    class Watcher(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    settings = options(
        learning_rate=rate, epochs=4, callbacks=[Watcher()] if by_batch else []
    )
    match = rf"diverged.*(inf|nan).* in epoch {epoch} at learning_rate=1e\+38.*Lower"
    with pytest.raises(ValueError, match=match):
        fit(options=settings)
    # Whoever leases the network next sees nothing of it.
    assert np.isfinite(fit().history["loss"]).all()


def test_divergence_in_the_last_step():
    """Weights that the last step made useless are not handed out."""
    X, y = regression_data(8)
    sgd = runtime.OptimizerSpec.from_optimizer(keras.optimizers.SGD())
    settings = options(optimizer=sgd, learning_rate=3e38, epochs=1)
    with pytest.raises(ValueError, match="weights are not finite in epoch 1"):
        fit(X=X, y=y * 100, options=settings)


def test_divergence_on_watched_rows():
    """A watched loss that is no number stops training as well."""
    X, y = regression_data(60)
    _, watched = validation_split(60, 0.3, None, epoch_generator(2, 2**31))
    y[watched[0]] = 1e30
    settings = options(early_stopping=True, validation_fraction=0.3)
    with pytest.raises(ValueError, match="val_loss became inf"):
        fit(X=X, y=y, seed=2, options=settings)


def test_watched_rows_that_weigh_nothing():
    """Weights too small to tell a loss are not taken for a training that diverges."""
    _, watched = validation_split(60, 0.3, None, epoch_generator(2, 2**31))
    weights = np.ones(60, np.float32)
    weights[watched] = 0
    settings = options(early_stopping=True, validation_fraction=0.3)
    X, y = regression_data(60)
    with pytest.raises(ValueError, match="18 rows that early stopping would watch"):
        fit(X=X, y=y, seed=2, options=settings, sample_weight=weights)


def test_hooks():
    """Hooks get the epoch, what was measured and the weights; they may stop."""
    calls = []

    def begin(epoch):
        calls.append(epoch)

    def end(epoch, logs, weights):
        calls.append((epoch, logs["loss"], weights()))
        return epoch == 1

    result = fit(options=options(epochs=5, on_epoch_begin=begin, on_epoch_end=end))
    assert [calls[0], calls[2]] == [0, 1]
    assert [calls[1][1], calls[3][1]] == result.history["loss"]
    assert_same_weights(calls[3][2], result.weights)
    assert result.n_iter == 2


def averaging():
    """Return an optimizer whose averages of weights are their result."""
    sgd = keras.optimizers.SGD(use_ema=True, ema_momentum=0.5)
    return runtime.OptimizerSpec.from_optimizer(sgd)


def test_averages_of_no_step():
    """Without a step there are no averages: the weights stay what they are."""
    first = fit()
    none = options(optimizer=averaging(), epochs=0)
    result = fit(weights=first.weights, options=none)
    assert result.n_iter == 0
    assert_same_weights(first.weights, result.weights)
    # Those of an earlier training are the result of going on for no epoch.
    part = fit(options=options(optimizer=averaging()))
    rest = fit(weights=part.weights, state=part.state, options=none)
    assert_same_weights(part.weights, rest.weights)
    assert_same_weights(part.state.weights, rest.state.weights)


def test_batches_larger_than_the_data():
    """A batch holds all rows at most."""
    assert_same_weights(
        fit(options=options(batch_size=40)).weights,
        fit(options=options(batch_size=10**6)).weights,
    )


def test_result_is_numbers():
    """What is left behind are arrays and plain numbers, which nothing changes."""
    result = fit()
    kept = [array.copy() for array in result.weights]
    fit(seed=1)
    assert_same_weights(kept, result.weights)
    assert all(type(array) is np.ndarray for array in result.weights)
    assert all(type(v) is float for v in result.history["loss"])


@given(st.integers(1, 3000), st.integers(1, 300))
def test_even_batch_size(n_rows, batch_size):
    """It is the largest size with a last batch of at least half, if there is one."""
    batch_size = min(batch_size, n_rows)
    size = even_batch_size(n_rows, batch_size)
    assert batch_size / 2 < size <= batch_size

    def is_even(size):
        batches = [min(size, n_rows - i) for i in range(0, n_rows, size)]
        return 2 * batches[-1] >= size

    sizes = [s for s in range(1, batch_size + 1) if 2 * s > batch_size and is_even(s)]
    assert not sizes or size == max(sizes)


def test_small_last_batches():
    """They are avoided if asked for; otherwise there are those of Keras."""
    X, y = regression_data(17)

    def steps(**changes):
        result = fit(X=X, y=y, options=options(epochs=1, **changes))
        # What counts the steps is the first variable of the optimizer.
        return int(result.state.optimizer[0])

    assert steps() == 3
    assert steps(small_last_batch=False) == 3
    even = fit(X=X, y=y, options=options(small_last_batch=False))
    assert_same_weights(
        even.weights, fit(X=X, y=y, options=options(batch_size=6)).weights
    )
