"""Layers that draw or measure, against SciPy's distributions."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bernoulli, kstest, norm

from skdeep.networks.probabilistic_layers import (
    BernoulliLogLikelihood,
    CodeAndPixels,
    GaussianDivergence,
    GaussianLogLikelihood,
    GaussianSampling,
    PixelBinarization,
)

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, n_pixels=st.integers(1, 9))
def test_bernoulli_likelihood_of_binary_pixels(seed, n_pixels):
    """It is the logarithm of SciPy's probabilities, summed over pixels."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(2, size=(4, n_pixels))
    logits = generator.normal(scale=3, size=(4, n_pixels))
    wanted = bernoulli.logpmf(pixels, 1 / (1 + np.exp(-logits))).sum(axis=1)
    layer = BernoulliLogLikelihood(dtype="float64")
    np.testing.assert_allclose(layer(pixels.astype(float), logits), wanted, rtol=1e-9)


def test_bernoulli_likelihood_of_grey_pixels_is_minus_the_cross_entropy():
    """Between zero and one it is the mean over draws of binary pixels."""
    generator = np.random.default_rng(0)
    pixels, logits = generator.random((1, 3)), generator.normal(size=(1, 3))
    layer = BernoulliLogLikelihood(dtype="float64")
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * 3)).reshape(3, -1).T
    chances = np.prod(np.where(corners == 1, pixels, 1 - pixels), axis=1)
    each = np.asarray(layer(corners, np.repeat(logits, 8, axis=0)))
    np.testing.assert_allclose(layer(pixels, logits), [chances @ each])


def test_bernoulli_likelihood_is_finite_for_extreme_logits():
    """A pixel that should be impossible costs its logit, not infinity."""
    layer = BernoulliLogLikelihood()
    pixels, logits = np.array([[0.0], [1.0]]), np.array([[500.0], [500.0]])
    np.testing.assert_allclose(
        layer(pixels.astype(np.float32), logits.astype(np.float32)), [-500, 0]
    )


@settings(max_examples=25, deadline=None)
@given(seed=seeds, log_scale=st.floats(-3, 3))
def test_gaussian_likelihood(seed, log_scale):
    """It is the logarithm of SciPy's density, summed over pixels."""
    pixels, means = np.random.default_rng(seed).normal(size=(2, 4, 5))
    layer = GaussianLogLikelihood(dtype="float64")
    layer.build(pixels.shape)
    layer.log_scale.assign(log_scale)
    wanted = norm.logpdf(pixels, means, np.exp(log_scale)).sum(axis=1)
    np.testing.assert_allclose(layer(pixels, means), wanted, rtol=1e-9)


def test_gaussian_likelihood_starts_at_unit_variance():
    """One number is learned, whatever the size of the images."""
    layer = GaussianLogLikelihood()
    layer.build((None, 7))
    assert layer.count_params() == 1
    assert float(np.asarray(layer.log_scale)) == 0


@settings(max_examples=25, deadline=None)
@given(seed=seeds, n_components=st.integers(1, 5))
def test_divergence_equals_integration(seed, n_components):
    """Component by component, a fine sum over codes gives the same nats."""
    generator = np.random.default_rng(seed)
    mean = generator.normal(size=(2, n_components))
    log_variance = generator.uniform(-1, 1, size=(2, n_components))
    grid = np.linspace(-14, 14, 4001)[:, None, None]
    scale = np.exp(0.5 * log_variance)
    ratio = norm.logpdf(grid, mean, scale) - norm.logpdf(grid)
    terms = norm.pdf(grid, mean, scale) * ratio
    wanted = (terms.sum(axis=0) * (grid[1, 0, 0] - grid[0, 0, 0])).sum(axis=1)
    posterior = np.concatenate([mean, log_variance], axis=1)
    given_ = GaussianDivergence(dtype="float64")(posterior)
    np.testing.assert_allclose(given_, wanted, rtol=1e-6, atol=1e-9)


def test_divergence_of_the_prior_is_zero():
    """Nowhere else is it so small."""
    assert float(GaussianDivergence()(np.zeros((1, 6), np.float32))[0]) == 0


