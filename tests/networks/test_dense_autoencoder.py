"""The autoencoder of dense layers."""

import itertools
import json
import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.networks.dense_autoencoder import dense_autoencoder

SHAPE = (4, 3, 2)
# Keras 3.15 reads variables in a way that NumPy 2 warns of.
KERAS_SAVES_WITH_A_WARNING = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)


def images(shape=SHAPE, n=3):
    """Return a few images of uniform noise."""
    return np.random.default_rng(0).random((n, *shape), dtype="float32")


def parts(model):
    """Return the encoder and the decoder of an autoencoder."""
    return model.get_layer("encoder"), model.get_layer("decoder")


def by_hand(rows, weights, sizes, activation):
    """Return the reconstructions of a tied network from its list of weights."""
    values, kernels = rows.reshape(len(rows), -1), weights[: 2 * len(sizes) : 2]
    encoding, decoding = weights[1 : 2 * len(sizes) : 2], weights[2 * len(sizes) :]
    for place, (kernel, bias) in enumerate(zip(kernels, encoding, strict=True)):
        values = values @ kernel + bias
        values = activation(values) if place < len(sizes) - 1 else values
    for place, (kernel, bias) in enumerate(zip(kernels[::-1], decoding, strict=True)):
        values = values @ kernel.T + bias
        values = activation(values) if place < len(sizes) - 1 else values
    return values.reshape(rows.shape)


@pytest.mark.parametrize("tied_weights", [True, False])
@pytest.mark.parametrize("hidden", [(), (7,), (7, 6)])
def test_shapes(hidden, tied_weights):
    """Images, codes and reconstructions have the promised shapes and types."""
    model = dense_autoencoder(
        image_shape=SHAPE,
        n_components=5,
        hidden_layer_sizes=hidden,
        tied_weights=tied_weights,
    )
    encoder, decoder = parts(model)
    code = encoder(images())
    output = decoder(code)
    assert (code.shape, output.shape) == ((3, 5), (3, *SHAPE))
    assert keras.backend.standardize_dtype(output.dtype) == "float32"
    np.testing.assert_array_equal(output, model(images()))


@settings(max_examples=20, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3)),
    hidden=st.lists(st.integers(1, 6), max_size=3),
    n_components=st.integers(1, 40),
)
def test_number_of_parameters(shape, hidden, n_components):
    """Tied: every kernel once and both sets of biases; untied: every kernel twice."""
    sizes = [math.prod(shape), *hidden, n_components]
    kernels = sum(a * b for a, b in itertools.pairwise(sizes))
    biases = sum(sizes[1:]) + sum(sizes[:-1])
    for tied_weights, times in ((True, 1), (False, 2)):
        model = dense_autoencoder(
            image_shape=shape,
            n_components=n_components,
            hidden_layer_sizes=hidden,
            tied_weights=tied_weights,
        )
        assert model.count_params() == times * kernels + biases
        assert len(model.trainable_variables) == (2 + times) * (len(hidden) + 1)


