"""Arrays of images of every form become flat samples and a shape."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep.encoding.images import (
    PIXEL_SCALE,
    ImageEncoding,
    flatten_samples,
    resolve_image_shape,
)

sizes = st.integers(1, 6)
shapes = st.tuples(sizes, sizes) | st.tuples(sizes, sizes, st.integers(1, 4))


@given(st.integers(1, 4), shapes)
def test_arrays(n_samples, shape):
    """Images are flattened row by row, and their shape is remembered."""
    X = np.arange(n_samples * int(np.prod(shape))).reshape(n_samples, *shape)
    flat, found = flatten_samples(X)
    assert found == shape
    assert all(type(size) is int for size in found)
    np.testing.assert_array_equal(flat, X.reshape(n_samples, -1))
    assert np.shares_memory(flat, X)


@given(st.integers(1, 4), shapes)
def test_lists(n_samples, shape):
    """Lists of arrays and nested lists are images, too."""
    X = np.arange(n_samples * int(np.prod(shape))).reshape(n_samples, *shape)
    for listed in (list(X), tuple(X), X.tolist(), [image.tolist() for image in X]):
        flat, found = flatten_samples(listed)
        assert found == shape
        np.testing.assert_array_equal(flat, X.reshape(n_samples, -1))


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((3, 4)),
        [[1.0, 2.0], [3.0, 4.0]],
        pd.DataFrame({"a": [1.0], "b": [2.0]}),
        np.zeros(5),
        [],
        [1.0, 2.0],
        None,
        "text",
        3,
    ],
    ids=lambda X: type(X).__name__,
)
def test_others_are_left_alone(X):
    """What is no array of images is passed on, for scikit-learn to judge."""
    found, shape = flatten_samples(X)
    assert found is X
    assert shape is None


def test_too_many_dimensions():
    """Five dimensions are an error that names the possible ones."""
    with pytest.raises(ValueError, match=r"5 dimensions.*\(2, 1, 4, 4, 3\).*height"):
        flatten_samples(np.zeros((2, 1, 4, 4, 3)))


def test_images_of_different_shapes():
    """Images that cannot be stacked are named by their shapes."""
    with pytest.raises(ValueError, match=r"different shapes, got \[\(2, 2\), \(2, 3\)"):
        flatten_samples([np.zeros((2, 2)), np.zeros((2, 3))])


@pytest.mark.parametrize(
    ("sample_shape", "n_features", "image_shape", "expected"),
    [
        (None, 12, None, (1, 12, 1)),
        (None, 12, (4, 3), (4, 3, 1)),
        (None, 12, [2, 2, 3], (2, 2, 3)),
        (None, 12, np.array([2, 2, 3]), (2, 2, 3)),
        ((4, 3), 12, None, (4, 3, 1)),
        ((4, 3), 12, (4, 3), (4, 3, 1)),
        ((4, 3), 12, (4, 3, 1), (4, 3, 1)),
        ((2, 2, 3), 12, None, (2, 2, 3)),
        ((2, 2, 3), 12, (2, 2, 3), (2, 2, 3)),
    ],
)
def test_shape(sample_shape, n_features, image_shape, expected):
    """The shape comes from the images, from the parameter, or is a strip."""
    assert resolve_image_shape(sample_shape, n_features, image_shape) == expected


@pytest.mark.parametrize(
    ("sample_shape", "n_features", "image_shape", "message"),
    [
        (None, 65, (8, 8, 1), r"65 features .*\(8, 8, 1\) needs 64"),
        ((4, 3), 12, (3, 4), r"shape \(4, 3, 1\), but image_shape=\(3, 4, 1\)"),
        ((2, 2, 3), 12, (2, 2), r"shape \(2, 2, 3\), but image_shape=\(2, 2, 1\)"),
        (None, 12, (12,), r"image_shape must be .*got \(12,\)"),
        (None, 12, (2, 2, 3, 1), "image_shape must be"),
        (None, 12, (12, 0), "at least 1"),
    ],
)
def test_contradictions(sample_shape, n_features, image_shape, message):
    """Shapes that contradict each other are named."""
    with pytest.raises(ValueError, match=message):
        resolve_image_shape(sample_shape, n_features, image_shape)


@pytest.mark.parametrize("sample_shape", [(12,), (4, 3), (4, 3, 1)])
def test_decoding(sample_shape):
    """Outputs come back in the shape and the unit of what was passed in."""
    images = np.linspace(-0.1, 1.1, 24, dtype=np.float32).reshape(2, 4, 3, 1)
    floats = ImageEncoding((4, 3, 1), sample_shape, is_uint8=False)
    pixels = ImageEncoding((4, 3, 1), sample_shape, is_uint8=True)
    assert (floats.scale, pixels.scale) == (1.0, PIXEL_SCALE)
    for encoding, factor in ((floats, 1), (pixels, 255)):
        found = encoding.decode(images)
        assert found.shape == (2, *sample_shape)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.ravel(), images.ravel() * factor, rtol=1e-6)
