"""The autoencoder with noisy logistic code units: shapes, sizes, noise."""

import itertools
import math

import keras
import numpy as np
import pytest

from skdeep.networks.semantic_hashing import semantic_hashing_autoencoder

SHAPES = [(1, 1, 1), (1, 20, 1), (8, 8, 1), (7, 5, 3)]


def dense(*sizes):
    """Return how many parameters a stack of dense layers has."""
    return sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))


def images(shape, n=3):
    """Return a few images of uniform noise."""
    return np.random.default_rng(0).random((n, *shape), dtype="float32")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("hidden", [(), (6,), (9, 6)])
def test_shapes_and_numbers_of_parameters(shape, hidden):
    """Both halves have the promised shapes and the weights of the textbook."""
    model = semantic_hashing_autoencoder(
        image_shape=shape, n_bits=5, hidden_layer_sizes=hidden
    )
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    code = np.asarray(encoder(images(shape)))
    assert code.shape == (3, 5)
    assert model(images(shape)).shape == (3, *shape)
    n_pixels = math.prod(shape)
    assert encoder.count_params() == dense(n_pixels, *hidden, 5)
    assert decoder.count_params() == dense(5, *reversed(hidden), n_pixels)
    np.testing.assert_array_equal(decoder(code), model(images(shape)))


def test_codes_are_probabilities():
    """They are the logistic function of the total input, without noise."""
    model = semantic_hashing_autoencoder(image_shape=(4, 4, 1), n_bits=5)
    encoder = model.get_layer("encoder")
    total = keras.Model(encoder.input, encoder.get_layer("total_input").output)
    inputs = np.asarray(total(images((4, 4, 1))), dtype=np.float64)
    code = np.asarray(encoder(images((4, 4, 1))))
    np.testing.assert_allclose(code, 1 / (1 + np.exp(-inputs)), rtol=1e-5)


def test_noise_of_the_given_deviation_reaches_the_total_input():
    """In training the logit of the code is spread by the noise."""
    model = semantic_hashing_autoencoder(
        image_shape=(4, 4, 1), n_bits=5, noise_scale=1.5
    )
    encoder = model.get_layer("encoder")
    image = np.repeat(images((4, 4, 1), 1), 4000, axis=0)
    clean = np.asarray(encoder(image[:1]), dtype=np.float64)
    noisy = np.asarray(encoder(image, training=True), dtype=np.float64)
    noise = np.log(noisy / (1 - noisy)) - np.log(clean / (1 - clean))
    assert noise.std() == pytest.approx(1.5, rel=0.03)
    assert noise.mean() == pytest.approx(0, abs=0.05)
    assert abs(np.corrcoef(noise.T) - np.eye(5)).max() < 0.08


@pytest.mark.parametrize(
    ("setting", "layer"), [("noise_scale", "noise"), ("dropout", "pixel_dropout")]
)
def test_no_layer_without_need(setting, layer):
    """What is set to zero is not in the network."""
    names = {
        value: [
            inner.name
            for inner in semantic_hashing_autoencoder(
                image_shape=(2, 2, 1), n_bits=2, **{setting: value}
            )
            .get_layer("encoder")
            .layers
        ]
        for value in (0.0, 0.5)
    }
    assert layer not in names[0.0]
    assert layer in names[0.5]


def test_inference_is_deterministic():
    """Neither noise nor dropout act outside of training."""
    model = semantic_hashing_autoencoder(
        image_shape=(4, 4, 1), n_bits=5, dropout=0.5, noise_scale=4.0
    )
    rows = images((4, 4, 1))
    np.testing.assert_array_equal(model(rows), model(rows))
    assert np.any(np.asarray(model(rows, training=True)) != np.asarray(model(rows)))


def test_layer_names_do_not_depend_on_what_was_built_before():
    """Two equal calls give equal configurations, down to every name."""
    first, second = (
        semantic_hashing_autoencoder(image_shape=(3, 3, 1), n_bits=2).to_json()
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True])
def test_numbers_of_bits_are_checked(wrong):
    """A code has a whole number of bits."""
    with pytest.raises(ValueError, match="n_bits"):
        semantic_hashing_autoencoder(image_shape=(3, 3, 1), n_bits=wrong)
