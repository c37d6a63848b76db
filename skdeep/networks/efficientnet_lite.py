"""EfficientNet-Lite: small networks for images, as their authors trained them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from skdeep.networks.sizes import checked_image_shape, positive_integer

__all__ = ["efficientnet_lite", "efficientnet_lite_weights"]

# Width and depth relative to Lite0.
VARIANTS = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
_N_STEM, _N_HEAD = 32, 1280
# Repeats, kernel, stride of the first, expansion and feature maps of each stage.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_EPSILON, _MOMENTUM = 1e-3, 0.99
# What the layers of a block, and around the blocks, are called in PyTorch's files.
_NAMES_OF_BLOCK = {
    "expansion_convolution": "_expand_conv",
    "expansion_normalization": "_bn0",
    "depthwise_convolution": "_depthwise_conv",
    "depthwise_normalization": "_bn1",
    "projection_convolution": "_project_conv",
    "projection_normalization": "_bn2",
}
_NAMES = {
    "stem_convolution": "_conv_stem",
    "stem_normalization": "_bn0",
    "head_convolution": "_conv_head",
    "head_normalization": "_bn1",
    "logits": "_fc",
}


def efficientnet_lite(
    *,
    image_shape: Sequence[int],
    variant: str = "lite0",
    n_outputs: int | None = 1000,
) -> keras.Model:
    """Build an EfficientNet-Lite, with random weights.

    A 3x3 convolution of stride 2, then inverted residual blocks in seven stages (1x1
    convolution to six times the maps, depthwise convolution, 1x1 convolution back),
    of which four halve the image, then a 1x1 convolution to 1,280 maps. Every
    convolution has no bias and is followed by batch normalisation and, except at the
    end of a block, by a rectifier cut off at 6. Unlike EfficientNet it has neither
    squeeze-and-excitation nor swish, which makes it fast on processors [1]_.

    Parameters, in millions, with the layer of 1,000 classes; multiply-adds, in
    millions, at 96 x 96 pixels; and the height and width that it was trained at:

    ======= ========== ============= ==========
    variant parameters multiply-adds trained at
    ======= ========== ============= ==========
    lite0   4.7        71            224
    lite1   5.5        92            240
    lite2   6.2        106           260
    ======= ========== ============= ==========

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels of one image. The pretrained weights are for three
        channels, red, green and blue, from 0 to 255, of which 127 is subtracted
        before they are divided by 128.
    variant : {"lite0", "lite1", "lite2"}, default="lite0"
        How wide and deep the network is.
    n_outputs : int or None, default=1000
        Number of logits. None leaves out the mean over the image and the last layer:
        the output is then a map of shape (height / 32, width / 32, 1280), rounded up.

    Returns
    -------
    keras.Model
        Uncompiled model, float32. Dropout and the random omission of blocks in the
        original training are left out.

    Raises
    ------
    ValueError
        If a size or the variant cannot be used.

    References
    ----------
    .. [1] Tan, M. & Le, Q. V. (2019). EfficientNet: rethinking model scaling for
       convolutional neural networks. :doi:`10.48550/arXiv.1905.11946`

    Examples
    --------
    >>> from skdeep.networks import efficientnet_lite
    >>> model = efficientnet_lite(image_shape=(32, 32, 3), n_outputs=None)
    >>> model.output_shape
    (None, 1, 1, 1280)
    """
    shape = checked_image_shape(image_shape)
    if variant not in VARIANTS:
        raise ValueError(
            f"variant must be one of {', '.join(map(repr, VARIANTS))}, got {variant!r}."
        )
    width, depth = VARIANTS[variant]
    image = keras.Input(shape, name="image")
    x: Any = layers.Conv2D(
        _N_STEM, 3, 2, padding="same", use_bias=False, name="stem_convolution"
    )(image)
    x = _normalized(x, "stem")
    number, last = 0, len(_STAGES) - 1
    for stage, (repeats, kernel, stride, expansion, n_maps) in enumerate(_STAGES):
        # The ends of the network are the same in all variants, except in width.
        if stage not in (0, last):
            repeats = math.ceil(repeats * depth)
        for repeat in range(repeats):
            x = _block(
                x,
                f"block_{number}",
                kernel=kernel,
                stride=stride if repeat == 0 else 1,
                expansion=expansion,
                n_maps=_rounded(n_maps * width),
            )
            number += 1
    x = layers.Conv2D(_N_HEAD, 1, use_bias=False, name="head_convolution")(x)
    x = _normalized(x, "head")
    if n_outputs is not None:
        x = layers.GlobalAveragePooling2D(name="mean")(x)
        x = layers.Dense(positive_integer(n_outputs, "n_outputs"), name="logits")(x)
    return keras.Model(image, x, name=f"efficientnet_{variant}")


def efficientnet_lite_weights(
    model: keras.Model, tensors: Mapping[str, np.ndarray]
) -> list[np.ndarray]:
    """Arrange weights that were trained in PyTorch for a model.

    Parameters
    ----------
    model : keras.Model
        What `efficientnet_lite` returned.
    tensors : mapping of str to ndarray
        PyTorch's tensors by their names, such as "_conv_stem.weight". Those of the
        classes are not used where the model ends before them.

    Returns
    -------
    weights : list of ndarray of float32
        In the order of `keras.Model.weights`.

    Raises
    ------
    ValueError
        If tensors are missing, left over or of other shapes.
    """
    unused = {name for name in tensors if not name.endswith("num_batches_tracked")}
    weights = []
    for layer in model.layers:
        if not layer.weights:
            continue
        name = _name_in_pytorch(layer.name)
        for variable, suffix, axes in _parts(layer):
            tensor = tensors.get(f"{name}.{suffix}")
            if tensor is None:
                raise ValueError(
                    f"The weights lack {name}.{suffix}, so they are not those of "
                    f"{model.name}. Pass a file of that network."
                )
            unused.discard(f"{name}.{suffix}")
            array = tensor.transpose(axes) if tensor.ndim == len(axes) else tensor
            if array.shape != tuple(variable.shape):
                raise ValueError(
                    f"{name}.{suffix} has shape {tensor.shape}, which does not fit "
                    f"{model.name}. Pass a file of that network."
                )
            weights.append(np.ascontiguousarray(array, dtype=np.float32))
    unused -= {"_fc.weight", "_fc.bias"}
    if unused:
        raise ValueError(
            f"The weights have {min(unused)} and {len(unused) - 1} other tensors that "
            f"{model.name} does not have. Pass a file of that network."
        )
    return weights


def _rounded(n_maps: float, divisor: int = 8) -> int:
    """Round a number of feature maps to a multiple of 8, by at most a tenth down."""
    rounded = max(divisor, int(n_maps + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * n_maps else rounded


def _normalized(x: Any, name: str, *, rectified: bool = True) -> Any:
    x = layers.BatchNormalization(
        momentum=_MOMENTUM, epsilon=_EPSILON, name=f"{name}_normalization"
    )(x)
    return layers.ReLU(6.0, name=f"{name}_activation")(x) if rectified else x


def _block(
    x: Any, name: str, *, kernel: int, stride: int, expansion: int, n_maps: int
) -> Any:
    shortcut, n_inputs = x, x.shape[-1]
    if expansion != 1:
        part = f"{name}_expansion"
        x = layers.Conv2D(
            n_inputs * expansion, 1, use_bias=False, name=f"{part}_convolution"
        )(x)
        x = _normalized(x, part)
    part = f"{name}_depthwise"
    x = layers.DepthwiseConv2D(
        kernel, stride, padding="same", use_bias=False, name=f"{part}_convolution"
    )(x)
    x = _normalized(x, part)
    part = f"{name}_projection"
    x = layers.Conv2D(n_maps, 1, use_bias=False, name=f"{part}_convolution")(x)
    x = _normalized(x, part, rectified=False)
    if stride == 1 and n_inputs == n_maps:
        x = layers.Add(name=f"{name}_sum")([x, shortcut])
    return x


def _name_in_pytorch(name: str) -> str:
    if not name.startswith("block_"):
        return _NAMES[name]
    _, number, part = name.split("_", 2)
    return f"_blocks.{number}.{_NAMES_OF_BLOCK[part]}"


def _parts(layer: layers.Layer) -> list[tuple[Any, str, tuple[int, ...]]]:
    """Return variables, names of the tensors, and how to order the tensors' axes."""
    if isinstance(layer, layers.BatchNormalization):
        suffixes = ("weight", "bias", "running_mean", "running_var")
        return [(v, s, (0,)) for v, s in zip(layer.weights, suffixes, strict=True)]
    if isinstance(layer, layers.Dense):
        return [(layer.kernel, "weight", (1, 0)), (layer.bias, "bias", (0,))]
    # One filter for each input, or every input in each filter.
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    axes = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
    return [(layer.kernel, "weight", axes)]
