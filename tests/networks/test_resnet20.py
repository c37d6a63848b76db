"""The residual network: sizes, and blocks against a slow reference."""

import keras
import numpy as np
import pytest

from skdeep.networks.costs import multiply_adds
from skdeep.networks.resnet20 import WideningShortcut, resnet20


def test_parameters_and_multiply_adds():
    """0.27 million of the one, as in the paper, and 40.6 of the other."""
    model = resnet20(image_shape=(32, 32, 3), n_outputs=10)
    trained = sum(v.value.shape.num_elements() for v in model.trainable_variables)
    kernels = [
        9 * 3 * 16 + 6 * 9 * 16 * 16,
        9 * 16 * 32 + 5 * 9 * 32 * 32,
        9 * 32 * 64 + 5 * 9 * 64 * 64,
    ]
    normalisations = 2 * (7 * 16 + 6 * 32 + 6 * 64)
    assert trained == sum(kernels) + normalisations + 64 * 10 + 10 == 269_722
    by_hand = 1024 * kernels[0] + 256 * kernels[1] + 64 * kernels[2] + 640
    assert multiply_adds(model) == by_hand == 40_551_040


def test_there_are_twenty_layers_with_kernels():
    """Nineteen convolutions and a dense one."""
    layers = resnet20(image_shape=(32, 32, 3), n_outputs=10).get_layer("body").layers
    assert sum(hasattr(layer, "kernel") for layer in layers) == 20


@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (1, 2)])
@pytest.mark.parametrize("size", [(5, 6), (4, 1), (1, 1)])
def test_shortcut(strides, size):
    """Every n-th pixel from the first, then channels of zeros."""
    maps = np.random.default_rng(0).random((2, *size, 3), dtype="float32")
    layer = WideningShortcut(strides, 5)
    out = np.asarray(layer(maps))
    np.testing.assert_array_equal(out[..., :3], maps[:, :: strides[0], :: strides[1]])
    assert not out[..., 3:].any()
    assert layer.compute_output_shape(maps.shape) == out.shape
    again = WideningShortcut.from_config(layer.get_config())
    np.testing.assert_array_equal(again(maps), out)


def test_convolutions_look_at_the_pixels_of_the_shortcut():
    """A kernel that copies its middle gives what the shortcut gives."""
    model = resnet20(image_shape=(9, 8, 1), n_outputs=2)
    body = model.get_layer("body")
    maps = np.random.default_rng(0).random((1, 9, 8, 16), dtype="float32")
    convolution = body.get_layer("block_2_1_1_convolution")
    kernel = np.zeros(convolution.kernel.shape)
    kernel[1, 1, :, :16] = np.eye(16)
    convolution.set_weights([kernel])
    padded = body.get_layer("block_2_1_1_padding")(maps)
    shortcut = body.get_layer("block_2_1_shortcut")(maps)
    np.testing.assert_array_equal(convolution(padded), shortcut)


def test_blocks_of_zeros_hand_on_their_input():
    """With convolutions of zero only the shortcuts are left."""
    model = resnet20(image_shape=(8, 8, 1), n_outputs=2)
    body = model.get_layer("body")
    for layer in body.layers:
        if layer.name.startswith("block") and layer.name.endswith("convolution"):
            layer.set_weights([np.zeros(layer.kernel.shape)])
    first = keras.Model(body.input, body.get_layer("first_activation").output)
    last = keras.Model(body.input, body.get_layer("block_3_3_activation").output)
    image = np.random.default_rng(0).random((2, 8, 8, 1), dtype="float32")
    out = np.asarray(last(image))
    np.testing.assert_array_equal(out[..., :16], first(image)[:, ::4, ::4])
    assert not out[..., 16:].any()
