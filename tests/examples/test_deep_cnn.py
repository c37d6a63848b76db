"""The example that compares a deep network with a linear classifier."""

import importlib.util
import re
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "deep_cnn.py"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def example():
    """The example as a module."""
    specification = importlib.util.spec_from_file_location("deep_cnn", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("data", ["shapes", "digits"])
def test_both_classifiers_are_reported_on(example, tmp_path, capsys, data):
    """Each on both sets, the network with its operations, and a picture."""
    example.main(["--fast", "--data", data, "--output", str(tmp_path)])
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].startswith(f"Data: {data}, 300 images and ")
    linear, network = out.split("## Convolutional network")
    for part in (linear, network):
        assert part.index("Training set") < part.index("Test set")
    assert "GFLOP/s" in network
    assert "GFLOP/s" not in linear
    accuracies = re.findall(r"^(?:linear|convolutional) \w+ +([\d.]+)%$", out, re.M)
    assert len(accuracies) == 2
    picture = tmp_path / "deep_cnn.png"
    assert lines[-1].endswith(f": {picture}")
    assert picture.read_bytes().startswith(PNG)


def test_a_missing_folder_is_named_before_anything_is_computed(
    example, tmp_path, capsys
):
    """A wrong path is an error of the command line."""
    with pytest.raises(SystemExit) as stopped:
        example.main(["--output", str(tmp_path / "nowhere")])
    assert stopped.value.code == 2
    assert "there is no folder" in capsys.readouterr().err
