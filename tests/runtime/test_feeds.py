"""Feeds gather batches inside the graph, as slow loops would."""

import time

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep import CharCNNClassifier, runtime
from skdeep.encoding.tokens import TokenSequences
from skdeep.networks.losses import squared_error
from skdeep.runtime.feeds import ArrayFeed, SequenceFeed
from tests.runtime.networks import options, token_network

token_rows = st.lists(
    st.lists(st.integers(1, 500), min_size=1, max_size=40), min_size=1, max_size=12
)


def gathered(feed, rows, dtype="float32"):
    """Return a batch as the compiled graph gets it."""
    return np.asarray(feed.layout.gather(feed.tensors(), tf.constant(rows), dtype))


# -- arrays ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int32"])
@pytest.mark.parametrize("wanted", ["float32", "float64", "bfloat16"])
def test_array_batches(dtype, wanted):
    """Rows of every type arrive as floats, cast and scaled batch by batch."""
    array = np.arange(60).reshape(5, 3, 4).astype(dtype)
    rows = [4, 0, 0, 2]
    found = gathered(ArrayFeed(array, scale=0.5), rows, wanted)
    assert found.dtype == tf.as_dtype(wanted).as_numpy_dtype
    np.testing.assert_allclose(
        found.astype("float64"), array[rows] * 0.5, rtol=1e-2 * (wanted == "bfloat16")
    )


def test_labels_stay_integers():
    """Class numbers are not turned into floats."""
    found = gathered(ArrayFeed(np.array([3, 1, 2]), as_float=False), [2, 0])
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, [2, 3])


def test_array_is_held_in_its_own_type():
    """No float copy of the pixels of a data set is ever made."""
    pixels = np.zeros((10, 4, 4, 3), dtype=np.uint8)
    (tensor,) = ArrayFeed(pixels, scale=1 / 255).tensors()
    assert tensor.dtype == tf.uint8
    assert ArrayFeed(pixels).take(np.array([1, 2])).layout == ArrayFeed(pixels).layout


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 5))
def test_array_order(n_rows, batch_size, seed):
    """An epoch over some rows is a permutation of them."""
    feed = ArrayFeed(np.zeros((200, 1)))
    rows = np.arange(n_rows) * 3
    order = feed.order(rows, batch_size, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(order), rows)


# -- sequences -------------------------------------------------------------------------


def padded(sequences, rows):
    """Return a batch padded with zeros to the longest row, up to a multiple of 8."""
    longest = max(len(sequences[row]) for row in rows)
    matrix = np.zeros((len(rows), -(-longest // 8) * 8), dtype=np.int32)
    for place, row in enumerate(rows):
        matrix[place, : len(sequences[row])] = sequences[row]
    return matrix


@settings(deadline=None)
@given(token_rows, st.data(), st.sampled_from([np.uint16, np.int32]))
def test_sequence_batches(sequences, data, dtype):
    """Batches of sequences are padded on the right, no more than needed."""
    feed = SequenceFeed(TokenSequences.from_rows(sequences, dtype=dtype))
    rows = data.draw(
        st.lists(st.integers(0, len(sequences) - 1), min_size=1, max_size=9)
    )
    found = gathered(feed, rows)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, padded(sequences, rows))
    assert len(feed) == len(sequences)
    np.testing.assert_array_equal(feed.lengths, list(map(len, sequences)))


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=200),
    st.integers(1, 40),
    st.integers(0, 3),
)
def test_sequence_order(lengths, batch_size, seed):
    """An epoch over sequences of all lengths visits every row once."""
    feed = SequenceFeed(TokenSequences.from_rows([[1] * n for n in lengths]))
    rows = np.arange(len(lengths))[:: 1 + seed]
    order = feed.order(rows, batch_size, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(order), rows)
    again = feed.order(rows, batch_size, np.random.default_rng(seed))
    np.testing.assert_array_equal(order, again)


