"""Pictures as SVG elements that stand in a page and take its colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from skdeep.plotting.figures import import_pyplot
from skdeep.plotting.palette import styles_with_ink

# The colour of letters and axes in a picture, which becomes that of the page's letters.
# Nothing else is drawn in exactly this colour.
_INK = "#010203"
_SIZE = (3.9, 3.4)
# Neither the user's own style nor the hour may change the picture.
_STYLE = {
    "svg.fonttype": "path",
    "svg.hashsalt": "skdeep",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}
_NAMESPACE = re.compile(r"^\{[^}]*\}")
_REFERENCE = re.compile(r"url\(#")


def vector_picture(
    draw: Callable[[Any], None],
    *,
    prefix: str,
    description: str,
    size: tuple[float, float] = _SIZE,
) -> str:
    """Return a picture as an SVG element for an HTML page.

    It is transparent, and its letters and axes have the colour of the letters around
    it. Equal drawings give equal texts.

    Parameters
    ----------
    draw : callable
        Gets matplotlib Axes, and draws on them. It must leave out texts of which it
        does not know that the font of matplotlib has their letters.

    prefix : str
        Begins the names of all parts; different for each picture of a page.

    description : str
        What can be seen, for people who cannot.

    size : tuple of 2 float, default=(3.9, 3.4)
        Width and height in inches. The page may scale it.

    Returns
    -------
    svg : str
        The element, with a view box and without a size.

    Raises
    ------
    ImportError
        If matplotlib cannot be imported.
    """
    import_pyplot()
    from matplotlib import style
    from matplotlib.figure import Figure

    content = BytesIO()
    with style.context(["default", _STYLE]):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        # The date would make every file another one.
        figure.savefig(content, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(content.getvalue())
    _rewrite(root, prefix)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("role", "img")
    root.set("aria-label", description)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _rewrite(element: ElementTree.Element, prefix: str) -> None:
    """Make an element and all in it fit for a page that holds other pictures too."""
    element.tag = _NAMESPACE.sub("", element.tag)
    attributes = dict(element.attrib)
    element.attrib.clear()
    for name, value in attributes.items():
        name = _NAMESPACE.sub("", name)
        if name == "id":
            value = f"{prefix}-{value}"
        elif name == "href":
            value = f"#{prefix}-{value.removeprefix('#')}"
        value = _REFERENCE.sub(f"url(#{prefix}-", value)
        element.set(name, value.replace(_INK, "currentColor"))
    element.text = element.tail = None
    for child in list(element):
        # Metadata names remote addresses, and a style would reach the whole page.
        if _NAMESPACE.sub("", child.tag) in ("metadata", "style"):
            element.remove(child)
        else:
            _rewrite(child, prefix)


def page_line_styles(n_lines: int) -> list[dict[str, Any]]:
    """Return colour and dash for each line of the pictures of a page.

    Parameters
    ----------
    n_lines : int
        Number of lines; up to 28 have a look of their own.

    Returns
    -------
    styles : list of dict
        Arguments of matplotlib's `plot`, in pictures of :func:`vector_picture`.
    """
    return styles_with_ink(_INK, n_lines)


def page_colour(colour: str) -> str:
    """Return a colour of a picture as the page around it says it.

    Parameters
    ----------
    colour : str
        A colour of :func:`page_line_styles`.

    Returns
    -------
    colour : str
        A colour of CSS.
    """
    return colour.replace(_INK, "currentColor")
