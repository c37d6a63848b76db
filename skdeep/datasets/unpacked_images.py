"""Images unpacked once into a file that is then mapped instead of being read."""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skdeep.datasets.image_splits import Part, SplitLayout, part_names

# Digits of the archive's digest in the name of the folder: enough to tell apart the
# few archives that a user may have had.
_DIGEST_DIGITS = 16


def map_parts(
    archive: Path,
    layout: SplitLayout,
    subset: str,
    read: Callable[[Path, SplitLayout, str], list[Part]],
) -> Part:
    """Return images in a file beside an archive, unpacking them if they are not there.

    Parameters
    ----------
    archive : Path
        What the images come from. They are written to a folder beside it that is named
        after its content, so that another archive never gives these images.
    layout : SplitLayout
        What the archive holds.
    subset : {"train", "test", "all"}
        What to return.
    read : callable
        Reads the parts of a subset from an archive: ``read(archive, layout, subset)``.

    Returns
    -------
    images : memmap of uint8 of shape (n_samples, *image_shape)
        The images, not read yet.
    labels : ndarray of int64 of shape (n_samples,)
        Their classes.

    Raises
    ------
    OSError
        If the archive cannot be read or the folder cannot be written to.
    ValueError
        If the archive holds something else.
    """
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = archive.name.partition(".")[0]
    folder = archive.parent / f"{name}_{digest[:_DIGEST_DIGITS]}"
    files = folder / f"{subset}_images.npy", folder / f"{subset}_labels.npy"
    try:
        return _mapped(*files, layout, subset)
    except (OSError, EOFError, ValueError):
        # Not there yet, or torn: both are mended by unpacking.
        parts = read(archive, layout, subset)
    folder.mkdir(exist_ok=True)
    for position, path in enumerate(files):
        _write(path, [part[position] for part in parts])
    return _mapped(*files, layout, subset)


def _mapped(images: Path, labels: Path, layout: SplitLayout, subset: str) -> Part:
    """Map images and read labels; raise ValueError if they are not the expected."""
    n_samples = sum(layout.n_samples[name] for name in part_names(subset))
    mapped = np.load(images, mmap_mode="r", allow_pickle=False)
    classes = np.load(labels, allow_pickle=False)
    if (
        mapped.shape != (n_samples, *layout.image_shape)
        or mapped.dtype != np.uint8
        or classes.shape != (n_samples,)
        or classes.dtype != np.int64
    ):
        raise ValueError(f"{images.parent} was unpacked from something else.")
    return mapped, classes


def _write(path: Path, arrays: list[NDArray[np.generic]]) -> None:
    """Write arrays one after the other to a file that appears whole or not at all."""
    shape = (sum(map(len, arrays)), *arrays[0].shape[1:])
    header = {
        "descr": np.lib.format.dtype_to_descr(arrays[0].dtype),
        "fortran_order": False,
        "shape": shape,
    }
    # Opened like this, and not by `tempfile`, it gets the caller's usual mode.
    temporary = path.with_name(f"{secrets.token_hex(8)}.part")
    try:
        with open(temporary, "xb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for array in arrays:
                file.write(np.ascontiguousarray(array).data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
