"""Every parameter of every estimator, set to what it cannot be."""

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.utils._param_validation import make_constraint

import skdeep
from tests.bad_input.outcomes import check_message, check_refused, refused
from tests.common.checks import fresh
from tests.common.instances import INSTANCES, UNTRAINED, sample_for

CLASSES = {
    name: estimator
    for name, estimator in {**INSTANCES, **UNTRAINED}.items()
    if "[" not in name
} | {"HammingNeighbors": skdeep.HammingNeighbors()}


class Stranger:
    """An object that is no parameter of anything."""

    def __repr__(self):
        return "a stranger"


values = st.one_of(
    st.builds(Stranger),
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 0),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(["", "nonsense", "\x00", "\ud800", b"adam"]),
    st.lists(
        st.one_of(st.none(), st.floats(), st.text(max_size=3), st.integers(-9, 9)),
        max_size=4,
    ),
    st.tuples(st.integers(-9, 9), st.text(max_size=3)),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sets(st.integers(), max_size=2),
    st.sampled_from(
        [np.array(3), np.array(["a"]), np.zeros((2, 2)), np.float32("nan")]
    ),
)


def is_allowed(estimator, name, value):
    """Tell whether a value is among those that the table of a class lists."""
    constraints = type(estimator)._parameter_constraints[name]
    if constraints == "no_validation":
        return True
    return any(make_constraint(entry).is_satisfied_by(value) for entry in constraints)


def fit(estimator, **parameters):
    """Fit on samples that suit it."""
    if isinstance(estimator, skdeep.HammingNeighbors):
        return estimator.set_params(**parameters).fit(np.eye(5))
    sample = sample_for(estimator)
    return fresh(estimator, **parameters).fit(sample.X[:20], sample.y[:20])


