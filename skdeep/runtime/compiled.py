"""Compiled networks: what TensorFlow traced, shared between fits."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from skdeep.runtime.cheaper_operations import cheapen
from skdeep.runtime.feeds import ArrayLayout, SequenceLayout
from skdeep.runtime.fused_adam import fuse
from skdeep.runtime.pace import Pace
from skdeep.runtime.parts import DividedBatch, n_parts
from skdeep.runtime.precision import dtype_policy
from skdeep.runtime.seeds import seeded_construction
from skdeep.runtime.shared_traces import traces_of
from skdeep.runtime.specification import LossSpec, NetworkSpec, OptimizerSpec
from skdeep.runtime.weights import (
    arrays_of,
    assign,
    check_weights,
    start_averages,
)

# Rows that are evaluated at once; fixed, so that sums do not depend on the
# caller's batch size. Some batches are evaluated side by side.
_EVALUATION_ROWS = 256
_EVALUATED_AT_ONCE = 4


@dataclass(frozen=True)
class Program:
    """Everything that the compiled training of a network depends on."""

    network: NetworkSpec
    loss: LossSpec
    optimizer: OptimizerSpec
    metrics: tuple[tuple[str, LossSpec], ...]
    precision: str
    inputs: ArrayLayout | SequenceLayout
    targets: ArrayLayout | None

    def build_model(self, seed: int) -> keras.Model:
        """Build the network with initial weights drawn from `seed`."""
        with seeded_construction(seed), dtype_policy(self.precision):
            return self.network()

    def compile(self, model: keras.Model) -> "CompiledNetwork":
        """Compile the training of `model`, which must be new."""
        return CompiledNetwork(self, model)

    @property
    def key(self) -> Hashable:
        """What identifies the program in the pool."""
        return self


class CompiledNetwork:
    """A Keras model with its optimizer and its traced epochs.

    It belongs to whoever has leased it from the pool; weights are loaded in and
    handed out as NumPy arrays.

    Parameters
    ----------
    program : Program
        What to compile.
    model : keras.Model
        The network, built; owned by this object from now on.
    """

    def __init__(self, program: Program, model: keras.Model) -> None:
        self.program = program
        self.model = model
        with dtype_policy("float32"):
            self.optimizer = program.optimizer.build()
            fuse(self.optimizer)
            self.optimizer.build(model.trainable_variables)
            if hasattr(self.optimizer, "average_also"):
                self.optimizer.average_also(model.non_trainable_weights)
        # Keras sums gradients over replicas through `tf.custom_gradient`, whose
        # registry keeps every traced graph alive for ever. There is one replica.
        if hasattr(self.optimizer, "_all_reduce_sum_gradients"):
            self.optimizer._all_reduce_sum_gradients = lambda gradients: gradients
        # Callbacks look for the optimizer on the model.
        model.optimizer = self.optimizer
        weights = {id(variable) for variable in model.weights}
        self._seeds = [v for v in model.variables if id(v) not in weights]
        # Not every optimizer starts from zeros.
        self._fresh_optimizer = [_constant(v) for v in self.optimizer_state()]
        self._dtype = model.compute_dtype
        layers = model._flatten_layers(include_self=False)
        self._count_epochs = [
            layer for layer in layers if hasattr(layer, "begin_epoch")
        ]
        self._n_parts = n_parts(model)
        self._traces = traces_of(program.key)
        self._training_pace, self._evaluation_pace = Pace(), Pace()

    @cached_property
    def _train(self) -> Callable[..., tf.Tensor]:
        vector, scalar = tf.TensorSpec((None,), "int32"), tf.TensorSpec((), "int32")
        rates = tf.TensorSpec((None,), "float32")
        sums = tf.TensorSpec(self._no_sums.shape, self._no_sums.dtype)
        return self._traced(self._train_rows, vector, scalar, rates, sums)

    @cached_property
    def _evaluate(self) -> Callable[..., tf.Tensor]:
        vector = tf.TensorSpec((None,), "int32")
        sums = tf.TensorSpec(self._no_sums.shape, self._no_sums.dtype)
        return self._traced(self._evaluate_rows, vector, sums)

    @property
    def _no_sums(self) -> np.ndarray:
        return np.zeros(2 + len(self.program.metrics))

    def _traced(
        self, function: Callable[..., tf.Tensor], *leading: tf.TensorSpec
    ) -> Callable[..., tf.Tensor]:
        # Traced once here, a function cannot be traced again behind our back, nor
        # warn of it.
        traced = tf.function(function, autograph=False)
        return self._traces.get(
            function.__name__,
            lambda: traced.get_concrete_function(*leading, *self._data_signature()),
            [*self.model.variables, *self.optimizer.variables],
        )

    def _data_signature(self) -> list[tuple[tf.TensorSpec, ...]]:
        targets = self.program.targets
        return [
            self.program.inputs.signature(),
            targets.signature() if targets is not None else (),
            (tf.TensorSpec((None,), "float32"),),
        ]

    # -- what goes in and out --------------------------------------------------

    def load(
        self,
        weights: Sequence[np.ndarray],
        seeds: Sequence[np.ndarray],
        optimizer: Sequence[np.ndarray] | None = None,
    ) -> None:
        """Set weights, seeds of random layers and the optimizer's state.

        Without a state, or with one of another optimizer, the optimizer starts anew.
        """
        check_weights(self.model.weights, weights)
        assign(self.model.weights, weights)
        assign(self._seeds, seeds)
        fresh = self._fresh_optimizer
        shapes = [value.shape for value in fresh]
        if optimizer is not None and list(map(np.shape, optimizer)) == shapes:
            assign(self._optimizer_variables(), optimizer)
        else:
            assign(self._optimizer_variables(), fresh)
            start_averages(self.optimizer, self.model.trainable_variables)

    def weights(self) -> list[np.ndarray]:
        """Return copies of the weights, in the order of `keras.Model.weights`."""
        return arrays_of(self.model.weights)

    def seeds(self) -> list[np.ndarray]:
        """Return copies of the states of the random layers."""
        return arrays_of(self._seeds)

    def optimizer_state(self) -> list[np.ndarray]:
        """Return copies of the optimizer's variables but its learning rate."""
        return arrays_of(self._optimizer_variables())

    def _optimizer_variables(self) -> list[Any]:
        rate = self.optimizer.learning_rate
        return [v for v in self.optimizer.variables if v is not rate]

    @property
    def n_bytes(self) -> int:
        """Memory that the variables take, in bytes."""
        variables = [*self.model.variables, *self.optimizer.variables]
        return sum(
            int(np.prod(v.shape, dtype=np.int64)) * np.dtype(np.float32).itemsize
            for v in variables
        )

    # -- what runs -------------------------------------------------------------

    def plan(self, n_steps: int) -> None:
        """Tell an optimizer that asks how many steps are to come; 0 if unknown."""
        if hasattr(self.optimizer, "plan"):
            self.optimizer.plan(n_steps)

    def begin_epoch(self, epoch: int) -> None:
        """Tell layers that ask for it which epoch begins, counted from 0."""
        for layer in self._count_epochs:
            layer.begin_epoch(epoch)

    def train(
        self, order: np.ndarray, batch_size: int, rates: np.ndarray, data: list[Any]
    ) -> np.ndarray:
        """Train on the rows of `order`, batch by batch; return weighted sums."""
        sums = tf.constant(self._no_sums)
        for start, stop in self._training_pace.pieces(len(rates)):
            sums = self._train(
                tf.constant(order[start * batch_size : stop * batch_size], tf.int32),
                tf.constant(batch_size),
                tf.constant(rates[start:stop]),
                sums,
                *data,
            )
        return sums.numpy()

    def evaluate(self, rows: np.ndarray, data: list[Any]) -> np.ndarray:
        """Return the weighted sums of loss and metrics over `rows`."""
        sums = tf.constant(self._no_sums)
        n_steps = -(-len(rows) // _EVALUATION_ROWS)
        for start, stop in self._evaluation_pace.pieces(n_steps):
            some = rows[start * _EVALUATION_ROWS : stop * _EVALUATION_ROWS]
            sums = self._evaluate(tf.constant(some, tf.int32), sums, *data)
        return sums.numpy()

    def means(self, sums: np.ndarray) -> dict[str, float]:
        """Turn weighted sums into a mean for every name of the history."""
        names = ["loss", *(name for name, _ in self.program.metrics)]
        means = sums[:-1] / sums[-1]
        return {name: float(mean) for name, mean in zip(names, means, strict=True)}

    # -- what is traced --------------------------------------------------------

    def _batch(self, rows: tf.Tensor, data: Sequence[Any]) -> tuple[Any, Any, Any]:
        inputs, targets, weights = data
        batch = self.program.inputs.gather(inputs, rows, self._dtype)
        if self.program.targets is None:
            # An autoencoder's targets are its inputs, whatever it computes with.
            wanted = self.program.inputs.gather(inputs, rows, self._loss_dtype)
        else:
            wanted = self.program.targets.gather(targets, rows, self._loss_dtype)
        return batch, wanted, tf.gather(weights[0], rows)

    @property
    def _loss_dtype(self) -> str:
        return "float64" if self.program.precision == "float64" else "float32"

    def _sums(
        self, outputs: Any, targets: Any, losses: Any, weights: tf.Tensor
    ) -> tf.Tensor:
        values = [losses]
        values += [metric(targets, outputs) for _, metric in self.program.metrics]
        values = [tf.cast(value, tf.float64) for value in values]
        weights = tf.cast(weights, tf.float64)
        sums = [tf.reduce_sum(value * weights) for value in values]
        return tf.stack([*sums, tf.reduce_sum(weights)])

    def _step(self, rows: tf.Tensor, rate: tf.Tensor, data: Sequence[Any]) -> tf.Tensor:
        self.optimizer.learning_rate.assign(rate)
        batch = DividedBatch(rows, self._n_parts)
        inputs, targets, counted = zip(
            *(self._batch(part, data) for part in batch.rows), strict=True
        )
        weights = [w * count for w, count in zip(counted, batch.counts, strict=True)]
        with tf.GradientTape() as tape:
            outputs = batch.outputs(self.model, inputs)
            losses = list(map(self.program.loss, targets, outputs))
            # Weights have mean one over the data set, not over the batch: the
            # mean over the batch's rows is then an unbiased gradient.
            weighted = [
                tf.reduce_sum(part * tf.cast(weight, part.dtype))
                for part, weight in zip(losses, weights, strict=True)
            ]
            loss = tf.add_n(weighted) / tf.cast(tf.shape(rows)[0], weighted[0].dtype)
            penalties = [tf.cast(p, loss.dtype) for p in self.model.losses]
            if penalties:
                loss += tf.add_n(penalties)
                losses = [part + tf.add_n(penalties) for part in losses]
            # The optimizer divides gradients by the scale again.
            loss = self.optimizer.scale_loss(loss)
        variables = self.model.trainable_variables
        gradients = cheapen(tape.gradient(loss, [v.value for v in variables]))
        self.optimizer.apply(gradients, variables)
        return tf.add_n(list(map(self._sums, outputs, targets, losses, weights)))

    def _train_rows(
        self,
        order: tf.Tensor,
        batch_size: tf.Tensor,
        rates: tf.Tensor,
        start: tf.Tensor,
        *data: Any,
    ) -> tf.Tensor:
        n_rows = tf.shape(order)[0]

        def proceed(step: tf.Tensor, sums: tf.Tensor) -> tf.Tensor:
            # Stop at the first batch whose loss is no longer a number.
            return (step * batch_size < n_rows) & tf.math.is_finite(sums[0])

        def body(step: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            stop = tf.minimum(n_rows, (step + 1) * batch_size)
            rows = order[step * batch_size : stop]
            return step + 1, sums + self._step(rows, rates[step], data)

        _, sums = tf.while_loop(
            proceed, body, (tf.constant(0), start), parallel_iterations=1
        )
        return sums

    def _evaluate_rows(
        self, rows: tf.Tensor, start: tf.Tensor, *data: Any
    ) -> tf.Tensor:
        n_rows = tf.shape(rows)[0]

        def body(first: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            stop = tf.minimum(n_rows, first + _EVALUATION_ROWS)
            inputs, targets, weights = self._batch(rows[first:stop], data)
            outputs = self.model(inputs, training=False)
            losses = self.program.loss(targets, outputs)
            return stop, sums + self._sums(outputs, targets, losses, weights)

        _, sums = tf.while_loop(
            lambda first, _: first < n_rows,
            body,
            (tf.constant(0), start),
            parallel_iterations=_EVALUATED_AT_ONCE,
        )
        return sums


def _constant(array: np.ndarray) -> np.ndarray:
    """Return an equal array, of next to no size if all its numbers are the same."""
    if array.size and np.all(array == array.flat[0]):
        return np.broadcast_to(array.flat[0], array.shape)
    return array
