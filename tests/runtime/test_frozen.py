"""Frozen networks: the same numbers, row by row, with weights compiled in."""

import time

import keras
import numpy as np
import pytest
from keras import layers

from skdeep.runtime import (
    ArrayFeed,
    NetworkSpec,
    assign_weights,
    group_size,
    infer_frozen,
    model_with_weights,
)
from skdeep.runtime.frozen import _FUNCTIONS, FrozenNetwork


def network(n_maps=4):
    """Build a network with all that inference must treat in its own way."""
    image = keras.Input((6, 6, 2))
    x = layers.Normalization()(image)
    x = layers.Conv2D(n_maps, 3, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.5)(x)
    return keras.Model(image, layers.GlobalAveragePooling2D()(layers.ReLU()(x)))


def weights_of(model, seed=0):
    """Draw weights; those that stand for variances are positive."""
    generator = np.random.default_rng(seed)
    return [
        generator.uniform(0.5 if v.ndim == 1 else -1, 1.5, v.shape).astype(v.dtype)
        for v in model.weights
    ]


SPEC = NetworkSpec(network, n_maps=4)
ROWS = np.random.default_rng(1).integers(0, 256, (70, 6, 6, 2), dtype=np.uint8)


@pytest.fixture
def weights():
    """Give weights of the network."""
    return weights_of(network())


def infer(weights, rows, digest="a", group=8):
    """Send rows through the network."""
    return infer_frozen(
        SPEC, weights, ArrayFeed(rows, scale=1 / 255), digest=digest, group=group
    )


def test_outputs(weights):
    """Outputs are those of the model in inference mode."""
    model = model_with_weights(SPEC, weights)
    expected = np.asarray(model(ROWS / np.float32(255), training=False))
    np.testing.assert_allclose(infer(weights, ROWS), expected, rtol=1e-4, atol=1e-5)
    for variable, array in zip(model.weights, weights, strict=True):
        np.testing.assert_array_equal(variable, array)


def test_layers_take_note_of_weights(weights):
    """Normalization layers compute with the weights that were assigned."""
    model, other = network(), network()
    assign_weights(model, weights)
    assign_weights(other, weights_of(other, seed=5))
    rows = ROWS[:3] / np.float32(255)
    assert not np.allclose(model(rows), other(rows))
    assign_weights(other, weights)
    np.testing.assert_array_equal(model(rows), other(rows))
    with pytest.raises(ValueError, match="got 2 arrays"):
        assign_weights(model, weights[:2])


@pytest.mark.parametrize("group", [4, 32])
def test_rows_do_not_see_each_other(weights, group):
    """A row has the same bits alone, among others, and in any order."""
    whole = infer(weights, ROWS, group=group)
    generator = np.random.default_rng(0)
    for n_rows in (1, 2, 3, 31, 33, 70):
        chosen = generator.choice(len(ROWS), n_rows, replace=False)
        found = infer(weights, ROWS[chosen], group=group)
        np.testing.assert_array_equal(found, whole[chosen])
    assert infer(weights, ROWS[:0], group=group).shape == (0, 4)


def test_digest_tells_weights_apart(weights):
    """What was compiled is used again for the same digest, and only for it."""
    first = infer(weights, ROWS[:5], digest="first")
    other = weights_of(network(), seed=9)
    assert not np.array_equal(first, infer(other, ROWS[:5], digest="other"))
    np.testing.assert_array_equal(first, infer([], ROWS[:5], digest="first"))


def test_few_networks_are_kept(weights):
    """Compiled networks do not pile up."""
    for number in range(6):
        infer(weights, ROWS[:1], digest=f"number {number}")
    assert len(_FUNCTIONS) == 4


def test_weights_of_another_network(weights):
    """Weights of other shapes are refused."""
    feed = ArrayFeed(ROWS)
    with pytest.raises(ValueError, match="network"):
        FrozenNetwork(NetworkSpec(network, n_maps=5), weights, feed.layout, 8)


def test_group_sizes():
    """Larger images pass in smaller groups, between 4 and 32."""
    sizes = [group_size(size, size) for size in (8, 64, 96, 128, 224, 1000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 32
    assert sizes[2] == 16
    assert sizes[-1] == 4


def test_an_error_ends_it_soon(weights):
    """What goes wrong in one group is raised, and most of the others are not begun."""
    frozen = FrozenNetwork(SPEC, weights, ArrayFeed(ROWS, scale=1 / 255).layout, 1)
    calls = []

    def fail(batch):
        calls.append(len(batch))
        time.sleep(0.01)
        raise KeyboardInterrupt

    frozen._function = fail
    with pytest.raises(KeyboardInterrupt):
        frozen(np.concatenate([ROWS] * 20))
    assert 0 < len(calls) < 10 * len(ROWS)