@pytest.mark.parametrize("name", CLASSES)
@settings(max_examples=4, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_constraints_exclude(name, data):
    """A value outside of the constraints is refused by name before training."""
    estimator = CLASSES[name]
    for parameter in sorted(type(estimator)._parameter_constraints):
        value = data.draw(values, label=parameter)
        if is_allowed(estimator, parameter, value):
            continue
        if not isinstance(estimator, skdeep.HammingNeighbors):
            wrong = fresh(estimator).set_params(**{parameter: value})
        else:
            wrong = skdeep.HammingNeighbors(**{parameter: value})
        with pytest.raises(ValueError) as caught:
            sample = sample_for(estimator) if "Hamming" not in name else None
            wrong.fit(*((sample.X, sample.y) if sample else (np.eye(5),)))
        check_message(caught.value, (f"'{parameter}' parameter", type(wrong).__name__))


AUTOENCODER = "ConvAutoencoderTransformer"
# What scikit-learn's constraints cannot say, or would have to know Keras for.
FURTHER = [
    (AUTOENCODER, {"filters": ()}, refused("filters")),
    (AUTOENCODER, {"filters": (4, 0)}, refused("filters", "at least 1")),
    (AUTOENCODER, {"filters": (2.5,)}, refused("filters", "integers")),
    (AUTOENCODER, {"filters": (2**70,)}, refused("filters", "integers")),
    (AUTOENCODER, {"filters": {4}}, refused("filters", "a sequence")),
    (AUTOENCODER, {"filters": "44"}, refused("filters", "a sequence")),
    (AUTOENCODER, {"filters": np.array(4)}, refused("filters", "a sequence")),
    (
        AUTOENCODER,
        {"kernel_size": 2**70},
        refused("kernel_size=11805916"),
    ),
    (AUTOENCODER, {"activation": "nonsense"}, refused("activation", "'relu'")),
    (AUTOENCODER, {"activation": ""}, refused("activation", "'relu'")),
    (AUTOENCODER, {"image_shape": (8,)}, refused("image_shape", "2 or 3")),
    (AUTOENCODER, {"image_shape": ("8", "8")}, refused("image_shape", "integers")),
    (
        AUTOENCODER,
        {"image_shape": (4, 4)},
        refused("image_shape=(4, 4, 1)"),
    ),
    (AUTOENCODER, {"optimizer": "nonsense"}, refused("optimizer='nonsense'", "'adam'")),
    (AUTOENCODER, {"optimizer": dict}, refused("optimizer", "'adam'")),
    (AUTOENCODER, {"optimizer": keras.layers.Dense}, refused("optimizer", "'adam'")),
    (AUTOENCODER, {"optimizer__momentum": "a"}, refused("optimizer", "momentum")),
    (AUTOENCODER, {"optimizer__nonsense": 1}, refused("optimizer", "nonsense")),
    (AUTOENCODER, {"callbacks": [1]}, refused("callbacks=[1]", "keras.callbacks")),
    (AUTOENCODER, {"callbacks": int}, refused("callbacks", "keras.callbacks")),
    (AUTOENCODER, {"callbacks": {"a": "b"}}, refused("callbacks", "keras.callbacks")),
    (AUTOENCODER, {"fit__epochs": -1}, refused("fit__epochs", "at least 0", "-1")),
    (AUTOENCODER, {"fit__epochs": "3"}, refused("fit__epochs", "integer", "'3'")),
    (AUTOENCODER, {"fit__batch_size": 0}, refused("fit__batch_size", "at least 1")),
    (AUTOENCODER, {"fit__nonsense": 1}, refused("fit__nonsense", "fit__epochs")),
    (AUTOENCODER, {"learning_rate": np.inf}, refused("learning_rate")),
    (
        "DenoisingAutoencoderTransformer",
        {"hidden_layer_sizes": (0,)},
        refused("hidden"),
    ),
    ("StackedAutoencoderTransformer", {"code_activation": "a"}, refused("code_activ")),
    ("RNNClassifier", {"analyzer": len}, refused("analyzer", "list of str")),
    ("RNNClassifier", {"analyzer": list, "max_features": 0}, refused("max_features")),
    ("RNNClassifier", {"class_weight": {"eggs": 2}}, refused("class_weight", "eggs")),
    ("RNNClassifier", {"class_weight": {"spam": -1}}, refused("class_weight", "-1")),
    ("RNNClassifier", {"class_weight": {"spam": "a"}}, refused("class_weight", "'a'")),
    (
        "RNNClassifier",
        {"class_weight": {"spam": np.nan}},
        refused("class_weight", "nan"),
    ),
    ("RNNClassifier", {"class_weight": {"spam": 0, "ham": 0}}, refused("class_weight")),
    ("CharCNNClassifier", {"ngram_range": (3, 1)}, refused("ngram_range", "(3, 1)")),
    ("CharCNNClassifier", {"ngram_range": (1,)}, refused("ngram_range", "2 integers")),
    ("CharCNNClassifier", {"kernel_sizes": (2.5,)}, refused("kernel_sizes")),
    ("DeepCNNClassifier", {"augmentation": ("nonsense",)}, refused("augmentation")),
    ("BackboneTransformer", {"input_size": (0, 8)}, refused("input_size", "(0, 8)")),
    ("BackboneTransformer", {"backbone": "nonsense"}, refused("backbone", "nonsense")),
    ("HammingNeighbors", {"n_bits": 3}, refused("uint64", error=TypeError)),
]


@pytest.mark.parametrize("name, parameters, expected", FURTHER)
def test_what_constraints_cannot_say(name, parameters, expected):
    """A value that only Keras or the data could refuse is refused in our words."""
    check_refused(expected, lambda: fit(CLASSES[name], **parameters))


@pytest.mark.parametrize("name", CLASSES)
def test_unknown_parameters(name):
    """A parameter that there is not is refused by name, with those that there are."""
    with pytest.raises((TypeError, ValueError), match="nonsense"):
        type(CLASSES[name])(nonsense=1)
    with pytest.raises(ValueError, match="nonsense"):
        CLASSES[name].set_params(nonsense=1)
