"""Walks through the space of codes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import FunctionTransformer

from skdeep.inspection import interpolate, latent_traversal

NAMES = ["convolutional", "flattened", "denoising", "hashing", "stacked", "variational"]


# A transformer whose codes are the samples.
IDENTITY = FunctionTransformer().fit(np.zeros((1, 1)))


@pytest.mark.parametrize("name", NAMES)
def test_traversal(fitted, images, name):
    """Each sample is what the code with one component changed decodes to."""
    estimator = fitted(name)
    encode = getattr(estimator, "transform_proba", estimator.transform)
    codes = encode(images[:2])
    values = [[0.0, 0.5, 1.0], [0.25, 0.5, 0.75]]
    found = latent_traversal(estimator, images[:2], [1, 0], values)
    assert found.shape == (2, 2, 3, 8, 8)
    for row in range(2):
        for place, component in enumerate([1, 0]):
            for step in range(3):
                code = codes[[row]].copy()
                code[0, component] = values[place][step]
                expected = estimator.inverse_transform(code)[0]
                np.testing.assert_allclose(
                    found[row, place, step], expected, rtol=1e-5, atol=1e-6
                )
    again = latent_traversal(estimator, codes, [1, 0], values, are_codes=True)
    np.testing.assert_array_equal(again, found)


def test_all_components_by_default(fitted, images):
    """A single component may be a number; none at all means each."""
    estimator = fitted("variational")
    assert latent_traversal(estimator, images[:1]).shape == (1, 2, 7, 8, 8)
    assert latent_traversal(estimator, images[:3], 1, [0]).shape == (3, 1, 1, 8, 8)


@pytest.mark.parametrize("method", ["linear", "spherical"])
@pytest.mark.parametrize("name", NAMES)
def test_ends_are_reconstructions(fitted, images, name, method):
    """A walk starts and arrives at the reconstructions of the samples."""
    estimator = fitted(name)
    encode = getattr(estimator, "transform_proba", estimator.transform)
    found = interpolate(estimator, images[:2], images[2:4], 5, method=method)
    assert found.shape == (2, 5, 8, 8)
    for place, ends in ((0, images[:2]), (-1, images[2:4])):
        expected = estimator.inverse_transform(encode(ends))
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-5, atol=1e-6)


CODES = arrays(np.float64, (3, 4), elements=st.floats(-10, 10, width=32))


@settings(max_examples=50)
@given(CODES, CODES, st.integers(2, 9))
def test_lines(start, end, n_steps):
    """The stations of a line lie evenly between its ends."""
    found = interpolate(IDENTITY, start, end, n_steps)
    np.testing.assert_allclose(found, np.linspace(start, end, n_steps, axis=1))


@settings(max_examples=50)
@given(CODES, CODES)
def test_arcs(start, end):
    """Norms change evenly, and so does the angle, where there is one."""
    found = interpolate(IDENTITY, start, end, 5, method="spherical")
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[:, 0], start)
    np.testing.assert_array_equal(found[:, -1], end)
    for walk in found:
        norms = np.linalg.norm(walk, axis=1)
        if min(norms[0], norms[-1]) < 0.1:
            continue
        cosines = np.sum(walk[1:] * walk[:-1], axis=1) / norms[1:] / norms[:-1]
        whole = np.arccos(np.clip(walk[0] @ walk[-1] / norms[0] / norms[-1], -1, 1))
        if 0.1 < whole < 3:
            np.testing.assert_allclose(norms, np.linspace(norms[0], norms[-1], 5))
            angles = np.arccos(np.clip(cosines, -1, 1))
            np.testing.assert_allclose(angles, whole / 4, atol=1e-5)


def test_arcs_that_do_not_exist():
    """Codes in one direction, opposite ones and zeros are joined by a line."""
    start = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    end = np.array([[3.0, 0.0], [-1.0, 0.0], [0.0, 2.0]])
    found = interpolate(IDENTITY, start, end, 3, method="spherical")
    np.testing.assert_allclose(found[:, 1], (start + end) / 2)


def test_any_transformer_with_a_way_back(images):
    """PCA walks, too."""
    rows = images.reshape(len(images), -1)
    pca = PCA(3).fit(rows)
    assert latent_traversal(pca, rows[:2], 0, [-1, 1]).shape == (2, 1, 2, 64)
    walk = interpolate(pca, rows[:1], rows[1:2], 3)
    np.testing.assert_allclose(walk[0, 1], (walk[0, 0] + walk[0, 2]) / 2, atol=1e-5)


def test_refusals(fitted, images):
    """What cannot decode, components and shapes that do not exist are named."""
    estimator = fitted("variational")
    with pytest.raises(TypeError, match="no inverse_transform"):
        latent_traversal(fitted("bits"), images)
    with pytest.raises(NotFittedError):
        interpolate(PCA(), images, images)
    for components in (2, [-1], [0.5], []):
        with pytest.raises(ValueError, match="integers from 0 to 1"):
            latent_traversal(estimator, images[:1], components)
    for values in ([[0, 1]], [], 0, np.zeros((3, 2))):
        with pytest.raises(ValueError, match="values must have the shape"):
            latent_traversal(estimator, images[:1], [0, 1], values)
    with pytest.raises(ValueError, match="as many samples"):
        interpolate(estimator, images[:1], images[:2])
    with pytest.raises(ValueError, match="n_steps"):
        interpolate(estimator, images[:1], images[:1], 1)
    with pytest.raises(ValueError, match="method"):
        interpolate(estimator, images[:1], images[:1], method="shortest")
    with pytest.raises(ValueError, match="have 2"):
        latent_traversal(estimator, np.zeros((1, 3)), are_codes=True)
