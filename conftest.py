"""Which examples in docstrings wait for an extra."""

from importlib.util import find_spec

import pytest

# Test files skip themselves. Examples cannot, without telling readers about it.
NEEDED_BY_EXAMPLES = {"skdeep.onnx": ("onnx", "tf2onnx", "skl2onnx", "onnxruntime")}


def pytest_collection_modifyitems(items):
    """Skip the examples of rooms whose extra is not installed."""
    for room, libraries in NEEDED_BY_EXAMPLES.items():
        missing = [library for library in libraries if find_spec(library) is None]
        skip = pytest.mark.skip(reason=f"not installed: {', '.join(missing)}")
        for item in items if missing else ():
            if isinstance(item, pytest.DoctestItem) and item.name.startswith(room):
                item.add_marker(skip)
