"""First-layer filters as images."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skdeep.inspection import first_layer_filters
from skdeep.plotting.image_grid import (
    coloured,
    draw_strips,
    grid_strips,
    square_columns,
)


class FiltersDisplay:
    """Filters of the first layer, as images.

    By default all are on one scale, so that a filter of small weights looks as faint
    as it is. Colours are drawn as such, around a mid-grey that stands for weight 0; of
    other filters positive weights are red and negative ones blue. Make it with
    :meth:`from_estimator`.

    Parameters
    ----------
    filters : ndarray of shape (n_filters, height, width, channels)
        The weights, as of :func:`~skdeep.inspection.first_layer_filters`.

    Attributes
    ----------
    image_ : matplotlib AxesImage
        The picture.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    TopImagesDisplay : The images that units answer to, in any layer.

    Notes
    -----
    Filters of a network that has hardly been trained look like those that it started
    from, which are noise: what is seen here was learned only if it differs from that.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer
    >>> from skdeep.plotting import FiltersDisplay
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = ConvAutoencoderTransformer(
    ...     n_components=10, filters=(8,), epochs=1, random_state=0
    ... ).fit(images)
    >>> FiltersDisplay.from_estimator(autoencoder).filters.shape
    (8, 3, 3, 1)
    """

    image_: Any
    ax_: Any
    figure_: Any

    def __init__(self, *, filters: NDArray[Any]) -> None:
        self.filters = filters

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, **plot_options: Any
    ) -> Self:
        """Draw the filters of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of images.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : FiltersDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no network.

        NotFittedError
            If it is not fitted.

        ValueError
            If it takes texts, or its first layer does not read the pixels.
        """
        return cls(filters=first_layer_filters(estimator)).plot(ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        n_filters: int | None = 100,
        scale: str = "common",
        cmap: str = "RdBu_r",
    ) -> Self:
        """Draw the filters in a square, in the order of the units.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        n_filters : int or None, default=100
            Number of filters, from the first; None for all.

        scale : {"common", "each"}, default="common"
            Whether the largest weight of all filters, or of each, has full colour.

        cmap : str, default="RdBu_r"
            Colour map of filters that do not have three channels.

        Returns
        -------
        display : FiltersDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `scale` is unknown, or there is nothing to draw.
        """
        if scale not in ("common", "each"):
            raise ValueError(f'scale must be "common" or "each", got {scale!r}.')
        shown = self.filters[:n_filters]
        if len(shown) == 0:
            raise ValueError(
                f"There are {len(self.filters)} filters, and n_filters={n_filters}. "
                "Draw at least one."
            )
        if shown.shape[-1] != 3:
            # Before scaling, as channels may cancel in the mean.
            shown = shown.mean(axis=-1, keepdims=True)
        axes = (1, 2, 3) if scale == "each" else None
        largest = np.abs(shown).max(axis=axes, keepdims=True)
        shares = shown / np.where(largest > 0, largest, 1)
        pictures = coloured(shares, -1.0, 1.0, cmap)
        strips = grid_strips(pictures, square_columns(len(pictures)))
        part = f"{len(shown)} of " if len(shown) < len(self.filters) else ""
        title = f"First-layer filters ({part}{len(self.filters)})"
        self.image_ = draw_strips(ax, strips, title=title)
        self.ax_ = self.image_.axes
        self.figure_ = self.ax_.figure
        return self
