"""What the curves of compared classifiers have in common: averaging and drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skdeep.model_comparison import Comparison, compare_classifiers
from skdeep.model_comparison.curves import CurveKind, check_binary, mean_curves
from skdeep.plotting.figures import literal_legend, new_axes
from skdeep.plotting.palette import REFERENCE_LINE, line_styles, own_styles

Array = NDArray[np.float64]

# Matplotlib is imported when something is drawn, not when this file is; its types
# are therefore names for any object here.
Axes = Any
Artist = Any


class ComparisonCurveDisplay:
    """Mean curve and band of each classifier: the base of the concrete displays.

    A concrete display says which curve is averaged and how its axes look; this base
    is never instantiated.

    Parameters
    ----------
    grid : ndarray of shape (n_points,)
        Common abscissas.

    mean, std : mapping of str to ndarray of shape (n_points,)
        Mean and standard deviation of the ordinates over the folds.

    scores : mapping of str to ndarray of shape (n_folds,)
        The number that sums up the curve of each fold.

    pos_label : object, default=None
        The positive class, named on the axes; None leaves it out.

    prevalence : float, default=None
        Share of the positive class.
    """

    _kind: ClassVar[CurveKind]
    _score_name: ClassVar[str]
    _axis_names: ClassVar[tuple[str, str]]
    _legend_location: ClassVar[str]

    lines_: dict[str, Artist]
    bands_: dict[str, Artist]
    chance_level_: Artist | None
    ax_: Axes
    figure_: Any

    def __init__(
        self,
        *,
        grid: Array,
        mean: Mapping[str, Array],
        std: Mapping[str, Array],
        scores: Mapping[str, Array],
        pos_label: Any = None,
        prevalence: float | None = None,
    ) -> None:
        self.grid = grid
        self.mean = mean
        self.std = std
        self.scores = scores
        self.pos_label = pos_label
        self.prevalence = prevalence

    @classmethod
    def from_comparison(
        cls,
        comparison: Comparison,
        *,
        names: Sequence[str] | None = None,
        pos_label: Any = None,
        n_points: int = 1001,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Average the curves of a comparison over its folds, and draw them.

        Parameters
        ----------
        comparison : Comparison
            Result of :func:`~skdeep.model_comparison.compare_classifiers` for two
            classes.

        names : sequence of str, default=None
            The classifiers to draw; all by default.

        pos_label : int, float, bool or str, default=None
            The positive class; the second of ``comparison.classes`` by default.

        n_points : int, default=1001
            Number of abscissas at which the curves are averaged.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : display
            The display, drawn.

        Raises
        ------
        ValueError
            If there are not two classes, a name or label does not exist, or a
            classifier has neither `predict_proba` nor `decision_function`.

        ImportError
            If matplotlib is not installed.
        """
        curves = mean_curves(
            comparison, cls._kind, names=names, pos_label=pos_label, n_points=n_points
        )
        display = cls(
            grid=curves.grid,
            mean=curves.mean,
            std=curves.std,
            scores=curves.scores,
            pos_label=curves.pos_label,
            prevalence=curves.prevalence,
        )
        return display.plot(ax, **plot_options)

    @classmethod
    def from_estimators(
        cls,
        estimators: Any,
        X: Any,
        y: Any,
        *,
        groups: Any = None,
        cv: Any = None,
        n_jobs: int | None = None,
        params: Mapping[str, Any] | None = None,
        pos_label: Any = None,
        n_points: int = 1001,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Cross-validate classifiers on the same folds, and draw their curves.

        To have tables and tests of the same fits, run
        :func:`~skdeep.model_comparison.compare_classifiers` and pass its result to
        :meth:`from_comparison`.

        Parameters
        ----------
        estimators : mapping of str to classifier, or list
            The classifiers, as in
            :func:`~skdeep.model_comparison.compare_classifiers`.

        X : sequence of n_samples rows
            Whatever the classifiers accept.

        y : array-like of shape (n_samples,)
            Labels of two classes.

        groups : array-like of shape (n_samples,), default=None
            Rows of one group never stand on both sides of a split.

        cv : int, splitter or iterable of (train, test), default=None
            The folds; 5 stratified ones by default, which keep groups whole.

        n_jobs : int, default=None
            Number of fits that run at the same time.

        params : dict, default=None
            Metadata for `fit`, such as ``sample_weight``.

        pos_label : int, float, bool or str, default=None
            The positive class; the second in sorted order by default.

        n_points : int, default=1001
            Number of abscissas at which the curves are averaged.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : display
            The display, drawn.

        Raises
        ------
        ValueError
            If there are not two classes, the label does not exist, or a classifier
            has neither `predict_proba` nor `decision_function`.

        TypeError
            If something is not a classifier.

        ImportError
            If matplotlib is not installed.
        """
        # Before hours of fitting, not after.
        check_binary(np.unique(np.asarray(y)))
        comparison = compare_classifiers(
            estimators,
            X,
            y,
            groups=groups,
            cv=cv,
            # Some metric must be named; this one needs nothing but the labels.
            scoring="accuracy",
            n_jobs=n_jobs,
            params=params,
        )
        return cls.from_comparison(
            comparison, pos_label=pos_label, n_points=n_points, ax=ax, **plot_options
        )

    def plot(
        self,
        ax: Axes | None = None,
        *,
        plot_band: bool = True,
        plot_chance_level: bool = True,
        legend: bool = True,
        curve_kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        band_kwargs: Mapping[str, Any] | None = None,
        chance_level_kwargs: Mapping[str, Any] | None = None,
        despine: bool = False,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        plot_band : bool, default=True
            Whether to fill the band of one standard deviation on either side of the
            mean, cut off at 0 and 1. One fold has no band.

        plot_chance_level : bool, default=True
            Whether to draw the line of a classifier that guesses.

        legend : bool, default=True
            Whether to draw a legend with mean and standard deviation of the scores.

        curve_kwargs : dict or list of dict, default=None
            Arguments of matplotlib's `plot` for all curves, or for each of them.

        band_kwargs : dict, default=None
            Arguments of matplotlib's `fill_between` for all bands.

        chance_level_kwargs : dict, default=None
            Arguments of matplotlib's `plot` for the line of chance.

        despine : bool, default=False
            Whether to remove the top and right edges of the plot.

        Returns
        -------
        display : display
            The display itself, with `ax_`, `figure_`, `lines_`, `bands_` and
            `chance_level_`.

        Raises
        ------
        ValueError
            If `curve_kwargs` is a list of another length than there are curves.

        ImportError
            If matplotlib is not installed.
        """
        self.ax_ = new_axes() if ax is None else ax
        self.figure_ = self.ax_.figure
        each = own_styles(curve_kwargs, len(self.mean))
        base_styles = line_styles(self.ax_, len(self.mean))
        self.lines_, self.bands_ = {}, {}
        for name, base, own in zip(self.mean, base_styles, each, strict=True):
            style = {**base, "label": self._label(name), **own}
            (self.lines_[name],) = self.ax_.plot(
                self._x_position(self.grid), self._y_position(self.mean[name]), **style
            )
            if plot_band and len(self.scores[name]) > 1:
                self.bands_[name] = self._draw_band(name, band_kwargs)
        self.chance_level_ = None
        if plot_chance_level:
            self.chance_level_ = self._draw_chance_level(chance_level_kwargs)
        self._finish_axes()
        if despine:
            self.ax_.spines[["top", "right"]].set_visible(False)
        if legend:
            # Many entries in letters of the usual size would hide the curves.
            size = "small" if len(self.mean) <= 6 else "x-small"
            # Users hide a curve by another label, and not by the name of a classifier.
            named = [
                line
                for name, line in self.lines_.items()
                if line.get_label() == self._label(name)
            ]
            literal_legend(self.ax_, named, loc=self._legend_location, fontsize=size)
        return self

    def _label(self, name: str) -> str:
        """Return the entry of one classifier in the legend."""
        scores = self.scores[name]
        spread = f" ± {scores.std():.3f}" if len(scores) > 1 else ""
        return f"{name} ({self._score_name} = {scores.mean():.3f}{spread})"

    def _draw_band(self, name: str, band_kwargs: Mapping[str, Any] | None) -> Artist:
        """Fill the band of one standard deviation around a mean curve."""
        mean, std = self.mean[name], self.std[name]
        style = {
            "color": self.lines_[name].get_color(),
            "alpha": 0.15,
            "linewidth": 0,
            **(band_kwargs or {}),
        }
        return self.ax_.fill_between(
            self._x_position(self.grid),
            self._y_position(np.clip(mean - std, 0, 1)),
            self._y_position(np.clip(mean + std, 0, 1)),
            **style,
        )

    def _draw_chance_level(
        self, chance_level_kwargs: Mapping[str, Any] | None
    ) -> Artist | None:
        """Draw the line of a classifier that guesses, if it is known."""
        chance = self._chance_level()
        if chance is None:
            return None
        x, y, label = chance
        style = {
            **REFERENCE_LINE,
            "label": label,
            **(chance_level_kwargs or {}),
        }
        (line,) = self.ax_.plot(self._x_position(x), self._y_position(y), **style)
        return line

    def _finish_axes(self) -> None:
        """Name the axes and set their limits."""
        positive = "" if self.pos_label is None else f" (positive: {self.pos_label})"
        x_name, y_name = self._axis_names
        self.ax_.set_xlabel(x_name + positive, parse_math=False)
        self.ax_.set_ylabel(y_name + positive, parse_math=False)
        self.ax_.set(
            xlim=(-0.01, 1.01),
            ylim=(-0.01, 1.01),
            aspect="equal",
        )

    def _x_position(self, values: Array) -> Array:
        """Return where abscissas stand on the axis."""
        return values

    def _y_position(self, values: Array) -> Array:
        """Return where ordinates stand on the axis."""
        return values

    def _chance_level(self) -> tuple[Array, Array, str] | None:
        """Return abscissas, ordinates and legend entry of the line of chance."""
        raise NotImplementedError
