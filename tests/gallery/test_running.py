"""How programs are run."""

import pytest

from skdeep.gallery.running import collect_pictures, fast_arguments, full_arguments
from skdeep.gallery.stories import MAIN


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


def test_pictures_move_into_the_page(tmp_path):
    """Each is shown at full width, in the order of their names, below a heading."""
    source = tmp_path / "source" / "examples" / "images"
    source.mkdir(parents=True)
    for name in ("roc_curves", "buckets"):
        (tmp_path / f"{name}.png").write_bytes(name.encode())
    places = (str(source / f"sphx_glr_{number:03}.png") for number in (1, 2))
    variables = {
        "src_file": str(tmp_path / "program.py"),
        "image_path_iterator": places,
    }
    settings = {"src_dir": str(tmp_path / "source")}
    text = collect_pictures(("code", f"{MAIN}\n    main()", 1), variables, settings)
    assert ":name: answer-program\n" in text
    assert text.index("buckets") < text.index("roc curves")
    assert (source / "sphx_glr_001.png").read_bytes() == b"buckets"
    assert not list(tmp_path.glob("*.png"))
    assert collect_pictures(("code", "1", 1), variables, settings) == ""