@pytest.mark.parametrize("hidden", [(), (7,), (7, 6)])
def test_a_tied_network_by_hand(hidden):
    """Plain NumPy on the list of weights gives the network's numbers."""
    model = dense_autoencoder(
        image_shape=SHAPE,
        n_components=5,
        hidden_layer_sizes=hidden,
        activation="tanh",
        tied_weights=True,
    )
    generator = np.random.default_rng(0)
    weights = [0.3 * generator.normal(size=w.shape) for w in model.weights]
    model.set_weights(weights)
    wanted = by_hand(images(), weights, [*hidden, 5], np.tanh)
    np.testing.assert_allclose(model(images()), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("penalised", [False, True])
def test_order_of_the_weights(penalised):
    """Encoder from image to code, then decoder back, whatever is charged for."""
    penalties = {"sparsity": "l1", "contractive": 0.1} if penalised else {}
    model = dense_autoencoder(
        image_shape=SHAPE,
        n_components=5,
        hidden_layer_sizes=(7, 6),
        **penalties,
    )
    layers = [v.path.split("/")[0] for v in model.weights[::2]]
    assert layers == [
        "hidden_1",
        "hidden_2",
        "code",
        "mirrored_code",
        "mirrored_hidden_2",
        "reconstruction",
    ]


def test_activations():
    """Each activation stands where its parameter says."""
    model = dense_autoencoder(
        image_shape=SHAPE,
        n_components=5,
        hidden_layer_sizes=(7,),
        activation="relu",
        code_activation="sigmoid",
        output_activation="tanh",
    )
    found = {
        layer.name: layer.activation.__name__
        for part in parts(model)
        for layer in part.layers
        if isinstance(layer, keras.layers.Activation)
    }
    assert found == {
        "hidden_1_activation": "relu",
        "code_activation": "sigmoid",
        "mirrored_code_activation": "relu",
        "reconstruction_activation": "tanh",
    }


def test_code_and_output_are_linear_by_default():
    """Neither the code nor the reconstruction is squeezed into a range."""
    encoder, decoder = parts(dense_autoencoder(image_shape=SHAPE, n_components=5))
    assert encoder.layers[-1].name == "code"
    assert [layer.name for layer in decoder.layers[-2:]] == ["reconstruction", "image"]


def test_penalties_are_losses_in_training():
    """Both penalties reach the model's losses, and only in training."""
    model = dense_autoencoder(
        image_shape=SHAPE,
        n_components=5,
        code_activation="sigmoid",
        sparsity="kl",
        contractive=0.1,
    )
    model(images())
    assert model.losses == []
    model(images(), training=True)
    assert len(model.losses) == 2
    assert all(float(loss) > 0 for loss in model.losses)


def test_layer_names_do_not_depend_on_what_was_built_before():
    """Two equal calls give equal configurations, down to every name."""
    first, second = (
        dense_autoencoder(image_shape=SHAPE, n_components=4) for _ in range(2)
    )
    assert first.to_json() == second.to_json()


def test_configuration_round_trip():
    """An untied model rebuilt from its JSON configuration computes the same."""
    model = dense_autoencoder(image_shape=SHAPE, n_components=4, sparsity="l1")
    again = keras.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(model(images()), again(images()))
    assert json.loads(again.to_json()) == json.loads(model.to_json())


@KERAS_SAVES_WITH_A_WARNING
def test_saving(tmp_path):
    """A saved model has its ties and penalties again when it is loaded."""
    model = dense_autoencoder(
        image_shape=SHAPE,
        n_components=4,
        tied_weights=True,
        contractive=0.1,
        sparsity="l1",
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.count_params() == model.count_params()
    outputs = [m(images(), training=True) for m in (model, loaded)]
    np.testing.assert_array_equal(*outputs)
    losses = [[float(loss) for loss in m.losses] for m in (model, loaded)]
    assert losses[0] == losses[1]


def test_mixed_precision_keeps_code_and_output_in_float32():
    """Half precision inside, full precision where users read numbers."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = dense_autoencoder(
            image_shape=SHAPE, n_components=3, tied_weights=True, contractive=0.1
        )
        model(images(), training=True)
    finally:
        keras.config.set_dtype_policy(before)
    encoder, decoder = parts(model)
    assert encoder.get_layer("hidden_1").compute_dtype == "bfloat16"
    assert decoder.get_layer("mirrored_code").compute_dtype == "bfloat16"
    assert encoder.output.dtype == decoder.output.dtype == "float32"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_shape": (8, 8)}, "three are needed"),
        ({"n_components": 0}, "n_components must be an integer of at least 1, got 0"),
        ({"n_components": None}, "n_components must be an integer"),
        ({"hidden_layer_sizes": (8, 2.5)}, "every entry of hidden_layer_sizes"),
        ({"sparsity": "kl"}, "must lie between 0 and 1, but code_activation='linear'"),
        ({"sparsity": "l2"}, 'kind must be "l1" or "kl"'),
        ({"contractive": 1.0, "activation": "relu6"}, "derivative of the activation"),
    ],
)
def test_wrong_settings_are_named(changes, message):
    """A setting that makes no sense is refused with its name and value."""
    with pytest.raises(ValueError, match=message):
        dense_autoencoder(**{"image_shape": (8, 8, 1), "n_components": 2, **changes})
