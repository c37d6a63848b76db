"""Specifications are plain values that identify what is compiled."""

import keras
import numpy as np
import pytest

from skdeep.runtime import LossSpec, NetworkSpec, OptimizerSpec
from tests.runtime.networks import dense_network


def scaled(*tensors, **arguments):
    """Return what it was called with."""
    return tensors, arguments


EQUAL = [
    ({"sizes": [3, 4]}, {"sizes": (3, 4)}),
    ({"sizes": np.array([3, 4])}, {"sizes": (3, 4)}),
    ({"sizes": np.array(3)}, {"sizes": 3}),
    ({"sizes": np.int64(3)}, {"sizes": 3}),
    ({"table": {"b": [1], "a": 2}}, {"table": {"a": 2, "b": (1,)}}),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a": np.float32(0.5)}, {"a": 0.5}),
]
DIFFERENT = [
    ({"a": 1}, {"a": 2}),
    ({"a": 1}, {"a": 1.0}),
    ({"a": 1}, {"a": True}),
    ({"a": (1, 2)}, {"a": (1.0, 2)}),
    ({"a": 1}, {"b": 1}),
    ({"a": None}, {}),
]


@pytest.mark.parametrize(("first", "second"), EQUAL)
def test_equal(first, second):
    """Containers of the same content make the same specification."""
    first, second = NetworkSpec(scaled, **first), NetworkSpec(scaled, **second)
    assert first == second
    assert hash(first) == hash(second)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_different(first, second):
    """Values that build another network, or might, make another specification."""
    assert NetworkSpec(scaled, **first) != NetworkSpec(scaled, **second)


def test_function_and_kind_count():
    """Another function is another specification, and a loss is no network."""
    assert NetworkSpec(scaled) != NetworkSpec(dense_network)
    assert NetworkSpec(scaled) != LossSpec(scaled)
    assert NetworkSpec(scaled) != "scaled"


def test_call():
    """Calling passes tensors and arguments on."""
    assert LossSpec(scaled, power=2)(3, 4) == ((3, 4), {"power": 2})


def test_repr():
    """A specification shows how to write it."""
    assert repr(NetworkSpec(scaled, a=[1])) == "NetworkSpec(scaled, a=(1,))"


OPTIMIZERS = [
    keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    keras.optimizers.Adam(0.3, beta_1=0.8, clipnorm=1.0, name="mine"),
    keras.optimizers.AdamW(0.3, weight_decay=0.1),
    keras.optimizers.Muon(exclude_layers=["outputs"]),
    keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_optimizer_round_trip(optimizer):
    """An optimizer is built as it was configured, but for its learning rate."""
    spec = OptimizerSpec.from_optimizer(optimizer)
    assert hash(spec) == hash(OptimizerSpec.from_optimizer(optimizer))
    built, wanted = spec.build().get_config(), optimizer.get_config()
    for config in (built, wanted):
        del config["learning_rate"], config["name"]
    assert list(map(str, built.values())) == [
        str(tuple(v) if isinstance(v, list) else v) for v in wanted.values()
    ]
    assert type(spec.build()) is type(optimizer)


def test_optimizer_rate_and_name_do_not_count():
    """A search over learning rates compiles once."""
    first = OptimizerSpec.from_optimizer(keras.optimizers.Adam(0.1, name="first"))
    second = OptimizerSpec.from_optimizer(keras.optimizers.Adam(0.2))
    other = OptimizerSpec.from_optimizer(keras.optimizers.Adam(0.2, beta_1=0.8))
    assert first == second
    assert first != other
