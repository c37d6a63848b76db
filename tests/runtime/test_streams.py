"""Training and inference on rows that are read chunk by chunk."""

import threading
import time
import weakref

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from skdeep import runtime
from skdeep.networks.losses import squared_error
from skdeep.runtime import streams
from skdeep.runtime.feeds import ArrayFeed
from skdeep.runtime.inference import infer
from skdeep.runtime.streams import StreamFeed, read_ahead
from tests.runtime.networks import (
    N_INPUTS,
    assert_same_weights,
    dense_network,
    options,
    regression_data,
)

N_ROWS = 203
BLOCK_ROWS = 5
X, Y = regression_data(N_ROWS)
ROW_BYTES = X[0].nbytes


class Reader:
    """Rows of an array, with a note of every reading."""

    dtype = X.dtype
    row_bytes = ROW_BYTES
    block_rows = BLOCK_ROWS

    def __init__(self, array, where=None, seconds=0.0):
        self.array = array
        self.where = np.arange(len(array)) if where is None else where
        self.seconds = seconds
        self.reads, self.alive, self.most_alive = [], set(), 0

    @property
    def shape(self):
        return (len(self), *self.array.shape[1:])

    def __len__(self):
        return len(self.where)

    def locations(self, rows):
        return self.where[rows]

    def take(self, rows):
        return Reader(self.array, self.where[rows], self.seconds)

    def read_rows(self, rows):
        time.sleep(self.seconds)
        found = self.array[self.where[rows]]
        self.reads.append(self.where[rows])
        number = len(self.reads)
        self.alive.add(number)
        weakref.finalize(found, self.alive.discard, number)
        self.most_alive = max(self.most_alive, len(self.alive))
        return found


class InOrderOfStream(ArrayFeed):
    """Rows in memory that are shuffled as a stream of them would be."""

    def order(self, rows, batch_size, generator):
        return StreamFeed(Reader(self.array)).order(rows, batch_size, generator)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Let chunks be of 24 rows, so that there are many, and the last is short."""
    monkeypatch.setattr(streams, "CHUNK_BYTES", 26 * ROW_BYTES)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    """No thread outlives what started it."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def train(feed, targets=Y, *, network=None, **further):
    """Train a network with random layers and normalised batches."""
    network = network or runtime.NetworkSpec(
        dense_network, dropout=0.3, normalised=True
    )
    return runtime.fit(
        network,
        runtime.LossSpec(squared_error),
        feed,
        None if targets is None else ArrayFeed(targets),
        options=further.pop("options", None) or options(epochs=3),
        seed=further.pop("seed", 0),
        **further,
    )


def assert_same_history(first, second):
    """Compare what was measured; sums of sums round differently."""
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_allclose(values, second[name], rtol=1e-6)


# -- reading ahead -----------------------------------------------------------------


def test_results_come_in_order():
    """Results are those of each item, in their order."""
    for n_items in range(4):
        with read_ahead(lambda n: n**2, range(n_items)) as results:
            assert list(results) == [n**2 for n in range(n_items)]


def test_reads_one_ahead():
    """The next item is read while one is used, and no other."""
    read, other_thread = [], set()

    def reading(item):
        other_thread.add(threading.current_thread() is not threading.main_thread())
        read.append(item)
        return item

    with read_ahead(reading, range(6)) as results:
        for item in results:
            deadline = time.monotonic() + 10
            while len(read) < min(item + 2, 6) and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(0.01)
            assert read == list(range(min(item + 2, 6)))
    assert other_thread == {True}


def test_error_of_the_thread():
    """What the thread raises, the caller sees where the result would have been."""

    def reading(item):
        if item == 2:
            raise OSError("the disk is gone")
        return item

    seen = []
    with read_ahead(reading, range(5)) as results:
        with pytest.raises(OSError, match="the disk is gone"):
            for item in results:
                seen.append(item)
    assert seen == [0, 1]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, GeneratorExit])
def test_error_of_the_caller(error):
    """The thread ends when the caller is interrupted, without reading everything."""
    read = []
    with pytest.raises(error):
        with read_ahead(read.append, range(100)) as results:
            next(results)
            raise error
    assert len(read) <= 3
    assert not [t for t in threading.enumerate() if t.name.startswith("skdeep")]


