"""Scorers for model selection among hashing transformers."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from skdeep.metrics.buckets import bucket_purity
from skdeep.metrics.retrieval import leave_one_out_mean_average_precision


def hashing_map_scorer(estimator: Any, X: Any, y: ArrayLike | None = None) -> float:
    """Score a hashing transformer by retrieval among the rows scored.

    Each row of `X` ranks all other rows of `X` by Hamming distance; rows of the same
    label are relevant. So in cross-validation both queries and database are the
    held-out fold, and nothing that the transformer was fitted on. The figure is that
    of :func:`leave_one_out_mean_average_precision`, over whole rankings.

    It depends on the size of the fold only weakly, but on the shares of the classes:
    compare figures of the same folds.

    Parameters
    ----------
    estimator : object
        A fitted transformer, or a pipeline that ends in one, whose `transform` returns
        zeros and ones.

    X : array-like of shape (n_samples, ...)
        Rows to hash.

    y : array-like of shape (n_samples,)
        Class labels. Needed also for transformers that are fitted without.

    Returns
    -------
    score : float
        Mean average precision in [0, 1]; higher is better.

    Raises
    ------
    ValueError
        If `y` is missing, there are fewer than two rows, or the transformer returns
        anything but zeros and ones.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.preprocessing import Binarizer
    >>> from skdeep.metrics import hashing_map_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> grid = {"threshold": [1.0, 2.0, 20.0]}
    >>> search = GridSearchCV(Binarizer(), grid, scoring=hashing_map_scorer)
    >>> search.fit(X, y).best_params_
    {'threshold': 2.0}
    """
    return leave_one_out_mean_average_precision(estimator.transform(X), _need(y))


def hashing_purity_scorer(estimator: Any, X: Any, y: ArrayLike | None = None) -> float:
    """Score a hashing transformer by the purity of its buckets, above chance.

    The figure is the `adjusted_purity` of :func:`bucket_purity` over all buckets of
    the rows of `X`, those of a single row included: 1 if rows share a bucket exactly
    with rows of their label, 0 in the mean if labels have nothing to do with buckets,
    and also if every row has a bucket of its own, or all share one.

    Parameters
    ----------
    estimator : object
        A fitted transformer, or a pipeline that ends in one, whose `transform` returns
        zeros and ones.

    X : array-like of shape (n_samples, ...)
        Rows to hash.

    y : array-like of shape (n_samples,)
        Class labels. Needed also for transformers that are fitted without.

    Returns
    -------
    score : float
        At most 1; higher is better.

    Raises
    ------
    ValueError
        If `y` is missing, or the transformer returns anything but zeros and ones.

    Examples
    --------
    >>> from sklearn.preprocessing import Binarizer
    >>> from skdeep.metrics import hashing_purity_scorer
    >>> X, y = [[1.0], [2.0], [8.0], [9.0]], ["a", "a", "b", "b"]
    >>> hashing_purity_scorer(Binarizer(threshold=5.0).fit(X), X, y)
    1.0
    """
    return bucket_purity(estimator.transform(X), _need(y), min_size=1).adjusted_purity


def _need(y: ArrayLike | None) -> ArrayLike:
    if y is None:
        raise ValueError(
            "y is missing: retrieval is judged by class labels. Pass them to the "
            "search as y, also for a transformer that is fitted without labels."
        )
    return y
