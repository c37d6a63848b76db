"""Images that a generative model makes up."""

from __future__ import annotations

from typing import Any, Self

from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skdeep.plotting.image_grid import (
    coloured,
    draw_strips,
    grid_strips,
    square_columns,
    value_range,
)
from skdeep.plotting.sample_images import as_images


class SamplesDisplay:
    """Images drawn from a generative model, in a square.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, height, width, channels)
        The images.

    limits : tuple of 2 float, default=None
        What is black and white. By default 0 and 255 for bytes, otherwise the least
        and the greatest number of all.

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
    LatentMapDisplay : Where codes lie, and what codes in between decode to.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import VariationalAutoencoderTransformer
    >>> from skdeep.plotting import SamplesDisplay
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = VariationalAutoencoderTransformer(
    ...     2, hidden_layer_sizes=(20,), epochs=1, random_state=0
    ... ).fit(images)
    >>> display = SamplesDisplay.from_estimator(autoencoder, 9, random_state=0)
    >>> display.samples.shape
    (9, 8, 8, 1)
    """

    image_: Any
    ax_: Any
    figure_: Any

    def __init__(
        self, *, samples: NDArray[Any], limits: tuple[float, float] | None = None
    ) -> None:
        self.samples = samples
        self.limits = limits

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        n_samples: int = 64,
        *,
        random_state: Any = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> Self:
        """Draw samples from a fitted generative model.

        Parameters
        ----------
        estimator : VariationalAutoencoderTransformer
            Fitted; any other estimator of images with a method `sample` will do.

        n_samples : int, default=64
            Number of images.

        random_state : int, RandomState instance or None, default=None
            Decides the images.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : SamplesDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no method `sample`.

        NotFittedError
            If it is not fitted.
        """
        if isinstance(estimator, type) or not hasattr(estimator, "sample"):
            raise TypeError(
                f"{estimator!r} cannot make up samples: it has no method `sample`. "
                "Pass a fitted VariationalAutoencoderTransformer."
            )
        check_is_fitted(estimator)
        samples = estimator.sample(n_samples, random_state=random_state)
        images = getattr(estimator, "_images", None)
        limits = (0.0, 255.0) if getattr(images, "is_uint8", False) else None
        return cls(samples=as_images(estimator, samples), limits=limits).plot(
            ax, **plot_options
        )

    def plot(
        self, ax: Any = None, *, n_columns: int | None = None, cmap: str = "gray"
    ) -> Self:
        """Draw the images.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        n_columns : int, default=None
            Images in a row; by default they fill a square.

        cmap : str, default="gray"
            Colour map of images without colours.

        Returns
        -------
        display : SamplesDisplay
            The display itself.
        """
        limits = self.limits or value_range(self.samples)
        pictures = coloured(self.samples, *limits, cmap)
        columns = n_columns or square_columns(len(pictures))
        self.image_ = draw_strips(ax, grid_strips(pictures, columns))
        self.ax_ = self.image_.axes
        self.figure_ = self.ax_.figure
        return self
