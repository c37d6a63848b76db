"""Whether probabilities are frequencies: reliability of out-of-fold predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from skdeep.model_comparison.comparison import Comparison

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """Probabilities of one classifier, and how often they came true.

    Attributes
    ----------
    predicted : ndarray of shape (n_bins,)
        Mean probability in each bin, ascending.

    observed : ndarray of shape (n_bins,)
        Share of the bin's rows for which it came true.

    low, high : ndarray of shape (n_bins,)
        Ends of Wilson's interval of that share, of 95 % coverage. Where folds tested
        a row several times, these count as one.

    count : ndarray of shape (n_bins,)
        Number of rows in each bin, once for each time that they were tested.

    error : float
        Expected calibration error: mean distance between `predicted` and `observed`,
        weighted by `count`.
    """

    predicted: Array
    observed: Array
    low: Array
    high: Array
    count: NDArray[np.int64]
    error: float


def reliability(
    comparison: Comparison, name: str, *, n_bins: int = 10
) -> Reliability | None:
    """Compare out-of-fold probabilities with what happened.

    Of two classes the probability is that of the second, of more classes that of the
    predicted one, or, where a frozen classifier predicted what is none of the classes
    of the comparison, that of the most probable of these. The rows are put in order of
    their probability and divided into bins of equal size; equal probabilities stay
    together.

    Parameters
    ----------
    comparison : Comparison
        The comparison.

    name : str
        A classifier of it.

    n_bins : int, default=10
        Greatest number of bins.

    Returns
    -------
    reliability : Reliability or None
        None if the classifier has no `predict_proba`, or was never fitted.

    References
    ----------
    .. [1] A. Niculescu-Mizil and R. Caruana, "Predicting Good Probabilities with
           Supervised Learning", ICML 2005. :doi:`10.1145/1102351.1102430`
    """
    if comparison.response_methods[name] != "predict_proba":
        return None
    tested = [
        (test, *_probability_and_outcome(response, comparison.y[test], comparison))
        for (_, test), response in zip(
            comparison.folds, comparison.fold_responses[name], strict=True
        )
        if response is not None
    ]
    if not tested:
        return None
    rows, probability, outcome = (
        np.concatenate(part) for part in zip(*tested, strict=True)
    )
    return _binned(probability, outcome, n_bins, len(rows) / len(np.unique(rows)))


def _probability_and_outcome(
    response: Array, y: NDArray[np.generic], comparison: Comparison
) -> tuple[Array, Array]:
    """Return a probability of each row, and 1 where it came true."""
    classes = comparison.classes
    if response.ndim == 1:
        return response, (y == classes[1]).astype(np.float64)
    chosen = response.argmax(axis=1)
    return response.max(axis=1), (classes[chosen] == y).astype(np.float64)


def _binned(
    probability: Array, outcome: Array, n_bins: int, n_tests: float
) -> Reliability:
    """Return the bins of rows that were tested so many times each."""
    inner_edges = np.quantile(probability, np.linspace(0, 1, n_bins + 1)[1:-1])
    place = np.searchsorted(inner_edges, probability)
    count = np.bincount(place)
    # Between quantiles that are equal, because many rows share one, nothing lies.
    used = count > 0
    count = count[used]
    predicted = np.bincount(place, probability)[used] / count
    observed = np.bincount(place, outcome)[used] / count
    # A row that is tested again is no other row, and says little that is new.
    low, high = _wilson(observed, count / n_tests)
    error = float(np.average(np.abs(predicted - observed), weights=count))
    return Reliability(predicted, observed, low, high, count, error)


def _wilson(share: Array, count: Array) -> tuple[Array, Array]:
    """Return the ends of Wilson's interval of shares, of 95 % coverage."""
    z = norm.ppf(0.975)
    scale = 1 + z**2 / count
    centre = (share + z**2 / (2 * count)) / scale
    half = z / scale * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    # Exactly 0 and 1 at the ends, where rounding leaves them just outside.
    return np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)
