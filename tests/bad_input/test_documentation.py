"""README says what the tests run on."""

from pathlib import Path

from tests.bad_input.documentation import TITLE, section

README = Path(__file__).resolve().parents[2] / "README.md"


def test_readme_has_the_table():
    """The section of README is the one that the table of the tests makes.

    After a change of the table, put what `documentation.section` returns in its place.
    """
    text = README.read_text(encoding="utf-8")
    _, _, rest = text.partition(TITLE)
    found = TITLE + rest.partition("\n## ")[0]
    assert found.strip() == section().strip()
