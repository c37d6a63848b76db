"""Search by Faiss, where it is installed."""

import importlib.util

import numpy as np
import pytest

from skdeep.hashing import HammingNeighbors, faiss_search

needs_faiss = pytest.mark.skipif(
    importlib.util.find_spec("faiss") is None, reason="faiss-cpu is not installed"
)


@needs_faiss
@pytest.mark.parametrize("n_bits", [1, 7, 30, 64, 100])
def test_faiss_agrees_with_brute_force(n_bits):
    """Distances and indices are the same, also among ties."""
    rng = np.random.default_rng(n_bits)
    codes = rng.integers(0, 2, (400, n_bits))
    queries = rng.integers(0, 2, (20, n_bits))
    theirs = HammingNeighbors(7, 3, "faiss").fit(codes)
    ours = HammingNeighbors(7, 3, "brute").fit(codes)
    for left, right in zip(
        theirs.kneighbors(queries), ours.kneighbors(queries), strict=True
    ):
        np.testing.assert_array_equal(left, right)
    for left, right in zip(
        theirs.radius_neighbors(queries), ours.radius_neighbors(queries), strict=True
    ):
        for near, expected in zip(left, right, strict=True):
            np.testing.assert_array_equal(near, expected)


def test_missing_faiss_is_named(monkeypatch):
    """Without Faiss the error says what to install."""

    def fail(name):
        raise ImportError(name)

    monkeypatch.setattr(faiss_search, "import_module", fail)
    with pytest.raises(ImportError, match="pip install faiss-cpu"):
        HammingNeighbors(algorithm="faiss").fit(np.zeros((3, 4)))
    fitted = HammingNeighbors().fit(np.zeros((3, 4)))
    before = dict(vars(fitted))
    with pytest.raises(ImportError, match="pip install faiss-cpu"):
        fitted.set_params(algorithm="faiss").fit(np.ones((5, 6)))
    # The previous fit is as it was.
    assert vars(fitted.set_params(algorithm="auto")) == before
