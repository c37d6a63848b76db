"""Many images in one picture: strips of images on a grey ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdeep.plotting.figures import new_picture

Picture = NDArray[np.floating]

# Behind images and between them: neither black nor white, so that the edges of images
# are seen on pages of both kinds.
_GROUND = (0.5, 0.5, 0.5, 1.0)
# Pixels: smaller images are enlarged, so that the space between them can be narrow.
_SMALLEST_IMAGE = 16
# Inches: of one image, at most, and of all of them. A figure may be high.
_IMAGE_SIZE = 0.7
_LARGEST_WIDTH, _LARGEST_HEIGHT = 10.0, 12.0
# Inches: of a letter, and of a line of letters.
_LETTER, _LINE = 0.085, 0.35


def coloured(
    images: NDArray[Any], low: float, high: float, cmap: str = "gray"
) -> Picture:
    """Turn images into colours.

    Parameters
    ----------
    images : ndarray of shape (..., channels)
        With three channels they are red, green and blue. Any other number is averaged
        and goes through the colour map.

    low, high : float
        What is black and white, or the ends of the colour map; what lies beyond is
        drawn like these.

    cmap : str, default="gray"
        Name of a colour map of matplotlib.

    Returns
    -------
    pictures : ndarray of shape (..., 4), dtype float64
        Red, green, blue and opacity, from 0 to 1.
    """
    from matplotlib import colormaps

    values = np.asarray(images, dtype=np.float64)
    shares = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
    if shares.shape[-1] == 3:
        opaque = np.ones((*shares.shape[:-1], 1))
        return np.concatenate([shares, opaque], axis=-1)
    return colormaps[cmap](shares.mean(axis=-1))


def value_range(images: NDArray[Any]) -> tuple[float, float]:
    """Return what to draw as black and white: of bytes 0 and 255, else the ends."""
    if images.dtype == np.uint8:
        return 0.0, 255.0
    finite = images[np.isfinite(images)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def draw_strips(
    ax: Any,
    strips: Sequence[Sequence[Picture]],
    *,
    title: str = "",
    labels: Sequence[str] = (),
    n_blocks: int = 1,
    group: int = 0,
) -> Any:
    """Draw strips of pictures of one size, one below the other.

    Parameters
    ----------
    ax : matplotlib Axes or None
        Where to draw; None for a new figure of a suitable size.

    strips : sequence of sequence of ndarray of shape (height, width, 4)
        The pictures of each strip, from left to right. Strips may differ in length.

    title : str, default=""
        What to write above.

    labels : sequence of str, default=()
        What to write before each strip; none at all by default.

    n_blocks : int, default=1
        Number of columns of strips; the second goes on where the first ends.

    group : int, default=0
        After so many strips follows a gap; 0 for none.

    Returns
    -------
    image : matplotlib AxesImage
    """
    factor = math.ceil(_SMALLEST_IMAGE / max(strips[0][0].shape[:2]))
    strips = [[_enlarged(picture, factor) for picture in strip] for strip in strips]
    height, width = strips[0][0].shape[:2]
    gap = max(1, round(0.06 * max(height, width)))
    corners = _corners(strips, n_blocks, group, gap, bool(labels))
    canvas = _canvas(strips, corners, gap)
    if ax is None:
        ax = new_picture_axes(canvas.shape, max(height, width), title, labels)
    image = ax.imshow(canvas, interpolation="auto", origin="upper")
    ax.set_axis_off()
    if title:
        ax.set_title(title, fontsize="medium")
    _write_labels(ax, labels, corners, height, gap)
    return image


def tiled(pictures: Picture) -> Picture:
    """Return pictures of shape (n_rows, n_columns, height, width, 4) side by side."""
    factor = math.ceil(_SMALLEST_IMAGE / max(pictures.shape[2:4]))
    large = pictures.repeat(factor, axis=2).repeat(factor, axis=3)
    gap = max(1, round(0.03 * max(large.shape[2:4])))
    around = [(0, 0), (0, 0), (gap, gap), (gap, gap)]
    channels = [
        np.pad(large[..., channel], around, constant_values=value)
        for channel, value in enumerate(_GROUND)
    ]
    whole = np.stack(channels, axis=-1).transpose(0, 2, 1, 3, 4)
    n_rows, height, n_columns, width, _ = whole.shape
    return whole.reshape(n_rows * height, n_columns * width, 4)


def _enlarged(picture: Picture, factor: int) -> Picture:
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def _corners(
    strips: Sequence[Sequence[Picture]],
    n_blocks: int,
    group: int,
    gap: int,
    has_labels: bool,
) -> list[tuple[int, int]]:
    """Return top and left of each strip, in pixels."""
    height, width = strips[0][0].shape[:2]
    per_block = math.ceil(len(strips) / n_blocks)
    longest = max(len(strip) for strip in strips)
    between_groups = round(0.4 * (height + gap)) if group else 0
    # Where there are labels, they need room between the columns.
    margin = round(max(1.6 if has_labels else 0.5, 0.15 * longest) * (width + gap))
    corners = []
    for number in range(len(strips)):
        block, row = divmod(number, per_block)
        after = row // group * between_groups if group else 0
        left = block * (longest * (width + gap) + gap + margin)
        corners.append((row * (height + gap) + after, left))
    return corners


def _canvas(
    strips: Sequence[Sequence[Picture]], corners: Sequence[tuple[int, int]], gap: int
) -> Picture:
    """Return one picture of all strips, clear where there is none."""
    height, width = strips[0][0].shape[:2]
    boxes = [
        (top, top + height + 2 * gap, left, left + len(strip) * (width + gap) + gap)
        for strip, (top, left) in zip(strips, corners, strict=True)
    ]
    canvas = np.zeros(
        (max(bottom for _, bottom, _, _ in boxes), max(box[3] for box in boxes), 4)
    )
    for strip, (top, bottom, left, right) in zip(strips, boxes, strict=True):
        canvas[top:bottom, left:right] = _GROUND
        for place, picture in enumerate(strip):
            start = left + gap + place * (width + gap)
            inside = canvas[top + gap : bottom - gap, start : start + width]
            opacity = picture[..., 3:]
            inside[:] = opacity * picture + (1 - opacity) * inside
    return canvas


def grid_strips(pictures: Sequence[Picture], n_columns: int) -> list[list[Picture]]:
    """Return pictures in rows of a length, the last one shorter if need be."""
    return [
        list(pictures[start : start + n_columns])
        for start in range(0, len(pictures), n_columns)
    ]


def square_columns(n_images: int) -> int:
    """Return how many columns make a grid that is about as wide as high."""
    return max(1, math.ceil(math.sqrt(n_images)))


def new_picture_axes(
    canvas_shape: tuple[int, ...],
    side: int,
    title: str = "",
    labels: Sequence[str] = (),
) -> Any:
    """Return axes in a new figure for a canvas with images of a longest side."""
    n_rows, n_columns = canvas_shape[:2]
    pixel = min(
        _IMAGE_SIZE / side, _LARGEST_WIDTH / n_columns, _LARGEST_HEIGHT / n_rows
    )
    width = n_columns * pixel
    # A title stands over the middle of the axes, which may be narrower.
    overhang = max(0.0, (len(title) * _LETTER - width) / 2)
    return new_picture(
        width,
        n_rows * pixel,
        left=max(_LETTER * max(map(len, labels), default=0), overhang),
        right=overhang,
        above=_LINE if title else 0.0,
    )


def _write_labels(
    ax: Any,
    labels: Sequence[str],
    corners: Sequence[tuple[int, int]],
    height: int,
    gap: int,
) -> None:
    """Write labels to the left of the strips, no higher than these."""
    if not labels:
        return
    n_rows = abs(np.subtract(*ax.get_ylim()))
    # Pixels are square: the axes shrink to the strips when they are drawn.
    ax.apply_aspect()
    inches = ax.get_window_extent().height / ax.figure.dpi * height / n_rows
    size = float(np.clip(72 * 0.6 * inches, 3, 10))
    for label, (top, left) in zip(labels, corners, strict=True):
        ax.text(
            left - 0.5 - gap,
            top + gap + height / 2 - 0.5,
            label,
            ha="right",
            va="center",
            fontsize=size,
        )
