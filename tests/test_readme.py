"""What README tells people to paste works."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import skdeep

CHECKOUT = Path(__file__).resolve().parents[1]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def blocks_in(language):
    """Return the fenced blocks of README that are written in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


PYTHON = blocks_in("python")
SHELL = blocks_in("bash")
INSTALL, TEST = SHELL[:2]


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_python_block_runs(number):
    """Each Python block runs on its own."""
    if "import onnxruntime" in PYTHON[number]:
        for library in ("onnx", "onnxruntime", "skl2onnx", "tf2onnx"):
            pytest.importorskip(library, reason="the extra `onnx` is missing")
    if "import register_dask" in PYTHON[number]:
        pytest.skip("starts processes, so it is run as a program by the next test")
    code = compile(PYTHON[number], f"README.md, Python block {number + 1}", "exec")
    exec(code, {"__name__": "__main__"})


@pytest.mark.slow
def test_block_about_clusters_runs(tmp_path):
    """The block that starts workers runs as a program, which they can import."""
    pytest.importorskip("distributed", reason="the extra `dask` is missing")
    [block] = [block for block in PYTHON if "import register_dask" in block]
    program = tmp_path / "search.py"
    program.write_text(block, encoding="utf-8")
    paths = [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "learning_rate" in done.stdout


@pytest.mark.parametrize("block", SHELL)
def test_shell_block_is_well_formed(block):
    """Each shell block is one that bash can read."""
    subprocess.run(["bash", "-n"], input=block, text=True, check=True)


@pytest.mark.parametrize("block", [INSTALL, TEST], ids=["install", "test"])
def test_shell_block_sets_up_what_it_needs(block):
    """Each of the two first blocks makes, enters and fills an environment itself."""
    create, enter, install, run = (shlex.split(line) for line in block.splitlines())
    assert create[:3] == ["python3", "-m", "venv"]
    assert enter == [".", f"{create[3]}/bin/activate"]
    assert install[:4] == ["python", "-m", "pip", "install"]
    assert run[0] == "python"


def test_first_block_runs_the_main_job():
    """The first block ends with a program that exists."""
    program = shlex.split(INSTALL.splitlines()[-1])[1]
    assert (CHECKOUT / program).is_file()


def test_second_block_runs_the_tests():
    """The second block installs the test extra and ends with the tests."""
    assert "[test]" in TEST
    assert TEST.splitlines()[-1].startswith("python -m pytest")


def test_table_names_every_estimator():
    """Each estimator has a row in the table, and nothing else has."""
    rows = re.findall(r"^\| `([A-Z]\w+)` \|", README, re.MULTILINE)
    offered = {name for name in skdeep.__all__ if name[0].isupper()}
    assert sorted(rows) == sorted(offered)


def test_linked_files_exist():
    """Every file that README links to is in the repository."""
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [link for link in links if not (CHECKOUT / link).exists()] == []
