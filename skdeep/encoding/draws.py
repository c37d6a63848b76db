"""Random numbers that the content of a row decides.

A Monte-Carlo estimate for a row must not depend on which rows stand beside it, nor
on their order; so each row brings its own stream of numbers.
"""

import numpy as np

from skdeep.encoding.rows import row_keys

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def row_uniforms(rows: np.ndarray, n_numbers: int, *, stream: int) -> np.ndarray:
    """Draw uniform numbers for each row, from SplitMix64 [1]_.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, ...)
        Equal rows draw equal numbers.
    n_numbers : int
        How many for each row.
    stream : int
        Different streams are independent.

    Returns
    -------
    numbers : ndarray of shape (n_rows, n_numbers), dtype float64
        In (0, 1).

    References
    ----------
    .. [1] Steele, G. L., Lea, D. & Flood, C. H. (2014). Fast splittable pseudorandom
       number generators. OOPSLA 2014, 453-472. :doi:`10.1145/2660193.2660195`
    """
    first = np.uint64((stream * 0x2545F4914F6CDD1D) % 2**64)
    keys = _mixed(row_keys(rows) ^ first)
    steps = np.arange(1, n_numbers + 1, dtype=np.uint64) * _STEP
    bits = _mixed(keys[:, None] + steps)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def row_normals(rows: np.ndarray, n_numbers: int, *, stream: int) -> np.ndarray:
    """Draw standard normal numbers for each row; see `row_uniforms`."""
    n_pairs = -(-n_numbers // 2)
    uniforms = row_uniforms(rows, 2 * n_pairs, stream=stream)
    # Box and Muller: a point of the plane by its distance and its angle.
    distances = np.sqrt(-2.0 * np.log(uniforms[:, :n_pairs]))
    angles = 2.0 * np.pi * uniforms[:, n_pairs:]
    pairs = [distances * np.cos(angles), distances * np.sin(angles)]
    return np.concatenate(pairs, axis=1)[:, :n_numbers]


def _mixed(bits: np.ndarray) -> np.ndarray:
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))
