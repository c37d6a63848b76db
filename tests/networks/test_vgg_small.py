"""The small network of three stages: sizes."""

import pytest

from skdeep.networks.costs import multiply_adds
from skdeep.networks.vgg_small import vgg_small

# image shape -> sizes of the maps in the three stages
MAPS = {
    (32, 32, 3): [(32, 32), (16, 16), (8, 8)],
    (8, 8, 1): [(8, 8), (4, 4), (2, 2)],
    (28, 28, 1): [(28, 28), (14, 14), (7, 7)],
    (1, 20, 1): [(1, 20), (1, 10), (1, 5)],
    (1, 1, 1): [(1, 1), (1, 1), (1, 1)],
}


def convolutions(model):
    """Return the convolutions, from the image on."""
    layers = model.get_layer("body").layers
    return [layer for layer in layers if layer.name.endswith("convolution")]


@pytest.mark.parametrize("shape", MAPS)
def test_stages_halve_the_maps(shape):
    """Two convolutions of 32, 64 and 128 filters see each size."""
    model = vgg_small(image_shape=shape, n_outputs=10)
    found = [tuple(layer.output.shape[1:]) for layer in convolutions(model)]
    assert found == [
        (*size, n_filters)
        for size, n_filters in zip(MAPS[shape], (32, 64, 128), strict=True)
        for _ in range(2)
    ]


def test_parameters_and_multiply_adds():
    """As the docstring says, and as counted by hand."""
    model = vgg_small(image_shape=(32, 32, 3), n_outputs=10)
    pairs = [(3, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    pixels = [32**2, 32**2, 16**2, 16**2, 8**2, 8**2]
    kernels = [9 * a * b for a, b in pairs]
    normalisations = sum(2 * b for _, b in pairs)
    trained = sum(v.value.shape.num_elements() for v in model.trainable_variables)
    assert trained == sum(kernels) + normalisations + 128 * 10 + 10 == 288_746
    by_hand = sum(n * k for n, k in zip(pixels, kernels, strict=True)) + 128 * 10
    assert multiply_adds(model) == by_hand == 38_634_752


def test_a_strip_needs_no_rows_of_kernels():
    """Along the axis of one pixel there is nothing to look at."""
    model = vgg_small(image_shape=(1, 20, 1), n_outputs=2)
    assert {layer.kernel_size for layer in convolutions(model)} == {(1, 3)}
