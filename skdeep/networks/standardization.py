"""Images of mean zero and variance one in each channel."""

from typing import Any

import keras
import numpy as np

__all__ = ["Standardization", "channel_statistics"]


@keras.saving.register_keras_serializable(package="skdeep")
class Standardization(keras.layers.Layer):
    """Subtract a mean from each channel and divide it by a scale.

    Both are weights that are not trained: zero and one, unless `channel_statistics` of
    the training images are put in their place. The network then learns the same from
    pixels in any unit.
    """

    row_by_row = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        channels = (input_shape[-1],)
        self.mean = self.add_weight(
            channels, initializer="zeros", trainable=False, name="mean"
        )
        self.scale = self.add_weight(
            channels, initializer="ones", trainable=False, name="scale"
        )

    def call(self, images: Any) -> Any:
        """Return the images standardised."""
        return (images - self.mean) / self.scale

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the images, which stays."""
        return input_shape


def channel_statistics(
    images: np.ndarray, sample_weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each channel over all pixels.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Images, in any unit.
    sample_weight : ndarray of shape (n_images,), default=None
        How much each image counts.

    Returns
    -------
    mean, scale : ndarray of shape (channels,), dtype float64
        The scale of a channel that does not vary is one.

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.networks.standardization import channel_statistics
    >>> mean, scale = channel_statistics(np.array([1.0, 3.0]).reshape(1, 1, 2, 1))
    >>> mean.tolist(), scale.tolist()
    ([2.0], [1.0])
    """
    shares = _shares(len(images), sample_weight)
    pixels = images.reshape(len(images), -1, images.shape[-1]).astype(np.float64)
    mean = np.sum(pixels.mean(axis=1) * shares, axis=0)
    variance = np.sum(((pixels - mean) ** 2).mean(axis=1) * shares, axis=0)
    scale = np.sqrt(variance)
    # What rounding leaves of a constant must not become its scale.
    constant = scale <= 1e-6 * np.abs(mean)
    return mean, np.where(constant | (scale == 0), 1.0, scale)


def _shares(n_images: int, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return a column of weights whose sum is one."""
    if sample_weight is None:
        return np.full((n_images, 1), 1 / n_images)
    weights = np.asarray(sample_weight, dtype=np.float64)[:, None]
    return weights / weights.sum()
