"""The estimator: exactness, order, parameters, errors."""

import os
import pickle
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from sklearn.base import clone
from sklearn.cluster import DBSCAN
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdeep.hashing import (
    HammingNeighbors,
    brute_force,
    multi_index,
    pack_bits,
    search,
    table_search,
)

ALGORITHMS = ["brute", "multi_index"]


def slow_distances(A, B):
    """Count differing bits one pair at a time."""
    return np.array(
        [[sum(a != b for a, b in zip(x, y, strict=True)) for y in B] for x in A]
    )


def slow_neighbors(queries, codes, n_neighbors):
    """Order all codes by distance, then index, and take the first ones."""
    distances = slow_distances(queries, codes)
    order = np.argsort(distances, axis=1, kind="stable")[:, :n_neighbors]
    return np.take_along_axis(distances, order, axis=1), order


def random_codes(seed, n_codes, n_bits, n_centers):
    """Draw codes around few centers: with near, equal and far pairs."""
    rng = np.random.default_rng(seed)
    centers = rng.integers(0, 2, (n_centers, n_bits))
    flips = rng.random((n_codes, n_bits)) < rng.choice([0.0, 0.05, 0.5])
    return (centers[rng.integers(0, n_centers, n_codes)] ^ flips).astype(np.uint8)


def fast_tables():
    """Let tables search small data, which they would leave to brute force."""
    return mock.patch.object(multi_index, "_COST_OF_A_LOOKUP", 1e-6)


@pytest.fixture(params=ALGORITHMS)
def algorithm(request):
    """Run with each algorithm."""
    with fast_tables():
        yield request.param


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    n_codes=st.integers(1, 40),
    n_bits=st.integers(1, 130),
    n_centers=st.integers(1, 4),
    data=st.data(),
)
def test_kneighbors_equals_the_slow_search(seed, n_codes, n_bits, n_centers, data):
    """All algorithms give the distances and indices of a sorted full comparison."""
    codes = random_codes(seed, n_codes, n_bits, n_centers)
    queries = np.concatenate([codes[:3], 1 - codes[:1]])
    k = data.draw(st.integers(1, n_codes))
    expected = slow_neighbors(queries, codes, k)
    with fast_tables():
        for name in ALGORITHMS:
            neighbors = HammingNeighbors(n_neighbors=k, algorithm=name).fit(codes)
            distances, indices = neighbors.kneighbors(queries)
            assert distances.dtype == indices.dtype == np.int64
            np.testing.assert_array_equal(distances, expected[0])
            np.testing.assert_array_equal(indices, expected[1])


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    n_codes=st.integers(1, 40),
    n_bits=st.integers(1, 130),
    n_centers=st.integers(1, 4),
    radius=st.integers(0, 140),
)
def test_radius_neighbors_equals_the_slow_search(
    seed, n_codes, n_bits, n_centers, radius
):
    """All algorithms find exactly the codes within the radius."""
    codes = random_codes(seed, n_codes, n_bits, n_centers)
    queries = np.concatenate([codes[:3], 1 - codes[:1]])
    expected = slow_distances(queries, codes)
    with fast_tables():
        for name in ALGORITHMS:
            neighbors = HammingNeighbors(radius=radius, algorithm=name).fit(codes)
            distances, indices = neighbors.radius_neighbors(queries)
            for row, found in enumerate(indices):
                assert found.dtype == distances[row].dtype == np.int64
                within = np.flatnonzero(expected[row] <= radius)
                np.testing.assert_array_equal(found, within)
                np.testing.assert_array_equal(distances[row], expected[row][within])


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), n_bits=st.integers(1, 130))
def test_distances_equal_those_of_scikit_learn(seed, n_bits):
    """scikit-learn's brute force finds the same distances, as shares of the bits."""
    codes = random_codes(seed, 30, n_bits, 3)
    queries = random_codes(seed + 1, 5, n_bits, 3)
    peer = NearestNeighbors(n_neighbors=7, metric="hamming", algorithm="brute")
    expected = peer.fit(codes.astype(float)).kneighbors(queries.astype(float))[0]
    with fast_tables():
        for name in ALGORITHMS:
            neighbors = HammingNeighbors(n_neighbors=7, algorithm=name).fit(codes)
            distances = neighbors.kneighbors(queries)[0]
            np.testing.assert_allclose(distances / n_bits, expected, atol=1e-12)


