import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skdeep

CHECKOUT = Path(skdeep.__file__).parents[1]
PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "fuzz_model_files.py"


@pytest.mark.slow
def test_damaged_and_forged_files_do_no_harm(tmp_path):
    """A minute of the fuzzer; the program itself makes 10,000 mutations."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--mutations", "3000", "--seed", "1"],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(CHECKOUT)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "3000 files in" in done.stdout
    assert "; 0 did harm." in done.stdout
    refused = re.search(r"^\| all \| 3000 \| (\d+) \|", done.stdout, re.MULTILINE)
    assert int(refused[1]) > 1800
