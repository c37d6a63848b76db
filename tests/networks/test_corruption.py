"""Layers that corrupt in training only."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.networks.corruption import CORRUPTIONS, corruption_layer

SHAPE = (50, 40, 30, 1)
N_NUMBERS = 60_000


@pytest.fixture(scope="module")
def clean():
    """Images whose numbers are neither 0 nor 1."""
    return np.random.default_rng(0).uniform(0.2, 0.8, SHAPE).astype(np.float32)


def corrupted(clean, kind, level):
    """Return the images as a layer of this kind leaves them in training."""
    return np.asarray(corruption_layer(kind, level)(clean, training=True))


def test_gaussian_noise_has_the_given_deviation(clean):
    """What is added is normal noise of mean 0, different for every number."""
    noise = corrupted(clean, "gaussian", 0.3) - clean
    assert noise.mean() == pytest.approx(0, abs=4 * 0.3 / N_NUMBERS**0.5)
    assert noise.std() == pytest.approx(0.3, rel=0.02)
    assert np.mean(np.abs(noise) < 0.3) == pytest.approx(0.683, abs=0.01)
    assert len(np.unique(noise)) > 0.9 * N_NUMBERS


def test_masking_hides_the_given_fraction(clean):
    """Some numbers become zero, the others stay what they are."""
    masked = corrupted(clean, "masking", 0.25)
    assert np.mean(masked == 0) == pytest.approx(0.25, abs=0.01)
    np.testing.assert_array_equal(masked[masked != 0], clean[masked != 0])


def test_dropout_keeps_the_expected_sum(clean):
    """Some numbers become zero, the others grow to make up for them."""
    dropped = corrupted(clean, "dropout", 0.25)
    assert np.mean(dropped == 0) == pytest.approx(0.25, abs=0.01)
    kept = dropped != 0
    np.testing.assert_allclose(dropped[kept], clean[kept] / 0.75, rtol=1e-6)
    assert dropped.mean() == pytest.approx(clean.mean(), rel=0.02)


def test_salt_and_pepper_come_in_equal_parts(clean):
    """Some numbers become 0 and as many 1, the others stay what they are."""
    salted = corrupted(clean, "salt_and_pepper", 0.4)
    assert np.mean(salted == 0) == pytest.approx(0.2, abs=0.01)
    assert np.mean(salted == 1) == pytest.approx(0.2, abs=0.01)
    left = (salted != 0) & (salted != 1)
    np.testing.assert_array_equal(salted[left], clean[left])


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_nothing_happens_outside_of_training(clean, kind):
    """Inference sees its input, and uses up no randomness."""
    layer = corruption_layer(kind, 0.3)
    state = layer.seed_generator.state.numpy()
    np.testing.assert_array_equal(layer(clean), clean)
    np.testing.assert_array_equal(layer.seed_generator.state.numpy(), state)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_level_zero_is_no_corruption(clean, kind):
    """The smallest level changes nothing."""
    np.testing.assert_array_equal(corrupted(clean, kind, 0), clean)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_draws_are_new_each_time_and_repeatable(clean, kind):
    """The layer's own state decides the draws, and moves on with each of them."""
    layer = corruption_layer(kind, 0.3)
    state = layer.seed_generator.state.numpy()
    first = np.asarray(layer(clean, training=True))
    second = np.asarray(layer(clean, training=True))
    assert (first != second).any()
    layer.seed_generator.state.assign(state)
    np.testing.assert_array_equal(layer(clean, training=True), first)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_configuration(kind):
    """A layer made from another one's configuration has its settings."""
    layer = corruption_layer(kind, 0.3, name="corruption")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert type(again) is type(layer)
    assert (again.level, again.name) == (0.3, "corruption")
    assert again.compute_output_shape((None, 4, 5)) == (None, 4, 5)


@settings(max_examples=20, deadline=None)
@given(
    kind=st.sampled_from(sorted(CORRUPTIONS)),
    level=st.floats(0, 0.99),
    dtype=st.sampled_from(["float32", "float64", "bfloat16"]),
)
def test_shape_and_type_are_kept(kind, level, dtype):
    """Whatever the precision, what comes out is like what went in."""
    layer = corruption_layer(kind, level, dtype=dtype)
    output = layer(keras.ops.ones((3, 2, 4), dtype), training=True)
    assert output.shape == (3, 2, 4)
    assert keras.backend.standardize_dtype(output.dtype) == dtype
    assert np.isfinite(np.asarray(keras.ops.cast(output, "float32"))).all()


@pytest.mark.parametrize(
    ("kind", "level", "message"),
    [
        ("blur", 0.1, r"kind must be one of \['dropout'.* got 'blur'"),
        ("masking", 1.0, "a fraction of the numbers, .* below 1, got 1.0"),
        ("dropout", -0.1, "at least 0 and below 1, got -0.1"),
        ("gaussian", -1, "a standard deviation, at least 0 and finite, got -1"),
        ("gaussian", float("nan"), "got nan"),
    ],
)
def test_wrong_settings_are_refused(kind, level, message):
    """Unknown kinds and impossible levels are named."""
    with pytest.raises(ValueError, match=message):
        corruption_layer(kind, level)
