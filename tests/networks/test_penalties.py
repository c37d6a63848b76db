"""Penalties on codes, against automatic differentiation and plain NumPy."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import rel_entr

from skdeep.networks.activation_derivatives import DERIVATIVES
from skdeep.networks.penalties import ContractivePenalty, SparsityPenalty


def random_stack(sizes, activations):
    """Return dense layers in float64 with random weights, biases too."""
    generator = np.random.default_rng(len(sizes))
    stack = []
    for n_in, n_out in itertools.pairwise(sizes):
        dense = keras.layers.Dense(n_out, dtype="float64")
        dense.build((None, n_in))
        kernel = generator.normal(size=(n_in, n_out)) / n_in**0.5
        dense.set_weights([kernel, generator.normal(size=n_out)])
        stack.append(dense)
    penalty = ContractivePenalty(1.0, stack, activations, dtype="float64")
    return stack, penalty


def encode(rows, stack, activations):
    """Return the code of rows and the weighted sums of each layer."""
    sums = []
    for dense, activation in zip(stack, activations, strict=True):
        sums.append(dense(rows))
        rows = keras.activations.get(activation)(sums[-1])
    return rows, sums


def squared_norms(rows, stack, activations):
    """Return the squared norms of the Jacobian by automatic differentiation."""
    rows = tf.constant(rows)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        code, _ = encode(rows, stack, activations)
    return np.sum(np.square(tape.batch_jacobian(code, rows)), axis=(1, 2))


@pytest.mark.parametrize("activation", sorted(DERIVATIVES))
def test_derivatives_of_activations(activation):
    """Each derivative is that of Keras' function, on both sides of every bend."""
    z = tf.constant(np.append(np.linspace(-6, 6, 50), [-800.0, 80.0]))
    with tf.GradientTape() as tape:
        tape.watch(z)
        h = keras.activations.get(activation)(z)
    wanted = tape.gradient(h, z)
    found = DERIVATIVES[activation](z)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("activation", sorted(DERIVATIVES))
@pytest.mark.parametrize("sizes", [(6, 4), (6, 5, 3), (4, 5, 6, 7)], ids=str)
def test_contractive_penalty_is_the_jacobian(sizes, activation):
    """The squared norm equals that of the automatic Jacobian to one in a million."""
    activations = [activation] * (len(sizes) - 1)
    stack, penalty = random_stack(sizes, activations)
    rows = np.random.default_rng(0).normal(size=(5, sizes[0]))
    _, sums = encode(rows, stack, activations)
    wanted = squared_norms(rows, stack, activations)
    np.testing.assert_allclose(penalty.squared_norms(sums), wanted, rtol=1e-6)


def test_contractive_penalty_of_sigmoid_units_is_rifais_formula():
    """For one sigmoid layer the sum over units is the published one."""
    stack, penalty = random_stack((6, 4), ["sigmoid"])
    rows = np.random.default_rng(0).normal(size=(5, 6))
    h, sums = encode(rows, stack, ["sigmoid"])
    lengths = np.square(stack[0].get_weights()[0]).sum(axis=0)
    wanted = (np.square(h * (1 - h)) * lengths).sum(axis=1)
    np.testing.assert_allclose(penalty.squared_norms(sums), wanted, rtol=1e-12)


def test_contractive_penalty_can_be_minimised():
    """Its gradient by the kernels is that of the automatic Jacobian's norm."""
    activations = ["sigmoid", "tanh"]
    stack, penalty = random_stack((4, 3, 2), activations)
    rows = tf.constant(np.random.default_rng(0).normal(size=(5, 4)))
    kernels = [dense.kernel.value for dense in stack]
    with tf.GradientTape() as tape:
        _, sums = encode(rows, stack, activations)
        value = tf.reduce_sum(penalty.squared_norms(sums))
    found = tape.gradient(value, kernels)
    with tf.GradientTape() as tape:
        with tf.GradientTape() as inner:
            inner.watch(rows)
            code, _ = encode(rows, stack, activations)
        value = tf.reduce_sum(tf.square(inner.batch_jacobian(code, rows)))
    for one, other in zip(found, tape.gradient(value, kernels), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)


def test_contractive_penalty_acts_in_training_only():
    """The code passes unchanged; the loss is the weighted mean over rows."""
    stack, _ = random_stack((6, 4), ["sigmoid"])
    penalty = ContractivePenalty(0.5, stack, ["sigmoid"], dtype="float64")
    code, sums = encode(np.ones((3, 6)), stack, ["sigmoid"])
    np.testing.assert_array_equal(penalty([code, *sums]), code)
    assert penalty.losses == []
    np.testing.assert_array_equal(penalty([code, *sums], training=True), code)
    wanted = 0.5 * np.mean(penalty.squared_norms(sums))
    assert [float(loss) for loss in penalty.losses] == pytest.approx([wanted])


def test_an_activation_without_known_derivative_is_refused():
    """The message lists those that are known."""
    with pytest.raises(ValueError, match=r"'hard_tanh', which is not known.*sigmoid"):
        ContractivePenalty(1.0, [], ["hard_tanh"])


def test_l1_penalty():
    """The sum of absolute activations, mean over rows."""
    codes = np.random.default_rng(0).normal(size=(5, 3))
    penalty = SparsityPenalty("l1", weight=0.3, dtype="float64")
    np.testing.assert_array_equal(penalty(codes, training=True), codes)
    wanted = 0.3 * np.abs(codes).sum() / 5
    assert [float(loss) for loss in penalty.losses] == pytest.approx([wanted])


def test_divergence_penalty():
    """The divergence of the units' mean activations from the target, summed."""
    codes = np.random.default_rng(0).random((5, 3))
    penalty = SparsityPenalty("kl", weight=0.3, target=0.2, dtype="float64")
    penalty(codes, training=True)
    found = codes.mean(axis=0)
    wanted = 0.3 * (rel_entr(0.2, found) + rel_entr(0.8, 1 - found)).sum()
    assert [float(loss) for loss in penalty.losses] == pytest.approx([wanted])


def test_divergence_penalty_is_nothing_at_the_target_and_finite_at_the_ends():
    """Units that are always or never on cost much, but not infinitely much."""
    penalty = SparsityPenalty("kl", weight=1.0, target=0.25, dtype="float64")
    penalty(np.full((4, 2), 0.25), training=True)
    assert float(penalty.losses[0]) == pytest.approx(0, abs=1e-12)
    penalty(np.array([[0.0, 1.0]]), training=True)
    assert 1 < float(penalty.losses[0]) < 100


def test_sparsity_penalty_acts_in_training_only():
    """Inference neither changes the code nor leaves a loss behind."""
    penalty = SparsityPenalty("l1", weight=1.0)
    codes = np.ones((2, 2), np.float32)
    np.testing.assert_array_equal(penalty(codes), codes)
    assert penalty.losses == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("l2", 1.0), 'kind must be "l1" or "kl", got \'l2\''),
        (("kl", 1.0, 1.0), "target must be between 0 and 1, got 1.0"),
    ],
)
def test_wrong_settings_are_refused(arguments, message):
    """Unknown kinds and impossible targets are named."""
    with pytest.raises(ValueError, match=message):
        SparsityPenalty(*arguments)
