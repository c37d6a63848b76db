"""The corrected paired t-test and Holm's adjustment, against slower references."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from skdeep.model_comparison.paired_test import (
    corrected_paired_t_test,
    holm_adjusted,
)

DIFFERENCES = st.lists(
    st.floats(-1, 1).map(lambda value: round(value, 6)), min_size=2, max_size=30
)
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def student_density(t, degrees):
    """Return the density of Student's t distribution, from its definition."""
    gamma = math.gamma((degrees + 1) / 2) / math.gamma(degrees / 2)
    return (
        gamma
        / math.sqrt(degrees * math.pi)
        * (1 + t**2 / degrees) ** (-(degrees + 1) / 2)
    )


def slow_corrected_test(differences, n_test, n_train):
    """Return t and the two-sided p, sum by sum, with the tail area by quadrature."""
    n_folds = len(differences)
    mean = sum(differences) / n_folds
    variance = sum((d - mean) ** 2 for d in differences) / (n_folds - 1)
    t = mean / math.sqrt((1 / n_folds + n_test / n_train) * variance)
    inner, _ = quad(student_density, 0, abs(t), args=(n_folds - 1,))
    return t, 1 - 2 * inner


def slow_holm(p_values):
    """Return adjusted p-values: the smallest level at which each test rejects."""
    adjusted = []
    for p in p_values:
        candidates = []
        for other in p_values:
            if other <= p:
                still_open = sum(each >= other for each in p_values)
                candidates.append(min(1.0, other * still_open))
        adjusted.append(max(candidates))
    return adjusted


def test_agrees_with_numbers_worked_out_by_hand():
    """Mean .02, variance .00005, factor 1/5 + 1/4: t is .02 / sqrt(.0000225)."""
    result = corrected_paired_t_test([0.02, 0.01, 0.03, 0.02, 0.02], 1 / 4)
    assert result.mean_difference == pytest.approx(0.02)
    assert result.t == pytest.approx(0.02 / math.sqrt(0.45 * 0.00005))
    # The 97.5 % quantile of t with 4 degrees of freedom, from printed tables.
    half_width = 2.776445 * math.sqrt(0.45 * 0.00005)
    assert result.ci_low == pytest.approx(0.02 - half_width, abs=1e-8)
    assert result.ci_high == pytest.approx(0.02 + half_width, abs=1e-8)


def test_p_value_has_a_closed_form_for_three_folds():
    """With 2 degrees of freedom the tail area is (1 - t / sqrt(t² + 2)) / 2."""
    result = corrected_paired_t_test([0.1, 0.2, 0.0], 0.5)
    assert result.t == pytest.approx(0.1 / math.sqrt((1 / 3 + 0.5) * 0.01))
    assert result.p == pytest.approx(1 - result.t / math.sqrt(result.t**2 + 2))


@settings(deadline=None)
@given(DIFFERENCES, st.integers(1, 50), st.integers(50, 500))
def test_agrees_with_a_slow_reference(differences, n_test, n_train):
    """Statistic and p-value are those of the formula, written out term by term."""
    if np.std(differences) < 1e-5:
        return
    t, p = slow_corrected_test(differences, n_test, n_train)
    result = corrected_paired_t_test(differences, n_test / n_train)
    assert result.t == pytest.approx(t, rel=1e-6, abs=1e-9)
    assert result.p == pytest.approx(p, abs=1e-6)


def test_without_test_rows_it_is_the_usual_paired_test():
    """A ratio of zero takes the correction away."""
    differences = [0.3, -0.1, 0.2, 0.25]
    usual = stats.ttest_1samp(differences, 0)
    result = corrected_paired_t_test(differences, 0)
    assert (result.t, result.p) == pytest.approx((usual.statistic, usual.pvalue))


