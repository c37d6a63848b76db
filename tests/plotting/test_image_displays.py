"""Displays that consist of images: which images stand where."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.decomposition import PCA

from skdeep import ConvAutoencoderTransformer
from skdeep.inspection import TopImages, corrupt_samples, first_layer_filters
from skdeep.plotting import (
    FiltersDisplay,
    ReconstructionDisplay,
    SamplesDisplay,
    TopImagesDisplay,
)
from skdeep.plotting.image_grid import coloured, draw_strips, tiled, value_range

GREY = [0.5, 0.5, 0.5, 1.0]


def texts_of(display):
    """Return what is written on the axes of a display."""
    return [text.get_text() for text in display.ax_.texts]


# -- the grid ----------------------------------------------------------------------


def test_colours():
    """Three channels are colours; any other number goes through the colour map."""
    images = np.array([0.0, 0.5, 1.0, 2.0]).reshape(4, 1, 1, 1)
    found = coloured(images, 0, 1)[:, 0, 0]
    np.testing.assert_allclose(found[:, 0], [0, 0.5, 1, 1], atol=0.01)
    np.testing.assert_array_equal(found[:, 3], 1)
    rgb = coloured(np.array([[[[0, 255, 51]]]], np.uint8), 0, 255)
    np.testing.assert_allclose(rgb[0, 0, 0], [0, 1, 0.2, 1])
    mean = coloured(np.array([[[[0.0, 1.0]]]]), 0, 1)
    np.testing.assert_allclose(mean[0, 0, 0, 0], 0.5, atol=0.01)
    flat = coloured(np.zeros((1, 2, 2, 1)), 0, 0)
    assert np.isfinite(flat).all()


def test_range_of_values():
    """Bytes have theirs; other numbers have their ends."""
    assert value_range(np.array([3], np.uint8)) == (0, 255)
    assert value_range(np.array([-1.0, 4, np.nan])) == (-1, 4)
    assert value_range(np.array([np.nan])) == (0, 1)


def test_pictures_stand_on_grey_ground(pyplot):
    """Pictures are where they belong, grey between them, nothing elsewhere."""
    red, blue = np.zeros((2, 16, 16, 4))
    red[..., [0, 3]] = 1
    blue[..., [2, 3]] = 1
    canvas = draw_strips(None, [[red, blue], [blue]], labels=["a", "b"]).get_array()
    assert canvas.shape == (2 * 17 + 1, 2 * 17 + 1, 4)
    np.testing.assert_array_equal(canvas[1:17, 1:17], red)
    np.testing.assert_array_equal(canvas[1:17, 18:34], blue)
    np.testing.assert_array_equal(canvas[18:34, 1:17], blue)
    np.testing.assert_array_equal(canvas[0, 0], GREY)
    np.testing.assert_array_equal(canvas[5, 17], GREY)
    assert canvas[30, 30, 3] == 0


def test_small_pictures_are_enlarged(pyplot):
    """Pictures of few pixels keep narrow spaces; each pixel is a square."""
    picture = np.random.default_rng(0).random((3, 2, 4))
    picture[..., 3] = 1
    canvas = draw_strips(None, [[picture]]).get_array()
    np.testing.assert_array_equal(canvas[1:-1:6, 1:-1:6], picture)
    assert tiled(picture[None, None]).shape == (20, 14, 4)


def test_strips_go_on_in_another_column(pyplot):
    """Blocks stand side by side, and groups have a gap between them."""
    picture = np.ones((16, 16, 4))
    plain = draw_strips(None, [[picture]] * 4).get_array().shape
    blocks = draw_strips(None, [[picture]] * 4, n_blocks=2).get_array().shape
    assert blocks[0] < plain[0]
    assert blocks[1] > 2 * 17
    groups = draw_strips(None, [[picture]] * 4, group=2).get_array().shape
    assert groups[0] > plain[0]


@pytest.mark.parametrize("n_strips", [1, 100])
def test_figures_have_a_sensible_size(pyplot, n_strips):
    """One image makes a small figure, a hundred strips one that fits a page."""
    picture = np.ones((28, 28, 4))
    image = draw_strips(
        None, [[picture] * 9] * n_strips, labels=["unit"] * n_strips, n_blocks=4
    )
    width, height = image.figure.get_size_inches()
    assert 0.5 < width < 13
    assert 0.5 < height < 14
    image.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in image.axes.texts]
    assert all(box.x0 >= 0 for box in boxes)
    lines = boxes[: len(boxes) // 4]
    assert all(below.y1 <= above.y0 for above, below in pairwise(lines))


def test_a_part_of_a_figure(pyplot):
    """In half of a figure labels are as high as in a figure of that size."""
    strips, labels = [[np.ones((28, 28, 4))] * 3] * 12, ["unit"] * 12
    whole = pyplot.figure(figsize=(4, 2)).subplots()
    half = pyplot.figure(figsize=(4, 4)).subfigures(2)[0].subplots()
    sizes = [
        draw_strips(ax, strips, labels=labels).axes.texts[0].get_fontsize()
        for ax in (whole, half)
    ]
    assert 3 < sizes[0] < 10
    assert sizes[1] == pytest.approx(sizes[0])


def test_labels_of_a_wide_strip(pyplot):
    """Labels are no higher than strips that the width of the axes keeps low."""
    ax = pyplot.figure(figsize=(5, 3.7)).subplots()
    strips = [[np.ones((28, 28, 4))] * 40] * 2
    draw_strips(ax, strips, labels=["one", "two"])
    ax.figure.canvas.draw()
    inches = ax.get_window_extent().height / ax.figure.dpi / 2
    assert 3 <= ax.texts[0].get_fontsize() <= max(3, 72 * inches)


def test_images_stand_upright_in_every_style(pyplot):
    """The first row is at the top, wherever users have the origin of images."""
    with pyplot.rc_context({"image.origin": "lower"}):
        image = draw_strips(None, [[np.ones((16, 16, 4))]])
    assert image.origin == "upper"
    assert image.axes.yaxis_inverted()


# -- reconstructions -----------------------------------------------------------------


def test_inputs_above_reconstructions(pyplot, autoencoders, images):
    """Rows are the samples and what comes back of them."""
    estimator = autoencoders["convolutional"]
    display = ReconstructionDisplay.from_estimator(estimator, images, n_images=4)
    assert list(display.images) == ["input", "reconstruction"]
    np.testing.assert_array_equal(display.images["input"][..., 0], images[:4])
    expected = estimator.inverse_transform(estimator.transform(images[:4]))
    np.testing.assert_array_equal(display.images["reconstruction"][..., 0], expected)
    assert texts_of(display) == ["input", "reconstruction"]


def test_corrupted_images_in_between(pyplot, autoencoders, images):
    """A denoiser reconstructs from what it would see in training, or is given."""
    estimator = autoencoders["denoising"]
    display = ReconstructionDisplay.from_estimator(estimator, images, random_state=3)
    assert list(display.images) == ["input", "corrupted", "reconstruction"]
    noisy = corrupt_samples(estimator, images[:10], random_state=3)
    np.testing.assert_array_equal(display.images["corrupted"][..., 0], noisy)
    repaired = estimator.denoise(noisy)
    np.testing.assert_allclose(
        display.images["reconstruction"][..., 0], repaired, rtol=1e-5, atol=1e-6
    )
    given = ReconstructionDisplay.from_estimator(
        estimator, images, corrupted=1 - images
    )
    np.testing.assert_array_equal(given.images["corrupted"][..., 0], 1 - images[:10])


def test_what_a_hashing_transformer_keeps(pyplot, autoencoders, images):
    """It reconstructs from bits, not from their probabilities."""
    estimator = autoencoders["hashing"]
    display = ReconstructionDisplay.from_estimator(estimator, images, n_images=3)
    expected = estimator.inverse_transform(estimator.transform(images[:3]))
    np.testing.assert_allclose(display.images["reconstruction"][..., 0], expected)


def test_bands_of_ten(pyplot, autoencoders, images):
    """More than ten images go on below, with their own labels."""
    estimator = autoencoders["variational"]
    display = ReconstructionDisplay.from_estimator(estimator, images, n_images=23)
    assert texts_of(display) == ["input", "reconstruction"] * 3
    whole = ReconstructionDisplay.from_estimator(estimator, images, n_images=None)
    assert len(whole.images["input"]) == len(images)


def test_any_transformer_with_a_way_back(pyplot, images):
    """PCA is drawn if somebody says how large its images are."""
    rows = images.reshape(len(images), -1)
    pca = PCA(5).fit(rows)
    display = ReconstructionDisplay.from_estimator(pca, rows, image_shape=(8, 8))
    assert display.images["reconstruction"].shape == (10, 8, 8, 1)
    with pytest.raises(ValueError, match="Pass image_shape"):
        ReconstructionDisplay.from_estimator(pca, rows)
    with pytest.raises(ValueError, match=r"no images of shape \(3, 3, 1\)"):
        ReconstructionDisplay.from_estimator(pca, rows, image_shape=(3, 3))
    with pytest.raises(ValueError, match="number of images"):
        ReconstructionDisplay.from_estimator(pca, rows, n_images=0)
    with pytest.raises(ValueError, match="no samples"):
        ReconstructionDisplay.from_estimator(pca, rows[:0])


# -- filters -------------------------------------------------------------------------


def test_filters_on_a_common_scale(pyplot, autoencoders):
    """A filter of small weights is faint, unless each has its own scale."""
    filters = first_layer_filters(autoencoders["denoising"]).copy()
    filters[1] *= 0.01
    common = FiltersDisplay(filters=filters).plot().image_.get_array()
    each = FiltersDisplay(filters=filters).plot(scale="each").image_.get_array()
    second = np.s_[1:17, 18:34, :3]
    white = coloured(np.zeros((1, 1, 1)), -1, 1, "RdBu_r")[0, 0, :3]
    assert np.abs(common[second] - white).max() < 0.05
    assert np.abs(each[second] - white).max() > 0.5


def test_colour_filters(pyplot):
    """Zero is mid-grey; the largest weight has full colour."""
    filters = np.zeros((2, 4, 4, 3))
    filters[0, 0, 0] = [1, -1, 0]
    canvas = FiltersDisplay(filters=filters).plot().image_.get_array()
    np.testing.assert_allclose(canvas[1, 1], [1, 0, 0.5, 1])
    np.testing.assert_allclose(canvas[1, 18], GREY)


def test_number_of_filters(pyplot):
    """A hundred at most are drawn, and the title says of how many."""
    filters = np.random.default_rng(0).normal(size=(130, 5, 5, 1))
    display = FiltersDisplay(filters=filters).plot()
    assert display.ax_.get_title() == "First-layer filters (100 of 130)"
    assert FiltersDisplay(filters=filters[:1]).plot().ax_.get_title().endswith("(1)")
    assert "(130)" in display.plot(n_filters=None).ax_.get_title()
    with pytest.raises(ValueError, match="Draw at least one"):
        display.plot(n_filters=0)
    with pytest.raises(ValueError, match="scale must be"):
        display.plot(scale="own")


# -- samples -------------------------------------------------------------------------


def test_samples(pyplot, autoencoders):
    """They are what `sample` returns, in a square or in rows of a length."""
    estimator = autoencoders["variational"]
    display = SamplesDisplay.from_estimator(estimator, 6, random_state=1)
    expected = estimator.sample(6, random_state=1)
    np.testing.assert_array_equal(display.samples[..., 0], expected)
    assert display.image_.get_array().shape[:2] == (2 * 17 + 1, 3 * 17 + 1)
    wide = display.plot(n_columns=6).image_.get_array().shape
    assert wide[:2] == (17 + 1, 6 * 17 + 1)


# -- top images ----------------------------------------------------------------------


def test_strips_of_units(pyplot, autoencoders, images):
    """Each live unit has a strip with its number before it."""
    display = TopImagesDisplay.from_estimator(autoencoders["denoising"], images, 3)
    assert display.units_.tolist() == [0, 1, 2, 3, 4]
    assert texts_of(display) == ["0", "1", "2", "3", "4"]
    assert display.ax_.get_title() == "Top images of units of the code (5 live)"
    few = display.plot(units=[3, 1])
    assert texts_of(few) == ["3", "1"]
    first = display.plot(n_units=2)
    assert first.units_.tolist() == [0, 1]
    assert "(2 of 5 live)" in first.ax_.get_title()
    with pytest.raises(ValueError, match="numbers from 0 to 4"):
        display.plot(units=[5])


def test_dead_units_are_counted_not_drawn(pyplot, images):
    """Also if they are asked for, and if there are no others."""
    estimator = ConvAutoencoderTransformer(3, filters=(2,), epochs=1).fit(images)
    estimator.weights_[2][:, 1] = 0
    display = TopImagesDisplay.from_estimator(estimator, images, 2)
    assert display.units_.tolist() == [0, 2]
    assert "(2 live, 1 dead)" in display.ax_.get_title()
    none = display.plot(units=[1])
    assert none.image_ is None
    assert "(0 live, 1 dead)" in none.ax_.get_title()


def test_crops_lie_where_the_image_has_them(pyplot):
    """What hangs over the border of the image shows the ground."""
    crops = ((np.ones((2, 3, 1)), np.ones((3, 2, 1))), (np.ones((3, 3, 1)),) * 2)
    boxes = np.array([[[0, 2, 1, 4], [1, 4, 0, 2]], [[1, 4, 1, 4], [5, 8, 5, 8]]])
    found = TopImages(
        indices=np.zeros((2, 2), int),
        activations=np.ones((2, 2)),
        dead=np.zeros(2, bool),
        boxes=boxes,
        crops=crops,
    )
    canvas = TopImagesDisplay(top_images=found).plot().image_.get_array()
    # Pixels are enlarged six times.
    first, second = canvas[1:19:6, 1:19:6], canvas[1:19:6, 20:38:6]
    np.testing.assert_array_equal(first[0], [GREY] * 3)
    np.testing.assert_array_equal(second[:, 0], [GREY] * 3)
    assert not (first[1:, :, 0] == 0.5).any()
    assert not (second[:, 1:, 0] == 0.5).any()


def test_a_hundred_units(pyplot):
    """Many strips go on in further columns."""
    crops = (((np.random.default_rng(0).random((4, 4, 1)),) * 2),) * 100
    found = TopImages(
        indices=np.zeros((100, 2), int),
        activations=np.ones((100, 2)),
        dead=np.zeros(100, bool),
        boxes=np.tile([0, 4, 0, 4], (100, 2, 1)),
        crops=crops,
    )
    display = TopImagesDisplay(top_images=found).plot(n_units=None)
    assert len(display.units_) == 100
    height, width = display.image_.get_array().shape[:2]
    assert 0.3 < width / height < 4


def test_texts_have_no_images(pyplot):
    """The message says where to read instead."""
    found = TopImages(np.zeros((1, 1), int), np.ones((1, 1)), np.array([False]))
    with pytest.raises(ValueError, match="samples are texts"):
        TopImagesDisplay(top_images=found).plot()
