import pytest

from skdeep import ConvAutoencoderTransformer
from skdeep.persistence import load, schema
from skdeep.persistence.missing_parameters import add_missing_parameters
from tests.common.model_files import file_of, members_of, node_named

NAME = "ConvAutoencoderTransformer"


def remove(members, *names):
    """Take parameters out of a file, as if they had not existed when it was written."""
    state = node_named(members, NAME)["content"]
    for name in names:
        place = list(state["content"]).index(name)
        del state["content"][name], state["key_types"]["content"][place]


def test_defaults_are_filled_in(contents, models, tmp_path):
    """A file of before a parameter existed loads with the parameter's default."""
    names = ("interpolation", "tol", "callbacks", "warm_start", "verbose")
    members = members_of(contents["autoencoder"])
    remove(members, *names)
    path = tmp_path / "model"
    path.write_bytes(file_of(members))
    other, (model, X) = load(path), models["autoencoder"]
    assert other.get_params() == model.get_params()
    assert (other.transform(X) == model.transform(X)).all()


def test_tuples_are_defaults_too(contents):
    """A default that is a tuple is described as one."""
    members = members_of(contents["autoencoder"])
    remove(members, "filters")
    root = members[schema.NAME]
    assert add_missing_parameters(root)
    node = node_named(members, NAME)["content"]["content"]["filters"]
    assert [item["content"] for item in node["content"]] == [
        str(size) for size in ConvAutoencoderTransformer().filters
    ]
    assert not add_missing_parameters(root)


@pytest.mark.parametrize(
    "content",
    [
        None,
        3,
        {},
        {"content": 3},
        {"content": {}},
        {"content": {}, "key_types": {"content": None}},
        {"content": {}, "key_types": {}},
    ],
)
def test_what_is_no_estimator_is_left_alone(content):
    """Nodes that are not as they should be are left to the checks."""
    names = {"__module__": "skdeep", "__class__": NAME, "__loader__": "ObjectNode"}
    inside = {"__module__": "builtins", "__class__": "dict", "__loader__": "DictNode"}
    inner = inside | content if isinstance(content, dict) else content
    root = names | {"content": inner}
    try:
        assert not add_missing_parameters(root)
    except schema.ModelFileError:
        pass


@pytest.mark.parametrize("number", [[], {}, "1"])
def test_numbers_that_are_none(contents, number):
    """Nor is an estimator described whose number is no number."""
    members = members_of(contents["autoencoder"])
    remove(members, "tol")
    node_named(members, NAME)["__id__"] = number
    assert not add_missing_parameters(members[schema.NAME])
