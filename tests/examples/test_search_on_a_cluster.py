"""The example that searches on workers."""

import importlib.util
import re
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "search_on_a_cluster.py"


@pytest.fixture
def example():
    """The example as a module."""
    specification = importlib.util.spec_from_file_location(EXAMPLE.stem, EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_scores_are_compared(example, capsys):
    """Workers of this machine give the same bits; times and the model are printed."""
    example.main(["--fast"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("6 fits in this process: ")
    assert lines[2].startswith("The same on 2 workers (local): ")
    assert all(re.search(r": \d+\.\d s$", line) for line in lines[1:4])
    assert lines[4] == "Scores are the same bits."


@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_missing_packages_are_named_at_once(example, backend, monkeypatch, capsys):
    """Nothing is searched before, and the message has the command to run."""
    monkeypatch.setattr(example, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        example.main(["--backend", backend])
    message = capsys.readouterr().err
    assert f'python -m pip install ".[{backend}]"' in message
