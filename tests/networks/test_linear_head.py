"""A linear layer on standardised features."""

import keras
import numpy as np
import pytest

from skdeep.networks.linear_head import linear_head

KERNEL, BIAS = np.array([[3.0], [4.0]]), np.array([5.0])


def test_logits():
    """Logits are a linear function of standardised features."""
    model = linear_head(n_features=3, n_outputs=2)
    assert [v.name for v in model.trainable_variables] == ["kernel", "bias"]
    mean, scale = np.array([1.0, 2, 3]), np.array([0.5, 1, 2])
    kernel, bias = np.arange(6.0).reshape(3, 2), np.array([1.0, -1])
    model.set_weights([kernel, bias, mean, scale])
    X = np.random.default_rng(0).normal(size=(4, 3))
    expected = ((X - mean) / scale) @ kernel + bias
    np.testing.assert_allclose(model(X), expected, rtol=1e-5, atol=1e-5)


def test_it_starts_from_nothing():
    """All classes are equally likely before training."""
    model = linear_head(n_features=3, n_outputs=2)
    np.testing.assert_array_equal(model(np.ones((1, 3))), [[0, 0]])


def test_penalty():
    """Half of alpha times the sum of squares of the kernel is added to the loss."""
    model = linear_head(n_features=2, n_outputs=1, alpha=0.3)
    model.set_weights([KERNEL, BIAS, np.zeros(2), np.ones(2)])
    assert float(sum(model.losses)) == pytest.approx(0.15 * 25)
    assert linear_head(n_features=2, n_outputs=1).losses == []


# Keras 3.15 saves in a way that NumPy 2 is about to drop.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_saved_model(tmp_path):
    """The model survives saving and loading without custom objects."""
    model = linear_head(n_features=2, n_outputs=1, alpha=0.3)
    model.set_weights([KERNEL, BIAS, np.ones(2), np.full(2, 2.0)])
    keras.saving.save_model(model, tmp_path / "head.keras")
    loaded = keras.saving.load_model(tmp_path / "head.keras")
    np.testing.assert_array_equal(np.asarray(loaded(np.ones((1, 2)))), [[5.0]])


def test_far_from_zero():
    """Features that differ little from a large mean keep their digits."""
    model = linear_head(n_features=2, n_outputs=1)
    mean, scale = np.full(2, 1e4), np.full(2, 0.01)
    model.set_weights([np.ones((2, 1)), np.zeros(1), mean, scale])
    # Numbers that single precision has.
    X = 1e4 + np.array([[0.015625, 0.0], [-0.0078125, 0.03125]])
    expected = ((X - mean) / scale).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model(X), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["n_features", "n_outputs"])
def test_wrong_sizes(name):
    """Sizes are positive integers."""
    with pytest.raises(ValueError, match=name):
        linear_head(**{"n_features": 2, "n_outputs": 1, name: 0})
