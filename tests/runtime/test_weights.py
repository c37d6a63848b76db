"""Variables are set and read as Keras does it, and only by what belongs to them."""

import keras
import numpy as np
import pytest

from skdeep.runtime.weights import arrays_of, assign
from tests.runtime.placed_arrays import placed


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int32", "bool"])
@pytest.mark.parametrize("shape", [(), (0, 2), (3, 2)])
def test_what_goes_in_comes_out(dtype, shape):
    """Values are converted to the type of the variable, as Keras does."""
    values = np.random.default_rng(0).integers(0, 2, shape)
    ours, theirs = (
        keras.Variable(np.zeros(shape), dtype=dtype, trainable=False) for _ in range(2)
    )
    assign([ours], [values])
    theirs.assign(values)
    [found] = arrays_of([ours])
    assert found.dtype == theirs.numpy().dtype and found.shape == shape
    np.testing.assert_array_equal(found, theirs.numpy())


@pytest.mark.parametrize("offset", [0, 4])
def test_arrays_are_copies(offset):
    """What was read stays as it is, and so does what was set."""
    variable = keras.Variable(np.zeros(3))
    values = placed(np.ones(3, np.float32), offset)
    assign([variable], [values])
    [before] = arrays_of([variable])
    values[0] = 5
    variable.assign(np.full(3, 7))
    np.testing.assert_array_equal(before, np.ones(3))
    before[1] = 9
    np.testing.assert_array_equal(variable.numpy(), np.full(3, 7))
    assign([variable], [values])
    values[1] = 4
    np.testing.assert_array_equal(variable.numpy(), [5, 1, 1])
    variable.assign_add(np.ones(3))
    np.testing.assert_array_equal(values, [5, 4, 1])


@pytest.mark.parametrize("shape", [(2,), (1, 3), ()])
def test_shapes_are_checked(shape):
    """An array of another shape is refused, and nothing is changed."""
    variable = keras.Variable(np.zeros(3))
    with pytest.raises(ValueError, match=r"has shape \(3,\), but is to be set to"):
        assign([variable], [np.ones(shape)])
    np.testing.assert_array_equal(variable.numpy(), np.zeros(3))


def test_numbers_are_checked():
    """There is an array for each variable."""
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        assign([keras.Variable(0.0)], [])
