"""Random changes of images in training, against slow references."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.networks.augmentation import RandomMirror, RandomShift

LAYERS = {"mirror": RandomMirror, "shift": lambda: RandomShift(2)}


def images(n=64, height=5, width=4, channels=2):
    """Return images whose numbers are all different."""
    count = n * height * width * channels
    return np.arange(count, dtype=np.float32).reshape(n, height, width, channels)


def shifted(image, down, right):
    """Move an image pixel by pixel; what comes in repeats the edge."""
    height, width, _ = image.shape
    moved = np.empty_like(image)
    for row in range(height):
        for column in range(width):
            source = (
                min(max(row + down, 0), height - 1),
                min(max(column + right, 0), width - 1),
            )
            moved[row, column] = image[source]
    return moved


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_nothing_happens_outside_of_training(make):
    """Inference sees its input, and uses up no randomness."""
    layer = make()
    state = layer.seed_generator.state.numpy()
    np.testing.assert_array_equal(layer(images()), images())
    np.testing.assert_array_equal(layer.seed_generator.state.numpy(), state)


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_draws_are_new_each_time_and_repeatable(make):
    """The layer's own state decides the draws, and moves on with each of them."""
    layer = make()
    state = layer.seed_generator.state.numpy()
    first = np.asarray(layer(images(), training=True))
    assert np.any(first != np.asarray(layer(images(), training=True)))
    layer.seed_generator.state.assign(state)
    np.testing.assert_array_equal(layer(images(), training=True), first)


def test_half_of_the_images_are_mirrored():
    """Each image is either itself or its mirror image, as a whole."""
    before = images(400)
    after = np.asarray(RandomMirror()(before, training=True))
    same = (after == before).all(axis=(1, 2, 3))
    turned = (after == before[:, :, ::-1]).all(axis=(1, 2, 3))
    assert np.all(same ^ turned)
    assert 150 < turned.sum() < 250


@settings(max_examples=12, deadline=None)
@given(
    pixels=st.integers(1, 6),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    channels=st.integers(1, 3),
)
def test_every_shifted_image_is_one_of_the_possible_ones(
    pixels, height, width, channels
):
    """It equals the slow reference for some shift in both directions."""
    before = images(8, height, width, channels)
    after = np.asarray(RandomShift(pixels)(before, training=True))
    assert after.shape == before.shape
    steps = range(-pixels, pixels + 1)
    for old, new in zip(before, after, strict=True):
        possible = (shifted(old, down, right) for down in steps for right in steps)
        assert any(np.array_equal(new, one) for one in possible)


def test_all_shifts_occur_equally_often():
    """Also the largest, in all directions, and each image has its own."""
    before = np.broadcast_to(images(1, 9, 9, 1), (5000, 9, 9, 1))
    after = np.asarray(RandomShift(1)(before, training=True))
    # The pixel in the middle tells the shift.
    _, counts = np.unique(after[:, 4, 4, 0], return_counts=True)
    assert len(counts) == 9
    assert counts.min() > 450 and counts.max() < 670


def test_no_shift_is_no_change():
    """With zero pixels even training leaves images alone."""
    np.testing.assert_array_equal(RandomShift(0)(images(), training=True), images())


@pytest.mark.parametrize("layer", [RandomMirror, RandomShift])
def test_half_precision_stays_half_precision(layer):
    """Moving pixels about needs no other type."""
    size = {"pixels": 1} if layer is RandomShift else {}
    before = keras.ops.cast(images(4) % 8, "bfloat16")
    after = layer(**size, dtype="bfloat16")(before, training=True)
    assert keras.backend.standardize_dtype(after.dtype) == "bfloat16"


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_configuration_round_trip(make):
    """A layer made from the configuration is of the same kind and size."""
    layer = make()
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()
    assert again.compute_output_shape((None, 3, 3, 1)) == (None, 3, 3, 1)
