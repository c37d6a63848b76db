"""What comes out of an autoencoder: codes, samples, scores."""

import numpy as np
import pytest

from skdeep.mixins import autoencoding
from tests.common.checks import fit, fresh
from tests.common.instances import IMAGES, INSTANCES


@pytest.fixture(scope="module")
def autoencoder():
    """Return a fitted autoencoder."""
    return fit(fresh(INSTANCES["ConvAutoencoderTransformer"], epochs=20))


def test_scores(autoencoder):
    """The score of a sample is minus its mean squared error."""
    images = autoencoder.inverse_transform(autoencoder.transform(IMAGES.new))
    errors = ((images - IMAGES.new) ** 2).mean(axis=(1, 2))
    scores = autoencoder.score_samples(IMAGES.new)
    np.testing.assert_allclose(scores, -errors, rtol=1e-5)
    assert scores.shape == (70,)
    assert scores.dtype == np.float64


def test_scores_in_pieces(autoencoder, monkeypatch):
    """Many samples are scored in pieces, to the same end."""
    scores = autoencoder.score_samples(IMAGES.new)
    monkeypatch.setattr(autoencoding, "_SCORING_ROWS", 9)
    np.testing.assert_array_equal(autoencoder.score_samples(IMAGES.new), scores)


def test_mean_score(autoencoder):
    """The score is the mean over samples, weighted if asked for."""
    scores = autoencoder.score_samples(IMAGES.new)
    assert autoencoder.score(IMAGES.new) == pytest.approx(scores.mean())
    weights = np.arange(70)
    assert autoencoder.score(IMAGES.new, sample_weight=weights) == pytest.approx(
        np.average(scores, weights=weights)
    )
    assert type(autoencoder.score(IMAGES.new)) is float


def test_reconstructions(autoencoder):
    """Decoding a code is what the whole network does."""
    images = autoencoder.inverse_transform(autoencoder.transform(IMAGES.new))
    whole = np.asarray(autoencoder.model_(IMAGES.new[..., None].astype("float32")))
    np.testing.assert_allclose(images, whole[..., 0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("codes", "match"),
    [
        (np.ones((2, 4)), "4 columns.* have 3.*transform"),
        (np.ones(3), "1D array"),
        (np.full((2, 3), np.nan), "NaN"),
        ([["a", "b", "c"]], "convert"),
    ],
)
def test_wrong_codes(autoencoder, codes, match):
    """What is no code is refused."""
    with pytest.raises(ValueError, match=match):
        autoencoder.inverse_transform(codes)


def test_codes_of_every_number_type(autoencoder):
    """Codes may be lists and whole numbers."""
    expected = autoencoder.inverse_transform(np.array([[1.0, 0.0, 2.0]]))
    np.testing.assert_array_equal(autoencoder.inverse_transform([[1, 0, 2]]), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, int, np.float16])
def test_codes_are_of_the_precision_of_samples(dtype):
    """Bytes give single precision; what is read in double precision stays in it."""
    autoencoder = INSTANCES["ConvAutoencoderTransformer"]
    pixels = np.round(IMAGES.X * 10).astype(dtype)
    codes = fit(fresh(autoencoder, epochs=1), X=pixels).transform(pixels)
    single = dtype in (np.uint8, np.float32)
    assert codes.dtype == (np.float32 if single else np.float64)


def test_fit_transform(autoencoder):
    """Fitting and transforming in one go gives the same codes."""
    again = fresh(INSTANCES["ConvAutoencoderTransformer"], epochs=20)
    np.testing.assert_array_equal(
        again.fit_transform(IMAGES.X), autoencoder.transform(IMAGES.X)
    )
