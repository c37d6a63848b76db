"""Files of weights of backbones: torn, damaged, or of another network."""

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skdeep.mixins import backbone_weights

# Of Keras' own, when it writes HDF5 files.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
NAME = "efficientnet_lite0"


def small_network(*_):
    """Return a network that is built quickly, in place of the real one."""
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="dense")])


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """Return the content of a sound file of weights."""
    path = tmp_path_factory.mktemp("weights") / "sound.weights.h5"
    small_network().save_weights(path)
    return path.read_bytes()


@pytest.fixture
def small_backbone(monkeypatch):
    """Have the small network stand for a named one."""
    monkeypatch.setattr(backbone_weights, "build_backbone", small_network)


def load(path, content):
    """Write a file and load it as weights."""
    path.write_bytes(content)
    return backbone_weights.load_weights(NAME, str(path), None)


def test_sound_file(small_backbone, tmp_path, content):
    """A sound file gives the numbers in it."""
    arrays, _ = load(tmp_path / "a.weights.h5", content)
    assert [array.shape for array in arrays] == [(4, 3), (3,)]


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_files(small_backbone, tmp_path, content, data):
    """A damaged file is refused by name, or its arrays have the right shapes."""
    damaged = bytearray(content)
    if data.draw(st.booleans(), label="torn"):
        del damaged[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(content) - 1))
            damaged[place] ^= data.draw(st.integers(1, 255))
    try:
        arrays, _ = load(tmp_path / "b.weights.h5", bytes(damaged))
    except ValueError as error:
        assert "weights=" in str(error) and NAME in str(error)
    else:
        assert [array.shape for array in arrays] == [(4, 3), (3,)]


def test_weights_of_another_network(small_backbone, tmp_path):
    """Weights of other shapes are refused by the name of the file."""
    other = keras.Sequential([keras.Input((7,)), keras.layers.Dense(2, name="dense")])
    path = tmp_path / "other.weights.h5"
    other.save_weights(path)
    with pytest.raises(ValueError, match=r"weights=.*other.weights.h5.*whole file"):
        backbone_weights.load_weights(NAME, str(path), None)


@pytest.mark.parametrize("name", ["model.keras", "model.npz", "model.pkl", "model"])
def test_other_kinds_of_files(tmp_path, name):
    """Files that may hold more than weights are not opened."""
    path = tmp_path / name
    np.arange(4).tofile(path)
    with pytest.raises(ValueError, match="is of a kind that is not read"):
        backbone_weights.load_weights(NAME, str(path), None)
