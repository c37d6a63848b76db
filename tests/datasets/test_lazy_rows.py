"""Rows of arrays in files, against the same rows of an array in memory."""

import pickle

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import Parallel, delayed
from PIL import Image
from scipy import sparse
from sklearn import config_context
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.naive_bayes import GaussianNB

from skdeep.datasets import ImageFolder, LazyRows, lazy_rows
from skdeep.datasets.lazy_rows import in_any_order, is_stored, is_streamed

N_ROWS = 50
ARRAY = np.random.default_rng(0).integers(256, size=(N_ROWS, 4, 3), dtype=np.uint8)

positions = st.integers(-N_ROWS, N_ROWS - 1)
keys = st.one_of(
    st.slices(N_ROWS),
    st.lists(positions, max_size=2 * N_ROWS),
    st.lists(st.booleans(), min_size=N_ROWS, max_size=N_ROWS).map(np.array),
)


class Sliced:
    """The least that is asked of an array: it only knows slices that go forward."""

    def __init__(self, array):
        self.array = array
        self.shape, self.dtype = array.shape, array.dtype
        self.slices = []

    def __getitem__(self, key):
        assert isinstance(key, slice)
        assert key.step is None
        assert 0 <= key.start < key.stop <= len(self.array)
        self.slices.append((key.start, key.stop))
        return self.array[key]


@pytest.fixture(scope="module", params=["memmap", "h5py", "zarr", "images", "slices"])
def stored(request, tmp_path_factory):
    """Return the array in a file of each kind."""
    folder = tmp_path_factory.mktemp("stored")
    if request.param == "memmap":
        np.save(folder / "rows.npy", ARRAY)
        yield np.load(folder / "rows.npy", mmap_mode="r")
    elif request.param == "h5py":
        with h5py.File(folder / "rows.h5", "w") as file:
            yield file.create_dataset("rows", data=ARRAY, chunks=(7, 4, 3))
    elif request.param == "zarr":
        zarr = pytest.importorskip("zarr")
        rows = zarr.create_array(
            str(folder / "rows.zarr"), shape=ARRAY.shape, chunks=(7, 4, 3), dtype="u1"
        )
        rows[:] = ARRAY
        yield rows
    elif request.param == "images":
        files = [folder / f"{number}.png" for number in range(N_ROWS)]
        for file, pixels in zip(files, ARRAY, strict=True):
            Image.fromarray(pixels).save(file)
        yield ImageFolder(files, image_shape=(4, 3))
    else:
        yield Sliced(ARRAY)


def assert_equal(rows, array):
    """Compare rows with an array, numbers, shape and dtype."""
    assert rows.shape == array.shape
    assert rows.dtype == array.dtype
    assert len(rows) == len(array)
    assert rows.ndim == array.ndim
    np.testing.assert_array_equal(np.asarray(rows), array)
    np.testing.assert_array_equal(list(rows), list(array))


def test_all_rows(stored):
    """Nothing changes but that rows are read later."""
    rows = LazyRows(stored)
    assert rows.rows is None
    assert_equal(rows, ARRAY)
    assert rows[:] is rows
    assert repr(rows) == "LazyRows of shape (50, 4, 3), uint8"
    assert np.asarray(rows, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="no array that could be shared"):
        np.array(rows, copy=False)


@given(keys, st.data())
def test_indexing(stored, key, data):
    """Rows of rows are those of the array, and stay in the file."""
    rows = LazyRows(stored)[key]
    array = ARRAY[key] if not isinstance(key, list) else ARRAY[np.array(key, int)]
    assert isinstance(rows, LazyRows)
    assert_equal(rows, array)
    if len(array):
        again = data.draw(st.lists(st.integers(-len(array), len(array) - 1)))
        assert_equal(rows[again, ...], array[np.array(again, int)])
        assert_equal(rows[again, :, 1:], array[np.array(again, int), :, 1:])
        np.testing.assert_array_equal(rows[len(array) - 1], array[-1])
        np.testing.assert_array_equal(rows[0, :, 2], array[0, :, 2])
    assert isinstance(rows[..., :, :], LazyRows)
    np.testing.assert_array_equal(rows[..., 1], array[..., 1])
    np.testing.assert_array_equal(rows[..., 1:, 2], array[..., 1:, 2])


@pytest.mark.parametrize("key", [50, -51, [0, 50], 1.5, ["a"], [[0, 1]]])
def test_wrong_index(key):
    """What is no index of rows is refused."""
    with pytest.raises(IndexError):
        LazyRows(ARRAY)[key]


def test_rows_of_rows():
    """Lazy rows of lazy rows do not pile up."""
    first = LazyRows(ARRAY, [4, 3, 2])
    second = LazyRows(first, [2, 0])
    assert second.data is ARRAY
    assert second.rows.tolist() == [2, 4]
    assert LazyRows(first).rows.tolist() == [4, 3, 2]
    with pytest.raises(TypeError, match=r"got list\. Pass a numpy\.memmap"):
        LazyRows([[1, 2]])


