import threading
import time

import keras
import numpy as np
import pytest

from skdeep.networks.convolutional_autoencoder import conv_autoencoder
from skdeep.networks.recurrent import recurrent_classifier
from skdeep.runtime import NetworkSpec, dtype_policy
from skdeep.runtime.shapes import (
    library_versions,
    no_larger_variables,
    weight_shapes,
)

SMALL = NetworkSpec(conv_autoencoder, image_shape=(8, 8, 1), n_components=3)
TEXTS = {"vocabulary_size": 10, "n_outputs": 1}


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("spec", [SMALL, NetworkSpec(recurrent_classifier, **TEXTS)])
def test_shapes_are_those_of_the_network(spec, precision):
    """Shapes and types are those of the network when it is built."""
    with dtype_policy(precision):
        model = spec()
    wanted = [(tuple(v.shape), v.dtype) for v in model.weights]
    assert weight_shapes(spec, precision, n_expected=len(wanted)) == wanted


def test_nothing_is_allocated():
    """A network of terabytes is described in a moment."""
    start = time.process_time()
    spec = NetworkSpec(recurrent_classifier, **TEXTS | {"units": 1_000_000})
    shapes = weight_shapes(spec, n_expected=9)
    assert sum(np.prod(shape, dtype=object) for shape, _ in shapes) > 10**12
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "sizes",
    [
        {"n_layers": 10**9},
        {"n_layers": 100_000, "bidirectional": True},
    ],
)
def test_work_is_bounded(sizes):
    """Building that does not come to an end is stopped, and says so."""
    spec = NetworkSpec(recurrent_classifier, **TEXTS | sizes)
    start = time.process_time()
    with pytest.raises(ValueError, match="more steps than one of 6 arrays"):
        weight_shapes(spec, n_expected=6)
    assert time.process_time() - start < 5


def test_errors_of_the_network_are_passed_on():
    """Sizes that are none are refused as when building."""
    spec = NetworkSpec(conv_autoencoder, image_shape=(8, 8), n_components=3)
    with pytest.raises(ValueError, match="has 2 entries"):
        weight_shapes(spec, n_expected=8)


def test_nothing_is_left_behind():
    """Neither threads nor the caller's policy or variables are touched."""
    policy, threads = keras.config.dtype_policy(), threading.active_count()
    weight_shapes(SMALL, "float64", n_expected=8)
    assert keras.config.dtype_policy() == policy
    assert threading.active_count() == threads
    # At the end of a scope Keras fills the variables that it has heard of.
    with keras.StatelessScope():
        pass
    assert keras.layers.Dense(1).dtype_policy == policy


def test_versions():
    """The versions of the two libraries are known."""
    assert library_versions()["keras"] == keras.__version__
    assert set(library_versions()) == {"keras", "tensorflow"}


def test_no_larger_variables():
    """Variables of more numbers are refused before memory is asked for."""
    inputs = keras.Input((10**9,))
    with (
        no_larger_variables(100),
        pytest.raises(ValueError, match=r"of shape \(1000000000, 1000\)"),
    ):
        keras.layers.Dense(1000)(inputs)
    with no_larger_variables(100):
        layer = keras.layers.Dense(25)
        layer.build((None, 4))
        assert keras.optimizers.Adam().variables
    assert np.ptp(layer.get_weights()[0]) > 0
    # Outside of it, sizes are nobody's business.
    keras.layers.Dense(25).build((None, 5))