@settings(deadline=None)
@given(DIFFERENCES)
def test_one_sided_p_values_are_halves_of_the_two_sided_one(differences):
    """They add up to one, and the smaller is half the two-sided value."""
    if np.std(differences) < 1e-5:
        return
    both, greater, less = (
        corrected_paired_t_test(differences, 0.25, alternative=alternative)
        for alternative in ("two-sided", "greater", "less")
    )
    assert greater.p + less.p == pytest.approx(1)
    assert 2 * min(greater.p, less.p) == pytest.approx(both.p)
    assert greater.ci_high == np.inf
    assert less.ci_low == -np.inf
    assert both.ci_low <= greater.ci_low <= less.ci_high <= both.ci_high


@settings(deadline=None)
@given(DIFFERENCES)
def test_the_interval_leaves_out_zero_exactly_when_p_is_small(differences):
    """Test and interval are two views of the same statistic."""
    if np.std(differences) < 1e-5:
        return
    result = corrected_paired_t_test(differences, 0.25)
    if abs(result.p - 0.05) > 1e-9:
        assert (result.p < 0.05) == (not result.ci_low <= 0 <= result.ci_high)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_equal_scores_give_p_one(alternative):
    """Models that agree in every fold differ in nothing, whatever is asked."""
    result = corrected_paired_t_test([0.0] * 5, 0.25, alternative=alternative)
    assert (result.mean_difference, result.t, result.p) == (0, 0, 1)
    assert (result.ci_low, result.ci_high) == (0, 0)


def test_rounding_errors_are_no_evidence():
    """Differences of one unit in the last place count as equal scores."""
    differences = [1e-16, -1e-16, 2e-16, 1e-16]
    assert corrected_paired_t_test(differences, 0.25).p == 1


@pytest.mark.parametrize(
    ("alternative", "p", "interval"),
    [
        ("two-sided", 0, (0.125, 0.125)),
        ("greater", 0, (0.125, np.inf)),
        ("less", 1, (-np.inf, 0.125)),
    ],
)
def test_a_constant_difference_has_the_limits_as_result(alternative, p, interval):
    """No spread around a difference of 1/8: the statistic is infinite, not NaN."""
    result = corrected_paired_t_test([0.125] * 3, 0.25, alternative=alternative)
    assert result.t == np.inf
    assert result.p == p
    assert (result.ci_low, result.ci_high) == interval


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1], 0.25), "at least 2 folds"),
        (([0.1, np.nan], 0.25), "finite"),
        (([[0.1, 0.2]], 0.25), r"shape \(1, 2\)"),
    ],
)
def test_refuses_differences_it_cannot_test(arguments, message):
    """One fold, a missing score or a matrix are named in the message."""
    with pytest.raises(ValueError, match=message):
        corrected_paired_t_test(*arguments)


def test_refuses_unknown_options():
    """The message repeats what was given."""
    with pytest.raises(ValueError, match="'bigger'"):
        corrected_paired_t_test([0.1, 0.2], 0.25, alternative="bigger")
    with pytest.raises(ValueError, match="95"):
        corrected_paired_t_test([0.1, 0.2], 0.25, confidence_level=95)


def test_holm_agrees_with_numbers_worked_out_by_hand():
    """Of .01, .02, .03 and .2 the adjusted values are .04, .06, .06 and .2."""
    adjusted = holm_adjusted([0.03, 0.01, 0.2, 0.02])
    np.testing.assert_allclose(adjusted, [0.06, 0.04, 0.2, 0.06])


@settings(deadline=None)
@given(P_VALUES)
def test_holm_agrees_with_a_slow_reference(p_values):
    """Each adjusted value is the largest of the smaller tests' own levels."""
    np.testing.assert_allclose(holm_adjusted(p_values), slow_holm(p_values))


def test_holm_does_not_count_tests_that_were_not_made():
    """NaN stays NaN and leaves the others as if it were not there."""
    np.testing.assert_array_equal(
        holm_adjusted([np.nan, 0.01, 0.04]), [np.nan, 0.02, 0.04]
    )
