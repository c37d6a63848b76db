"""Keras callbacks run around compiled epochs as around Keras' own."""

import keras
import numpy as np
import pytest

from skdeep import runtime
from skdeep.networks.losses import class_accuracy, class_cross_entropy
from tests.runtime.networks import (
    assert_same_weights,
    dense_network,
    fit,
    options,
    regression_data,
)

N_BATCHES = 5

# Keras 3.15 reads the rate with `numpy.array(variable)`, which NumPy 2.4 warns of.
reads_rate = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


class Recorder(keras.callbacks.Callback):
    """Write down every call."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append("train begin")

    def on_train_end(self, logs=None):
        self.calls.append("train end")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} begin")

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} end")
        self.logs = logs


class BatchRecorder(keras.callbacks.Callback):
    """Write down what is known of every batch."""

    def __init__(self):
        super().__init__()
        self.batches, self.losses = [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.batches.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


class OldBatchRecorder(keras.callbacks.Callback):
    """Use the older names."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def on_batch_end(self, batch, logs=None):
        self.batches.append(batch)


def train(*callbacks, **changes):
    """Train for three epochs with some callbacks."""
    return fit(options=options(callbacks=list(callbacks), epochs=3, **changes))


def test_order_of_calls():
    """Every hook of an epoch is called once, with what was measured."""
    recorder = Recorder()
    result = train(recorder)
    epochs = [f"epoch {e} {when}" for e in range(3) for when in ("begin", "end")]
    assert recorder.calls == ["train begin", *epochs, "train end"]
    assert recorder.logs == {"loss": result.history["loss"][-1]}
    assert recorder.params["epochs"] == 3


def test_watching_changes_nothing():
    """Callbacks that only watch, epochs or batches, leave every bit as it is."""
    plain = train()
    for callback in (Recorder(), BatchRecorder(), OldBatchRecorder()):
        watched = train(callback)
        assert_same_weights(plain.weights, watched.weights)
        assert plain.history == watched.history


def test_every_batch_is_seen():
    """Batch hooks see all batches, and losses whose mean is that of the epoch."""
    recorder, old = BatchRecorder(), OldBatchRecorder()
    result = train(recorder, old)
    assert recorder.batches == old.batches == [*range(N_BATCHES)] * 3
    means = np.reshape(recorder.losses, (3, N_BATCHES)).mean(axis=1)
    np.testing.assert_allclose(means, result.history["loss"], rtol=1e-6)


def test_functions_as_callbacks():
    """`LambdaCallback` calls functions that insist on getting logs."""
    seen = []
    result = train(
        keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs: seen.append("begin"),
            on_epoch_begin=lambda epoch, logs: seen.append(epoch),
            on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]),
            on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]),
            on_train_end=lambda logs: seen.append("end"),
        )
    )
    assert seen[0] == "begin"
    assert seen[-1] == "end"
    assert seen[N_BATCHES + 2 :: N_BATCHES + 2] == [*result.history["loss"]]
    assert len(seen) == 2 + 3 * (N_BATCHES + 2)


@reads_rate
def test_logs_are_shared():
    """What one callback adds to the logs, the next one sees, and nobody else."""
    recorder = Recorder()
    result = train(keras.callbacks.ReduceLROnPlateau(monitor="loss"), recorder)
    assert recorder.logs["learning_rate"] == pytest.approx(0.01)
    assert result.history.keys() == {"loss"}


def test_early_stopping():
    """Keras' early stopping ends the training and puts the best weights back."""
    callback = keras.callbacks.EarlyStopping(
        monitor="loss", patience=2, restore_best_weights=True, start_from_epoch=0
    )
    stopped = fit(options=options(callbacks=[callback], epochs=60, learning_rate=0.4))
    losses = stopped.history["loss"]
    best = int(np.argmin(losses))
    assert stopped.n_iter == len(losses) == best + 3 < 60
    shorter = fit(options=options(epochs=best + 1, learning_rate=0.4))
    assert_same_weights(stopped.weights, shorter.weights)


def test_two_kinds_of_early_stopping():
    """The estimator's own has the last word about which weights are the best."""
    callback = keras.callbacks.EarlyStopping(
        monitor="loss", patience=99, min_delta=1e9, restore_best_weights=True
    )
    watching = {"early_stopping": True, "epochs": 6, "learning_rate": 0.1}
    alone = fit(options=options(**watching))
    both = fit(options=options(callbacks=[callback], **watching))
    assert_same_weights(both.weights, alone.weights)


