"""Arrays of a file that several objects name."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import FunctionTransformer

from skdeep.persistence import ModelFileError, load, save
from tests.common.model_files import attributes_of, file_of, members_of, nodes_of

VOCABULARY = {f"token{number}": number for number in range(100)}
MASKED = np.ma.MaskedArray(np.arange(100.0), mask=np.arange(100) % 2 == 0)


@pytest.fixture
def path(tmp_path):
    """Give a place for a file."""
    return tmp_path / "model"


def save_many(values, path, **changes):
    """Save values, and add the first of them to the file once more."""
    save(FunctionTransformer(kw_args={"values": values}), path)
    members = members_of(path.read_bytes())
    kw_args = attributes_of(members, "FunctionTransformer")["kw_args"]["content"]
    listed = kw_args["values"]["content"]
    listed.append(listed[0] | changes)
    path.write_bytes(file_of(members))


@pytest.mark.parametrize("value", [VOCABULARY, MASKED], ids=["vocabulary", "masked"])
def test_arrays_are_copied_once(value, path):
    """A file cannot have one array copied for every object that names it."""
    save_many([value], path, __id__=10**6)
    message = r"'values'\]\[1\].* as something else does"
    with pytest.raises(ModelFileError, match=message):
        load(path)


def test_trees_have_arrays_of_their_own(path):
    """Two decision trees cannot be filled with the arrays of one."""
    X = np.random.default_rng(0).random((20, 3))
    save(RandomForestClassifier(2, random_state=0).fit(X, X[:, 0] > 0.5), path)
    members = members_of(path.read_bytes())
    first, second = (
        node
        for node in nodes_of(members["schema.json"])
        if node["__loader__"] == "TreeNode"
    )
    second.update(first | {"__id__": second["__id__"]})
    used = {n["file"] for n in nodes_of(members["schema.json"]) if "file" in n}
    kept = {k: v for k, v in members.items() if k in used or k == "schema.json"}
    path.write_bytes(file_of(kept))
    with pytest.raises(ModelFileError, match=r"tree_.* as something else does"):
        load(path)


@pytest.mark.parametrize(
    "value", [VOCABULARY, MASKED, np.arange(3.0)], ids=["vocabulary", "masked", "array"]
)
def test_what_is_one_object_stays_one(value, path):
    """An object may stand in many places, and is one object in all of them."""
    save(FunctionTransformer(kw_args={"values": [value, value]}), path)
    first, second = load(path).kw_args["values"]
    assert first is second


def test_numbers_may_be_shared(path):
    """Sets may have numbers in common."""
    number = np.int64(3)
    sets = [frozenset([number]), frozenset([number, np.int64(4)])]
    save(FunctionTransformer(kw_args={"values": sets}), path)
    assert load(path).kw_args["values"] == sets
