"""Receptive fields: the pixels that a unit of a network can see.

Along each axis a layer is a matrix of booleans, true where a position of its output
reads a position of its input. The matrix of a path is the product of its layers', and
where paths meet it is their union, so padding, dilation, strides and borders come out
exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import keras
import numpy as np
from keras import layers

from skdeep.networks.graphs import calls_of, is_own

__all__ = ["ReceptiveFields", "receptive_fields"]

# A position of what they return reads that position of their inputs in inference.
_POINTWISE = (
    layers.Activation,
    layers.Add,
    layers.Average,
    layers.BatchNormalization,
    layers.Concatenate,
    layers.Dense,
    layers.Dropout,
    layers.ELU,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.LeakyReLU,
    layers.Maximum,
    layers.Minimum,
    layers.Multiply,
    layers.Normalization,
    layers.PReLU,
    layers.ReLU,
    layers.Rescaling,
    layers.SpatialDropout2D,
    layers.Subtract,
)
_OWN_POINTWISE = {
    "AlternatingMirror",
    "ContractivePenalty",
    "Corruption",
    "PixelBinarization",
    "RandomCutout",
    "RandomMirror",
    "RandomShift",
    "SparsityPenalty",
    "Standardization",
    # Of several views of an image the first is the image.
    "Views",
}
_CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
_OVER_ALL = (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)
_POOLINGS = (layers.MaxPooling2D, layers.AveragePooling2D)


@dataclass(frozen=True)
class ReceptiveFields:
    """What each position of a map sees of an image, axis by axis.

    A position sees the pixels whose row and whose column it sees. What has no
    positions, such as the output of a dense layer, counts as one position.

    Attributes
    ----------
    rows : ndarray of shape (map_height, height), dtype bool
        Whether a row of the map sees a row of pixels.
    columns : ndarray of shape (map_width, width), dtype bool
        The same for columns.
    """

    rows: np.ndarray
    columns: np.ndarray

    @property
    def map_shape(self) -> tuple[int, int]:
        """Height and width of the map."""
        return len(self.rows), len(self.columns)

    def box(self, row: int = 0, column: int = 0) -> tuple[int, int, int, int]:
        """Return the smallest box that holds the pixels seen from a position.

        Parameters
        ----------
        row, column : int, default=0
            The position.

        Returns
        -------
        top, bottom, left, right : int
            ``image[top:bottom, left:right]`` is what is seen; empty if nothing is.
        """
        return *_ends(self.rows[row]), *_ends(self.columns[column])


def receptive_fields(model: keras.Model) -> ReceptiveFields:
    """Compute which pixels each position of a network's output depends on.

    Parameters
    ----------
    model : keras.Model
        A functional model from images `(n, height, width, channels)` to maps
        `(n, map_height, map_width, n_maps)` or to vectors, which see the pixels that
        any position of the last map sees.

    Returns
    -------
    fields : ReceptiveFields

    Raises
    ------
    ValueError
        If it holds a layer of which it is not known what its positions see.

    References
    ----------
    .. [1] Araujo, A., Norris, W. & Sim, J. (2019). Computing receptive fields of
       convolutional neural networks. Distill. :doi:`10.23915/distill.00021`

    Examples
    --------
    >>> import keras
    >>> from skdeep.networks.receptive_fields import receptive_fields
    >>> image = keras.Input((8, 8, 1))
    >>> maps = keras.layers.Conv2D(2, 3, padding="same")(image)
    >>> maps = keras.layers.MaxPooling2D(2)(maps)
    >>> receptive_fields(keras.Model(image, maps)).box(0, 2)
    (0, 3, 3, 7)
    """
    height, width = model.input_shape[1:3]
    whole = ReceptiveFields(np.eye(height, dtype=bool), np.eye(width, dtype=bool))
    return _of_model(model, [whole])


def _of_model(model: keras.Model, inputs: Sequence[ReceptiveFields]) -> ReceptiveFields:
    known = {id(t): fields for t, fields in zip(model.inputs, inputs, strict=True)}
    for call in calls_of(model):
        below = [known[id(tensor)] for tensor in call.input_tensors]
        fields = _of_call(call, below)
        known |= {id(tensor): fields for tensor in call.outputs}
    return known[id(model.outputs[0])]


def _of_call(call: Any, below: Sequence[ReceptiveFields]) -> ReceptiveFields:
    layer, shape = call.operation, call.outputs[0].shape
    if isinstance(layer, keras.Model):
        return _of_model(layer, below)
    if isinstance(layer, layers.Flatten):
        # Kept as a map: a reshape may follow that undoes it.
        return below[0]
    if isinstance(layer, layers.Reshape) and shape[1:3] == below[0].map_shape:
        return below[0]
    from_map = all(len(tensor.shape) == 4 for tensor in call.input_tensors)
    if len(shape) != 4 or not from_map or isinstance(layer, _OVER_ALL):
        n_rows, n_columns = shape[1:3] if len(shape) == 4 else (1, 1)
        return ReceptiveFields(
            _any_position([fields.rows for fields in below], n_rows),
            _any_position([fields.columns for fields in below], n_columns),
        )
    if isinstance(layer, _POINTWISE) or is_own(layer, _OWN_POINTWISE):
        # One position may stand for all, as the factors of squeeze-and-excitation do.
        fields = ReceptiveFields(
            reduce(np.logical_or, [fields.rows for fields in below]),
            reduce(np.logical_or, [fields.columns for fields in below]),
        )
        if fields.map_shape == shape[1:3]:
            return fields
    sizes = call.input_tensors[0].shape[1:3]
    rows, columns = (
        _axis(layer, axis, sizes[axis], shape[1 + axis]) for axis in (0, 1)
    )
    return ReceptiveFields(rows @ below[0].rows, columns @ below[0].columns)


def _any_position(matrices: Sequence[np.ndarray], n_positions: int) -> np.ndarray:
    seen = np.logical_or.reduce([matrix.any(axis=0) for matrix in matrices])
    return np.broadcast_to(seen, (n_positions, len(seen)))


def _axis(layer: Any, axis: int, n_in: int, n_out: int) -> np.ndarray:
    """Return which positions of its input each position of a layer's output reads."""
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise ValueError(
            f"The layer {layer.name!r} has its channels first. Receptive fields are "
            "computed for networks with channels last only; build it so."
        )
    if isinstance(layer, layers.Conv2DTranspose):
        # The transpose of a convolution from its output to its input.
        size = layer.kernel_size[axis]
        spread = (layer.strides[axis], layer.dilation_rate[axis])
        return _window(n_out, n_in, size, *spread, layer.padding).T
    if isinstance(layer, _CONVOLUTIONS):
        size = layer.kernel_size[axis]
        spread = (layer.strides[axis], layer.dilation_rate[axis])
        return _window(n_in, n_out, size, *spread, layer.padding)
    if isinstance(layer, _POOLINGS):
        size, stride = layer.pool_size[axis], layer.strides[axis]
        return _window(n_in, n_out, size, stride, 1, layer.padding)
    if is_own(layer, {"WideningShortcut"}):
        return _window(n_in, n_out, 1, layer.strides[axis], 1, "valid")
    if isinstance(layer, layers.UpSampling2D):
        return _enlargement(n_in, layer.size[axis], layer.interpolation, layer.name)
    if isinstance(layer, layers.Cropping2D):
        return _shifted(n_in, n_out, layer.cropping[axis][0])
    if isinstance(layer, layers.ZeroPadding2D):
        return _shifted(n_in, n_out, -layer.padding[axis][0])
    raise ValueError(
        f"It is not known what a position of the layer {layer.name!r}, a "
        f"{type(layer).__name__}, sees of its input. Choose a layer before it."
    )


