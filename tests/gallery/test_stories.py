"""Examples as pages."""

import ast

import pytest

from skdeep.gallery.public_names import public_names
from skdeep.gallery.stories import MAIN, retold, title_of, write_examples

SOURCE = '''"""Is this a question?

A `HammingNeighbors` finds them; `--data mnist` does not, nor `~/data`.
Run it with

    python examples/asks.py
"""

import sys

print("`HammingNeighbors`", __doc__)
'''


@pytest.fixture
def program(tmp_path):
    """Give the path of a program."""
    path = tmp_path / "asks_a_cnn.py"
    path.write_text(SOURCE)
    return path


def test_the_story_becomes_a_page(program):
    """Title and question come first; code is linked or literal; commands are blocks."""
    question, told = retold(program, SOURCE, public_names())
    assert question == "Is this a question?"
    page = ast.get_docstring(ast.parse(told))
    assert page.startswith("Asks a CNN\n==========\n\n.. rst-class:: question\n")
    assert ":py:obj:`HammingNeighbors <skdeep.HammingNeighbors>`" in page
    assert "``--data mnist``" in page
    assert "``~/data``" in page
    assert "Run it with::\n\n    python examples/asks.py" in page


@pytest.mark.parametrize("runs", [True, False])
@pytest.mark.parametrize("main", ["", f"{MAIN}\n    print()"])
def test_the_story_of_a_program_that_runs_leads_to_its_output(program, runs, main):
    """Pages that show output have a link to it, and others have none."""
    _, told = retold(program, f"{SOURCE}\n{main}\n", {}, runs)
    story = ast.get_docstring(ast.parse(told))
    assert ("<#answer-asks-a-cnn>`__" in story) == (runs and bool(main))


def test_the_code_is_left_as_it_is(program):
    """Nothing below the docstring changes."""
    _, told = retold(program, SOURCE, public_names())
    _, _, code = SOURCE.partition("import sys")
    assert told.endswith(f"import sys{code}")
    assert ast.dump(ast.parse(told).body[1]) == ast.dump(ast.parse(SOURCE).body[1])


@pytest.mark.parametrize(
    "source", ["print(1)\n", '"""No question."""\n', '""""""\n', ""]
)
def test_a_program_without_a_question_is_refused(tmp_path, source):
    """Each example asks one, in the first line of its docstring."""
    program = tmp_path / "tells.py"
    program.write_text(source)
    with pytest.raises(ValueError, match=r"tells\.py has no question"):
        write_examples([program], tmp_path, {})


def test_examples_are_listed_with_their_questions(program, tmp_path):
    """The page above all programs says what each asks."""
    folder = tmp_path / "copies"
    folder.mkdir()
    write_examples([program], folder, {})
    header = (folder / "GALLERY_HEADER.rst").read_text()
    assert "* :doc:`Asks a CNN <asks_a_cnn>`: Is this a question?" in header
    assert program.read_text() == SOURCE


def test_titles(program):
    """Words are those of the file, abbreviations in capitals."""
    assert title_of(program) == "Asks a CNN"
