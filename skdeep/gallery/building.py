"""From programs, courses and docstrings to a folder of HTML files."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from skdeep.gallery.courses import write_courses
from skdeep.gallery.public_names import public_names
from skdeep.gallery.reference import write_reference
from skdeep.gallery.settings import STATIC, sphinx_settings
from skdeep.gallery.stories import write_examples

# A file that Sphinx writes into each site.
MARK = "objects.inv"


def build_site(
    output: str | os.PathLike[str],
    examples: str | os.PathLike[str],
    *,
    only: list[str] | None = None,
    fast: bool = False,
) -> None:
    """Build the site of examples, courses and reference.

    Everything is written to a temporary folder first, so ``output`` holds a whole site
    or is left as it was.

    Parameters
    ----------
    output : str or path-like
        The folder for the site. It is made if it is missing; a site that lies in it is
        replaced.
    examples : str or path-like
        The folder with the programs (``*.py``) and the courses (``*.md``).
    only : list of str, default=None
        The programs to run, by their names without ``.py``. The pages of the others
        show their stories and source, without output. None runs all.
    fast : bool, default=False
        Whether to pass ``--fast`` to the programs that take it.

    Raises
    ------
    ValueError
        If ``output`` holds something that is no site, if ``examples`` holds no
        programs and courses, or not the programs of ``only``, or if one of them has no
        question.
    RuntimeError
        If a program fails, or a page has a link to nowhere. What is wrong was printed.
    """
    output, examples = Path(output), Path(examples)
    refuse_other_files(output)
    programs = programs_in(examples, only)
    courses = courses_in(examples)
    with tempfile.TemporaryDirectory() as work:
        site = Path(work, "site")
        with quiet_and_offline(Path(work)):
            write_sources(Path(work), programs, courses, only)
            run_sphinx(Path(work), site, only, fast)
        _replace(output, site)


def _replace(output: Path, site: Path) -> None:
    """Copy a site to where it belongs, in place of the one that was there."""
    # A link keeps pointing where it does.
    output = Path(os.path.realpath(output))
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{output.name}.", dir=output.parent
    ) as folder:
        # Whole, on the same disk, before anything is moved.
        complete, before = Path(folder, "site"), Path(folder, "before")
        shutil.copytree(site, complete)
        if output.exists():
            output.rename(before)
        try:
            complete.rename(output)
        except BaseException:
            if before.exists():
                before.rename(output)
            raise


def refuse_other_files(output: Path) -> None:
    """Raise a ValueError if a folder holds files that are no site."""
    if output.is_dir() and any(output.iterdir()) and not (output / MARK).is_file():
        raise ValueError(
            f"{output} holds files that are no site of this program, and would be "
            "replaced by one. Name an empty folder, or one that does not exist."
        )
    if output.exists() and not output.is_dir():
        raise ValueError(f"{output} is no folder. Name one for the site.")


def programs_in(examples: Path, only: list[str] | None) -> list[Path]:
    """Return the programs of a folder, after a look for those that are asked for."""
    programs = sorted(examples.glob("*.py"))
    if not programs:
        raise ValueError(
            f"There are no programs (*.py) in {examples}. Name the folder `examples` "
            "of a checkout with --examples."
        )
    names = [program.stem for program in programs]
    unknown = sorted(set(only or ()) - set(names))
    if unknown:
        raise ValueError(
            f"There are no programs {unknown} in {examples}. There are {names}."
        )
    return programs


def courses_in(examples: Path) -> list[Path]:
    """Return the courses of a folder."""
    courses = sorted(examples.glob("*.md"))
    if not courses:
        raise ValueError(
            f"There are no courses (*.md) in {examples}. Name the folder `examples` of "
            "a checkout with --examples."
        )
    return courses


def write_sources(
    work: Path, programs: list[Path], courses: list[Path], only: list[str] | None
) -> None:
    """Write everything that Sphinx reads."""
    names = public_names()
    source = work / "source"
    for folder in ("programs", "source/reference", "source/courses"):
        (work / folder).mkdir(parents=True)
    write_examples(programs, work / "programs", names, only)
    write_courses(courses, source / "courses", names)
    write_reference(source / "reference", names)
    shutil.copy(STATIC / "index.md", source / "index.md")


@contextlib.contextmanager
def quiet_and_offline(work: Path) -> Iterator[None]:
    """Let programs find no real data, no screen and no settings of whoever runs this.

    Pages should show what every reader's machine shows.
    """
    before = dict(os.environ)
    (work / "no_data").mkdir()
    os.environ["SKDEEP_DATA"] = str(work / "no_data")
    os.environ["MPLBACKEND"] = "Agg"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["KERAS_HOME"] = str(work / "keras")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def run_sphinx(work: Path, site: Path, only: list[str] | None, fast: bool) -> None:
    """Run Sphinx on the sources, with its report on the terminal."""
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    source = work / "source"
    try:
        with patch_docutils(source), docutils_namespace():
            sphinx = Sphinx(
                srcdir=source,
                confdir=None,
                outdir=site,
                doctreedir=work / "doctrees",
                buildername="html",
                confoverrides=sphinx_settings(work / "programs", only, fast),
                status=sys.stdout,
                warning=sys.stderr,
                warningiserror=True,
            )
            sphinx.build()
    except SphinxError as error:
        raise RuntimeError(f"The site was not built: {error}") from error
    if sphinx.statuscode:
        raise RuntimeError("The site was not built: see the warnings above.")
