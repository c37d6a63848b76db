"""Mean and scale of columns."""

import numpy as np
import pytest

from skdeep.encoding.moments import column_moments


@pytest.mark.parametrize("n_rows", [1, 5, 3000])
def test_against_numpy(n_rows):
    """Without weights, mean and scale are NumPy's."""
    rows = np.random.default_rng(0).normal(3, 2, (n_rows, 4)).astype("f4")
    mean, scale = column_moments(rows)
    double = rows.astype(float)
    np.testing.assert_allclose(mean, double.mean(axis=0), rtol=1e-5)
    expected = double.std(axis=0) if n_rows > 1 else np.ones(4)
    np.testing.assert_allclose(scale, expected, rtol=1e-5)


def test_weights_count_rows():
    """A weight counts a row as often as it says, whatever the sum of the weights."""
    generator = np.random.default_rng(1)
    rows, counts = generator.normal(size=(50, 3)), generator.integers(0, 4, 50)
    repeated = column_moments(np.repeat(rows, counts, axis=0))
    for weights in (counts, counts / 7):
        for found, expected in zip(
            column_moments(rows, weights), repeated, strict=True
        ):
            np.testing.assert_allclose(found, expected)


def test_constant_columns_keep_their_scale():
    """What rounding leaves of a constant is not blown up."""
    rows = np.full((100, 3), [0.0, 0.1, -1e5], dtype="f4")
    mean, scale = column_moments(rows, np.linspace(0.1, 1, 100))
    np.testing.assert_allclose(mean, rows[0])
    np.testing.assert_array_equal(scale, 1)
