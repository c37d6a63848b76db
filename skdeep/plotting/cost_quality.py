"""What compared classifiers cost, and what one gets for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skdeep.model_comparison import Comparison
from skdeep.plotting.figures import literal_legend, new_axes, tune_ticks
from skdeep.plotting.palette import REFERENCE_LINE, point_styles

# Costs that differ by more than this factor are shown on a logarithmic axis.
_LOGARITHMIC_FROM = 8.0


class CostQualityDisplay:
    """Quality of several classifiers over the seconds that a fit takes.

    Each classifier is a point with bars of one standard deviation over the folds; its
    number is its place in the comparison. A dotted line joins the classifiers that no
    other beats in both respects. Make it with :meth:`from_comparison`.

    Parameters
    ----------
    cost : mapping of str to ndarray of shape (n_folds,)
        Seconds by classifier and fold.

    quality : mapping of str to ndarray of shape (n_folds,)
        The metric by classifier and fold; larger is better.

    cost_name : str, default="Fit (s)"
        Name of the horizontal axis.

    quality_name : str, default="Quality"
        Name of the vertical axis.

    Attributes
    ----------
    points_ : dict of str to matplotlib ErrorbarContainer
        The points. Classifiers that failed in some fold have none.

    frontier_ : list of str
        The classifiers that no other beats in both respects, the cheapest first.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    skdeep.model_comparison.Comparison.summary : The numbers.

    Examples
    --------
    >>> from skdeep.plotting import CostQualityDisplay
    >>> cost = {"small": [1.0, 1.1], "large": [9.0, 9.5], "odd": [9.0, 10.5]}
    >>> quality = {"small": [0.8, 0.8], "large": [0.9, 0.9], "odd": [0.7, 0.8]}
    >>> CostQualityDisplay(cost=cost, quality=quality).plot().frontier_
    ['small', 'large']
    """

    points_: dict[str, Any]
    frontier_: list[str]
    ax_: Any
    figure_: Any

    def __init__(
        self,
        *,
        cost: Mapping[str, NDArray[np.floating]],
        quality: Mapping[str, NDArray[np.floating]],
        cost_name: str = "Fit (s)",
        quality_name: str = "Quality",
    ) -> None:
        self.cost = cost
        self.quality = quality
        self.cost_name = cost_name
        self.quality_name = quality_name

    @classmethod
    def from_comparison(
        cls,
        comparison: Comparison,
        metric: str | None = None,
        *,
        ax: Any = None,
        **plot_options: Any,
    ) -> Self:
        """Draw the classifiers of a comparison.

        Parameters
        ----------
        comparison : Comparison
            Result of :func:`~skdeep.model_comparison.compare_classifiers`.

        metric : str, default=None
            One of its metrics; the first by default.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : CostQualityDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is no such metric.

        ImportError
            If matplotlib is not installed.
        """
        metric = comparison.metrics[0] if metric is None else metric
        tables = comparison.scores("fit_time"), comparison.scores(metric)
        cost, quality = (
            {name: table[name].to_numpy(dtype=float) for name in comparison.names}
            for table in tables
        )
        display = cls(
            cost=cost, quality=quality, cost_name="Fit (s)", quality_name=metric
        )
        return display.plot(ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        plot_frontier: bool = True,
        number: bool = True,
        legend: bool = True,
        point_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the points.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        plot_frontier : bool, default=True
            Whether to join the classifiers that no other beats in both respects.

        number : bool, default=True
            Whether to write the number of each classifier beside its point.

        legend : bool, default=True
            Whether to draw a legend beside the axes.

        point_kwargs : dict, default=None
            Arguments of matplotlib's `errorbar` for all points.

        Returns
        -------
        display : CostQualityDisplay
            The display itself.
        """
        self.ax_ = new_axes() if ax is None else ax
        self.figure_ = self.ax_.figure
        places = {name: self._place(name) for name in self.cost}
        # A classifier that failed in a fold has no mean, and so no place.
        places = {n: place for n, place in places.items() if np.isfinite(place).all()}
        self.points_ = {}
        styles = point_styles(self.ax_, len(self.cost))
        for position, (name, style) in enumerate(
            zip(self.cost, styles, strict=True), start=1
        ):
            if name not in places:
                continue
            x, y, x_spread, y_spread = places[name]
            look = {
                **style,
                "linestyle": "none",
                "elinewidth": 1,
                "label": f"{position} {name}",
                **(point_kwargs or {}),
            }
            self.points_[name] = self.ax_.errorbar(x, y, y_spread, x_spread, **look)
            if number:
                self.ax_.annotate(
                    str(position),
                    (x, y),
                    xytext=(4, 3),
                    textcoords="offset points",
                    fontsize="small",
                )
        self.frontier_ = _unbeaten({name: place[:2] for name, place in places.items()})
        self._finish(places, plot_frontier)
        if legend and places:
            self._write_legend(len(places))
        return self

    def _place(self, name: str) -> tuple[float, float, float, float]:
        """Return means of cost and quality, and their spreads."""
        cost, quality = np.asarray(self.cost[name]), np.asarray(self.quality[name])
        # An infinite score has no place either, and no spread.
        quality = np.where(np.isfinite(quality), quality, np.nan)
        means = float(cost.mean()), float(quality.mean())
        return *means, float(cost.std()), float(quality.std())

    def _finish(
        self, places: Mapping[str, tuple[float, ...]], plot_frontier: bool
    ) -> None:
        """Draw the line of the unbeaten, choose the scale and name the axes."""
        if plot_frontier and len(self.frontier_) > 1:
            corners = np.array([places[name][:2] for name in self.frontier_])
            self.ax_.plot(*corners.T, **REFERENCE_LINE)
        costs = np.array([place[0] for place in places.values()])
        spread = costs.size and costs.min() > 0
        if spread and costs.max() > _LOGARITHMIC_FROM * costs.min():
            self.ax_.set_xscale("log")
        else:
            # Small numbers have long names, which would run into each other.
            tune_ticks(self.ax_, nbins=4)
        self.ax_.margins(0.12)
        self.ax_.set_xlabel(self.cost_name, parse_math=False)
        self.ax_.set_ylabel(self.quality_name, parse_math=False)

    def _write_legend(self, n_points: int) -> None:
        """Write the names beside the axes, because points may lie anywhere."""
        literal_legend(
            self.ax_,
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            ncols=1 + n_points // 25,
            frameon=False,
            fontsize="small" if n_points <= 12 else "x-small",
        )


def _unbeaten(places: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return the names that no other beats in cost and quality, the cheapest first."""
    ordered = sorted(places, key=lambda name: (places[name][0], -places[name][1]))
    best, unbeaten = -np.inf, []
    for name in ordered:
        if places[name][1] > best:
            best = places[name][1]
            unbeaten.append(name)
    return unbeaten