class WeightsOfEpochs(keras.callbacks.Callback):
    """Keep the weights of each epoch, and those at the end."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(self.model.get_weights())

    def on_train_end(self, logs=None):
        self.at_end = self.model.get_weights()


def averaging():
    """Return an optimizer whose averages of weights are their result."""
    sgd = keras.optimizers.SGD(use_ema=True, ema_momentum=0.9)
    return runtime.OptimizerSpec.from_optimizer(sgd)


def test_averages_are_there_at_the_end():
    """At the end callbacks see the averages that an optimizer keeps, as in Keras."""
    keeper = WeightsOfEpochs()
    result = train(keeper, optimizer=averaging())
    assert_same_weights(keeper.at_end, result.weights)
    assert (keeper.epochs[-1][0] != keeper.at_end[0]).any()
    assert_same_weights(keeper.epochs[-1], result.state.weights)


def test_restored_weights_are_no_averages():
    """Weights that a callback puts back are the result, and what training goes on from.

    The loss never falls by as much as `min_delta`, so the first epoch is the best.
    """
    callback = keras.callbacks.EarlyStopping(
        monitor="loss", patience=1, min_delta=1e9, restore_best_weights=True
    )
    keeper = WeightsOfEpochs()
    result = train(keeper, callback, optimizer=averaging(), learning_rate=0.1)
    assert result.n_iter == 2
    assert_same_weights(keeper.epochs[0], result.weights)
    going_on = WeightsOfEpochs()
    still = {"optimizer": averaging(), "learning_rate": 1e-30, "epochs": 1}
    fit(
        weights=result.weights,
        state=result.state,
        options=options(callbacks=[going_on], **still),
    )
    assert_same_weights(keeper.epochs[0], going_on.epochs[0])


@reads_rate
def test_learning_rate_scheduler():
    """A scheduler sets the rate of each epoch, from the rate before or anew."""
    rates = [0.01, 0.002, 0.02]
    found = train(keras.callbacks.LearningRateScheduler(lambda epoch: rates[epoch]))
    halved = train(
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
        learning_rate=0.02,
    )
    for result, wanted in ((found, rates), (halved, [0.01, 0.005, 0.0025])):
        expected = fit(
            options=options(
                epochs=3, learning_rate=lambda step, w=wanted: w[step // N_BATCHES]
            )
        )
        for ours, theirs in zip(result.weights, expected.weights, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


@reads_rate
@pytest.mark.parametrize("by_batch", [False, True])
def test_warming_up_from_nothing(by_batch):
    """A rate of zero is left again, as any other."""
    rates = [0.0, 0.01, 0.02]
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: rates[epoch])
    found = train(scheduler, *([BatchRecorder()] if by_batch else []))
    expected = train(learning_rate=lambda step: rates[step // N_BATCHES])
    for ours, theirs in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


class RateAtFirst(keras.callbacks.Callback):
    """See the learning rate when training begins, and set another."""

    def on_train_begin(self, logs=None):
        self.seen = float(self.model.optimizer.learning_rate)
        self.model.optimizer.learning_rate = 0.002


def test_rate_set_at_the_start():
    """A rate that a callback sets before the first epoch counts."""
    callback = RateAtFirst()
    found = train(callback, learning_rate=0.02)
    assert callback.seen == pytest.approx(0.02)
    expected = train(learning_rate=0.002)
    for ours, theirs in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


class RateOfBatch(keras.callbacks.Callback):
    """Set the learning rate before every batch."""

    def __init__(self, rates):
        super().__init__()
        self.rates = iter(rates)

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = next(self.rates)


def test_rate_of_every_batch():
    """A batch hook may set the learning rate of each step."""
    rates = np.linspace(0.02, 0.001, 3 * N_BATCHES)
    found = train(RateOfBatch(rates))
    expected = train(learning_rate=lambda step: rates[step])
    for ours, theirs in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


@reads_rate
def test_scheduler_scales_a_schedule():
    """A rate that a callback has lowered lowers all that a schedule has planned."""
    once = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate / 4 if epoch == 0 else rate
    )
    found = train(once, learning_rate_schedule="cosine", learning_rate=0.04)
    expected = train(learning_rate_schedule="cosine", learning_rate=0.01)
    for ours, theirs in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


@reads_rate
def test_reduce_on_plateau():
    """A rate is lowered once the loss has stopped to fall."""
    seen = Recorder()
    callback = keras.callbacks.ReduceLROnPlateau(
        monitor="loss", patience=1, factor=0.1, min_delta=1e9
    )
    train(callback, seen)
    # The first epoch is the best ever; each of the others waits in vain.
    assert seen.logs["learning_rate"] == pytest.approx(0.001)


ACCURACY = (("accuracy", runtime.LossSpec(class_accuracy)),)


@reads_rate
@pytest.mark.parametrize("monitor", ["accuracy", "val_accuracy"])
@pytest.mark.parametrize(
    "kind", [keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau]
)
def test_accuracy_rises(kind, monitor):
    """Callbacks that watch an accuracy know that more of it is better."""
    callback = kind(monitor=monitor, patience=100)
    for _ in range(2):
        result = fit_classes(callbacks=[callback], early_stopping=True, epochs=5)
        # Each training starts anew, with the same direction.
        assert callback.best == pytest.approx(max(result.history[monitor]))
    assert len(set(result.history[monitor])) > 1
    # The callback is none the worse for it where Keras decides.
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.compile(loss="mse", metrics=["accuracy"])
    rows = np.ones((4, 2))
    network.fit(
        rows,
        np.ones(4),
        validation_data=(rows, np.ones(4)),
        callbacks=[callback],
        verbose=0,
    )
    assert callback.monitor_op(2.0, 1.0)


def test_directions_that_users_have_chosen():
    """What a callback has been told of its direction counts, whatever it watches."""
    callback = keras.callbacks.EarlyStopping("accuracy", patience=100, mode="min")
    result = fit_classes(callbacks=[callback], epochs=5)
    assert callback.best == pytest.approx(min(result.history["accuracy"]))
    callback = keras.callbacks.EarlyStopping("loss", patience=100)
    result = fit_classes(callbacks=[callback], epochs=5)
    assert callback.best == pytest.approx(min(result.history["loss"]))


def fit_classes(**changes):
    """Train on two classes, with their accuracy."""
    X, y = regression_data()
    return fit(
        runtime.NetworkSpec(dense_network, n_outputs=2),
        X,
        (y[:, 0] > 0).astype("int32"),
        loss=runtime.LossSpec(class_cross_entropy),
        metrics=ACCURACY,
        options=options(learning_rate=0.1, **changes),
    )


class Setter(keras.callbacks.Callback):
    """Set all weights to zero after the first epoch."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 0:
            self.model.set_weights([0 * w for w in self.model.get_weights()])


