"""Generated images of shapes."""

import numpy as np
import pytest
from scipy import ndimage

from skdeep.datasets import make_shapes


@pytest.mark.parametrize(
    "image_shape", [(32, 32, 3), (8, 8, 1), (8, 8), [9, 20, 3], (40, 11, 1)]
)
def test_form(image_shape):
    """Images have the shape that was asked for, and classes are balanced."""
    bunch = make_shapes(30, image_shape=image_shape, random_state=0)
    assert set(bunch) == {"data", "target", "target_names", "DESCR"}
    assert bunch.data.shape == (30, *image_shape)
    assert bunch.data.dtype == np.uint8
    assert bunch.target.dtype == np.int64
    assert sorted(np.bincount(bunch.target)) == [7, 7, 8, 8]
    assert bunch.target_names == ["circle", "cross", "square", "triangle"]
    assert "not\nphotographed" in bunch.DESCR


def test_pair():
    """The pair is that of the Bunch."""
    bunch = make_shapes(9, random_state=0)
    X, y = make_shapes(9, random_state=0, return_X_y=True)
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def outlines(n_samples, **options):
    """Return masks of the shapes in images without noise, and the classes."""
    X, y = make_shapes(
        n_samples, image_shape=(64, 64), noise=0, return_X_y=True, **options
    )
    # Shapes have one colour, and it is the lightest of the image.
    return X.max(axis=(1, 2), keepdims=True) == X, y


def test_shapes_are_what_they_are_called():
    """Each shape is in one piece and fills the circle around it as it should."""
    masks, y = outlines(200, random_state=0)
    names = np.array(["circle", "cross", "square", "triangle"])[y]
    shares = {name: [] for name in set(names)}
    for mask, name in zip(masks, names, strict=True):
        rows, columns = np.nonzero(mask)
        # The area relative to that of the smallest circle around the centre.
        radius = np.hypot(rows - rows.mean(), columns - columns.mean()).max()
        shares[name].append(mask.sum() / (np.pi * radius**2))
        assert ndimage.label(mask, np.ones((3, 3)))[1] == 1
    means = {name: np.mean(values) for name, values in shares.items()}
    # In theory 1, 2 / pi, 3 sqrt(3) / 4 pi and (0.6 * 1.9 * 2 - 0.36) / 0.99 pi.
    assert means["circle"] == pytest.approx(1, abs=0.06)
    assert means["square"] == pytest.approx(0.637, abs=0.06)
    assert means["cross"] == pytest.approx(0.61, abs=0.06)
    assert means["triangle"] == pytest.approx(0.413, abs=0.06)


def test_shapes_are_inside_of_the_image():
    """No shape is cut off by the border, and all are lighter than it."""
    masks, _ = outlines(100, random_state=1)
    border = np.ones((64, 64), dtype=bool)
    border[1:-1, 1:-1] = False
    touching = (masks & border).any(axis=(1, 2)).mean()
    assert touching < 0.05
    assert masks.sum(axis=(1, 2)).min() > 0.05 * 64 * 64


def test_position_and_size_vary():
    """Shapes are all over the image, large and small."""
    masks, _ = outlines(200, random_state=2)
    centres = np.array([ndimage.center_of_mass(mask) for mask in masks])
    assert (np.ptp(centres, axis=0) > 25).all()
    areas = masks.sum(axis=(1, 2))
    assert areas.max() > 2 * areas.min()


def test_noise_is_what_it_says():
    """Noise has the given standard deviation, and none leaves the edges clean."""
    options = {"image_shape": (32, 32, 3), "random_state": 0, "return_X_y": True}
    noisy, _ = make_shapes(40, noise=0.04, **options)
    difference = noisy.astype(float) - ndimage.median_filter(noisy, (1, 5, 5, 1))
    middle = (noisy > 30) & (noisy < 225)
    assert 0.03 < np.median(abs(difference[middle])) / 0.6745 / 255 < 0.05
    clean, _ = make_shapes(40, noise=0, **options)
    steps = abs(np.diff(clean.astype(int), axis=2))
    assert np.median(steps) <= 2


def test_seed_decides():
    """A seed gives the same images again, another seed gives others."""
    first = make_shapes(8, random_state=1).data
    np.testing.assert_array_equal(first, make_shapes(8, random_state=1).data)
    assert (first != make_shapes(8, random_state=2).data).any()


def test_generator_of_the_caller_is_left_alone():
    """NumPy's own generator is not moved on."""
    numbers = np.random.get_state()[1].copy()
    make_shapes(4, random_state=0)
    np.testing.assert_array_equal(np.random.get_state()[1], numbers)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"n_samples": 0}, "The 'n_samples' parameter"),
        ({"noise": -0.1}, "The 'noise' parameter"),
        ({"image_shape": 32}, "The 'image_shape' parameter"),
        ({"image_shape": (7, 8, 3)}, "at least 8"),
        ({"image_shape": (8, 8, 4)}, r"channels in \(1, 3\)"),
        ({"image_shape": (8, 8, 3, 1)}, "image_shape must be"),
    ],
)
def test_parameters_are_checked(options, problem):
    """A parameter out of its range is named."""
    with pytest.raises(ValueError, match=problem):
        make_shapes(**options)
