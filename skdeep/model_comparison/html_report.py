"""The report on a comparison: one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from skdeep.model_comparison.comparison import Comparison
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
    cost_picture,
    curve_pictures,
)
from skdeep.model_comparison.provenance import ClassifierRecord, Provenance
from skdeep.model_comparison.tables import summary_table

_DIGITS = 3
_SIGNIFICANT = 0.05
# So many classifiers are laid open; of more, one opens those one asks about.
_LAID_OPEN = 3
_NOT_RECORDED = "Nobody wrote this down when the comparison was made."

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
        ("cost", "Cost and quality", _cost(comparison, metric)),
        ("parameters", "Parameters", _parameters(comparison)),
        ("data", "Data", _data(comparison)),
        ("seeds", "Seeds", _seeds(provenance)),
        ("machine", "Versions and machine", _machine(provenance)),
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
        text += f" Begun {_readable(comparison.provenance.started)}."
    return text


def _readable(moment: str) -> str:
    """Return a date and time of ISO 8601 as people write it."""
    return moment.replace("T", " ").replace("+00:00", " UTC")


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
    missing = comparison.scores(metric).isna().any()
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
        figure
        for kind in ("roc", "precision-recall")
        for figure in curve_pictures(comparison, kind)
    ]
    if not pictures:
        return paragraph("No classifier has scores to draw a curve of.")
    return "\n".join(
        [
            paragraph(
                "The positive class is {}. Mean of the curves of the folds; the band "
                "is one standard deviation on either side, the dotted line is chance.",
                str(comparison.classes[1]),
            ),
            figure_grid(pictures),
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


def _without(comparison: Comparison, *methods: str) -> str:
    """Return a sentence on the classifiers that have none of some methods."""
    names = [
        name
        for name in comparison.names
        if comparison.response_methods[name] not in methods
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


def _parameters(comparison: Comparison) -> str:
    """Return the parameters of each classifier, those that were set first."""
    if comparison.provenance is None:
        return paragraph(_NOT_RECORDED)
    records = comparison.provenance.classifiers
    return "\n".join(
        folded(
            f'{number} {isolated(name)} <span class="soft">'
            f"{isolated(records[name].class_name)}</span>",
            _parameters_of(records[name]),
            is_open=len(comparison.names) <= _LAID_OPEN,
        )
        for number, name in enumerate(comparison.names, start=1)
    )


def _parameters_of(record: ClassifierRecord) -> str:
    changed, kept = (
        [
            (name, value)
            for name, value in record.parameters.items()
            if (name in record.changed) is is_changed
        ]
        for is_changed in (True, False)
    )
    parts = []
    for title, pairs in (("Set", changed), ("At their defaults", kept)):
        if not pairs:
            continue
        shown = table(title, ["parameter", "value"], pairs, texts=True)
        small = title == "Set"
        parts.append(shown if small else folded(f"{len(pairs)} at defaults", shown))
    return "\n".join(parts) or paragraph("No parameters.")


def _data(comparison: Comparison) -> str:
    """Return the fingerprint of the data and of the folds."""
    y = comparison.y
    rows = [("rows", f"{len(y):,}")]
    provenance = comparison.provenance
    if provenance is not None:
        data = provenance.data
        unknown = "unknown: neither numbers nor texts"
        groups = "none" if data.n_groups is None else f"{data.n_groups:,}"
        rows += [
            ("X", data.description),
            ("digest of X", data.rows_digest or unknown),
            ("digest of y", data.labels_digest or unknown),
            ("folds", f"{len(comparison.folds)} by {provenance.splitter}"),
            ("digest of the folds", provenance.folds_digest),
            ("groups", groups),
        ]
    else:
        rows.append(("folds", str(len(comparison.folds))))
    counts = [(str(label), int((y == label).sum())) for label in comparison.classes]
    parts = [
        table("Data and folds", ["what", "value"], rows, texts=True),
        table(
            "Rows of each class",
            ["class", "rows", "share"],
            [[label, f"{n:,}", f"{n / len(y):.1%}"] for label, n in counts],
        ),
    ]
    if provenance is None:
        parts.append(paragraph(_NOT_RECORDED))
    return "\n".join(parts)


def _seeds(provenance: Provenance | None) -> str:
    """Return the seeds of folds and classifiers."""
    if provenance is None:
        return paragraph(_NOT_RECORDED)
    rows = [("folds", name, seed) for name, seed in provenance.splitter_seeds.items()]
    for name, record in provenance.classifiers.items():
        rows += [(name, seed, value) for seed, value in record.seeds.items()]
    if not rows:
        return paragraph("Neither the folds nor the classifiers have a random_state.")
    return "\n".join(
        [
            table("Seeds", ["of", "parameter", "value"], rows, texts=True),
            paragraph(
                "None means that the classifier decides; for those of scikit-learn, "
                "other numbers each time.",
                soft=True,
            ),
        ]
    )


def _machine(provenance: Provenance | None) -> str:
    """Return versions, machine and date."""
    if provenance is None:
        return paragraph(_NOT_RECORDED)
    machine = [*provenance.machine.items(), ("begun", _readable(provenance.started))]
    return "\n".join(
        [
            table(
                "Versions",
                ["package", "version"],
                list(provenance.versions.items()),
                texts=True,
            ),
            table("Machine", ["what", "value"], machine, texts=True),
        ]
    )
