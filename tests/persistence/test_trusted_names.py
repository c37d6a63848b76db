import importlib

import numpy as np
import pytest
from sklearn.metrics import get_scorer, get_scorer_names

from skdeep.persistence import trusted_names


def found(name):
    """Return what a name means."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize(
    "names",
    [
        trusted_names.object_types(),
        trusted_names.LOSS_TYPES,
        trusted_names.SPARSE_TYPES,
        trusted_names.SCALAR_TYPES,
        trusted_names.TYPES_AS_VALUES,
        trusted_names.PACKED,
    ],
)
def test_types_exist(names):
    """Each trusted type is a class: a list that outlives its names says so here."""
    assert names
    for name in names:
        assert isinstance(found(name), type)


def test_functions_compute():
    """Each trusted function exists and belongs to scikit-learn, NumPy, SciPy or us."""
    names = trusted_names.functions()
    assert "sklearn.metrics._ranking.roc_auc_score" in names
    assert "numpy.log1p" in names
    packages = {name.partition(".")[0] for name in names}
    assert packages == {"numpy", "scipy", "skdeep", "sklearn"}
    for name in names:
        assert callable(found(name))
    dangerous = ("load", "fetch", "open", "save", "dump", "exec", "clear_data")
    assert [n for n in names if n.rpartition(".")[2].startswith(dangerous)] == []


def test_every_scorer_of_scikit_learn_can_be_saved():
    """Whatever `scoring` names is made of trusted functions."""
    for name in get_scorer_names():
        function = get_scorer(name)._score_func
        assert trusted_names.name_of(function) in trusted_names.functions()


def test_no_type_is_trusted_that_follows_indices_blindly():
    """Neither trees of neighbors nor those of gradient boosting are."""
    for word in ("kd_tree", "ball_tree", "TreePredictor", "_hist_gradient_boosting"):
        assert [n for n in trusted_names.object_types() if word in n] == []
    for name in ("numpy.void", "numpy.object_", "numpy.datetime64"):
        assert name not in trusted_names.SCALAR_TYPES


def test_public_names():
    """Names of ours and of Keras' become those that stay; others remain."""
    public = trusted_names.public_name
    assert public("skdeep.classifiers._recurrent", "RNNClassifier") == (
        "skdeep",
        "RNNClassifier",
    )
    assert public("keras.src.optimizers.adam", "Adam") == ("keras.optimizers", "Adam")
    assert public("skdeep.base", "DeepEstimator") == ("skdeep.base", "DeepEstimator")
    assert public("numpy", "log") == ("numpy", "log")


def test_scalars_are_what_their_names_say():
    """A trusted scalar is a number, a boolean or a text."""
    for name in trusted_names.SCALAR_TYPES:
        assert np.dtype(found(name)).kind in "biufcSU"
