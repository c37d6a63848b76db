"""What training holds in memory."""

import keras
import pytest

from skdeep.runtime.specification import NetworkSpec, OptimizerSpec
from skdeep.runtime.training_memory import network_for_training, optimizer_bytes


def dense(size):
    """Return a network of one dense layer."""
    image = keras.Input((3,))
    return keras.Model(image, keras.layers.Dense(size)(image))


@pytest.mark.parametrize(
    ("optimizer", "n_arrays"),
    [
        (keras.optimizers.SGD(), 0),
        (keras.optimizers.SGD(momentum=0.9), 1),
        (keras.optimizers.Adam(), 2),
        (keras.optimizers.Adam(amsgrad=True, use_ema=True), 4),
    ],
    ids=["plain", "momentum", "adam", "amsgrad"],
)
def test_state_of_the_optimizer(optimizer, n_arrays):
    """So many arrays of the size of the weights, the step and the learning rate."""
    found = optimizer_bytes(OptimizerSpec.from_optimizer(optimizer), dense(2))
    assert found - n_arrays * (3 * 2 + 2) * 4 == 12


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float64", "auto"])
def test_numbers_of_the_training(precision):
    """The policy is that of the parameter, and the caller's stays."""
    before = keras.config.dtype_policy()
    model = network_for_training(NetworkSpec(dense, size=2), precision)
    wanted = "float32" if precision == "auto" else precision
    assert model.compute_dtype == wanted
    assert keras.config.dtype_policy() is before


def test_auto_takes_bfloat16_where_it_pays(monkeypatch):
    """A large network, on a processor that has it."""
    module = "skdeep.runtime.precision"
    monkeypatch.setattr(f"{module}.has_native_bfloat16", lambda: True)
    monkeypatch.setattr(f"{module}._ENOUGH_MULTIPLY_ADDS", 0)
    model = network_for_training(NetworkSpec(dense, size=2), "auto")
    assert model.compute_dtype == "bfloat16"
