"""How close reconstructed images are to the originals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdeep.metrics.reading import read_numbers

# Numbers converted to float64 at once: a data set is never copied as a whole.
_NUMBERS_AT_ONCE = 1 << 21

# The window and the constants of Wang et al. (2004).
_WINDOW = 11
_SIGMA = 1.5
_K1 = 0.01
_K2 = 0.03

Floats = NDArray[np.float64]


def peak_signal_noise_ratio(
    y_true: ArrayLike, y_pred: ArrayLike, *, data_range: float | None = None
) -> float:
    """Compute the peak signal-to-noise ratio of reconstructions.

    The figure is ``10 * log10(data_range ** 2 / mse)``, where the mean squared error is
    taken over all images, pixels and channels together. (The mean of the figures of
    single images would be higher, and infinite as soon as one image is perfect.)

    Parameters
    ----------
    y_true : array-like of shape (n_images, ...)
        Originals: images, or flat rows of pixels.

    y_pred : array-like of shape (n_images, ...)
        Reconstructions, of the same shape and on the same scale.

    data_range : float, default=None
        Difference between the largest and the smallest possible pixel. None takes 255
        if both arrays are uint8, and 1 if both are floats (or bool) and `y_true` lies
        in [0, 1]; for other data it must be given.

    Returns
    -------
    ratio : float
        In decibel; higher is better. Infinite if the arrays are equal.

    Raises
    ------
    ValueError
        If the shapes differ, the arrays are empty, single numbers or hold NaN or
        infinity, or `data_range` is not positive or cannot be told from the types.

    See Also
    --------
    structural_similarity : Follows what is seen more closely.

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.metrics import peak_signal_noise_ratio
    >>> originals = np.zeros((2, 8, 8))
    >>> round(peak_signal_noise_ratio(originals, originals + 0.1), 6)
    20.0
    """
    true, predicted = _check_pair(y_true, y_pred)
    span = _find_data_range(true, predicted, data_range)
    squares = sum(
        float(np.square(a - b).sum()) for a, b in _float_blocks(true, predicted)
    )
    _check_finite(squares)
    if squares == 0:
        return float("inf")
    return float(10 * np.log10(span**2 * true.size / squares))


def structural_similarity(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    data_range: float | None = None,
    image_shape: Sequence[int] | None = None,
) -> float:
    """Compute the mean structural similarity (SSIM) of reconstructions.

    Local means, variances and covariances are weighted by a Gaussian window of
    11 x 11 pixels with a standard deviation of 1.5, at all positions where the window
    lies inside the image [1]_. The similarity, with the constants
    ``(0.01 * data_range) ** 2`` and ``(0.03 * data_range) ** 2``, is averaged over
    positions, channels and images.

    Parameters
    ----------
    y_true : array-like of shape (n_images, height, width[, channels])
        Originals, at least 11 pixels high and wide. Flat rows of pixels need
        `image_shape`.

    y_pred : array-like of the same shape
        Reconstructions on the same scale.

    data_range : float, default=None
        Difference between the largest and the smallest possible pixel. None takes 255
        if both arrays are uint8, and 1 if both are floats (or bool) and `y_true` lies
        in [0, 1]; for other data it must be given.

    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of the images in flat rows. None
        takes the shape of the arrays.

    Returns
    -------
    similarity : float
        In [-1, 1]; 1 only if the arrays are equal.

    Raises
    ------
    ValueError
        If the shapes differ or are not those of images, images are smaller than the
        window, the arrays hold NaN or infinity, or `data_range` is not positive or
        cannot be told from the types.

    References
    ----------
    .. [1] Wang, Z., Bovik, A. C., Sheikh, H. R. and Simoncelli, E. P. (2004). Image
       quality assessment: from error visibility to structural similarity. IEEE
       Transactions on Image Processing, 13(4), 600-612.
       :doi:`10.1109/TIP.2003.819861`

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.metrics import structural_similarity
    >>> originals = np.random.default_rng(0).random((2, 16, 16, 3))
    >>> structural_similarity(originals, originals)
    1.0
    >>> structural_similarity(originals, 1 - originals) < 0
    True
    """
    true, predicted = _check_pair(y_true, y_pred)
    span = _find_data_range(true, predicted, data_range)
    shape = _find_image_shape(true, image_shape)
    blur_rows, blur_columns = _blur_matrix(shape[0]), _blur_matrix(shape[1])
    total, n_positions = 0.0, 0
    for block in _float_blocks(true, predicted):
        # Channels become images, because their windows are apart: (..., height, width).
        a, b = (np.moveaxis(part.reshape(-1, *shape), 3, 1) for part in block)
        similarity = _similarity_map(a, b, span, blur_rows, blur_columns)
        total += float(similarity.sum())
        n_positions += similarity.size
    _check_finite(total)
    return total / n_positions


def _similarity_map(
    a: Floats, b: Floats, span: float, blur_rows: Floats, blur_columns: Floats
) -> Floats:
    def blur(images: Floats) -> Floats:
        blurred: Floats = blur_rows @ images @ blur_columns.T
        return blurred

    c1, c2 = (_K1 * span) ** 2, (_K2 * span) ** 2
    mean_a, mean_b = blur(a), blur(b)
    variances = blur(a * a + b * b) - mean_a**2 - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    similarity: Floats = luminance * (2 * covariance + c2) / (variances + c2)
    return similarity


def _blur_matrix(length: int) -> Floats:
    """Return the matrix that averages a line of pixels under each window inside it."""
    offsets = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    matrix = np.zeros((length - _WINDOW + 1, length))
    for row, line in enumerate(matrix):
        line[row : row + _WINDOW] = weights / weights.sum()
    return matrix


def _check_pair(
    y_true: ArrayLike, y_pred: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    true = read_numbers(y_true, "y_true")
    predicted = read_numbers(y_pred, "y_pred")
    if true.shape != predicted.shape or true.ndim == 0 or true.size == 0:
        raise ValueError(
            "y_true and y_pred must be arrays of the same shape, not single numbers, "
            f"and not be empty, got shapes {true.shape} and {predicted.shape}."
        )
    return true, predicted


def _find_data_range(
    true: NDArray[Any], predicted: NDArray[Any], data_range: float | None
) -> float:
    if data_range is not None:
        if not (isinstance(data_range, Real) and 0 < data_range < float("inf")):
            raise ValueError(
                f"data_range must be positive, got {data_range!r}. Pass the "
                "difference between the largest and the smallest possible pixel."
            )
        return float(data_range)
    if true.dtype == predicted.dtype == np.uint8:
        return 255.0
    if {true.dtype.kind, predicted.dtype.kind} <= {"b", "f"}:
        low, high = float(true.min()), float(true.max())
        if 0 <= low and high <= 1:
            return 1.0
        _check_finite(low + high)
        values = f"y_true from {low:g} to {high:g}"
    else:
        values = f"y_true of dtype {true.dtype} and y_pred of dtype {predicted.dtype}"
    raise ValueError(
        "data_range must be given, unless both arrays are uint8 or both are floats "
        f"with y_true in [0, 1]; got {values}. Pass the difference between the "
        "largest and the smallest possible pixel, and bring both arrays to that scale."
    )


def _find_image_shape(
    images: NDArray[Any], image_shape: Sequence[int] | None
) -> tuple[int, int, int]:
    if image_shape is not None and not isinstance(image_shape, tuple | list):
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels), got "
            f"{image_shape!r}."
        )
    shape = tuple(images.shape[1:] if image_shape is None else image_shape)
    if not all(isinstance(size, Integral) for size in shape):
        raise ValueError(f"image_shape must hold integers, got {image_shape!r}.")
    if len(shape) not in (2, 3) or np.prod(shape) != np.prod(images.shape[1:]):
        raise ValueError(
            "Images must have shape (n_images, height, width[, channels]), or rows of "
            f"as many pixels as image_shape says; got shape {images.shape} and "
            f"image_shape={image_shape}."
        )
    if min(shape[:2]) < _WINDOW:
        raise ValueError(
            f"Images must be at least {_WINDOW} pixels high and wide, the size of the "
            f"window, got {shape[0]} x {shape[1]}. Use peak_signal_noise_ratio for "
            "smaller images."
        )
    height, width, channels = (*shape, 1)[:3]
    return int(height), int(width), int(channels)


def _float_blocks(
    true: NDArray[Any], predicted: NDArray[Any]
) -> Iterator[tuple[Floats, Floats]]:
    """Convert some images at a time, so that differences of uint8 cannot wrap."""
    step = max(1, _NUMBERS_AT_ONCE * len(true) // true.size)
    for start in range(0, len(true), step):
        part = slice(start, start + step)
        yield true[part].astype(np.float64), predicted[part].astype(np.float64)


def _check_finite(number: float) -> None:
    if not np.isfinite(number):
        raise ValueError(
            "y_true or y_pred holds NaN or infinity. Remove such images, or find out "
            "why the model returns them."
        )
