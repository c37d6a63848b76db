"""Whether the libraries of the extra `gallery` are here."""

import importlib.util

# Import names, as in the extra `gallery` of pyproject.toml.
LIBRARIES = ("sphinx", "sphinx_gallery", "numpydoc", "myst_parser", "furo")


class MissingExtraError(ImportError):
    """A library of the extra `gallery` is not installed."""


def require_extra() -> None:
    """Refuse to go on without the libraries that build the site.

    Raises
    ------
    MissingExtraError
        If one of them cannot be found. The message names it and the command that
        installs it.
    """
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"The gallery needs {', '.join(missing)}, and found no such package. "
            'Install the extra of scikit-deep: python -m pip install ".[gallery]"'
        )
