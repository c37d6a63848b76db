"""The example about transfer learning."""

import importlib.util
import re
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "transfer_learning.py"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def program():
    """Give the example as a module."""
    specification = importlib.util.spec_from_file_location(EXAMPLE.stem, EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_digits(program, tmp_path, capsys):
    """Even little pretraining helps, and more labels do."""
    picture = tmp_path / "accuracies.png"
    program.main(["--fast", "--output", str(picture)])
    lines = capsys.readouterr().out.splitlines()
    rows = {
        line[2:26].strip(): [float(v) for v in re.findall(r"([\d.]+)%", line)]
        for line in lines[4:]
        if line.startswith("  ") and "%" in line
    }
    assert set(rows) == {"pixels", "random network", "pretrained on 0 to 4"}
    for accuracies in rows.values():
        assert accuracies[0] < accuracies[-1]
    assert lines[-1] == f"Accuracies: {picture}"
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.parametrize("options", [["--repeats", "0"], ["--output", "no/where.png"]])
def test_wrong_options(program, options, capsys):
    """A wrong option is an error of the command line."""
    with pytest.raises(SystemExit) as stopped:
        program.main(options)
    assert stopped.value.code == 2
    assert options[0] in capsys.readouterr().err
