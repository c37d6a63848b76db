"""The convolutional network whose code leads to the classes: shapes, sizes."""

import keras
import numpy as np
import pytest

from skdeep.networks.hashing_cnn import hashing_cnn

# image shape -> shape of the last feature map of two stages
LAST_MAP = {
    (1, 1, 1): (1, 1),
    (1, 4, 1): (1, 1),
    (1, 20, 1): (1, 5),
    (3, 1, 2): (1, 1),
    (7, 5, 1): (1, 1),
    (8, 8, 1): (2, 2),
    (32, 32, 3): (8, 8),
}


def images(shape, n=3):
    """Return a few images of uniform noise."""
    return np.random.default_rng(0).random((n, *shape), dtype="float32")


def stage(n_in, n_out):
    """Return how many parameters a stage has: kernels, and four of a channel."""
    return 9 * n_in * n_out + 9 * n_out * n_out + 2 * 4 * n_out


@pytest.mark.parametrize("shape", LAST_MAP)
@pytest.mark.parametrize("n_outputs", [1, 10])
def test_shapes_and_numbers_of_parameters(shape, n_outputs):
    """Codes, logits and feature maps have the promised shapes at every size."""
    model = hashing_cnn(
        image_shape=shape, n_bits=5, n_outputs=n_outputs, filters=(4, 6)
    )
    encoder = model.get_layer("encoder")
    assert encoder(images(shape)).shape == (3, 5)
    assert model(images(shape)).shape == (3, n_outputs)
    last = encoder.get_layer("mean").input.shape
    assert tuple(last[1:3]) == LAST_MAP[shape]
    assert encoder.count_params() == stage(shape[-1], 4) + stage(4, 6) + 6 * 5 + 5
    assert model.count_params() == encoder.count_params() + 6 * n_outputs


def test_the_classes_see_the_code_alone():
    """Logits are an affine function of the code probabilities."""
    model = hashing_cnn(image_shape=(8, 8, 1), n_bits=5, n_outputs=3, filters=(4,))
    code = np.asarray(model.get_layer("encoder")(images((8, 8, 1))))
    assert np.all((code > 0) & (code < 1))
    kernel, bias = model.get_layer("logits").get_weights()
    logits = np.asarray(model(images((8, 8, 1))))
    np.testing.assert_allclose(logits, code @ kernel + bias, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("setting", "layer"),
    [
        ({"mirror": True}, "mirror"),
        ({"shift": 2}, "shift"),
        ({"dropout": 0.5}, "dropout"),
        ({"noise_scale": 2.0}, "noise"),
    ],
)
def test_randomness_acts_in_training_only(setting, layer):
    """Each setting adds its layer, without weights, and inference ignores it."""
    off = {"mirror": False, "shift": 0, "dropout": 0.0, "noise_scale": 0.0}
    sizes = {"image_shape": (8, 8, 1), "n_bits": 5, "n_outputs": 3, "filters": (4,)}
    plain = hashing_cnn(**sizes, **off)
    model = hashing_cnn(**sizes, **(off | setting))
    names = [inner.name for inner in model.get_layer("encoder").layers]
    assert layer in names
    assert layer not in [inner.name for inner in plain.get_layer("encoder").layers]
    model.set_weights(plain.get_weights())
    rows = images((8, 8, 1), 8)
    np.testing.assert_array_equal(model(rows), plain(rows))
    trained = np.asarray(model(rows, training=True))
    assert np.abs(trained - np.asarray(plain(rows, training=True))).max() > 1e-4


def test_everything_but_the_convolutions_is_single_precision():
    """In half precision the code and the logits are still float32."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = hashing_cnn(image_shape=(4, 4, 1), n_bits=2, n_outputs=3, filters=(2,))
    finally:
        keras.config.set_dtype_policy(policy)
    encoder = model.get_layer("encoder")
    for tensor in (encoder.output, model.output):
        assert keras.backend.standardize_dtype(tensor.dtype) == "float32"
    convolution = encoder.get_layer("stage_1_1_convolution")
    assert convolution.compute_dtype == "bfloat16"


def test_layer_names_do_not_depend_on_what_was_built_before():
    """Two equal calls give equal configurations, down to every name."""
    first, second = (
        hashing_cnn(image_shape=(8, 8, 1), n_bits=2, n_outputs=3).to_json()
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("wrong", [0, -1, 2.5])
def test_numbers_of_bits_are_checked(wrong):
    """A code has a whole number of bits."""
    with pytest.raises(ValueError, match="n_bits"):
        hashing_cnn(image_shape=(3, 3, 1), n_bits=wrong, n_outputs=2)
