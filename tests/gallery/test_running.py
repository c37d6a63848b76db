"""How programs are run."""

import pytest

from skdeep.gallery.running import fast_arguments, full_arguments


@pytest.mark.parametrize(
    ("options", "full", "fast"),
    [
        ("", [], []),
        ('"--fast"', [], ["--fast"]),
        ('"generated"', ["--data", "generated"], ["--data", "generated"]),
        (
            '"--fast", "generated"',
            ["--data", "generated"],
            ["--fast", "--data", "generated"],
        ),
    ],
)
def test_arguments(tmp_path, options, full, fast):
    """A program gets what it takes, and its docstring, which its `--help` reads."""
    program = tmp_path / "program.py"
    program.write_text(f'"""Why?"""\n\nOPTIONS = [{options}]\n')
    variables = {"src_file": str(program), "example_globals": {"__doc__": ""}}
    assert full_arguments({}, variables) == full
    assert fast_arguments({}, variables) == fast
    assert variables["example_globals"]["__doc__"] == "Why?"
