"""The dense layer that shares another one's kernel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdeep.networks.transposed_dense import TransposedDense


def tied_and_untied():
    """Return a tied autoencoder and a free one that computes the same."""
    models = []
    for tied in (True, False):
        image = keras.Input((5,), name="image")
        dense = keras.layers.Dense(3, activation="tanh", name="code")
        code = dense(image)
        if tied:
            back = TransposedDense(dense, name="reconstruction")
        else:
            back = keras.layers.Dense(5, name="reconstruction")
        models.append(keras.Model(image, back(code)))
    tied, free = models
    generator = np.random.default_rng(0)
    kernel, bias, own = (generator.normal(size=s) for s in [(5, 3), (3,), (5,)])
    tied.set_weights([kernel, bias, own])
    free.set_weights([kernel, bias, kernel.T, own])
    return tied, free


@pytest.fixture
def rows():
    """A batch of noise."""
    return np.random.default_rng(1).normal(size=(7, 5)).astype(np.float32)


def gradients(model, rows):
    """Return the gradients of the squared error of the reconstructions."""
    with tf.GradientTape() as tape:
        loss = keras.ops.sum(keras.ops.square(model(rows) - rows))
    return tape.gradient(loss, [v.value for v in model.trainable_variables])


def test_it_computes_with_the_transposed_kernel(rows):
    """A free network with the transposed kernel gives the same numbers."""
    tied, free = tied_and_untied()
    np.testing.assert_allclose(tied(rows), free(rows), rtol=1e-6)


def test_there_is_one_kernel():
    """Both layers hold the same variable, and the network counts it once."""
    tied, free = tied_and_untied()
    assert tied.get_layer("reconstruction").kernel is tied.get_layer("code").kernel
    assert tied.count_params() == 5 * 3 + 3 + 5
    assert free.count_params() == 2 * 5 * 3 + 3 + 5
    assert [v.path for v in tied.weights] == [
        "code/kernel",
        "code/bias",
        "reconstruction/bias",
    ]


def test_the_gradient_is_the_sum_over_both_places(rows):
    """What the free network's two kernels get, the shared one gets together."""
    tied, free = tied_and_untied()
    kernel, bias, own = gradients(tied, rows)
    encoding, free_bias, decoding, free_own = gradients(free, rows)
    np.testing.assert_allclose(
        kernel, encoding + tf.transpose(decoding), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(bias, free_bias, rtol=1e-4)
    np.testing.assert_allclose(own, free_own, rtol=1e-4)


def test_it_runs_alone_on_other_values(rows):
    """A part that holds this layer only takes its kernel from the caller."""
    tied, _ = tied_and_untied()
    code = keras.Input((3,))
    decoder = keras.Model(code, tied.get_layer("reconstruction")(code))
    generator = np.random.default_rng(2)
    kernel, bias = generator.normal(size=(5, 3)), generator.normal(size=5)
    found, _ = decoder.stateless_call(
        [tf.constant(kernel, tf.float32), tf.constant(bias, tf.float32)],
        [],
        rows[:, 2:],
    )
    wanted = rows[:, 2:] @ kernel.T + bias
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


# Keras 3.15 reads variables in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_saved_network_is_tied_when_it_is_loaded(rows, tmp_path):
    """Saving keeps the numbers and the fact that two layers share a kernel."""
    tied, _ = tied_and_untied()
    tied.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(tied(rows), loaded(rows))
    assert loaded.get_layer("reconstruction").kernel is loaded.get_layer("code").kernel
    assert len(loaded.weights) == 3


def test_a_copy_of_the_configuration_is_not_silently_untied():
    """Where it cannot be known what is shared, there is an error, not a free kernel."""
    tied, _ = tied_and_untied()
    with pytest.raises(ValueError, match="save and load it instead"):
        keras.models.clone_model(tied)


def test_a_source_without_kernel_is_refused():
    """The layer that is shared must have been called first."""
    layer = TransposedDense(keras.layers.Dense(3, name="later"), name="early")
    with pytest.raises(ValueError, match="'later' that 'early' refers to"):
        layer(np.zeros((1, 3)))


def test_a_source_that_is_not_dense_is_refused():
    """Only dense layers have a kernel of the right shape."""
    with pytest.raises(TypeError, match=r"source must be a keras\.layers\.Dense"):
        TransposedDense(keras.layers.Flatten())
