"""Seeds decide everything random, and nothing else notices."""

import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager.context import context
from tensorflow.python.ops import gen_resource_variable_ops

from skdeep.runtime.exclusive_fits import exclusive
from skdeep.runtime.seeds import (
    epoch_generator,
    seeded_construction,
    seeded_operations,
)
from tests.runtime.networks import assert_same_weights, dense_network


def test_construction():
    """Equal seeds build equal networks, other seeds others."""
    networks = []
    for seed in (0, 1, 0):
        with seeded_construction(seed):
            networks.append(dense_network(dropout=0.5))
    first, second, third = networks
    assert_same_weights(first.get_weights(), third.get_weights())
    assert (first.get_weights()[0] != second.get_weights()[0]).all()
    x = np.ones((50, 5), dtype="float32")
    drawn = [np.asarray(network(x, training=True)) for network in networks]
    np.testing.assert_array_equal(drawn[0], drawn[2])
    assert (drawn[0] != drawn[1]).any()


def test_layers_differ():
    """One seed for all does not make layers of one shape equal."""
    with seeded_construction(0):
        first, second = (keras.layers.Dense(3) for _ in range(2))
        first.build((None, 3))
        second.build((None, 3))
    assert (first.kernel.numpy() != second.kernel.numpy()).all()


@pytest.mark.parametrize("fails", [False, True])
def test_random_state_is_restored(fails):
    """Python's generator goes on as if nothing had happened, also after errors."""
    random.seed(5)
    expected = [random.random() for _ in range(3)]
    random.seed(5)
    found = [random.random()]
    try:
        with seeded_construction(0), seeded_construction(1):
            dense_network()
            if fails:
                raise RuntimeError
    except RuntimeError:
        pass
    found += [random.random() for _ in range(2)]
    assert found == expected


def test_threads_take_turns():
    """Networks built in several threads at once are those of their seeds."""

    def build(seed):
        with seeded_construction(seed):
            return dense_network().get_weights()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(build, [0, 1, 2, 3] * 4))
    for place, weights in enumerate(found):
        assert_same_weights(weights, build(place % 4))


def test_epochs():
    """Each epoch of each seed has a generator of its own."""
    drawn = {
        (seed, epoch): epoch_generator(seed, epoch).random()
        for seed in range(5)
        for epoch in range(5)
    }
    assert len(set(drawn.values())) == 25
    assert drawn[2, 3] == epoch_generator(2, 3).random()


@pytest.mark.parametrize("seed", [None, 7])
def test_seeded_operations(seed):
    """TensorFlow's operations follow the seed inside, and go on as before outside."""
    tf.random.set_seed(seed)
    if seed is None:
        # As in a process where nobody has ever set a seed.
        del context()._rng
    else:
        expected = [float(tf.random.uniform([])) for _ in range(3)][1:]
        tf.random.set_seed(seed)
        tf.random.uniform([])
    inside = []
    for _ in range(2):
        with seeded_operations(3):
            inside.append(float(tf.random.uniform([])))
    assert inside[0] == inside[1]
    outside = [float(tf.random.uniform([])) for _ in range(2)]
    assert outside[0] != outside[1]
    if seed is not None:
        assert outside == expected
    assert context()._seed == seed
    tf.random.set_seed(None)


def test_other_threads_draw_undisturbed():
    """Threads that draw meanwhile change nothing, and are not seeded by us.

    A worker of Dask, say, does so all the time.
    """
    stop, draws = threading.Event(), []

    def draw():
        while not stop.is_set():
            draws.append(random.random())
            keras.initializers.RandomUniform()

    expected = None
    before = sys.getswitchinterval()
    threads = [threading.Thread(target=draw) for _ in range(2)]
    # Python changes threads every 5 ms, which is longer than a layer takes.
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for _ in range(20):
            with seeded_construction(3):
                weights = dense_network(units=50, dropout=0.5).get_weights()
            expected = expected or weights
            assert_same_weights(weights, expected)
    finally:
        sys.setswitchinterval(before)
        stop.set()
        for thread in threads:
            thread.join()
    assert len(set(draws)) == len(draws)


def test_variables_have_one_name(monkeypatch):
    """TensorFlow sees no new name in any fit; it would keep each for ever."""
    names = []
    original = gen_resource_variable_ops.var_handle_op

    def note(*arguments, **options):
        names.append(options["debug_name"])
        return original(*arguments, **options)

    monkeypatch.setattr(gen_resource_variable_ops, "var_handle_op", note)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    n_outside = len(names)
    assert n_outside == len(set(names)) == 2

    class Thing:
        @exclusive
        def fit(self):
            with seeded_construction(0):
                model = dense_network(dropout=0.5)
            model.compile("adam", "mse", metrics=["mae"])
            model.optimizer.build(model.trainable_variables)
            return model

    first = Thing().fit()
    n_variables = len(names) - n_outside
    assert n_variables >= len(first.variables) + len(first.optimizer.variables)
    assert len(set(names[n_outside:])) == 1
    # Keras' own names are not touched.
    assert {v.name for v in network.variables} == {"kernel", "bias"}
    assert {"kernel", "bias"} < {v.name for v in first.variables}
