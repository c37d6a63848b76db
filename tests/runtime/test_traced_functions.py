"""Traced functions, called with arrays."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from skdeep.runtime.traced_functions import TracedFunction
from tests.runtime.placed_arrays import placed

VECTOR = tf.TensorSpec((None,), "float32")
ROWS = np.linspace(-1, 1, 24, dtype="float32")


@pytest.fixture(params=[True, False], ids=["operation", "function"])
def traced(request):
    """Return what traces a function, to be called in either way."""

    def trace(function, *signature):
        traced = tf.function(function, autograph=False)
        return TracedFunction(
            traced.get_concrete_function(*signature), as_operation=request.param
        )

    return trace


def test_structures(traced):
    """Outputs have the structure in which the function returned them."""

    def function(pair, number):
        first, second = pair
        return {"sums": [first + second, first], "number": number}, second

    call = traced(function, (VECTOR, VECTOR), tf.TensorSpec((), "int32"))
    outputs, second = call([ROWS, 2 * ROWS, np.asarray(3, np.int32)])
    np.testing.assert_array_equal(outputs["sums"], [3 * ROWS, ROWS])
    assert outputs["number"] == 3 and outputs["number"].dtype == np.int32
    np.testing.assert_array_equal(second, 2 * ROWS)


def test_what_a_function_captures(traced):
    """Constants and variables from outside are passed on, with their present values."""
    factor, offset = tf.constant(3.0), tf.Variable(1.0)
    call = traced(lambda rows: rows * factor + offset, VECTOR)
    np.testing.assert_array_equal(call([ROWS]), ROWS * 3 + 1)
    offset.assign(2.0)
    np.testing.assert_array_equal(call([ROWS]), ROWS * 3 + 2)


@pytest.mark.parametrize("offset", [0, 4])
def test_arrays_stay_as_they_are(traced, offset):
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


def test_threads(traced):
    """Many threads may call at once."""
    call = traced(lambda rows: tf.reduce_sum(tf.sort(rows) * rows), VECTOR)
    rows = [np.roll(ROWS, n) for n in range(200)]
    expected = [call([row]) for row in rows]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda row: call([row]), rows))
    np.testing.assert_array_equal(found, expected)


def test_errors_are_tensorflows(traced):
    """An array of another type is an error, not a wrong number."""
    call = traced(lambda rows: rows + 1, VECTOR)
    with pytest.raises(tf.errors.OpError):
        call([ROWS.astype("float64")])