def test_slices_span_narrow_gaps(monkeypatch):
    """Neighbours are read with one slice, distant rows are not."""
    monkeypatch.setattr(lazy_rows, "_GAP_BYTES", 3 * 12)
    source = Sliced(ARRAY)
    wanted = np.array([3, 4, 7, 20, 22, 40])
    np.testing.assert_array_equal(LazyRows(source).read_rows(wanted), ARRAY[wanted])
    assert source.slices == [(3, 8), (20, 23), (40, 41)]
    # Whole files are read piece by piece, too.
    monkeypatch.setattr(lazy_rows, "_SLICE_BYTES", 20 * 12)
    source.slices.clear()
    np.testing.assert_array_equal(np.asarray(LazyRows(source)), ARRAY)
    assert source.slices == [(0, 20), (20, 40), (40, 50)]


def test_rows_that_belong_together(tmp_path):
    """Blocks are whole chunks of the file, where it has some."""
    assert LazyRows(ARRAY).block_rows == 256
    assert LazyRows(np.empty((4, 1000, 1000), np.uint8)).block_rows == 1
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        rows = file.create_dataset("rows", (10_000, 4), "u1", chunks=(100, 4))
        assert LazyRows(rows).block_rows == 300
        rows = file.create_dataset("long", (10_000, 4), "u1", chunks=(5000, 4))
        assert LazyRows(rows).block_rows == 5000
        rows = file.create_dataset("flat", (10_000, 4), "u1")
        assert LazyRows(rows).block_rows == 256


def test_shape_that_was_promised():
    """A source that gives other rows than it promised is named."""
    source = Sliced(ARRAY)
    source.shape = (N_ROWS, 4, 4)
    with pytest.raises(ValueError, match="gave shape"):
        LazyRows(source).read_rows(np.arange(3))


def test_what_is_stored(stored):
    """Arrays in files are told from arrays in memory, frames and sparse matrices."""
    assert is_stored(stored)
    assert is_stored(LazyRows(stored))
    for other in (ARRAY, ARRAY.tolist(), sparse.eye(3).tocsr(), "rows", None):
        assert not is_stored(other)
        assert not is_streamed(other)
    assert not is_streamed(stored)
    with config_context(working_memory=4 * ARRAY.nbytes / 2**20):
        assert not is_streamed(stored)
    with config_context(working_memory=3.9 * ARRAY.nbytes / 2**20):
        assert is_streamed(stored)
        assert isinstance(in_any_order(stored), LazyRows)
    assert type(in_any_order(stored)) is np.ndarray
    assert in_any_order("rows") == "rows"


def test_arrays_that_joblib_passes_on():
    """An array in memory stays one in another process, whatever joblib makes of it."""
    found = Parallel(n_jobs=2, max_nbytes=1)(
        delayed(lambda X: (type(X).__name__, is_stored(X)))(X) for X in [ARRAY, ARRAY]
    )
    assert found == [("memmap", False)] * 2


def test_changes_in_memory_stay(tmp_path):
    """Pages of a memory map with changes that are nowhere else are kept."""
    np.save(tmp_path / "rows.npy", ARRAY)
    for mode in ("c", "r+"):
        rows = np.load(tmp_path / "rows.npy", mmap_mode=mode)
        rows[5] = 7
        assert (LazyRows(rows).read_rows(np.arange(4, 7))[1] == 7).all()
        assert (rows[5] == 7).all()


def resident(file):
    """Return the memory that pages of a file take in this process, in kilobytes."""
    size, inside = 0, False
    with open("/proc/self/smaps", encoding="utf-8") as maps:
        for line in maps:
            if "-" in line.split(" ", 1)[0]:
                inside = line.rstrip().endswith(str(file))
            elif inside and line.startswith("Rss:"):
                size += int(line.split()[1])
    return size


def test_pages_are_given_back(tmp_path):
    """What was read of a memory map does not count as memory any more."""
    pytest.importorskip("resource", reason="Only Unix tells what is in memory.")
    path = tmp_path / "rows.npy"
    np.save(path, np.zeros((2000, 1000), np.uint8))
    rows = np.load(path, mmap_mode="r")
    try:
        rows.sum()
        before = resident(path)
    except OSError:
        pytest.skip("Only Linux lists the pages of a file.")
    assert before > 1000
    LazyRows(rows[:1500])[::3].read_rows(np.arange(200))
    assert resident(path) < 200


def test_pickle(tmp_path):
    """Rows of what can be pickled can be pickled."""
    rows = LazyRows(ARRAY)[[3, 1]]
    assert_equal(pickle.loads(pickle.dumps(rows)), ARRAY[[3, 1]])


def test_scikit_learn_selects_rows(tmp_path):
    """Shuffled folds of an HDF5 file work with any estimator."""
    y = np.arange(N_ROWS) % 2
    flat = ARRAY.reshape(N_ROWS, -1)
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        rows = LazyRows(file.create_dataset("rows", data=flat))
        train, test = train_test_split(rows, random_state=0)
        assert isinstance(train, LazyRows)
        wanted = train_test_split(flat, random_state=0)
        np.testing.assert_array_equal(np.asarray(train), wanted[0])
        np.testing.assert_array_equal(np.asarray(test), wanted[1])
        np.testing.assert_array_equal(
            cross_val_score(GaussianNB(), rows, y),
            cross_val_score(GaussianNB(), flat, y),
        )
