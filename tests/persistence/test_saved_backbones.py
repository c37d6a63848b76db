"""Backbones of the user's own in a file."""

import json

import keras
import numpy as np
import pytest

from skdeep import BackboneTransformer
from skdeep.persistence import ModelFileError, load, save
from tests.common.model_files import (
    attributes_of,
    file_of,
    members_of,
    value_node,
)

X = np.random.default_rng(0).random((4, 8, 8, 3))


@keras.saving.register_keras_serializable("tests")
class OwnBackbone(keras.Sequential):
    """A class of models that the user registered with Keras."""


def own_network():
    """Return a network as a function of the user's builds it."""
    image = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(2, 3)(image - keras.ops.array([0.1, 0.2, 0.3]))
    return keras.Model(image, keras.layers.ReLU()(maps))


def plain_network():
    """Return a network of many layers, of which one has weights."""
    layers = [keras.layers.ReLU() for _ in range(20)]
    return keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3), *layers]
    )


@pytest.fixture
def transformer():
    """Give an estimator on a model of the user's own class."""
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)]
    return BackboneTransformer(OwnBackbone(layers))


def test_models_of_registered_classes_are_kept(transformer, tmp_path):
    """A model of a class that is registered with Keras comes back with its weights."""
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


def unbounded_network():
    """Return a network whose description has an infinity."""
    clipped = keras.layers.ReLU(max_value=float("inf"))
    return keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3), clipped]
    )


@pytest.mark.parametrize("build", [own_network, plain_network, unbounded_network])
def test_networks_of_functions_are_kept(build, tmp_path):
    """A network that a function of the user's built comes back with its weights."""
    path = tmp_path / "model"
    transformer = BackboneTransformer(build, random_state=0)
    expected = transformer.fit_transform(X)
    save(transformer, path)
    np.testing.assert_array_equal(load(path, trusted=[build]).transform(X), expected)


def with_description(change, path):
    """Save a fitted backbone, and change the description that the file has of it."""
    save(BackboneTransformer(own_network).fit(X), path)
    members = members_of(path.read_bytes())
    fitted = attributes_of(members, "BackboneTransformer")["_backbone"]["content"]
    description = json.loads(json.loads(fitted["config"]["content"]))
    change(description["config"])
    text = json.dumps(json.dumps(description, sort_keys=True))
    # The number of something else: equal texts have the same.
    fitted["config"] = value_node(text)
    path.write_bytes(file_of(members))


def enlarged(network):
    """Describe a layer of more numbers than the file has."""
    conv = next(x for x in network["layers"] if x["class_name"] == "Conv2D")
    conv["config"]["filters"] = 10**10


def with_loose_end(network):
    """Add a large layer that leads to nothing, and so is no part of the network."""
    image = network["layers"][0]["name"]
    layer = keras.layers.Dense(10**9, name="loose")
    tensor = keras.Input((8, 8, 3), name=image)
    described = keras.saving.serialize_keras_object(layer)
    # Until it is called, it does not know of what shape.
    described.pop("build_config", None)
    node = {"args": [keras.saving.serialize_keras_object(tensor)], "kwargs": {}}
    node["args"][0]["config"]["keras_history"] = [image, 0, 0]
    network["layers"].append(described | {"name": "loose", "inbound_nodes": [node]})


def with_constant(network):
    """Have a layer compute something large of numbers in the file."""
    layer = keras.layers.UpSampling2D(10**5, name="constant")
    one = {
        "class_name": "__numpy__",
        "config": {"value": [[[[1.0]]]], "dtype": "float32"},
    }
    described = keras.saving.serialize_keras_object(layer)
    node = {"args": [one], "kwargs": {}}
    described |= {"name": "constant", "inbound_nodes": [node]}
    network["layers"].insert(1, described)


DESCRIPTIONS = {
    "large": (enlarged, r"backbone_weights_\[0\], but .*, 10000000000\)"),
    "loose": (with_loose_end, "'loose', which leads to no output"),
    "constant": (with_constant, "'constant', which is not computed from the image"),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_fitted_backbones_have_the_weights_that_are_described(name, tmp_path):
    """A description of more than the weights in the file is refused unbuilt."""
    change, message = DESCRIPTIONS[name]
    path = tmp_path / "model"
    with_description(change, path)
    with pytest.raises(ModelFileError, match=message):
        load(path, trusted=[own_network])


def test_described_backbones_are_those_of_the_parameter(tmp_path):
    """Nothing is built out of the file alone where the backbone is a name."""
    path = tmp_path / "model"
    save(BackboneTransformer(own_network).fit(X), path)
    members = members_of(path.read_bytes())
    attributes = attributes_of(members, "BackboneTransformer")
    attributes["backbone"] = value_node('"efficientnet_lite0"')
    path.write_bytes(file_of(members))
    with pytest.raises(ModelFileError, match=r"_backbone .*parameters were changed"):
        load(path)


def test_names_of_fitted_backbones_are_known(tmp_path):
    """A named backbone is one that there is."""
    path = tmp_path / "model"
    transformer = BackboneTransformer("mobilenet_v2", weights=None, input_size=32)
    save(transformer.fit(X), path)
    members = members_of(path.read_bytes())
    fitted = attributes_of(members, "BackboneTransformer")["_backbone"]["content"]
    fitted["name"] = value_node('"my_network"')
    path.write_bytes(file_of(members))
    with pytest.raises(ModelFileError, match="'my_network' is not a network"):
        load(path)
