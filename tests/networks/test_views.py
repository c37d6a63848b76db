"""Views of images, and the mean of what is said about them."""

import keras
import numpy as np
import pytest

from skdeep.networks.views import MeanOfViews, Views, views_of


def images(n=5, height=6, width=4, channels=2):
    """Return images whose numbers are all different."""
    shape = (n, height, width, channels)
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def reference(image, mirrored, pixels):
    """Return a view of one image, with NumPy's padding."""
    image = image[:, ::-1] if mirrored else image
    if not pixels:
        return image
    padded = np.pad(image, [(1, 1), (1, 1), (0, 0)], mode="reflect")
    start = 1 - pixels
    height, width, _ = image.shape
    return padded[start : start + height, start : start + width]


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("shift", [False, True])
def test_views_are_those_of_the_reference(mirror, shift):
    """View by view, and each of them of all images."""
    views, shares = views_of(mirror=mirror, shift=shift)
    assert len(views) == len(shares) == (1 + mirror) * (1 + 2 * shift)
    assert sum(shares) == 1
    assert views[0] == (False, 0)
    shown = np.asarray(Views(views)(images()))
    expected = [reference(image, *view) for view in views for image in images()]
    np.testing.assert_array_equal(shown, expected)


def test_six_views_count_as_described():
    """The image in its place counts half, the two shifted ones a quarter each."""
    views, shares = views_of(mirror=True, shift=True)
    by_shift = {
        pixels: sum(s for v, s in zip(views, shares, strict=True) if v[1] == pixels)
        for pixels in (-1, 0, 1)
    }
    assert by_shift == {-1: 0.25, 0: 0.5, 1: 0.25}
    assert {view[0] for view in views} == {False, True}


def test_the_mean_undoes_the_views():
    """Each image gets the weighted mean of its own views."""
    answers = np.random.default_rng(0).random((6 * 5, 3), dtype=np.float32)
    _, shares = views_of(mirror=True, shift=True)
    mean = np.asarray(MeanOfViews(shares)(answers))
    expected = np.einsum("v,vnk->nk", shares, answers.reshape(6, 5, 3))
    np.testing.assert_allclose(mean, expected, rtol=1e-6)


def test_training_sees_the_images():
    """Both layers hand on what they get."""
    views, shares = views_of(mirror=True, shift=True)
    np.testing.assert_array_equal(Views(views)(images(), training=True), images())
    answers = np.ones((5, 3), np.float32)
    np.testing.assert_array_equal(MeanOfViews(shares)(answers, training=True), answers)


@pytest.mark.parametrize("shape", [(1, 7, 1), (7, 1, 1), (1, 1, 3), (2, 2, 1)])
def test_axes_of_one_pixel_stay(shape):
    """What cannot be shifted is itself in each view."""
    views, _ = views_of(mirror=False, shift=True)
    shown = np.asarray(Views(views)(images(3, *shape)))
    assert shown.shape == (9, *shape)


@pytest.mark.parametrize("layer", [Views([(True, 0), (False, 1)]), MeanOfViews([1])])
def test_configuration_round_trip(layer):
    """A layer made from the configuration is the same."""
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert again.get_config() == layer.get_config()
