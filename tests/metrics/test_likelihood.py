"""Likelihood figures and the distance between clouds of features."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from skdeep.metrics import (
    bits_per_dimension,
    frechet_distance,
    importance_weighted_log_likelihood,
)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), shift=st.floats(-2000, 2000))
def test_importance_weights_are_averaged(seed, shift):
    """The log of the mean weight, also where weights under- or overflow."""
    weights = np.random.default_rng(seed).normal(size=(4, 6))
    expected = shift + np.log(np.mean(np.exp(weights), axis=1))
    found = importance_weighted_log_likelihood(weights + shift)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_one_draw_is_the_bound_itself():
    """With one draw the estimate is the log weight, with more it is no smaller."""
    weights = np.array([[-3.0, -1.0], [-2.0, -2.0]])
    np.testing.assert_allclose(
        importance_weighted_log_likelihood(weights[:, :1]), [-3.0, -2.0]
    )
    assert (
        importance_weighted_log_likelihood(weights) >= weights.mean(axis=1) - 1e-12
    ).all()


@pytest.mark.parametrize("bad", [[1.0], np.empty((2, 0)), [[np.nan]]])
def test_weights_are_checked(bad):
    """Weights must be a matrix of numbers."""
    with pytest.raises(ValueError, match="log_weights"):
        importance_weighted_log_likelihood(bad)


def test_bits_per_dimension_are_logarithms_to_base_two():
    """A probability of 2 ** -16 for 4 numbers is 4 bits each."""
    np.testing.assert_allclose(bits_per_dimension(np.log([2.0**-16, 1]), 4), [4, 0])
    with pytest.raises(ValueError, match="n_dimensions must be at least 1"):
        bits_per_dimension(0.0, 0)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), n_features=st.integers(1, 5))
def test_distance_equals_the_formula(seed, n_features):
    """Means, covariances and the root of their product, as the definition has them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20, n_features)) @ rng.normal(size=(n_features, n_features))
    Y = rng.normal(size=(30, n_features)) + 1
    a, b = np.atleast_2d(np.cov(X.T)), np.atleast_2d(np.cov(Y.T))
    root = np.real(np.trace(sqrtm(a @ b)))
    mean = np.sum((X.mean(axis=0) - Y.mean(axis=0)) ** 2)
    expected = mean + np.trace(a) + np.trace(b) - 2 * root
    assert frechet_distance(X, Y) == pytest.approx(expected, abs=1e-5)
    assert frechet_distance(Y, X) == pytest.approx(frechet_distance(X, Y))
    assert frechet_distance(X, X) == pytest.approx(0, abs=1e-9)


def test_distance_with_fewer_rows_than_features():
    """Singular covariances are no difficulty."""
    X = np.random.default_rng(0).normal(size=(4, 9))
    assert frechet_distance(X, X + 1) == pytest.approx(9)


def test_features_are_checked():
    """Both clouds must have the same features, and two rows."""
    with pytest.raises(ValueError, match="X has 2 features, but Y has 3"):
        frechet_distance(np.zeros((2, 2)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="minimum of 2"):
        frechet_distance(np.zeros((1, 2)), np.zeros((2, 2)))
