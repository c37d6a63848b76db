"""Frozen networks whose maps serve as features of images."""

import inspect
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from keras import layers

from skdeep.networks.efficientnet_lite import VARIANTS, efficientnet_lite
from skdeep.networks.graphs import calls_of
from skdeep.networks.linear_head import linear_head
from skdeep.networks.model_descriptions import model_of
from skdeep.networks.sizes import checked_image_shape

__all__ = ["backbone_classifier", "backbone_features"]

LITE = tuple(f"efficientnet_{variant}" for variant in VARIANTS)
# Height and width that the networks were trained at, where they are not 224.
_SIZES = {
    "efficientnet_lite1": 240,
    "efficientnet_lite2": 260,
    "efficientnetb1": 240,
    "efficientnetb2": 260,
    "efficientnetb3": 300,
    "efficientnetb4": 380,
    "efficientnetb5": 456,
    "efficientnetb6": 528,
    "efficientnetb7": 600,
    "efficientnetv2b1": 240,
    "efficientnetv2b2": 260,
    "efficientnetv2b3": 300,
    "efficientnetv2s": 384,
    "efficientnetv2m": 480,
    "efficientnetv2l": 480,
    "inceptionresnetv2": 299,
    "inceptionv3": 299,
    "nasnetlarge": 331,
    "xception": 299,
}
_USUAL_SIZE = 224
# What changes the size of a map without computing anything.
_BORDERS = {"Cropping2D", "GetItem", "Pad", "ZeroPadding2D"}


def _applications() -> dict[str, Callable[..., keras.Model]]:
    """Return the constructors of Keras' networks by their names in small letters."""
    members = vars(keras.applications).items()
    return {
        name.lower(): member
        for name, member in members
        if name[0].isupper() and callable(member)
    }


def canonical_name(name: str) -> str:
    """Return the one spelling of a network's name.

    Parameters
    ----------
    name : str
        "efficientnet_lite0", or a network of `keras.applications` as Keras spells it
        ("MobileNetV2") or with small letters and underscores ("mobilenet_v2").

    Returns
    -------
    name : str

    Raises
    ------
    ValueError
        If there is no such network.
    """
    if name.lower() in LITE:
        return name.lower()
    spelled = name.lower().replace("_", "").replace("-", "")
    applications = _applications()
    if spelled not in applications:
        names = sorted(function.__name__ for function in applications.values())
        raise ValueError(
            f"backbone={name!r} is not a network that is known. Use one of "
            f"{', '.join(LITE)}, {', '.join(names)}, or a keras.Model."
        )
    return spelled


def trained_size(name: str) -> int:
    """Return the height and width, in pixels, that a network was trained at."""
    return _SIZES.get(name, _USUAL_SIZE)


def build_backbone(name: str, size: Sequence[int], weights: str | None) -> keras.Model:
    """Build a named network without its classes.

    Parameters
    ----------
    name : str
        As `canonical_name` returns it.
    size : sequence of 2 int
        Height and width of the images.
    weights : str or None
        Weights for a network of `keras.applications`: "imagenet" or a path. None
        draws them.

    Returns
    -------
    keras.Model
        From what `preprocess` makes of images to a map.
    """
    shape = (*map(int, size), 3)
    if name in LITE:
        variant = name.removeprefix("efficientnet_")
        return efficientnet_lite(image_shape=shape, variant=variant, n_outputs=None)
    constructor = _applications()[name]
    return constructor(include_top=False, weights=weights, input_shape=shape)


def keras_weights(model: keras.Model) -> list[np.ndarray]:
    """Return the weights of one of Keras' networks, for the same without weights.

    Keras adds a layer to EfficientNet that rescales what a Normalization returns, but
    only when it loads weights from ImageNet. Its factors go into the variances here.

    Parameters
    ----------
    model : keras.Model
        What `build_backbone` returned for a network of `keras.applications`.

    Returns
    -------
    weights : list of ndarray
        In the order of `keras.Model.weights`.
    """
    values = {id(v): np.array(v.numpy()) for v in model.weights}
    for before, layer in pairwise(model.layers):
        if isinstance(before, layers.Normalization) and (
            isinstance(layer, layers.Rescaling)
        ):
            values[id(before.adapt_variance)] /= np.square(layer.scale)
    return [values[id(v)].astype(np.float32) for v in model.weights]


