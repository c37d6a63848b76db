"""Samples as a denoising autoencoder sees them in training."""

import numpy as np
import pytest

from skdeep import DenoisingAutoencoderTransformer
from skdeep.inspection import corrupt_samples


def test_masked_pixels(images):
    """A share of the pixels is zero, the others are as they were."""
    estimator = DenoisingAutoencoderTransformer(
        2, hidden_layer_sizes=(), corruption="masking", corruption_level=0.4, epochs=1
    ).fit(images)
    bright = images + 1
    found = corrupt_samples(estimator, bright, random_state=0)
    assert found.shape == images.shape
    assert np.mean(found == 0) == pytest.approx(0.4, abs=0.02)
    np.testing.assert_array_equal(found[found != 0], bright[found != 0])


def test_bytes_stay_on_their_scale(images):
    """Noise of a standard deviation on pixels from 0 to 1 is 255 times as large."""
    bytes_ = np.round(images * 255).astype(np.uint8)
    estimator = DenoisingAutoencoderTransformer(
        2, hidden_layer_sizes=(), corruption_level=0.2, epochs=1
    ).fit(bytes_)
    noise = corrupt_samples(estimator, bytes_, random_state=0) - bytes_
    assert noise.std() == pytest.approx(0.2 * 255, rel=0.03)


def test_reproducible(fitted, images):
    """One random state gives one corruption."""
    first, again, other = (
        corrupt_samples(fitted("denoising"), images, random_state=seed)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_others_corrupt_nothing(fitted, images):
    """An autoencoder without corruption is named."""
    with pytest.raises(ValueError, match="ConvAutoencoderTransformer corrupts nothing"):
        corrupt_samples(fitted("convolutional"), images)
