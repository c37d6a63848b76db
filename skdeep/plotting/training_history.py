"""Curves of a training, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdeep.plotting.figures import new_axes, tune_ticks
from skdeep.plotting.palette import REFERENCE_LINE, line_styles

_WATCHED = "val_loss"


class TrainingHistoryDisplay:
    """How loss and other numbers changed from epoch to epoch.

    The best epoch is marked: that of the lowest loss on the validation rows where some
    were watched, which is the one that early stopping goes back to, otherwise that of
    the lowest loss. Make it with :meth:`from_estimator` or :meth:`from_history`.

    Parameters
    ----------
    history : mapping of str to sequence of float
        Numbers of each epoch by name, as in the attribute `history_` of a fitted
        estimator; "loss" is among them.

    Attributes
    ----------
    best_epoch_ : int
        The best epoch, counted from 1; the first of equal ones.

    lines_ : dict of str to matplotlib Line2D
        The curves.

    best_line_ : matplotlib Line2D or None
        The mark of the best epoch.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores by the number of samples.

    Examples
    --------
    >>> from skdeep.plotting import TrainingHistoryDisplay
    >>> history = {"loss": [3.0, 2.0, 1.5], "val_loss": [3.0, 2.5, 2.75]}
    >>> TrainingHistoryDisplay.from_history(history).best_epoch_
    2
    """

    best_epoch_: int
    lines_: dict[str, Any]
    best_line_: Any
    ax_: Any
    figure_: Any

    def __init__(self, *, history: Mapping[str, Sequence[float]]) -> None:
        self.history = history

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, **plot_options: Any
    ) -> Self:
        """Draw the history of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted, with the attribute `history_`.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : TrainingHistoryDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.

        TypeError
            If it has no history.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "history_"):
            raise TypeError(
                f"{type(estimator).__name__} has no history_ to draw. Pass a fitted "
                "estimator that trains a network."
            )
        return cls.from_history(estimator.history_, ax=ax, **plot_options)

    @classmethod
    def from_history(
        cls,
        history: Mapping[str, Sequence[float]],
        *,
        ax: Any = None,
        **plot_options: Any,
    ) -> Self:
        """Draw numbers of each epoch.

        Parameters
        ----------
        history : mapping of str to sequence of float
            The numbers by name; "loss" is among them.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : TrainingHistoryDisplay
            The display, drawn.
        """
        return cls(history=history).plot(ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        names: Sequence[str] = ("loss", "val_loss"),
        log_scale: bool = False,
        plot_best: bool = True,
        legend: bool = True,
        line_kwargs: Mapping[str, Any] | None = None,
        best_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        names : sequence of str, default=("loss", "val_loss")
            What to draw; names that are not in the history are left out.

        log_scale : bool, default=False
            Whether the numbers are on a logarithmic axis.

        plot_best : bool, default=True
            Whether to mark the best epoch.

        legend : bool, default=True
            Whether to draw a legend.

        line_kwargs : dict, default=None
            Arguments of matplotlib's `plot` for all curves.

        best_kwargs : dict, default=None
            Arguments of matplotlib's `axvline` for the mark.

        Returns
        -------
        display : TrainingHistoryDisplay
            The display itself.

        Raises
        ------
        ValueError
            If the history has none of the names, or no loss.
        """
        drawn = [name for name in names if name in self.history]
        if "loss" not in self.history or not drawn:
            raise ValueError(
                f"The history has {sorted(self.history)}, but 'loss' and at least one "
                f"of {list(names)} are needed. Pass names that it has."
            )
        watched = [_WATCHED] if _WATCHED in self.history else []
        self._check_numbers([*drawn, "loss", *watched])
        self.best_epoch_ = self._best_epoch()
        self.ax_ = new_axes() if ax is None else ax
        self.figure_ = self.ax_.figure
        self.lines_ = {}
        for name, style in zip(drawn, line_styles(self.ax_, len(drawn)), strict=True):
            values = np.asarray(self.history[name], dtype=float)
            # A single epoch would make an invisible line.
            marker = "o" if np.isfinite(values).sum() == 1 else None
            style = {**style, "label": name, "marker": marker, **(line_kwargs or {})}
            (self.lines_[name],) = self.ax_.plot(
                np.arange(1, len(values) + 1), values, **style
            )
        self.best_line_ = self._draw_best(best_kwargs) if plot_best else None
        one = len(drawn) == 1
        self.ax_.set(xlabel="Epoch", ylabel=drawn[0] if one else _common(drawn))
        tune_ticks(self.ax_, integer=True)
        if log_scale:
            self.ax_.set_yscale("log")
        if legend:
            self.ax_.legend()
        return self

    def _check_numbers(self, names: Sequence[str]) -> None:
        for name in names:
            try:
                values = np.asarray(self.history[name], dtype=float)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"history[{name!r}] must hold numbers: {error}. Pass one number "
                    "for each epoch."
                ) from error
            # Some epochs may have been without validation data.
            gaps = np.isnan(values)
            if values.ndim != 1 or gaps.all() or (name == "loss" and gaps.any()):
                raise ValueError(
                    f"history[{name!r}] must hold one number for each epoch, got "
                    f"{self.history[name]!r}. NaN may stand for epochs without "
                    "validation only."
                )

    def _best_epoch(self) -> int:
        decisive = self.history.get(_WATCHED, self.history["loss"])
        return int(np.nanargmin(np.asarray(decisive, dtype=float))) + 1

    def _draw_best(self, best_kwargs: Mapping[str, Any] | None) -> Any:
        """Draw a line at the best epoch."""
        watched = _WATCHED if _WATCHED in self.history else "loss"
        value = self.history[watched][self.best_epoch_ - 1]
        style = {
            **REFERENCE_LINE,
            "label": f"best epoch: {self.best_epoch_} ({watched} = {value:.4g})",
            **(best_kwargs or {}),
        }
        return self.ax_.axvline(self.best_epoch_, **style)


def _common(names: Sequence[str]) -> str:
    """Return what names have in common apart from the mark of validation."""
    stems = {name.removeprefix("val_") for name in names}
    return stems.pop() if len(stems) == 1 else "Value"
