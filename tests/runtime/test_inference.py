"""Inference gives every row the same bits, whatever stands beside it."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from skdeep import runtime
from skdeep.encoding.tokens import TokenSequences
from skdeep.networks.character_cnn import character_cnn_classifier
from skdeep.networks.convolutional_autoencoder import conv_autoencoder
from skdeep.networks.recurrent import recurrent_classifier
from skdeep.runtime import inference
from skdeep.runtime.feeds import ArrayFeed, SequenceFeed
from skdeep.runtime.inference import FUNCTIONS, infer, output_shape
from tests.runtime.networks import N_INPUTS, dense_network, token_network


def built(network, seed=0):
    """Return the initial weights of a network, and the network itself."""
    with runtime.seeded_construction(seed):
        model = network()
    return model.get_weights(), model


DENSE = runtime.NetworkSpec(dense_network, units=30, normalised=True, dropout=0.5)
IMAGE = runtime.NetworkSpec(
    conv_autoencoder, image_shape=(9, 7, 2), n_components=5, filters=(6,)
)
TEXT = {
    cell: runtime.NetworkSpec(
        recurrent_classifier,
        vocabulary_size=30,
        n_outputs=3,
        cell=cell,
        units=5,
        embedding_size=4,
    )
    for cell in ("lstm", "gru", "simple")
}
TEXT["convolutions"] = runtime.NetworkSpec(
    character_cnn_classifier,
    vocabulary_size=30,
    n_outputs=3,
    n_buckets=50,
    embedding_size=4,
    filters=5,
)


@pytest.fixture(scope="module")
def dense():
    """Return weights of the dense network, rows, and their results."""
    weights, model = built(DENSE)
    rows = np.random.default_rng(0).normal(size=(200, N_INPUTS)).astype("float32")
    return weights, rows, infer(DENSE, weights, ArrayFeed(rows)), model


def test_equals_keras(dense):
    """Results are those of the Keras model in inference mode."""
    _, rows, whole, model = dense
    np.testing.assert_allclose(whole, np.asarray(model(rows)), rtol=1e-4, atol=1e-6)
    assert type(whole) is np.ndarray


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 199), min_size=1, max_size=130))
def test_rows_do_not_depend_on_each_other(dense, chosen):
    """Any rows in any order have the bits that they have among all."""
    weights, rows, whole, _ = dense
    found = infer(DENSE, weights, ArrayFeed(rows[chosen]))
    np.testing.assert_array_equal(found, whole[chosen])


@pytest.mark.parametrize("part", [None, "encoder"])
def test_convolutions_do_not_either(part):
    """The same holds for convolutions, and for parts of a network."""
    weights, _ = built(IMAGE)
    images = np.random.default_rng(0).random((70, 9, 7, 2)).astype("float32")
    whole = infer(IMAGE, weights, ArrayFeed(images), part=part)
    for n_rows in (1, 2, 31, 32, 33, 64, 69):
        found = infer(IMAGE, weights, ArrayFeed(images[-n_rows:]), part=part)
        np.testing.assert_array_equal(found, whole[-n_rows:])


def test_parts():
    """A part of a network gives what the whole network passes on inside."""
    weights, model = built(IMAGE)
    images = np.random.default_rng(0).random((10, 9, 7, 2)).astype("float32")
    codes = infer(IMAGE, weights, ArrayFeed(images), part="encoder")
    assert codes.shape == (10, *output_shape(IMAGE, "encoder")) == (10, 5)
    again = infer(IMAGE, weights, ArrayFeed(codes), part="decoder")
    np.testing.assert_array_equal(again, infer(IMAGE, weights, ArrayFeed(images)))
    assert again.shape == (10, *output_shape(IMAGE)) == (10, 9, 7, 2)
    np.testing.assert_allclose(
        codes, np.asarray(model.get_layer("encoder")(images)), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("kind", TEXT)
def test_sequences(kind):
    """A text has the same bits alone and among others, however long these are."""
    network = TEXT[kind]
    weights, model = built(network)
    generator = np.random.default_rng(0)
    lengths = generator.permutation(
        [*range(1, 30), 31, 32, 33, 47, 48, 49, 63, 64, 65, 200]
    )
    rows = [generator.integers(1, 30, n).tolist() for n in lengths]
    whole = infer(network, weights, SequenceFeed(TokenSequences.from_rows(rows)))
    for number, row in enumerate(rows):
        alone = infer(network, weights, SequenceFeed(TokenSequences.from_rows([row])))
        np.testing.assert_array_equal(alone[0], whole[number])
        plain = np.asarray(model(np.array([row], dtype="int32")))
        np.testing.assert_allclose(alone, plain, rtol=1e-3, atol=1e-5)
    some = generator.choice(len(rows), 20)
    chosen = SequenceFeed(TokenSequences.from_rows([rows[n] for n in some]))
    np.testing.assert_array_equal(infer(network, weights, chosen), whole[some])


def test_lengths_in_steps():
    """Sequences are padded to few lengths, by at most half, which they alone decide."""
    lengths = np.arange(1, 3000)
    feed = SequenceFeed(TokenSequences.from_rows([[1] * n for n in lengths]))
    found = np.zeros(len(lengths), dtype=int)
    steps = inference._rows_by_length(feed)
    for length, rows in steps:
        found[rows] = length
    assert len(steps) < 20
    assert (found >= lengths).all()
    assert (found[8:] < 1.5 * lengths[8:]).all()
    for n_rows in (1, 10, 100, 1000):
        part = SequenceFeed(
            TokenSequences.from_rows([[1] * n for n in lengths[:n_rows]])
        )
        for length, rows in inference._rows_by_length(part):
            assert (found[rows] == length).all()


def test_pieces(dense, monkeypatch):
    """Many rows pass in pieces, which nobody notices."""
    weights, rows, whole, _ = dense
    monkeypatch.setattr(inference, "_CHUNK_ROWS", 50)
    np.testing.assert_array_equal(infer(DENSE, weights, ArrayFeed(rows)), whole)
    monkeypatch.setattr(inference, "_CHUNK_SIZE", 1)
    np.testing.assert_array_equal(infer(DENSE, weights, ArrayFeed(rows)), whole)
    network = runtime.NetworkSpec(token_network)
    weights, _ = built(network)
    sequences = SequenceFeed(
        TokenSequences.from_rows([[n % 19 + 1] for n in range(99)])
    )
    found = infer(network, weights, sequences)
    monkeypatch.undo()
    np.testing.assert_array_equal(found, infer(network, weights, sequences))


def test_large_rows_in_smaller_groups():
    """Rows of many numbers pass in smaller groups, to the same end."""
    shape = (64, 65, 1)
    network = runtime.NetworkSpec(
        conv_autoencoder, image_shape=shape, n_components=2, filters=(2,)
    )
    weights, _ = built(network)
    images = np.random.default_rng(0).random((11, *shape)).astype("float32")
    whole = infer(network, weights, ArrayFeed(images), part="encoder")
    for chosen in ([3], [10, 0, 4], list(range(9))):
        found = infer(network, weights, ArrayFeed(images[chosen]), part="encoder")
        np.testing.assert_array_equal(found, whole[chosen])


def several_outputs():
    """Return a network with a dict of outputs."""
    inputs = keras.Input((N_INPUTS,))
    hidden = layers.Dense(3, name="hidden")(inputs)
    outputs = {"hidden": hidden, "sum": layers.Dense(1, name="sum")(hidden)}
    return keras.Model(inputs, outputs)


def test_structures(dense):
    """A network with several outputs gives a dict of arrays."""
    network = runtime.NetworkSpec(several_outputs)
    weights, model = built(network)
    rows = dense[1][:40]
    found, wanted = infer(network, weights, ArrayFeed(rows)), model(rows)
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-4, atol=1e-6)


def test_pixels_are_scaled():
    """Bytes are scaled in the graph."""
    weights, _ = built(IMAGE)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 9, 7, 2), dtype=np.uint8)
    found = infer(IMAGE, weights, ArrayFeed(pixels, scale=1 / 255))
    wanted = infer(IMAGE, weights, ArrayFeed((pixels / 255).astype("float32")))
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)


def test_functions_are_shared(dense):
    """Other weights do not trace again; another type of rows does."""
    weights, rows, _, _ = dense
    FUNCTIONS.clear()
    infer(DENSE, weights, ArrayFeed(rows))
    infer(DENSE, [2 * array for array in weights], ArrayFeed(rows[:3]))
    assert len(FUNCTIONS._functions) == 1
    infer(DENSE, weights, ArrayFeed(rows.astype("float64")))
    assert len(FUNCTIONS._functions) == 2


def test_few_functions_are_kept(dense):
    """What was not used for longest is forgotten."""
    _, rows, _, _ = dense
    cache = inference._FunctionCache(2)
    layout = ArrayFeed(rows).layout
    functions = {}
    for units in (2, 3, 2, 4):
        spec = runtime.NetworkSpec(dense_network, units=units)
        functions.setdefault(units, cache.get(spec, None, layout, "float32"))
    assert len(cache._functions) == 2
    spec = runtime.NetworkSpec(dense_network, units=2)
    assert cache.get(spec, None, layout, "float32") is functions[2]


def test_weights_of_another_network(dense):
    """Weights that do not fit are an error that says what happened."""
    weights, rows, _, _ = dense
    other = runtime.NetworkSpec(dense_network, units=31, normalised=True)
    with pytest.raises(ValueError, match=r"shape \(5, 30\) .*needed \(5, 31\).*fit"):
        infer(other, weights, ArrayFeed(rows))
