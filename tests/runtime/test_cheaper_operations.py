"""Cheaper operations give what TensorFlow's own give."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from skdeep import runtime
from skdeep.runtime import cheaper_operations, compiled
from skdeep.runtime.cheaper_operations import cheapen
from skdeep.runtime.pool import POOL
from tests.runtime.networks import fit, options

# Adam would turn rounding errors of gradients that are zero into whole steps.
DESCENT = runtime.OptimizerSpec.from_optimizer(keras.optimizers.SGD())
PRODUCTS = {"If", "StatelessIf"}
SLOW = {"Conv2DBackpropFilter", "Conv2DBackpropInput", "MaxPoolGrad"}
WIDE = [[0, 0], [2, 1], [0, 3], [0, 0]]
NARROW = [[0, 0], [1, 0], [0, 2], [0, 0]]


@pytest.fixture(autouse=True)
def without_onednn(monkeypatch):
    """Replace operations on every processor."""
    monkeypatch.setattr(
        cheaper_operations._pywrap_util_port, "IsMklEnabled", lambda: False
    )


def operations_behind(tensors):
    """Return the types of operations that tensors of a graph come from."""
    found, waiting = set(), [tensor.op for tensor in tensors]
    while waiting:
        operation = waiting.pop()
        if operation not in found:
            found.add(operation)
            waiting.extend(tensor.op for tensor in operation.inputs)
    return {operation.type for operation in found}


def differentiated(forward, *arrays):
    """Return gradients with and without replacement, and operations used with it."""
    used = set()

    def gradients(replaces, *tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            outputs = forward(*tensors)
            # No two places of the outputs have the same gradient.
            count = tf.range(tf.size(outputs, out_type="int32"))
            scales = tf.reshape(
                tf.sin(tf.cast(count, outputs.dtype)), tf.shape(outputs)
            )
            loss = tf.reduce_sum(outputs * scales)
        # Gradients have consumers, as they do where weights are penalised.
        found = [2 * g for g in tape.gradient(loss, tensors)]
        found = cheapen(found) if replaces else found
        if replaces:
            used.update(operations_behind(found))
        return found

    specs = [tf.TensorSpec((None, *a.shape[1:]), a.dtype) for a in arrays[:1]]
    specs += [tf.TensorSpec(a.shape, a.dtype) for a in arrays[1:]]
    plain, cheap = (
        tf.function(lambda *tensors, r=replaces: gradients(r, *tensors), specs)
        for replaces in (False, True)
    )
    tensors = [tf.constant(a) for a in arrays]
    return plain(*tensors), cheap(*tensors), used


def drawn(*shape, dtype="float32"):
    """Return random numbers."""
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def assert_equal(found, wanted):
    """Compare up to rounding."""
    for one, other in zip(found, wanted, strict=True):
        scale = np.abs(other).max()
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 3), (5, 1)])
@pytest.mark.parametrize("padding", ["SAME", "VALID", WIDE], ids=str)
def test_one_channel(padding, kernel):
    """A convolution of one channel is a product of patches, however they are padded."""
    plain, cheap, used = differentiated(
        lambda x, w: tf.nn.conv2d(x, w, strides=1, padding=padding) ** 2,
        drawn(5, 7, 6, 1),
        drawn(*kernel, 1, 9),
    )
    assert_equal(cheap, plain)
    assert "Pad" in used


@pytest.mark.parametrize(
    ("kernel", "strides", "dtype"),
    [
        ((3, 3, 2, 9), 1, "float32"),
        ((3, 3, 1, 8), 1, "float32"),
        ((2, 5, 1, 16), 1, "float32"),
        ((1, 1, 1, 9), 1, "float32"),
        ((3, 3, 1, 9), 2, "float32"),
        ((3, 3, 1, 9), 1, "float64"),
    ],
    ids=str,
)
def test_convolution_forwards_kept(kernel, strides, dtype):
    """More channels, large kernels and few filters are left to TensorFlow."""
    plain, cheap, used = differentiated(
        lambda x, w: tf.nn.conv2d(x, w, strides=strides, padding="SAME") ** 2,
        drawn(5, 7, 6, kernel[2], dtype=dtype),
        drawn(*kernel, dtype=dtype),
    )
    assert_equal(cheap, plain)
    assert "Pad" not in used


@pytest.mark.parametrize(
    ("n_channels", "n_filters"), [(1, 1), (1, 32), (3, 32), (16, 33)]
)
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 3), (5, 1), (3, 4)])
@pytest.mark.parametrize("padding", ["SAME", "VALID", WIDE], ids=str)
def test_kernel(padding, kernel, n_channels, n_filters):
    """A kernel's gradient is a convolution or a product, however images are padded."""
    plain, cheap, used = differentiated(
        lambda x, w: tf.nn.conv2d(x, w, strides=1, padding=padding),
        drawn(5, 7, 6, n_channels),
        drawn(*kernel, n_channels, n_filters),
    )
    assert_equal(cheap, plain)
    assert "Conv2DBackpropFilter" not in used
    by_patches = n_channels == 1 and np.prod(kernel) <= min(9, n_filters)
    assert ("MatMul" in used) == by_patches
    # Padding that the kernel cannot lie in altogether gives no gradient to turn round.
    outside = padding is WIDE and kernel != (3, 4)
    assert ("Conv2DBackpropInput" in used) == (n_channels < 8 or outside)


