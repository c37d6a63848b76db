"""Convolutions that begin as copies of their input."""

import keras
import numpy as np
import pytest

from skdeep.networks.identity_initializer import IdentityUniform


@pytest.mark.parametrize("channels", [3, 5, 8])
@pytest.mark.parametrize("size", [(3, 3), (1, 3), (1, 1)])
def test_the_first_filters_copy(size, channels):
    """As many as there are channels, or filters; with zeros at the edge."""
    layer = keras.layers.Conv2D(
        5, size, padding="same", use_bias=False, kernel_initializer=IdentityUniform(0)
    )
    images = np.random.default_rng(0).normal(size=(2, 4, 6, channels))
    images = images.astype(np.float32)
    n_copies = min(channels, 5)
    out = np.asarray(layer(images))
    np.testing.assert_allclose(out[..., :n_copies], images[..., :n_copies], atol=1e-6)


def test_the_others_are_uniform():
    """Between plus and minus one over the root of the number of inputs."""
    kernel = np.asarray(IdentityUniform(0)((3, 3, 4, 400)))[..., 4:]
    limit = 1 / np.sqrt(36)
    assert np.abs(kernel).max() <= limit
    assert np.abs(kernel).max() > 0.99 * limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)


def test_configuration_round_trip():
    """Equal seeds draw equal numbers; without one, each instance has its own."""
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(IdentityUniform(3))
    )
    shape = (3, 3, 2, 4)
    np.testing.assert_array_equal(again(shape), IdentityUniform(3)(shape))
    assert np.any(np.asarray(IdentityUniform()(shape)) != IdentityUniform()(shape))
