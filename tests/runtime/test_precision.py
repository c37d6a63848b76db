"""Precision: which numbers a network computes with."""

import keras
import numpy as np
import pytest
from keras import layers

from skdeep import runtime
from skdeep.runtime import precision as module
from skdeep.runtime.precision import (
    convolution_multiply_adds,
    dtype_policy,
    has_native_bfloat16,
    resolve_precision,
)
from tests.runtime.networks import dense_network, fit, options, regression_data


@pytest.mark.parametrize(
    ("precision", "computes", "keeps"),
    [
        ("float32", "float32", "float32"),
        ("bfloat16", "bfloat16", "float32"),
        ("float64", "float64", "float64"),
    ],
)
def test_policy(precision, computes, keeps):
    """Layers built inside compute as asked for; the caller's policy comes back."""
    before = keras.config.dtype_policy()
    with dtype_policy(precision):
        layer = layers.Dense(2)
        layer.build((None, 3))
    assert layer.compute_dtype == computes
    assert layer.kernel.dtype == keeps
    assert keras.config.dtype_policy() is before


def test_policy_after_an_error():
    """The caller's policy comes back whatever happens, and need not be ours."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(RuntimeError), dtype_policy("float64"):
            raise RuntimeError
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        # A caller's policy has no say in our networks.
        result = fit()
        assert {array.dtype for array in result.weights} == {np.dtype("float32")}
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


def trained(precision):
    """Train a small network in some precision, and let it answer in it."""
    X, y = regression_data()
    network = runtime.NetworkSpec(dense_network)
    # Initial weights drawn in float64 are others, not the same ones more exactly.
    with runtime.seeded_construction(0):
        weights = network().get_weights()
    settings = options(precision=precision, epochs=5)
    result = fit(network, X, y, options=settings, weights=weights)
    feed = runtime.ArrayFeed(X.astype("float64") if precision == "float64" else X)
    return result, runtime.infer(network, result.weights, feed, precision=precision)


def test_float64():
    """Weights, states and outputs are float64, and more exact than float32."""
    result, outputs = trained("float64")
    assert {array.dtype for array in result.weights} == {np.dtype("float64")}
    assert outputs.dtype == np.float64
    single, rounded = trained("float32")
    assert {array.dtype for array in single.weights} == {np.dtype("float32")}
    assert rounded.dtype == np.float32
    np.testing.assert_allclose(outputs, rounded, rtol=1e-3, atol=1e-4)
    assert (outputs != rounded).any()


def test_bfloat16():
    """Training in bfloat16 ends near that in float32, with float32 weights."""
    result, outputs = trained("bfloat16")
    single, exact = trained("float32")
    assert {array.dtype for array in result.weights} == {np.dtype("float32")}
    assert outputs.dtype == np.float32
    assert any(
        (a != b).any() for a, b in zip(result.weights, single.weights, strict=True)
    )
    np.testing.assert_allclose(outputs, exact, atol=0.03)
    assert result.history["loss"] == pytest.approx(single.history["loss"], rel=0.05)


def convolutional(size, filters, width=3):
    """Return a convolutional network."""
    inputs = keras.Input((size, size, 2))
    x = layers.Conv2D(filters, width, padding="same")(inputs)
    inner = keras.Input((size, size, filters))
    block = keras.Model(inner, layers.Conv2D(3, 1, strides=2)(inner))
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(block(x))))


def test_counting():
    """Multiply-adds are those of the convolutions, also in models inside models."""
    model = convolutional(8, 5)
    assert convolution_multiply_adds(model) == 64 * (3 * 3 * 2 * 5) + 16 * (5 * 3)
    assert convolution_multiply_adds(dense_network()) == 0
    free = keras.Input((None, 2))
    model = keras.Model(free, layers.Conv1D(3, 5)(free))
    assert convolution_multiply_adds(model) == 5 * 2 * 3


def test_auto(monkeypatch):
    """Large convolutions on hardware that is made for it use bfloat16."""
    large, small = convolutional(32, 300), convolutional(8, 5)
    for native, model, expected in (
        (True, large, "bfloat16"),
        (True, small, "float32"),
        (False, large, "float32"),
        (True, None, "float32"),
    ):
        monkeypatch.setattr(module, "has_native_bfloat16", lambda n=native: n)
        assert resolve_precision("auto", model) == expected
    for precision in ("float32", "float64", "bfloat16"):
        assert resolve_precision(precision, large) == precision


def test_hardware():
    """The question about the hardware has an answer everywhere."""
    assert has_native_bfloat16() in (True, False)


def test_auto_in_a_fit():
    """A result says which precision "auto" came down to."""
    result, _ = trained("auto")
    assert result.precision == "float32"
