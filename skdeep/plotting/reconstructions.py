"""Samples above what an autoencoder makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from numpy.typing import NDArray

from skdeep.inspection import corrupt_samples
from skdeep.inspection.latent import codes_of
from skdeep.plotting.image_grid import coloured, draw_strips, value_range
from skdeep.plotting.sample_images import as_images, first_samples

_PER_BAND = 10


class ReconstructionDisplay:
    """Images above their reconstructions, all on one scale of brightness.

    Of a denoising autoencoder the corrupted images, which it reconstructs from, stand
    in between. Make it with :meth:`from_estimator`.

    Parameters
    ----------
    images : mapping of str to ndarray of shape (n_images, height, width, channels)
        Images by the name of their row, from the top; those of one place belong
        together.

    limits : tuple of 2 float, default=None
        What is black and white. By default 0 and 255 if the first row is of bytes,
        otherwise its least and greatest number.

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
    SamplesDisplay : Images that a model makes up.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skdeep.plotting import ReconstructionDisplay
    >>> X = load_digits().data
    >>> display = ReconstructionDisplay.from_estimator(
    ...     PCA(10).fit(X), X, n_images=4, image_shape=(8, 8)
    ... )
    >>> list(display.images)
    ['input', 'reconstruction']
    """

    image_: Any
    ax_: Any
    figure_: Any

    def __init__(
        self,
        *,
        images: Mapping[str, NDArray[Any]],
        limits: tuple[float, float] | None = None,
    ) -> None:
        self.images = images
        self.limits = limits

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        corrupted: Any = None,
        n_images: int | None = 10,
        image_shape: Sequence[int] | None = None,
        random_state: Any = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> Self:
        """Reconstruct samples and draw both.

        Parameters
        ----------
        estimator : transformer
            A fitted autoencoder, or any transformer with `inverse_transform`.

        X : array-like of shape (n_samples, ...)
            Samples.

        corrupted : array-like of the shape of X, default=None
            Corrupted samples to reconstruct from. By default a denoising autoencoder
            gets what it would get in training, and every other estimator X. Pass X to
            see how a denoising autoencoder reconstructs clean samples.

        n_images : int or None, default=10
            Number of samples to draw, from the first; None for all.

        image_shape : tuple of int, default=None
            Height, width and channels of a flat sample, where the estimator does not
            know them.

        random_state : int, RandomState instance or None, default=None
            Decides what a denoising autoencoder's corruption does.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : ReconstructionDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no `inverse_transform`.

        NotFittedError
            If it is not fitted.

        ValueError
            If the samples are no images of a known shape.
        """
        clean = first_samples(X, n_images)
        shown = {"input": as_images(estimator, clean, image_shape)}
        seen = clean
        if corrupted is not None:
            seen = first_samples(corrupted, n_images)
        elif hasattr(estimator, "denoise"):
            seen = corrupt_samples(estimator, clean, random_state=random_state)
        if seen is not clean:
            shown["corrupted"] = as_images(estimator, seen, image_shape)
        # Bits, not probabilities: what the transformer really keeps.
        codes_of(estimator, clean[:1])
        found = estimator.inverse_transform(estimator.transform(seen))
        shown["reconstruction"] = as_images(estimator, found, image_shape)
        return cls(images=shown).plot(ax, **plot_options)

    def plot(self, ax: Any = None, *, cmap: str = "gray") -> Self:
        """Draw the rows of images, ten images in a row.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        cmap : str, default="gray"
            Colour map of images without colours.

        Returns
        -------
        display : ReconstructionDisplay
            The display itself.
        """
        first = next(iter(self.images.values()))
        limits = self.limits or value_range(first)
        rows = {
            name: coloured(images, *limits, cmap)
            for name, images in self.images.items()
        }
        strips, labels = [], []
        for start in range(0, len(first), _PER_BAND):
            for name, pictures in rows.items():
                strips.append(list(pictures[start : start + _PER_BAND]))
                labels.append(name)
        self.image_ = draw_strips(ax, strips, labels=labels, group=len(rows))
        self.ax_ = self.image_.axes
        self.figure_ = self.ax_.figure
        return self
