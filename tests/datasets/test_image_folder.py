"""Folders of images, read at once or when they are indexed."""

import os
import pickle

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing

from skdeep.datasets import ImageFolder, load_image_folder

FILES = ["cat/b.png", "cat/a.PNG", "dog/1.jpg", "dog/10.jpeg", "dog/2.png"]


@pytest.fixture
def folder(tmp_path, write_image):
    """Give a folder of two classes, with files that are no images."""
    root = tmp_path / "pets"
    for name in FILES:
        write_image(root / name)
    (root / "README.txt").write_text("not a class")
    (root / "cat" / "notes.txt").write_text("not an image")
    (root / ".hidden").mkdir()
    (root / "dog" / ".hidden.png").write_bytes(b"not an image")
    return root


@pytest.fixture
def images(folder):
    """Give the images of the folder, to be decoded when they are indexed."""
    return load_image_folder(folder, lazy=True).data


def test_content(folder):
    """Classes and files come sorted by name, with the pixels of each file."""
    bunch = load_image_folder(folder)
    assert set(bunch) == {"data", "target", "target_names", "filenames", "DESCR"}
    assert bunch.target_names == ["cat", "dog"]
    assert bunch.target.tolist() == [0, 0, 1, 1, 1]
    assert bunch.target.dtype == np.int64
    names = [os.path.relpath(name, folder) for name in bunch.filenames]
    assert names == ["cat/a.PNG", "cat/b.png", "dog/1.jpg", "dog/10.jpeg", "dog/2.png"]
    assert bunch.data.shape == (5, 6, 8, 3)
    assert bunch.data.dtype == np.uint8
    for image, name in zip(bunch.data, bunch.filenames, strict=True):
        np.testing.assert_array_equal(image, np.asarray(Image.open(name)))
    assert str(folder) in bunch.DESCR


def test_pair(folder):
    """The pair has the same images and classes as the Bunch."""
    bunch = load_image_folder(str(folder))
    X, y = load_image_folder(folder, return_X_y=True)
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def test_lazy_images_are_the_same(folder, images):
    """What is decoded on demand is what would have been decoded at once."""
    array = load_image_folder(folder).data
    assert isinstance(images, ImageFolder)
    assert (images.shape, images.ndim, images.dtype) == ((5, 6, 8, 3), 4, np.uint8)
    assert len(images) == 5
    np.testing.assert_array_equal(np.asarray(images), array)
    np.testing.assert_array_equal(np.stack(list(images)), array)


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        np.int32(2),
        slice(None),
        slice(1, 4, 2),
        slice(3, 3),
        [2, 0],
        [4, 4, -5],
        [],
        np.array([1, 3]),
        np.array([True, False, True, False, True]),
        range(1, 3),
        Ellipsis,
        (),
        (np.array([3, 1]), Ellipsis),
        (slice(0, 2), slice(None), slice(None), 0),
        (2, slice(1, 3)),
        (Ellipsis, 0),
        (1, 2, 3, 0),
    ],
    ids=repr,
)
def test_indexing_is_that_of_an_array(folder, images, key):
    """Every way of selecting images gives what an array of them gives."""
    array = load_image_folder(folder).data
    expected = array[list(key) if isinstance(key, range) else key]
    selected = images[key]
    np.testing.assert_array_equal(selected, expected)
    assert selected.dtype == np.uint8


@pytest.mark.parametrize(
    "key", [5, -6, [0, 5], 1.5, "a", [0.5], [[0, 1]], None, [True, False]]
)
def test_what_is_no_index(images, key):
    """A number out of range, or no number, is an IndexError."""
    with pytest.raises(IndexError):
        images[key]


def test_only_what_is_asked_for_is_decoded(folder, images):
    """Files are opened when their images are indexed, not before."""
    (folder / "dog" / "2.png").write_bytes(b"broken since")
    assert images[:4].shape == (4, 6, 8, 3)
    with pytest.raises(ValueError, match=r"2\.png cannot be read"):
        images[4]


def test_scikit_learn_splits_it(folder, images):
    """Splitting and indexing by scikit-learn selects images."""
    y = load_image_folder(folder).target
    train, test, y_train, y_test = train_test_split(images, y, random_state=0)
    assert (train.shape, test.shape) == ((3, 6, 8, 3), (2, 6, 8, 3))
    assert len(y_train) == 3
    assert len(y_test) == 2
    mask = np.array([True, False, False, False, True])
    assert _safe_indexing(images, mask).shape == (2, 6, 8, 3)


def test_conversion_to_an_array(images):
    """It becomes an array of any dtype, but never shares memory."""
    assert np.asarray(images, dtype=np.float32).dtype == np.float32
    assert np.array(images, copy=True).shape == images.shape
    with pytest.raises(ValueError, match="copy"):
        np.asarray(images, copy=False)


def test_pickling_and_the_working_directory(folder, monkeypatch, tmp_path):
    """A relative path is made absolute, so that images are found from anywhere."""
    monkeypatch.chdir(folder.parent)
    images = load_image_folder(folder.name, lazy=True).data
    monkeypatch.chdir(tmp_path)
    restored = pickle.loads(pickle.dumps(images))
    np.testing.assert_array_equal(restored[:], images[:])
    assert repr(images) == "ImageFolder of shape (5, 6, 8, 3)"


