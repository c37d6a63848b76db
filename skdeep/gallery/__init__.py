"""The site: every example with its story, output and pictures, and the reference.

``python -m skdeep.gallery FOLDER`` runs the programs of ``examples/`` on bundled and
generated data and writes one site of HTML files, which need no server and no network.
It needs the extra ``gallery``: Sphinx puts the pages together, sphinx-gallery runs the
programs, numpydoc reads the docstrings, MyST the Markdown of the courses, and Furo
gives the looks.

No other room imports this one or these libraries.
"""

from skdeep.gallery.building import build_site
from skdeep.gallery.requirements import MissingExtraError

__all__ = ["MissingExtraError", "build_site"]
