"""Training: epochs over a feed, from a specification to weights."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from skdeep.runtime.callbacks import EpochCallbacks
from skdeep.runtime.compiled import CompiledNetwork, Program
from skdeep.runtime.feeds import ArrayFeed
from skdeep.runtime.memory import check_batch_memory, shortage_explained
from skdeep.runtime.pool import POOL
from skdeep.runtime.precision import resolve_precision
from skdeep.runtime.progress import EpochProgress
from skdeep.runtime.schedules import learning_rates
from skdeep.runtime.seeds import epoch_generator
from skdeep.runtime.snapshots import Progress, SnapshotStore, resume, take_snapshot
from skdeep.runtime.specification import LossSpec, NetworkSpec, OptimizerSpec
from skdeep.runtime.streams import Feed, TrainingData
from skdeep.runtime.validation import validation_split
from skdeep.runtime.weights import assign

# Distinguishes the generator of the validation split from those of the epochs.
_SPLIT = 2**31


@dataclass(frozen=True)
class TrainingState:
    """Where training stands, so that it can go on as if it had never stopped.

    Attributes
    ----------
    seed : int
        Seed of the whole training.
    epoch : int
        Number of epochs done.
    seeds, optimizer : list of ndarray or None
        States of the random layers and of the optimizer; None at the start.
    weights : list of ndarray or None
        Weights to go on from, where the training's result are others.
    optimizer_name : str
        Class of the optimizer that the state is one of.
    """

    seed: int
    epoch: int = 0
    seeds: list[np.ndarray] | None = None
    optimizer: list[np.ndarray] | None = None
    weights: list[np.ndarray] | None = None
    optimizer_name: str = ""


@dataclass
class TrainingOptions:
    """How to train; the names are those of the estimators' parameters."""

    optimizer: OptimizerSpec
    learning_rate: Any
    epochs: int
    batch_size: int
    learning_rate_schedule: str = "constant"
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    tol: float = 1e-4
    precision: str = "float32"
    callbacks: Sequence[keras.callbacks.Callback] = ()
    on_epoch_begin: Callable[[int], None] | None = None
    on_epoch_end: Callable[..., bool] | None = None
    checkpoint: SnapshotStore | None = None
    progress: EpochProgress | None = None
    small_last_batch: bool = True


@dataclass
class TrainingResult:
    """What training leaves behind: arrays and plain values only.

    `n_rows` counts rows trained on, each of them once for every epoch.
    """

    weights: list[np.ndarray]
    history: dict[str, list[float]]
    n_iter: int
    n_rows: int
    precision: str
    state: TrainingState = field(repr=False)


def fit(
    network: NetworkSpec,
    loss: LossSpec,
    inputs: Feed,
    targets: ArrayFeed | None,
    *,
    options: TrainingOptions,
    seed: int,
    sample_weight: np.ndarray | None = None,
    strata: np.ndarray | None = None,
    metrics: Sequence[tuple[str, LossSpec]] = (),
    weights: list[np.ndarray] | None = None,
    state: TrainingState | None = None,
) -> TrainingResult:
    """Train a network.

    Parameters
    ----------
    network : NetworkSpec
        The network.
    loss : LossSpec
        Loss of each row from targets and outputs.
    inputs : ArrayFeed, SequenceFeed or StreamFeed
        The rows.
    targets : ArrayFeed or None
        Their targets; None when the rows themselves are the targets.
    options : TrainingOptions
        How to train.
    seed : int
        Decides initial weights, random layers, shuffling and validation split.
    sample_weight : ndarray of shape (n_rows,), default=None
        Non-negative weights of mean one.
    strata : ndarray of shape (n_rows,), default=None
        Classes that the validation split keeps in proportion.
    metrics : sequence of (str, LossSpec)
        More values to record, each a mean over rows.
    weights : list of ndarray, default=None
        Weights to start from instead of random ones.
    state : TrainingState, default=None
        State to go on from, with `weights`.

    Returns
    -------
    result : TrainingResult

    Raises
    ------
    ValueError
        If the loss stops being a finite number, or nothing is left to validate on.
    """
    precision = options.precision
    if precision == "auto":
        trial = Program(
            network, loss, options.optimizer, (), "float32", inputs.layout, None
        )
        precision = resolve_precision("auto", trial.build_model(seed))
    program = Program(
        network,
        loss,
        options.optimizer,
        tuple(metrics),
        precision,
        inputs.layout,
        targets.layout if targets is not None else None,
    )
    if sample_weight is None:
        sample_weight = np.ones(len(inputs), dtype=np.float32)
    training, watched = np.arange(len(inputs)), None
    if options.early_stopping:
        training, watched = validation_split(
            len(inputs),
            options.validation_fraction,
            strata,
            epoch_generator(seed, _SPLIT),
        )
        _check_watched(sample_weight[watched])
    data = TrainingData(inputs, targets, sample_weight)
    state = state or TrainingState(seed)
    same = state.optimizer_name == options.optimizer.name
    batch_size = min(options.batch_size, len(inputs))
    lease = POOL.lease(
        program,
        seed,
        weights if state.weights is None else state.weights,
        state.seeds,
        state.optimizer if same else None,
    )
    shown = options.progress or nullcontext()
    with shown, shortage_explained("Training", batch_size), lease as compiled:
        run = _Run(compiled, data, training, watched, options, state)
        return run.epochs()


