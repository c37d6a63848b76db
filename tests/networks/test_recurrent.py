import keras
import numpy as np
import pytest

from skdeep.networks.recurrent import recurrent_classifier

SIZES = {"vocabulary_size": 20, "n_outputs": 1, "units": 4, "embedding_size": 3}
# Keras 3.15 turns its variables into arrays in a way that NumPy 2.4 deprecates.
KERAS_SAVES_WITH_A_WARNING = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
TOKEN_IDS = np.array([[2, 3, 4, 5, 6], [7, 1, 0, 0, 0]], dtype=np.int32)


@pytest.mark.parametrize(
    ("settings", "output_size", "n_parameters"),
    [
        # Embedding 60; LSTM 4 gates of (3 + 4 + 1) * 4, twice; 16 pooled + bias.
        ({}, 1, 60 + 2 * 128 + 17),
        ({"n_outputs": 3}, 3, 60 + 2 * 128 + 51),
        ({"bidirectional": False}, 1, 60 + 128 + 9),
        ({"pooling": "max"}, 1, 60 + 2 * 128 + 9),
        ({"pooling": "mean"}, 1, 60 + 2 * 128 + 9),
        ({"pooling": "last"}, 1, 60 + 2 * 128 + 9),
        # Keras' GRU has a bias for the input and one for the state.
        ({"cell": "gru"}, 1, 60 + 2 * 3 * (3 + 4 + 2) * 4 + 17),
        ({"cell": "simple"}, 1, 60 + 2 * (3 + 4 + 1) * 4 + 17),
        ({"n_layers": 2}, 1, 60 + 2 * 128 + 2 * 4 * (8 + 4 + 1) * 4 + 17),
    ],
)
def test_sizes(settings, output_size, n_parameters):
    """Output shape and number of parameters follow from the sizes."""
    model = recurrent_classifier(**{**SIZES, **settings})
    assert model.output_shape == (None, output_size)
    assert model.count_params() == n_parameters
    assert model.input.name == "token_ids"
    assert model.input.dtype == "int32"


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
@pytest.mark.parametrize("pooling", ["max_mean", "last"])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_padding_does_not_change_the_logits(cell, pooling, n_layers):
    """A row gives the same logits alone as in a wider batch."""
    model = recurrent_classifier(**SIZES, cell=cell, pooling=pooling, n_layers=n_layers)
    together = np.asarray(model(TOKEN_IDS))
    wider = np.asarray(model(np.pad(TOKEN_IDS, ((0, 0), (0, 6)))))
    alone = np.asarray(model(TOKEN_IDS[1:, :2]))
    np.testing.assert_allclose(wider, together, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(alone, together[1:], rtol=1e-5, atol=1e-6)
    assert together[0] != together[1]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("float64", "float64"), ("mixed_bfloat16", "float32")],
)
def test_precision_of_the_logits(policy, expected):
    """They are as precise as the weights, whatever is computed with before."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = recurrent_classifier(**SIZES)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.output.dtype == expected
    assert {v.dtype for v in model.weights} == {expected}


def test_layers_are_named_and_the_model_survives_its_configuration():
    """Names are ours, not counters; a rebuilt model computes the same."""
    model = recurrent_classifier(**SIZES, n_layers=2)
    assert [layer.name for layer in model.layers] == [
        "token_ids",
        "token_dropout",
        "embedding",
        "embedding_dropout",
        "padding_mask",
        "bidirectional_lstm_1",
        "bidirectional_lstm_2",
        "pooling",
        "pooled_dropout",
        "logits",
    ]
    rebuilt = keras.Model.from_config(model.get_config())
    rebuilt.set_weights(model.get_weights())
    np.testing.assert_array_equal(rebuilt(TOKEN_IDS), model(TOKEN_IDS))


@KERAS_SAVES_WITH_A_WARNING
def test_model_file_round_trip(tmp_path):
    """The Keras file format needs nothing but the package."""
    model = recurrent_classifier(**SIZES, cell="gru")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(TOKEN_IDS), model(TOKEN_IDS))


def test_unknown_cell_and_pooling_are_refused():
    """The message lists what exists."""
    with pytest.raises(ValueError, match=r"cell must be one of \('lstm', 'gru'"):
        recurrent_classifier(**SIZES, cell="elman")
    with pytest.raises(ValueError, match="pooling must be one of"):
        recurrent_classifier(**SIZES, pooling="first")
