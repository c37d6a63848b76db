"""Receptive fields against gradients."""

from functools import partial
from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers

from skdeep.networks import conv_autoencoder
from skdeep.networks.receptive_fields import receptive_fields
from skdeep.networks.resnet20 import WideningShortcut
from skdeep.networks.truncation import cut_at_layer


def seen(model, row, column, n_images=1):
    """Return which pixels have a gradient: the slow, obvious way."""
    generator = np.random.default_rng(0)
    shape = (n_images, *model.input_shape[1:])
    images = tf.constant(generator.uniform(0.5, 1, shape).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(images)
        maps = model(images)
        output = tf.reduce_sum(maps[:, row, column] if len(maps.shape) == 4 else maps)
    gradient = tape.gradient(output, images).numpy()
    return (gradient != 0).any(axis=(0, 3))


def make_positive(model):
    """Make all weights positive, so that no two ways to a pixel cancel."""
    generator = np.random.default_rng(1)
    model.set_weights(
        [generator.uniform(0.1, 0.2, w.shape) for w in model.get_weights()]
    )
    return model


def check(model, n_images=1):
    """Compare what positions at the border and in the middle see with gradients."""
    make_positive(model)
    fields = receptive_fields(model)
    ends = [{0, 1, size // 2, size - 1} & set(range(size)) for size in fields.map_shape]
    for row, column in product(*ends):
        expected = seen(model, row, column, n_images)
        found = np.outer(fields.rows[row], fields.columns[column])
        np.testing.assert_array_equal(found, expected)
        top, bottom, left, right = fields.box(row, column)
        places = np.argwhere(expected)
        if len(places) == 0:
            assert (bottom - top) * (right - left) == 0
            continue
        assert [top, left] == places.min(axis=0).tolist()
        assert [bottom, right] == (places.max(axis=0) + 1).tolist()


PADDING = st.sampled_from(["same", "valid"])
SMALL = st.integers(1, 3)
CONVOLUTIONS = st.builds(
    lambda kind, size, stride, padding, dilation: partial(
        kind,
        1,
        size,
        strides=stride,
        padding=padding,
        # Keras has either strides or dilation.
        dilation_rate=1 if stride > 1 else dilation,
    ),
    st.sampled_from([layers.Conv2D, layers.SeparableConv2D]),
    st.tuples(SMALL, SMALL),
    st.integers(1, 2),
    PADDING,
    st.integers(1, 2),
)
POOLINGS = st.builds(
    lambda size, stride, padding: partial(
        layers.AveragePooling2D, size, stride, padding
    ),
    st.tuples(SMALL, SMALL),
    SMALL,
    PADDING,
)
OTHERS = st.one_of(
    st.builds(
        lambda factor, kind: partial(layers.UpSampling2D, factor, interpolation=kind),
        st.tuples(SMALL, SMALL),
        st.sampled_from(["nearest", "bilinear"]),
    ),
    st.builds(
        lambda size, stride, padding: partial(
            # TensorFlow crashes where the stride is larger than the kernel.
            layers.Conv2DTranspose,
            1,
            size,
            min(size, stride),
            padding,
        ),
        SMALL,
        SMALL,
        PADDING,
    ),
    st.builds(
        lambda a, b: partial(layers.ZeroPadding2D, ((a, b), (b, a))), SMALL, SMALL
    ),
    st.just(partial(layers.Cropping2D, ((0, 1), (1, 0)))),
    st.just(layers.BatchNormalization),
)


@settings(max_examples=25)
@given(
    st.lists(st.one_of(CONVOLUTIONS, POOLINGS, OTHERS), min_size=1, max_size=3),
    st.tuples(st.integers(5, 9), st.integers(5, 9)),
)
def test_paths_of_layers(path, size):
    """Whatever the layers, a position sees the pixels that have a gradient."""
    image = keras.Input((*size, 1))
    maps = image
    for make_layer in path:
        try:
            maps = make_layer()(maps)
        except ValueError:
            # The map has become too small for it.
            break
    assume(maps is not image and 0 < np.prod(maps.shape[1:]) < 200)
    check(keras.Model(image, maps))


@pytest.mark.parametrize("shape", [(8, 8, 1), (7, 5, 2), (1, 6, 1)])
def test_encoder_with_pooling(shape):
    """The maximum hands a gradient to one pixel at a time; over images, to all."""
    model = conv_autoencoder(image_shape=shape, n_components=2, filters=(2, 2))
    check(cut_at_layer(model, "stage_2_activation"), n_images=300)


def test_code_between_maps():
    """Behind a dense layer all is seen; a flattened map alone keeps its positions."""
    settings = {"image_shape": (8, 8, 1), "filters": (1, 1), "activation": "linear"}
    model = conv_autoencoder(n_components=None, interpolation="bilinear", **settings)
    fields = receptive_fields(cut_at_layer(model, "decoder"))
    assert fields.map_shape == (8, 8)
    assert fields.box(0, 0)[1] < 8 or fields.rows[0].all()
    model = conv_autoencoder(n_components=3, **settings)
    assert receptive_fields(cut_at_layer(model, "decoder")).box(3, 3) == (0, 8, 0, 8)
    assert receptive_fields(cut_at_layer(model, "encoder")).box() == (0, 8, 0, 8)


def test_branches_that_meet():
    """The box holds what either branch sees; one position may stand for all."""
    image = keras.Input((9, 9, 1))
    wide = layers.Conv2D(1, (1, 5), padding="same")(image)
    tall = layers.Conv2D(1, (3, 1), padding="same")(image)
    both = receptive_fields(keras.Model(image, layers.Add()([wide, tall])))
    assert both.box(4, 4) == (3, 6, 2, 7)
    mean = layers.GlobalAveragePooling2D(keepdims=True)(tall)
    scaled = receptive_fields(keras.Model(image, layers.Multiply()([wide, mean])))
    assert scaled.map_shape == (9, 9)
    assert scaled.box(4, 4) == (0, 9, 0, 9)


def test_shortcut_of_a_residual_network():
    """Every other pixel is handed on; with the convolutions beside it, more is seen."""
    image = keras.Input((8, 8, 1))
    shortcut = WideningShortcut((2, 2), 2)(image)
    fields = receptive_fields(keras.Model(image, shortcut))
    assert fields.box(1, 3) == (2, 3, 6, 7)
    maps = layers.Conv2D(2, 3, strides=2, padding="same")(image)
    both = receptive_fields(keras.Model(image, layers.Add()([maps, shortcut])))
    assert both.box(1, 3) == (2, 5, 6, 8)


def test_cropped_pixels_are_not_seen():
    """A vector sees what the last map sees, not the whole image."""
    image = keras.Input((6, 6, 1))
    maps = layers.Cropping2D(((2, 1), (0, 3)))(image)
    vector = layers.Dense(2)(layers.Flatten()(maps))
    assert receptive_fields(keras.Model(image, vector)).box() == (2, 5, 0, 3)


def test_unknown_layers_are_refused():
    """A layer that may look anywhere is named."""
    image = keras.Input((6, 6, 1))
    maps = layers.RandomRotation(0.1, name="turning")(image)
    with pytest.raises(ValueError, match="'turning', a RandomRotation"):
        receptive_fields(keras.Model(image, maps))
    cubic = layers.UpSampling2D(2, interpolation="bicubic", name="cubic")(image)
    with pytest.raises(ValueError, match="interpolation='bicubic'"):
        receptive_fields(keras.Model(image, cubic))
    first = layers.MaxPooling2D(1, data_format="channels_first", name="first")(image)
    with pytest.raises(ValueError, match="channels first"):
        receptive_fields(keras.Model(image, first))