def preprocess(name: str, pixels: Any) -> Any:
    """Turn pixels from 0 to 1 into what a named network was trained on."""
    if name in LITE:
        return layers.Rescaling(255 / 128, offset=-127 / 128, name="preprocessing")(
            pixels
        )
    bytes_ = layers.Rescaling(255.0, name="preprocessing")(pixels)
    module = inspect.getmodule(_applications()[name])
    return module.preprocess_input(bytes_)  # type: ignore[union-attr]


def backbone_features(
    *,
    image_shape: Sequence[int],
    input_size: Sequence[int],
    name: str | None = None,
    config: str | None = None,
    pooling: str = "avg",
    n_stages: int = 1,
    flip_average: bool = False,
) -> keras.Model:
    """Build the network from images to the features that a backbone sees in them.

    Images are resized bilinearly (smoothed first where they shrink), grey ones get
    the number of channels that the backbone takes, and pixels the unit that it was
    trained with. A map is pooled over height and width to one number per channel.

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels of one image, pixels from 0 to 1.
    input_size : sequence of 2 int
        Height and width that the backbone sees.
    name : str or None, default=None
        A network that `skdeep` or `keras.applications` has.
    config : str or None, default=None
        Instead of `name`: the description of a model.
    pooling : {"avg", "max"}, default="avg"
        Mean or maximum over height and width.
    n_stages : int, default=1
        From how many resolutions to take features: those of the last map of each, the
        deepest first to be counted, are put side by side. Maps smaller than the
        deepest, which weigh channels, do not count, nor does the image.
    flip_average : bool, default=False
        Whether features are averaged over the image and its mirror image.

    Returns
    -------
    keras.Model
        Uncompiled model from images to features (n, n_features). All its weights are
        the backbone's, in the backbone's order.

    Raises
    ------
    ValueError
        If the images do not fit the backbone, or it has fewer stages, or some of them
        inside of a model that is a part of it.
    """
    shape = checked_image_shape(image_shape)
    if name is not None:
        network = build_backbone(name, input_size, None)
    else:
        network = model_of(config or "")
    image = keras.Input(shape, name="image")
    x = _fitted_to(network, image, tuple(map(int, input_size)))
    pooled = _pooled(network, x.shape, pooling, n_stages)
    if name is not None:
        x = preprocess(name, x)
    features = pooled(x)
    if flip_average:
        mirrored = pooled(keras.ops.flip(x, axis=2))
        features = layers.Average(name="both_sides")([features, mirrored])
    return keras.Model(image, features, name="backbone_features")


def backbone_classifier(
    *, n_outputs: int, alpha: float, **settings: Any
) -> keras.Model:
    """Build a frozen backbone with a linear layer on its features.

    Parameters
    ----------
    n_outputs : int
        Number of logits.
    alpha : float
        Strength of the penalty of `linear_head`.
    **settings : object
        What `backbone_features` takes.

    Returns
    -------
    keras.Model
        Uncompiled model from images to logits. Its first weights are the backbone's,
        none of which is trainable, the last four those of `linear_head`.
    """
    features = backbone_features(**settings)
    features.trainable = False
    head = linear_head(
        n_features=features.output_shape[1], n_outputs=n_outputs, alpha=alpha
    )
    image = keras.Input(features.input_shape[1:], name="image")
    return keras.Model(image, head(features(image)), name="backbone_classifier")


