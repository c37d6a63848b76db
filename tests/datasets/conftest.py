"""Files for the tests of data sets: pickles as Python 2 wrote them, and images."""

import io
import pickle
import struct

import numpy as np
import pytest
from PIL import Image


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings, and NumPy by its name of then."""

    dispatch = dict(pickle._Pickler.dispatch)

    def __init__(self, file):
        super().__init__(file, protocol=2)

    def save_bytes(self, value):
        if len(value) < 256:
            self.write(b"U" + bytes([len(value)]) + value)
        else:
            self.write(b"T" + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    def save_global(self, value, name=None):
        name = name or value.__qualname__
        module = value.__module__.replace("numpy._core", "numpy.core")
        self.write(f"c{module}\n{name}\n".encode())
        self.memoize(value)

    def reducer_override(self, value):
        if not isinstance(value, np.ndarray):
            return NotImplemented
        # As Python 2 did: letters are bytes, and so is the content.
        function, arguments, state = value.__reduce__()
        kind, shape, _ = arguments
        return function, (kind, shape, b"b"), (*state[:2], Dtype(state[2]), *state[3:])

    dispatch[bytes] = save_bytes
    dispatch[type(len)] = save_global
    dispatch[type] = save_global


class Dtype:
    """Stands for a dtype, whose letters Python 2 wrote as bytes."""

    def __init__(self, dtype):
        self.code = dtype.str[1:].encode()
        self.byte_order = dtype.str[:1].encode()

    def __reduce__(self):
        state = (3, self.byte_order, None, None, None, -1, -1, 0)
        return np.dtype, (self.code, 0, 1), state


@pytest.fixture
def python2_pickle():
    """Give a function that pickles a value as Python 2 did."""

    def dumps(value):
        file = io.BytesIO()
        Python2Pickler(file).dump(value)
        return file.getvalue()

    return dumps


@pytest.fixture
def write_image():
    """Give a function that writes random pixels to a file."""
    generator = np.random.default_rng(0)

    def write(path, size=(8, 6), mode="RGB"):
        path.parent.mkdir(parents=True, exist_ok=True)
        n_bands = len(Image.new(mode, (1, 1)).getbands())
        pixels = generator.integers(0, 256, (size[1], size[0], n_bands), dtype=np.uint8)
        image = Image.fromarray(pixels.squeeze(axis=2) if n_bands == 1 else pixels)
        image.save(path)
        return pixels

    return write
