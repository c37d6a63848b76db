"""Sizes and purity of the buckets of a hash code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skdeep.encoding.bits import pack_bits
from skdeep.metrics import BucketPurity, bucket_purity
from skdeep.plotting.figures import several_axes
from skdeep.plotting.palette import OKABE_ITO


class HashBucketsDisplay:
    """How many rows share a bucket of a hash code, and how pure buckets are.

    A bucket holds the rows with one code. On the left stands which share of all rows
    lies in buckets of each size, by powers of two; on the right, if labels were given,
    the purity of these buckets: the chance that two rows of one bucket, drawn with
    replacement, have the same label. Beside it stands the purity that buckets of these
    sizes have when labels are shuffled, since small buckets are pure by chance. Make it
    with :meth:`from_estimator` or :meth:`from_codes`.

    Parameters
    ----------
    sizes : ndarray of shape (n_buckets,)
        Rows in each bucket.

    purities : ndarray of shape (n_buckets,), default=None
        Purity of each bucket, in (0, 1].

    agreement : float, default=None
        Chance that two different rows have the same label, in [0, 1].

    purity : BucketPurity, default=None
        Purity of all buckets of at least two rows together.

    Attributes
    ----------
    bars_ : matplotlib BarContainer
        Shares of the rows by size of the bucket.

    purity_line_, chance_line_ : matplotlib Line2D or None
        Purity by size of the bucket, and what it is by chance.

    axes_ : ndarray of matplotlib Axes
        Where it is drawn: one without labels, two with them.

    figure_ : matplotlib Figure
        The figure of `axes_`.

    See Also
    --------
    skdeep.metrics.bucket_purity : The same in numbers.

    Examples
    --------
    >>> from skdeep.plotting import HashBucketsDisplay
    >>> codes = [[0, 0], [0, 0], [0, 1], [1, 1]]
    >>> display = HashBucketsDisplay.from_codes(codes, ["a", "b", "a", "a"])
    >>> sorted(display.sizes.tolist())
    [1, 1, 2]
    """

    bars_: Any
    purity_line_: Any
    chance_line_: Any
    axes_: NDArray[Any]
    figure_: Any

    def __init__(
        self,
        *,
        sizes: NDArray[np.integer],
        purities: NDArray[np.floating] | None = None,
        agreement: float | None = None,
        purity: BucketPurity | None = None,
    ) -> None:
        self.sizes = sizes
        self.purities = purities
        self.agreement = agreement
        self.purity = purity

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        axes: Sequence[Any] | None = None,
        **plot_options: Any,
    ) -> Self:
        """Hash samples and draw the buckets.

        Parameters
        ----------
        estimator : transformer
            A fitted hashing transformer: `transform` gives bits.

        X : array-like of shape (n_samples, ...)
            Samples, best ones that were not in `fit`.

        y : array-like of shape (n_samples,), default=None
            Their labels.

        axes : sequence of matplotlib Axes, default=None
            Where to draw: one, or two if there are labels. A new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : HashBucketsDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.

        ValueError
            If what it returns is not bits, or y has another length than X.
        """
        check_is_fitted(estimator)
        codes = estimator.transform(X)
        return cls.from_codes(codes, y, axes=axes, **plot_options)

    @classmethod
    def from_codes(
        cls,
        codes: ArrayLike,
        y: ArrayLike | None = None,
        *,
        axes: Sequence[Any] | None = None,
        **plot_options: Any,
    ) -> Self:
        """Draw the buckets of codes.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_bits)
            Zeros and ones.

        y : array-like of shape (n_samples,), default=None
            Labels.

        axes : sequence of matplotlib Axes, default=None
            Where to draw: one, or two if there are labels. A new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : HashBucketsDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `codes` is not a matrix of zeros and ones, or y has another length.
        """
        _, buckets, sizes = np.unique(
            pack_bits(np.asarray(codes)),
            axis=0,
            return_inverse=True,
            return_counts=True,
        )
        if y is None:
            return cls(sizes=sizes).plot(axes, **plot_options)
        purity = bucket_purity(codes, y)
        _, classes, counts = np.unique(
            np.asarray(y), return_inverse=True, return_counts=True
        )
        cells = np.zeros((len(sizes), len(counts)))
        np.add.at(cells, (buckets.reshape(-1), classes), 1)
        total = len(classes)
        # Two rows of one label among all pairs of different rows.
        pairs = float(np.sum(counts * (counts - 1.0)))
        return cls(
            sizes=sizes,
            purities=np.sum((cells / sizes[:, None]) ** 2, axis=1),
            agreement=pairs / (total * (total - 1)) if total > 1 else 1.0,
            purity=purity,
        ).plot(axes, **plot_options)

    def plot(
        self,
        axes: Sequence[Any] | None = None,
        *,
        bar_kwargs: Mapping[str, Any] | None = None,
        line_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the buckets.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Where to draw: one, or two if there are labels. A new figure by default.

        bar_kwargs : dict, default=None
            Arguments of matplotlib's `bar`.

        line_kwargs : dict, default=None
            Arguments of matplotlib's `plot` for the line of the purity.

        Returns
        -------
        display : HashBucketsDisplay
            The display itself.

        Raises
        ------
        ValueError
            If there are not as many axes as needed.
        """
        needed = 1 if self.purities is None else 2
        self.axes_ = several_axes(axes, needed, size=(5.5, 4.2))
        self.figure_ = self.axes_[0].figure
        bins = np.log2(self.sizes).astype(int)
        self._draw_sizes(bins, bar_kwargs or {})
        self.purity_line_ = self.chance_line_ = None
        if needed == 2:
            self._draw_purity(bins, line_kwargs or {})
        for ax in self.axes_:
            ax.set_xlabel("Rows in a bucket")
            _name_bins(ax, int(bins.max()))
        return self

    def _draw_sizes(self, bins: NDArray[np.integer], own: Mapping[str, Any]) -> None:
        """Draw which share of the rows lies in buckets of each size."""
        shares = np.bincount(bins, weights=self.sizes) / self.sizes.sum()
        style = {"color": OKABE_ITO[0], **own}
        ax = self.axes_[0]
        self.bars_ = ax.bar(np.arange(len(shares)), shares, **style)
        ax.set_ylabel("Share of the rows")
        n_rows, n_buckets = int(self.sizes.sum()), len(self.sizes)
        ax.set_title(
            f"{n_rows:,} rows in {n_buckets:,} bucket{'s' * (n_buckets > 1)}",
            fontsize="medium",
        )

    def _draw_purity(self, bins: NDArray[np.integer], own: Mapping[str, Any]) -> None:
        """Draw the purity of buckets of each size, and that of shuffled labels."""
        rows = np.bincount(bins, weights=self.sizes)
        found = np.flatnonzero(rows)
        chances = 1 / self.sizes + (1 - 1 / self.sizes) * self.agreement
        ax = self.axes_[1]
        lines = []
        for values, style in (
            (
                self.purities,
                {"color": OKABE_ITO[1], "marker": "o", "label": "found", **own},
            ),
            (
                chances,
                {
                    "color": "0.5",
                    "marker": ".",
                    "linestyle": (0, (1, 2)),
                    "label": "labels shuffled",
                },
            ),
        ):
            sums = np.bincount(bins, weights=values * self.sizes)
            lines += ax.plot(found, sums[found] / rows[found], **style)
        self.purity_line_, self.chance_line_ = lines
        ax.set(ylabel="Purity", ylim=(0, 1.02))
        ax.legend(fontsize="small")
        if self.purity is not None and self.purity.n_buckets:
            coverage = f"{100 * self.purity.coverage:.0f} % of the rows"
            ax.set_title(
                f"Purity {self.purity.purity:.3f} (by chance "
                f"{self.purity.chance_purity:.3f})\n"
                f"over buckets of two or more, {coverage}",
                fontsize="medium",
            )


def _name_bins(ax: Any, largest: int) -> None:
    """Write which sizes each place on the axis stands for."""
    names = [
        f"{2**b}" if b == 0 else f"{2**b}-{2 ** (b + 1) - 1}"  # 1, 2-3, 4-7, ...
        for b in range(largest + 1)
    ]
    turned = {"rotation": 45, "ha": "right"} if largest > 5 else {}
    ax.set_xticks(range(largest + 1), names, fontsize="small", **turned)
    ax.set_xlim(-0.6, largest + 0.6)
