"""Random numbers that the content of a row decides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from skdeep.encoding.draws import row_normals, row_uniforms
from skdeep.encoding.rows import row_keys

WORD = 2**64


def mixed(bits):
    """Mix the bits of a Python integer as SplitMix64 does."""
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB % WORD
    return bits ^ (bits >> 31)


def slow_uniforms(rows, n_numbers, stream):
    """Draw number by number, in Python's own integers."""
    drawn = []
    for key in row_keys(rows).tolist():
        state = mixed(key ^ (stream * 0x2545F4914F6CDD1D % WORD))
        for _ in range(n_numbers):
            state = (state + 0x9E3779B97F4A7C15) % WORD
            drawn.append(((mixed(state) >> 11) + 0.5) / 2**53)
    return np.reshape(drawn, (len(rows), n_numbers))


@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(1, 5),
    n_numbers=st.integers(1, 7),
    stream=st.integers(0, 1000),
    uint8=st.booleans(),
)
def test_numbers_equal_a_slow_reference(seed, n_rows, n_numbers, stream, uint8):
    """The sequence is that of SplitMix64, started at the key of the row."""
    rows = np.random.default_rng(seed).normal(scale=50, size=(n_rows, 2, 3))
    rows = rows.astype(np.uint8 if uint8 else np.float32)
    np.testing.assert_array_equal(
        row_uniforms(rows, n_numbers, stream=stream),
        slow_uniforms(rows, n_numbers, stream),
    )


@given(st.permutations(range(6)))
def test_numbers_belong_to_the_row(order):
    """Neither the order nor the other rows have an influence."""
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    numbers = row_uniforms(rows, 4, stream=0)
    np.testing.assert_array_equal(
        row_uniforms(rows[order], 4, stream=0), numbers[order]
    )
    np.testing.assert_array_equal(row_uniforms(rows[2:3], 4, stream=0), numbers[2:3])


def test_more_numbers_begin_with_the_same():
    """A longer draw goes on where a shorter one stops."""
    rows = np.arange(4, dtype=np.float32)[:, None]
    few, many = (row_uniforms(rows, n, stream=0) for n in (3, 8))
    np.testing.assert_array_equal(many[:, :3], few)


def test_equal_rows_draw_equal_numbers():
    """Zero and minus zero are the same number, too."""
    rows = np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 2.0]], np.float32)
    numbers = row_normals(rows, 5, stream=0)
    np.testing.assert_array_equal(numbers[0], numbers[1])
    assert np.all(numbers[0] != numbers[2])


@pytest.mark.parametrize("stream", [0, 1, 7])
def test_numbers_look_independent(stream):
    """Uniform, and uncorrelated between rows, numbers and streams."""
    rows = np.arange(3000, dtype=np.float32)[:, None]
    numbers = row_uniforms(rows, 40, stream=stream)
    assert 0 < numbers.min() and numbers.max() < 1
    assert kstest(numbers.ravel(), "uniform").pvalue > 1e-3
    centred = numbers - 0.5
    others = [
        np.roll(centred, 1, axis=0),
        np.roll(centred, 1, axis=1),
        row_uniforms(rows, 40, stream=stream + 1) - 0.5,
    ]
    for other in others:
        assert abs((centred * other).mean() * 12) < 5 / np.sqrt(centred.size)


def test_normal_numbers_are_independent_standard_normal_and_finite():
    """An odd number of them, too, since they are made in pairs."""
    rows = np.arange(3000, dtype=np.float32)[:, None]
    numbers = row_normals(rows, 9, stream=0)
    assert numbers.shape == (3000, 9)
    assert np.isfinite(numbers).all()
    assert kstest(numbers.ravel(), "norm").pvalue > 1e-3
    correlations = np.corrcoef(numbers.T) - np.eye(9)
    assert np.abs(correlations).max() < 5 / np.sqrt(len(rows))
    np.testing.assert_array_equal(numbers[7:8], row_normals(rows[7:8], 9, stream=0))
