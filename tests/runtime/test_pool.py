"""The pool lends compiled networks, one to each, and keeps a bounded number."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import keras
import numpy as np
import pytest

from skdeep import runtime
from skdeep.networks.losses import squared_error
from skdeep.runtime.compiled import Program
from skdeep.runtime.feeds import ArrayLayout
from skdeep.runtime.pool import NetworkPool
from tests.runtime.networks import N_INPUTS, assert_same_weights, dense_network


def program(units=4, **changes):
    """Return what to compile; nothing is traced before it runs."""
    return Program(
        runtime.NetworkSpec(dense_network, units=units, **changes),
        runtime.LossSpec(squared_error),
        runtime.OptimizerSpec.from_optimizer(keras.optimizers.SGD(momentum=0.5)),
        (),
        "float32",
        ArrayLayout((N_INPUTS,), "float32"),
        ArrayLayout((1,), "float32"),
    )


@pytest.fixture
def pool():
    """Return an empty pool."""
    return NetworkPool()


def lease(pool, units=4, seed=0, weights=None, seeds=None, optimizer=None):
    """Lease a network with defaults for everything."""
    return pool.lease(program(units), seed, weights, seeds, optimizer)


def test_equal_programs_share(pool):
    """Two equal descriptions are one program; its network is used again."""
    assert program() == program()
    with lease(pool) as first:
        pass
    with lease(pool) as second:
        pass
    assert first is second
    assert len(pool) == 1


def test_other_programs_do_not(pool):
    """A network of other sizes is another one."""
    with lease(pool) as first, lease(pool, units=3) as second:
        assert first is not second
    assert len(pool) == 2


def test_lease_is_exclusive(pool):
    """Who asks while a network is lent gets another one."""
    with lease(pool) as first, lease(pool) as second:
        assert first is not second
        assert len(pool) == 0
    assert len(pool) == 2


def test_leases_in_threads(pool):
    """Threads never hold the same network at the same time."""
    barrier = Barrier(3)

    def hold(seed):
        with lease(pool, seed=seed) as network:
            barrier.wait(timeout=60)
            held = id(network), network.weights()
            barrier.wait(timeout=60)
        return held

    with ThreadPoolExecutor(3) as threads:
        held = list(threads.map(hold, range(3)))
    assert len({number for number, _ in held}) == 3
    for seed, (_, weights) in enumerate(held):
        with lease(NetworkPool(), seed=seed) as network:
            assert_same_weights(weights, network.weights())


def test_least_recently_used_goes_first():
    """A full pool forgets what was not used for longest."""
    pool = NetworkPool(max_networks=2)
    networks = {}
    for units in (2, 3, 2, 4):
        with lease(pool, units) as network:
            networks.setdefault(units, network)
    assert len(pool) == 2
    with lease(pool, 2) as network:
        assert network is networks[2]
    with lease(pool, 3) as network:
        assert network is not networks[3]


def test_bounded_by_bytes():
    """A pool forgets until the memory is below the bound, but for the last one."""
    with lease(NetworkPool()) as network:
        size = network.n_bytes
    numbers = 5 * 4 + 4 + 4 + 1
    # Weights, momentum, the learning rate and the number of the step.
    assert size == pytest.approx(2 * numbers * 4, abs=16)
    pool = NetworkPool(max_bytes=2 * size)
    for units in (4, 3, 2):
        with lease(pool, units):
            pass
    assert len(pool) == 2
    tiny = NetworkPool(max_bytes=1)
    for units in (4, 3):
        with lease(tiny, units):
            pass
    assert len(tiny) == 1


def test_clear(pool):
    """Nothing idle is kept after clearing."""
    with lease(pool):
        pool.clear()
    assert len(pool) == 1
    pool.clear()
    assert len(pool) == 0


def test_returned_after_an_error(pool):
    """An error in between does not lose the network, nor its will to go on."""
    with pytest.raises(KeyboardInterrupt), lease(pool) as first:
        first.model.stop_training = True
        raise KeyboardInterrupt
    with lease(pool) as second:
        assert second is first
        assert not second.model.stop_training


def test_fresh_state(pool):
    """A network arrives with the weights of its seed, whoever had it before."""
    with lease(pool, seed=1) as network:
        weights, optimizer = network.weights(), network.optimizer_state()
        for variable in (*network.model.weights, *network.optimizer.variables):
            variable.assign(np.full(variable.shape, 7))
    assert not any(array.any() for array in optimizer)
    with lease(pool, seed=1) as network:
        assert_same_weights(weights, network.weights())
        assert_same_weights(optimizer, network.optimizer_state())
    with lease(pool, seed=2) as network:
        assert (network.weights()[0] != weights[0]).all()


def test_given_state(pool):
    """A network arrives with the weights and states that are asked for."""
    described = program(dropout=0.5)
    with pool.lease(described, 0, None, None, None) as network:
        weights = [array + 1 for array in network.weights()]
        seeds = [array + 3 for array in network.seeds()]
        optimizer = [array + 2 for array in network.optimizer_state()]
    assert len(seeds) == 1
    for _ in range(2):
        with pool.lease(described, 0, weights, seeds, optimizer) as network:
            assert_same_weights(weights, network.weights())
            assert_same_weights(seeds, network.seeds())
            assert_same_weights(optimizer, network.optimizer_state())
        pool.clear()


def test_arrays_are_copies(pool):
    """What is handed out does not change when the network is used again."""
    with lease(pool, seed=1) as network:
        weights = network.weights()
        kept = [array.copy() for array in weights]
    with lease(pool, seed=2) as network:
        network.model.weights[0].assign(np.zeros((N_INPUTS, 4)))
    assert_same_weights(weights, kept)
