"""Colours and line styles that stay apart for everyone, on white and on black."""

from __future__ import annotations

from typing import Any

#: The colours of Okabe and Ito (https://jfly.uni-koeln.de/color/), which people with
#: any kind of colour vision can tell apart. Yellow is left out because thin lines of
#: it cannot be seen on white, and black because it cannot be seen on black.
OKABE_ITO = (
    "#0072B2",  # blue
    "#D55E00",  # vermilion
    "#009E73",  # bluish green
    "#CC79A7",  # reddish purple
    "#E69F00",  # orange
    "#56B4E9",  # sky blue
)

#: Four dashes, so that curves differ without colour as well.
DASHES: tuple[Any, ...] = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)))

#: Four markers, so that points differ without colour as well.
MARKERS = ("o", "^", "s", "D")


def line_styles(ax: Any, n_lines: int) -> list[dict[str, Any]]:
    """Return colour and dash for each line.

    Parameters
    ----------
    ax : matplotlib Axes
        Where the lines will be drawn. The seventh colour is that of its letters:
        black on white, white on black.

    n_lines : int
        Number of lines; up to 28 have a look of their own.

    Returns
    -------
    styles : list of dict
        Arguments of matplotlib's `plot`.
    """
    return styles_with_ink(ax.xaxis.label.get_color(), n_lines)


def styles_with_ink(ink: Any, n_lines: int) -> list[dict[str, Any]]:
    """Return colour and dash for each line where the colour of letters is known.

    Parameters
    ----------
    ink : str or tuple of float
        The colour of letters, which is the seventh of the lines.

    n_lines : int
        Number of lines; up to 28 have a look of their own.

    Returns
    -------
    styles : list of dict
        Arguments of matplotlib's `plot`.
    """
    colours = (*OKABE_ITO, ink)
    # Seven colours and four dashes have no common divisor, so both may change at
    # every step and no combination returns before the twenty-ninth line.
    return [
        {
            "color": colours[position % len(colours)],
            "linestyle": DASHES[position % len(DASHES)],
        }
        for position in range(n_lines)
    ]


def point_styles(ax: Any, n_classes: int) -> list[dict[str, Any]]:
    """Return colour and marker for the points of each class.

    Parameters
    ----------
    ax : matplotlib Axes
        Where the points will be drawn. The seventh colour is that of its letters.

    n_classes : int
        Number of classes; up to 28 have a look of their own.

    Returns
    -------
    styles : list of dict
        Arguments of matplotlib's `scatter`.
    """
    return [
        {"color": style["color"], "marker": MARKERS[position % len(MARKERS)]}
        for position, style in enumerate(line_styles(ax, n_classes))
    ]