@pytest.mark.parametrize("lazy", [False, True])
def test_mixed_sizes(folder, write_image, lazy):
    """Without a shape, files of different sizes are named, both of them."""
    write_image(folder / "dog" / "3.png", size=(9, 6))
    with pytest.raises(ValueError, match="Pass image_shape") as raised:
        load_image_folder(folder, lazy=lazy).data[-1]
    for expected in ("a.PNG", "(6, 8, 3)", "3.png", "(6, 9, 3)"):
        assert expected in str(raised.value)


def test_mixed_channels(folder, write_image):
    """Without a shape, files of different kinds are named as well."""
    write_image(folder / "dog" / "3.png", mode="L")
    with pytest.raises(ValueError, match=r"3\.png has \(6, 8, 1\)"):
        load_image_folder(folder)


@pytest.mark.parametrize("image_shape", [(5, 4), (5, 4, 1), (5, 4, 3), [5, 4, 4]])
@pytest.mark.parametrize("lazy", [False, True])
def test_given_shape(folder, write_image, image_shape, lazy):
    """With a shape, all images get it, whatever they are."""
    write_image(folder / "dog" / "3.png", size=(9, 6), mode="L")
    write_image(folder / "cat" / "3.png", size=(3, 2), mode="RGBA")
    data = load_image_folder(folder, image_shape=image_shape, lazy=lazy).data
    assert data.shape == (7, *image_shape)
    assert np.asarray(data).shape == data.shape


@pytest.mark.parametrize("image_shape", [(0, 4), (4, 4, 2), (4,)])
def test_impossible_shape(folder, image_shape):
    """A shape that no image can have is refused."""
    with pytest.raises(ValueError, match="image_shape must be"):
        load_image_folder(folder, image_shape=image_shape)


def test_missing_folder(tmp_path):
    """A folder that does not exist is named."""
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_image_folder(tmp_path / "nowhere")


def test_file_in_place_of_the_folder(tmp_path):
    """A file is no folder."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError, match="file"):
        load_image_folder(tmp_path / "file")


def test_no_classes(tmp_path, write_image):
    """Images beside each other have no classes."""
    write_image(tmp_path / "pets" / "a.png")
    with pytest.raises(ValueError, match="has no sub-folders"):
        load_image_folder(tmp_path / "pets")


def test_empty_class(folder):
    """A class without images is named."""
    (folder / "emu").mkdir()
    (folder / "emu" / "a.gif").write_bytes(b"")
    with pytest.raises(ValueError, match=r"class folder .*emu has no images"):
        load_image_folder(folder)


def test_folders_inside_of_classes(folder):
    """A folder one level too deep is named."""
    (folder / "dog" / "puppies").mkdir()
    with pytest.raises(ValueError, match="puppies is a folder inside"):
        load_image_folder(folder)


def test_broken_image(folder):
    """A broken image is named."""
    path = folder / "dog" / "1.jpg"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"1\.jpg cannot be read"):
        load_image_folder(folder)


def test_pipe_with_the_name_of_an_image(folder):
    """A pipe is not waited for."""
    os.mkfifo(folder / "dog" / "pipe.png")
    with pytest.raises(ValueError, match=r"pipe\.png is no regular file"):
        load_image_folder(folder)


def test_links_inside_of_the_folder(folder):
    """A link to another image, or class, of the folder is followed."""
    (folder / "dog" / "link.png").symlink_to(folder / "cat" / "b.png")
    (folder / "hound").symlink_to("dog")
    bunch = load_image_folder(folder)
    assert bunch.target_names == ["cat", "dog", "hound"]
    assert bunch.data.shape == (10, 6, 8, 3)


@pytest.mark.parametrize("place", ["dog/link.png", "emu"])
def test_links_that_leave_the_folder(folder, tmp_path, write_image, place):
    """A link to a file or folder elsewhere is named and not followed."""
    write_image(tmp_path / "pets-elsewhere" / "a.png")
    target = tmp_path / "pets-elsewhere"
    if place.endswith(".png"):
        target /= "a.png"
    (folder / place).symlink_to(target)
    with pytest.raises(ValueError, match="outside of") as raised:
        load_image_folder(folder)
    assert str(folder / place) in str(raised.value)


def test_link_to_nothing(folder):
    """A link to a file that does not exist is named."""
    (folder / "dog" / "link.png").symlink_to(folder / "gone.png")
    with pytest.raises(ValueError, match="does not exist"):
        load_image_folder(folder)


def test_folder_that_is_a_link(folder, tmp_path):
    """The folder itself may be reached by a link."""
    (tmp_path / "link").symlink_to(folder)
    assert load_image_folder(tmp_path / "link").data.shape == (5, 6, 8, 3)


def test_no_files():
    """Images need at least one file."""
    with pytest.raises(ValueError, match="at least one file"):
        ImageFolder([])
