"""The network for few passes: sizes, and how it begins."""

import keras
import numpy as np

from skdeep.networks.airbench import airbench, approximate_gelu
from skdeep.networks.costs import multiply_adds


def network(width=1.0, shape=(32, 32, 3)):
    """Return the network for ten classes."""
    return airbench(image_shape=shape, n_outputs=10, width=width)


def test_parameters_and_multiply_adds():
    """1.97 million of the one at widths 64, 256 and 256, 118 of the other."""
    model = network()
    pairs = [(24, 64), (64, 64), (64, 256), (256, 256), (256, 256), (256, 256)]
    kernels = [9 * a * b for a, b in pairs]
    biases = 2 * (64 + 256 + 256)
    trained = sum(v.value.shape.num_elements() for v in model.trainable_variables)
    assert trained == 24 + sum(kernels) + biases + 2560 == 1_971_352
    assert round((trained + 2 * 2 * 3 * 24) / 1e6, 2) == 1.97
    pixels = [31**2, 15**2, 15**2, 7**2, 7**2, 3**2]
    by_hand = 31**2 * 2 * 2 * 3 * 24 + 2560
    by_hand += sum(n * k for n, k in zip(pixels, kernels, strict=True))
    assert multiply_adds(model) == by_hand == 118_147_360


def test_width_leaves_the_whitening_alone():
    """Its filters are as many as numbers in a patch, twice."""
    body = network(0.25).get_layer("body")
    assert body.get_layer("whitening").filters == 24
    widths = [body.get_layer(f"group_{n}_1_convolution").filters for n in (1, 2, 3)]
    assert widths == [16, 64, 64]


def test_what_is_trained():
    """Neither the whitening kernel nor scales of normalisations; no other bias."""
    names = [v.path for v in network().trainable_variables]
    assert not any("gamma" in name for name in names)
    assert "whitening/kernel" not in names
    assert [name for name in names if name.endswith("/bias")] == ["whitening/bias"]
    assert sum(name.endswith("/beta") for name in names) == 6


def test_activation():
    """The approximation is as near to the exact function as it says."""
    x = np.linspace(-10, 10, 20_001, dtype="float32")
    exact = np.asarray(keras.activations.gelu(x, approximate=False))
    errors = np.abs(np.asarray(approximate_gelu(x)) - exact)
    assert 1e-4 < errors.max() < 5e-4


def test_convolutions_begin_as_copies():
    """Before the normalisation a map of each group is its input, pooled."""
    body = network(shape=(16, 16, 3)).get_layer("body")
    image = np.random.default_rng(0).normal(size=(2, 16, 16, 3)).astype("float32")
    below = keras.Model(body.input, body.get_layer("whitening_activation").output)
    above = keras.Model(body.input, body.get_layer("group_1_pooling").output)
    pooled = keras.layers.MaxPooling2D()(below(image))
    np.testing.assert_allclose(
        np.asarray(above(image))[..., :24], pooled, rtol=1e-5, atol=1e-6
    )


def test_logits_are_scaled():
    """By one ninth, of the maximum over the last maps."""
    body = network(0.1, (8, 8, 1)).get_layer("body")
    features = keras.Model(body.input, body.get_layer("maximum").output)
    image = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype("float32")
    kernel = body.get_layer("logits").get_weights()[0]
    expected = np.asarray(features(image)) @ kernel / 9
    np.testing.assert_allclose(body(image), expected, rtol=1e-4, atol=1e-6)
