"""A convolution that makes patches uncorrelated."""

import keras
import numpy as np
import pytest

from skdeep.networks.whitening import FrozenKernelConv2D, whitening_kernel


def images(n=30, height=9, width=7, channels=3):
    """Return images in which neighbours and channels are correlated."""
    noise = np.random.default_rng(0).normal(size=(n, height + 1, width + 1, channels))
    smooth = noise[:, 1:, 1:] + noise[:, :-1, 1:] + noise[:, 1:, :-1]
    return smooth + 0.5 * smooth.mean(axis=-1, keepdims=True)


def applied(kernel, pictures):
    """Return what a convolution with the kernel makes of images."""
    size, n_filters = kernel.shape[:2], kernel.shape[-1]
    layer = FrozenKernelConv2D(n_filters, size, dtype="float64")
    layer.build(pictures.shape)
    layer.set_weights([kernel, np.zeros(n_filters)])
    return np.asarray(layer(pictures)).reshape(-1, n_filters)


@pytest.mark.parametrize("size", [(2, 2), (1, 2), (3, 1), (1, 1)])
def test_patches_become_white(size):
    """Second moments of the first half are the identity; the rest are its negatives."""
    kernel = whitening_kernel(images(), size)
    n_numbers = size[0] * size[1] * 3
    assert kernel.shape == (*size, 3, 2 * n_numbers)
    out = applied(kernel, images())
    half = out[:, :n_numbers]
    np.testing.assert_allclose(out[:, n_numbers:], -half, rtol=1e-9, atol=1e-9)
    moments = half.T @ half / len(half)
    # What is added to the variances makes them a little smaller than one.
    np.testing.assert_allclose(moments, np.eye(n_numbers), atol=0.02)


def test_equals_the_description():
    """Eigenvectors of the uncentred moments of all patches, over their roots."""
    pictures = images(4)
    patches = np.array(
        [
            picture[i : i + 2, j : j + 2].ravel()
            for picture in pictures
            for i in range(8)
            for j in range(6)
        ]
    )
    values, vectors = np.linalg.eigh(patches.T @ patches / len(patches))
    kernel = whitening_kernel(pictures).reshape(12, 24)[:, 11::-1]
    expected = vectors / np.sqrt(values + 5e-4)
    signs = np.sign(np.sum(kernel * expected, axis=0))
    np.testing.assert_allclose(kernel, expected * signs, rtol=1e-6, atol=1e-9)


def test_weights_count_images():
    """A weight of two is the image given twice, and of zero left out."""
    counts = np.random.default_rng(1).integers(0, 3, size=30)
    weighted = whitening_kernel(images(), sample_weight=counts)
    repeated = whitening_kernel(np.repeat(images(), counts, axis=0))
    np.testing.assert_allclose(np.abs(weighted), np.abs(repeated), rtol=1e-6)


def test_constant_images_have_finite_filters():
    """Directions that never occur are not divided by zero."""
    assert np.isfinite(whitening_kernel(np.zeros((3, 4, 4, 1)))).all()


def test_the_kernel_is_frozen_and_the_bias_is_not():
    """Also after the layer was made again from its configuration."""
    layer = FrozenKernelConv2D(4, 2, name="whitening")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    for one in (layer, again):
        one.build((None, 5, 5, 1))
        assert [v.name for v in one.trainable_variables] == ["bias"]
        assert [v.name for v in one.non_trainable_variables] == ["kernel"]
        assert [v.name for v in one.weights] == ["kernel", "bias"]
