"""Average precision with ties, against all orders of the tied items."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from skdeep.metrics import expected_average_precision


def plain_average_precision(relevance, top_k, denominator):
    """Walk down one ranking and add up precisions."""
    ranks = relevance if top_k is None else relevance[:top_k]
    hits, total = 0, 0.0
    for rank, relevant in enumerate(ranks, start=1):
        if relevant:
            hits += 1
            total += hits / rank
    below = hits
    if denominator == "possible":
        below = min(sum(relevance), len(ranks))
    return total / below if below else 0.0


def slow_expected_average_precision(sizes, relevant, top_k, denominator):
    """Average over all orders of every group of ties."""
    orders = [
        list(permutations([1] * r + [0] * (n - r)))
        for n, r in zip(sizes, relevant, strict=True)
    ]
    values = [
        plain_average_precision(
            [x for group in ranking for x in group], top_k, denominator
        )
        for ranking in product(*orders)
    ]
    return np.mean(values)


groups = st.lists(
    st.integers(0, 4).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    min_size=1,
    max_size=3,
).filter(lambda pairs: 0 < sum(n for n, _ in pairs) <= 8)


@settings(deadline=None, max_examples=80)
@given(
    pairs=groups,
    top_k=st.one_of(st.none(), st.integers(1, 9)),
    denominator=st.sampled_from(["retrieved", "possible"]),
)
def test_closed_form_equals_the_mean_over_all_orders(pairs, top_k, denominator):
    """Whole and cut groups of ties give the mean over every permutation."""
    sizes, relevant = zip(*pairs, strict=True)
    expected = slow_expected_average_precision(sizes, relevant, top_k, denominator)
    found = expected_average_precision(
        [sizes], [relevant], top_k=top_k, denominator=denominator
    )
    np.testing.assert_allclose(found, [expected], atol=1e-12)


@pytest.mark.parametrize("denominator", ["retrieved", "possible"])
@pytest.mark.parametrize("top_k", [None, 5, 60, 150, 10_000])
def test_closed_form_equals_random_orders(top_k, denominator):
    """Larger groups agree with the mean over many random orders."""
    sizes, relevant = [3, 40, 0, 100, 57], [2, 11, 0, 40, 0]
    rng = np.random.default_rng(0)
    pieces = [
        np.repeat([1, 0], [r, n - r]) for n, r in zip(sizes, relevant, strict=True)
    ]
    values = [
        plain_average_precision(
            np.concatenate([rng.permutation(piece) for piece in pieces]).tolist(),
            top_k,
            denominator,
        )
        for _ in range(3_000)
    ]
    found = expected_average_precision(
        [sizes], [relevant], top_k=top_k, denominator=denominator
    )[0]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(found - np.mean(values)) < 4 * error


@settings(deadline=None, max_examples=50)
@given(
    relevance=st.lists(st.integers(0, 1), min_size=1, max_size=60).filter(any),
)
def test_without_ties_it_is_the_usual_figure(relevance):
    """Groups of one item give scikit-learn's average precision."""
    found = expected_average_precision([[1] * len(relevance)], [relevance])[0]
    scores = -np.arange(len(relevance))
    assert found == pytest.approx(average_precision_score(relevance, scores))


@settings(deadline=None, max_examples=50)
@given(data=st.data(), n_groups=st.integers(1, 6))
def test_top_k_of_everything_is_everything(data, n_groups):
    """A cut behind the last item changes nothing, for either denominator."""
    sizes = data.draw(
        st.lists(st.integers(1, 900), min_size=n_groups, max_size=n_groups)
    )
    relevant = [data.draw(st.integers(0, size)) for size in sizes]
    whole = expected_average_precision([sizes], [relevant])
    for denominator in ["retrieved", "possible"]:
        for top_k in [sum(sizes), sum(sizes) + 5]:
            cut = expected_average_precision(
                [sizes], [relevant], top_k=top_k, denominator=denominator
            )
            np.testing.assert_allclose(cut, whole, rtol=1e-8, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), top_k=st.one_of(st.none(), st.integers(1, 50)))
def test_figures_lie_between_zero_and_one(seed, top_k):
    """All figures are shares, and perfect rankings reach one."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 30, (5, 4))
    relevant = rng.integers(0, sizes + 1)
    for denominator in ["retrieved", "possible"]:
        found = expected_average_precision(
            sizes, relevant, top_k=top_k, denominator=denominator
        )
        assert (found >= 0).all()
        assert (found <= 1 + 1e-12).all()
        perfect = expected_average_precision(
            sizes, sizes * [1, 1, 0, 0], top_k=top_k, denominator=denominator
        )
        np.testing.assert_allclose(perfect, 1)


def test_many_queries_are_cut_in_blocks(monkeypatch):
    """The blocks in which chances are computed do not show."""
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 40, (50, 5))
    relevant = rng.integers(0, sizes + 1)
    whole = expected_average_precision(sizes, relevant, top_k=33)
    monkeypatch.setattr("skdeep.metrics.average_precision._CELLS_AT_ONCE", 100)
    parts = expected_average_precision(sizes, relevant, top_k=33)
    np.testing.assert_allclose(parts, whole, rtol=1e-12)


def test_whole_numbers_may_be_floats():
    """Counts are read by their value."""
    found = expected_average_precision([[2.0, 3.0]], [[1.0, 2.0]], top_k=3)
    np.testing.assert_array_equal(
        found, expected_average_precision([[2, 3]], [[1, 2]], top_k=3)
    )
    assert expected_average_precision(np.empty((0, 2)), np.empty((0, 2))).shape == (0,)


def test_huge_groups_stay_exact():
    """Sums of hundreds of thousands of terms agree with adding them up."""
    before, size, relevant = 60_000, 300_000, 1_000
    places = np.arange(size)
    direct = (
        relevant
        / size
        * ((relevant - 1) / (size - 1) * places + 1)
        / (before + places + 1)
    ).sum()
    found = expected_average_precision([[before, size]], [[0, relevant]])[0]
    assert found == pytest.approx(direct / relevant, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[2]], [[3]], {}), "between 0 and group_sizes"),
        (([[2]], [[-1]], {}), "between 0 and group_sizes"),
        (([[2.5]], [[1.5]], {}), "whole numbers"),
        (([[2.5]], [[1]], {"top_k": 1}), "whole numbers"),
        (([[]], [[]], {"top_k": 1}), "at least one group"),
        (([2], [1], {}), "same shape"),
        (([[2, 3]], [[1]], {}), "same shape"),
        (([[2]], [[1]], {"top_k": 0}), "top_k must be at least 1"),
        (([[2]], [[1]], {"denominator": "all"}), "denominator must be"),
    ],
)
def test_arguments_are_checked(arguments, message):
    """Counts that cannot be are refused."""
    sizes, relevant, keywords = arguments
    with pytest.raises(ValueError, match=message):
        expected_average_precision(sizes, relevant, **keywords)
