"""A first convolution that makes patches of images uncorrelated."""

from typing import Any

import keras
import numpy as np
from keras import layers

__all__ = ["FrozenKernelConv2D", "whitening_kernel"]

# Added to the variances, so that directions which hardly occur are not blown up.
_SMALLEST_VARIANCE = 5e-4
# Patches in memory at once.
_CHUNK_PATCHES = 2**18


@keras.saving.register_keras_serializable(package="skdeep")
class FrozenKernelConv2D(layers.Conv2D):
    """A convolution whose bias is trained, but not its kernel."""

    row_by_row = True

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        super().build(input_shape)
        self.kernel.trainable = False


def whitening_kernel(
    images: np.ndarray,
    kernel_size: tuple[int, int] = (2, 2),
    sample_weight: np.ndarray | None = None,
) -> np.ndarray:
    """Return the kernel of a convolution that whitens the patches of images [1]_.

    The filters are the eigenvectors of the second moments of all patches, each divided
    by the root of its eigenvalue, and their negatives: what comes out of the first half
    is uncorrelated and of variance one, and a rectifier after it loses nothing.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, channels)
        Images, standardised; as they are, without subtracting a mean.
    kernel_size : tuple of 2 int, default=(2, 2)
        Height and width of a patch, at most those of the images.
    sample_weight : ndarray of shape (n_images,), default=None
        How much each image counts.

    Returns
    -------
    kernel : ndarray of shape (*kernel_size, channels, n_filters), dtype float64
        As `keras.layers.Conv2D` has it; `n_filters` is twice the number of numbers in
        a patch. Filters of large eigenvalues come first.

    References
    ----------
    .. [1] Jordan, K. (2024). 94% on CIFAR-10 in 3.29 seconds on a single GPU.
       :doi:`10.48550/arXiv.2404.00498`

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.networks.whitening import whitening_kernel
    >>> images = np.random.default_rng(0).normal(size=(10, 8, 8, 3))
    >>> whitening_kernel(images).shape
    (2, 2, 3, 24)
    """
    n_images, height, width, channels = images.shape
    rows, columns = kernel_size
    size = rows * columns * channels
    weights = np.ones(n_images) if sample_weight is None else sample_weight
    n_places = (height - rows + 1) * (width - columns + 1)
    step = max(1, _CHUNK_PATCHES // n_places)
    moments, total = np.zeros((size, size)), 0.0
    for start in range(0, n_images, step):
        chunk = images[start : start + step].astype(np.float64)
        windows = np.lib.stride_tricks.sliding_window_view(
            chunk, kernel_size, axis=(1, 2)
        )
        # (n, down, right, channels, rows, columns) -> the order of a kernel's axes
        patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, size)
        share = np.repeat(weights[start : start + step], n_places).astype(np.float64)
        # Not `@`, whose sums depend on how many threads the process has.
        moments += np.einsum("pi,pj->ij", patches * share[:, None], patches)
        total += share.sum()
    variances, vectors = np.linalg.eigh(moments / total)
    # Rounding may leave the smallest eigenvalues slightly negative.
    filters = vectors / np.sqrt(np.maximum(variances, 0) + _SMALLEST_VARIANCE)
    filters = np.flip(filters, axis=1)
    kernel = np.concatenate([filters, -filters], axis=1)
    return kernel.reshape(rows, columns, channels, 2 * size)