def _fitted_to(network: keras.Model, image: Any, size: tuple[int, ...]) -> Any:
    """Give images the size and the number of channels that a network takes."""
    height, width, channels = image.shape[1:]
    wanted = network.inputs[0].shape[1:]
    if any(w not in (None, s) for w, s in zip(wanted[:2], size, strict=True)):
        raise ValueError(
            f"The backbone takes images of {wanted[0]} x {wanted[1]} pixels, but "
            f"input_size={size}. Leave input_size=None, or pass that size."
        )
    if wanted[2] not in (None, channels) and channels != 1:
        raise ValueError(
            f"X has images of {channels} channels, but the backbone takes {wanted[2]}. "
            "Pass grey images (1 channel) or images of that many channels."
        )
    x = image
    if (height, width) != size:
        # Not the layer `Resizing`, which lets those after it believe that they are
        # being trained where nobody says that they are not.
        x = keras.ops.image.resize(
            x,
            size,
            interpolation="bilinear",
            antialias=size[0] < height or size[1] < width,
            data_format="channels_last",
        )
    if wanted[2] not in (None, channels):
        x = layers.Concatenate(name="channels")([x] * wanted[2])
    return x


def _pooled(
    network: keras.Model, shape: Sequence[int | None], pooling: str, n_stages: int
) -> keras.Model:
    """Return a network of the same weights whose outputs are pooled features."""
    outputs = [network.outputs[0]]
    if n_stages > 1:
        outputs = [*_stages(network, shape)[-n_stages:-1], network.outputs[0]]
        if len(outputs) < n_stages:
            raise ValueError(
                f"n_stages={n_stages}, but the backbone has maps of only "
                f"{len(outputs)} resolutions. Lower n_stages."
            )
    reduce = {"avg": keras.ops.mean, "max": keras.ops.max}[pooling]
    features = []
    for output in outputs:
        axes = tuple(range(1, len(output.shape) - 1))
        features.append(reduce(output, axis=axes) if axes else output)
    joined = features[0]
    if len(features) > 1:
        joined = layers.Concatenate(name="stages")(features)
    return keras.Model(network.inputs[0], joined, name=network.name)


def _stages(network: keras.Model, shape: Sequence[int | None]) -> list[Any]:
    """Return the last map of each resolution, the finest first."""
    shapes = _shapes(network, [shape])
    last = _last_maps(network, shapes)
    for call in calls_of(network):
        if isinstance(call.operation, keras.Model):
            given = [shapes[id(tensor)] for tensor in call.input_tensors]
            inside = _last_maps(call.operation, _shapes(call.operation, given))
            if len(last.keys() | inside.keys()) > len(last):
                raise ValueError(
                    f"The backbone holds the model {call.operation.name!r}, whose maps "
                    "of other resolutions cannot be reached. Pass that model itself as "
                    "the backbone, or n_stages=1."
                )
    return list(last.values())


def _last_maps(
    network: keras.Model, shapes: dict[int, tuple[Any, ...]]
) -> dict[tuple[int, ...], Any]:
    """Return the last map of each resolution by height and width, the finest first."""
    last: dict[tuple[int, ...], Any] = {}
    computed = False
    for call in calls_of(network):
        operation, output = call.operation, call.outputs[0]
        # What comes before the first weights is the image.
        computed |= bool(getattr(operation, "weights", ())) and not (
            isinstance(operation, layers.Normalization)
        )
        is_border = type(operation).__name__ in _BORDERS
        if computed and len(output.shape) == 4 and not is_border:
            size = shapes[id(output)][1:3]
            last.pop(size, None)
            last[size] = output
    # Maps smaller than the last are gates, such as those of squeeze and excitation.
    height, width = next(reversed(last), (0, 0))
    return {s: map_ for s, map_ in last.items() if s[0] >= height and s[1] >= width}


def _shapes(
    network: keras.Model, given: Sequence[Sequence[int | None]]
) -> dict[int, tuple[Any, ...]]:
    """Return the shapes of all tensors by identity, for inputs of certain shapes."""
    inputs = network.inputs
    tensors = [*inputs, *(t for call in calls_of(network) for t in call.outputs)]
    known = keras.Model(inputs, tensors).compute_output_spec(
        [
            keras.KerasTensor(s, dtype=x.dtype)
            for s, x in zip(given, inputs, strict=True)
        ]
    )
    return {id(t): tuple(k.shape) for t, k in zip(tensors, known, strict=True)}
