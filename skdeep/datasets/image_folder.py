"""Folders of images, one sub-folder per class."""

import operator
import os
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

from skdeep.datasets.image_files import check_image_shape, decode_image, natural_shape

_SUFFIXES = (".jpeg", ".jpg", ".png")

DESCRIPTION = """\
Images of the folder {path}
{underline}

{n_samples} images of shape {image_shape} in {n_classes} classes, one sub-folder each.
Classes are numbered in the sorted order of their names, and images come sorted by
class and file name, so shuffle before you cut them.
"""


class ImageFolder:
    """Images in files, decoded when they are indexed.

    It has the length, shape, dtype and indexing of an array of images, but only the
    images that an index asks for are ever in memory. :func:`load_image_folder` with
    ``lazy=True`` makes one from a folder with one sub-folder per class.

    Parameters
    ----------
    files : sequence of path-like of length n_samples
        JPEG and PNG files, at least one.

    image_shape : tuple of int, default=None
        ``(height, width)`` or ``(height, width, channels)`` with 1, 3 or 4 channels,
        in pixels. Images of another size are resized (bilinear, without keeping the
        ratio of the sides), those of other channels converted. If None, every image
        must have the height, width and channels of the first.

    Attributes
    ----------
    files : list of Path
        The files, in the order of the images.
    image_shape : tuple of int
        Shape of one image.

    Raises
    ------
    ValueError
        If there is no file, `image_shape` is not a shape, or the first file is
        needed for the shape and broken. Other files are looked at when they are
        indexed.

    See Also
    --------
    load_image_folder : Images and their classes.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from PIL import Image
    >>> from skdeep.datasets import ImageFolder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = [Path(folder, f"{n}.png") for n in range(3)]
    ...     for file in files:
    ...         Image.new("RGB", (8, 6)).save(file)
    ...     images = ImageFolder(files)
    ...     print(images.shape, images[[2, 0]].shape)
    (3, 6, 8, 3) (2, 6, 8, 3)
    """

    #: Files of their own are read one by one: none are best read together.
    block_rows = 1

    def __init__(
        self,
        files: Iterable[str | PathLike[str]],
        *,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        # Absolute, so that a change of the working directory changes nothing.
        self.files = [Path(os.path.abspath(file)) for file in files]
        if not self.files:
            raise ValueError("files must hold at least one file, got none.")
        self._is_shape_given = image_shape is not None
        if image_shape is None:
            self.image_shape: tuple[int, ...] = natural_shape(self.files[0])
        else:
            self.image_shape = check_image_shape(image_shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of all images: ``(n_samples, height, width, ...)``."""
        return (len(self.files), *self.image_shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions of the array of all images."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """The dtype of every image, uint8."""
        return np.dtype(np.uint8)

    def __len__(self) -> int:
        return len(self.files)

    def __repr__(self) -> str:
        return f"ImageFolder of shape {self.shape}"

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self._decode(row) for row in range(len(self)))

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        if copy is False:
            raise ValueError(
                "ImageFolder has no array that could be shared. Use copy=None."
            )
        images = self._decode_rows(np.arange(len(self)))
        return images if dtype is None else images.astype(dtype)

    def __getitem__(self, key: Any) -> NDArray[np.uint8]:
        """Decode the images that an index asks for.

        Parameters
        ----------
        key : int, slice, array-like of int or bool, or tuple
            Which images. The further parts of a tuple index the decoded images, as
            in ``images[:10, :, :, 0]``.

        Returns
        -------
        images : ndarray of uint8
            One image of shape `image_shape` for an int, otherwise an array of shape
            ``(n_selected, *image_shape)``.

        Raises
        ------
        IndexError
            If a row number is out of range, or the key is no index of rows.
        ValueError
            If a file is broken, or has another shape than the first and no
            `image_shape` was given.
        """
        if isinstance(key, tuple):
            return self._getitem_of_tuple(key)
        if key is Ellipsis:
            key = slice(None)
        try:
            row = operator.index(key)
        except TypeError:
            return self._decode_rows(self._row_numbers(key))
        return self._decode(int(self._row_numbers([row])[0]))

    def _getitem_of_tuple(self, key: tuple[Any, ...]) -> NDArray[np.uint8]:
        """Decode the rows of the first part, and index them with the others."""
        if not key:
            return self[:]
        first, *others = key
        if first is Ellipsis:
            return self[:][key]
        images = self[first]
        is_single_image = images.ndim == len(self.image_shape)
        rest = tuple(others) if is_single_image else (slice(None), *others)
        return images[rest]

    def read_rows(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Decode some images.

        Parameters
        ----------
        rows : ndarray of int
            Row numbers, counted from 0.

        Returns
        -------
        images : ndarray of uint8 of shape (n_rows, *image_shape)
            The images, in the order of `rows`.
        """
        return self._decode_rows(rows)

    def _row_numbers(self, key: Any) -> NDArray[np.int64]:
        """Return the row numbers that a key selects, as NumPy would."""
        rows = np.arange(len(self))
        if isinstance(key, slice):
            return rows[key]
        selection = np.asarray(key)
        if selection.size == 0:
            return rows[:0]
        if selection.ndim != 1 or selection.dtype.kind not in "iub":
            raise IndexError(
                "Images are selected by an int, a slice or a 1-D array of integers "
                f"or booleans, got {key!r}."
            )
        return rows[selection]

    def _decode_rows(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Decode several images into one array."""
        images = np.empty((len(rows), *self.image_shape), dtype=np.uint8)
        for position, row in enumerate(rows):
            images[position] = self._decode(int(row))
        return images

    def _decode(self, row: int) -> NDArray[np.uint8]:
        """Decode one image, after comparing its shape with that of the first."""
        file = self.files[row]
        if not self._is_shape_given:
            shape = natural_shape(file)
            if shape != self.image_shape:
                raise ValueError(
                    f"Images have different shapes: {self.files[0]} has "
                    f"{self.image_shape}, but {file} has {shape} (height, width, "
                    "channels). Pass image_shape to have all of them converted."
                )
        return decode_image(file, self.image_shape)


@validate_params(
    {
        "path": [str, PathLike],
        "image_shape": [tuple, list, None],
        "lazy": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_image_folder(
    path: str | PathLike[str],
    *,
    image_shape: Sequence[int] | None = None,
    lazy: bool = False,
    return_X_y: bool = False,
) -> Bunch | tuple[NDArray[np.uint8] | ImageFolder, NDArray[np.int64]]:
    """Load images from a folder with one sub-folder per class.

    The names of the sub-folders are the names of the classes. Files ending in
    ``.jpg``, ``.jpeg`` or ``.png`` are the images, read with Pillow; other files and
    whatever has a name starting with a dot are left out.

    Parameters
    ----------
    path : str or path-like
        The folder.

    image_shape : tuple of int, default=None
        ``(height, width)`` for grey images or ``(height, width, channels)`` with 1
        (grey), 3 (RGB) or 4 channels (RGBA), in pixels. Images of another size are
        resized (bilinear, without keeping the ratio of the sides). Grey images are
        repeated in all colours, colours are weighted to grey as in ITU-R 601-2, and
        transparency is dropped without 4 channels. If None, all images must have the
        same size and kind: 1 channel for grey files, 4 for those with transparency,
        otherwise 3.

    lazy : bool, default=False
        Whether to return an :class:`ImageFolder`, which decodes images when they are
        indexed, instead of one array of all of them. Broken files and mixed sizes
        are then found when they are indexed.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 of shape (n_samples, *image_shape), or ImageFolder
            The images, sorted by class and file name.
        target : ndarray of int64 of shape (n_samples,)
            The class of each image: the position of its name in `target_names`.
        target_names : list of str
            Names of the classes, sorted.
        filenames : list of str of length n_samples
            Path of each image.
        DESCR : str
            Description of what was loaded.

    (data, target) : tuple if `return_X_y` is True
        The images and their classes.

    Raises
    ------
    OSError
        If the folder or a file cannot be read.
    ValueError
        If there are no class folders, one of them has no images or folders of its
        own, an image is broken or has more than 50 million pixels, sizes differ
        without `image_shape`, or a symbolic link leads out of the folder.

    See Also
    --------
    ImageFolder : What is returned with ``lazy=True``.

    Notes
    -----
    The number of pixels is taken from the header, before anything is decoded.
    A rotation noted in the EXIF data of a photograph is not applied. Of 16-bit
    images the high byte is kept.

    Examples
    --------
    >>> import os, tempfile
    >>> from PIL import Image
    >>> from skdeep.datasets import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cat", "dog"):
    ...         os.mkdir(os.path.join(folder, name))
    ...         Image.new("RGB", (40, 30)).save(os.path.join(folder, name, "1.png"))
    ...     pets = load_image_folder(folder, image_shape=(16, 16, 3))
    >>> pets.data.shape, pets.target, pets.target_names
    ((2, 16, 16, 3), array([0, 1]), ['cat', 'dog'])
    """
    folder = Path(os.path.abspath(path))
    class_folders = _class_folders(folder)
    files_of_class = [_image_files(entry, folder) for entry in class_folders]
    files = [file for files in files_of_class for file in files]
    images = ImageFolder(files, image_shape=image_shape)
    data = images if lazy else np.asarray(images)
    target = np.repeat(np.arange(len(class_folders)), [len(f) for f in files_of_class])
    if return_X_y:
        return data, target
    title = f"Images of the folder {folder}"
    return Bunch(
        data=data,
        target=target,
        target_names=[entry.name for entry in class_folders],
        filenames=[str(file) for file in files],
        DESCR=DESCRIPTION.format(
            path=folder,
            underline="-" * len(title),
            n_samples=len(files),
            image_shape=images.image_shape,
            n_classes=len(class_folders),
        ),
    )


def _entries(folder: Path, root: Path) -> list[os.DirEntry[str]]:
    """Return what a folder holds, sorted by name, without what is hidden.

    Raises
    ------
    ValueError
        If a symbolic link leads out of the root, or nowhere.
    """
    with os.scandir(folder) as found:
        entries = [entry for entry in found if not entry.name.startswith(".")]
    for entry in entries:
        if entry.is_symlink():
            destination = os.path.realpath(entry.path)
            if not Path(destination).is_relative_to(os.path.realpath(root)):
                raise ValueError(
                    f"{entry.path} is a symbolic link to {destination}, which is "
                    f"outside of {root}. Copy the file into the folder, or pass the "
                    "folder that it is in."
                )
            if not os.path.exists(destination):
                raise ValueError(
                    f"{entry.path} is a symbolic link to {destination}, which does "
                    "not exist. Take the link out of the folder."
                )
    return sorted(entries, key=lambda entry: entry.name)


def _class_folders(folder: Path) -> list[Path]:
    """Return the sub-folders, which are the classes."""
    folders = [Path(entry) for entry in _entries(folder, folder) if entry.is_dir()]
    if not folders:
        raise ValueError(
            f"{folder} has no sub-folders. Put the images of each class into a "
            "sub-folder with the name of the class."
        )
    return folders


def _image_files(folder: Path, root: Path) -> list[Path]:
    """Return the image files of one class."""
    files = []
    for entry in _entries(folder, root):
        if entry.is_dir():
            raise ValueError(
                f"{entry.path} is a folder inside a class folder. Put all images of "
                "a class into its folder itself, or pass the folder one level down."
            )
        if entry.name.lower().endswith(_SUFFIXES):
            # A pipe with the name of an image would be waited for without end.
            if not entry.is_file():
                raise ValueError(
                    f"{entry.path} is no regular file. Take it out of the folder."
                )
            files.append(Path(entry))
    if not files:
        raise ValueError(
            f"The class folder {folder} has no images, that is, files ending in "
            f"{', '.join(_SUFFIXES)}. Delete it, or put images into it."
        )
    return files
