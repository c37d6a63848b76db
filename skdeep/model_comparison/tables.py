"""Lay out the summary of a comparison as text, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Table:
    """Cells as strings, ready for one of the layouts.

    Attributes
    ----------
    header : list of str
        Titles of the columns; the first column holds the names.

    rows : list of list of str
        One list of cells per classifier.

    best : set of (int, int)
        Row and column of the cells with the highest mean of their metric.
    """

    header: list[str]
    rows: list[list[str]]
    best: set[tuple[int, int]]


def summary_table(
    summary: pd.DataFrame, metrics: Sequence[str], *, digits: int, spread: bool
) -> Table:
    """Turn the numbers of a summary into cells "mean ± std".

    Parameters
    ----------
    summary : DataFrame
        As :meth:`Comparison.summary` returns it.

    metrics : sequence of str
        Metrics, in the order of the columns.

    digits : int
        Digits after the decimal point of the metrics.

    spread : bool
        Whether to write the standard deviation; one fold has none.

    Returns
    -------
    table : Table
        The cells.
    """
    columns = [
        [
            _mean_and_spread(mean, std if spread else None, digits)
            for mean, std in zip(
                summary[f"mean_{metric}"], summary[f"std_{metric}"], strict=True
            )
        ]
        for metric in metrics
    ]
    times = [
        [f"{seconds:.3g}" for seconds in summary[f"mean_{column}"]]
        for column in ("fit_time", "predict_time")
    ]
    names = [str(name) for name in summary.index]
    best = set()
    for column, metric in enumerate(metrics, start=1):
        means = summary[f"mean_{metric}"].to_numpy(dtype=np.float64)
        if len(names) > 1 and not np.isnan(means).all():
            best |= {
                (int(row), column) for row in np.flatnonzero(means == np.nanmax(means))
            }
    return Table(
        header=["classifier", *metrics, "fit (s)", "predict (s)"],
        rows=[list(cells) for cells in zip(names, *columns, *times, strict=True)],
        best=best,
    )


def _mean_and_spread(mean: float, std: float | None, digits: int) -> str:
    """Write one cell; a mean that is missing says so."""
    if np.isnan(mean):
        return "nan"
    return (
        f"{mean:.{digits}f}" if std is None else f"{mean:.{digits}f} ± {std:.{digits}f}"
    )


def as_text(table: Table) -> str:
    """Return the table with aligned columns and a rule under the header."""
    lines = [table.header, *table.rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        others = [
            cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)
        ]
        return "  ".join([first, *others])

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([line(table.header), rule, *map(line, table.rows)])


def as_markdown(table: Table) -> str:
    """Return the table in GitHub's Markdown, the best means in bold."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    marked = [
        [
            f"**{cell}**" if (row, column) in table.best else cell
            for column, cell in enumerate(cells)
        ]
        for row, cells in enumerate(table.rows)
    ]
    rule = ["---", *["---:"] * (len(table.header) - 1)]
    return "\n".join([line(table.header), line(rule), *map(line, marked)])


def as_html(table: Table) -> str:
    """Return the table as HTML, the best means in bold; names are escaped."""
    head = "".join(f"<th>{escape(title)}</th>" for title in table.header)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td><b>{escape(cell)}</b></td>"
            if (row, column) in table.best
            else f"<td>{escape(cell)}</td>"
            for column, cell in enumerate(cells)
        )
        + "</tr>"
        for row, cells in enumerate(table.rows)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
