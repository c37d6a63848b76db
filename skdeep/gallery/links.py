"""A Sphinx extension: names of this package in docstrings become links."""

import re
from typing import Any

from skdeep.gallery.public_names import public_names, with_links

LINK = ":py:obj:`{code} <{full_name}>`"


def without_markup(line: str) -> str:
    r"""Return a line in which the sizes of an array are text.

    In reStructuredText a word that ends with an underscore is a link, and an asterisk
    before one starts an emphasis.

    Examples
    --------
    >>> print(without_markup("**X** : array of shape (n_samples, n_features_in_)"))
    **X** : array of shape (n_samples, n_features_in\_)
    """
    if " of shape (" not in line:
        return line
    return re.sub(r"(?<=\w)_(?=[,)])|(?<=, )\*(?=\w)", r"\\\g<0>", line)


def setup(app: Any) -> dict[str, Any]:
    """Register the extension, as Sphinx asks."""
    names = public_names()

    def link_names(_app: Any, _what: str, name: str, _value: Any, *rest: Any) -> None:
        """Let names between backticks link to their pages, whatever page they are on.

        Sphinx itself finds names of the module at hand only.
        """
        own = {name.split(".")[-1]}
        others = {key: value for key, value in names.items() if key not in own}
        lines = rest[-1]
        text = "\n".join(lines).replace(":py:obj:`", "`")
        text = with_links(text.replace(":obj:`", "`"), others, LINK)
        lines[:] = [without_markup(line) for line in text.split("\n")]

    # After numpydoc, whose "See Also" has such names.
    app.connect("autodoc-process-docstring", link_names, priority=900)
    return {"version": "1", "parallel_read_safe": True}
