"""The images that units answer to most."""

import numpy as np
import pytest
from sklearn import config_context

from skdeep import ConvAutoencoderTransformer, StackedAutoencoderTransformer
from skdeep.inspection import top_images, unit_activations


def brute_force(activations, n_images):
    """Return indices by sorting pairs of activation and index, unit by unit."""
    best = []
    for of_unit in activations.reshape(len(activations), -1, activations.shape[-1]).T:
        strength = of_unit.max(axis=0)
        pairs = sorted((-value, index) for index, value in enumerate(strength))
        best.append([index for _, index in pairs[:n_images]])
    return np.array(best)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("denoising", None),
        ("variational", None),
        ("hashing", None),
        ("convolutional", "stage_1_activation"),
        ("convolutional", "stage_2_pooling"),
        ("bits", "stage_1_2_activation"),
    ],
)
@pytest.mark.parametrize("batch_size", [1, 16, 1000])
def test_equal_to_brute_force(fitted, images, name, layer, batch_size):
    """Indices and activations are those of a plain sort, whatever the batches."""
    estimator = fitted(name)
    found = top_images(estimator, images, 9, layer, batch_size=batch_size)
    activations = unit_activations(estimator, images, layer)
    np.testing.assert_array_equal(found.indices, brute_force(activations, 9))
    peaks = activations.reshape(len(images), -1, activations.shape[-1]).max(axis=1)
    expected = np.take_along_axis(peaks.T, found.indices, axis=1)
    np.testing.assert_array_equal(found.activations, expected)
    assert found.dead.dtype == bool
    assert found.dead.shape == (activations.shape[-1],)


@pytest.mark.parametrize("batch_size", [1, 4, 60])
def test_ties_go_to_the_lowest_index(fitted, images, batch_size):
    """Every image three times: the three stand together, in order."""
    estimator = fitted("denoising")
    thrice = np.tile(images[:20], (3, 1, 1))
    found = top_images(estimator, thrice, 6, batch_size=batch_size).indices
    once = top_images(estimator, images[:20], 2).indices
    expected = (once[:, :, None] + np.array([0, 20, 40])).reshape(len(once), 6)
    np.testing.assert_array_equal(found, expected)


def test_locations_and_crops(fitted, images):
    """The location is the peak; the crop holds the pixels with a gradient from it."""
    estimator = fitted("convolutional")
    layer = "stage_2_convolution"
    found = top_images(estimator, images, 3, layer)
    maps = unit_activations(estimator, images, layer)
    for unit in range(2):
        for rank in range(3):
            index = found.indices[unit, rank]
            row, column = found.locations[unit, rank]
            assert maps[index, row, column, unit] == maps[index, ..., unit].max()
            assert maps[index, row, column, unit] == found.activations[unit, rank]
            top, bottom, left, right = found.boxes[unit, rank]
            # Two 3x3 convolutions with 2x2 pooling between: 8 pixels, cut off at the
            # border of an image of 8 pixels.
            assert top == max(0, 2 * row - 3)
            assert bottom == min(8, 2 * row + 5)
            assert left == max(0, 2 * column - 3)
            assert right == min(8, 2 * column + 5)
            np.testing.assert_array_equal(
                found.crops[unit][rank][..., 0], images[index, top:bottom, left:right]
            )


def test_what_lies_outside_of_the_box_does_not_matter(fitted, images):
    """Changing all pixels outside leaves the activation as it was, inside not."""
    estimator = fitted("convolutional")
    layer = "stage_1_convolution"
    found = top_images(estimator, images, 1, layer)
    top, bottom, left, right = found.boxes[0, 0]
    place = (0, *found.locations[0, 0], 0)
    image = images[found.indices[0, :1]]
    outside, inside = np.random.default_rng(0).random((2, *image.shape), "float32")
    outside[:, top:bottom, left:right] = image[:, top:bottom, left:right]
    same = unit_activations(estimator, outside, layer)[place]
    assert same == pytest.approx(found.activations[0, 0], rel=1e-6)
    assert unit_activations(estimator, inside, layer)[place] != pytest.approx(same)


def test_whole_images_for_units_without_positions(fitted, images):
    """The crop of a coding unit is the image, in the unit that was passed."""
    bytes_ = np.round(images * 255).astype(np.uint8)
    estimator = StackedAutoencoderTransformer((), 2, epochs=1).fit(bytes_)
    found = top_images(estimator, bytes_, 4)
    assert found.locations is None
    assert found.boxes.tolist() == [[[0, 8, 0, 8]] * 4] * 2
    for unit in range(2):
        crops = np.stack(found.crops[unit])
        assert crops.dtype == np.uint8
        np.testing.assert_array_equal(crops[..., 0], bytes_[found.indices[unit]])


def test_images_in_a_file(fitted, images, tmp_path):
    """Images that are read batch by batch give what they give in memory."""
    np.save(tmp_path / "images.npy", images)
    stored = np.load(tmp_path / "images.npy", mmap_mode="r")
    estimator = fitted("convolutional")
    expected = top_images(estimator, images, 3, "stage_1_activation")
    with config_context(working_memory=0.01):
        found = top_images(estimator, stored, 3, "stage_1_activation")
    np.testing.assert_array_equal(found.indices, expected.indices)
    for crops, expected_crops in zip(found.crops, expected.crops, strict=True):
        for crop, expected_crop in zip(crops, expected_crops, strict=True):
            np.testing.assert_array_equal(crop, expected_crop)


def test_dead_units_are_marked(images):
    """A unit that is always off has indices in order, and is marked."""
    estimator = ConvAutoencoderTransformer(3, filters=(2,), epochs=1).fit(images)
    estimator.weights_[2][:, 1] = 0
    found = top_images(estimator, images, 3)
    assert found.dead.tolist() == [False, True, False]
    assert found.indices[1].tolist() == [0, 1, 2]


def test_texts(text_classifier):
    """Texts have no crops."""
    found = top_images(text_classifier, ["a", "win a prize", "home"], 2, "logits")
    assert found.indices.shape == (1, 2)
    assert found.crops is None
    assert found.boxes is None


def test_refusals(fitted, images):
    """More images than there are cannot be had."""
    for n_images in (0, 151, 2.5):
        with pytest.raises(ValueError, match="from 1 to the 150 samples"):
            top_images(fitted("denoising"), images, n_images)
    with pytest.raises(ValueError, match="batch_size"):
        top_images(fitted("denoising"), images, batch_size=0)
