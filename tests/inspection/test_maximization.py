"""Images made so that a unit answers to them."""

import numpy as np
import pytest

from skdeep import StackedAutoencoderTransformer, VariationalAutoencoderTransformer
from skdeep.inspection import (
    first_layer_filters,
    maximize_activation,
    top_images,
    unit_activations,
)


def cosine(first, second):
    """Return the cosine of the angle between two arrays, flattened."""
    first, second = np.ravel(first), np.ravel(second)
    return first @ second / np.linalg.norm(first) / np.linalg.norm(second)


@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid"])
def test_first_layer_units_are_maximised_by_their_weights(images, activation):
    """Under a bound on the norm, w / |w| is best: also where the unit is always off."""
    estimator = StackedAutoencoderTransformer(
        (), 4, code_activation=activation, tied_weights=False, epochs=1, random_state=0
    ).fit(images)
    estimator.weights_[1][:] = [0, 1, -50, 50]
    filters = first_layer_filters(estimator)
    for unit in range(4):
        found = maximize_activation(estimator, unit, norm=2.0, random_state=0)
        assert cosine(found.image, filters[unit]) >= 0.999
        assert np.linalg.norm(found.image) == pytest.approx(2, rel=1e-5)
        expected = unit_activations(estimator, found.image[None])[0, unit]
        assert found.activation == pytest.approx(expected, rel=1e-6)
        assert found.box == (0, 8, 0, 8)
        assert found.location is None


@pytest.mark.parametrize("location", [None, (0, 7), (4, 4)])
def test_units_of_a_convolution(fitted, location):
    """The image is the kernel where the unit sees, and next to nothing elsewhere."""
    estimator = fitted("convolutional")
    kernels = first_layer_filters(estimator)
    for unit in range(3):
        found = maximize_activation(
            estimator, unit, "stage_1_convolution", location=location, random_state=1
        )
        top, bottom, left, right = found.box
        row, column = found.location
        assert (row, column) == (location or (4, 4))
        kernel = kernels[
            unit,
            top - row + 1 : bottom - row + 1,
            left - column + 1 : right - column + 1,
        ]
        assert cosine(found.image[top:bottom, left:right], kernel) >= 0.999
        outside = found.image.copy()
        outside[top:bottom, left:right] = 0
        assert np.abs(outside).max() <= 1e-6


def test_stronger_than_any_image_of_the_same_norm(fitted, images):
    """For coding units behind other layers the result beats the best image there is."""
    for name in ("convolutional", "hashing"):
        estimator = fitted(name)
        best = top_images(estimator, images, 1)
        for unit, [index] in enumerate(best.indices):
            norm = float(np.linalg.norm(images[index]))
            found = maximize_activation(estimator, unit, norm=norm, random_state=0)
            assert found.activation >= best.activations[unit, 0]


def test_reproducible(fitted):
    """One random state gives one image, however often it is asked for."""
    estimator = fitted("convolutional")
    options = {"n_steps": 20, "jitter": 2, "l2": 0.01}
    first, again, other = (
        maximize_activation(estimator, 1, random_state=seed, **options).image
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_penalty_shortens(fitted):
    """With a penalty a linear unit's best image is w / (2 * l2), inside the bound."""
    estimator = fitted("convolutional")
    kernel = first_layer_filters(estimator)[0, ..., 0]
    l2 = np.linalg.norm(kernel)
    found = maximize_activation(
        estimator, 0, "stage_1_convolution", l2=l2, norm=5.0, random_state=0
    )
    np.testing.assert_allclose(found.image[3:6, 3:6], kernel / (2 * l2), atol=0.05)


def test_unit_of_the_pixels(images):
    """Of an estimator fitted on bytes the image is on the scale of bytes."""
    bytes_ = np.round(images * 255).astype(np.uint8)
    estimator = StackedAutoencoderTransformer((), 2, epochs=1).fit(bytes_)
    found = maximize_activation(estimator, 0, norm=2.0, random_state=0)
    assert np.linalg.norm(found.image) == pytest.approx(2 * 255, rel=1e-4)
    expected = unit_activations(estimator, found.image[None])[0, 0]
    assert found.activation == pytest.approx(expected, rel=1e-5)


def test_double_precision(images):
    """What was trained in double precision is computed in it."""
    estimator = StackedAutoencoderTransformer(
        (), 2, precision="float64", epochs=1, random_state=0
    ).fit(images)
    found = maximize_activation(estimator, 0, n_steps=1000, random_state=0)
    assert found.image.dtype == np.float64
    assert 1 - cosine(found.image, first_layer_filters(estimator)[0]) < 1e-12


def test_refusals(fitted, text_classifier, images):
    """Units, positions and numbers that do not exist are named."""
    estimator = fitted("convolutional")
    layer = "stage_1_convolution"
    with pytest.raises(ValueError, match="unit=4 does not exist: the layer has 4"):
        maximize_activation(estimator, 4)
    with pytest.raises(TypeError, match="unit must be the number"):
        maximize_activation(estimator, "first")
    with pytest.raises(ValueError, match="have no positions"):
        maximize_activation(estimator, 0, location=(0, 0))
    for location in ((8, 0), (0,), (-1, 0), (0.5, 0), 3):
        with pytest.raises(ValueError, match="row and column"):
            maximize_activation(estimator, 0, layer, location=location)
    for name, value in (
        ("norm", 0),
        ("n_steps", 0),
        ("step_size", -1),
        ("l2", -1),
        ("jitter", 0.5),
        ("n_starts", 0),
    ):
        with pytest.raises(ValueError, match=name):
            maximize_activation(estimator, 0, **{name: value})
    with pytest.raises(ValueError, match="does not take images"):
        maximize_activation(text_classifier, 0, "logits")
    estimator = VariationalAutoencoderTransformer(
        2, hidden_layer_sizes=(3,), binarization="threshold", epochs=1
    ).fit(images)
    with pytest.raises(ValueError, match="no way up"):
        maximize_activation(estimator, 0)