def _window(
    n_in: int, n_out: int, size: int, stride: int, dilation: int, padding: str
) -> np.ndarray:
    before = 0
    if padding == "same":
        extent = (size - 1) * dilation + 1
        before = max((n_out - 1) * stride + extent - n_in, 0) // 2
    starts = np.arange(n_out)[:, None] * stride - before
    return _reads(starts + np.arange(size) * dilation, n_in)


def _enlargement(n_in: int, factor: int, interpolation: str, name: str) -> np.ndarray:
    positions = np.arange(n_in * factor)[:, None]
    if interpolation == "nearest":
        return _reads(positions // factor, n_in)
    if interpolation != "bilinear":
        raise ValueError(
            f"It is not known what the layer {name!r} sees with interpolation="
            f"{interpolation!r}. Choose a layer before it."
        )
    # Centres of pixels are laid on one another; between two, both count.
    centres = np.clip((positions + 0.5) / factor - 0.5, 0, n_in - 1)
    return _reads(np.hstack([np.floor(centres), np.ceil(centres)]).astype(int), n_in)


def _shifted(n_in: int, n_out: int, offset: int) -> np.ndarray:
    return _reads(np.arange(n_out)[:, None] + offset, n_in)


def _reads(positions: np.ndarray, n_in: int) -> np.ndarray:
    """Return a matrix that is true at these positions, a row for each row of them."""
    return (positions[:, :, None] == np.arange(n_in)).any(axis=1)


def _ends(seen: np.ndarray) -> tuple[int, int]:
    places = np.flatnonzero(seen)
    return (int(places[0]), int(places[-1]) + 1) if len(places) else (0, 0)
