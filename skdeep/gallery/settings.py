"""The settings of Sphinx and of its extensions."""

import re
from pathlib import Path
from typing import Any

import skdeep

STATIC = Path(__file__).parent / "site"
HERE = "skdeep.gallery"


def sphinx_settings(
    programs: Path, only: list[str] | None, fast: bool
) -> dict[str, Any]:
    """Return the settings, as a ``conf.py`` would hold them.

    Parameters
    ----------
    programs : pathlib.Path
        The folder with the programs, as `stories` wrote them.
    only : list of str or None
        The names of those that are to be run; None for all.
    fast : bool
        Whether programs that take ``--fast`` get it.

    Returns
    -------
    settings : dict
        For `sphinx.application.Sphinx`. Warnings about links are asked for, and nothing
        is loaded from elsewhere when a page is looked at.
    """
    return {
        "project": "scikit-deep",
        "author": "The scikit-deep developers",
        "copyright": "the scikit-deep developers, BSD-3-Clause",
        "version": skdeep.__version__,
        "release": skdeep.__version__,
        "extensions": [
            "sphinx.ext.autodoc",
            "sphinx.ext.autosummary",
            "sphinx.ext.extlinks",
            "numpydoc",
            "myst_parser",
            "sphinx_gallery.gen_gallery",
            f"{HERE}.links",
        ],
        "default_role": "py:obj",
        # The role `doi` of the lists of references.
        "extlinks": {"doi": ("https://doi.org/%s", "doi:%s")},
        "autosummary_generate": False,
        # Docstrings name types; annotations would say the same again.
        "autodoc_typehints": "none",
        # Long signatures get a line for each parameter, which fits on a phone.
        "maximum_signature_line_length": 60,
        # Members have their own entries on the page of their class.
        "numpydoc_show_class_members": False,
        "myst_heading_anchors": 3,
        "sphinx_gallery_conf": gallery_settings(programs, only, fast),
        **looks(),
    }


def looks() -> dict[str, Any]:
    """Return the settings of what pages look like."""
    return {
        "html_theme": "furo",
        "html_title": f"scikit-deep {skdeep.__version__}",
        "html_static_path": [str(STATIC)],
        "html_css_files": ["site.css"],
        "html_copy_source": False,
        # Pages cannot read one another without a server.
        "html_show_search_summary": False,
        "html_show_sourcelink": False,
    }


def gallery_settings(
    programs: Path, only: list[str] | None, fast: bool
) -> dict[str, Any]:
    """Return the settings of sphinx-gallery."""
    names = "|".join(re.escape(name) for name in only) if only else ".*"
    # Callables are named, so that Sphinx can keep the settings in its cache.
    arguments = "fast_arguments" if fast else "full_arguments"
    return {
        "examples_dirs": str(programs),
        "gallery_dirs": "examples",
        "filename_pattern": rf"/(?:{names})\.py$",
        "within_subsection_order": "FileNameSortKey",
        "reset_argv": f"{HERE}.running.{arguments}",
        "image_scrapers": (f"{HERE}.running.collect_pictures",),
        # Links from code to the reference, and from the reference to programs.
        "doc_module": ("skdeep",),
        "backreferences_dir": "backreferences",
        # What the last line of a piece of code is worth is not printed by programs.
        "capture_repr": (),
        # Programs read a command line, which a notebook has not.
        "notebook_extensions": set(),
        "download_all_examples": False,
        "show_signature": False,
        # The table of all times is drawn by scripts from elsewhere.
        "write_computation_times": False,
        "abort_on_example_error": True,
    }
