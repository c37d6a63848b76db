"""The site as files: links, pictures, titles, and what each page must hold."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image

from skdeep.gallery.public_names import public_names

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROGRAMS = sorted(path.stem for path in EXAMPLES.glob("*.py"))
COURSES = sorted(path.stem for path in EXAMPLES.glob("*.md"))
# Attributes whose files a browser fetches without being asked.
LOADED = {"img": "src", "script": "src", "link": "href", "source": "src"}


class Page(HTMLParser):
    """What a page links to and loads, its places, pictures and text."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.source = path.read_text(encoding="utf-8")
        self.links, self.loads, self.places, self.pictures = [], [], set(), []
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        """Take note of a tag."""
        found = dict(attributes)
        self.places |= {found[key] for key in ("id", "name") if key in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in LOADED and LOADED[tag] in found:
            self.loads.append(found[LOADED[tag]])
        if tag == "img":
            self.pictures.append(found)

    def file(self, link):
        """Return the file that a link of this page leads to."""
        path = unquote(urlsplit(link).path)
        return (self.path.parent / path).resolve() if path else self.path


@pytest.fixture(scope="module")
def pages(site):
    """Give all pages by their paths."""
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.fixture
def page(pages, site):
    """Give a function that finds a page by its name in the site."""
    return lambda name: pages[site / f"{name}.html"]


def text_of(page):
    """Return the words of a page, without tags."""
    words = html.unescape(re.sub(r"<[^>]+>", "", page.source)).replace("\u2019", "'")
    return re.sub(r"\s+", " ", words)


def is_remote(link):
    """Say whether a link leads away from the site."""
    return bool(urlsplit(link).scheme or urlsplit(link).netloc)


def test_every_link_leads_somewhere(pages):
    """Files exist, and so do the places in them that links name."""
    broken = []
    for page in pages.values():
        for link in page.links:
            if is_remote(link):
                continue
            target, place = page.file(link), unquote(urlsplit(link).fragment)
            known = pages.get(target)
            if not target.exists() or (known and place and place not in known.places):
                broken.append((page.path.name, link))
    assert broken == []


def test_every_loaded_file_exists_and_is_local(pages):
    """Style sheets, scripts and pictures come with the site."""
    loads = {(page.path, link) for page in pages.values() for link in page.loads}
    assert [link for _, link in loads if is_remote(link)] == []
    assert [link for path, link in loads if not pages[path].file(link).exists()] == []


def test_style_sheets_load_nothing_from_elsewhere(site):
    """No font or picture is requested from another machine."""
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        loads = re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", text)
        links = ["".join(pair) for pair in loads]
        remote = [link for link in links if not link.startswith("data:")]
        assert [link for link in remote if is_remote(link)] == []


def test_every_picture_can_be_opened_and_has_words(pages):
    """Pictures are images, and are described for people who do not see them."""
    for page in pages.values():
        for picture in page.pictures:
            # Thumbnails stand beside the title of what they lead to.
            is_thumbnail = picture["src"].endswith("_thumb.png")
            assert is_thumbnail or picture.get("alt"), (page.path.name, picture)
            file = page.file(picture["src"])
            if file.suffix != ".svg":
                with Image.open(file) as image:
                    image.verify()


def test_pages_have_titles(pages, site):
    """Each page has one heading of the first level, and names the project."""
    for path, page in pages.items():
        # The icons of the theme have titles, too.
        title, *_ = re.findall(r"<title>(.*?)</title>", page.source)
        assert "scikit-deep" in title, path
        if path.name not in {"search.html", "genindex.html", "py-modindex.html"}:
            assert page.source.count("<h1>") == 1, path
    assert "scikit-deep" in pages[site / "index.html"].source


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_program_has_a_page(page, name):
    """It shows the question and the source, and offers the program."""
    found = page(f"examples/{name}")
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    question = source.splitlines()[0].removeprefix('"""')
    assert f'<p class="question">{question}</p>' in found.source.replace("&#x27;", "'")
    assert any(link.endswith(f"{name}.py") for link in found.links)
    assert question in text_of(page("examples/index"))


def test_the_program_that_ran_shows_what_it_printed_and_drew(page, program_that_ran):
    """Output, pictures and the time it took stand on its page."""
    found = page(f"examples/{program_that_ran}")
    words = text_of(found)
    assert "Data: digits, 1257 images and 540 new ones" in words
    assert "Variables of the tied network" in words
    assert "Total running time of the script" in words
    assert any(f"{program_that_ran}_001" in p["src"] for p in found.pictures)


def test_code_links_to_the_reference_and_back(page, program_that_ran):
    """Names in programs lead to their pages, and these to programs that use them."""
    name = "StackedAutoencoderTransformer"
    program = page(f"examples/{program_that_ran}")
    assert any(f"reference/{name}.html#" in link for link in program.links)
    reference = page(f"reference/{name}")
    assert any(f"{program_that_ran}.html" in link for link in reference.links)


@pytest.mark.parametrize("name", sorted(public_names()))
def test_each_public_name_has_a_page(page, name):
    """It shows the summary of the docstring and is listed."""
    public = public_names()[name]
    found = page(f"reference/{name}")
    assert public.full_name in found.places
    # Without the markup of the docstring, a summary starts with the same words.
    [start] = re.findall(r"^[\w' ,-]+", public.value.__doc__.lstrip())
    assert start.strip() in text_of(found)
    listed = {Path(urlsplit(link).path).name for link in page("reference/index").links}
    assert f"{name}.html" in listed


def test_references_and_examples_of_docstrings_are_shown(page):
    """Parameters, methods, literature and examples of an estimator are there."""
    found = page("reference/StackedAutoencoderTransformer")
    words = text_of(found)
    for heading in ("Parameters", "Attributes", "References", "Examples", "See also"):
        assert heading in words
    assert "skdeep.StackedAutoencoderTransformer.inverse_transform" in found.places
    assert any(link.startswith("https://doi.org/") for link in found.links)


@pytest.mark.parametrize("name", COURSES)
def test_courses_lead_to_programs_and_to_the_reference(page, name):
    """Exercises name the program that answers them, and the estimator."""
    found = page(f"courses/{name}")
    programs = {link for link in found.links if link.startswith("../examples/")}
    references = {link for link in found.links if link.startswith("../reference/")}
    assert len(programs) >= 4
    assert len(references) >= 4
    assert page("index").file("courses/index.html").exists()
