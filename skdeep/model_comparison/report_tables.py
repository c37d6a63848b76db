"""Lay out a report on training and test samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skdeep.model_comparison.tables import Table, as_markdown, as_text

if TYPE_CHECKING:
    from skdeep.model_comparison.reports import SetReport, TrainTestReport


def set_lines(title: str, part: SetReport, digits: int, markdown: bool) -> list[str]:
    """Return the results on one set as lines of text.

    Parameters
    ----------
    title : str
        What the set is.

    part : SetReport
        The results.

    digits : int
        Digits after the decimal point of the metrics.

    markdown : bool
        Whether to write Markdown rather than plain text.

    Returns
    -------
    lines : list of str
        A title, a line of results and a table.
    """
    table = Table(
        header=["class", "precision", "recall", "f1", "support"],
        rows=[
            [
                str(name),
                *(f"{row[metric]:.{digits}f}" for metric in part.per_class.columns[:3]),
                str(int(row["support"])),
            ]
            for name, row in part.per_class.iterrows()
        ],
        best=set(),
    )
    summary = (
        f"{part.n_samples} samples: accuracy {part.accuracy:.{digits + 1}f}, "
        f"log loss {part.log_loss:.{digits}f}"
    )
    if part.n_unlabelled:
        summary += f"; {part.n_unlabelled} more are unlabelled"
    heading = f"### {title}" if markdown else title
    body = as_markdown(table) if markdown else as_text(table)
    gap = [""] if markdown else []
    return [heading, *gap, summary, "", *body.splitlines()]


def cost_lines(report: TrainTestReport, markdown: bool) -> list[str]:
    """Return what training and prediction have cost, as lines of text.

    Parameters
    ----------
    report : TrainTestReport
        The report.

    markdown : bool
        Whether to write Markdown rather than plain text.

    Returns
    -------
    lines : list of str
        A title and a sentence for each cost that is known.
    """
    n_predicted = report.test.n_samples + report.test.n_unlabelled
    per_second = n_predicted / max(report.test.predict_seconds, 1e-9)
    lines = [f"Training took {report.fit_seconds:.3g} s."]
    if report.training_flop is not None and report.gflop_per_second is not None:
        lines = [
            f"Training took {report.fit_seconds:.3g} s for {report.training_flop:.3g} "
            f"FLOP: {report.gflop_per_second:.3g} GFLOP/s.",
            f"The network has {report.multiply_adds:,} multiply-adds per sample.",
        ]
    lines.append(f"The test set was predicted at {per_second:.3g} samples per second.")
    if markdown:
        return ["### Cost", "", *[f"- {line}" for line in lines]]
    return ["Cost", *lines]
