"""Purity and balance of hash buckets."""

from collections import defaultdict
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.metrics import bit_balance, bit_entropy, bucket_purity, code_entropy


def slow_purity(codes, labels, min_size):
    """Collect buckets in a dictionary and take one minus the Gini impurity."""
    buckets = defaultdict(list)
    for code, label in zip(codes, labels, strict=True):
        buckets[tuple(code)].append(label)
    large = [bucket for bucket in buckets.values() if len(bucket) >= min_size]
    rows = sum(len(bucket) for bucket in large)
    if rows == 0:
        return float("nan"), 0.0, 0
    total = 0.0
    for bucket in large:
        shares = [bucket.count(label) / len(bucket) for label in set(bucket)]
        gini_impurity = 1 - sum(share**2 for share in shares)
        total += len(bucket) * (1 - gini_impurity)
    return total / rows, rows / len(codes), len(large)


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 9_999),
    n_bits=st.sampled_from([1, 3, 64, 70]),
    min_size=st.integers(1, 4),
)
def test_purity_equals_the_slow_one(seed, n_bits, min_size):
    """Purity, coverage and number of buckets follow from a dictionary of buckets."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2, (6, n_bits))[rng.integers(0, 6, 25)]
    labels = rng.integers(0, 3, 25)
    result = bucket_purity(codes, labels, min_size=min_size)
    purity, coverage, n_buckets = slow_purity(codes, labels, min_size)
    assert result.purity == pytest.approx(purity, nan_ok=True)
    assert result.coverage == pytest.approx(coverage)
    assert result.n_buckets == n_buckets


@pytest.mark.parametrize("min_size", [1, 2, 3])
@pytest.mark.parametrize("labels", ["aabbb", "aabca", "aaaaa", "abcde"])
def test_chance_is_the_mean_over_all_shuffles(labels, min_size):
    """The expected purity is exact: it equals the mean over every permutation."""
    codes = [[0], [0], [0], [1], [1]]
    shuffles = [
        slow_purity(codes, shuffled, min_size)[0] for shuffled in permutations(labels)
    ]
    result = bucket_purity(codes, list(labels), min_size=min_size)
    assert result.chance_purity == pytest.approx(np.mean(shuffles))


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 9_999))
def test_purity_does_not_depend_on_what_should_not_matter(seed):
    """Order of rows, flipping a bit everywhere, order of bits, and names of labels."""
    rng = np.random.default_rng(seed)
    codes, labels = rng.integers(0, 2, (30, 3)), rng.integers(0, 3, 30)
    rows, bits = rng.permutation(30), rng.permutation(3)
    changed = (codes ^ rng.integers(0, 2, 3))[rows][:, bits]
    names = np.array(["dog", "ant", "cat"])
    before = bucket_purity(codes, labels)
    after = bucket_purity(changed.astype(bool), names[labels[rows]])
    assert after.purity == pytest.approx(before.purity)
    assert after.adjusted_purity == pytest.approx(before.adjusted_purity)
    assert (after.coverage, after.n_buckets) == (before.coverage, before.n_buckets)


def test_singletons_are_pure_and_worthless():
    """Codes that are all different look perfect only if singletons count."""
    codes = np.array([[i >> b & 1 for b in range(4)] for i in range(16)])
    labels = np.arange(16) % 2
    alone = bucket_purity(codes, labels, min_size=1)
    assert (alone.purity, alone.coverage) == (1.0, 1.0)
    assert (alone.chance_purity, alone.adjusted_purity) == (1.0, 0.0)
    shared = bucket_purity(codes, labels)
    assert np.isnan(shared.purity)
    assert (shared.coverage, shared.n_buckets) == (0.0, 0)


def test_perfect_buckets_are_far_above_chance():
    """One bucket per class has purity one, and adjusted purity one."""
    result = bucket_purity([[0]] * 40 + [[1]] * 40, ["a"] * 40 + ["b"] * 40)
    assert result.purity == result.adjusted_purity == result.coverage == 1
    assert result.chance_purity == pytest.approx(0.5, abs=0.02)
    assert all(type(x) in (float, int) for x in vars(result).values())


def test_one_row_and_one_class():
    """Where shuffling changes nothing the adjusted purity is zero."""
    assert bucket_purity([[1]], [3], min_size=1).adjusted_purity == 0
    assert bucket_purity([[1], [1]], [3, 3]).adjusted_purity == 0


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), n_bits=st.integers(1, 70))
def test_balance_and_entropy_equal_counting(seed, n_bits):
    """Shares of ones, and minus the sum of p log2 p of each bit and of whole codes."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2, (5, n_bits))[rng.integers(0, 5, 12)]
    ones = np.array([sum(int(row[i]) for row in codes) / 12 for i in range(n_bits)])
    np.testing.assert_allclose(bit_balance(codes), ones)
    expected = [-sum(p * np.log2(p) for p in (x, 1 - x) if p > 0) for x in ones]
    np.testing.assert_allclose(bit_entropy(codes), expected, atol=1e-12)
    _, counts = np.unique(codes, axis=0, return_counts=True)
    joint = -sum(c / 12 * np.log2(c / 12) for c in counts)
    assert code_entropy(codes) == pytest.approx(joint, abs=1e-12)
    assert code_entropy(codes) <= bit_entropy(codes).sum() + 1e-9


@pytest.mark.parametrize("bad", [[[0, 2]], [[0.5, 1]], [[-1, 1]]])
@pytest.mark.parametrize("function", [bit_balance, bit_entropy, code_entropy])
def test_codes_must_be_bits(function, bad):
    """Values that are no bits are refused, and the way out is named."""
    with pytest.raises(ValueError, match=r"only zeros and ones.*Threshold"):
        function(bad)


def test_arguments_of_purity_are_checked():
    """Labels must be as many as codes, and buckets hold at least one row."""
    with pytest.raises(ValueError, match="labels has 1 entries for 2 codes"):
        bucket_purity([[0], [1]], [1])
    with pytest.raises(ValueError, match="min_size must be at least 1"):
        bucket_purity([[0], [1]], [1, 2], min_size=0)


def test_labels_of_two_kinds_are_refused():
    """Words and numbers have no order; numbers of several types do."""
    with pytest.raises(ValueError, match=r"labels mixes .*\['int', 'str'\]"):
        bucket_purity([[0], [1]], np.array([1, "a"], dtype=object))
    mixed = np.array([1, 1.0, np.int8(2), True], dtype=object)
    found = bucket_purity([[0], [0], [1], [0]], mixed, min_size=1)
    assert found.purity == 1
    words = np.array(["a", np.str_("a"), "b"], dtype=object)
    assert bucket_purity([[0], [0], [1]], words, min_size=1).purity == 1
