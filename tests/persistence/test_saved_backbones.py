"""Backbones of the user's own in a file."""

import keras
import numpy as np
import pytest

from skdeep import BackboneTransformer
from skdeep.persistence import ModelFileError, load, save
from tests.common.model_files import attributes_of, file_of, members_of


@keras.saving.register_keras_serializable("tests")
class OwnBackbone(keras.Sequential):
    """A class of models that the user registered with Keras."""


@pytest.fixture
def transformer():
    """Give an estimator on a model of the user's own class."""
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)]
    return BackboneTransformer(OwnBackbone(layers))


def test_models_of_registered_classes_are_kept(transformer, tmp_path):
    """A model of a class that is registered with Keras comes back with its weights."""
    X = np.random.default_rng(0).random((4, 8, 8, 3))
    path = tmp_path / "model"
    expected = transformer.fit_transform(X)
    save(transformer, path)
    other = load(path)
    assert type(other.backbone) is OwnBackbone
    np.testing.assert_array_equal(other.transform(X), expected)
    np.testing.assert_array_equal(other.fit_transform(X), expected)


def test_models_have_the_weights_that_are_described(transformer, tmp_path):
    """A description of a larger model than its weights is refused unbuilt."""
    path = tmp_path / "model"
    save(transformer, path)
    members = members_of(path.read_bytes())
    config = attributes_of(members, "BackboneTransformer")["backbone"]["content"]
    config = config["config"]
    size = '\\"filters\\": '
    assert f"{size}2," in config["content"]
    config["content"] = config["content"].replace(f"{size}2,", f"{size}{10**10},")
    path.write_bytes(file_of(members))
    with pytest.raises(ModelFileError, match=r"backbone has float32 of shape .*3, 2\)"):
        load(path)


@pytest.mark.parametrize("function", [np.sin, keras.optimizers.Adam])
def test_functions_that_build_nothing_are_refused(function, tmp_path):
    """What any file may refer to is no backbone."""
    with pytest.raises(ModelFileError, match=r"backbone is .*builds no network"):
        save(BackboneTransformer(function), tmp_path / "model")
