"""The images that units answer to most, a strip for each unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skdeep.inspection import TopImages, top_images
from skdeep.plotting.image_grid import (
    coloured,
    draw_strips,
    new_picture_axes,
    value_range,
)

_ROWS = 16


class TopImagesDisplay:
    """For each unit of a layer the images it answers to most, strongest first.

    Of the units of feature maps only the part of the image that the unit sees is
    drawn; where it hangs over the border of the image, the ground shows. All images
    are on one scale of brightness. Dead units, which answer to all images alike, are
    counted, not drawn. Make it with :meth:`from_estimator`.

    Parameters
    ----------
    top_images : TopImages
        Result of :func:`~skdeep.inspection.top_images`, with crops.

    layer : str, default=None
        Name of the layer, for the title; None for the code.

    Attributes
    ----------
    units_ : ndarray of int
        The units drawn, from the top.

    image_ : matplotlib AxesImage or None
        The picture; None if all units are dead.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    FiltersDisplay : What the units of the first layer look for.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer
    >>> from skdeep.plotting import TopImagesDisplay
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = ConvAutoencoderTransformer(
    ...     n_components=10, filters=(8,), epochs=1, random_state=0
    ... ).fit(images)
    >>> display = TopImagesDisplay.from_estimator(autoencoder, images, 4)
    >>> display.units_
    array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """

    units_: NDArray[np.integer]
    image_: Any
    ax_: Any
    figure_: Any

    def __init__(self, *, top_images: TopImages, layer: str | None = None) -> None:
        self.top_images = top_images
        self.layer = layer

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        n_images: int = 9,
        *,
        layer: str | None = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> Self:
        """Find the images that the units of a layer answer to most, and draw them.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of images.

        X : array-like of shape (n_samples, ...)
            Samples to choose from, best ones that were not in `fit`.

        n_images : int, default=9
            Images for each unit, at most n_samples.

        layer : str, default=None
            Name of a layer of the network; by default the code.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : TopImagesDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no network.

        NotFittedError
            If it is not fitted.

        ValueError
            If it takes texts, there is no such layer, or there are fewer samples than
            `n_images`.
        """
        found = top_images(estimator, X, n_images, layer)
        return cls(top_images=found, layer=layer).plot(ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        units: Sequence[int] | None = None,
        n_units: int | None = 32,
        cmap: str = "gray",
    ) -> Self:
        """Draw the images.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        units : sequence of int, default=None
            Which units to draw; by default the first `n_units`.

        n_units : int or None, default=32
            Number of live units to draw if `units` is None; None for all.

        cmap : str, default="gray"
            Colour map of images without colours.

        Returns
        -------
        display : TopImagesDisplay
            The display itself.

        Raises
        ------
        ValueError
            If there are no crops to draw, or a unit does not exist.
        """
        crops, dead = self.top_images.crops, self.top_images.dead
        if crops is None:
            raise ValueError(
                "There are no images to draw: the samples are texts. Read the indices "
                "of skdeep.inspection.top_images instead."
            )
        asked = np.arange(len(dead)) if units is None else np.asarray(units, dtype=int)
        if asked.size and not 0 <= asked.min() <= asked.max() < len(dead):
            raise ValueError(
                f"units must be numbers from 0 to {len(dead) - 1}, got {units!r}."
            )
        live = asked[~dead[asked]]
        self.units_ = live[:n_units] if units is None else live
        self.image_ = None
        title = self._title(len(live), int(dead[asked].sum()))
        if len(self.units_):
            limits = _limits([crop for unit in self.units_ for crop in crops[unit]])
            strips = [self._strip(unit, limits, cmap) for unit in self.units_]
            self.image_ = draw_strips(
                ax,
                strips,
                title=title,
                labels=[str(unit) for unit in self.units_],
                n_blocks=math.ceil(len(strips) / _ROWS),
                group=1,
            )
            self.ax_ = self.image_.axes
        else:
            self.ax_ = new_picture_axes((1, 1), 1, title) if ax is None else ax
            self.ax_.set_axis_off()
            self.ax_.set_title(title, fontsize="medium")
        self.figure_ = self.ax_.figure
        return self

    def _title(self, n_live: int, n_dead: int) -> str:
        layer = "the code" if self.layer is None else self.layer
        part = f"{len(self.units_)} of " if len(self.units_) < n_live else ""
        dead = f", {n_dead} dead" if n_dead else ""
        return f"Top images of units of {layer} ({part}{n_live} live{dead})"

    def _strip(
        self, unit: int, limits: tuple[float, float], cmap: str
    ) -> list[NDArray[np.floating]]:
        """Return the pictures of one unit, all of the size of the largest crop."""
        crops, boxes = self.top_images.crops, self.top_images.boxes
        height, width = _largest(boxes)
        # Where the boxes of the layer end is where the image does.
        ends = boxes.reshape(-1, 4).max(axis=0)
        pictures = []
        for crop, (top, bottom, left, right) in zip(
            crops[unit], boxes[unit], strict=True
        ):
            picture = np.zeros((height, width, 4))
            # A crop that the upper or left border has cut off lacks its beginning.
            start = height - (bottom - top) if top == 0 and bottom < ends[1] else 0
            begin = width - (right - left) if left == 0 and right < ends[3] else 0
            rows = slice(start, start + bottom - top)
            picture[rows, begin : begin + right - left] = coloured(crop, *limits, cmap)
            pictures.append(picture)
        return pictures


def _largest(boxes: NDArray[np.integer]) -> tuple[int, int]:
    """Return the largest height and width of any box."""
    tops, bottoms, lefts, rights = boxes.reshape(-1, 4).T
    return int((bottoms - tops).max()), int((rights - lefts).max())


def _limits(crops: Sequence[NDArray[Any]]) -> tuple[float, float]:
    """Return what is black and white in all crops together."""
    if crops[0].dtype == np.uint8:
        return 0.0, 255.0
    ends = [value_range(crop) for crop in crops]
    return min(low for low, _ in ends), max(high for _, high in ends)