class Stopper(keras.callbacks.Callback):
    """Stop at the third batch of the second epoch."""

    def on_train_batch_end(self, batch, logs=None):
        self.seen = (getattr(self, "epoch", 0), batch)
        self.model.stop_training = self.seen == (1, 2)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch


def test_weights_can_be_set():
    """A callback may set weights; training goes on from them."""
    result = fit(options=options(callbacks=[Setter()], epochs=1))
    assert not any(array.any() for array in result.weights)


def test_stopping_in_an_epoch():
    """A batch hook may stop in the middle of an epoch, for this run only."""
    stopper = Stopper()
    assert train(stopper).n_iter == 2
    assert stopper.seen == (1, 2)
    assert train().n_iter == 3


class Failing(keras.callbacks.Callback):
    """Fail in the second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise RuntimeError("no more")


def test_failing_callback():
    """An error of a callback comes through, and the network is as good as new."""
    before = train()
    with pytest.raises(RuntimeError, match="no more"):
        train(Failing())
    assert_same_weights(before.weights, train().weights)


def test_validation_is_logged():
    """Callbacks may watch the loss on the rows that early stopping watches."""
    recorder = Recorder()
    X, y = regression_data()
    result = fit(
        runtime.NetworkSpec(dense_network),
        X,
        y,
        options=options(callbacks=[recorder], early_stopping=True),
    )
    assert recorder.logs.keys() == {"loss", "val_loss"}
    assert recorder.logs["val_loss"] == result.history["val_loss"][-1]
