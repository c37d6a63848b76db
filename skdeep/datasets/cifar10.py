"""CIFAR-10: small colour photographs of ten kinds of things."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

from skdeep.datasets.data_home import get_data_home
from skdeep.datasets.download import (
    FETCHER_CONSTRAINTS,
    RemoteFile,
    download,
    verify_sha256,
)
from skdeep.datasets.image_splits import (
    SUBSET_CONSTRAINTS,
    Part,
    SplitLayout,
    assemble_images,
    check_part,
    part_names,
    read_npz_parts,
)
from skdeep.datasets.lazy_rows import LazyRows
from skdeep.datasets.number_pickle import load_number_pickle
from skdeep.datasets.unpacked_images import map_parts

SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
ARCHIVE = RemoteFile(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    filename="cifar-10-python.tar.gz",
    sha256=SHA256,
)

# The same arrays in the layout of numpy.savez: faster, and accepted if present.
NPZ_FILENAME = "cifar10.npz"

LAYOUT = SplitLayout(
    image_shape=(32, 32, 3),
    n_samples={"train": 50_000, "test": 10_000},
    target_names=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
)

# Members of the archive, in the order in which the images are numbered.
MEMBERS = {
    "train": tuple(f"cifar-10-batches-py/data_batch_{n}" for n in range(1, 6)),
    "test": ("cifar-10-batches-py/test_batch",),
}

# A batch of the original is a pickle of 31 MB, and the unpacked archive has 186 MB.
_LARGEST_MEMBER = 40 * 2**20
_LARGEST_ARCHIVE = 256 * 2**20

DESCRIPTION = """\
CIFAR-10
--------

60,000 colour images of 32 x 32 pixels in 10 classes, 6,000 each: 50,000 for training
and 10,000 for testing. The classes do not overlap: "automobile" has cars, and neither
it nor "truck" has pickup trucks. The images are a labelled subset of the 80 million
tiny images.

The training images come in the order of the archive's five batches, which is random;
a batch may have more images of one class than of another, and all five together have
5,000 of each. The test part has 1,000 of each, in random order.

