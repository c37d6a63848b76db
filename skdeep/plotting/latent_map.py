"""Where codes lie in the plane, and what the plane decodes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length, column_or_1d

from skdeep.inspection.latent import codes_of
from skdeep.plotting.figures import literal_legend, several_axes
from skdeep.plotting.image_grid import coloured, tiled, value_range
from skdeep.plotting.palette import point_styles
from skdeep.plotting.sample_images import as_images

# More classes than that have no look of their own, nor room in a legend.
_MOST_CLASSES = 28


class LatentMapDisplay:
    """Codes as points of a plane, coloured by label, beside what it decodes to.

    Codes of two components are drawn as they are, longer ones by their two directions
    of largest variance (PCA), which the axes then say. Make it with
    :meth:`from_estimator`.

    Parameters
    ----------
    points : ndarray of shape (n_samples, 2)
        Where the codes lie.

    axis_names : tuple of 2 str
        What the two coordinates are.

    labels : ndarray of shape (n_samples,), default=None
        Classes, or numbers, to colour the points by.

    decoded : ndarray of shape (n_rows, n_columns, height, width, channels), \
            default=None
        Images that the plane decodes to, the first row at the top.

    extent : tuple of 4 float, default=None
        Left, right, bottom and top of the decoded part of the plane.

    Attributes
    ----------
    points_ : list of matplotlib PathCollection
        The points, of each class in turn; empty if they are not drawn.

    image_ : matplotlib AxesImage or None
        The decoded plane; None without one.

    axes_ : ndarray of matplotlib Axes
        Where it is drawn: the codes, the decoded plane, or both in this order.

    figure_ : matplotlib Figure
        The figure of `axes_`.

    See Also
    --------
    SamplesDisplay : Images that a model makes up.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skdeep.plotting import LatentMapDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> display = LatentMapDisplay.from_estimator(PCA(5).fit(X), X, y)
    >>> display.points.shape
    (1797, 2)
    """

    points_: list[Any]
    image_: Any
    axes_: NDArray[Any]
    figure_: Any

    def __init__(
        self,
        *,
        points: NDArray[np.floating],
        axis_names: tuple[str, str],
        labels: NDArray[Any] | None = None,
        decoded: NDArray[Any] | None = None,
        extent: tuple[float, float, float, float] | None = None,
    ) -> None:
        self.points = points
        self.axis_names = axis_names
        self.labels = labels
        self.decoded = decoded
        self.extent = extent

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        n_decoded: int = 0,
        image_shape: tuple[int, ...] | None = None,
        axes: Sequence[Any] | None = None,
        **plot_options: Any,
    ) -> Self:
        """Encode samples and draw their codes.

        Parameters
        ----------
        estimator : transformer
            A fitted autoencoder, or any transformer with `inverse_transform`.

        X : array-like of shape (n_samples, ...)
            Samples.

        y : array-like of shape (n_samples,), default=None
            Labels, or numbers, to colour the points by.

        n_decoded : int, default=0
            Number of rows, and of columns, of points of the plane to decode to images,
            over the middle 98 % of the coordinates of the codes; 0 for none.

        image_shape : tuple of int, default=None
            Height, width and channels of a flat sample, where the estimator does not
            know them.

        axes : sequence of matplotlib Axes, default=None
            Where to draw: one, or two with a decoded plane. A new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : LatentMapDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no `inverse_transform`.

        NotFittedError
            If it is not fitted.

        ValueError
            If y has another length than X, or the shape of the images is not known.
        """
        codes = codes_of(estimator, X)
        labels = None if y is None else column_or_1d(y)
        check_consistent_length(codes, labels)
        points, axis_names, to_codes = _plane(codes)
        decoded = extent = None
        if n_decoded:
            extent = _middle(points)
            places = _places(extent, n_decoded)
            samples = estimator.inverse_transform(to_codes(places))
            images = as_images(estimator, samples, image_shape)
            decoded = images.reshape(n_decoded, n_decoded, *images.shape[1:])
        return cls(
            points=points,
            axis_names=axis_names,
            labels=labels,
            decoded=decoded,
            extent=extent,
        ).plot(axes, **plot_options)

    def plot(
        self,
        axes: Sequence[Any] | None = None,
        *,
        plot_points: bool = True,
        legend: bool = True,
        cmap: str = "gray",
        scatter_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the codes, and beside them the decoded plane, if there is one.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Where to draw: one for the codes, one for the decoded plane. A new figure
            by default.

        plot_points : bool, default=True
            Whether to draw the codes.

        legend : bool, default=True
            Whether to draw a legend of the classes, or a colour bar of numbers.

        cmap : str, default="gray"
            Colour map of decoded images without colours.

        scatter_kwargs : dict, default=None
            Arguments of matplotlib's `scatter` for all points.

        Returns
        -------
        display : LatentMapDisplay
            The display itself.

        Raises
        ------
        ValueError
            If there is nothing to draw, or not as many axes as needed.
        """
        needed = int(plot_points) + (self.decoded is not None)
        if needed == 0:
            raise ValueError(
                "There is nothing to draw: no decoded plane, and plot_points=False. "
                "Pass n_decoded to from_estimator, or draw the points."
            )
        self.axes_ = several_axes(axes, needed, size=(5.6, 4.6))
        self.figure_ = self.axes_[0].figure
        self.points_, self.image_ = [], None
        if plot_points:
            self._draw_points(self.axes_[0], legend, dict(scatter_kwargs or {}))
        if self.decoded is not None:
            self.image_ = self._draw_plane(self.axes_[-1], cmap)
        for ax in self.axes_:
            ax.set(xlabel=self.axis_names[0], ylabel=self.axis_names[1])
        return self

    def _draw_plane(self, ax: Any, cmap: str) -> Any:
        """Draw the images that the plane decodes to, side by side."""
        pictures = coloured(self.decoded, *value_range(self.decoded), cmap)
        whole = tiled(pictures)
        ax.set_title("What the plane decodes to", fontsize="medium")
        return ax.imshow(
            whole,
            extent=self.extent,
            aspect="auto",
            interpolation="auto",
            origin="upper",
        )

    def _draw_points(self, ax: Any, legend: bool, own: dict[str, Any]) -> None:
        """Draw the codes in the colours of their labels."""
        n_points = len(self.points)
        look = {"s": float(np.clip(12_000 / n_points, 8, 36)), "linewidths": 0}
        if self.labels is None:
            style = {**look, **point_styles(ax, 1)[0], **own}
            self.points_ = [ax.scatter(*self.points.T, **style)]
            return
        classes = np.unique(self.labels)
        if type_of_target(self.labels) == "continuous" or len(classes) > _MOST_CLASSES:
            numbers = self.labels
            if numbers.dtype.kind not in "biuf":
                numbers = np.searchsorted(classes, numbers)
            style = {**look, "c": numbers, "cmap": "viridis", **own}
            self.points_ = [ax.scatter(*self.points.T, **style)]
            if legend:
                self.figure_.colorbar(self.points_[0], ax=ax)
            return
        styles = point_styles(ax, len(classes))
        for label, base in zip(classes, styles, strict=True):
            chosen = self.points[self.labels == label]
            style = {**look, **base, "label": str(label), **own}
            self.points_.append(ax.scatter(*chosen.T, **style))
        if legend:
            self._write_legend(ax, [str(label) for label in classes])

    def _write_legend(self, ax: Any, names: Sequence[str]) -> None:
        """Write the classes beside the points, which may lie anywhere."""
        # Users hide points by another label, and not by the name of a class.
        named = [
            points
            for points, name in zip(self.points_, names, strict=True)
            if points.get_label() == name
        ]
        drawn = literal_legend(
            ax,
            named,
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            ncols=1 + len(names) // 15,
            frameon=False,
            fontsize="small",
        )
        for handle in drawn.legend_handles:
            handle.set_sizes([30])


