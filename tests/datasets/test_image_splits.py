"""Archives of labelled images, whole and hostile."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from skdeep.datasets.image_splits import SplitLayout, assemble_images, read_npz_parts

LAYOUT = SplitLayout(
    image_shape=(4, 5, 3),
    n_samples={"train": 6, "test": 4},
    target_names=("cat", "dog"),
)


@pytest.fixture
def arrays():
    """Give arrays as they should be."""
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8),
        "y_train": np.array([0, 1, 1, 0, 1, 0], dtype=np.uint8),
        "x_test": generator.integers(0, 256, (4, 4, 5, 3), dtype=np.uint8),
        "y_test": np.array([1, 0, 0, 1], dtype=np.int64),
    }


@pytest.fixture
def path(tmp_path):
    """Give the path of an archive to be written."""
    return tmp_path / "images.npz"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_parts_are_read(path, arrays, save):
    """Each subset has its images and labels, labels as int64."""
    save(path, **arrays)
    ((images, labels),) = read_npz_parts(path, LAYOUT, "test")
    np.testing.assert_array_equal(images, arrays["x_test"])
    np.testing.assert_array_equal(labels, arrays["y_test"])
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    train, test = read_npz_parts(path, LAYOUT, "all")
    np.testing.assert_array_equal(train[1], arrays["y_train"])
    np.testing.assert_array_equal(test[0], arrays["x_test"])


def test_labels_may_be_a_column(path, arrays):
    """Labels of shape (n, 1), as some writers leave them, are taken."""
    np.savez(path, **{**arrays, "y_test": arrays["y_test"][:, np.newaxis]})
    ((_, labels),) = read_npz_parts(path, LAYOUT, "test")
    np.testing.assert_array_equal(labels, arrays["y_test"])


@pytest.mark.parametrize(
    ("key", "change", "problem"),
    [
        ("x_test", lambda x: x[:-1], r"\(3, 4, 5, 3\).*\(4, 4, 5, 3\)"),
        ("x_test", lambda x: x.reshape(4, 60), r"\(4, 60\)"),
        ("x_test", lambda x: x / 255, "float64"),
        ("x_test", lambda x: x.astype(object), "object"),
        ("y_test", lambda y: y[:-1], r"\(3,\)"),
        ("y_test", lambda y: y.astype(float), "float64"),
        ("y_test", lambda y: y.astype(object), "object"),
        ("y_test", lambda y: y + 1, r"\[1, 2\]"),
        ("y_test", lambda y: y - 1, r"\[-1, 0\]"),
        ("y_test", lambda y: y * 0, r"\[0\]"),
    ],
)
def test_other_content_is_refused(path, arrays, key, change, problem):
    """Another shape, dtype or range is said, with file and array."""
    np.savez(path, allow_pickle=True, **{**arrays, key: change(arrays[key])})
    with pytest.raises(ValueError, match=problem) as raised:
        read_npz_parts(path, LAYOUT, "test")
    assert str(path) in str(raised.value)
    assert key in str(raised.value)


def test_missing_array_is_named(path, arrays):
    """An archive of something else is told from what it has."""
    del arrays["y_test"]
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"no array y_test, only .*x_train") as raised:
        read_npz_parts(path, LAYOUT, "test")
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_torn_archive(path, arrays, share):
    """An archive that ends too early cannot be read, and is named."""
    np.savez(path, **arrays)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(OSError, match="Delete the file") as raised:
        read_npz_parts(path, LAYOUT, "test")
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_changed_byte(path, arrays, save):
    """A byte that was changed on the way shows in the checksum."""
    save(path, **arrays)
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("x_test.npy")
    content = bytearray(path.read_bytes())
    content[member.header_offset + 30 + len("x_test.npy") + 160] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(OSError, match="cannot be read") as raised:
        read_npz_parts(path, LAYOUT, "test")
    assert str(path) in str(raised.value)


def npy_header(shape, dtype="|u1", version=(1, 0)):
    """Return the header of an npy file without any content."""
    file = io.BytesIO()
    write = {
        (1, 0): np.lib.format.write_array_header_1_0,
        (2, 0): np.lib.format.write_array_header_2_0,
    }[version]
    write(file, {"shape": shape, "fortran_order": False, "descr": dtype})
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (npy_header((10**12,)), ValueError),
        (npy_header((4, 4, 5, 3)) + b"too short", OSError),
        (npy_header((4, 4, 5, 3)) + bytes(241), OSError),
        (npy_header((4, 4, 5, 3), "|O"), ValueError),
        (b"\x93NUMPY\x09\x00" + bytes(100), OSError),
        (b"", OSError),
        (b"not an array", OSError),
    ],
    ids=["huge", "short", "long", "object", "version", "empty", "nonsense"],
)
def test_forged_member(path, arrays, content, error):
    """A header is not believed before it promises what is expected."""
    np.savez(path, **{key: arrays[key] for key in ("x_train", "y_train", "y_test")})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x_test.npy", content)
    tracemalloc.start()
    try:
        with pytest.raises(error) as raised:
            read_npz_parts(path, LAYOUT, "test")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(path) in str(raised.value)
    assert peak < 10 * 2**20


def test_newer_header_is_read(path, arrays):
    """The second version of the format is read as well."""
    np.savez(path, **{key: arrays[key] for key in ("x_train", "y_train", "y_test")})
    content = npy_header((4, 4, 5, 3), version=(2, 0)) + arrays["x_test"].tobytes()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x_test.npy", content)
    ((images, _),) = read_npz_parts(path, LAYOUT, "test")
    np.testing.assert_array_equal(images, arrays["x_test"])


def test_other_members_are_left_alone(path, arrays, tmp_path):
    """A member with a path of its own is neither read nor written anywhere."""
    np.savez(path, **arrays)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../escaped.npy", b"x")
    read_npz_parts(path, LAYOUT, "all")
    assert list(tmp_path.rglob("*escaped*")) == []


def test_directory_in_place_of_the_file(path):
    """A folder of that name is reported as what cannot be read."""
    path.mkdir()
    with pytest.raises(OSError, match="cannot be read"):
        read_npz_parts(path, LAYOUT, "test")


def test_file_of_somebody_else(path, arrays, monkeypatch):
    """A file that may not be read is whole, so nobody is told to delete it."""
    np.savez(path, **arrays)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("skdeep.datasets.image_splits.zipfile.ZipFile", refuse)
    with pytest.raises(PermissionError, match="Permission denied") as raised:
        read_npz_parts(path, LAYOUT, "test")
    assert str(path) in str(raised.value)
    assert "chmod" in str(raised.value)
    assert "Delete" not in str(raised.value)


def test_bunch_and_pair(arrays):
    """Both parts are joined in their order, as a Bunch or as a pair."""
    parts = [
        (arrays["x_train"], arrays["y_train"].astype(np.int64)),
        (arrays["x_test"], arrays["y_test"]),
    ]
    options = {"shuffle": False, "random_state": None}
    bunch = assemble_images(parts, LAYOUT, "text", return_X_y=False, **options)
    assert set(bunch) == {"data", "target", "target_names", "DESCR"}
    assert (bunch.DESCR, bunch.target_names) == ("text", ["cat", "dog"])
    images, labels = assemble_images(parts, LAYOUT, "", return_X_y=True, **options)
    np.testing.assert_array_equal(bunch.data, images)
    np.testing.assert_array_equal(images[:6], arrays["x_train"])
    np.testing.assert_array_equal(images[6:], arrays["x_test"])
    np.testing.assert_array_equal(labels[6:], arrays["y_test"])


def test_shuffling_keeps_pairs_together(arrays):
    """Shuffled images keep their labels, and a seed gives the same order again."""
    labels = np.arange(6)
    parts = [(arrays["x_train"], labels)]

    def shuffled(seed):
        return assemble_images(
            parts, LAYOUT, "", shuffle=True, random_state=seed, return_X_y=True
        )

    images, order = shuffled(0)
    assert sorted(order) == list(labels) != list(order)
    np.testing.assert_array_equal(images, arrays["x_train"][order])
    np.testing.assert_array_equal(order, shuffled(0)[1])
    assert list(order) != list(shuffled(1)[1])