def test_error_state_of_the_caller():
    """NumPy's error state holds in the thread as well."""
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        with read_ahead(lambda n: np.float32(n) * np.float32(n), [1e38]) as results:
            next(results)


# -- order -------------------------------------------------------------------------


@settings(max_examples=50)
@given(
    rows=st.sets(st.integers(0, 99), min_size=1).map(lambda s: np.array(sorted(s))),
    shuffled=st.booleans(),
    block_rows=st.integers(1, 30),
    batch_size=st.integers(1, 40),
)
def test_order(rows, shuffled, block_rows, batch_size):
    """An order has each row once, and the rows of a block next to one another."""
    where = np.random.default_rng(1).permutation(100) if shuffled else None
    reader = Reader(np.zeros((100, N_INPUTS), np.float32), where)
    reader.block_rows = block_rows
    feed = StreamFeed(reader)
    size = feed.chunk_rows(batch_size)
    assert size % batch_size == 0
    assert size <= max(26, batch_size)
    order = feed.order(rows, batch_size, np.random.default_rng(0))
    again = feed.order(rows, batch_size, np.random.default_rng(0))
    np.testing.assert_array_equal(order, again)
    np.testing.assert_array_equal(np.sort(order), rows)
    blocks = [
        set(reader.where[order[i : i + size]] // block_rows)
        for i in range(0, len(order), size)
    ]
    # A block is cut where a chunk ends, and nowhere else.
    for number, of_chunk in enumerate(blocks):
        shared = of_chunk & set().union(*blocks[number + 1 :])
        assert len(shared) <= 1
        if shared and number + 2 < len(blocks):
            assert shared <= blocks[number + 1]


def test_order_is_random():
    """Rows meet others than their neighbours, and others in each epoch."""
    feed = StreamFeed(Reader(X))
    orders = [
        feed.order(np.arange(N_ROWS), 8, np.random.default_rng(n)) for n in range(40)
    ]
    mean_places = np.argsort(orders, axis=1).mean(axis=0)
    assert np.all(np.abs(mean_places - N_ROWS / 2) < N_ROWS / 4)
    steps = np.abs(np.diff(orders, axis=1))
    assert np.mean(steps > BLOCK_ROWS) > 0.6


# -- training ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"batch_size": 7, "learning_rate_schedule": "triangular"},
        {"batch_size": 60},
        {"batch_size": 1000},
        {"early_stopping": True, "epochs": 4, "tol": 0.0},
        {"precision": "float64", "learning_rate_schedule": "cosine"},
    ],
)
def test_equals_training_in_memory(changes):
    """Chunks change the order of the rows, and no other bit of the weights."""
    changes = {"epochs": 3} | changes
    weights = np.random.default_rng(5).uniform(0, 2, N_ROWS)
    results = [
        train(feed, options=options(**changes), sample_weight=weights)
        for feed in (StreamFeed(Reader(X)), InOrderOfStream(X))
    ]
    assert_same_weights(results[0].weights, results[1].weights)
    assert_same_weights(results[0].state.seeds, results[1].state.seeds)
    assert_same_weights(results[0].state.optimizer, results[1].state.optimizer)
    assert_same_history(results[0].history, results[1].history)
    assert results[0].n_iter == results[1].n_iter


def test_targets_may_be_the_inputs():
    """An autoencoder learns from a stream, too."""
    network = runtime.NetworkSpec(dense_network, n_outputs=N_INPUTS)
    first = train(StreamFeed(Reader(X)), None, network=network)
    second = train(InOrderOfStream(X), None, network=network)
    assert_same_weights(first.weights, second.weights)
    assert_same_history(first.history, second.history)


def test_same_bits_at_any_speed():
    """The same seed gives the same bits, whether reading is fast or slow."""
    results = [train(StreamFeed(Reader(X, seconds=s))) for s in (0.0, 0.01, 0.0)]
    for other in results[1:]:
        assert_same_weights(results[0].weights, other.weights)
        assert results[0].history == other.history
    other = train(StreamFeed(Reader(X)), seed=1)
    assert other.history != results[0].history


def test_where_rows_lie_decides_what_is_read_together():
    """Rows are read from the start of the file on, block by block."""
    reader = Reader(X, np.random.default_rng(2).permutation(N_ROWS))
    train(StreamFeed(reader), options=options(epochs=1))
    n_jumps = sum(int(np.sum(np.diff(read) != 1)) for read in reader.reads)
    assert all(np.all(np.diff(read) > 0) for read in reader.reads)
    np.testing.assert_array_equal(np.sort(np.concatenate(reader.reads)), range(N_ROWS))
    assert n_jumps < 1.3 * N_ROWS / BLOCK_ROWS


