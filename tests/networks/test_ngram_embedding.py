import keras
import numpy as np
import pytest

from skdeep.networks.ngram_embedding import NgramEmbedding

IDS = np.array([[2, 3, 4, 2, 3], [4, 2, 3, 0, 0]], dtype=np.int32)


def embedding(ngram_range, n_buckets=101):
    """Return a layer with random tables."""
    layer = NgramEmbedding(6, 4, ngram_range, n_buckets)
    layer.build((None, None))
    generator = np.random.default_rng(0)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def slow_vectors(layer, ids):
    """Add up the rows of the tables, one token at a time."""
    tables = [np.asarray(w) for w in layer.get_weights()]
    shortest, longest = layer.ngram_range
    vectors = np.zeros((*ids.shape, 4))
    for row, tokens in enumerate(ids.tolist()):
        for place in range(len(tokens)):
            for table, length in zip(tables, range(shortest, longest + 1), strict=True):
                code = tokens[place]
                for back in range(1, length):
                    earlier = tokens[place - back] if place >= back else 0
                    code = (code * 32_749 + earlier) % 65_521
                code = code if length == 1 else code % layer.n_buckets
                vectors[row, place] += table[code]
    return vectors


@pytest.mark.parametrize("ngram_range", [(1, 1), (1, 3), (2, 4), (3, 3)])
def test_vectors_equal_a_slow_sum(ngram_range):
    """The tables are looked up by the hash of each run of tokens, and added."""
    layer = embedding(ngram_range)
    vectors = np.asarray(layer(IDS))
    np.testing.assert_allclose(vectors, slow_vectors(layer, IDS), rtol=1e-5, atol=1e-6)


def test_equal_runs_have_equal_vectors_wherever_they_stand():
    """What counts is the run that ends at a position, not the position."""
    vectors = np.asarray(embedding((1, 2))(IDS))
    np.testing.assert_allclose(vectors[0, 1], vectors[0, 4], rtol=1e-6)
    np.testing.assert_allclose(vectors[0, 1], vectors[1, 2], rtol=1e-6)
    assert np.any(vectors[0, 0] != vectors[1, 1])


def test_large_ids_do_not_overflow():
    """Ids of a large vocabulary hash to rows that exist."""
    layer = NgramEmbedding(70_000, 2, (1, 5), 65_521)
    ids = np.full((1, 9), 69_999, dtype=np.int32)
    layer.build(ids.shape)
    vectors = np.asarray(layer(ids))
    assert np.isfinite(vectors).all()
    # The hash is the same as in integers of any size.
    code = 69_999
    for _ in range(4):
        code = (code * 32_749 + 69_999) % 65_521
    assert 0 <= code < 65_521


def test_config_rebuilds_the_layer():
    """A network with this layer can be rebuilt from its configuration."""
    layer = embedding((1, 3), 17)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("ngram_range", "n_buckets", "message"),
    [
        ((0, 2), 10, "ngram_range"),
        ((3, 2), 10, "ngram_range"),
        ((1, 2), 0, "n_buckets"),
        ((1, 2), 70_000, "n_buckets"),
    ],
)
def test_impossible_sizes_are_refused(ngram_range, n_buckets, message):
    """Errors name the argument."""
    with pytest.raises(ValueError, match=message):
        NgramEmbedding(6, 4, ngram_range, n_buckets)
