"""Links from the HTML view of an estimator to its documentation."""

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata

_DISTRIBUTION = "scikit-deep"
# Page of a class below the address of the documentation.
_PAGE = "reference/{estimator}.html"


@cache
def documentation_address() -> str:
    """Return where the documentation is, "" if it is nowhere to be linked to.

    Returns
    -------
    address : str
        What `pyproject.toml` has under ``[project.urls]`` as Documentation.
    """
    try:
        addresses = metadata(_DISTRIBUTION).get_all("Project-URL") or []
    except PackageNotFoundError:
        # Run from a checkout without being installed.
        return ""
    for line in addresses:
        label, _, address = line.partition(",")
        if label.strip().lower() == "documentation":
            return address.strip().rstrip("/")
    return ""


class DocumentationLinkMixin:
    """Tells scikit-learn which page its HTML view of an estimator links to."""

    # scikit-learn links classes of this package only, so those of users' have no link.
    _doc_link_module = "skdeep"

    @property
    def _doc_link_template(self) -> str:
        address = documentation_address()
        # No link at all is better than one that leads nowhere.
        return f"{address}/{_PAGE}" if address else ""

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        return {"estimator": type(self).__name__}
