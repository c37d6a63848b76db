"""Keras callbacks around compiled epochs."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np

from skdeep.runtime.compiled import CompiledNetwork
from skdeep.runtime.streams import Chunk

_BATCH_METHODS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)


def _watches_batches(callback: keras.callbacks.Callback) -> bool:
    base = keras.callbacks.Callback
    # `LambdaCallback` has its functions in the instance.
    return any(
        name in vars(callback)
        or getattr(type(callback), name) is not getattr(base, name)
        for name in _BATCH_METHODS
    )


def _let_accuracy_rise(callback: keras.callbacks.Callback) -> None:
    """Tell a callback that watches an accuracy that more of it is better.

    Left to itself (`mode="auto"`) it looks for a metric of that name in the model, but
    ours are computed outside of it.
    """
    watched = str(getattr(callback, "monitor", "")).removeprefix("val_")
    undecided = hasattr(callback, "monitor_op") and callback.monitor_op is None
    if undecided and watched == "accuracy" and callback.mode == "auto":
        callback.monitor_op = keras.ops.greater


class EpochCallbacks:
    """Run Keras callbacks on a leased network.

    An epoch is one compiled call. Where a callback wants to see every batch, the
    same batches run one by one, with the same results.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback
        The callbacks, which belong to this run.
    compiled : CompiledNetwork
        The network; callbacks may read and set its model's weights and its
        optimizer's learning rate, and stop the training.
    epochs : int
        Number of epochs planned.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        compiled: CompiledNetwork,
        epochs: int,
    ) -> None:
        self.compiled = compiled
        self._callbacks = list(callbacks)
        self._by_batch = [c for c in self._callbacks if _watches_batches(c)]
        # What callbacks have multiplied the planned rate of the latest step by.
        self._rate_factor, self._planned_rate = 1.0, 0.0
        self._logs: dict[str, float] = {}
        for callback in self._callbacks:
            callback.set_model(compiled.model)
            callback.set_params({"epochs": epochs, "verbose": 0, "steps": None})
            _let_accuracy_rise(callback)

    def begin(self, rate: np.floating) -> None:
        """Start the training, whose first step has some learning rate."""
        self.compiled.model.stop_training = False
        if self._callbacks:
            self._set_rate(rate)
            self._call(self._callbacks, "on_train_begin", {})

    def end(self) -> None:
        """End the training."""
        for callback in self._callbacks:
            callback.on_train_end(self._logs)

    def train(
        self,
        epoch: int,
        chunks: Iterable[Chunk],
        batch_size: int,
        rates: np.ndarray,
    ) -> dict[str, float]:
        """Run one epoch; return the weighted means of loss and metrics."""
        compiled = self.compiled
        if self._callbacks:
            self._set_rate(rates[0])
            self._call(self._callbacks, "on_epoch_begin", epoch, {})
        sums, step, stopped = np.zeros(()), 0, False
        for order, data in chunks:
            n_steps = -(-len(order) // batch_size)
            some = rates[step : step + n_steps]
            if self._by_batch:
                of_chunk = self._batches(step, order, batch_size, some, data)
                stopped = compiled.model.stop_training
            else:
                of_chunk = compiled.train(order, batch_size, self._scaled(some), data)
                self._planned_rate = float(some[-1])
            sums = sums + of_chunk
            step += n_steps
            if stopped or not np.isfinite(sums[0]):
                break
        return compiled.means(sums)

    def _batches(
        self,
        first: int,
        order: np.ndarray,
        batch_size: int,
        rates: np.ndarray,
        data: list[Any],
    ) -> np.ndarray:
        """Run the batches of a chunk one by one; return weighted sums."""
        compiled = self.compiled
        sums = np.zeros(())
        for place, rate in enumerate(rates):
            self._set_rate(rate)
            self._call(self._by_batch, "on_train_batch_begin", first + place, {})
            rows = order[place * batch_size : (place + 1) * batch_size]
            rate = self._scaled(rate[None])
            of_batch = compiled.train(rows, batch_size, rate, data)
            logs = compiled.means(of_batch)
            self._call(self._by_batch, "on_train_batch_end", first + place, logs)
            sums = sums + of_batch
            if compiled.model.stop_training or not np.isfinite(sums[0]):
                break
        return sums

    def epoch_end(self, epoch: int, logs: dict[str, float]) -> bool:
        """End an epoch; return whether a callback wants to stop."""
        if not self._callbacks:
            return False
        # One dict for all of them: some add the learning rate for the next to see.
        self._logs = dict(logs)
        self._call(self._callbacks, "on_epoch_end", epoch, self._logs)
        return bool(self.compiled.model.stop_training)

    def _call(
        self, callbacks: Sequence[keras.callbacks.Callback], hook: str, *arguments: Any
    ) -> None:
        """Call a hook, and note to what multiple of its plan it has set the rate."""
        rate = self.compiled.optimizer.learning_rate
        before = float(rate)
        for callback in callbacks:
            getattr(callback, hook)(*arguments)
        if self._planned_rate and float(rate) != before:
            self._rate_factor = float(rate) / self._planned_rate

    def _set_rate(self, rate: np.floating) -> None:
        """Show callbacks the rate of the next step."""
        self._planned_rate = float(rate)
        self.compiled.optimizer.learning_rate.assign(rate * self._rate_factor)

    def _scaled(self, rates: np.ndarray) -> np.ndarray:
        """Return rates at the level that callbacks have set."""
        return np.asarray(rates * self._rate_factor, dtype=np.float32)