def even_batch_size(n_rows: int, batch_size: int) -> int:
    """Return the largest batch size that leaves no last batch of less than half of it.

    A last batch of a few rows has gradients that are mostly noise, for a step as long
    as any other. Worse, a batch normalisation of low momentum would take nearly half of
    the statistics that it predicts with from these rows.

    Parameters
    ----------
    n_rows : int
        Rows in an epoch, at least 1.
    batch_size : int
        Rows in a batch at most, at least 1.

    Returns
    -------
    batch_size : int
        More than half of the given one. If no such size does, the one that comes
        closest.

    Examples
    --------
    >>> even_batch_size(40_000, 1024)
    1012
    """
    sizes = range(batch_size, batch_size // 2, -1)
    return max(sizes, key=lambda size: min((n_rows % size or size) / size, 0.5))


def divergence(what: str, epoch: int, rate: float | None) -> ValueError:
    """Return what to raise about training that has left the finite numbers.

    Parameters
    ----------
    what : str
        What is not finite.
    epoch : int
        Number of the epoch, counted from 0.
    rate : float or None
        The learning rate, None if there is more than one.

    Returns
    -------
    error : ValueError
    """
    where = "" if rate is None else f" at learning_rate={rate:.3g}"
    return ValueError(
        f"Training diverged: {what} in epoch {epoch + 1}{where}. Lower learning_rate, "
        "scale the data to about [0, 1], or set optimizer__clipnorm."
    )


def _check_watched(weights: np.ndarray) -> None:
    """Refuse to watch rows whose mean loss is not defined."""
    if not weights.any():
        raise ValueError(
            f"The {len(weights)} rows that early stopping would watch weigh nothing "
            "next to the others, so there is no validation loss. Pass weights that "
            "differ less, a larger validation_fraction, or early_stopping=False."
        )


class _Run:
    """One training run on a leased network."""

    def __init__(
        self,
        compiled: CompiledNetwork,
        data: TrainingData,
        training: np.ndarray,
        watched: np.ndarray | None,
        options: TrainingOptions,
        state: TrainingState,
    ) -> None:
        self.compiled = compiled
        self.data = data
        self.training = training
        self.watched = watched
        self.options = options
        self.state = state
        self.progress = Progress()
        self.batch_size = min(options.batch_size, len(training))
        if not options.small_last_batch:
            self.batch_size = even_batch_size(len(training), self.batch_size)
        check_batch_memory(compiled.model, self.batch_size)
        self.n_steps = -(-len(training) // self.batch_size)
        self.callbacks = EpochCallbacks(options.callbacks, compiled, options.epochs)

    def epochs(self) -> TrainingResult:
        """Run all epochs; keep the best weights if there is early stopping."""
        options, compiled = self.options, self.compiled
        self.callbacks.begin(self._rates(0)[0])
        # What is constant has no end to prepare for, and may go on.
        endless = options.learning_rate_schedule == "constant"
        compiled.plan(0 if endless else options.epochs * self.n_steps)
        if options.checkpoint is not None:
            # The plan is a part of the optimizer's state, so this comes after it.
            self.progress = resume(compiled, options.checkpoint)
        progress = self.progress
        while progress.epoch < options.epochs and not progress.stopped:
            if options.on_epoch_begin is not None:
                options.on_epoch_begin(progress.epoch)
            logs = self._epoch(progress.epoch)
            if options.progress is not None:
                options.progress.epoch_end(progress.epoch, logs)
            stop = self.callbacks.epoch_end(progress.epoch, logs)
            if options.on_epoch_end is not None:
                stop |= bool(
                    options.on_epoch_end(progress.epoch, logs, compiled.weights)
                )
            progress.stopped = self._watch(logs) | stop
            progress.epoch += 1
            if options.checkpoint is not None:
                options.checkpoint.save(take_snapshot(compiled, progress))
        raw = self._end_callbacks(self._finish(progress.best_weights))
        epoch, weights = progress.epoch, compiled.weights()
        if not all(np.isfinite(array).all() for array in weights):
            raise self._diverged("weights are not finite", epoch - 1)
        state = TrainingState(
            self.state.seed,
            self.state.epoch + epoch,
            compiled.seeds(),
            compiled.optimizer_state(),
            raw,
            options.optimizer.name,
        )
        n_rows = epoch * len(self.training)
        return TrainingResult(
            weights, progress.history, epoch, n_rows, compiled.program.precision, state
        )

    def _watch(self, logs: dict[str, float]) -> bool:
        """Keep the best weights; return whether they have been the best for long."""
        options, progress = self.options, self.progress
        if self.watched is None:
            return False
        fell = logs["val_loss"] < progress.best - options.tol
        progress.waited = 0 if fell else progress.waited + 1
        if logs["val_loss"] < progress.best:
            progress.best = logs["val_loss"]
            progress.best_weights = self.compiled.weights()
        return progress.waited >= options.n_iter_no_change

    def _finish(self, best_weights: list[np.ndarray] | None) -> list[np.ndarray] | None:
        """Put the weights in place that are the result; return those to go on from.

        They are the best ones with early stopping. An optimizer that keeps moving
        averages (`use_ema`) puts these in place, but goes on from what they average.
        """
        model, optimizer = self.compiled.model, self.compiled.optimizer
        if best_weights is not None:
            assign(model.weights, best_weights)
            return None
        # Before the first step the averages are zeros.
        if not optimizer.use_ema or not int(optimizer._iterations):
            return None
        raw = self.compiled.weights()
        optimizer.finalize_variable_values(model.trainable_weights)
        return raw

    def _end_callbacks(self, raw: list[np.ndarray] | None) -> list[np.ndarray] | None:
        """Let callbacks see the result; return the weights to go on from.

        As in Keras they come last, and what they put in place is the result: training
        goes on from that, not from what was averaged.
        """
        finished = None if raw is None else self.compiled.weights()
        self.callbacks.end()
        if self.progress.best_weights is not None:
            # The estimator's own early stopping has the last word.
            assign(self.compiled.model.weights, self.progress.best_weights)
        if finished is None:
            return None
        ended = self.compiled.weights()
        same = all(map(np.array_equal, finished, ended))
        return raw if same else None

    def _epoch(self, epoch: int) -> dict[str, float]:
        compiled = self.compiled
        generator = epoch_generator(self.state.seed, self.state.epoch + epoch)
        order = self.data.inputs.order(self.training, self.batch_size, generator)
        compiled.begin_epoch(self.state.epoch + epoch)
        rates = self._rates(epoch)
        with self.data.chunks(order, self.batch_size) as chunks:
            logs = self.callbacks.train(epoch, chunks, self.batch_size, rates)
        if self.watched is not None and np.isfinite(logs["loss"]):
            with self.data.chunks(self.watched, self.batch_size) as chunks:
                sums = [compiled.evaluate(*chunk) for chunk in chunks]
            watched = compiled.means(np.sum(sums, axis=0))
            logs |= {f"val_{name}": value for name, value in watched.items()}
        for name in {"loss", "val_loss"} & logs.keys():
            if not np.isfinite(logs[name]):
                raise self._diverged(f"{name} became {logs[name]}", epoch)
        for name, value in logs.items():
            self.progress.history.setdefault(name, []).append(value)
        return logs

    def _rates(self, epoch: int) -> np.ndarray:
        """Return the planned learning rate of each step of an epoch."""
        options, n_steps = self.options, self.n_steps
        return learning_rates(
            options.learning_rate,
            options.learning_rate_schedule,
            # A schedule of Keras counts steps from the start of the whole training,
            # those that only add to gradients, too.
            int(self.compiled.optimizer._iterations)
            if callable(options.learning_rate)
            else epoch * n_steps,
            n_steps,
            options.epochs * n_steps,
        )

    def _diverged(self, what: str, epoch: int) -> ValueError:
        return divergence(what, epoch, float(self.compiled.optimizer.learning_rate))
