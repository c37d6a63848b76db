"""What the room offers, and what importing it costs."""

import subprocess
import sys

from skdeep import datasets


def test_names():
    """All listed names exist, in the order of the alphabet."""
    assert all(hasattr(datasets, name) for name in datasets.__all__)
    assert sorted(datasets.__all__) == datasets.__all__


def test_import_is_light():
    """Neither deep learning nor drawing nor images are imported."""
    heavy = ("tensorflow", "keras", "scikeras", "matplotlib", "PIL")
    code = (
        "import sys, skdeep.datasets\n"
        f"sys.exit(str([name for name in {heavy} if name in sys.modules] or ''))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert process.stderr.strip() == ""
