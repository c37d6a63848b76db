"""What all displays of a fitted model have in common."""

import io
import pickle
import sys

import matplotlib
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from skdeep import DenoisingAutoencoderTransformer
from skdeep.plotting import (
    FiltersDisplay,
    HashBucketsDisplay,
    LatentMapDisplay,
    ReconstructionDisplay,
    SamplesDisplay,
    TopImagesDisplay,
    TrainingHistoryDisplay,
)


def drawings(autoencoders, images, labels):
    """Return a function for each display that makes it."""
    noisy, clear = autoencoders["denoising"], autoencoders["variational"]
    return {
        "filters": lambda **o: FiltersDisplay.from_estimator(noisy, **o),
        "history": lambda **o: TrainingHistoryDisplay.from_estimator(noisy, **o),
        "latent": lambda **o: LatentMapDisplay.from_estimator(
            clear, images, labels, **o
        ),
        "reconstruction": lambda **o: ReconstructionDisplay.from_estimator(
            noisy, images, random_state=0, **o
        ),
        "samples": lambda **o: SamplesDisplay.from_estimator(
            clear, 7, random_state=0, **o
        ),
        "top": lambda **o: TopImagesDisplay.from_estimator(noisy, images, **o),
        "buckets": lambda **o: HashBucketsDisplay.from_estimator(
            autoencoders["hashing"], images, labels, **o
        ),
    }


NAMES = [
    "buckets",
    "filters",
    "history",
    "latent",
    "reconstruction",
    "samples",
    "top",
]


@pytest.fixture(params=NAMES)
def draw(request, autoencoders, images, labels):
    """Give each function that makes a display in turn."""
    return drawings(autoencoders, images, labels)[request.param]


def axes_of(display):
    """Return all axes of a display."""
    return [display.ax_] if hasattr(display, "ax_") else list(display.axes_)


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_drawn_in_any_style(pyplot, draw, style):
    """A display can be saved, and leaves the user's settings alone."""
    with pyplot.style.context(style):
        before = dict(matplotlib.rcParams)
        display = draw()
        display.figure_.savefig(io.BytesIO(), format="png")
        assert dict(matplotlib.rcParams) == before
    assert all(ax.figure is display.figure_ for ax in axes_of(display))


def test_drawn_where_told(pyplot, draw):
    """Axes that are given are used, and no figure is made."""
    keyword = "axes" if hasattr(draw(), "axes_") else "ax"
    pyplot.close("all")
    n_axes = len(axes_of(draw()))
    figure, given = pyplot.subplots(ncols=n_axes)
    n_figures = len(pyplot.get_fignums())
    display = draw(**{keyword: given})
    assert display.figure_ is figure
    assert axes_of(display) == list(np.atleast_1d(given))
    assert len(pyplot.get_fignums()) == n_figures


def test_drawn_again(pyplot, draw):
    """A display draws itself anew, and returns itself."""
    display = draw()
    first = axes_of(display)
    assert display.plot() is display
    assert axes_of(display)[0] is not first[0]


def test_a_missing_matplotlib_is_named(autoencoders, monkeypatch):
    """The message says how to install it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        TrainingHistoryDisplay.from_estimator(autoencoders["denoising"])


def test_nothing_is_drawn_before_a_fit(pyplot, images):
    """An estimator that is not fitted is named, and no figure is left."""
    estimator = DenoisingAutoencoderTransformer()
    for make in (
        lambda: FiltersDisplay.from_estimator(estimator),
        lambda: TrainingHistoryDisplay.from_estimator(estimator),
        lambda: LatentMapDisplay.from_estimator(estimator, images),
        lambda: ReconstructionDisplay.from_estimator(estimator, images),
        lambda: TopImagesDisplay.from_estimator(estimator, images),
        lambda: HashBucketsDisplay.from_estimator(estimator, images),
    ):
        with pytest.raises(NotFittedError):
            make()
    with pytest.raises(TypeError, match="no method `sample`"):
        SamplesDisplay.from_estimator(estimator)
    with pytest.raises(TypeError, match="no history_"):
        TrainingHistoryDisplay.from_estimator(PCA().fit(images[:, 0]))
    assert pyplot.get_fignums() == []


def test_arrays_can_be_kept(pyplot, autoencoders):
    """What was computed can be pickled and drawn elsewhere."""
    samples = SamplesDisplay.from_estimator(autoencoders["variational"], 4).samples
    display = SamplesDisplay(samples=samples)
    restored = pickle.loads(pickle.dumps(display)).plot()
    np.testing.assert_array_equal(restored.samples, samples)
