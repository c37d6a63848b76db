"""Pictures of a comparison for its report, with legends that are part of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from skdeep.model_comparison.calibration import reliability
from skdeep.model_comparison.comparison import Comparison
from skdeep.model_comparison.confusions import confused_labels, confusions
from skdeep.model_comparison.curves import PRECISION_RECALL, ROC, CurveKind, mean_curves
from skdeep.model_comparison.fold_curve import fold_curves
from skdeep.model_comparison.html_page import isolated

# More bands than that cannot be told apart; more classifiers get more pictures.
_CURVES_OF_PICTURE = 5
# More points than that would be smaller than a pixel.
_POINTS_OF_CURVE = 201
# Stays in one line with the numbers on either side.
_PLUS_MINUS = "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}"
# So many entries of a legend stand side by side where there is room.
_LONG_LEGEND = 8
_DASHES = {"-": "", "--": "6 3", "-.": "8 3 2 3"}
_OTHER_DASH = "7 2 2 2 2 2"
_OUTLINES = {
    "o": '<circle cx="16" cy="6" r="4"/>',
    "^": '<path d="M16 1.5 20.5 10h-9z"/>',
    "s": '<path d="M12 2h8v8h-8z"/>',
    "D": '<path d="M16 1 21 6 16 11 11 6z"/>',
}
Styles = dict[str, dict[str, Any]]


def curve_pictures(comparison: Comparison, kind: str) -> list[str]:
    """Return pictures of mean curves with bands, for two classes.

    Parameters
    ----------
    comparison : Comparison
        A comparison of two classes.

    kind : {"roc", "precision-recall"}
        Which curves.

    Returns
    -------
    figures : list of str
        HTML of figures for a few classifiers each; none if no classifier has such a
        curve.
    """
    from skdeep.plotting import (
        PrecisionRecallComparisonDisplay,
        RocComparisonDisplay,
    )

    is_roc = kind == "roc"
    display = RocComparisonDisplay if is_roc else PrecisionRecallComparisonDisplay
    axis_names = (
        ("False positive rate", "True positive rate")
        if is_roc
        else ("Recall", "Precision")
    )
    title = "ROC curves" if is_roc else "Precision-recall curves"
    score_name = "area" if is_roc else "average precision"
    styles = _line_styles(comparison)
    figures: list[str] = []
    for names in _parts(_with_curves(comparison)):

        def draw(ax: Any, names: Sequence[str] = names) -> None:
            display.from_comparison(
                comparison,
                names=names,
                n_points=_POINTS_OF_CURVE,
                ax=ax,
                legend=False,
                curve_kwargs=[styles[name] for name in names],
            )
            # The name of the positive class may have any letters: the page says it.
            ax.set(xlabel=axis_names[0], ylabel=axis_names[1])

        scores = _curve_scores(comparison, ROC if is_roc else PRECISION_RECALL, names)
        entries = [(name, f"{score_name} {scores[name]}") for name in names]
        figures.append(
            _figure(
                draw,
                f"{kind}-{len(figures) + 1}",
                title,
                _legend(comparison, entries, styles),
            )
        )
    return figures


def calibration_pictures(comparison: Comparison) -> list[str]:
    """Return pictures of how often probabilities came true.

    Parameters
    ----------
    comparison : Comparison
        The comparison.

    Returns
    -------
    figures : list of str
        HTML of figures for a few classifiers each; none if none has probabilities.
    """
    from skdeep.plotting import CalibrationComparisonDisplay

    styles = _line_styles(comparison)
    curves = {name: reliability(comparison, name) for name in comparison.names}
    errors = {
        name: f"calibration error {curve.error:.3f}"
        for name, curve in curves.items()
        if curve is not None
    }
    figures: list[str] = []
    for names in _parts(list(errors)):

        def draw(ax: Any, names: Sequence[str] = names) -> None:
            CalibrationComparisonDisplay.from_comparison(
                comparison,
                names=names,
                ax=ax,
                legend=False,
                curve_kwargs=[styles[name] for name in names],
            )
            ax.set(xlabel="Mean probability", ylabel="Share of rows where it was true")

        entries = [(name, errors[name]) for name in names]
        figures.append(
            _figure(
                draw,
                f"calibration-{len(figures) + 1}",
                "Calibration curves",
                _legend(comparison, entries, styles),
            )
        )
    return figures


def cost_picture(comparison: Comparison, metric: str) -> str:
    """Return a picture of a metric over the seconds of a fit.

    Parameters
    ----------
    comparison : Comparison
        The comparison.

    metric : str
        One of its metrics.

    Returns
    -------
    figure : str
        HTML of one figure.
    """
    from skdeep.plotting import CostQualityDisplay
    from skdeep.plotting.palette import MARKERS

    styles = _line_styles(comparison)
    seconds = comparison.scores("fit_time").mean()
    quality = comparison.scores(metric).mean(skipna=False)
    entries = []
    for position, name in enumerate(comparison.names):
        styles[name]["marker"] = MARKERS[position % len(MARKERS)]
        cost, mean = float(seconds[name]), float(quality[name])
        entries.append((name, f"{cost:.3g} s, {mean:.3f}"))

    def draw(ax: Any) -> None:
        CostQualityDisplay.from_comparison(comparison, metric, ax=ax, legend=False)
        # A name in other letters than these stands in the title only, see above.
        label = metric if metric.isascii() and metric.isprintable() else "Metric"
        ax.set_ylabel(f"{label} (mean)", parse_math=False)
        ax.set_xlabel("Seconds of a fit (mean)")

    legend = _legend(comparison, entries, styles)
    return _figure(draw, "cost", f"{metric} over seconds of a fit", legend)


def confusion_pictures(
    comparison: Comparison, names: Sequence[str], *, numbered: bool
) -> list[str]:
    """Return pictures of which classes are taken for which.

    Parameters
    ----------
    comparison : Comparison
        The comparison.

    names : sequence of str
        Classifiers that were fitted in some fold.

    numbered : bool
        Whether classes have numbers, counted from 1, in the place of their names.
        Labels that are no class are then called "other".

    Returns
    -------
    figures : list of str
        HTML of one figure for each classifier.
    """
    from skdeep.plotting import ConfusionMatrixDisplay

    places = {name: place for place, name in enumerate(comparison.names, start=1)}
    n_classes = len(comparison.classes)
    figures = []
    for name in names:
        labels = confused_labels(comparison, name).tolist()
        if numbered:
            labels[:n_classes] = range(1, n_classes + 1)
            labels[n_classes:] = ["other"] * (len(labels) - n_classes)

        def draw(ax: Any, name: str = name, labels: list[Any] = labels) -> None:
            display = ConfusionMatrixDisplay(
                matrix=confusions(comparison, name), display_labels=labels
            )
            display.plot(ax, colorbar=False)

        title = f"Confusion matrix of {places[name]} {name}"
        figures.append(_figure(draw, f"confusion-{places[name]}", title, ""))
    return figures


def _with_curves(comparison: Comparison) -> list[str]:
    """Return the classifiers that have a curve in some fold."""
    found = []
    for name in comparison.names:
        try:
            fold_curves(comparison, name, comparison.classes[1])
        except ValueError:
            continue
        found.append(name)
    return found


def _curve_scores(
    comparison: Comparison, kind: CurveKind, names: Sequence[str]
) -> dict[str, str]:
    """Return mean and spread of the number that sums up each curve."""
    curves = mean_curves(comparison, kind, names=names, n_points=2)
    return {
        name: f"{scores.mean():.3f}"
        + (f"{_PLUS_MINUS}{np.std(scores):.3f}" if len(scores) > 1 else "")
        for name, scores in curves.scores.items()
    }


def _parts(names: Sequence[str]) -> list[Sequence[str]]:
    """Divide names into parts of nearly equal size that fit into one picture each."""
    if not names:
        return []
    n_parts = -(-len(names) // _CURVES_OF_PICTURE)
    ends = [len(names) * part // n_parts for part in range(n_parts + 1)]
    return [names[start:stop] for start, stop in pairwise(ends)]


def _line_styles(comparison: Comparison) -> Styles:
    """Return a look of its own for each classifier, the same in all pictures."""
    from skdeep.plotting.vector_picture import page_line_styles

    styles = page_line_styles(len(comparison.names))
    return dict(zip(comparison.names, styles, strict=True))


def _figure(draw: Callable[[Any], None], prefix: str, title: str, legend: str) -> str:
    """Return one figure: picture, legend and title."""
    from skdeep.plotting.vector_picture import vector_picture

    where = "the numbers stand in the legend" if legend else "the numbers stand in it"
    picture = vector_picture(draw, prefix=prefix, description=f"{title}; {where}.")
    caption = f"<figcaption>{isolated(title)}\n{legend}</figcaption>"
    return f"<figure>\n{picture}\n{caption}\n</figure>"


def _legend(
    comparison: Comparison, entries: Sequence[tuple[str, str]], styles: Styles
) -> str:
    """Return a list of what the curves or points are, with the numbers of the table."""
    numbers = {name: place for place, name in enumerate(comparison.names, start=1)}
    items = "\n".join(
        f"<li>{_sample(styles[name])}<span>{numbers[name]} {isolated(name)} "
        f"({escape(text)})</span></li>"
        for name, text in entries
    )
    look = "legend long" if len(entries) >= _LONG_LEGEND else "legend"
    return f'<ul class="{look}">\n{items}\n</ul>'


def _sample(style: dict[str, Any]) -> str:
    """Return a short piece of a line, or a marker, as a picture."""
    from skdeep.plotting.vector_picture import page_colour

    colour = page_colour(style["color"])
    if "marker" in style:
        drawn = f'<g fill="{colour}">{_OUTLINES[style["marker"]]}</g>'
    else:
        look = style["linestyle"]
        dash = _DASHES.get(look, _OTHER_DASH) if isinstance(look, str) else _OTHER_DASH
        drawn = (
            f'<path d="M0 6H32" fill="none" stroke="{colour}" stroke-width="2.2" '
            f'stroke-dasharray="{dash or "none"}"/>'
        )
    return f'<svg viewBox="0 0 32 12" aria-hidden="true">{drawn}</svg>'