def test_memory_is_bounded():
    """No more than the chunk in use and those being read are in memory."""
    reader = Reader(np.tile(X, (20, 1)))
    train(StreamFeed(reader), np.tile(Y, (20, 1)), options=options(epochs=1))
    assert len(reader.reads) > 100
    assert reader.most_alive <= 3


class BatchLosses(keras.callbacks.Callback):
    """Write down the loss of every batch, and stop after some."""

    def __init__(self, stop_after=10**9):
        super().__init__()
        self.losses, self.numbers, self.stop_after = [], [], stop_after

    def on_train_batch_end(self, batch, logs=None):
        self.numbers.append(batch)
        self.losses.append(logs["loss"])
        self.model.stop_training = len(self.losses) >= self.stop_after


def test_callbacks_see_every_batch():
    """Batches are counted over the whole epoch, and watching changes nothing."""
    plain = train(StreamFeed(Reader(X)))
    callback = BatchLosses()
    watched = train(
        StreamFeed(Reader(X)), options=options(epochs=3, callbacks=[callback])
    )
    assert_same_weights(plain.weights, watched.weights)
    assert plain.history == watched.history
    assert callback.numbers == [*range(26)] * 3
    callback, reader = BatchLosses(stop_after=5), Reader(X)
    stopped = train(StreamFeed(reader), options=options(callbacks=[callback]))
    assert stopped.n_iter == 1
    assert len(callback.losses) == 5
    assert len(reader.reads) <= 4


def test_divergence_stops_reading():
    """Training that diverges ends at once, and says so."""
    reader = Reader(X)
    with pytest.raises(ValueError, match="Training diverged: loss became"):
        train(StreamFeed(reader), Y * np.float32(1e38))
    assert len(reader.reads) <= 4


def test_error_while_reading():
    """What goes wrong while a chunk is read ends the training."""
    reader = Reader(X)
    original = reader.read_rows

    def failing(rows):
        if len(reader.reads) == 3:
            raise OSError("the disk is gone")
        return original(rows)

    reader.read_rows = failing
    with pytest.raises(OSError, match="the disk is gone"):
        train(StreamFeed(reader))
    # The network that was being trained can be used again.
    train(StreamFeed(Reader(X)))


# -- inference ---------------------------------------------------------------------


def two_outputs(units=3):
    """Return a network with a dict of outputs of different shapes."""
    inputs = keras.Input((N_INPUTS,), name="inputs")
    code = layers.Dense(units, name="code")(inputs)
    square = layers.Reshape((1, units), name="square")(code)
    return keras.Model(inputs, {"code": code, "square": square}, name="two_outputs")


@pytest.mark.parametrize("shuffled", [False, True])
def test_inference_equals_that_in_memory(shuffled, monkeypatch):
    """Results are the same bits, in the order of the rows, wherever these lie."""
    monkeypatch.setattr("skdeep.runtime.inference._CHUNK_ROWS", 40)
    where = np.random.default_rng(3).permutation(N_ROWS) if shuffled else None
    for network in (
        runtime.NetworkSpec(dense_network),
        runtime.NetworkSpec(two_outputs),
    ):
        with runtime.seeded_construction(0):
            weights = network().get_weights()
        reader = Reader(X, where)
        streamed = infer(network, weights, StreamFeed(reader))
        whole = infer(network, weights, ArrayFeed(X[reader.where]))
        keras.tree.map_structure(np.testing.assert_array_equal, streamed, whole)
        assert [len(read) for read in reader.reads] == [40] * 5 + [3]
        assert all(np.all(np.diff(read) == 1) for read in reader.reads)


def test_samples_come_from_everywhere():
    """A sample of a stream is spread over it; that of an array is its start."""
    assert StreamFeed(Reader(X)).sample(5).tolist() == [0, 50, 101, 151, 202]
    assert StreamFeed(Reader(X)).sample(10**6).tolist() == [*range(N_ROWS)]
    assert ArrayFeed(X).sample(5).tolist() == [*range(5)]
    assert len(ArrayFeed(X).sample(10**6)) == N_ROWS
