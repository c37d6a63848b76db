"""PSNR and SSIM, against the definitions written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.metrics import images, peak_signal_noise_ratio, structural_similarity


def slow_similarity(x, y, data_range):
    """Compute the SSIM of one channel, window by window."""
    i = np.arange(11) - 5
    window = np.exp(-(i[:, np.newaxis] ** 2 + i**2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    values = []
    for row in range(x.shape[0] - 10):
        for column in range(x.shape[1] - 10):
            a = x[row : row + 11, column : column + 11].astype(float)
            b = y[row : row + 11, column : column + 11].astype(float)
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            variance_a = (window * (a - mean_a) ** 2).sum()
            variance_b = (window * (b - mean_b) ** 2).sum()
            covariance = (window * (a - mean_a) * (b - mean_b)).sum()
            values.append(
                (2 * mean_a * mean_b + c1)
                * (2 * covariance + c2)
                / (mean_a**2 + mean_b**2 + c1)
                / (variance_a + variance_b + c2)
            )
    return np.mean(values)


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 999),
    height=st.integers(11, 15),
    width=st.integers(11, 15),
    noise=st.sampled_from([0.01, 0.2, 1.0]),
)
def test_similarity_equals_the_definition(seed, height, width, noise):
    """The mean over windows, channels and images is that of the written-out formula."""
    rng = np.random.default_rng(seed)
    x = rng.random((2, height, width, 3))
    y = (1 - noise) * x + noise * rng.random(x.shape)
    expected = np.mean(
        [
            slow_similarity(x[i, ..., c], y[i, ..., c], 1)
            for i in (0, 1)
            for c in range(3)
        ]
    )
    assert structural_similarity(x, y) == pytest.approx(expected, abs=1e-10)
    scaled = structural_similarity(255 * x, 255 * y, data_range=255)
    assert scaled == pytest.approx(expected, abs=1e-10)


def test_shapes_of_images_are_equivalent():
    """Grey images with and without a channel axis, and flat rows, agree."""
    rng = np.random.default_rng(0)
    x, y = rng.random((3, 12, 14)), rng.random((3, 12, 14))
    expected = structural_similarity(x, y)
    assert structural_similarity(x[..., None], y[..., None]) == expected
    flat = structural_similarity(
        x.reshape(3, -1), y.reshape(3, -1), image_shape=(12, 14)
    )
    assert flat == expected
    x, y = rng.random((3, 12, 14, 3)), rng.random((3, 12, 14, 3))
    flat = structural_similarity(
        x.reshape(3, -1), y.reshape(3, -1), image_shape=(12, 14, 3)
    )
    assert flat == structural_similarity(x, y)


def test_blocks_do_not_show(monkeypatch):
    """Images are converted in portions, which leave the figures alone."""
    rng = np.random.default_rng(0)
    x, y = rng.random((7, 12, 12)), rng.random((7, 12, 12))
    before = structural_similarity(x, y), peak_signal_noise_ratio(x, y)
    monkeypatch.setattr(images, "_NUMBERS_AT_ONCE", 300)
    after = structural_similarity(x, y), peak_signal_noise_ratio(x, y)
    assert after == pytest.approx(before, rel=1e-12)


@pytest.mark.parametrize("function", [structural_similarity, peak_signal_noise_ratio])
def test_small_integers_do_not_wrap_around(function):
    """Figures of uint8 images are those of the same numbers as floats."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (2, 12, 12, 3), dtype=np.uint8)
    y = rng.integers(0, 256, x.shape, dtype=np.uint8)
    expected = function(x.astype(float), y.astype(float), data_range=255)
    assert function(x, y) == pytest.approx(expected, rel=1e-12)
    assert function(x / 255, y / 255) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), data_range=st.floats(0.5, 300))
def test_ratio_follows_its_formula(seed, data_range):
    """Ten times the logarithm of the squared range over the mean squared error."""
    rng = np.random.default_rng(seed)
    x, y = rng.random((4, 6)), rng.random((4, 6))
    mse = np.mean((x - y) ** 2)
    found = peak_signal_noise_ratio(x, y, data_range=data_range)
    assert found == pytest.approx(10 * np.log10(data_range**2 / mse))
    assert peak_signal_noise_ratio(x, y) == pytest.approx(-10 * np.log10(mse))


@pytest.mark.parametrize("function", [structural_similarity, peak_signal_noise_ratio])
def test_equal_images_are_perfect(function):
    """Equal arrays have the best possible figure."""
    x = np.random.default_rng(0).random((2, 11, 11))
    best = 1.0 if function is structural_similarity else float("inf")
    assert function(x, x) == best
    assert function(np.zeros((1, 11, 11)), np.zeros((1, 11, 11))) == best


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.full((1, 11, 11), 2.0), np.zeros((1, 11, 11)), "y_true from 2 to 2"),
        (np.full((1, 11, 11), -0.1), np.zeros((1, 11, 11)), "must be given"),
        (np.zeros((1, 11, 11), np.uint8), np.zeros((1, 11, 11)), "uint8 and y_pred"),
        (np.zeros((1, 11, 11), int), np.zeros((1, 11, 11), int), "int64"),
        (np.zeros((1, 11, 11)), np.zeros((1, 11, 12)), "same shape"),
        (np.zeros((0, 11, 11)), np.zeros((0, 11, 11)), "not be empty"),
        (0.5, 0.4, "must be arrays of the same shape"),
        (np.full((1, 11, 11), "a"), np.full((1, 11, 11), "a"), "real numbers"),
        (np.full((1, 11, 11), np.nan), np.zeros((1, 11, 11)), "NaN or infinity"),
        (np.zeros((1, 11, 11)), np.full((1, 11, 11), np.nan), "NaN or infinity"),
    ],
)
@pytest.mark.parametrize("function", [structural_similarity, peak_signal_noise_ratio])
def test_arrays_and_scales_are_checked(function, x, y, message):
    """A scale that cannot be told, and arrays that do not fit, are refused."""
    with pytest.raises(ValueError, match=message):
        function(x, y)


@pytest.mark.parametrize("data_range", [0, -1, float("inf"), float("nan")])
def test_data_range_is_checked(data_range):
    """A range must be a positive number."""
    with pytest.raises(ValueError, match="data_range must be positive"):
        peak_signal_noise_ratio([[0.0]], [[1.0]], data_range=data_range)


def test_reconstructions_may_leave_the_range():
    """Only the originals decide whether pixels lie between 0 and 1."""
    assert peak_signal_noise_ratio([[0.0, 1.0]], [[-1.0, 2.0]]) == 0


@pytest.mark.parametrize(
    ("shape", "image_shape", "message"),
    [
        ((2, 8, 8), None, "at least 11 pixels"),
        ((2, 144), None, "must have shape"),
        ((2, 144), (12, 13), "must have shape"),
        ((2, 2, 12, 12, 3), None, "must have shape"),
    ],
)
def test_image_shapes_are_checked(shape, image_shape, message):
    """Similarity needs images, larger than its window."""
    x = np.zeros(shape)
    with pytest.raises(ValueError, match=message):
        structural_similarity(x, x, image_shape=image_shape)