@pytest.mark.parametrize("n_channels", [8, 11])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (3, 4), (5, 4)])
@pytest.mark.parametrize("padding", ["SAME", "VALID", NARROW], ids=str)
def test_images(padding, kernel, n_channels):
    """So is the gradient of the images, if these have enough channels."""
    plain, cheap, used = differentiated(
        lambda x, w: tf.nn.conv2d(x, w, strides=1, padding=padding),
        drawn(5, 7, 6, n_channels),
        drawn(*kernel, n_channels, 3),
    )
    assert_equal(cheap, plain)
    assert "Conv2DBackpropInput" not in used


@pytest.mark.parametrize(
    ("kept", "kind"),
    [
        ({"strides": 2}, "both"),
        ({"kernel": (1, 1)}, "both"),
        ({"dtype": "float64"}, "both"),
        ({"n_filters": 33}, "Filter"),
        ({"size": 129}, "Filter"),
        ({"n_channels": 7}, "Input"),
        ({"padding": [[0, 0], [3, 0], [0, 0], [0, 0]]}, "Input"),
    ],
    ids=lambda kept: "-".join(kept) if isinstance(kept, dict) else kept,
)
def test_convolution_kept(kept, kind):
    """Where TensorFlow's way is as good, it stays."""
    dtype, size = kept.get("dtype", "float32"), kept.get("size", 9)
    n_channels, n_filters = kept.get("n_channels", 8), kept.get("n_filters", 4)
    plain, cheap, used = differentiated(
        lambda x, w: tf.nn.conv2d(
            x,
            w,
            strides=kept.get("strides", 1),
            padding=kept.get("padding", "VALID"),
        ),
        drawn(2, size, size, n_channels, dtype=dtype),
        drawn(*kept.get("kernel", (3, 3)), n_channels, n_filters, dtype=dtype),
    )
    kinds = {"Filter", "Input"} if kind == "both" else {kind}
    stayed = {name.removeprefix("Conv2DBackprop") for name in used & SLOW}
    assert stayed == kinds
    for name, one, other in zip(["Input", "Filter"], cheap, plain, strict=True):
        if name in kinds:
            np.testing.assert_array_equal(one, other)
    assert_equal(cheap, plain)


@pytest.mark.parametrize("size", [(6, 6), (7, 9), (3, 8)], ids=str)
@pytest.mark.parametrize("window", [(2, 2), (3, 3), (1, 2), (3, 2)], ids=str)
def test_pooling(window, size):
    """The first of equal maxima takes the gradient, and what is outside gets none."""
    images = np.random.default_rng(0).integers(0, 3, (4, *size, 5)).astype("float32")
    plain, cheap, used = differentiated(
        lambda x: tf.nn.max_pool2d(x, window, window, "VALID"), images
    )
    np.testing.assert_array_equal(cheap[0], plain[0])
    assert not used & {"MaxPool", "MaxPoolGrad"}


def test_pooling_of_large_images():
    """Only the gradient takes windows of large images apart."""
    plain, cheap, used = differentiated(
        lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID") ** 2, drawn(2, 33, 32, 4)
    )
    np.testing.assert_array_equal(cheap[0], plain[0])
    assert "MaxPool" in used
    assert "MaxPoolGrad" not in used


def test_pooling_padded_to_nothing():
    """Windows that fill the image exactly need no padding, whatever it is called."""
    plain, cheap, used = differentiated(
        lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"), drawn(3, 4, 6, 2)
    )
    np.testing.assert_array_equal(cheap[0], plain[0])
    assert "MaxPoolGrad" not in used


@pytest.mark.parametrize(
    ("window", "step", "padding", "size", "dtype"),
    [
        (3, 2, "VALID", 9, "float32"),
        (2, 2, "SAME", 9, "float32"),
        (4, 4, "VALID", 9, "float32"),
        (2, 2, "VALID", 9, "float64"),
        # As many windows as without padding, but each begins a pixel earlier.
        (2, 2, [[0, 0], [1, 0], [1, 0], [0, 0]], 8, "float32"),
    ],
    ids=str,
)
def test_pooling_kept(window, step, padding, size, dtype):
    """Windows that overlap, stick out or are large stay TensorFlow's."""
    plain, cheap, used = differentiated(
        lambda x: tf.nn.max_pool2d(x, window, step, padding),
        drawn(3, size, size, 2, dtype=dtype),
    )
    np.testing.assert_array_equal(cheap[0], plain[0])
    assert "MaxPoolGrad" in used


