"""Losses of each row, against closed forms and scikit-learn."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import log_softmax
from sklearn.metrics import accuracy_score, log_loss

from skdeep.networks.losses import (
    class_accuracy,
    class_cross_entropy,
    squared_error,
)

# Far from the numbers so small that TensorFlow takes them for zero.
numbers = st.integers(-500, 500).map(lambda tenths: tenths / 10)


def values(tensor):
    """Return a tensor as an array of float64."""
    return np.asarray(tensor).astype(np.float64)


@settings(deadline=None)
@given(
    hnp.arrays("float32", (4, 3, 2), elements=numbers),
    hnp.arrays("float32", (4, 3, 2), elements=numbers),
)
def test_squared_error(targets, outputs):
    """The loss of a row is its mean squared error, over all its numbers."""
    found = values(squared_error(targets, outputs))
    exact = (targets.astype(np.float64) - outputs) ** 2
    np.testing.assert_allclose(found, exact.mean(axis=(1, 2)), rtol=1e-4, atol=1e-3)
    assert found.shape == (4,)


def test_squared_error_in_the_type_of_the_targets():
    """Outputs in bfloat16 are compared with targets in float32."""
    outputs = keras.ops.cast(np.ones((2, 3), "float32"), "bfloat16")
    found = squared_error(np.full((2, 3), 1.001, "float32"), outputs)
    np.testing.assert_allclose(values(found), 1e-6, rtol=1e-2)


@st.composite
def classified(draw):
    """Draw logits for two or more classes, and classes."""
    n_classes = draw(st.integers(2, 5))
    n_outputs = draw(st.just(n_classes) | st.just(1)) if n_classes == 2 else n_classes
    logits = draw(hnp.arrays("float32", (6, n_outputs), elements=numbers))
    codes = draw(hnp.arrays("int32", 6, elements=st.integers(0, n_classes - 1)))
    return codes, logits


def both_logits(logits):
    """Return a column for each class, also if there is one output for two."""
    logits = logits.astype(np.float64)
    return np.hstack([0 * logits, logits]) if logits.shape[1] == 1 else logits


@settings(deadline=None)
@given(classified(), st.sampled_from([0.0, 0.1, 0.5]))
def test_cross_entropy(sample, smoothing):
    """The loss is minus the log-probability of the targets, smoothed or not."""
    codes, logits = sample
    found = values(class_cross_entropy(codes, logits, label_smoothing=smoothing))
    likelihood = log_softmax(both_logits(logits), axis=1)
    wanted = np.eye(likelihood.shape[1])[codes]
    wanted = wanted * (1 - smoothing) + smoothing / wanted.shape[1]
    expected = -(wanted * likelihood).sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert found.shape == (6,)


def test_cross_entropy_is_that_of_scikit_learn():
    """The mean over rows is scikit-learn's log loss."""
    generator = np.random.default_rng(0)
    for n_classes in (2, 4):
        logits = generator.normal(size=(50, n_classes)).astype("float32")
        codes = generator.integers(0, n_classes, 50)
        found = values(class_cross_entropy(codes, logits)).mean()
        probabilities = np.exp(log_softmax(logits.astype(float), axis=1))
        expected = log_loss(codes, probabilities, labels=range(n_classes))
        assert found == pytest.approx(expected, rel=1e-5)


def test_one_output_is_the_difference_of_two():
    """One logit for two classes says what two logits say by their difference."""
    generator = np.random.default_rng(0)
    two = generator.normal(size=(20, 2)).astype("float32")
    codes = generator.integers(0, 2, 20)
    one = two[:, 1:] - two[:, :1]
    for smoothing in (0.0, 0.2):
        np.testing.assert_allclose(
            values(class_cross_entropy(codes, one, label_smoothing=smoothing)),
            values(class_cross_entropy(codes, two, label_smoothing=smoothing)),
            rtol=1e-4,
            atol=1e-6,
        )
    np.testing.assert_array_equal(
        values(class_accuracy(codes, one)), values(class_accuracy(codes, two))
    )


def test_extreme_logits_stay_finite():
    """A loss may be large, but it is a number."""
    for logits in (np.array([[-1e4]]), np.array([[1e4, -1e4]])):
        found = values(class_cross_entropy(np.array([1]), logits.astype("float32")))
        np.testing.assert_allclose(found, [2e4 if logits.shape[1] == 2 else 1e4])


@settings(deadline=None)
@given(classified())
def test_accuracy(sample):
    """A hit is a row whose class has the largest logit."""
    codes, logits = sample
    found = values(class_accuracy(codes, logits))
    predicted = both_logits(logits).argmax(axis=1)
    assert found.mean() == pytest.approx(accuracy_score(codes, predicted))
    assert set(found) <= {0.0, 1.0}
