"""Random changes of images in training, against slow references."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.networks.augmentation import (
    AlternatingMirror,
    RandomCutout,
    RandomMirror,
    RandomShift,
)

DRAWING = {
    "mirror": RandomMirror,
    "shift": lambda: RandomShift(2),
    "reflecting shift": lambda: RandomShift(2, "reflect"),
    "cutout": lambda: RandomCutout(2),
}
LAYERS = {**DRAWING, "alternating mirror": AlternatingMirror}


def images(n=64, height=5, width=4, channels=2):
    """Return images whose numbers are all different."""
    count = n * height * width * channels
    return np.arange(count, dtype=np.float32).reshape(n, height, width, channels)


def inside(place, size, edges):
    """Return the place inside of an axis that stands for one that may be outside."""
    while edges == "reflect" and size > 1 and not 0 <= place < size:
        place = -place if place < 0 else 2 * (size - 1) - place
    return min(max(place, 0), size - 1)


def shifted(image, down, right, edges="nearest"):
    """Move an image pixel by pixel; what comes in repeats or mirrors the edge."""
    height, width, _ = image.shape
    moved = np.empty_like(image)
    for row in range(height):
        for column in range(width):
            source = (
                inside(row + down, height, edges),
                inside(column + right, width, edges),
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


@pytest.mark.parametrize("make", DRAWING.values(), ids=DRAWING)
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
    pixels=st.integers(1, 3),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    channels=st.integers(1, 3),
    edges=st.sampled_from(["nearest", "reflect"]),
)
def test_every_shifted_image_is_one_of_the_possible_ones(
    pixels, height, width, channels, edges
):
    """It equals the slow reference for some shift in both directions."""
    before = images(8, height, width, channels)
    if edges == "reflect":
        # Further than that there is nothing left to mirror.
        height, width = max(height, pixels + 1), max(width, pixels + 1)
        before = images(8, height, width, channels)
    after = np.asarray(RandomShift(pixels, edges)(before, training=True))
    assert after.shape == before.shape
    steps = range(-pixels, pixels + 1)
    for old, new in zip(before, after, strict=True):
        possible = (
            shifted(old, down, right, edges) for down in steps for right in steps
        )
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


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_half_precision_stays_half_precision(make):
    """Moving pixels about needs no other type."""
    before = keras.ops.cast(images(4) % 8, "bfloat16")
    layer = make().from_config(make().get_config() | {"dtype": "bfloat16"})
    after = layer(before, training=True)
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


def epochs(layer, pictures, n_epochs):
    """Return what a layer makes of images in some epochs."""
    shown = []
    for epoch in range(n_epochs):
        layer.begin_epoch(epoch)
        shown.append(np.asarray(layer(pictures, training=True)))
    return shown


def noise(n=400, seed=0):
    """Return images of noise, in float32."""
    return np.random.default_rng(seed).random((n, 5, 4, 2), dtype="float32")


def test_every_second_epoch_is_mirrored():
    """Half of the images are in the first epoch, the others in the second."""
    before = noise()
    first, second, third, fourth = epochs(AlternatingMirror(), before, 4)
    same = (first == before).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(first[~same], before[~same, :, ::-1])
    assert 150 < same.sum() < 250
    np.testing.assert_array_equal(second, first[:, :, ::-1])
    np.testing.assert_array_equal(third, first)
    np.testing.assert_array_equal(fourth, second)


def test_other_images_have_no_say():
    """An image is mirrored in the same epochs alone, in any order, and repeated."""
    layer, before = AlternatingMirror(), noise(60)
    [whole] = epochs(layer, before, 1)
    order = np.random.default_rng(1).permutation(60)
    np.testing.assert_array_equal(layer(before[order], training=True), whole[order])
    for row in range(10):
        alone = layer(before[row : row + 1], training=True)
        np.testing.assert_array_equal(alone, whole[row : row + 1])


def test_seeds_mirror_other_images():
    """Two layers agree on half of the images."""
    before = noise()
    one, other = (epochs(AlternatingMirror(), before, 1)[0] for _ in range(2))
    agree = (one == other).all(axis=(1, 2, 3))
    assert 120 < agree.sum() < 280


def test_signs_of_zero_do_not_matter():
    """Equal numbers are mirrored equally, whatever their bits."""
    before = np.zeros((1, 5, 4, 2), np.float32)
    before[0, 0, 0] = 1
    layer = AlternatingMirror()
    np.testing.assert_array_equal(
        layer(before, training=True), layer(before * [[[1, 1]]] - 0.0, training=True)
    )
    negative = np.where(before == 0, np.float32(-0.0), before)
    np.testing.assert_array_equal(
        layer(before, training=True), layer(negative, training=True)
    )


@pytest.mark.parametrize("side", [1, 2, 4])
def test_a_square_is_cut_out(side):
    """In each image one, inside, and everywhere equally often."""
    before = np.ones((3000, 5, 6, 2), np.float32)
    after = np.asarray(RandomCutout(side)(before, training=True))
    holes = after == 0
    assert (holes.sum(axis=(1, 2, 3)) == side * side * 2).all()
    corners = set()
    for hole in holes[:, :, :, 0]:
        rows, columns = (
            np.flatnonzero(hole.any(axis=1)),
            np.flatnonzero(hole.any(axis=0)),
        )
        assert len(rows) == len(columns) == side
        corners.add((rows[0], columns[0]))
    assert len(corners) == (6 - side) * (7 - side)


def test_a_square_larger_than_the_image_hides_it():
    """Along the axis that is too short for it."""
    after = np.asarray(RandomCutout(3)(np.ones((9, 2, 7, 1)), training=True))
    assert ((after == 0).sum(axis=(1, 2, 3)) == 2 * 3).all()


def test_kinds_of_edges_are_checked():
    """There are two."""
    with pytest.raises(ValueError, match="edges"):
        RandomShift(1, "wrap")
