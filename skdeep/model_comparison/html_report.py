"""The report on a comparison: one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from skdeep.model_comparison.comparison import Comparison
from skdeep.model_comparison.confusions import confused_labels, confusions
from skdeep.model_comparison.html_origin import (
    data_section,
    machine_section,
    parameters_section,
    readable,
    seeds_section,
)
from skdeep.model_comparison.html_page import (
    figure_grid,
    folded,
    isolated,
    page,
    paragraph,
    table,
)
from skdeep.model_comparison.html_pictures import (
    calibration_pictures,
    confusion_pictures,
    cost_picture,
    curve_pictures,
)
from skdeep.model_comparison.predicted_labels import was_fitted
from skdeep.model_comparison.tables import summary_table

_DIGITS = 3
_SIGNIFICANT = 0.05
# Of so many classifiers confusions are shown, of so many classes as pictures, of more
# as so many pairs.
_MATRICES = 4
_PICTURED_CLASSES = 30
_PAIRS = 10
_HOW_TO_READ = (
    "Rows of a picture are true classes, columns predicted ones; a colour is a share "
    "of the true class, from 0 (dark) to 1 (light), a number counts test rows."
)
_TOO_MANY_CLASSES = (
    "There are too many classes for a small picture; "
    "skdeep.plotting.ConfusionMatrixDisplay draws a large one."
)

Section = tuple[str, str, str]


def html_report(comparison: Comparison, *, metric: str | None = None) -> str:
    """Return the report on a comparison as HTML.

    Parameters
    ----------
    comparison : Comparison
        The comparison.

    metric : str, default=None
        The metric to set against the cost; the first by default.

    Returns
    -------
    html : str
        A whole page. Equal comparisons give equal pages.

    Raises
    ------
    ValueError
        If there is no such metric.

    ImportError
        If matplotlib is not installed.
    """
    metric = comparison.metrics[0] if metric is None else metric
    if metric not in comparison.metrics:
        raise ValueError(
            f"There is no metric {metric!r} in this comparison. Choose one of "
            f"{', '.join(map(repr, comparison.metrics))}."
        )
    provenance = comparison.provenance
    sections: list[Section] = [
        ("scores", "Scores", _scores(comparison)),
        ("test", "Paired test", _tests(comparison)),
        ("curves", "Curves", _curves(comparison)),
        ("calibration", "Calibration", _calibration(comparison)),
        ("confusions", "Confusions", _confusions(comparison, metric)),
        ("cost", "Cost and quality", _cost(comparison, metric)),
        ("parameters", "Parameters", parameters_section(comparison)),
        ("data", "Data", data_section(comparison)),
        ("seeds", "Seeds", seeds_section(provenance)),
        ("machine", "Versions and machine", machine_section(provenance)),
    ]
    return page("Comparison of classifiers", _summary(comparison), sections)


def _summary(comparison: Comparison) -> str:
    """Return one sentence on what was compared, and when."""
    text = (
        f"{_count(len(comparison.names), 'classifier')} in "
        f"{_count(len(comparison.folds), 'fold')} of "
        f"{_count(len(comparison.y), 'row')}, "
        f"{_count(len(comparison.classes), 'class', 'classes')}."
    )
    if comparison.provenance is not None:
        text += f" Begun {readable(comparison.provenance.started)}."
    return text


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _scores(comparison: Comparison) -> str:
    """Return the table of metrics, and what failed."""
    spread = len(comparison.folds) > 1
    cells = summary_table(
        comparison.summary(), comparison.metrics, digits=_DIGITS, spread=spread
    )
    caption = (
        "Mean ± standard deviation over the folds" if spread else "Scores of one fold"
    )
    shown = table(
        f"{caption}; larger is better, the best is stressed",
        ["no.", *cells.header],
        [[str(number), *row] for number, row in enumerate(cells.rows, start=1)],
        row_title=1,
        best={(row, column + 1) for row, column in cells.best},
    )
    failed = {
        name: sum(labels is None for labels in comparison.fold_predictions[name])
        for name in comparison.names
    }
    failures = [
        paragraph(f"{{}}: the fit failed in {_count(number, 'fold')}.", name)
        for name, number in failed.items()
        if number
    ]
    return "\n".join([shown, *failures])


def _tests(comparison: Comparison) -> str:
    """Return the paired test of each metric."""
    if len(comparison.names) < 2 or len(comparison.folds) < 2:
        return paragraph("A paired test needs two classifiers and two folds.")
    explanation = paragraph(
        "Corrected resampled t-test of Nadeau and Bengio (2003), which allows for the "
        "training rows that folds share. Each classifier is compared with the one of "
        "the highest mean; the last column is adjusted by Holm's method for the number "
        "of rows. An adjusted p below 0.05 is stressed."
    )
    parts = [
        folded(
            f"Test of {isolated(metric)}",
            _test(comparison, metric),
            is_open=position == 0,
        )
        for position, metric in enumerate(comparison.metrics)
    ]
    return "\n".join([explanation, *parts])


def _test(comparison: Comparison, metric: str) -> str:
    # Numbers that are not finite have a mean that is not, either.
    missing = ~np.isfinite(comparison.scores(metric).mean(skipna=False))
    complete = tuple(name for name in comparison.names if not missing[name])
    if len(complete) < 2:
        return paragraph("Fewer than two classifiers have this metric in every fold.")
    result = replace(comparison, names=complete).paired_test(metric)
    rows = [
        [
            str(name),
            f"{row['mean_difference']:+.{_DIGITS}f}",
            f"{row['ci_low']:+.{_DIGITS}f} to {row['ci_high']:+.{_DIGITS}f}",
            f"{row['t']:.2f}",
            _p_value(row["p"]),
            _p_value(row["p_holm"]),
        ]
        for name, row in result.iterrows()
    ]
    significant = {
        (place, 5) for place, p in enumerate(result["p_holm"]) if p < _SIGNIFICANT
    }
    shown = table(
        "Difference in {} from {}",
        ["classifier", "difference", "95 % interval", "t", "p", "p (Holm)"],
        rows,
        names=[metric, result["reference"].iloc[0]],
        best=significant,
    )
    left_out = [name for name in comparison.names if missing[name]]
    if left_out:
        shown += paragraph(
            f"Left out, because a fold has no score: {_places(left_out)}.", *left_out
        )
    return shown


def _p_value(p: float) -> str:
    if pd.isna(p):
        return "nan"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _curves(comparison: Comparison) -> str:
    """Return ROC and precision-recall curves of two classes."""
    if len(comparison.classes) != 2:
        return paragraph(
            "ROC and precision-recall curves are defined for two classes; there are "
            f"{len(comparison.classes)} here."
        )
    pictures = [
        curve_pictures(comparison, kind) for kind in ("roc", "precision-recall")
    ]
    if not any(pictures):
        return paragraph("No classifier has scores to draw a curve of.")
    # Two pictures stand side by side, of more each kind begins a line.
    several = len(pictures[0]) > 1
    return "\n".join(
        [
            paragraph(
                "The positive class is {}. Mean of the curves of the folds; the band "
                "is one standard deviation on either side, the dotted line is chance.",
                str(comparison.classes[1]),
            ),
            *map(figure_grid, pictures if several else [[*pictures[0], *pictures[1]]]),
            _without(comparison, "predict_proba", "decision_function"),
        ]
    )


def _calibration(comparison: Comparison) -> str:
    """Return calibration curves of the classifiers with probabilities."""
    pictures = calibration_pictures(comparison)
    if not pictures:
        return paragraph("No classifier has probabilities.")
    binary = len(comparison.classes) == 2
    of = "the class {}" if binary else "the predicted class"
    return "\n".join(
        [
            paragraph(
                f"Out-of-fold probabilities of {of}, in bins of equal numbers of rows, "
                "and how often they came true; the band is Wilson's 95 % interval. On "
                "the dotted line probabilities are frequencies. The calibration error "
                "is the mean distance from it.",
                *([str(comparison.classes[1])] if binary else []),
            ),
            figure_grid(pictures),
            _without(comparison, "predict_proba"),
        ]
    )


def _confusions(comparison: Comparison, metric: str) -> str:
    """Return which classes the best classifiers take for which."""
    fitted = [
        name
        for name in comparison.names
        if was_fitted(comparison.fold_predictions[name])
    ]
    means = comparison.scores(metric)[fitted].mean()
    best = set(means.sort_values(ascending=False, kind="stable").index[:_MATRICES])
    names = [name for name in comparison.names if name in best]
    few = [metric] if len(names) < len(fitted) else []
    which = f"Of the {len(names)} best in {{}}. " if few else ""
    labels = {
        str(label) for name in names for label in confused_labels(comparison, name)
    }
    if len(labels) > _PICTURED_CLASSES:
        tables = [_largest_confusions(comparison, name) for name in names]
        return "\n".join([paragraph(f"{which}{_TOO_MANY_CLASSES}", *few), *tables])
    numbered = any(
        len(label) > 12 or not (label.isascii() and label.isprintable())
        for label in labels
    )
    pictures = figure_grid(confusion_pictures(comparison, names, numbered=numbered))
    number = " Classes have the numbers that they have under Data." if numbered else ""
    return "\n".join([paragraph(f"{which}{_HOW_TO_READ}{number}", *few), pictures])


def _largest_confusions(comparison: Comparison, name: str) -> str:
    """Return the pairs of classes that a classifier confuses most."""
    counts = confusions(comparison, name)
    sums = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(sums, 1)
    np.fill_diagonal(shares, 0)
    order = np.argsort(-shares, axis=None, kind="stable")[:_PAIRS]
    classes = [str(label) for label in confused_labels(comparison, name)]
    rows = [
        [classes[true], classes[predicted], f"{counts[true, predicted]:,}", f"{p:.1%}"]
        for true, predicted in zip(*np.unravel_index(order, shares.shape), strict=True)
        if (p := shares[true, predicted]) > 0
    ]
    header = ["true class", "taken for", "rows", "share"]
    return table("Largest confusions of {}", header, rows, names=[name])


def _without(comparison: Comparison, *methods: str) -> str:
    """Return a sentence on the classifiers that have none of some methods."""
    # Of those that failed in every fold nobody knows which methods they have.
    names = [
        name
        for name in comparison.names
        if comparison.response_methods[name] not in methods
        and was_fitted(comparison.fold_predictions[name])
    ]
    if not names:
        return ""
    return paragraph(
        f"Without {' and '.join(methods)}: {_places(names)}.", *names, soft=True
    )


def _places(names: Sequence[str]) -> str:
    """Return a place in a paragraph for each of some names."""
    return ", ".join(["{}"] * len(names))


def _cost(comparison: Comparison, metric: str) -> str:
    """Return the picture of quality over cost."""
    explanation = paragraph(
        "{} over the seconds of a fit; bars are one standard deviation over the "
        "folds, numbers are those of the table. The dotted line joins the classifiers "
        "that no other beats in both.",
        metric,
    )
    return f"{explanation}\n{figure_grid([cost_picture(comparison, metric)])}"
