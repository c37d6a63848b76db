"""A classifier on the encoder of an autoencoder: sizes, freezing."""

import functools
import itertools

import keras
import numpy as np
import pytest

from skdeep.networks.convolutional_autoencoder import conv_autoencoder
from skdeep.networks.dense_autoencoder import dense_autoencoder
from skdeep.networks.encoder_classifier import encoder_classifier
from skdeep.networks.semantic_hashing import semantic_hashing_autoencoder

SHAPES = [(1, 20, 1), (8, 8, 1), (7, 5, 3)]


def images(shape, n=8):
    """Return a few images of uniform noise."""
    return np.random.default_rng(0).random((n, *shape), dtype="float32")


def normalised(shape=(8, 8, 1)):
    """Return the builder of an autoencoder with batch normalisation."""
    return functools.partial(
        conv_autoencoder,
        image_shape=shape,
        n_components=5,
        filters=(4,),
        batch_normalization=True,
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("hidden", [(), (7,), (7, 6)])
@pytest.mark.parametrize("n_outputs", [1, 4])
def test_shapes_and_numbers_of_parameters(shape, hidden, n_outputs):
    """The encoder's weights, those of the head, and none of the decoder."""
    autoencoder = normalised(shape)
    model = encoder_classifier(
        autoencoder=autoencoder, n_outputs=n_outputs, hidden_layer_sizes=hidden
    )
    assert model(images(shape)).shape == (8, n_outputs)
    sizes = (5, *hidden, n_outputs)
    head = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    encoder = autoencoder().get_layer("encoder").count_params()
    assert model.get_layer("head").count_params() == head
    assert model.count_params() == encoder + head


def test_the_encoder_is_that_of_the_autoencoder():
    """With its weights it computes the same codes."""
    autoencoder = normalised()()
    model = encoder_classifier(autoencoder=lambda: autoencoder, n_outputs=3)
    rows = images((8, 8, 1))
    codes = autoencoder.get_layer("encoder")(rows)
    np.testing.assert_array_equal(model.get_layer("encoder")(rows), codes)
    np.testing.assert_array_equal(model.get_layer("head")(codes), model(rows))


def test_freezing_leaves_the_head_to_train():
    """Only weights of the head are trainable then."""
    frozen = encoder_classifier(autoencoder=normalised(), n_outputs=3, freeze=True)
    free = encoder_classifier(autoencoder=normalised(), n_outputs=3)
    head = frozen.get_layer("head")
    assert len(frozen.trainable_weights) == len(head.weights) == 2
    assert len(free.trainable_weights) > 2


@pytest.mark.parametrize(
    "autoencoder",
    [
        normalised(),
        functools.partial(
            semantic_hashing_autoencoder, image_shape=(8, 8, 1), n_bits=5, dropout=0.5
        ),
    ],
    ids=["batch normalisation", "noise and dropout"],
)
def test_a_frozen_encoder_works_as_in_inference(autoencoder):
    """In training, too: no noise, no statistics of the batch."""
    frozen = encoder_classifier(autoencoder=autoencoder, n_outputs=3, freeze=True)
    rows = images((8, 8, 1))
    before = frozen.get_weights()
    np.testing.assert_array_equal(frozen(rows, training=True), frozen(rows))
    for old, new in zip(before, frozen.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    free = encoder_classifier(autoencoder=autoencoder, n_outputs=3)
    assert np.any(np.asarray(free(rows, training=True)) != np.asarray(free(rows)))


def test_dropout_acts_on_the_code_and_on_every_hidden_layer():
    """There is one layer of it for each, and none without."""
    builder = functools.partial(
        dense_autoencoder,
        image_shape=(4, 4, 1),
        n_components=3,
    )
    counts = [
        sum(
            isinstance(layer, keras.layers.Dropout)
            for layer in encoder_classifier(
                autoencoder=builder,
                n_outputs=2,
                hidden_layer_sizes=(5, 4),
                dropout=rate,
            )
            .get_layer("head")
            .layers
        )
        for rate in (0.0, 0.3)
    ]
    assert counts == [0, 3]


@pytest.mark.parametrize(
    ("augmentation", "name"), [({"mirror": True}, "mirror"), ({"shift": 2}, "shift")]
)
def test_images_are_changed_in_training_only(augmentation, name):
    """The layer that changes them stands before the encoder and has no weights."""
    autoencoder = normalised()()
    plain = encoder_classifier(autoencoder=lambda: autoencoder, n_outputs=3)
    model = encoder_classifier(
        autoencoder=lambda: autoencoder, n_outputs=3, freeze=True, **augmentation
    )
    assert model.count_params() == plain.count_params()
    model.get_layer("head").set_weights(plain.get_layer("head").get_weights())
    rows = images((8, 8, 1), 64)
    np.testing.assert_array_equal(model(rows), plain(rows))
    changed = model(rows, training=True)
    assert not np.allclose(changed, model(rows))
    assert model.layers[1].name == name
