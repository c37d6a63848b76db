"""The examples about tied weights, long codes, repaired images and what units see."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PNG = b"\x89PNG\r\n\x1a\n"


def program(name):
    """Return an example as a module."""
    path = EXAMPLES / f"{name}.py"
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def run(name, folder, capsys):
    """Run an example with few epochs; return the lines that it prints."""
    program(name).main(["--fast", "--output", str(folder)])
    picture = folder / f"{name}.png"
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Data: digits, 1257 images and 540 new ones")
    assert lines[-1].endswith(f": {picture}")
    assert picture.read_bytes().startswith(PNG)
    return lines


def numbers(line):
    """Return the numbers at the end of a line of a table."""
    columns = re.sub(r"[,%]", "", line).split()
    return [float(c) for c in columns if re.fullmatch(r"[\d.]+", c)]


@pytest.mark.slow
def test_tied_weights(tmp_path, capsys):
    """Parameters are counted, errors compared twice, shared variables pointed out."""
    lines = run("tied_weights", tmp_path, capsys)
    tied, free = (
        [numbers(line) for line in lines if line.startswith(f"  {name}")]
        for name in ("tied", "free")
    )
    kernels, biases = 64 * 40 + 40 * 8, (40 + 8) + (40 + 64)
    assert [row[0] for row in tied] == 2 * [kernels + biases]
    assert [row[0] for row in free] == 2 * [2 * kernels + biases]
    assert sum("in both halves" in line for line in lines) == 2


@pytest.mark.slow
def test_overcomplete_codes(tmp_path, capsys):
    """Even briefly trained, the longer code copies better, shuffled pixels too."""
    lines = run("overcomplete_codes", tmp_path, capsys)
    rows = {line.partition("  ")[0]: numbers(line) for line in lines[2:-2]}
    short, long = rows["16 units"], rows["128 units"]
    assert {"the pixels themselves", "128 units, sparse", "128 units, contractive"} <= (
        rows.keys()
    )
    assert long[-3] < 0.5 * short[-3]
    assert long[-2] < 0.5 * short[-2]


@pytest.mark.slow
def test_denoising(tmp_path, capsys):
    """For each corruption there are the ratios of corrupted and repaired images."""
    lines = run("denoising", tmp_path, capsys)
    for kind in ("gaussian", "masking", "salt_and_pepper"):
        [line] = [line for line in lines if line.startswith(kind)]
        corrupted, *repaired = numbers(line)
        assert len(repaired) == 3
        assert repaired[-1] > corrupted


def test_corruption_of_the_denoising_example():
    """What the example does to new images is what the layers do in training."""
    corrupt = program("denoising").corrupt
    images = np.random.default_rng(0).uniform(0.2, 0.8, (100, 20, 20))
    salted = corrupt(images, "salt_and_pepper", 0.4)
    assert np.mean(salted == 0) == pytest.approx(0.2, abs=0.02)
    assert np.mean(salted == 1) == pytest.approx(0.2, abs=0.02)
    masked = corrupt(images, "masking", 0.4)
    assert np.mean(masked == 0) == pytest.approx(0.4, abs=0.02)
    assert not (masked == 1).any()
    noise = corrupt(images, "gaussian", 0.4) - images
    assert noise.std() == pytest.approx(0.4, rel=0.02)


@pytest.mark.slow
def test_look_inside(tmp_path, capsys, pyplot):
    """Four pictures are written where told; what is in them is summed up in numbers."""
    program("look_inside").main(["--fast", "--output", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Data: digits, 1257 images and 540 new ones")
    [filters] = [line for line in lines if line.startswith("First-layer filters: 64")]
    before, after = re.findall(r"\d\.\d\d", filters)
    assert float(after) < float(before)
    [shares] = [line for line in lines if line.startswith("Of the top 9 images")]
    found, chance = (int(share) for share in re.findall(r"(\d+) %", shares))
    assert found > chance
    pictures = [Path(line.partition(": ")[2]) for line in lines[-4:]]
    assert {path.parent for path in pictures} == {tmp_path}
    assert all(path.read_bytes().startswith(PNG) for path in pictures)
    assert pyplot.get_fignums() == []


def test_roughness_of_the_example():
    """Noise is rougher than a stripe; a filter without weights does not count."""
    roughness = program("look_inside").roughness
    noise = np.random.default_rng(0).normal(size=(5, 8, 8, 1))
    stripes = np.zeros((2, 8, 8, 1))
    stripes[0, :, :4] = 1
    assert roughness(stripes) == pytest.approx(8 / 32)
    assert roughness(noise) > 2


@pytest.mark.parametrize(
    "name", ["tied_weights", "overcomplete_codes", "denoising", "look_inside"]
)
def test_a_missing_folder_is_named_before_anything_is_computed(name, tmp_path, capsys):
    """A wrong path is an error of the command line."""
    with pytest.raises(SystemExit) as stopped:
        program(name).main(["--output", str(tmp_path / "nowhere")])
    assert stopped.value.code == 2
    assert "there is no folder" in capsys.readouterr().err
