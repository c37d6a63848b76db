"""How the programs are run, and where their pictures go.

sphinx-gallery calls these two functions by their names, which stand in `settings`.
"""

import ast
import re
import shutil
from pathlib import Path
from typing import Any

from skdeep.gallery.stories import MAIN, answer_of


def full_arguments(_: dict[str, Any], variables: dict[str, Any]) -> list[str]:
    """Return the command line of a program: bundled data, and no network.

    Parameters
    ----------
    _ : dict
        Settings of sphinx-gallery; not used.
    variables : dict
        What sphinx-gallery knows of this run: ``src_file``, ``example_globals``.

    Returns
    -------
    arguments : list of str
        ``--data generated``, if the program would use real data otherwise.
    """
    source = Path(variables["src_file"]).read_text(encoding="utf-8")
    # sphinx-gallery runs programs with an empty docstring; theirs is in their `--help`.
    variables["example_globals"]["__doc__"] = ast.get_docstring(ast.parse(source))
    return ["--data", "generated"] if '"generated"' in source else []


def fast_arguments(settings: dict[str, Any], variables: dict[str, Any]) -> list[str]:
    """Return the same, and ``--fast`` if the program takes it."""
    source = Path(variables["src_file"]).read_text(encoding="utf-8")
    fast = ["--fast"] if '"--fast"' in source else []
    return fast + full_arguments(settings, variables)


def collect_pictures(
    block: Any, variables: dict[str, Any], gallery_settings: dict[str, Any]
) -> str:
    """Move the pictures that a program wrote into its page.

    Parameters
    ----------
    block : tuple
        The piece of the program that has just run: its kind, source and line.
    variables : dict
        What sphinx-gallery knows of this run: ``src_file``, ``image_path_iterator``.
    gallery_settings : dict
        Settings of sphinx-gallery.

    Returns
    -------
    text : str
        The pictures as reStructuredText, one below the other; where the program has
        run, below a heading that its story links to.
    """
    from sphinx_gallery.scrapers import figure_rst

    program = Path(variables["src_file"])
    pictures = sorted(program.parent.glob("*.png"))
    texts = []
    if MAIN in block[1]:
        texts.append(f".. rubric:: Output\n   :name: {answer_of(program)}\n")
    for picture in pictures:
        place = next(variables["image_path_iterator"])
        shutil.move(picture, place)
        words = re.sub(r"[_-]+", " ", picture.stem)
        title = f"Picture drawn by the program: {words}"
        texts.append(figure_rst([place], gallery_settings["src_dir"], title))
    return "\n".join(texts)
