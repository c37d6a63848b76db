"""Networks of one program share what was traced, and nothing else."""

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdeep import runtime
from skdeep.networks.losses import squared_error
from skdeep.runtime import shared_traces
from skdeep.runtime.pool import POOL
from skdeep.runtime.shared_traces import SharedTraces, traces_of
from tests.runtime.networks import (
    assert_same_weights,
    dense_network,
    fit,
    options,
    regression_data,
)

N_THREADS = 3
TRACES = []


def traced_loss(targets, outputs):
    """Return the squared error, and write down that it was traced."""
    TRACES.append(tuple(outputs.shape))
    return squared_error(targets, outputs)


def settings(meet):
    """Return options under which all threads are in their first epoch together."""
    return options(epochs=3, early_stopping=True, on_epoch_begin=meet)


@pytest.mark.parametrize("optimizer", ["Adam", "SGD", "Nadam", "Adafactor"])
def test_traced_once_for_all_threads(optimizer):
    """Threads that train side by side trace once, and get what each gets alone."""
    network = runtime.NetworkSpec(
        dense_network, units=6, dropout=0.3, normalised=True, penalty=0.01
    )
    spec = runtime.OptimizerSpec.from_optimizer(getattr(keras.optimizers, optimizer)())
    X, y = regression_data(48)

    def train(seed, meet=None, loss=traced_loss):
        chosen = settings(meet)
        chosen.optimizer = spec
        return fit(
            network, X, y, seed=seed, loss=runtime.LossSpec(loss), options=chosen
        )

    alone = []
    for seed in range(N_THREADS):
        POOL.clear()
        gc.collect()
        alone.append(train(seed, loss=squared_error))
    POOL.clear()
    gc.collect()
    TRACES.clear()
    barrier = Barrier(N_THREADS)

    def meet(epoch):
        if epoch == 0:
            barrier.wait(timeout=60)

    with ThreadPoolExecutor(N_THREADS) as threads:
        together = list(threads.map(lambda seed: train(seed, meet), range(N_THREADS)))
    # Once for training and once for validation.
    assert len(TRACES) == 2
    for one, other in zip(together, alone, strict=True):
        assert_same_weights(one.weights, other.weights)
        assert one.history == other.history
    assert not np.array_equal(together[0].weights[0], together[1].weights[0])


def doubling(variable, hidden=None):
    """Return what traces a function that doubles its variable and returns it."""

    @tf.function
    def double():
        variable.assign(2 * variable)
        return variable + (0 if hidden is None else hidden)

    return double.get_concrete_function


def test_each_caller_has_its_variables():
    """A function that was traced by another works on the caller's variables."""
    traces = SharedTraces()
    one, other = keras.Variable(1.0), keras.Variable(10.0)
    first = traces.get("double", doubling(one), [one])
    second = traces.get("double", pytest.fail, [other])
    assert [float(first()), float(second()), float(second())] == [2, 20, 40]
    assert [float(one), float(other)] == [2, 40]


def test_variables_that_only_one_knows():
    """A function of a variable that is not among those passed is traced for each."""
    traces = SharedTraces()
    one, other = keras.Variable(1.0), keras.Variable(10.0)
    first = traces.get("double", doubling(one, tf.Variable(0.5)), [one])
    second = traces.get("double", doubling(other, tf.Variable(0.25)), [other])
    assert [float(first()), float(second())] == [2.5, 20.25]


def test_functions_of_other_names():
    """What has another name is another function."""
    traces = SharedTraces()
    one = keras.Variable(1.0)
    assert float(traces.get("double", doubling(one), [one])()) == 2
    plus = traces.get("plus", doubling(one, tf.constant(1.0)), [one])
    assert float(plus()) == 5


def test_forgotten_with_the_last_network():
    """What is traced of a program lives as long as one of its networks."""
    before = len(shared_traces._TRACES)
    held = [traces_of("a program"), traces_of("a program")]
    assert held[0] is held[1]
    assert len(shared_traces._TRACES) == before + 1
    held.clear()
    gc.collect()
    assert len(shared_traces._TRACES) == before
