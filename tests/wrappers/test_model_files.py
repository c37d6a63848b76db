"""Wrappers in files without code: their function comes from the caller."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import KerasClassifier, KerasRegressor
from skdeep.persistence import ModelFileError, load, save
from tests.common import user_networks
from tests.common.model_files import (
    attributes_of,
    file_of,
    members_of,
    node_named,
    value_node,
)

X, Y = load_iris(return_X_y=True)
SETTINGS = {"epochs": 2, "verbose": 0, "random_state": 0}


@pytest.fixture
def path(tmp_path):
    """Return the path of a file that holds a fitted classifier."""
    path = tmp_path / "classifier.skdeep"
    save(KerasClassifier(user_networks.classifier, **SETTINGS).fit(X, Y), path)
    return path


def rewrite(path, change):
    """Change the members of a file."""
    members = members_of(path.read_bytes())
    change(members)
    path.write_bytes(file_of(members))


@pytest.mark.parametrize(
    "trusted",
    [[user_networks.classifier], ["tests.common.user_networks.classifier"]],
    ids=["function", "import path"],
)
def test_function_that_is_trusted(path, trusted):
    """With its function, or the import path of it, a classifier comes back as it was.

    A pipeline around it does, too.
    """
    fitted = KerasClassifier(user_networks.classifier, **SETTINGS).fit(X, Y)
    loaded = load(path, trusted=trusted)
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    pipeline = make_pipeline(StandardScaler(), fitted).fit(X, Y)
    save(pipeline, path)
    loaded = load(path, trusted=trusted)
    np.testing.assert_array_equal(loaded.predict_proba(X), pipeline.predict_proba(X))


@pytest.mark.parametrize("trusted", [None, [], [user_networks.regressor]])
def test_function_that_is_not_trusted(path, trusted):
    """A function that the caller has not passed is refused by name."""
    with pytest.raises(ModelFileError, match=r"trusted=\[classifier\]"):
        load(path, trusted=trusted)


def test_module_that_is_not_trusted_is_not_imported(path):
    """What a file names is not even imported."""

    def change(members):
        node_named(members, "classifier")["__module__"] = "antigravity"

    rewrite(path, change)
    with pytest.raises(ModelFileError, match=r"antigravity"):
        load(path, trusted=[user_networks.classifier])
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("sklearn.metrics._classification", "accuracy_score"),
        ("keras.optimizers", "SGD"),
    ],
)
def test_functions_that_build_no_network(path, module, name):
    """Functions that any file may refer to cannot be called by way of a wrapper."""

    def change(members):
        node = node_named(members, "classifier")
        node.update({"__module__": module, "__class__": name})
        if name == "SGD":
            node["__loader__"] = "TypeNode"

    rewrite(path, change)
    with pytest.raises(ModelFileError, match=rf"{name}, which builds no network"):
        load(path)


def test_sizes_are_compared_before_anything_is_built(path):
    """Shapes of rows that would fill the memory are refused for what they are."""

    def change(members):
        shape = attributes_of(members, "KerasClassifier")["X_shape_"]["content"]
        shape[1] = value_node(str(10**12))

    rewrite(path, change)
    with pytest.raises(ModelFileError, match=r"shape \(1000000000000, 8\)"):
        load(path, trusted=[user_networks.classifier])


def test_weights_of_another_network(path):
    """Weights are those of the network that the function builds, or none."""

    def change(members):
        sizes = attributes_of(members, "KerasClassifier")
        sizes["model__units"] = sizes["epochs"]

    rewrite(path, change)
    with pytest.raises(ModelFileError, match="weights_"):
        load(path, trusted=[user_networks.classifier])


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"model": lambda: None}, "cannot be imported"),
        (
            {
                "model": user_networks.regressor(
                    {"X_shape_": (1, 4), "n_outputs_": 1}, {}
                )
            },
            r"KerasRegressor\.model is an object of the class Functional of Keras",
        ),
        ({"model": accuracy_score}, "accuracy_score, which builds no network"),
    ],
    ids=["lambda", "model", "other function"],
)
def test_what_cannot_be_saved(tmp_path, changes, match):
    """Whatever could not be loaded is refused when it is saved."""
    fitted = KerasRegressor(user_networks.regressor, **SETTINGS).fit(X, Y)
    with pytest.raises(ModelFileError, match=match):
        save(fitted.set_params(**changes), tmp_path / "regressor.skdeep")
    assert not list(tmp_path.iterdir())
