"""Labelled images with an official training and test part, as arrays."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import StrOptions

from skdeep.datasets.download import unreadable_by_user

# What every fetcher of images lets its user choose.
SUBSET_CONSTRAINTS: dict[str, list[Any]] = {
    "subset": [StrOptions({"train", "test", "all"})],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
}

# What reading a torn or forged zip file is known to raise.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)

# Images of one part, and their labels.
Part = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True)
class SplitLayout:
    """What the files of one data set must hold."""

    image_shape: tuple[int, ...]
    n_samples: dict[str, int]
    target_names: tuple[str, ...]


def part_names(subset: str) -> tuple[str, ...]:
    """Return the parts that make up a subset, in the order of the result."""
    return ("train", "test") if subset == "all" else (subset,)


def check_part(
    images: NDArray[Any], labels: NDArray[Any], name: str, layout: SplitLayout
) -> Part:
    """Return images and labels of one part if they have the promised form.

    Raises
    ------
    ValueError
        If a shape, a dtype or the range of the labels is another one. The message
        speaks of "it", the file that the caller names.
    """
    n_samples = layout.n_samples[name]
    _check_form(images.shape, images.dtype, f"x_{name}", n_samples, layout)
    _check_form(labels.shape, labels.dtype, f"y_{name}", n_samples, layout)
    labels = labels.reshape(n_samples).astype(np.int64)
    n_classes = len(layout.target_names)
    # Every class has to appear: constant labels are the sign of an emptied file.
    if not np.array_equal(np.unique(labels), np.arange(n_classes)):
        raise ValueError(
            f"its labels y_{name} have the values {np.unique(labels)[:20].tolist()}, "
            f"but all of 0 to {n_classes - 1} were expected"
        )
    return np.asarray(images, dtype=np.uint8), labels


def _check_form(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    key: str,
    n_samples: int,
    layout: SplitLayout,
) -> None:
    """Raise ValueError unless an array of images or labels has the promised form."""
    if key.startswith("x_"):
        shapes, kinds = [(n_samples, *layout.image_shape)], "uint8"
        right_dtype = dtype == np.uint8
    else:
        shapes, kinds = [(n_samples,), (n_samples, 1)], "integers"
        right_dtype = dtype.kind in "iu"
    if not right_dtype or shape not in shapes:
        raise ValueError(
            f"its array {key} is {dtype} of shape {shape}, but {kinds} of shape "
            f"{shapes[0]} were expected"
        )


def read_npz_parts(path: Path, layout: SplitLayout, subset: str) -> list[Part]:
    """Read parts of an npz archive with x_train, y_train, x_test and y_test.

    Nothing in the archive is executed, and no array is allocated before its header
    has been found to promise the expected shape and dtype.

    Parameters
    ----------
    path : Path
        The archive.
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
        If the file cannot be read as an npz archive.
    ValueError
        If its arrays are not the expected ones.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    with archive:
        parts = []
        for name in part_names(subset):
            images = _read_array(archive, path, f"x_{name}", layout)
            labels = _read_array(archive, path, f"y_{name}", layout)
            try:
                parts.append(check_part(images, labels, name, layout))
            except ValueError as error:
                raise ValueError(_wrong_content(path, error)) from error
    return parts


def _read_array(
    archive: zipfile.ZipFile, path: Path, key: str, layout: SplitLayout
) -> NDArray[Any]:
    """Read one member of an npz archive, looking at its header first."""
    try:
        member = archive.getinfo(f"{key}.npy")
    except KeyError as error:
        raise ValueError(
            _wrong_content(path, f"it has no array {key}, only {archive.namelist()}")
        ) from error
    n_samples = layout.n_samples[key.removeprefix("x_").removeprefix("y_")]
    try:
        with archive.open(member) as file:
            shape, dtype = _read_header(file)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    try:
        _check_form(shape, dtype, key, n_samples, layout)
    except ValueError as error:
        raise ValueError(_wrong_content(path, error)) from error
    try:
        with archive.open(member) as file:
            array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
            # The checksum of a member is compared once its end has been read.
            if file.read(1):
                raise ValueError(f"{key} is longer than its header says")
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    return array


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and dtype from the header of an npy file."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"npy format version {version} is not used for plain numbers")
    return shape, dtype


def _unreadable(path: Path, error: Exception) -> OSError:
    """Build the error for a file that is torn, no npz archive or not to be read."""
    if isinstance(error, PermissionError):
        return unreadable_by_user(path, error)
    return OSError(
        f"{path} cannot be read as an npz archive: {error}. Delete the file to have it "
        "downloaded again, or replace it."
    )


def _wrong_content(path: Path, problem: object) -> str:
    """Return the message for an archive that can be read but holds something else."""
    return (
        f"{path} does not hold the expected data set: {problem}. Delete the file to "
        "have the original downloaded, or replace it."
    )


def assemble_images(
    parts: list[Part],
    layout: SplitLayout,
    description: str,
    *,
    shuffle: bool,
    random_state: int | np.random.RandomState | None,
    return_X_y: bool,
) -> Bunch | Part:
    """Join the parts, shuffle them on demand and return them as a fetcher does."""
    if len(parts) == 1:
        images, labels = parts[0]
    else:
        images = np.concatenate([part[0] for part in parts])
        labels = np.concatenate([part[1] for part in parts])
    if shuffle:
        order = check_random_state(random_state).permutation(len(labels))
        images, labels = images[order], labels[order]
    if return_X_y:
        return images, labels
    return Bunch(
        data=images,
        target=labels,
        target_names=list(layout.target_names),
        DESCR=description,
    )
