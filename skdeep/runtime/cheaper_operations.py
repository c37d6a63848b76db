"""Convolutions of one channel, and gradients, by cheaper operations.

TensorFlow leaves these operations to oneDNN on processors with AVX-512's instructions
for neural networks. On others, six of its own take up to four times as long as the
same put in another way. The other way is exact as well: numbers
differ in their last bits only.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import reduce
from typing import Any

import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port

# Places of a kernel on one channel, beyond which packing them is as fast.
_FEW_PLACES = 9
# TensorFlow writes the patches for the gradient of a kernel to memory. With many
# filters on few channels, multiplying them takes longer than that.
_FEW_FILTERS = 32
_SOME_CHANNELS = 16
# Channels that a convolution takes together; it is slow on less.
_LEAST_CHANNELS = 8
# Pixels of an image, beyond which it is not always faster.
_MOST_PIXELS = 128 * 128
# Numbers in a matrix whose packing is slow, and rows that are few beside it.
_LARGE_MATRIX = 200_000
_FEW_ROWS = 256
# Places in a window of a pooling; with more, TensorFlow's way is as fast.
_MOST_PLACES = 9
# Numbers of an image, beyond which places of windows are not kept for the gradient.
_SMALL_IMAGE = 4096

# What replacements in one graph have in common, by what it is made of.
_Made = dict[Hashable, Any]


def cheapen(gradients: Sequence[Any]) -> list[Any]:
    """Replace slow operations in the graph that is being traced.

    Parameters
    ----------
    gradients : sequence of tensor, IndexedSlices or None
        What was found by differentiating in the current graph.

    Returns
    -------
    gradients : list of tensor, IndexedSlices or None
        The same gradients. Whatever is slow has no consumer any more, so that
        TensorFlow leaves it out of the compiled graph.
    """
    if _pywrap_util_port.IsMklEnabled():
        return list(gradients)
    cheaper = dict(_replacements(tf.compat.v1.get_default_graph().get_operations()))
    return [
        cheaper.get(gradient.ref(), gradient)
        if isinstance(gradient, tf.Tensor)
        else gradient
        for gradient in gradients
    ]


def _replacements(
    operations: Sequence[tf.Operation],
) -> Iterator[tuple[Any, tf.Tensor]]:
    """Redirect the consumers of slow operations; yield their outputs, old and new."""
    made: _Made = {}
    for operation in operations:
        replace = _CHEAPER.get(operation.type)
        new = replace(operation, made) if replace is not None else None
        if new is None:
            continue
        old = operation.outputs[0]
        new.set_shape(old.shape)
        for consumer in old.consumers():
            for index, tensor in enumerate(consumer.inputs):
                if tensor is old:
                    consumer._update_input(index, new)
        yield old.ref(), new


def _convolution(operation: tf.Operation, made: _Made) -> tf.Tensor | None:
    """Return a convolution of one channel, as a product of its patches and kernel."""
    images, kernel = operation.inputs
    if not _is_by_patches(operation, images, kernel.shape):
        return None
    patches = _patches(images, kernel.shape, operation, made)
    _, n_rows, n_columns, _ = operation.outputs[0].shape
    n_places = patches.shape[1]
    return tf.nn.conv2d(
        tf.reshape(patches, [-1, n_rows, n_columns, n_places]),
        tf.reshape(kernel, [1, 1, n_places, kernel.shape[3]]),
        strides=1,
        padding="VALID",
    )


def _is_by_patches(operation: tf.Operation, images: tf.Tensor, kernel: Any) -> bool:
    """Tell whether patches of images are written to memory for a kernel of a shape."""
    strides = operation.get_attr("strides") + operation.get_attr("dilations")
    return (
        _has_plain(operation, images)
        and set(strides) == {1}
        and None not in (*images.shape[1:], *kernel)
        and images.shape[3] == 1
        and 1 < kernel[:2].num_elements() <= _FEW_PLACES
        # What is written to memory would be larger than what comes out.
        and kernel[:2].num_elements() <= kernel[3]
    )


def _patches(
    images: tf.Tensor, kernel: Any, operation: tf.Operation, made: _Made
) -> tf.Tensor:
    """Return the patches of images of one channel, of shape (n_patches, n_places).

    TensorFlow packs them number by number. Here they are whole images, shifted, and
    turned over at once, for the convolution and its gradient.
    """
    height, width = kernel[:2]
    top, bottom, left, right = _padding(operation, height, width)
    key = (images.ref(), height, width, top, bottom, left, right)
    if key not in made:
        _, n_rows, n_columns, _ = images.shape
        n_rows += top + bottom + 1 - height
        n_columns += left + right + 1 - width
        padded = tf.pad(images[..., 0], [[0, 0], [top, bottom], [left, right]])
        shifted = tf.stack([padded[:, :, i : i + n_columns] for i in range(width)])
        shifted = tf.stack([shifted[:, :, i : i + n_rows] for i in range(height)])
        made[key] = tf.transpose(tf.reshape(shifted, [height * width, -1]))
    return made[key]


def _kernel_gradient(operation: tf.Operation, made: _Made) -> tf.Tensor | None:
    """Return a convolution's gradient with respect to its kernel.

    With patches in memory it is a product of them. Otherwise it is a convolution too:
    of the images, with their channels taken for rows and their rows for channels, by
    what came back. TensorFlow's convolution packs its patches piece by piece; its
    gradient writes all of them to memory first.
    """
    images, _, gradient = operation.inputs
    kernel_shape = operation.outputs[0].shape
    if _is_by_patches(operation, images, kernel_shape):
        patches = _patches(images, kernel_shape, operation, made)
        by_filter = tf.reshape(gradient, [-1, kernel_shape[3]])
        kernel = tf.matmul(patches, by_filter, transpose_a=True)
        return tf.reshape(kernel, kernel_shape)
    strides = operation.get_attr("strides") + operation.get_attr("dilations")
    if (
        not _has_plain(operation, images)
        or set(strides) != {1}
        or None in (*images.shape[1:], *kernel_shape)
        or images.shape[1:3].num_elements() > _MOST_PIXELS
        or kernel_shape[:2] == (1, 1)
        or kernel_shape[2] != images.shape[3]
        or (kernel_shape[3] > _FEW_FILTERS and kernel_shape[2] < _SOME_CHANNELS)
    ):
        return None
    sides = _padding(operation, *kernel_shape[:2])
    kernel = tf.nn.conv2d(
        _channels_for_rows(images),
        tf.transpose(gradient, [1, 2, 0, 3]),
        strides=1,
        padding=[[0, 0], sides[:2], sides[2:], [0, 0]],
    )
    return tf.transpose(kernel, [1, 2, 0, 3])


def _image_gradient(operation: tf.Operation, made: _Made) -> tf.Tensor | None:
    """Return a convolution's gradient with respect to its images.

    It is a convolution too, of what came back by the kernel turned round. TensorFlow
    multiplies first and then adds up at the places of the images, which takes up to
    three times as long where small maps have many channels, and is not divided among
    threads as well as a convolution is.
    """
    _, kernel, gradient = operation.inputs
    images = operation.outputs[0]
    strides = operation.get_attr("strides") + operation.get_attr("dilations")
    if (
        not _has_plain(operation, gradient)
        or set(strides) != {1}
        or None in (*images.shape[1:], *kernel.shape)
        or kernel.shape[:2] == (1, 1)
        or kernel.shape[2] != images.shape[3]
        or kernel.shape[2] < _LEAST_CHANNELS
    ):
        return None
    height, width = kernel.shape[:2]
    top, bottom, left, right = _padding(operation, height, width)
    sides = [height - 1 - top, height - 1 - bottom, width - 1 - left, width - 1 - right]
    if min(sides) < 0:
        return None
    # Turning whole pieces round takes a tenth of the time that reversed slices take.
    n_places = height * width
    pieces = tf.reshape(kernel, [n_places, *kernel.shape[2:]])
    turned = tf.transpose(tf.gather(pieces, range(n_places)[::-1]), [0, 2, 1])
    return tf.nn.conv2d(
        gradient,
        tf.reshape(turned, [height, width, *turned.shape[1:]]),
        strides=1,
        padding=[[0, 0], sides[:2], sides[2:], [0, 0]],
    )


def _padding(operation: tf.Operation, height: int, width: int) -> list[int]:
    """Return a convolution's padding: above, below, on the left, on the right."""
    padding = operation.get_attr("padding").decode()
    if padding == "EXPLICIT":
        return list(operation.get_attr("explicit_paddings")[2:6])
    if padding == "SAME":
        # What is left over goes to the end.
        return [(height - 1) // 2, height // 2, (width - 1) // 2, width // 2]
    return [0] * 4


def _channels_for_rows(images: tf.Tensor) -> tf.Tensor:
    """Return images, (n, h, w, c), with channels first and rows last, (c, h, w, n)."""
    n_rows, height, width, n_channels = tf.unstack(tf.shape(images))
    # TensorFlow turns three dimensions round a third faster than four.
    lines = tf.reshape(images, [n_rows, height * width, n_channels])
    turned = tf.transpose(lines, [2, 1, 0])
    return tf.reshape(turned, [n_channels, height, width, n_rows])


def _pooling(operation: tf.Operation, made: _Made) -> tf.Tensor | None:
    """Return a maximum pooling of small images, from the places of its windows.

    Its gradient needs these, too. In larger images they would fill memory until then.
    """
    (images,) = operation.inputs
    if not _is_side_by_side(operation, images, operation.outputs[0]):
        return None
    needed = {consumer.type for consumer in operation.outputs[0].consumers()}
    if "MaxPoolGrad" not in needed or images.shape[1:].num_elements() > _SMALL_IMAGE:
        return None
    lines = _windows(images, operation, made)
    return reduce(tf.maximum, [place for line in lines for place in line])


def _pooling_gradient(operation: tf.Operation, made: _Made) -> tf.Tensor | None:
    """Return a maximum pooling's gradient, for windows side by side.

    As in TensorFlow, the first of equal maxima takes the gradient.
    """
    images, largest, gradient = operation.inputs
    if not _is_side_by_side(operation, images, largest):
        return None
    left, found = gradient, []
    for line in _windows(images, operation, made):
        taken = []
        for place in line:
            is_largest = tf.cast(tf.equal(place, largest), gradient.dtype)
            taken.append(left * is_largest)
            left -= taken[-1]
        found.append(tf.concat(taken, -1))
    n_rows, n_columns = _size_inside(images, operation)
    inside = [tf.shape(images)[0], n_rows, n_columns, images.shape[3]]
    whole = tf.reshape(tf.stack(found, axis=2), inside)
    outside = [images.shape[1] - n_rows, images.shape[2] - n_columns]
    if not any(outside):
        return whole
    return tf.pad(whole, [[0, 0], *([0, n] for n in outside), [0, 0]])


def _is_side_by_side(
    operation: tf.Operation, images: tf.Tensor, largest: tf.Tensor
) -> bool:
    """Tell whether windows of a pooling meet, and none sticks out of the image."""
    if not _has_plain(operation, images):
        return False
    _, height, width, n_channels = images.shape
    _, n_rows, n_columns, n_kept = largest.shape
    _, rows, columns, _ = window = operation.get_attr("ksize")
    known = None not in (height, width, n_channels, n_rows, n_columns)
    return (
        known
        and n_kept == n_channels
        and window == operation.get_attr("strides")
        and operation.get_attr("padding") != b"EXPLICIT"
        and rows * columns <= _MOST_PLACES
        and n_rows * rows <= height
        and n_columns * columns <= width
    )


def _size_inside(images: tf.Tensor, operation: tf.Operation) -> tuple[int, int]:
    """Return how many rows and columns of images lie in windows."""
    _, rows, columns, _ = operation.get_attr("ksize")
    _, height, width, _ = images.shape
    return height // rows * rows, width // columns * columns


def _windows(
    images: tf.Tensor, operation: tf.Operation, made: _Made
) -> list[list[tf.Tensor]]:
    """Return the places of a pooling's windows, row by row."""
    _, rows, columns, _ = operation.get_attr("ksize")
    key = (images.ref(), rows, columns)
    if key not in made:
        height, width = _size_inside(images, operation)
        # Rows of windows, with the places of each window's row side by side.
        shape = [height // rows, rows, width // columns, columns * images.shape[3]]
        lines = tf.reshape(images[:, :height, :width], [-1, *shape])
        made[key] = [
            tf.split(line, columns, axis=-1) for line in tf.unstack(lines, axis=2)
        ]
    return made[key]


def _product(operation: tf.Operation, made: _Made) -> tf.Tensor | None:
    """Return a few rows times a large matrix transposed: a dense layer's gradient.

    It is the transpose of the matrix times the rows transposed. TensorFlow turns the
    right side over before it multiplies, and here that is the smaller one.
    """
    rows, matrix = operation.inputs
    if (
        matrix.dtype != tf.float32
        or operation.get_attr("transpose_a")
        or not operation.get_attr("transpose_b")
        or not matrix.shape.is_fully_defined()
        or matrix.shape.num_elements() < _LARGE_MATRIX
    ):
        return None
    return tf.cond(
        tf.shape(rows)[0] <= _FEW_ROWS,
        lambda: tf.transpose(tf.matmul(matrix, tf.transpose(rows))),
        lambda: tf.matmul(rows, matrix, transpose_b=True),
    )


def _has_plain(operation: tf.Operation, images: tf.Tensor) -> bool:
    """Tell whether an operation is on images in single precision, channels last."""
    return (
        images.dtype == tf.float32
        and images.shape.rank == operation.outputs[0].shape.rank == 4
        and operation.get_attr("data_format") == b"NHWC"
    )


_CHEAPER: dict[str, Callable[[tf.Operation, _Made], tf.Tensor | None]] = {
    "Conv2D": _convolution,
    "Conv2DBackpropFilter": _kernel_gradient,
    "Conv2DBackpropInput": _image_gradient,
    "MaxPool": _pooling,
    "MaxPoolGrad": _pooling_gradient,
    "MatMul": _product,
}
