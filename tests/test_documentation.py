"""Links to the documentation."""

from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest
from sklearn.pipeline import make_pipeline

import skdeep
from skdeep import ConvAutoencoderTransformer, HammingNeighbors, documentation

ESTIMATORS = [name for name in skdeep.__all__ if name[0].isupper()]
ADDRESS = "https://documentation.invalid/stable"


@pytest.fixture
def urls(monkeypatch):
    """Give a function that sets the addresses of the installed package."""
    documentation.documentation_address.cache_clear()

    def set_urls(*lines):
        found = SimpleNamespace(get_all=lambda name: list(lines) or None)
        monkeypatch.setattr(documentation, "metadata", lambda name: found)

    yield set_urls
    documentation.documentation_address.cache_clear()


def view(name):
    """Return the HTML view of an estimator with its default parameters."""
    cls = getattr(skdeep, name)
    needs_network = name.startswith("Keras")
    return (cls(model=len) if needs_network else cls())._repr_html_()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_pages(name, urls):
    """Each estimator links to a page of its own, below the address of the package."""
    urls("Homepage, https://home.invalid", f"Documentation, {ADDRESS}/")
    html = view(name)
    assert f'href="{ADDRESS}/reference/{name}.html' in html
    assert 'href="https://scikit-learn' not in html


@pytest.mark.parametrize("name", ["ConvAutoencoderTransformer", "HammingNeighbors"])
def test_no_address_no_link(name, urls):
    """Nothing is linked that is not there."""
    urls("Homepage, https://home.invalid")
    html = view(name)
    assert name in html and "href" not in html


def test_not_installed(urls, monkeypatch):
    """A checkout on the path has no addresses."""

    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(documentation, "metadata", missing)
    assert HammingNeighbors()._get_doc_link() == ""


def test_classes_of_users(urls):
    """A subclass that is defined elsewhere has no page here."""
    urls(f"Documentation, {ADDRESS}")

    class Own(ConvAutoencoderTransformer):
        pass

    assert Own()._get_doc_link() == ""


def test_inside_of_a_pipeline(urls):
    """The link is there in the view of a pipeline, too."""
    urls(f"documentation, {ADDRESS}")
    html = make_pipeline(ConvAutoencoderTransformer())._repr_html_()
    assert f"{ADDRESS}/reference/ConvAutoencoderTransformer.html" in html
