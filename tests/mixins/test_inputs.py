"""What goes in: images in two units and many shapes, and texts."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skdeep import ConvAutoencoderTransformer, RNNClassifier
from tests.common.checks import assert_same, differ, fit, fresh, state
from tests.common.instances import IMAGES, INSTANCES, TEXTS

IMAGE = INSTANCES["ConvAutoencoderTransformer"]
TEXT = INSTANCES["RNNClassifier"]
# Sixteenths times 255 are no integers; these are.
PIXELS = np.round(IMAGES.X * 255).astype(np.uint8)
NEW_PIXELS = np.round(IMAGES.new * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def on_pixels():
    """Return an estimator that was fitted on bytes."""
    return fit(fresh(IMAGE), X=PIXELS)


@pytest.fixture(scope="module")
def on_floats():
    """Return an estimator that was fitted on floats."""
    return fit(fresh(IMAGE))


def test_bytes_are_scaled(on_pixels):
    """Bytes and their 255th parts are the same images, but for rounding."""
    # In batches of all rows, since bytes and floats are ordered differently.
    whole = {"batch_size": 60}
    pixels = fit(fresh(IMAGE, **whole), X=PIXELS)
    scaled = fit(fresh(IMAGE, **whole), X=(PIXELS / 255).astype(np.float32))
    np.testing.assert_allclose(
        pixels.history_["loss"], scaled.history_["loss"], rtol=1e-3
    )
    assert max(on_pixels.history_["loss"]) < 1


def test_units_of_bytes(on_pixels):
    """Floats given to an estimator of bytes count from 0 to 255 as well."""
    codes = on_pixels.transform(NEW_PIXELS)
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(
        codes, on_pixels.transform(NEW_PIXELS.astype(np.float32))
    )
    # What comes back is in the unit that went in; scores are on the scale to one.
    images = on_pixels.inverse_transform(codes)
    assert images.shape == NEW_PIXELS.shape
    assert 10 < np.abs(images).max() < 600
    errors = (images.astype(float) - NEW_PIXELS) ** 2 / 255**2
    np.testing.assert_allclose(
        on_pixels.score_samples(NEW_PIXELS), -errors.mean(axis=(1, 2)), rtol=1e-4
    )


def test_bytes_after_floats(on_floats):
    """Bytes given to an estimator of floats have no known unit."""
    with pytest.raises(ValueError, match=r"X is uint8.*fitted on floats.*unit"):
        on_floats.transform(NEW_PIXELS)


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool", "float32", "float16"])
def test_other_numbers_are_floats(dtype):
    """Whole numbers and truth values are taken as they are."""
    X = (IMAGES.X > 0.5).astype(dtype)
    found = fit(fresh(IMAGE), X=X)
    assert_same(state(found), state(fit(fresh(IMAGE), X=X.astype(float))))


def test_dtypes_of_codes(on_floats):
    """Codes are float64 if the images are, otherwise float32."""
    for dtype, expected in (("float64", "float64"), ("float32", "float32")):
        codes = on_floats.transform(IMAGES.new.astype(dtype))
        assert codes.dtype == expected
        assert on_floats.inverse_transform(codes).dtype == expected


def test_forms_of_one_shape(on_floats):
    """Flat, with and without channels: new images may have any of these forms."""
    codes = on_floats.transform(IMAGES.new)
    for X in (
        IMAGES.new.reshape(-1, 64),
        IMAGES.new[..., None],
        IMAGES.new.reshape(-1, 64).tolist(),
        pd.DataFrame(IMAGES.new.reshape(-1, 64)),
    ):
        np.testing.assert_array_equal(on_floats.transform(X), codes)
    # What comes back has the form that was fitted.
    assert on_floats.inverse_transform(codes).shape == IMAGES.new.shape
    flat = fit(fresh(IMAGE, image_shape=(8, 8)), X=IMAGES.X.reshape(-1, 64))
    assert flat.inverse_transform(flat.transform(IMAGES.new)).shape == (70, 64)
    assert_same(state(flat), state(on_floats))


def test_image_shape(on_floats):
    """The fitted shape is that of the images, or a strip if nothing says otherwise."""
    assert on_floats.image_shape_ == (8, 8, 1)
    assert on_floats.n_features_in_ == 64
    strip = fit(fresh(IMAGE), X=IMAGES.X.reshape(-1, 64))
    assert strip.image_shape_ == (1, 64, 1)
    colours = np.repeat(IMAGES.X[..., None], 3, axis=3)
    assert fit(fresh(IMAGE), X=colours).image_shape_ == (8, 8, 3)


@pytest.mark.parametrize(
    ("X", "match"),
    [
        (IMAGES.new[:, :7], r"56 features.*expecting 64"),
        (IMAGES.new.reshape(-1, 16, 4, 1), r"shape \(16, 4, 1\).*\(8, 8, 1\)"),
        (sparse.csr_array(IMAGES.new.reshape(-1, 64)), "[Ss]parse"),
        (np.full((4, 8, 8), "text"), "convert"),
    ],
)
def test_other_shapes(on_floats, X, match):
    """Images of another shape than fitted are refused, naming both."""
    with pytest.raises((TypeError, ValueError), match=match):
        on_floats.transform(X)


def test_wrong_image_shape():
    """A parameter that contradicts the images is refused by `fit`."""
    with pytest.raises(ValueError, match=r"64 features.*image_shape=\(8, 9, 1\)"):
        fit(fresh(IMAGE, image_shape=(8, 9)), X=IMAGES.X.reshape(-1, 64))
    with pytest.raises(ValueError, match=r"shape \(8, 8, 1\), but image_shape"):
        fit(fresh(IMAGE, image_shape=(4, 16)))


@pytest.mark.parametrize("shape", [(4, 16), (16, 4), (4, 4, 4)])
def test_as_many_pixels_in_another_shape(on_floats, shape):
    """Pixels are not put into other rows, silently."""
    images = IMAGES.new.reshape(-1, *shape)
    with pytest.raises(ValueError, match=r"has images of shape .*\(8, 8, 1\)"):
        on_floats.transform(images)


@pytest.mark.parametrize("dtype", ["uint8", "UInt8"])
def test_bytes_in_a_frame(on_pixels, dtype):
    """Columns of bytes are bytes, as the same numbers in an array are."""
    whole = {"image_shape": (8, 8)}
    frame = pd.DataFrame(PIXELS.reshape(len(PIXELS), -1)).astype(dtype)
    found = fit(fresh(IMAGE, **whole), X=frame)
    expected = fit(fresh(IMAGE, **whole), X=frame.to_numpy(np.uint8))
    np.testing.assert_array_equal(found.weights_[0], expected.weights_[0])
    assert max(found.history_["loss"]) < 1
    np.testing.assert_array_equal(
        found.transform(frame), expected.transform(frame.to_numpy(np.uint8))
    )


def test_memory_mapped_images(tmp_path):
    """Images in a file are read as if they were in memory."""
    np.save(tmp_path / "images.npy", PIXELS)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    found = fit(fresh(IMAGE), X=mapped)
    assert_same(state(found), state(fit(fresh(IMAGE), X=PIXELS)))


def test_one_row_and_one_column():
    """A single image, and images of one pixel, are images."""
    one = ConvAutoencoderTransformer(2, filters=(2,), epochs=1, random_state=0)
    assert one.fit(IMAGES.X[:1]).transform(IMAGES.X[:1]).shape == (1, 2)
    assert one.fit(IMAGES.X[:9, 4, 4:5]).image_shape_ == (1, 1, 1)


# -- texts -----------------------------------------------------------------------------


def test_vocabulary():
    """The vocabulary comes from the training texts, most frequent tokens first."""
    classifier = fit(fresh(TEXT, max_features=None))
    assert min(classifier.vocabulary_.values()) == 2
    assert sorted(classifier.vocabulary_.values()) == list(
        range(2, len(classifier.vocabulary_) + 2)
    )
    words = {word for text in TEXTS.X for word in text.split() if word.isalpha()}
    assert words | {"!", "0000"} == set(classifier.vocabulary_)
    few = fit(fresh(TEXT, max_features=5))
    assert few.vocabulary_.items() <= classifier.vocabulary_.items()
    assert len(few.vocabulary_) == 5


def test_vocabulary_is_of_the_fold():
    """Words of the test fold alone are unknown, all in the same way."""
    classifier = fit(fresh(TEXT))
    found = classifier.predict_proba(["zebra quagga", "okapi gnu"])
    np.testing.assert_array_equal(found[0], found[1])


def test_empty_and_blank_texts():
    """A text without any token is still a text."""
    classifier = fit(fresh(TEXT), X=["", *TEXTS.X[1:]])
    found = classifier.predict_proba(["", "   ", "\n"])
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[0], found[1])


def test_max_length():
    """What stands behind the limit is not read."""
    classifier = fit(fresh(TEXT, max_length=3))
    assert classifier.max_length_ == 3
    found = classifier.predict_proba(["win a prize", "win a prize now !"])
    np.testing.assert_array_equal(found[0], found[1])
    longer = fit(fresh(TEXT, max_length=None))
    assert longer.max_length_ >= 20
    assert differ(classifier, longer)


def test_lowercase():
    """With `lowercase` capitals do not count, without they do."""
    for lowercase in (False, True):
        shouting = [text.upper() if i % 2 else text for i, text in enumerate(TEXTS.X)]
        classifier = fit(fresh(TEXT, lowercase=lowercase), X=shouting)
        found = classifier.predict_proba(["WIN a PRIZE", "win a prize"])
        assert (found[0] == found[1]).all() == lowercase


def comma_separated(text):
    """Return the parts of a text between commas."""
    return text.split(",")


def test_own_analyzer():
    """A function may say what the tokens are; it is used in prediction, too."""
    X = [",".join(text.split()) for text in TEXTS.X]
    classifier = fit(fresh(TEXT, analyzer=comma_separated, max_features=None), X=X)
    assert "win" in classifier.vocabulary_
    assert any(token.isdigit() for token in classifier.vocabulary_)
    with_spaces = classifier.predict_proba(["win now", "win,now"])
    assert (with_spaces[0] != with_spaces[1]).all()


@pytest.mark.parametrize("method", ["predict", "fit", "partial_fit"])
@pytest.mark.parametrize(
    "change", [{"analyzer": "char"}, {"analyzer": str.split}, {"lowercase": True}]
)
def test_other_tokens_than_those_of_the_vocabulary(method, change):
    """All of a text would be unknown, which nobody would see."""
    estimator = fit(fresh(TEXT, warm_start=True, analyzer="word", lowercase=False))
    before = state(estimator)
    known = estimator.get_params(deep=False)
    estimator.set_params(**change)
    arguments = (TEXTS.X,) if method == "predict" else (TEXTS.X, TEXTS.y)
    with pytest.raises(ValueError, match="Set them back, or call fit again"):
        getattr(estimator, method)(*arguments)
    estimator.set_params(**{name: known[name] for name in change})
    assert_same(state(estimator), before)
    estimator.set_params(**change, warm_start=False)
    fit(estimator).predict(TEXTS.X)


def test_folds_share_a_network():
    """Vocabularies that differ by a few words are embedded by the same network."""
    classifier = RNNClassifier("simple", units=2, embedding_size=2, epochs=1)
    shapes = set()
    for n_words in range(64, 72):
        X = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(n_words)]
        classifier.fit(X, np.arange(n_words) % 2)
        assert len(classifier.vocabulary_) == n_words
        shapes.add(classifier.weights_[0].shape)
        assert n_words + 2 <= classifier.weights_[0].shape[0] <= (n_words + 2) * 9 / 8
    assert len(shapes) <= 3