@pytest.mark.parametrize("n_rows", [1, 256, 257])
def test_product(n_rows):
    """A large matrix is not turned over for a few rows."""
    plain, cheap, used = differentiated(tf.matmul, drawn(n_rows, 500), drawn(500, 401))
    assert_equal(cheap, plain)
    # The one for many rows, too.
    assert used & PRODUCTS


@pytest.mark.parametrize(
    ("forward", "shapes", "dtype"),
    [
        (tf.matmul, [(3, 500), (500, 399)], "float32"),
        (tf.matmul, [(3, 500), (500, 401)], "float64"),
        (
            lambda x, w: tf.matmul(x, w, transpose_b=True),
            [(3, 20), (20, 20)],
            "float32",
        ),
    ],
    ids=["small", "double", "transposed"],
)
def test_product_kept(forward, shapes, dtype):
    """Small matrices and those of double precision are multiplied as before."""
    plain, cheap, used = differentiated(
        forward, *(drawn(*shape, dtype=dtype) for shape in shapes)
    )
    assert not used & PRODUCTS
    for one, other in zip(cheap, plain, strict=True):
        np.testing.assert_array_equal(one, other)


def test_unknown_shape():
    """What has no known shape stays TensorFlow's."""

    def unknown(x):
        # Adds nothing but doubt about the shape.
        return x + tf.stop_gradient(tf.numpy_function(np.zeros_like, [x], "float32"))

    def forward(x, w):
        return tf.nn.max_pool2d(
            unknown(tf.nn.conv2d(unknown(x), w, 1, "SAME")), 2, 2, "VALID"
        )

    plain, cheap, used = differentiated(forward, drawn(2, 4, 4, 8), drawn(3, 3, 8, 4))
    assert_equal(cheap, plain)
    assert used >= SLOW


def test_other_gradients():
    """Gradients of some rows of a table, and missing ones, are passed through."""

    @tf.function
    def found(table):
        with tf.GradientTape() as tape:
            tape.watch(table)
            loss = tf.reduce_sum(tf.gather(table, [0, 2]))
        rows, nothing = cheapen(tape.gradient(loss, [table, tf.constant(0.0)]))
        assert nothing is None
        assert isinstance(rows, tf.IndexedSlices)
        return rows.values

    np.testing.assert_array_equal(found(tf.zeros((3, 2))), np.ones((2, 2)))


def test_onednn(monkeypatch):
    """Nothing is replaced where oneDNN does the work."""
    monkeypatch.setattr(
        cheaper_operations._pywrap_util_port, "IsMklEnabled", lambda: True
    )
    images, kernel = drawn(5, 6, 6, 8), drawn(3, 3, 8, 4)
    _, _, used = differentiated(
        lambda x, w: tf.nn.max_pool2d(tf.nn.conv2d(x, w, 1, "SAME"), 2, 2, "VALID"),
        images,
        kernel,
    )
    assert used >= SLOW


def network():
    """Return a network with all six operations, and a layer that shares weights."""
    image = keras.Input((8, 8, 1), name="image")
    widened = layers.Conv2D(16, 3, padding="same", activation="relu")(image)
    penalty = keras.regularizers.L2(0.01)
    convolution = layers.Conv2D(
        16, 3, padding="same", activation="relu", kernel_regularizer=penalty
    )
    x = convolution(convolution(widened))
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(450, activation="relu")(x)
    x = layers.Dense(450, activation="relu")(x)
    return keras.Model(image, layers.Dense(1)(x), name="network")


@pytest.mark.parametrize("n_parts", [1, 4])
def test_training(monkeypatch, n_parts):
    """A network learns the same, up to rounding, by operations that are not slow."""
    monkeypatch.setattr(compiled, "n_parts", lambda model: n_parts)
    X, y = drawn(40, 8, 8, 1), drawn(40, 1)
    used = set()

    def watched(gradients):
        gradients = cheapen(gradients)
        used.update(operations_behind(gradients))
        return gradients

    def trained(replace):
        monkeypatch.setattr(compiled, "cheapen", replace)
        POOL.clear()
        chosen = options(epochs=3, batch_size=16, optimizer=DESCENT)
        result = fit(runtime.NetworkSpec(network), X, y, seed=1, options=chosen)
        POOL.clear()
        return result

    plain, cheap = trained(list), trained(watched)
    assert_equal(cheap.weights, plain.weights)
    np.testing.assert_allclose(cheap.history["loss"], plain.history["loss"], rtol=1e-5)
    assert not used & SLOW
    assert used & PRODUCTS