def _plane(codes: NDArray[np.floating]) -> tuple[Any, tuple[str, str], Any]:
    """Return points of a plane, names of its axes, and the way back to codes."""
    n_components = codes.shape[1]
    if n_components == 1:
        points = np.column_stack([codes[:, 0], np.zeros(len(codes))])
        names = ("Code unit 0", "(the code has one unit)")
        return points, names, lambda places: places[:, :1].astype(codes.dtype)
    if n_components == 2:
        names = ("Code unit 0", "Code unit 1")
        return codes, names, lambda places: places.astype(codes.dtype)
    if len(codes) < 2:
        raise ValueError(
            f"X has 1 sample, but its code of {n_components} units needs at least 2 "
            "samples to lay a plane through. Pass more samples."
        )
    pca = PCA(2, svd_solver="full").fit(codes)
    names = tuple(
        f"PCA {number} of {n_components} code units ({100 * share:.0f} % of variance)"
        for number, share in enumerate(pca.explained_variance_ratio_, start=1)
    )
    return (
        pca.transform(codes),
        names,
        lambda places: pca.inverse_transform(places).astype(codes.dtype),
    )


def _middle(points: NDArray[np.floating]) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top of the middle 98 % of some points."""
    ends = np.quantile(points, [0.01, 0.99], axis=0)
    # A direction in which nothing varies would have no width.
    ends += np.where(ends[0] == ends[1], [[-0.5], [0.5]], 0)
    return tuple(float(end) for end in ends.T.reshape(-1))


def _places(
    extent: tuple[float, float, float, float], n_places: int
) -> NDArray[np.floating]:
    """Return the centres of the fields of a square grid, row by row from the top."""
    left, right, bottom, top = extent
    shares = (np.arange(n_places) + 0.5) / n_places
    columns, rows = np.meshgrid(
        left + shares * (right - left), top + shares * (bottom - top)
    )
    return np.column_stack([columns.ravel(), rows.ravel()])
