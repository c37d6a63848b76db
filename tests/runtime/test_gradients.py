"""Gradient ascent on images."""

import keras
import numpy as np
import pytest
from keras import layers

from skdeep.runtime import NetworkSpec, ascend, processes

SHAPE = (4, 5, 2)


def units(convolutional=False):
    """Return a network from images to linear units, or to maps of them."""
    # Without a type of its own an input is in single precision, whatever the policy.
    dtype = keras.config.dtype_policy().variable_dtype
    image = keras.Input(SHAPE, dtype=dtype, name="image")
    if convolutional:
        x = layers.Conv2D(3, 3, name="convolution")(image)
    else:
        x = layers.Dense(3, name="units")(layers.Flatten(name="flatten")(image))
    return keras.Model(image, x)


def setting(convolutional=False):
    """Return a network, weights, and images to start from."""
    generator = np.random.default_rng(0)
    network = NetworkSpec(units, convolutional=convolutional)
    weights = [generator.normal(size=v.shape) for v in network().weights]
    return network, weights, generator.normal(size=(2, *SHAPE))


def test_one_step_goes_along_the_gradient():
    """The gradient of a linear unit is its weights; a step has the length given."""
    network, weights, images = setting()
    found, values = ascend(
        network, weights, images, (1,), norm=100.0, steps=[0.5], shifts=[[0, 0]]
    )
    direction = weights[0][:, 1].reshape(SHAPE)
    expected = images + 0.5 * direction / np.linalg.norm(direction)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    outputs = expected.reshape(2, -1) @ weights[0] + weights[1]
    np.testing.assert_allclose(values, outputs[:, 1], rtol=1e-10)


def test_images_are_shortened_to_the_norm():
    """What has become too long is scaled down; the way there is what counts."""
    network, weights, images = setting()
    found, _ = ascend(
        network,
        weights,
        images,
        (0,),
        norm=1.5,
        steps=np.full(300, 0.1),
        shifts=np.zeros((300, 2)),
    )
    direction = weights[0][:, 0].reshape(SHAPE)
    best = 1.5 * direction / np.linalg.norm(direction)
    np.testing.assert_allclose(found, [best, best], atol=1e-6)


def test_shifts_move_the_gradient():
    """Rolled down by one, the image gets the gradient rolled up by one."""
    network, weights, images = setting(convolutional=True)
    plain, shifted = (
        ascend(
            network,
            weights,
            images,
            (0, 1, 2),
            norm=100.0,
            steps=[1.0],
            shifts=[shift],
        )[0]
        - images
        for shift in ([0, 0], [1, -1])
    )
    np.testing.assert_allclose(np.roll(shifted, (1, -1), (1, 2)), plain, atol=1e-12)
    assert (plain[:, 3] == 0).all()


def test_the_penalty_draws_to_zero():
    """A unit without weights leaves the squared norm alone to decide."""
    network, weights, images = setting()
    weights[0][:] = 0
    found, values = ascend(
        network,
        weights,
        images,
        (0,),
        norm=100.0,
        steps=[0.5],
        shifts=[[0, 0]],
        penalty=2.0,
    )
    norms = np.linalg.norm(images.reshape(2, -1), axis=1)
    np.testing.assert_allclose(
        np.linalg.norm(found.reshape(2, -1), axis=1), norms - 0.5, rtol=1e-10
    )
    np.testing.assert_allclose(values, weights[1][0] - 2 * (norms - 0.5) ** 2)


def test_without_gradient_nothing_moves():
    """A gradient of zero has no direction, and no number that is none."""
    network, weights, images = setting()
    weights[0][:] = 0
    found, _ = ascend(
        network, weights, images, (0,), norm=100.0, steps=[0.5], shifts=[[0, 0]]
    )
    np.testing.assert_array_equal(found, images)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_precision_is_that_of_the_images(dtype):
    """Single precision in, single precision out."""
    network, weights, images = setting()
    found, values = ascend(
        network,
        weights,
        images.astype(dtype),
        (0,),
        norm=1.0,
        steps=[0.1],
        shifts=[[0, 0]],
    )
    assert found.dtype == values.dtype == dtype


def test_forked_processes(monkeypatch):
    """Where TensorFlow would hang it is refused, also what has been traced before."""
    network, weights, images = setting()
    settings = {"norm": 1.0, "steps": [0.5], "shifts": [[0, 0]]}
    ascend(network, weights, images, (1,), **settings)
    monkeypatch.setattr(processes.os, "getpid", lambda: 12345)
    with pytest.raises(RuntimeError, match="was forked from"):
        ascend(network, weights, images, (1,), **settings)
