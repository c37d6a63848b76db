"""Files that are written and run in the tests of this room."""

from importlib.util import find_spec

import numpy as np
import pytest

LIBRARIES = ("onnx", "tf2onnx", "skl2onnx", "onnxruntime")
MISSING = [library for library in LIBRARIES if find_spec(library) is None]


def pytest_pycollect_makemodule():
    """Skip this folder where the extra is not installed, before files are imported."""
    if MISSING:
        pytest.skip(
            f"the extra `onnx` is missing: no {', '.join(MISSING)}",
            allow_module_level=True,
        )


class Written:
    """A file that runs."""

    def __init__(self, path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )

    @property
    def input(self):
        (only,) = self.session.get_inputs()
        return only

    @property
    def output_names(self):
        return [output.name for output in self.session.get_outputs()]

    def __call__(self, X):
        kinds = {
            "tensor(float)": np.float32,
            "tensor(uint8)": np.uint8,
            "tensor(int64)": np.int64,
            "tensor(string)": object,
        }
        rows = np.asarray(X, dtype=kinds[self.input.type])
        outputs = self.session.run(None, {self.input.name: rows})
        return dict(zip(self.output_names, outputs, strict=True))


@pytest.fixture
def written(tmp_path):
    """Give a function that writes an estimator to a file and opens it."""
    from skdeep.onnx import to_onnx

    def write(estimator, **options):
        path = tmp_path / "model.onnx"
        to_onnx(estimator, path, **options)
        return Written(path)

    return write
