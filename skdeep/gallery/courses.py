"""The courses: Markdown files beside the examples, with links into the site."""

import re
from pathlib import Path

from skdeep.gallery.public_names import PublicName, with_links

LINK = "[`{code}`](../reference/{name}.rst)"
INDEX = """\
# Two courses

Exercises that many people know, followed one by one: what is asked, the program that
answers it, and what comes out.

```{{toctree}}
{entries}
```
"""


def write_courses(
    files: list[Path], folder: Path, names: dict[str, PublicName]
) -> None:
    """Write the pages of the courses, and one that lists them.

    Parameters
    ----------
    files : list of pathlib.Path
        Markdown files, whose links are those of the folder that they lie in.
    folder : pathlib.Path
        An existing folder for the pages.
    names : dict of str to PublicName
        What code in the text may be linked to.
    """
    for file in files:
        text = with_site_links(file.read_text(encoding="utf-8"), names)
        (folder / file.name).write_text(text, encoding="utf-8")
    index = INDEX.format(entries="\n".join(file.stem for file in files))
    (folder / "index.md").write_text(index, encoding="utf-8")


def with_site_links(text: str, names: dict[str, PublicName]) -> str:
    """Return Markdown in which programs and public names are links into the site.

    A link to a program leads to its page. Blocks of code are left as they are.
    """
    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    for position in range(0, len(parts), 2):
        prose = re.sub(r"\]\((\w+)\.py\)", r"](../examples/\1.rst)", parts[position])
        # Code that is the text of a link already is left alone.
        pieces = re.split(r"(\[[^\]]*\]\([^)]*\))", prose)
        pieces[::2] = [with_links(piece, names, LINK) for piece in pieces[::2]]
        parts[position] = "".join(pieces)
    return "".join(parts)
