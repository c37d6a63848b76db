"""New figures, and what to say when matplotlib is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Inches around a picture.
_BORDER = 0.15


def import_pyplot() -> Any:
    """Return `matplotlib.pyplot`, or say how to get it.

    Returns
    -------
    pyplot : module

    Raises
    ------
    ImportError
        If matplotlib cannot be imported.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            "Drawing needs matplotlib, which cannot be imported. Install it with "
            "`pip install matplotlib`."
        ) from error
    return pyplot


def new_axes() -> Any:
    """Return the axes of a new figure.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ImportError
        If matplotlib cannot be imported.
    """
    return import_pyplot().subplots()[1]


def literal_legend(ax: Any, named: Sequence[Any] = (), **options: Any) -> Any:
    """Draw a legend of names that users chose, in which a dollar is a dollar.

    Nor does an underscore at the beginning hide a name, as matplotlib has it.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.

    named : sequence of matplotlib Artist, default=()
        Those that get an entry whatever their names are.

    **options : dict
        Arguments of matplotlib's `legend`.

    Returns
    -------
    legend : matplotlib Legend
    """
    shown, _ = ax.get_legend_handles_labels()
    if not all(artist in shown for artist in named):
        shown = [*named, *(artist for artist in shown if artist not in named)]
    legend = ax.legend(shown, [artist.get_label() for artist in shown], **options)
    for text in (legend.get_title(), *legend.get_texts()):
        text.set_parse_math(False)
    return legend


def tune_ticks(ax: Any, **options: Any) -> None:
    """Tune which numbers of the x axis have ticks, unless users chose their kind.

    Parameters
    ----------
    ax : matplotlib Axes
        Logarithmic axes, and those whose ticks were set, stay as they are.

    **options : dict
        Arguments of matplotlib's `MaxNLocator`.
    """
    from matplotlib.ticker import MaxNLocator

    locator = ax.xaxis.get_major_locator()
    if isinstance(locator, MaxNLocator):
        locator.set_params(**options)


def write_cell_numbers(
    ax: Any, image: Any, numbers: NDArray[Any]
) -> NDArray[np.object_]:
    """Write a number into each cell of a map, dark on light and light on dark.

    Parameters
    ----------
    ax : matplotlib Axes
        Where the map is.

    image : matplotlib QuadMesh
        The map, whose cells are centred on whole numbers.

    numbers : ndarray of shape (n_rows, n_columns)
        What to write. Whole numbers are written in full, others with three digits;
        NaN are left out.

    Returns
    -------
    texts : ndarray of shape (n_rows, n_columns)
        Of matplotlib Text, or None.
    """
    texts = np.full(numbers.shape, None, dtype=object)
    colours = image.to_rgba(image.get_array()).reshape(*numbers.shape, 4)
    whole = np.issubdtype(numbers.dtype, np.integer)
    for (row, column), number in np.ndenumerate(numbers):
        if not np.isfinite(number):
            continue
        red, green, blue, opacity = colours[row, column]
        # An empty cell shows the paper, on which the letters are those of the axes.
        is_light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        ink = "black" if is_light else "white"
        texts[row, column] = ax.text(
            column,
            row,
            f"{number:d}" if whole else f"{number:.3g}",
            ha="center",
            va="center",
            fontsize="small",
            color=ink if opacity else ax.xaxis.label.get_color(),
        )
    return texts


def several_axes(
    axes: Any, n_needed: int, *, size: tuple[float, float]
) -> NDArray[Any]:
    """Return axes to draw on, side by side in a new figure if none are given.

    Parameters
    ----------
    axes : matplotlib Axes, sequence of them, or None
        What the user passed.

    n_needed : int
        How many are needed.

    size : tuple of 2 float
        Width and height of each new one, in inches.

    Returns
    -------
    axes : ndarray of shape (n_needed,)

    Raises
    ------
    ValueError
        If another number was passed.

    ImportError
        If matplotlib cannot be imported.
    """
    if axes is None:
        _, new = import_pyplot().subplots(
            ncols=n_needed,
            figsize=(n_needed * size[0], size[1]),
            squeeze=False,
            layout="constrained",
        )
        return new[0]
    given = np.asarray(axes, dtype=object).reshape(-1)
    if len(given) != n_needed:
        raise ValueError(
            f"axes has {len(given)} entries, but {n_needed} are needed for what is to "
            "be drawn. Pass as many, or none for a new figure."
        )
    return given


def new_picture(
    width: float, height: float, *, left: float, right: float, above: float
) -> Any:
    """Return axes of an exact size in a new figure around them.

    Parameters
    ----------
    width, height : float
        Of the axes, in inches.

    left, right, above : float
        Room for labels and titles around them, in inches.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ImportError
        If matplotlib cannot be imported.
    """
    whole = (left + width + right + 2 * _BORDER, above + height + 2 * _BORDER)
    corner = ((left + _BORDER) / whole[0], _BORDER / whole[1])
    figure = import_pyplot().figure(figsize=whole)
    return figure.add_axes((*corner, width / whole[0], height / whole[1]))
