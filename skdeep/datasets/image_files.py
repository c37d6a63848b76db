"""One image file, checked before it is decoded."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

# An image of this many pixels takes 200 MB as RGBA. A compressed file of a few
# kilobytes can claim many more, so larger ones are refused by their header.
LARGEST_IMAGE = 50_000_000

_MODE_OF_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}
_GREY_MODES = ("1", "L", "I", "I;16", "I;16B", "I;16L", "F")

# What Pillow's decoders are known to raise on broken files.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    IndexError,
    struct.error,
    zlib.error,
)


def check_image_shape(
    image_shape: Any, *, channels: tuple[int, ...] = (1, 3, 4), smallest: int = 1
) -> tuple[int, ...]:
    """Return an image shape as a tuple of int.

    Parameters
    ----------
    image_shape : sequence of int
        ``(height, width)`` or ``(height, width, channels)``, in pixels.
    channels : tuple of int
        The numbers of channels that are allowed.
    smallest : int
        The smallest height and width that are allowed.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    is_valid = (
        isinstance(image_shape, Sequence)
        and len(image_shape) in (2, 3)
        and all(isinstance(size, Integral) for size in image_shape)
        and min(image_shape[:2]) >= smallest
        and (len(image_shape) == 2 or image_shape[2] in channels)
    )
    if not is_valid:
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels) with "
            f"sizes of at least {smallest} and channels in {channels}, got "
            f"{image_shape!r}."
        )
    return tuple(int(size) for size in image_shape)


def natural_shape(path: Path) -> tuple[int, int, int]:
    """Return the shape of an image from its header, without decoding it.

    Grey images have 1 channel, those with transparency 4, all others 3.
    """
    with _open_image(path) as image:
        if image.mode in _GREY_MODES:
            n_channels = 1
        elif "A" in image.mode or "a" in image.mode or "transparency" in image.info:
            n_channels = 4
        else:
            n_channels = 3
        return image.height, image.width, n_channels


def decode_image(path: Path, image_shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return an image of a given shape.

    Parameters
    ----------
    path : Path
        A JPEG or PNG file.
    image_shape : tuple of int
        ``(height, width)`` or ``(height, width, channels)``. Images of another size
        are resized, those of other channels converted.

    Returns
    -------
    image : ndarray of uint8 of shape `image_shape`
        The pixels.

    Raises
    ------
    ValueError
        If the file is broken or has too many pixels.
    """
    height, width = image_shape[:2]
    n_channels = image_shape[2] if len(image_shape) == 3 else 1
    with _open_image(path) as image:
        # Channels first: colours of a palette cannot be averaged by their numbers.
        converted = _to_eight_bits(image).convert(_MODE_OF_CHANNELS[n_channels])
        if converted.size != (width, height):
            from PIL import Image

            converted = converted.resize((width, height), Image.Resampling.BILINEAR)
        pixels = np.array(converted, dtype=np.uint8)
    return pixels.reshape(image_shape)


def _to_eight_bits(image: "Image.Image") -> "Image.Image":
    """Keep the high byte of 16-bit grey; Pillow would clip it, but not 16-bit RGB."""
    if image.mode not in ("I", "I;16", "I;16B", "I;16L"):
        return image
    from PIL import Image

    return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))


@contextmanager
def _open_image(path: Path) -> Iterator["Image.Image"]:
    """Open a JPEG or PNG file whose header promises a bearable number of pixels.

    Whatever goes wrong, now or while the caller decodes it, names the file.
    """
    from PIL import Image

    # Pillow looks at the number of pixels too, but its limit is higher than ours, and
    # a setting of the whole process, which is not for us to change.
    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            if image.width * image.height > LARGEST_IMAGE:
                raise ValueError(
                    f"it has {image.width} x {image.height} pixels, more than the "
                    f"{LARGEST_IMAGE} that are decoded"
                )
            yield image
    except (*_BROKEN, *bombs) as error:
        # Errors of the file system have a number, name the file and say it better.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(
            f"{path} cannot be read as a JPEG or PNG image: {error}. Repair the file "
            "or take it out of the folder."
        ) from error
