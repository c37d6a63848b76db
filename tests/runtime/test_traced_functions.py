"""Traced functions, called with arrays."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from skdeep import runtime
from skdeep.networks.convolutional_autoencoder import conv_autoencoder
from skdeep.networks.recurrent import recurrent_classifier
from skdeep.runtime import traced_functions
from skdeep.runtime.feeds import ArrayLayout
from skdeep.runtime.inference import ForwardFunction
from skdeep.runtime.traced_functions import TracedFunction
from skdeep.runtime.weights import arrays_of
from tests.runtime.networks import N_INPUTS, dense_network
from tests.runtime.placed_arrays import placed

VECTOR = tf.TensorSpec((None,), "float32")
ROWS = np.linspace(-1, 1, 24, dtype="float32")


@pytest.fixture(autouse=True, params=[0, 10**6], ids=["often", "seldom"])
def often(request, monkeypatch):
    """Let functions be called as those that are called often, and as others."""
    monkeypatch.setattr(traced_functions, "_OFTEN", request.param)


def traced(function, *signature):
    """Trace a function."""
    return TracedFunction(
        tf.function(function, autograph=False).get_concrete_function(*signature)
    )


def test_structures():
    """Outputs have the structure in which the function returned them."""

    def function(pair, number):
        first, second = pair
        return {"sums": [first + second, first], "number": number}, second

    call = traced(function, (VECTOR, VECTOR), tf.TensorSpec((), "int32"))
    outputs, second = call([ROWS, 2 * ROWS, np.asarray(3, np.int32)])
    np.testing.assert_array_equal(outputs["sums"], [3 * ROWS, ROWS])
    assert outputs["number"] == 3 and outputs["number"].dtype == np.int32
    np.testing.assert_array_equal(second, 2 * ROWS)


def test_what_a_function_captures():
    """Constants and variables from outside are passed on, with their present values."""
    factor, offset = tf.constant(3.0), tf.Variable(1.0)
    call = traced(lambda rows: rows * factor + offset, VECTOR)
    np.testing.assert_array_equal(call([ROWS]), ROWS * 3 + 1)
    offset.assign(2.0)
    np.testing.assert_array_equal(call([ROWS]), ROWS * 3 + 2)


@pytest.mark.parametrize("offset", [0, 4])
def test_arrays_stay_as_they_are(offset):
    """Nothing is computed in place, wherever in memory an array begins."""
    call = traced(lambda rows: tf.exp(tf.nn.relu(-rows)) + 1, VECTOR)
    rows = placed(ROWS, offset)
    rows.flags.writeable = False
    found = call([rows])
    np.testing.assert_array_equal(rows, ROWS)
    # Nor does what was returned change with the arrays afterwards.
    rows.flags.writeable = True
    identity = traced(tf.identity, VECTOR)
    returned = identity([rows])
    rows[:] = 7
    np.testing.assert_array_equal(returned, ROWS)
    np.testing.assert_allclose(found, np.exp(np.maximum(-ROWS, 0)) + 1, rtol=1e-6)


def test_threads():
    """Many threads may call at once."""
    call = traced(lambda rows: tf.reduce_sum(tf.sort(rows) * rows), VECTOR)
    rows = [np.roll(ROWS, n) for n in range(200)]
    expected = [call([row]) for row in rows]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda row: call([row]), rows))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("kind", ["dense", "convolutions", "recurrent"])
def test_the_same_bits_in_every_call(kind, many, monkeypatch):
    """What is called often computes what it computed before."""
    network, layout = {
        "dense": (
            runtime.NetworkSpec(dense_network, units=30, normalised=True),
            ArrayLayout((N_INPUTS,), "float32"),
        ),
        "convolutions": (
            runtime.NetworkSpec(
                conv_autoencoder, image_shape=(12, 10, 3), n_components=7, filters=(9,)
            ),
            ArrayLayout((12, 10, 3), "float32"),
        ),
        "recurrent": (
            runtime.NetworkSpec(
                recurrent_classifier, vocabulary_size=30, n_outputs=3, units=5
            ),
            ArrayLayout((None,), "int32", as_float=False),
        ),
    }[kind]
    forward = ForwardFunction(network, None, layout, "float32")
    weights = arrays_of(forward.variables)
    shape = [20 if length is None else length for length in layout.row_shape]
    generator = np.random.default_rng(0)
    rows = generator.uniform(1, 20, (forward.group * 5, *shape)).astype(layout.dtype)
    rows = rows if many else rows[: forward.group]
    monkeypatch.setattr(traced_functions, "_OFTEN", 2)
    results = [forward._run(weights, rows, many) for _ in range(5)]
    for result in results:
        np.testing.assert_array_equal(result, results[0])
    assert np.ptp(results[0]) > 0


def test_errors_are_tensorflows():
    """An array of another type is an error, not a wrong number."""
    call = traced(lambda rows: rows + 1, VECTOR)
    with pytest.raises(tf.errors.OpError):
        call([ROWS.astype("float64")])
