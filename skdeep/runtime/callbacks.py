"""Keras callbacks around compiled epochs."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from skdeep.runtime.compiled import CompiledNetwork

_BATCH_METHODS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)


def _watches_batches(callback: keras.callbacks.Callback) -> bool:
    base = keras.callbacks.Callback
    return any(
        getattr(type(callback), name) is not getattr(base, name)
        for name in _BATCH_METHODS
    )


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
        self._rate_factor = 1.0
        for callback in self._callbacks:
            callback.set_model(compiled.model)
            callback.set_params({"epochs": epochs, "verbose": 0, "steps": None})

    def begin(self) -> None:
        """Start the training."""
        self.compiled.model.stop_training = False
        for callback in self._callbacks:
            callback.on_train_begin()

    def end(self) -> None:
        """End the training."""
        for callback in self._callbacks:
            callback.on_train_end()

    def train(
        self,
        epoch: int,
        order: np.ndarray,
        batch_size: int,
        rates: np.ndarray,
        data: list[Any],
    ) -> dict[str, float]:
        """Run one epoch; return the weighted means of loss and metrics."""
        compiled = self.compiled
        if self._callbacks:
            rates = self._adjusted(epoch, rates)
        if not self._by_batch:
            return compiled.means(compiled.train(order, batch_size, rates, data))
        sums = np.zeros(())
        for step, rate in enumerate(rates):
            for callback in self._by_batch:
                callback.on_train_batch_begin(step)
            rows = order[step * batch_size : (step + 1) * batch_size]
            of_batch = compiled.train(rows, batch_size, rate[None], data)
            sums = sums + of_batch
            for callback in self._by_batch:
                callback.on_train_batch_end(step, logs=compiled.means(of_batch))
            if compiled.model.stop_training or not np.isfinite(sums[0]):
                break
        return compiled.means(sums)

    def _adjusted(self, epoch: int, rates: np.ndarray) -> np.ndarray:
        """Begin an epoch; return its rates at the level that callbacks have set."""
        variable = self.compiled.optimizer.learning_rate
        variable.assign(rates[0] * self._rate_factor)
        assigned = float(np.asarray(variable))
        for callback in self._callbacks:
            callback.on_epoch_begin(epoch)
        self._rate_factor *= self._change(assigned)
        return np.asarray(rates * self._rate_factor, dtype=np.float32)

    def epoch_end(self, epoch: int, logs: dict[str, float]) -> bool:
        """End an epoch; return whether a callback wants to stop."""
        if not self._callbacks:
            return False
        assigned = float(np.asarray(self.compiled.optimizer.learning_rate))
        for callback in self._callbacks:
            callback.on_epoch_end(epoch, logs=dict(logs))
        self._rate_factor *= self._change(assigned)
        return bool(self.compiled.model.stop_training)

    def _change(self, assigned: float) -> float:
        rate = float(np.asarray(self.compiled.optimizer.learning_rate))
        return rate / assigned if assigned and rate != assigned else 1.0