A. Krizhevsky (2009). "Learning multiple layers of features from tiny images".
Technical report, University of Toronto.
https://www.cs.toronto.edu/~kriz/cifar.html
"""


@validate_params(
    {**FETCHER_CONSTRAINTS, **SUBSET_CONSTRAINTS, "lazy": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def fetch_cifar10(
    *,
    data_home: str | PathLike[str] | None = None,
    subset: str = "train",
    shuffle: bool = False,
    random_state: int | np.random.RandomState | None = None,
    lazy: bool = False,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Bunch | Part:
    """Load the CIFAR-10 photographs (classification).

    Download them if necessary (170 MB).

    =================   ==============================
    Classes                                         10
    Samples total       60000 (50000 train, 10000 test)
    Dimensionality                         32 x 32 x 3
    Features                   integers from 0 to 255
    =================   ==============================

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that holds the file or receives it. By default the environment
        variable ``SKDEEP_DATA`` or else ``~/skdeep_data``.

    subset : {"train", "test", "all"}, default="train"
        The official training part, the official test part, or both, training
        first.

    shuffle : bool, default=False
        Whether to shuffle the samples. Otherwise they come in the order of the
        archive: batches 1 to 5, then the test batch.

    random_state : int, RandomState instance or None, default=None
        Determines the order when `shuffle` is True. Pass an int for the same order
        in every call.

    lazy : bool, default=False
        Whether to leave the images in a file until they are used. The first call
        unpacks them into a folder in the data home (150 MB for "train").

    download_if_missing : bool, default=True
        If False, raise an OSError if no file is in the data home instead of
        downloading it.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    n_retries : int, default=3
        Number of retries when the server does not answer.

    delay : float, default=1.0
        Seconds between retries.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 of shape (n_samples, 32, 32, 3)
            The images, with the channels red, green and blue. With ``lazy=True`` a
            `numpy.memmap` that cannot be written to, or :class:`LazyRows` of it if
            they are shuffled.
        target : ndarray of int64 of shape (n_samples,)
            The classes, from 0 to 9.
        target_names : list of str of length 10
            The names of the classes.
        DESCR : str
            Description of the data set.

    (data, target) : tuple if `return_X_y` is True
        The two arrays.

    Raises
    ------
    OSError
        If no file is present and none was downloaded, or the file cannot be read or
        has not the digest of the original.
    ValueError
        If a file ``cifar10.npz`` in the data home holds something else.

    Notes
    -----
    Two files are looked for in the data home. ``cifar-10-python.tar.gz`` is the
    original and must have its SHA-256 digest. Its batches are pickles; they are read
    from the archive in memory, by a reader that builds nothing but lists, numbers,
    bytes and arrays of bytes, so nothing in them is run or written to disk.
    Otherwise ``cifar10.npz`` is used, an archive of the arrays ``x_train``,
    ``y_train``, ``x_test`` and ``y_test``, which loads faster. Such copies differ
    from each other, so only shapes, dtypes and labels are checked, and the order of
    the images is the order in that file.

    References
    ----------
    .. [1] A. Krizhevsky (2009). "Learning multiple layers of features from tiny
       images", technical report, University of Toronto.

    Examples
    --------
    >>> from skdeep.datasets import fetch_cifar10
    >>> X, y = fetch_cifar10(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, y.shape  # doctest: +SKIP
    ((10000, 32, 32, 3), (10000,))
    """
    folder = Path(get_data_home(data_home))
    path = _find_file(folder)
    if path is None:
        path = download(
            ARCHIVE,
            folder,
            folder=folder,
            download_if_missing=download_if_missing,
            n_retries=n_retries,
            delay=delay,
            accepted=(NPZ_FILENAME,),
        )
    read = read_npz_parts if path.name == NPZ_FILENAME else read_tar_parts
    if lazy:
        images, labels = map_parts(path, LAYOUT, subset, read)
        parts: list[Any] = [(LazyRows(images) if shuffle else images, labels)]
    else:
        parts = read(path, LAYOUT, subset)
    return assemble_images(
        parts,
        LAYOUT,
        DESCRIPTION,
        shuffle=shuffle,
        random_state=random_state,
        return_X_y=return_X_y,
    )


def _find_file(folder: Path) -> Path | None:
    """Return the original archive, verified, or a copy of its arrays, or None."""
    path = folder / ARCHIVE.filename
    if path.exists():
        verify_sha256(path, SHA256)
        return path
    path = folder / NPZ_FILENAME
    return path if path.exists() else None


def read_tar_parts(path: Path, layout: SplitLayout, subset: str) -> list[Part]:
    """Read parts of the original archive in memory.

    Parameters
    ----------
    path : Path
        The archive, a gzipped tar of pickles.
    layout : SplitLayout
        What it must hold.
    subset : {"train", "test", "all"}
        What to read.

    Returns
    -------
    parts : list of (images, labels)
        One for "train" and "test", two for "all".

    Raises
    ------
    OSError
        If the file cannot be read as a gzipped tar archive.
    ValueError
        If it holds anything else than the expected batches.
    """
    wanted = {name for part in part_names(subset) for name in MEMBERS[part]}
    batches: dict[str, Part] = {}
    try:
        for name, content in _read_members(path, wanted):
            if name in batches:
                raise ValueError(f"its member {name!r} comes twice")
            batches[name] = _parse_batch(name, content, layout.image_shape)
        return [_join_batches(batches, part, layout) for part in part_names(subset)]
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise OSError(
            f"{path} cannot be read as a gzipped tar archive: {error}. Delete the file "
            "to have it downloaded again."
        ) from error
    except ValueError as error:
        raise ValueError(
            f"{path} does not hold CIFAR-10: {error}. Delete the file to have the "
            "original downloaded."
        ) from error


class _BoundedReader:
    """A file that refuses to be read beyond a limit, however well it was packed."""

    def __init__(self, file: gzip.GzipFile, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._n_read = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes."""
        content = self._file.read(size)
        self._n_read += len(content)
        if self._n_read > self._limit:
            raise ValueError(f"it unpacks to more than {self._limit} bytes")
        return content


def _read_members(path: Path, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the wanted members; nothing is written to disk."""
    with gzip.open(path, "rb") as unpacked:
        # Reading as a stream never goes back, so that the limit counts every byte.
        stream: Any = _BoundedReader(unpacked, _LARGEST_ARCHIVE)
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.size > _LARGEST_MEMBER:
                    raise ValueError(
                        f"its member {member.name!r} has {member.size} bytes, more "
                        f"than the {_LARGEST_MEMBER} that any batch may have"
                    )
                if member.name not in wanted:
                    continue
                file = archive.extractfile(member) if member.isfile() else None
                if file is None:
                    raise ValueError(f"its member {member.name!r} is no plain file")
                yield member.name, file.read()


def _parse_batch(name: str, content: bytes, image_shape: tuple[int, ...]) -> Part:
    """Return images (n, height, width, channels) and labels of one batch."""
    height, width, n_channels = image_shape
    n_pixels = height * width * n_channels
    try:
        batch = load_number_pickle(content)
    except ValueError as error:
        raise ValueError(f"its member {name!r} cannot be read: {error}") from error
    rows, labels = batch.get(b"data"), batch.get(b"labels")
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.shape[1] != n_pixels:
        raise ValueError(
            f"its member {name!r} has no array 'data' with {n_pixels} columns"
        )
    if (
        not isinstance(labels, list)
        or len(labels) != len(rows)
        or not all(type(label) is int and 0 <= label < 256 for label in labels)
    ):
        raise ValueError(
            f"its member {name!r} has no list 'labels' of {len(rows)} classes"
        )
    # A row holds the red plane, then the green, then the blue.
    images = rows.reshape(-1, n_channels, height, width).transpose(0, 2, 3, 1)
    return images, np.array(labels, dtype=np.int64)


def _join_batches(batches: dict[str, Part], part: str, layout: SplitLayout) -> Part:
    """Join the batches of one part in their order."""
    missing = [name for name in MEMBERS[part] if name not in batches]
    if missing:
        raise ValueError(f"it has no member {missing[0]!r}")
    images = np.concatenate([batches[name][0] for name in MEMBERS[part]])
    labels = np.concatenate([batches[name][1] for name in MEMBERS[part]])
    return check_part(images, labels, part, layout)