def test_draws_follow_the_posterior():
    """Codes are normal with the means and variances given, and independent."""
    mean, log_variance = np.array([1.0, -2.0]), np.log([0.25, 4.0])
    posterior = np.tile(np.concatenate([mean, log_variance]), (20_000, 1))
    codes = np.asarray(GaussianSampling(dtype="float64")(posterior, training=True))
    for column, (centre, scale) in enumerate([(1.0, 0.5), (-2.0, 2.0)]):
        assert kstest(codes[:, column], norm(centre, scale).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(codes.T)[0, 1]) < 0.03


def test_means_are_returned_in_inference():
    """Nothing is drawn, and no randomness used up."""
    layer = GaussianSampling()
    state = layer.seed_generator.state.numpy()
    posterior = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    np.testing.assert_array_equal(layer(posterior), posterior[:, :3])
    np.testing.assert_array_equal(layer.seed_generator.state.numpy(), state)


def test_gradients_reach_means_and_variances():
    """A drawn code is differentiable in what it was drawn from."""
    import tensorflow as tf

    posterior = tf.constant(np.full((1000, 2), 0.5))
    with tf.GradientTape() as tape:
        tape.watch(posterior)
        codes = GaussianSampling(dtype="float64")(posterior, training=True)
        total = tf.reduce_sum(codes)
    gradient = tape.gradient(total, posterior).numpy()
    np.testing.assert_allclose(gradient[:, 0], 1)
    # Half the noise times the scale.
    np.testing.assert_allclose(gradient[:, 1], (codes[:, 0] - 0.5) / 2)


def test_dynamic_pixels_are_one_as_often_as_they_are_bright():
    """They are zeros and ones, drawn anew each time."""
    layer = PixelBinarization("dynamic")
    grey = np.tile(np.array([0.0, 0.3, 0.8, 1.0], np.float32), (20_000, 1))
    binary = np.asarray(layer(grey, training=True))
    assert set(np.unique(binary)) == {0, 1}
    np.testing.assert_allclose(binary.mean(axis=0), [0, 0.3, 0.8, 1], atol=0.015)
    assert np.any(np.asarray(layer(grey, training=True)) != binary)
    np.testing.assert_array_equal(layer(grey), grey)


def test_dynamic_pixels_of_half_precision_are_drawn_without_bias():
    """Draws have more digits than bfloat16, of which a small pixel needs them."""
    layer = PixelBinarization("dynamic", dtype="bfloat16")
    grey = np.tile(np.array([0.001, 0.3, 0.999], np.float32), (100_000, 1))
    pixels = keras.ops.cast(grey, "bfloat16")
    binary = layer(pixels, training=True)
    assert keras.backend.standardize_dtype(binary.dtype) == "bfloat16"
    wanted = np.asarray(keras.ops.cast(pixels[0], "float32"), np.float64)
    found = np.asarray(keras.ops.cast(binary, "float32"), np.float64).mean(axis=0)
    errors = np.sqrt(wanted * (1 - wanted) / len(grey))
    np.testing.assert_array_less(np.abs(found - wanted), 5 * errors + 1e-9)


@pytest.mark.parametrize("training", [False, True])
def test_pixels_are_compared_with_one_half(training):
    """In inference, too; a pixel of exactly one half is one."""
    grey = np.array([[0.0, 0.49, 0.5, 1.0]], np.float32)
    binary = PixelBinarization("threshold")(grey, training=training)
    np.testing.assert_array_equal(binary, [[0, 0, 1, 1]])


def test_rows_are_taken_apart_where_they_were_joined():
    """Codes come first, then pixels."""
    rows = np.arange(12, dtype=np.float32).reshape(2, 6)
    code, pixels = CodeAndPixels(2)(rows)
    np.testing.assert_array_equal(code, rows[:, :2])
    np.testing.assert_array_equal(pixels, rows[:, 2:])


@pytest.mark.parametrize(
    "layer",
    [
        PixelBinarization("dynamic"),
        GaussianSampling(),
        GaussianDivergence(),
        CodeAndPixels(3),
        BernoulliLogLikelihood(),
        GaussianLogLikelihood(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_configuration_round_trip(layer):
    """A layer made from the configuration is of the same kind and settings."""
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()
