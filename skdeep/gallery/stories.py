"""Examples as sphinx-gallery wants them: the story as reStructuredText."""

import ast
import re
from pathlib import Path

from skdeep.gallery.public_names import PublicName, with_links

# The line below which a program runs.
MAIN = 'if __name__ == "__main__":'
LITERAL = "``{code}``"
LINK = ":py:obj:`{code} <{full_name}>`"
# How words of file names are written in titles.
SPELLINGS = {"cnn": "CNN", "onnx": "ONNX", "rnn": "RNN", "vae": "VAE"}
HEADER = """\
Examples
========

Each of these programs asks one question and answers it with a table or a picture. They
run without a network, on bundled or generated data, and their output here is that of
one such run; the time that each took stands at its end.

{questions}

"""


def write_examples(
    programs: list[Path],
    folder: Path,
    names: dict[str, PublicName],
    only: list[str] | None = None,
) -> None:
    """Write copies of programs that sphinx-gallery can read.

    Parameters
    ----------
    programs : list of pathlib.Path
        The Python files. Each has a docstring whose first line is its question.
    folder : pathlib.Path
        An existing folder for the copies.
    names : dict of str to PublicName
        What a story may link to.
    only : list of str, default=None
        The programs that will be run; None for all.

    Raises
    ------
    ValueError
        If a program has no docstring, or one that does not start with a question.
    """
    lines = []
    for program in programs:
        source = program.read_text(encoding="utf-8")
        runs = only is None or program.stem in only
        question, told = retold(program, source, names, runs)
        (folder / program.name).write_text(told, encoding="utf-8")
        lines.append(f"* :doc:`{title_of(program)} <{program.stem}>`: {question}")
    header = HEADER.format(questions="\n".join(lines))
    (folder / "GALLERY_HEADER.rst").write_text(header, encoding="utf-8")


def retold(
    program: Path, source: str, names: dict[str, PublicName], runs: bool = False
) -> tuple[str, str]:
    """Return the question of a program, and its source with the story as a page.

    The docstring gets a title, its question becomes the line below, and code between
    backticks becomes a link or literal text. If the program runs, a link leads to its
    output, which stands below the source. Nothing else is changed.
    """
    tree = ast.parse(source)
    question, _, story = (ast.get_docstring(tree) or "").partition("\n")
    if not question.endswith("?"):
        raise ValueError(
            f"{program.name} has no question: the first line of its docstring is "
            f"{question!r}. Let it ask, in one line, what the program answers."
        )
    title = title_of(program)
    story = re.sub(r"(?<=[\w,])\n\n(?= {4}\S)", "::\n\n", story)
    parts = [
        f"{title}\n{'=' * len(title)}",
        f".. rst-class:: question\n\n{question}",
        with_links(story, names, LINK, LITERAL).strip("\n"),
    ]
    if runs and MAIN in source:
        answer = answer_of(program)
        parts.append(f"`What it prints and draws <#{answer}>`__ stands below the code.")
    page = "\n\n".join(parts)
    rest = source.splitlines(keepends=True)[tree.body[0].end_lineno :]
    return question, f'r"""{page}\n"""\n{"".join(rest)}'


def answer_of(program: Path) -> str:
    """Return the name of the place on a program's page where it has run.

    No two places of a site may have one name.

    Examples
    --------
    >>> from pathlib import Path
    >>> answer_of(Path("deep_cnn.py"))
    'answer-deep-cnn'
    """
    return f"answer-{program.stem.replace('_', '-')}"


def title_of(program: Path) -> str:
    """Return the title of a program's page.

    Examples
    --------
    >>> from pathlib import Path
    >>> title_of(Path("deep_cnn.py"))
    'Deep CNN'
    """
    words = program.stem.split("_")
    title = " ".join(SPELLINGS.get(word, word) for word in words)
    return title[0].upper() + title[1:]
