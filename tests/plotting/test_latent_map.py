"""Where codes lie, and what the plane decodes to."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from skdeep.plotting import LatentMapDisplay
from skdeep.plotting.palette import point_styles


def test_two_components_are_drawn_as_they_are(pyplot, autoencoders, images, labels):
    """Points are the codes, one collection for each class, with a legend."""
    estimator = autoencoders["variational"]
    display = LatentMapDisplay.from_estimator(estimator, images, labels)
    codes = estimator.transform(images)
    np.testing.assert_array_equal(display.points, codes)
    assert len(display.points_) == 10
    for label, points in enumerate(display.points_):
        np.testing.assert_array_equal(points.get_offsets(), codes[labels == label])
    [ax] = display.axes_
    assert [t.get_text() for t in ax.get_legend().get_texts()] == list("0123456789")
    assert ax.get_xlabel() == "Code unit 0"
    assert display.image_ is None


def test_longer_codes_are_projected_and_the_axes_say_so(pyplot, autoencoders, images):
    """Axes name PCA, the length of the code and the share of the variance."""
    estimator = autoencoders["denoising"]
    display = LatentMapDisplay.from_estimator(estimator, images)
    codes = estimator.transform(images)
    pca = PCA(2, svd_solver="full").fit(codes)
    np.testing.assert_allclose(display.points, pca.transform(codes), atol=1e-5)
    share = 100 * pca.explained_variance_ratio_[1]
    expected = f"PCA 2 of 5 code units ({share:.0f} % of variance)"
    assert display.axes_[0].get_ylabel() == expected
    assert display.axes_[0].get_legend() is None


def test_bits_are_drawn_as_probabilities(pyplot, autoencoders, images):
    """Rounded codes would all lie on the corners of a cube."""
    estimator = autoencoders["hashing"]
    display = LatentMapDisplay.from_estimator(estimator, images)
    probabilities = estimator.transform_proba(images)
    expected = PCA(2, svd_solver="full").fit_transform(probabilities)
    np.testing.assert_allclose(display.points, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["variational", "denoising"])
def test_decoded_plane(pyplot, autoencoders, images, name):
    """Each image is what the middle of its field decodes to, up being up."""
    estimator = autoencoders[name]
    display = LatentMapDisplay.from_estimator(estimator, images, n_decoded=3)
    assert display.decoded.shape == (3, 3, 8, 8, 1)
    left, right, bottom, top = display.extent
    assert left < right
    assert bottom < top
    width, height = (right - left) / 3, (top - bottom) / 3
    place = np.array([[left + width / 2, top - height / 2]], "float32")
    codes = estimator.transform(images)
    if name == "denoising":
        place = PCA(2, svd_solver="full").fit(codes).inverse_transform(place)
    expected = estimator.inverse_transform(place.astype("float32"))[0]
    np.testing.assert_allclose(display.decoded[0, 0, ..., 0], expected, atol=1e-4)
    assert len(display.axes_) == 2
    assert tuple(display.image_.get_extent()) == display.extent
    alone = display.plot(plot_points=False)
    assert len(alone.axes_) == 1
    assert alone.points_ == []


def test_a_decoded_plane_stands_upright_in_every_style(pyplot, images):
    """The first row is at the top, wherever users have the origin of images."""
    rows = images.reshape(len(images), -1)
    with pyplot.rc_context({"image.origin": "lower"}):
        display = LatentMapDisplay.from_estimator(
            PCA(2).fit(rows), rows, n_decoded=2, image_shape=(8, 8)
        )
    assert display.image_.origin == "upper"
    assert tuple(display.image_.get_extent()) == display.extent


def test_names_of_classes_that_begin_with_an_underscore(pyplot, images, labels):
    """They have an entry too; labels that users hide have none."""
    rows = images.reshape(len(images), -1)
    names = np.array(["_low", "high"])[(labels > 4).astype(int)]
    pca = PCA(2).fit(rows)
    display = LatentMapDisplay.from_estimator(pca, rows, names)
    texts = display.axes_[0].get_legend().get_texts()
    assert [text.get_text() for text in texts] == ["_low", "high"]
    hidden = LatentMapDisplay.from_estimator(
        pca, rows, names, scatter_kwargs={"label": "_nolegend_"}
    )
    assert not hidden.axes_[0].get_legend().get_texts()


def test_numbers_have_a_colour_bar(pyplot, images):
    """Labels that are numbers, or too many, are shades."""
    rows = images.reshape(len(images), -1)
    pca = PCA(2).fit(rows)
    for y in (rows.mean(axis=1), np.arange(120), [f"row {i}" for i in range(120)]):
        display = LatentMapDisplay.from_estimator(pca, rows, y)
        assert len(display.points_) == 1
        assert len(display.figure_.axes) == 2


def test_one_component_and_one_sample(pyplot, images):
    """A code of one unit lies on a line; a single code is a point."""
    rows = images.reshape(len(images), -1)
    display = LatentMapDisplay.from_estimator(
        PCA(1).fit(rows), rows, n_decoded=2, image_shape=(8, 8)
    )
    assert (display.points[:, 1] == 0).all()
    assert display.decoded.shape == (2, 2, 8, 8, 1)
    single = LatentMapDisplay.from_estimator(PCA(2).fit(rows), rows[:1])
    assert single.points.shape == (1, 2)
    with pytest.raises(ValueError, match="at least 2"):
        LatentMapDisplay.from_estimator(PCA(3).fit(rows), rows[:1])


def test_options_and_refusals(pyplot, autoencoders, images, labels):
    """Artists can be styled; what does not fit is named."""
    estimator = autoencoders["variational"]
    display = LatentMapDisplay.from_estimator(
        estimator, images, labels, legend=False, scatter_kwargs={"s": 3}
    )
    assert display.axes_[0].get_legend() is None
    assert display.points_[0].get_sizes().tolist() == [3]
    with pytest.raises(ValueError, match="nothing to draw"):
        display.plot(plot_points=False)
    with pytest.raises(ValueError, match="axes has 2 entries, but 1"):
        display.plot(pyplot.subplots(ncols=2)[1])
    with pytest.raises(ValueError, match="inconsistent numbers"):
        LatentMapDisplay.from_estimator(estimator, images, labels[:3])


def test_looks_of_classes_repeat_late(pyplot):
    """Seven colours and four markers make twenty-eight looks."""
    _, ax = pyplot.subplots()
    styles = point_styles(ax, 28)
    assert len({(s["color"], s["marker"]) for s in styles}) == 28
