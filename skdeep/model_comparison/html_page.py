"""The parts of a self-contained page: frame, sections and tables, all texts escaped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape
from string import Template

# Nothing is fetched from anywhere: the policy tells the browser so, in case a text
# should ever get past the escaping.
_FRAME = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" \
content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
form-action 'none'">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
<header>
<h1>$title</h1>
<p>$summary</p>
<nav aria-label="Sections">$links</nav>
</header>
<main>
$sections
</main>
</body>
</html>
"""
)

# Sizes of letters and cells in tables are whole pixels: a browser rounds the column
# that stays in place on its own, and lines would be broken otherwise.
_STYLE = """\
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1c1e; --soft: #5c6066;
  --line: #d5d8dc; --stripe: #f5f6f8; --best: #e2eefa; --link: #00598c; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #17181b; --ink: #e8e9eb; --soft: #a7abb3; --line: #3a3d43;
    --stripe: #1f2125; --best: #1d3448; --link: #7cc4f5; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 0.4rem; padding-top: 0.8rem;
  border-top: 1px solid var(--line); }
p { margin: 0.4rem 0; max-width: 46rem; }
a { color: var(--link); }
nav a { display: inline-block; padding: 0.3rem 0; margin-right: 1.1rem; }
.soft, figcaption { color: var(--soft); }
.scroll { overflow-x: auto; margin: 0.2rem 0 1rem; }
table { border-collapse: separate; border-spacing: 0;
  font-size: 0.9375rem; line-height: 1.375rem; }
th, td { padding: 0.3125rem 0.6875rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
thead th { vertical-align: bottom; border-bottom: 2px solid var(--line); }
tbody tr { background: var(--paper); }
tbody tr:nth-child(even) { background: var(--stripe); }
.texts td, .texts th, th.title { text-align: left; }
tbody th, .texts td { white-space: normal; overflow-wrap: anywhere; }
tbody th { font-weight: 600; min-width: 8.5rem; max-width: 22rem; }
th.title { position: sticky; left: 0; background: inherit; }
thead tr { background: var(--paper); }
.texts td { min-width: 8rem; }
td.best { font-weight: 700; background: var(--best); }
.figures { display: grid; gap: 1.2rem 1.8rem; margin: 0.7rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); }
figure { margin: 0; min-width: 0; max-width: 34rem; }
figure > svg { display: block; width: 100%; height: auto; }
figure > svg * { stroke-linejoin: round; stroke-linecap: butt; }
figcaption { font-size: 0.92rem; }
ul.legend { list-style: none; margin: 0.3rem 0; padding: 0; color: var(--ink); }
ul.legend.long { columns: 15rem; }
ul.legend li { break-inside: avoid; padding-left: 2.8rem; text-indent: -2.8rem; }
ul.legend svg { display: inline-block; width: 2.2rem; height: 0.8rem;
  margin-right: 0.6rem; vertical-align: middle; }
details { border: 1px solid var(--line); border-radius: 0.4rem; margin: 0.5rem 0;
  padding: 0 0.8rem; }
summary { cursor: pointer; padding: 0.5rem 0; font-weight: 600; }
summary .soft { font-weight: 400; }
@media print {
  details, figure, tr { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .scroll { overflow: visible; } }
"""


def page(title: str, summary: str, sections: Sequence[tuple[str, str, str]]) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
        Its title, as plain text.

    summary : str
        A sentence, as plain text.

    sections : sequence of (str, str, str)
        Name for links, title as plain text, and content as HTML.

    Returns
    -------
    html : str
        The page.
    """
    links = " ".join(
        f'<a href="#{escape(name)}">{escape(heading)}</a>'
        for name, heading, _ in sections
    )
    body = "\n".join(
        f'<section id="{escape(name)}" aria-labelledby="{escape(name)}-title">\n'
        f'<h2 id="{escape(name)}-title">{escape(heading)}</h2>\n{content}\n</section>'
        for name, heading, content in sections
    )
    return _FRAME.substitute(
        title=escape(title),
        summary=escape(summary),
        style=_STYLE,
        links=links,
        sections=body,
    )


def paragraph(text: str, *names: str, soft: bool = False) -> str:
    """Return a paragraph of plain text.

    Parameters
    ----------
    text : str
        Plain text with a ``{}`` for each name.

    *names : str
        What users named, as plain text. It may be written from right to left, and must
        not turn around what follows it.

    soft : bool, default=False
        Whether it is less important than the text around it.

    Returns
    -------
    html : str
        The paragraph.
    """
    look = ' class="soft"' if soft else ""
    return f"<p{look}>{escape(text).format(*map(isolated, names))}</p>"


def isolated(text: str) -> str:
    """Return plain text whose direction of writing stays its own affair."""
    return f"<bdi>{escape(text)}</bdi>"


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    names: Sequence[str] = (),
    row_title: int = 0,
    best: Collection[tuple[int, int]] = (),
    texts: bool = False,
) -> str:
    """Return a table that scrolls by itself where it is wider than the page.

    Parameters
    ----------
    caption : str
        What is in it, as plain text with a ``{}`` for each name.

    header : sequence of str
        Titles of the columns.

    rows : iterable of sequence of str
        Cells as plain text.

    names : sequence of str, default=()
        What users named, as plain text, for the caption.

    row_title : int, default=0
        The column that names the rows.

    best : collection of (int, int)
        Rows and columns of the cells to stress.

    texts : bool, default=False
        Whether the cells are texts, which may be broken into lines, not numbers.

    Returns
    -------
    html : str
        The table.
    """
    head = "".join(
        f'<th scope="col" class="title">{escape(title)}</th>'
        if column == row_title
        else f'<th scope="col">{escape(title)}</th>'
        for column, title in enumerate(header)
    )
    body = "\n".join(
        "<tr>"
        + "".join(
            f'<th scope="row" class="title">{isolated(cell)}</th>'
            if column == row_title
            else f"<td{_stress((row, column) in best)}>{escape(cell)}</td>"
            for column, cell in enumerate(cells)
        )
        + "</tr>"
        for row, cells in enumerate(rows)
    )
    look = ' class="texts"' if texts else ""
    # The caption stands outside of what scrolls, or its end would be cut off. Who has
    # no mouse must be able to scroll too, hence the place in the tab order.
    return (
        f"{paragraph(caption, *names, soft=True)}\n"
        f'<div class="scroll" role="region" tabindex="0" '
        f'aria-label="{escape(caption.format(*names))}">\n'
        f"<table{look}>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _stress(is_best: bool) -> str:
    return ' class="best"' if is_best else ""


def folded(summary: str, content: str, *, is_open: bool = False) -> str:
    """Return a part that can be folded away; both arguments are HTML."""
    state = " open" if is_open else ""
    return f"<details{state}><summary>{summary}</summary>\n{content}\n</details>"


def figure_grid(figures: Iterable[str]) -> str:
    """Return figures side by side where there is room; they are HTML."""
    return '<div class="figures">\n' + "\n".join(figures) + "\n</div>"
