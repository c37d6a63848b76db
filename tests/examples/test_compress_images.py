"""The example that compresses images with convolutions."""

import importlib.util
import re
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "compress_images.py"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def example():
    """The example as a module."""
    specification = importlib.util.spec_from_file_location("compress_images", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_errors_layers_and_picture(example, tmp_path, capsys):
    """Each length has its errors, the layers mirror each other, a picture is drawn."""
    example.main(["--fast", "--output", str(tmp_path)])
    out = capsys.readouterr().out
    rows = re.findall(r"^ +(\d+) +(0\.\d+) +(0\.\d+) +(\d+)%$", out, re.MULTILINE)
    assert [int(row[0]) for row in rows] == [2, 4]
    linear = [float(row[1]) for row in rows]
    assert linear == sorted(linear, reverse=True)
    encoder, decoder = out.split("Layers of the decoder:")
    for name, part in (("MaxPooling2D", encoder), ("UpSampling2D", decoder)):
        assert part.count(name) == 2
    picture = tmp_path / "compress_images.png"
    assert out.splitlines()[-1].endswith(f": {picture}")
    assert picture.read_bytes().startswith(PNG)


def test_a_missing_folder_is_named_before_anything_is_computed(
    example, tmp_path, capsys
):
    """A wrong path is an error of the command line."""
    with pytest.raises(SystemExit) as stopped:
        example.main(["--output", str(tmp_path / "nowhere")])
    assert stopped.value.code == 2
    assert "there is no folder" in capsys.readouterr().err