@pytest.mark.parametrize("n_bits", [16, 30, 64, 100, 300])
def test_larger_searches_agree(n_bits, algorithm):
    """Many blocks, buckets and portions do not change the result."""
    codes = random_codes(n_bits, 9_000, n_bits, 50)
    queries = random_codes(n_bits, 9_040, n_bits, 50)[-40:]
    distances = np.count_nonzero(queries[:, np.newaxis] != codes, axis=2)
    order = np.argsort(distances, axis=1, kind="stable")[:, :20]
    neighbors = HammingNeighbors(n_neighbors=20, algorithm=algorithm).fit(codes)
    found = neighbors.kneighbors(queries)
    np.testing.assert_array_equal(found[1], order)
    np.testing.assert_array_equal(
        found[0], np.take_along_axis(distances, order, axis=1)
    )
    near = neighbors.radius_neighbors(queries, radius=n_bits // 5)[1]
    for row, indices in enumerate(near):
        np.testing.assert_array_equal(
            indices, np.flatnonzero(distances[row] <= n_bits // 5)
        )


@pytest.mark.parametrize("limit", [1, 10, 500])
def test_portions_do_not_show(monkeypatch, limit):
    """The search comes in portions that bound its memory, and change nothing."""
    codes, queries = random_codes(3, 400, 14, 20), random_codes(4, 60, 14, 20)
    expected = HammingNeighbors(algorithm="brute").fit(codes)
    neighbors = HammingNeighbors(algorithm="multi_index").fit(codes)
    monkeypatch.setattr(multi_index, "_COST_OF_A_LOOKUP", 1e-6)
    monkeypatch.setattr(multi_index, "_PILOT_QUERIES", 7)
    monkeypatch.setattr(multi_index, "_QUERIES_AT_ONCE", 20)
    monkeypatch.setattr(table_search, "_BUCKETS_AT_ONCE", limit)
    monkeypatch.setattr(table_search, "_CANDIDATES_AT_ONCE", limit)
    for ours, theirs in zip(
        neighbors.kneighbors(queries), expected.kneighbors(queries), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    ours = neighbors.radius_neighbors_graph(queries, mode="distance")
    theirs = expected.radius_neighbors_graph(queries, mode="distance")
    np.testing.assert_array_equal(ours.indptr, theirs.indptr)
    np.testing.assert_array_equal(ours.indices, theirs.indices)
    np.testing.assert_array_equal(ours.data, theirs.data)


def test_tables_give_up_where_they_do_not_pay(monkeypatch):
    """Queries too dear for the tables are answered by brute force, exactly."""
    codes = random_codes(0, 3_000, 40, 300)
    queries = random_codes(1, 200, 40, 300)
    expected = HammingNeighbors(algorithm="brute").fit(codes)
    neighbors = HammingNeighbors(algorithm="multi_index").fit(codes)
    for cost in [1e-6, 1, 3, 10, 30, 100, 10_000]:
        monkeypatch.setattr(multi_index, "_COST_OF_A_LOOKUP", cost)
        for ours, theirs in zip(
            neighbors.kneighbors(queries), expected.kneighbors(queries), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
        for ours, theirs in zip(
            neighbors.radius_neighbors(queries, 4)[1],
            expected.radius_neighbors(queries, 4)[1],
            strict=True,
        ):
            np.testing.assert_array_equal(ours, theirs)


def test_many_equal_codes_are_ordered_by_index(algorithm):
    """Among equal distances the smallest indices win."""
    codes = np.zeros((50, 9), dtype=int)
    codes[[3, 10]] = 1
    neighbors = HammingNeighbors(n_neighbors=4, algorithm=algorithm).fit(codes)
    distances, indices = neighbors.kneighbors(np.zeros((1, 9)))
    np.testing.assert_array_equal(distances, [[0, 0, 0, 0]])
    np.testing.assert_array_equal(indices, [[0, 1, 2, 4]])


@pytest.mark.parametrize("n_centers", [1, 20])
def test_without_queries_a_code_is_not_its_own_neighbor(algorithm, n_centers):
    """X=None searches for all fitted codes, leaving each out of its own result."""
    codes = random_codes(4, 40, 12, n_centers)
    neighbors = HammingNeighbors(n_neighbors=3, algorithm=algorithm).fit(codes)
    distances = slow_distances(codes, codes)
    np.fill_diagonal(distances, 99)
    order = np.argsort(distances, axis=1, kind="stable")[:, :3]
    found = neighbors.kneighbors()
    np.testing.assert_array_equal(found[1], order)
    np.testing.assert_array_equal(
        found[0], np.take_along_axis(distances, order, axis=1)
    )
    for row, indices in enumerate(neighbors.radius_neighbors(radius=3)[1]):
        np.testing.assert_array_equal(indices, np.flatnonzero(distances[row] <= 3))


def test_radius_results_may_be_empty(algorithm):
    """A query with nothing near gets empty arrays of integers."""
    neighbors = HammingNeighbors(radius=1, algorithm=algorithm).fit(np.zeros((4, 8)))
    queries = np.array([[1] * 8, [0] * 8, [1] * 8])
    distances, indices = neighbors.radius_neighbors(queries)
    assert [len(found) for found in indices] == [0, 4, 0]
    assert distances[0].dtype == indices[0].dtype == np.int64


def test_no_queries_give_no_rows(algorithm):
    """A search for nothing is an error of validation, as in scikit-learn."""
    neighbors = HammingNeighbors(algorithm=algorithm).fit(np.zeros((9, 8)))
    with pytest.raises(ValueError, match="0 sample"):
        neighbors.kneighbors(np.empty((0, 8)))


def test_radius_results_are_sorted_on_request(algorithm):
    """Sorted results ascend in distance, then index; unsorted ones in index."""
    codes = [[1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]]
    neighbors = HammingNeighbors(radius=2, algorithm=algorithm).fit(codes)
    distances, indices = neighbors.radius_neighbors([[0, 0, 0]], sort_results=True)
    np.testing.assert_array_equal(distances[0], [0, 0, 1, 1, 2])
    np.testing.assert_array_equal(indices[0], [1, 4, 2, 3, 0])
    indices = neighbors.radius_neighbors([[0, 0, 0]], return_distance=False)
    np.testing.assert_array_equal(indices[0], [0, 1, 2, 3, 4])
    with pytest.raises(ValueError, match="needs return_distance=True"):
        neighbors.radius_neighbors(
            [[0, 0, 0]], return_distance=False, sort_results=True
        )


@pytest.mark.parametrize("n_bits", [5, 64, 70])
def test_packed_codes_give_the_same_result(n_bits, algorithm):
    """n_bits tells that codes come packed."""
    codes = random_codes(2, 60, n_bits, 4)
    bits = HammingNeighbors(algorithm=algorithm).fit(codes)
    packed = HammingNeighbors(algorithm=algorithm, n_bits=n_bits).fit(pack_bits(codes))
    assert bits.n_bits_ == packed.n_bits_ == n_bits
    assert packed.n_features_in_ == -(-n_bits // 64)
    for ours, theirs in zip(
        packed.kneighbors(pack_bits(codes[:9])), bits.kneighbors(codes[:9]), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("n_bits", [40, 70])
def test_packed_codes_are_copied(n_bits, algorithm, tmp_path):
    """What becomes of the caller's array, or of its file, changes no result."""
    packed = pack_bits(random_codes(2, 60, n_bits, 4))
    np.save(tmp_path / "codes.npy", packed)
    stored = np.load(tmp_path / "codes.npy", mmap_mode="r")
    from_file = HammingNeighbors(algorithm=algorithm, n_bits=n_bits).fit(stored)
    assert type(from_file.codes_) is np.ndarray
    assert not np.shares_memory(from_file.codes_, stored)
    neighbors = HammingNeighbors(algorithm=algorithm, n_bits=n_bits).fit(packed)
    queries, before = packed[:9].copy(), neighbors.kneighbors(packed[:9])
    packed[:] = 0
    for ours, theirs in zip(neighbors.kneighbors(queries), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_packed_codes_are_not_taken_for_bits():
    """Packed words without n_bits are refused, bits with n_bits too."""
    codes = random_codes(2, 10, 40, 4)
    with pytest.raises(ValueError, match="with n_bits"):
        HammingNeighbors().fit(pack_bits(codes))
    with pytest.raises(TypeError, match="uint64"):
        HammingNeighbors(n_bits=40).fit(codes)
    fitted = HammingNeighbors(n_bits=40).fit(pack_bits(codes))
    with pytest.raises(ValueError, match="need shape"):
        fitted.kneighbors(pack_bits(np.ones((1, 70))))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, np.uint64])
def test_bits_of_every_type_are_read_alike(dtype):
    """Zeros and ones mean the same in every type."""
    codes = random_codes(5, 20, 11, 5)
    expected = HammingNeighbors().fit(codes).kneighbors(codes)[1]
    found = HammingNeighbors().fit(codes.astype(dtype)).kneighbors(codes.astype(dtype))
    np.testing.assert_array_equal(found[1], expected)


def test_real_numbers_are_compared_with_the_threshold():
    """A bit is set where the value exceeds the threshold."""
    X = np.random.default_rng(0).normal(size=(30, 12))
    signs = HammingNeighbors(threshold=0.0).fit(X).kneighbors(X)
    bits = HammingNeighbors().fit(X > 0).kneighbors(X > 0)
    for ours, theirs in zip(signs, bits, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_threads_do_not_change_the_result(algorithm):
    """Any number of threads gives the same arrays."""
    codes = random_codes(6, 300, 30, 10)
    one = HammingNeighbors(algorithm=algorithm).fit(codes)
    for n_jobs in [2, -1]:
        more = HammingNeighbors(algorithm=algorithm, n_jobs=n_jobs).fit(codes)
        for ours, theirs in zip(more.kneighbors(), one.kneighbors(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        ours, theirs = more.radius_neighbors()[1], one.radius_neighbors()[1]
        for left, right in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(left, right)


def test_graphs_hold_the_neighbors(algorithm):
    """Graphs have an edge for every neighbor, also at distance zero."""
    codes = random_codes(7, 30, 8, 3)
    neighbors = HammingNeighbors(3, 2, algorithm).fit(codes)
    distances, indices = neighbors.kneighbors(codes[:5])
    graph = neighbors.kneighbors_graph(codes[:5], mode="distance")
    assert graph.shape == (5, 30)
    np.testing.assert_array_equal(graph.indices.reshape(5, 3), indices)
    np.testing.assert_array_equal(graph.data.reshape(5, 3), distances)
    assert (neighbors.kneighbors_graph(codes[:5]).data == 1).all()
    graph = neighbors.radius_neighbors_graph(mode="distance")
    full = slow_distances(codes, codes)
    np.fill_diagonal(full, 99)
    np.testing.assert_array_equal(graph.toarray(), np.where(full <= 2, full, 0))
    assert graph.nnz == np.count_nonzero(full <= 2)
    with pytest.raises(ValueError, match="mode must be"):
        neighbors.kneighbors_graph(mode="length")


def test_graph_serves_clustering():
    """scikit-learn clusters by a precomputed sparse graph of Hamming distances."""
    codes = np.repeat([[0] * 12, [1] * 12], 10, axis=0)
    neighbors = HammingNeighbors(radius=2).fit(codes)
    graph = neighbors.radius_neighbors_graph(mode="distance", sort_results=True)
    labels = DBSCAN(eps=2, metric="precomputed").fit_predict(graph)
    np.testing.assert_array_equal(labels, [0] * 10 + [1] * 10)


def test_algorithm_is_chosen_by_size(monkeypatch):
    """Auto takes tables for many codes that are not too long."""
    monkeypatch.setattr(search, "_MIN_CODES_FOR_TABLES", 100)
    codes = np.zeros((100, 20))
    assert HammingNeighbors().fit(codes[:99]).algorithm_ == "brute"
    assert HammingNeighbors().fit(codes[:99]).tables_ == []
    assert HammingNeighbors().fit(codes).algorithm_ == "multi_index"
    assert HammingNeighbors().fit(np.zeros((100, 200))).algorithm_ == "brute"
    assert HammingNeighbors(algorithm="brute").fit(codes).algorithm_ == "brute"


def test_fitted_state_is_plain_data_and_survives_pickling(algorithm):
    """A fitted estimator holds arrays and numbers, and pickles to the same searcher."""
    codes = random_codes(8, 50, 70, 5)
    neighbors = HammingNeighbors(algorithm=algorithm).fit(codes)
    for table in neighbors.tables_:
        assert all(isinstance(part, np.ndarray | int) for part in table.values())
    copy = pickle.loads(pickle.dumps(neighbors))
    np.testing.assert_array_equal(copy.kneighbors()[1], neighbors.kneighbors()[1])
    assert not hasattr(clone(neighbors), "codes_")


def test_number_of_neighbors_is_checked():
    """More neighbors than codes, none, or half a neighbor are refused."""
    neighbors = HammingNeighbors(n_neighbors=3).fit(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="between 1 and 2"):
        neighbors.kneighbors()
    with pytest.raises(ValueError, match="n_samples_fit = 3"):
        neighbors.kneighbors(np.zeros((1, 4)), n_neighbors=4)
    with pytest.raises(ValueError, match="n_neighbors = 0"):
        neighbors.kneighbors(n_neighbors=0)
    with pytest.raises(TypeError, match="must be an integer"):
        neighbors.kneighbors(n_neighbors=1.5)


@pytest.mark.parametrize("radius", [-1, "2", float("nan")])
def test_radius_is_checked(radius):
    """A radius must be a number of bits."""
    neighbors = HammingNeighbors().fit(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="at least 0"):
        neighbors.radius_neighbors(radius=radius)


def test_radius_counts_whole_bits():
    """Fractions of a bit are below the next distance, infinity is everything."""
    neighbors = HammingNeighbors().fit([[0, 0, 0], [0, 0, 1], [1, 1, 1]])
    assert len(neighbors.radius_neighbors([[0, 0, 0]], 1.9)[1][0]) == 2
    assert len(neighbors.radius_neighbors([[0, 0, 0]], np.inf)[1][0]) == 3


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_neighbors": 0},
        {"radius": -1},
        {"algorithm": "kd_tree"},
        {"n_bits": 0},
        {"n_jobs": 0},
        {"threshold": None},
    ],
)
def test_parameters_are_checked(parameters):
    """Values outside the documented ranges are refused by fit."""
    with pytest.raises(ValueError, match=next(iter(parameters))):
        HammingNeighbors(**parameters).fit(np.zeros((3, 4)))


@pytest.mark.parametrize("method", ["kneighbors", "radius_neighbors"])
def test_searching_needs_fitting(method):
    """Before fit there is nothing to search."""
    with pytest.raises(NotFittedError):
        getattr(HammingNeighbors(), method)([[0, 1]])


@parametrize_with_checks(
    [HammingNeighbors(), HammingNeighbors(algorithm="multi_index")]
)
def test_scikit_learn_checks_pass(estimator, check):
    """Every check of scikit-learn passes; none is skipped or expected to fail."""
    check(estimator)


@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"])
def test_threads_in_any_context_of_joblib(backend):
    """Queries go to threads, also where others of joblib's jobs go to processes."""
    bits = np.random.default_rng(0).integers(0, 2, size=(1100, 12))
    neighbors = HammingNeighbors(3).fit(bits)
    alone = neighbors.kneighbors(bits, return_distance=False)
    processes = set()

    def noted(*arguments):
        processes.add(os.getpid())
        return nearest_codes(*arguments)

    nearest_codes = brute_force.nearest_codes
    with (
        parallel_config(backend, n_jobs=2),
        mock.patch.object(brute_force, "nearest_codes", noted),
    ):
        together = neighbors.kneighbors(bits, return_distance=False)
    np.testing.assert_array_equal(alone, together)
    assert processes == {os.getpid()}
