"""Estimators that read their samples from files, piece by piece."""

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import config_context
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skdeep import runtime
from skdeep.datasets import ImageFolder, LazyRows
from skdeep.mixins import ImageInputMixin
from skdeep.runtime import streams
from tests.common.checks import (
    assert_same,
    assert_same_fit,
    differ,
    fit,
    fresh,
    outputs,
    state,
)
from tests.common.instances import IMAGES, INSTANCES, TEXTS

ESTIMATORS = {
    name: estimator
    for name, estimator in INSTANCES.items()
    if isinstance(estimator, ImageInputMixin)
}
AUTOENCODER = INSTANCES["ConvAutoencoderTransformer"]
HASHER = INSTANCES["CNNHashingTransformer"]
PIXELS = np.round(IMAGES.X * 255).astype(np.uint8)
# In MiB; whatever lies in a file is then too large for memory.
NOTHING_FITS = {"working_memory": 1e-6}


@pytest.fixture
def in_file(tmp_path):
    """Return a function that writes an array to a file and maps it."""

    def write(array):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.npy"
        np.save(path, array)
        return np.load(path, mmap_mode="r")

    return write


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Let chunks be of 16 images of 8 x 8 numbers, in single precision."""
    monkeypatch.setattr(streams, "CHUNK_BYTES", 16 * 64 * 8)


@pytest.fixture
def reads(monkeypatch):
    """Give a list of how many rows were read at once; no array may be read whole."""
    sizes, read_rows = [], LazyRows.read_rows

    def noted(self, rows):
        sizes.append(len(rows))
        return read_rows(self, rows)

    monkeypatch.setattr(LazyRows, "read_rows", noted)
    return sizes


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_streams(name, in_file, reads):
    """Fitting reads chunks; what is said about samples is the same bit by bit."""
    streamed = fresh(ESTIMATORS[name], batch_size=16)
    with config_context(**NOTHING_FITS):
        fit(streamed, X=in_file(IMAGES.X))
        assert reads
        said = outputs(streamed, in_file(IMAGES.new))
    again = fresh(streamed)
    with config_context(**NOTHING_FITS):
        fit(again, X=in_file(IMAGES.X))
    assert_same(state(streamed), state(again))
    assert_same(said, outputs(streamed, IMAGES.new))
    in_memory = fit(fresh(streamed))
    assert streamed.history_.keys() == in_memory.history_.keys()
    assert vars(streamed).keys() == vars(in_memory).keys()


def test_learns_as_much(in_file):
    """Reading by blocks costs next to nothing of what is learnt."""
    settings = {"epochs": 12, "batch_size": 8}
    with config_context(**NOTHING_FITS):
        streamed = fit(fresh(AUTOENCODER, **settings), X=in_file(IMAGES.X))
    in_memory = fit(fresh(AUTOENCODER, **settings))
    assert streamed.history_["loss"][-1] < 1.1 * in_memory.history_["loss"][-1]
    assert streamed.history_["loss"][-1] < 0.5 * streamed.history_["loss"][0]


def test_small_files_are_arrays(in_file, tmp_path):
    """What fits into memory is read at once, and gives the bits that an array gives."""
    in_memory = fit(fresh(AUTOENCODER), X=PIXELS)
    assert_same_fit(in_memory, fit(fresh(AUTOENCODER), X=in_file(PIXELS)))
    assert_same_fit(in_memory, fit(fresh(AUTOENCODER), X=LazyRows(PIXELS)))
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        rows = file.create_dataset("rows", data=PIXELS)
        assert_same_fit(in_memory, fit(fresh(AUTOENCODER), X=rows))
        codes = in_memory.transform(PIXELS)
        np.testing.assert_array_equal(codes, in_memory.transform(rows))


@pytest.mark.parametrize("kind", ["memmap", "h5py", "zarr", "images"])
def test_every_kind_of_file(kind, in_file, tmp_path):
    """Memory maps, HDF5, zarr and image folders give the same samples."""
    if kind == "memmap":
        stored = in_file(PIXELS)
    elif kind == "h5py":
        file = h5py.File(tmp_path / "rows.h5", "w")
        stored = file.create_dataset("rows", data=PIXELS, chunks=(7, 8, 8))
    elif kind == "zarr":
        zarr = pytest.importorskip("zarr")
        path = str(tmp_path / "rows.zarr")
        stored = zarr.create_array(path, data=PIXELS, chunks=(7, 8, 8))
    else:
        files = [tmp_path / f"{number}.png" for number in range(len(PIXELS))]
        for path, pixels in zip(files, PIXELS, strict=True):
            Image.fromarray(pixels).save(path)
        stored = ImageFolder(files)
    fitted = fit(fresh(AUTOENCODER), X=PIXELS)
    with config_context(**NOTHING_FITS):
        streamed = fit(fresh(AUTOENCODER), X=stored)
        codes = fitted.transform(stored)
    assert streamed.image_shape_ == (8, 8, 1)
    np.testing.assert_array_equal(codes, fitted.transform(PIXELS))


def test_flat_samples(in_file):
    """Vectors and flat images stream as well."""
    flat = IMAGES.X.reshape(-1, 64)
    for settings in ({"image_shape": (8, 8)}, {"image_shape": None}):
        with config_context(**NOTHING_FITS):
            streamed = fit(fresh(AUTOENCODER, **settings), X=in_file(flat))
            codes = streamed.transform(in_file(flat))
        assert streamed.n_features_in_ == 64
        assert streamed.image_shape_ == (
            (8, 8, 1) if settings["image_shape"] else (1, 64, 1)
        )
        np.testing.assert_array_equal(codes, streamed.transform(flat))
        assert codes.dtype == np.float64


def test_weights_and_classes(in_file):
    """Rows that weigh nothing are not there; weights and class weights count."""
    weight = np.arange(60) % 3.0
    there = np.flatnonzero(weight)
    X = in_file(IMAGES.X)
    with config_context(**NOTHING_FITS):
        weighted = fit(fresh(HASHER), X=X, sample_weight=weight)
        chosen = fresh(HASHER).fit(
            LazyRows(X, there), IMAGES.y[there], sample_weight=weight[there]
        )
        equal = fresh(HASHER).fit(LazyRows(X, there), IMAGES.y[there])
        balanced = fresh(HASHER, class_weight="balanced").fit(
            LazyRows(X, there), IMAGES.y[there]
        )
    assert_same_fit(weighted, chosen)
    assert differ(weighted, equal)
    assert differ(balanced, equal)


def test_early_stopping(in_file):
    """The rows that are watched are streamed, too, and are not trained on."""
    settings = {"early_stopping": True, "epochs": 3, "validation_fraction": 0.2}
    with config_context(**NOTHING_FITS):
        streamed = fit(fresh(HASHER, **settings), X=in_file(IMAGES.X))
    assert len(streamed.history_["val_accuracy"]) == streamed.n_iter_
    assert len(streamed.history_["loss"]) == streamed.n_iter_


def test_passes_one_by_one(in_file):
    """Epochs one by one equal one fit, and may change between memory and file."""
    X = in_file(IMAGES.X)
    settings = {"epochs": 3, "learning_rate_schedule": "constant"}
    with config_context(**NOTHING_FITS):
        whole = fit(fresh(AUTOENCODER, **settings), X=X)
        steps = fresh(AUTOENCODER)
        for _ in range(3):
            steps.partial_fit(X)
        warm = fresh(AUTOENCODER, **settings | {"epochs": 1}, warm_start=True)
        for _ in range(3):
            warm.fit(X)
    assert_same_fit(whole, steps)
    assert_same_fit(whole, warm)
    steps.partial_fit(IMAGES.X)
    assert steps.n_iter_ == 4


@pytest.mark.parametrize("row", [0, 59])
def test_missing_values(row, in_file):
    """A row that cannot be taken is refused as in memory; the fit before is kept."""
    broken = IMAGES.X.copy()
    broken[row, 3, 3] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN") as in_memory:
        fit(fresh(AUTOENCODER), X=broken)
    with config_context(**NOTHING_FITS):
        fitted = fit(fresh(AUTOENCODER), X=in_file(IMAGES.X))
        before = state(fitted)
        for call in (fitted.fit, fitted.transform, fitted.score_samples):
            with pytest.raises(ValueError) as found:
                call(in_file(broken))
            assert str(found.value) == str(in_memory.value)
        with config_context(assume_finite=True):
            fitted.transform(in_file(broken))
    assert_same(before, state(fitted))


def test_range_of_numbers(in_file):
    """Numbers out of the range of an estimator are refused when they are read."""
    darker = IMAGES.X.copy()
    darker[50] -= 1
    bounded = fresh(
        INSTANCES["DenoisingAutoencoderTransformer"], output_activation="sigmoid"
    )
    binary = fresh(
        INSTANCES["VariationalAutoencoderTransformer"], likelihood="bernoulli"
    )
    with config_context(**NOTHING_FITS):
        with pytest.raises(ValueError, match="reconstructs numbers from 0 to 1"):
            fit(bounded, X=in_file(darker))
        with pytest.raises(ValueError, match=r"needs pixels in \[0, 1\]"):
            fit(binary, X=in_file(darker))


def test_shapes_and_units(in_file):
    """Other shapes and units than in `fit` are refused, as in memory."""
    with config_context(**NOTHING_FITS):
        streamed = fit(fresh(AUTOENCODER), X=in_file(IMAGES.X))
        for wrong in (PIXELS, IMAGES.X[:, :4], IMAGES.X.reshape(60, 4, 16, 1)):
            with pytest.raises(ValueError) as in_memory:
                streamed.transform(wrong)
            with pytest.raises(ValueError) as found:
                streamed.transform(in_file(wrong))
            assert str(found.value) == str(in_memory.value)
        with pytest.raises(ValueError, match="5 dimensions"):
            fit(fresh(AUTOENCODER), X=in_file(IMAGES.X[..., None, None]))
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            fresh(HASHER).fit(in_file(IMAGES.X), IMAGES.y[:-1])


def test_names_of_columns(in_file):
    """An estimator that knows names of columns warns once that a file has none."""
    flat = IMAGES.X.reshape(60, -1)
    frame = pd.DataFrame(flat, columns=[f"pixel {n}" for n in range(64)])
    named = fit(fresh(AUTOENCODER, image_shape=None), X=frame)
    with config_context(**NOTHING_FITS):
        with pytest.warns(UserWarning, match="does not have valid feature names") as w:
            named.transform(in_file(flat))
    assert len(w) == 1


def test_shuffled_folds_of_a_file(tmp_path):
    """Cross-validation over an HDF5 file keeps it there, whatever the folds."""
    order = np.random.default_rng(0).permutation(60)
    folds = [(order[part], order[test]) for part, test in KFold(2).split(order)]
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        rows = LazyRows(file.create_dataset("rows", data=PIXELS))
        with config_context(**NOTHING_FITS):
            scores = cross_val_score(fresh(AUTOENCODER), rows, cv=folds)
            for (train, test), score in zip(folds, scores, strict=True):
                fold = fresh(AUTOENCODER).fit(LazyRows(rows, train))
                assert fold.score(PIXELS[test]) == pytest.approx(score)


def test_in_a_pipeline(in_file):
    """A pipeline passes what is read piece by piece on to its first step."""
    pipeline = make_pipeline(fresh(AUTOENCODER))
    with config_context(**NOTHING_FITS):
        codes = pipeline.fit_transform(in_file(IMAGES.X))
    np.testing.assert_array_equal(codes, pipeline.transform(IMAGES.X))


def test_feeds_are_streams(in_file):
    """Rows of a file are encoded as a stream, and a copy of some of them as well."""
    fitted = fit(fresh(AUTOENCODER), X=PIXELS)
    with config_context(**NOTHING_FITS):
        rows = fitted._encode_input(in_file(PIXELS), reset=False)
        feed = fitted._feed(rows)
        assert isinstance(feed, runtime.StreamFeed)
        assert feed.layout == fitted._feed(PIXELS[..., None]).layout
        some = feed.take(np.array([5, 3]))
        assert len(some) == 2
        np.testing.assert_array_equal(some.array[:], PIXELS[[5, 3], ..., None])


def test_texts_are_not_numbers(in_file, tmp_path):
    """A text classifier says at once that a file of numbers has no texts."""
    classifier = fresh(INSTANCES["RNNClassifier"])
    numbers = in_file(np.zeros(len(TEXTS.y)))
    with pytest.raises(ValueError, match="is a memmap of float64, but every text"):
        classifier.fit(numbers, TEXTS.y)
    with pytest.raises(ValueError, match="texts must be one-dimensional"):
        classifier.fit(in_file(PIXELS), TEXTS.y)
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        with pytest.raises(ValueError, match="is a Dataset of int64, but every text"):
            classifier.fit(file.create_dataset("rows", data=np.arange(60)), TEXTS.y)
