"""Scores of a search over one or two parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skdeep.plotting.figures import literal_legend, new_axes, write_cell_numbers
from skdeep.plotting.palette import line_styles
from skdeep.plotting.search_values import (
    are_numbers,
    best_of_equal,
    drawn_values,
    is_logarithmic,
    last_iterations,
    metric_key,
    short_text,
    varied_parameters,
    without_resource,
)

# More cells than that have no room for numbers, or more ticks than that for names.
_MOST_NUMBERED = 60
_MOST_TICKS = 16
# Of more values than that, the marks of the points would hide the curve.
_MOST_MARKED = 30


class SearchResultsDisplay:
    """How the score of a search depends on one or two of its parameters.

    One parameter gives a curve with a band of one standard deviation over the folds,
    two give a map. Where other parameters were varied too, the best score over them is
    shown for each value; of a search by successive halving, the best of those that
    came to the last iteration, if any did. Axes are logarithmic where the values are
    spaced so, and values that are not numbers stand side by side; candidates without
    a parameter have the value "not set". The best candidate is marked, and values
    whose fits all failed are marked with a cross. Make it with :meth:`from_search`.

    Parameters
    ----------
    params : tuple of str
        Names of the parameters that are drawn, one or two.

    values : tuple of list
        The values of each, in order.

    mean : ndarray of shape (n_values,) or (n_second_values, n_first_values)
        Mean scores. NaN where no candidate has the values, or all failed.

    std : ndarray of the same shape
        Standard deviations over the folds.

    failed : ndarray of bool of the same shape
        Where candidates were tried and all failed.

    best : tuple of int
        Place of the best candidate in `mean`.

    metric : str, default="score"
        Name of the metric.

    others : tuple of str, default=()
        Other parameters that were varied.

    Attributes
    ----------
    line_ : matplotlib Line2D or None
        The curve; None for two parameters.

    band_ : matplotlib PolyCollection or None
        Its band; None for two parameters.

    image_ : matplotlib QuadMesh or None
        The map; None for one parameter.

    colorbar_ : matplotlib Colorbar or None
        The scale of its colours.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    sklearn.model_selection.GridSearchCV : Tries all combinations.
    sklearn.model_selection.ValidationCurveDisplay : Tries one parameter.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdeep.plotting import SearchResultsDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> grid = {"var_smoothing": [0.001, 0.01, 0.1, 1.0]}
    >>> search = GridSearchCV(GaussianNB(), grid).fit(X, y)
    >>> display = SearchResultsDisplay.from_search(search)
    >>> display.ax_.get_xscale(), display.mean.shape
    ('log', (4,))
    """

    line_: Any
    band_: Any
    image_: Any
    colorbar_: Any
    ax_: Any
    figure_: Any

    def __init__(
        self,
        *,
        params: tuple[str, ...],
        values: tuple[list[Any], ...],
        mean: NDArray[np.float64],
        std: NDArray[np.float64],
        failed: NDArray[np.bool_],
        best: tuple[int, ...],
        metric: str = "score",
        others: tuple[str, ...] = (),
    ) -> None:
        self.params = params
        self.values = values
        self.mean = mean
        self.std = std
        self.failed = failed
        self.best = best
        self.metric = metric
        self.others = others

    @classmethod
    def from_search(
        cls,
        search: Any,
        params: str | Sequence[str] | None = None,
        metric: str | None = None,
        *,
        ax: Any = None,
        **plot_options: Any,
    ) -> Self:
        """Draw the results of a search.

        Parameters
        ----------
        search : GridSearchCV, RandomizedSearchCV or alike
            Fitted, with `cv_results_`.

        params : str or sequence of str, default=None
            One or two parameters; by default those that were varied, if these are no
            more than two. The resource of a search by successive halving is one only
            if it is named.

        metric : str, default=None
            One of the metrics of the search. By default the only one, or that which
            `refit` names.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : SearchResultsDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the search is not fitted.

        TypeError
            If it has no results.

        ValueError
            If a parameter or the metric does not exist, more than two parameters were
            varied and none are named, or every fit failed.

        ImportError
            If matplotlib is not installed.
        """
        if not hasattr(search, "cv_results_"):
            check_is_fitted(search)
            raise TypeError(
                f"{type(search).__name__} has no cv_results_ to draw. Pass a fitted "
                "search, such as GridSearchCV."
            )
        results = search.cv_results_
        candidates = list(results["params"])
        metric, key = metric_key(search, metric)
        mean = np.asarray(results[f"mean_test_{key}"], dtype=np.float64)
        std = np.asarray(results[f"std_test_{key}"], dtype=np.float64)
        if not np.isfinite(mean).any():
            raise ValueError(
                f"No candidate has a score of {metric!r}: every fit failed. Run the "
                "search with error_score='raise' to see why."
            )
        survived = np.ones(len(candidates), dtype=bool)
        if "iter" in results:
            resource = getattr(search, "resource", None)
            candidates = without_resource(candidates, resource, params)
            last, survived = last_iterations(candidates, np.asarray(results["iter"]))
            candidates = [candidates[place] for place in last]
            mean, std = mean[last], std[last]
        chosen, others = varied_parameters(candidates, params)
        values = tuple(drawn_values(candidates, name) for name in chosen)
        # What was halved away may have done better on fewer rows.
        among = np.where(survived, mean, np.nan)
        among = among if np.isfinite(among).any() else mean
        last_mean, last_std, _, best = best_of_equal(
            candidates, chosen, values, among, std
        )
        mean, std, failed, _ = best_of_equal(candidates, chosen, values, mean, std)
        lasted = np.isfinite(last_mean)
        mean, std = np.where(lasted, [last_mean, last_std], [mean, std])
        return cls(
            params=chosen,
            values=values,
            mean=mean,
            std=std,
            failed=failed,
            best=best,
            metric=metric,
            others=others,
        ).plot(ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        plot_band: bool = True,
        plot_best: bool = True,
        number: bool | None = None,
        legend: bool = True,
        cmap: str = "cividis",
        line_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the curve or the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        plot_band : bool, default=True
            Whether to fill the band of one standard deviation around a curve.

        plot_best : bool, default=True
            Whether to mark the best candidate.

        number : bool, default=None
            Whether to write the scores into the cells of a map; by default if there
            are at most 60.

        legend : bool, default=True
            Whether to draw a legend.

        cmap : str, default="cividis"
            Colour map; the default looks alike to people of any colour vision.

        line_kwargs : dict, default=None
            Arguments of matplotlib's `plot` for the curve.

        Returns
        -------
        display : SearchResultsDisplay
            The display itself.
        """
        self.ax_ = new_axes() if ax is None else ax
        self.figure_ = self.ax_.figure
        self.line_ = self.band_ = self.image_ = self.colorbar_ = None
        if len(self.params) == 1:
            self._draw_curve(plot_band, plot_best, line_kwargs)
        else:
            self._draw_map(cmap, plot_best, number)
        over = f"best over {', '.join(self.others)}" if self.others else ""
        is_map = len(self.params) == 2
        legend = legend and bool(self.ax_.get_legend_handles_labels()[0])
        if over and not (is_map and legend):
            self.ax_.set_title(over, fontsize="medium", parse_math=False)
        if legend and is_map:
            self._write_legend_above(over)
        elif legend:
            self.ax_.legend(fontsize="small")
        return self

    def _write_legend_above(self, title: str) -> None:
        """Write the legend above a map, whose cells it would hide."""
        literal_legend(
            self.ax_,
            title=title or None,
            alignment="left",
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=2,
            frameon=False,
            fontsize="small",
        )

    def _draw_curve(
        self,
        plot_band: bool,
        plot_best: bool,
        line_kwargs: Mapping[str, Any] | None,
    ) -> None:
        places = self._set_axis("x", 0)
        # Failed values interrupt the line; beside them a point may stand alone.
        x, mean, std = places, self.mean, self.std
        numeric = are_numbers(self.values[0])
        style = {
            **line_styles(self.ax_, 1)[0],
            "marker": "o" if len(x) <= _MOST_MARKED or self.failed.any() else "",
            "markersize": 4,
            "label": "mean",
            **({} if numeric else {"linestyle": "none", "markersize": 6}),
            **(line_kwargs or {}),
        }
        (self.line_,) = self.ax_.plot(x, mean, **style)
        colour = self.line_.get_color()
        if plot_band and numeric and len(x) > 1:
            self.band_ = self.ax_.fill_between(
                x, mean - std, mean + std, color=colour, alpha=0.2, linewidth=0
            )
        elif plot_band:
            # Between words, and around a single value, a band means nothing.
            self.ax_.errorbar(x, mean, std, fmt="none", ecolor=colour, elinewidth=1.2)
        if plot_best:
            place = self.best[0]
            self.ax_.plot(
                places[place],
                self.mean[place],
                marker="*",
                markersize=13,
                linestyle="none",
                color="#D55E00",
                label=f"best: {self.mean[place]:.4g}",
            )
        if self.failed.any():
            # At the foot of the axes, whatever the scores are.
            self.ax_.plot(
                places[self.failed],
                np.full(self.failed.sum(), 0.03),
                transform=self.ax_.get_xaxis_transform(),
                marker="x",
                linestyle="none",
                color="0.5",
                label="failed",
            )
        self.ax_.set_ylabel(f"{self.metric} (mean ± std)", parse_math=False)

    def _draw_map(self, cmap: str, plot_best: bool, number: bool | None) -> None:
        # Cells of one size: the values need not be evenly spaced to be read off.
        n_second, n_first = self.mean.shape
        masked = np.ma.masked_invalid(self.mean)
        self.image_ = self.ax_.pcolormesh(
            np.arange(n_first + 1) - 0.5,
            np.arange(n_second + 1) - 0.5,
            masked,
            cmap=cmap,
            rasterized=self.mean.size > 10_000,
        )
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=self.ax_)
        self.colorbar_.set_label(self.metric, parse_math=False)
        self._set_cells("x", 0)
        self._set_cells("y", 1)
        if number if number is not None else self.mean.size <= _MOST_NUMBERED:
            write_cell_numbers(self.ax_, self.image_, self.mean)
        if plot_best:
            second, first = self.best
            # The frame of the cell, which leaves room for the number in it.
            left, right, low, high = (
                first - 0.5,
                first + 0.5,
                second - 0.5,
                second + 0.5,
            )
            self.ax_.plot(
                [left, right, right, left, left],
                [low, low, high, high, low],
                color="#D55E00",
                linewidth=2.5,
                solid_joinstyle="miter",
                clip_on=False,
                label=f"best: {self.mean[self.best]:.4g}",
            )
        if self.failed.any():
            second, first = np.nonzero(self.failed)
            look = {"marker": "x", "linestyle": "none", "color": "0.5"}
            self.ax_.plot(first, second, label="failed", **look)

    def _set_axis(self, which: str, place: int) -> NDArray[np.float64]:
        """Prepare an axis for the values of a parameter; return where they stand."""
        values = self.values[place]
        if not are_numbers(values):
            self._set_cells(which, place)
            return np.arange(len(values), dtype=np.float64)
        numbers = np.asarray(values, dtype=np.float64)
        self.ax_.set_xscale("log" if is_logarithmic(numbers) else "linear")
        self.ax_.set_xlabel(self.params[place], parse_math=False)
        return numbers

    def _set_cells(self, which: str, place: int) -> None:
        """Name the cells of one axis, some of them if there are many."""
        values = self.values[place]
        step = -(-len(values) // _MOST_TICKS)
        ticks = np.arange(0, len(values), step)
        labels = [short_text(values[tick]) for tick in ticks]
        axis = self.ax_.xaxis if which == "x" else self.ax_.yaxis
        # Names side by side would run into each other.
        crowded = which == "x" and sum(map(len, labels)) > 36
        axis.set_ticks(
            ticks,
            labels,
            parse_math=False,
            **({"rotation": 40, "ha": "right"} if crowded else {}),
        )
        axis.set_label_text(self.params[place], parse_math=False)