def padding_share(lengths, order, batch_size):
    """Return how much of the batches is padding."""
    batches = np.split(lengths[order], range(batch_size, len(order), batch_size))
    cells = sum(-(-batch.max() // 8) * 8 * len(batch) for batch in batches)
    return 1 - lengths.sum() / cells


def test_batches_of_similar_length():
    """Most padding goes, and the order of the batches stays random."""
    generator = np.random.default_rng(0)
    lengths = np.minimum(generator.geometric(1 / 60, 2000), 400)
    feed = SequenceFeed(TokenSequences.from_rows([[1] * n for n in lengths]))
    rows = np.arange(2000)
    orders = [feed.order(rows, 32, np.random.default_rng(seed)) for seed in range(2)]
    shuffled = padding_share(lengths, generator.permutation(2000), 32)
    for order in orders:
        assert padding_share(lengths, order, 32) < 0.4 < 0.7 < shuffled
        # Neither the longest nor the shortest come first.
        means = lengths[order][: 62 * 32].reshape(62, 32).mean(axis=1)
        assert abs(np.corrcoef(np.arange(62), means)[0, 1]) < 0.4
    assert (orders[0] != orders[1]).mean() > 0.9


@pytest.mark.parametrize("n_batches", [1, 6, 14])
def test_batches_of_few_rows_stay_mixed(n_batches):
    """Where few batches make an epoch, each has rows of many lengths."""
    lengths = 1 + np.arange(64 * n_batches)
    feed = SequenceFeed(TokenSequences.from_rows([[1] * n for n in lengths]))
    order = feed.order(np.arange(len(feed)), 64, np.random.default_rng(0))
    for batch in lengths[order].reshape(n_batches, 64):
        assert np.ptp(batch) > len(lengths) / 3


def test_padding_does_not_count():
    """Training on ragged rows does not depend on what they are padded to."""
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 60, 48)
    rows = [generator.integers(1, 20, n).tolist() for n in lengths]
    y = np.array([[row.count(3)] for row in rows], dtype="float32")
    network = runtime.NetworkSpec(token_network)
    results = [
        runtime.fit(
            network,
            runtime.LossSpec(squared_error),
            feed,
            runtime.ArrayFeed(y),
            options=options(batch_size=48, epochs=3),
            seed=0,
        )
        for feed in (
            SequenceFeed(TokenSequences.from_rows(rows)),
            SequenceFeed(TokenSequences.from_rows(rows, dtype=np.uint16)),
        )
    ]
    first, second = (result.weights for result in results)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


# Ham is shorter than spam here, and texts of one length share a batch.
@pytest.mark.filterwarnings("ignore:.*one class only:UserWarning")
@pytest.mark.parametrize("n_texts", [30, 300])
def test_one_very_long_message(n_texts):
    """A message of 100,000 characters neither breaks nor slows a fit or prediction."""
    texts = [f"see you later, {number}" for number in range(n_texts // 2)]
    texts += [f"win a prize now! {number}" for number in range(n_texts // 2)]
    y = np.repeat(["ham", "spam"], n_texts // 2)
    classifier = CharCNNClassifier(
        embedding_size=8, filters=32, kernel_sizes=(3,), epochs=3, random_state=0
    )
    longer = [*texts[:-1], "win a prize now " * 6250]
    assert len(longer[-1]) == 100_000
    seconds = []
    for messages in (texts, texts, longer):
        start = time.perf_counter()
        classifier.fit(messages, y).predict([*messages, longer[-1]])
        seconds.append(time.perf_counter() - start)
    assert classifier.max_length_ < 500
    # The graph is traced in the first round, and again for another vocabulary.
    assert seconds[2] < 3 * max(seconds[:2]) + 1


def test_wildly_different_lengths():
    """Without a limit, rows of 1 and of 20,000 tokens train in one batch."""
    sequences = TokenSequences.from_rows([[2], [3] * 20_000, [4, 5], [6] * 7])
    network = runtime.NetworkSpec(token_network)
    result = runtime.fit(
        network,
        runtime.LossSpec(squared_error),
        SequenceFeed(sequences),
        runtime.ArrayFeed(np.zeros((4, 1), dtype="float32")),
        options=options(batch_size=4, learning_rate=1e-6),
        seed=0,
    )
    assert np.isfinite(result.history["loss"]).all()
    outputs = runtime.infer(network, result.weights, SequenceFeed(sequences))
    assert outputs.shape == (4, 1)
