"""Mean zero and variance one in each channel."""

import numpy as np
import pytest

from skdeep.networks.standardization import Standardization, channel_statistics


def images(n=40):
    """Return images whose channels have their own mean and scale."""
    noise = np.random.default_rng(0).normal(size=(n, 5, 4, 3))
    return (noise * [1, 10, 0.1] + [0, 100, -3]).astype(np.float32)


def test_statistics_are_those_of_numpy():
    """Over all pixels of a channel, population variance."""
    mean, scale = channel_statistics(images())
    np.testing.assert_allclose(mean, images().mean(axis=(0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(scale, images().std(axis=(0, 1, 2)), rtol=1e-5)


def test_weights_count_images():
    """A weight of two is the image given twice, and of zero left out."""
    counts = np.random.default_rng(1).integers(0, 3, size=40)
    weighted = channel_statistics(images(), counts)
    repeated = channel_statistics(np.repeat(images(), counts, axis=0))
    np.testing.assert_allclose(weighted, repeated, rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e30, 1e-30])
def test_constants_are_not_blown_up(value):
    """What rounding leaves of their variance is no scale."""
    _, scale = channel_statistics(np.full((30, 7, 3, 1), value))
    assert scale.tolist() == [1.0]


def test_the_layer_standardises():
    """With statistics in its weights, means are zero and variances one."""
    layer = Standardization()
    np.testing.assert_array_equal(layer(images()), images())
    layer.set_weights(channel_statistics(images()))
    out = np.asarray(layer(images()))
    np.testing.assert_allclose(out.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(out.std(axis=(0, 1, 2)), 1, rtol=1e-4)
    assert layer.trainable_weights == []
