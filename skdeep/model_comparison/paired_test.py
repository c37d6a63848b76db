"""The paired t-test that knows that folds of one data set share training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Alternative = Literal["two-sided", "greater", "less"]
ALTERNATIVES: tuple[str, ...] = ("two-sided", "greater", "less")


@dataclass(frozen=True)
class PairedTestResult:
    """Outcome of one corrected paired t-test.

    Attributes
    ----------
    mean_difference : float
        Mean of the differences over the folds, in units of the metric.

    t : float
        The statistic; infinite when all folds agree on one non-zero difference.

    p : float
        The p-value, in [0, 1].

    ci_low, ci_high : float
        Ends of the confidence interval of the mean difference. For a one-sided
        alternative one of them is infinite.
    """

    mean_difference: float
    t: float
    p: float
    ci_low: float
    ci_high: float


def corrected_paired_t_test(
    differences: ArrayLike,
    test_to_train_ratio: float,
    *,
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
) -> PairedTestResult:
    """Test paired differences over folds with Nadeau and Bengio's variance.

    The training sets of a cross-validation overlap, so the differences found in
    its folds are correlated and the usual paired t-test finds far too many
    "significant" differences. The corrected test multiplies the sample variance
    by ``1 / n_folds + n_test / n_train`` in place of ``1 / n_folds`` [1]_. The
    same formula serves repeated cross-validation, with every fold of every
    repetition counted [2]_.

    Parameters
    ----------
    differences : array-like of shape (n_folds,)
        Score of one model minus score of the other, in each fold.

    test_to_train_ratio : float
        Number of test rows divided by the number of training rows.

    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        "greater" asks whether the mean difference lies above zero.

    confidence_level : float, default=0.95
        Coverage of the confidence interval, in (0, 1).

    Returns
    -------
    result : PairedTestResult
        Mean difference, statistic, p-value and confidence interval.

    Raises
    ------
    ValueError
        If there are fewer than two folds, a difference is not finite, or
        `alternative` or `confidence_level` is not one of the allowed values.

    Notes
    -----
    When all differences are equal the variance is zero and the statistic is
    undefined. By definition here, models that agree in every fold have ``t = 0``
    and ``p = 1`` under each alternative; a constant non-zero difference gives the
    limits ``t = ±inf`` and a p-value of 0 (or 1, against a one-sided alternative
    on the other side).

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error",
           Machine Learning 52, 239-281, 2003. :doi:`10.1023/A:1024068626366`
    .. [2] R. R. Bouckaert and E. Frank, "Evaluating the Replicability of
           Significance Tests for Comparing Learning Algorithms", PAKDD 2004.
           :doi:`10.1007/978-3-540-24775-3_3`

    Examples
    --------
    >>> from skdeep.model_comparison.paired_test import corrected_paired_t_test
    >>> result = corrected_paired_t_test([0.02, 0.01, 0.03, 0.02, 0.02], 1 / 4)
    >>> round(result.t, 3)
    4.216
    >>> corrected_paired_t_test([0.0, 0.0, 0.0], 1 / 2).p
    1.0
    """
    values = _check_differences(differences)
    if alternative not in ALTERNATIVES:
        raise ValueError(
            f"alternative must be one of {', '.join(map(repr, ALTERNATIVES))}. "
            f"Got {alternative!r} instead."
        )
    if not 0 < confidence_level < 1:
        raise ValueError(
            "confidence_level must lie strictly between 0 and 1. "
            f"Got {confidence_level!r} instead."
        )
    mean = float(values.mean())
    deviation = float(values.std(ddof=1))
    # Equal scores leave differences of a few units in the last place; a t of
    # 1e15 made of rounding errors must not pass for evidence.
    noise = 8 * np.finfo(np.float64).eps * max(1.0, float(np.abs(values).max()))
    if deviation <= noise:
        return _test_without_spread(0.0 if abs(mean) <= noise else mean, alternative)
    n_folds = len(values)
    standard_error = deviation * np.sqrt(1 / n_folds + test_to_train_ratio)
    student = stats.t(df=n_folds - 1)
    t = mean / standard_error
    p, lower_quantile, upper_quantile = {
        "two-sided": (
            2 * student.sf(abs(t)),
            (1 - confidence_level) / 2,
            (1 + confidence_level) / 2,
        ),
        "greater": (student.sf(t), 1 - confidence_level, 1.0),
        "less": (student.cdf(t), 0.0, confidence_level),
    }[alternative]
    return PairedTestResult(
        mean_difference=mean,
        t=float(t),
        p=float(p),
        ci_low=float(mean + student.ppf(lower_quantile) * standard_error),
        ci_high=float(mean + student.ppf(upper_quantile) * standard_error),
    )


def _check_differences(differences: ArrayLike) -> NDArray[np.float64]:
    """Return the differences as a 1-D float array of at least two finite values."""
    values = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            "A paired test needs one difference for each of at least 2 folds. "
            f"Got an array of shape {values.shape}. Compare the models with more folds."
        )
    if not np.isfinite(values).all():
        raise ValueError(
            f"The differences must be finite numbers. Got {values.tolist()}. Leave out "
            "models that could not be scored in every fold."
        )
    return values


def _test_without_spread(mean: float, alternative: str) -> PairedTestResult:
    """Return the defined outcome for differences that are all equal to `mean`."""
    if mean == 0.0:
        return PairedTestResult(0.0, 0.0, 1.0, 0.0, 0.0)
    supported = {
        "two-sided": True,
        "greater": mean > 0,
        "less": mean < 0,
    }[alternative]
    return PairedTestResult(
        mean_difference=mean,
        t=float(np.copysign(np.inf, mean)),
        p=0.0 if supported else 1.0,
        ci_low=-np.inf if alternative == "less" else mean,
        ci_high=np.inf if alternative == "greater" else mean,
    )


def holm_adjusted(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for the number of tests by Holm's step-down procedure.

    Parameters
    ----------
    p_values : array-like of shape (n_tests,)
        P-values in [0, 1]; NaN marks a test that could not be made and is not
        counted.

    Returns
    -------
    adjusted : ndarray of shape (n_tests,)
        Adjusted p-values in the same order: rejecting those below 0.05 keeps the
        chance of any false rejection below 5 %.

    References
    ----------
    .. [1] S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure",
           Scandinavian Journal of Statistics 6(2), 65-70, 1979.
           https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> from skdeep.model_comparison.paired_test import holm_adjusted
    >>> holm_adjusted([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    ascending = tested[np.argsort(p[tested], kind="stable")]
    n_hypotheses_left = np.arange(len(ascending), 0, -1)
    adjusted[ascending] = np.minimum(
        1.0, np.maximum.accumulate(n_hypotheses_left * p[ascending])
    )
    return adjusted
