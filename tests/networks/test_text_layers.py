import keras
import numpy as np
import pytest

from skdeep.networks.text_layers import (
    AlignRight,
    MaskedPooling,
    MaskPositions,
    PaddingMask,
    SumOverTime,
    TokenDropout,
)

TOKEN_IDS = np.array([[2, 3, 4], [5, 0, 0], [0, 0, 0]], dtype=np.int32)


def test_padding_mask_is_true_at_tokens():
    """Only id 0 is padding."""
    np.testing.assert_array_equal(PaddingMask()(TOKEN_IDS), TOKEN_IDS != 0)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_masked_pooling_leaves_out_padding(dtype):
    """Maximum and mean run over the tokens; a row of padding alone gives zeros."""
    vectors = np.array(
        [[[-1.0], [-2.0], [-6.0]], [[-4.0], [9.0], [9.0]], [[7.0], [7.0], [7.0]]]
    )
    vectors = keras.ops.cast(vectors, dtype)
    pooled = MaskedPooling("max_mean", dtype=dtype)(vectors, TOKEN_IDS != 0)
    assert keras.backend.standardize_dtype(pooled.dtype) == dtype
    expected = [[-1.0, -3.0], [-4.0, -4.0], [0.0, 0.0]]
    np.testing.assert_allclose(keras.ops.cast(pooled, "float32"), expected)
    with pytest.raises(ValueError, match="pooling must be one of"):
        MaskedPooling("median")


def test_means_of_doubles_are_doubles():
    """Nothing is rounded on the way to a mean in double precision."""
    vectors = np.array([[[1.0], [1 + 1e-12]]])
    present = np.ones((1, 2), dtype=bool)
    mean = MaskedPooling("mean", dtype="float64")(vectors, present)
    np.testing.assert_allclose(mean, vectors.mean(axis=1), rtol=1e-15)


def test_masked_positions_are_zero():
    """Vectors at padded positions disappear, the others stay."""
    vectors = np.ones((3, 3, 2), dtype=np.float32)
    masked = np.asarray(MaskPositions()(vectors, TOKEN_IDS != 0))
    np.testing.assert_array_equal(masked[..., 0], TOKEN_IDS != 0)


def test_token_dropout_replaces_tokens_in_training_only():
    """About the given fraction of the tokens becomes unknown; padding never does."""
    layer = TokenDropout(0.25)
    token_ids = np.full((100, 100), 7, dtype=np.int32)
    token_ids[:, 60:] = 0
    np.testing.assert_array_equal(layer(token_ids), token_ids)
    dropped = np.asarray(layer(token_ids, training=True))
    assert not dropped[:, 60:].any()
    assert set(np.unique(dropped[:, :60])) == {1, 7}
    assert abs(np.mean(dropped[:, :60] == 1) - 0.25) < 0.03
    again = np.asarray(layer(token_ids, training=True))
    assert np.any(dropped != again)


def test_rows_are_aligned_right_and_cut_on_the_left():
    """The last tokens of each row end at the right edge."""
    expected = [[3, 4], [0, 5], [0, 0]]
    np.testing.assert_array_equal(AlignRight(2)(TOKEN_IDS), expected)
    wider = [[0, 0, 2, 3, 4], [0, 0, 0, 0, 5], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(AlignRight(5)(TOKEN_IDS), wider)


def test_sum_over_time_adds_positions():
    """Every position counts."""
    sums = SumOverTime()(np.ones((2, 5, 3), dtype=np.float32))
    np.testing.assert_array_equal(sums, np.full((2, 3), 5.0))


@pytest.mark.parametrize(
    "layer",
    [
        AlignRight(4, name="aligned"),
        MaskedPooling("mean", name="pooling"),
        TokenDropout(0.3, unknown_id=2, name="dropout"),
    ],
    ids=lambda layer: layer.name,
)
def test_layers_survive_serialisation(layer):
    """A layer's configuration holds all of its arguments."""
    copied = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert copied.get_config() == layer.get_config()
