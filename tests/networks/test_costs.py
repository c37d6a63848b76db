"""Multiply-adds against counts by hand."""

import keras
import pytest
from keras import layers

from skdeep.networks.costs import multiply_adds
from skdeep.networks.transposed_dense import TransposedDense


def network(*parts, shape=(9, 8, 3)):
    """Return a network of layers on top of each other."""
    image = keras.Input(shape)
    x = image
    for layer in parts:
        x = layer(x)
    return keras.Model(image, x)


ONE_LAYER = {
    "same": (layers.Conv2D(4, 3, padding="same"), 9 * 8 * 9 * 3 * 4),
    "valid": (layers.Conv2D(4, (3, 2)), 7 * 7 * 6 * 3 * 4),
    "strides": (layers.Conv2D(4, 3, strides=2, padding="same"), 5 * 4 * 9 * 3 * 4),
    "dilated": (layers.Conv2D(4, 3, dilation_rate=2), 5 * 4 * 9 * 3 * 4),
    "groups": (layers.Conv2D(6, 3, groups=3, padding="same"), 9 * 8 * 9 * 1 * 6),
    "depthwise": (layers.DepthwiseConv2D(3, padding="same"), 9 * 8 * 9 * 3),
    "separable": (
        layers.SeparableConv2D(5, 3, padding="same"),
        9 * 8 * (9 * 3 + 3 * 5),
    ),
    "transposed": (layers.Conv2DTranspose(4, 3, strides=2), 9 * 8 * 9 * 3 * 4),
    "dense": (layers.Dense(5), 9 * 8 * 3 * 5),
    "pooling": (layers.MaxPooling2D(), 0),
    "normalisation": (layers.BatchNormalization(), 0),
    "normalisation of maps": (layers.LayerNormalization(axis=(1, 2, 3)), 0),
    "centred pixels": (layers.Normalization(axis=(1, 2, 3)), 0),
    "slopes": (layers.PReLU(), 0),
    "dropout": (layers.Dropout(0.5), 0),
}


@pytest.mark.parametrize("name", ONE_LAYER)
def test_one_layer(name):
    """Kernel sizes times the places that the kernel is put to."""
    layer, expected = ONE_LAYER[name]
    assert multiply_adds(network(layer)) == expected


def test_the_classic_keras_network_for_small_images():
    """20.7 million: two pairs of convolutions, a dense layer of 512."""
    model = network(
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.25),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(512, activation="relu"),
        layers.Dense(10),
        shape=(32, 32, 3),
    )
    by_hand = 32 * 32 * 27 * 32 + 30 * 30 * 288 * 32
    by_hand += 15 * 15 * 288 * 64 + 13 * 13 * 576 * 64
    by_hand += 6 * 6 * 64 * 512 + 512 * 10
    assert multiply_adds(model) == by_hand
    assert round(by_hand / 1e6, 1) == 20.7


def test_sequential_models():
    """Sequential models are counted as functional ones are, also inside of others."""
    dense = layers.Dense(5)
    sequential = keras.Sequential([keras.Input((4,)), dense, layers.Dense(2)])
    assert multiply_adds(sequential) == 4 * 5 + 5 * 2
    image = keras.Input((4,))
    assert multiply_adds(keras.Model(image, sequential(image))) == 4 * 5 + 5 * 2
    for without_graph in (keras.Sequential([layers.Dense(2)]), keras.Model()):
        with pytest.raises(ValueError, match=r"no graph of layers.*keras\.Input"):
            multiply_adds(without_graph)


def test_layers_count_as_often_as_they_are_called():
    """Sub-models too."""
    image = keras.Input((4,))
    dense = layers.Dense(4)
    part = network(layers.Dense(5), shape=(4,))
    model = keras.Model(image, part(dense(dense(image))))
    assert multiply_adds(model) == 2 * 16 + 20


def test_tied_weights():
    """The layer that uses a kernel backwards computes as much."""
    image = keras.Input((6,))
    dense = layers.Dense(2)
    assert multiply_adds(keras.Model(image, TransposedDense(dense)(dense(image)))) == 24


def test_recurrent_layers():
    """Each step multiplies with both kernels of each gate."""
    ids = keras.Input((7,), dtype="int32")
    x = layers.Embedding(20, 4)(ids)
    one_way = keras.Model(ids, layers.LSTM(3)(x))
    both_ways = keras.Model(ids, layers.Bidirectional(layers.GRU(3))(x))
    assert multiply_adds(one_way) == 7 * 4 * (4 * 3 + 3 * 3)
    assert multiply_adds(both_ways) == 2 * 7 * 3 * (4 * 3 + 3 * 3)


def test_unknown_sizes_are_refused():
    """What depends on the data has no number."""
    with pytest.raises(ValueError, match="depends on the data"):
        multiply_adds(network(layers.Conv1D(4, 3), shape=(None, 5)))


class OwnNormalization(layers.LayerNormalization):
    """A layer of somebody else, which may do more than the one it inherits from."""


def test_unknown_layers_are_refused():
    """Better no number than a wrong one."""
    with pytest.raises(ValueError, match="is a OwnNormalization"):
        multiply_adds(network(OwnNormalization()))
    layer = layers.EinsumDense("abcd,de->abce", (9, 8, 5), name="einstein")
    with pytest.raises(ValueError, match="'einstein' is a EinsumDense"):
        multiply_adds(network(layer))
