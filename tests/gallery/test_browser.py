"""The site in a real browser: on a phone and on a desk, by day and by night."""

import re
import shutil

import pytest

pytestmark = pytest.mark.slow

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PAGES = (
    "index",
    "examples/index",
    "examples/tied_weights",
    "courses/index",
    "courses/cifar_spam_assignment",
    "courses/chapter15_questions",
    "reference/index",
    "reference/StackedAutoencoderTransformer",
    "reference/compare_classifiers",
)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
# What WCAG 2 asks of text, level AA.
CONTRAST = 4.5


@pytest.fixture(scope="module")
def browser():
    """Give a browser without a window, or skip when this machine has none."""
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    if not found:
        pytest.skip(
            f"None of the browsers {', '.join(BROWSERS)} is on PATH. "
            "Install one to look at the site, such as Debian's package chromium."
        )
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        # Its sandbox cannot be set up in most containers, and the pages are our own.
        browser = driver.chromium.launch(
            executable_path=found[0], args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture(params=[(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk"])
def window(request, browser):
    """Give a page of a browser, which takes note of requests and errors."""
    size, scheme = request.param
    context = browser.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    page.requests, page.faults = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("requestfailed", lambda request: page.faults.append(request.url))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on(
        "console",
        lambda message: (
            page.faults.append(message.text)
            if message.type in {"error", "warning"}
            else None
        ),
    )
    yield page
    context.close()


def luminance(colour):
    """Return the relative luminance of a CSS colour, as WCAG 2 defines it."""
    channels = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_readable(window, site, name):
    """Nothing is missing, remote or wider than the window; text stands out."""
    window.goto((site / f"{name}.html").as_uri(), wait_until="load")
    # Pictures below the window are loaded when they come into sight.
    window.evaluate(
        "Promise.all([...document.images].map("
        "i => { i.loading = 'eager'; return i.decode(); }))"
    )
    assert window.faults == []
    assert [u for u in window.requests if not u.startswith(("file:", "data:"))] == []

    width = window.viewport_size["width"]
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    sizes = window.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert all(size > 0 for size in sizes)

    paragraph = "document.querySelector('article section > p, article dd > p')"
    style = f"getComputedStyle({paragraph})"
    assert float(window.evaluate(f"{style}.fontSize").removesuffix("px")) >= 14
    text = luminance(window.evaluate(f"{style}.color"))
    ground = luminance(
        window.evaluate("getComputedStyle(document.body).backgroundColor")
    )
    light, dark = max(text, ground), min(text, ground)
    assert (light + 0.05) / (dark + 0.05) >= CONTRAST


def test_wide_code_scrolls_in_its_own_box(window, site):
    """Source and output are neither cut off nor spread over the page."""
    window.goto((site / "examples" / "tied_weights.html").as_uri())
    boxes = window.evaluate(
        "[...document.querySelectorAll('article pre')].map(pre => "
        "[pre.getBoundingClientRect().right, getComputedStyle(pre).overflowX])"
    )
    assert boxes
    width = window.viewport_size["width"]
    assert all(right <= width for right, _ in boxes)
    assert {overflow for _, overflow in boxes} <= {"auto", "scroll"}


def test_the_site_can_be_searched(window, site):
    """Search works without a server, and finds a class by its name."""
    window.goto((site / "search.html").as_uri() + "?q=HammingNeighbors")
    window.wait_for_selector("#search-results li a", timeout=20_000)
    links = window.evaluate(
        "[...document.querySelectorAll('#search-results li a')].map(a => a.href)"
    )
    assert any("reference/HammingNeighbors.html" in link for link in links)
    assert window.faults == []
