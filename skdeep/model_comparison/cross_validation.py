"""Cross-validate several classifiers on the very same folds."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from copy import copy
from itertools import product
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.utils import (
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
    indexable,
)
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.parallel import Parallel, delayed

from skdeep.datasets.lazy_rows import in_any_order
from skdeep.encoding.numbers import refuse_masked, understood
from skdeep.model_comparison.comparison import Comparison
from skdeep.model_comparison.fold import FoldOutcome, evaluate_fold
from skdeep.model_comparison.folds import Fold, materialise_folds, resolve_splitter
from skdeep.model_comparison.metadata import route_metadata, routing_enabled
from skdeep.model_comparison.naming import named_classifiers
from skdeep.model_comparison.provenance import Provenance, record_provenance
from skdeep.model_comparison.scoring import check_metric_names, resolve_scorers

Cell = tuple[str, int]


def compare_classifiers(
    estimators: Any,
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    cv: Any = None,
    scoring: Any = None,
    n_jobs: int | None = None,
    params: Mapping[str, Any] | None = None,
    error_score: Any = "raise",
    verbose: int = 0,
) -> Comparison:
    """Compare classifiers by cross-validation on the very same folds.

    The folds are drawn once. Every classifier is cloned and fitted once per fold,
    and both its scores and its out-of-fold predictions come from that one fit, on
    rows it has not seen. Because the folds are shared, the scores can be compared
    fold by fold, with :meth:`Comparison.paired_test`.

    Parameters
    ----------
    estimators : mapping of str to classifier, or list
        The classifiers, in the order of the tables. A list holds classifiers, named
        after their classes as :func:`sklearn.pipeline.make_pipeline` does, or pairs
        ``(name, classifier)``. They are cloned, never modified.

    X : sequence of n_samples rows
        Whatever the classifiers accept: an array, images, a sparse matrix, a list of
        str, a pandas or polars Series or DataFrame. Of an array in a file that is too
        large for memory, classifiers get `skdeep.datasets.LazyRows`.

    y : array-like of shape (n_samples,)
        Labels of two or more classes. Of two classes the second in sorted order is
        the positive one. Rows labelled -1, which semi-supervised classifiers take as
        unlabelled, can be trained on by these, and not tested: pass `cv` as folds that
        test the other rows.

    groups : array-like of shape (n_samples,), default=None
        Rows of one group never stand on both sides of a split; near-duplicates of
        one message are such a group.

    cv : int, splitter or iterable of (train, test), default=None
        The folds. An int asks for so many stratified folds, None for 5: without
        groups ``StratifiedKFold(n)``, with them ``StratifiedGroupKFold(n,
        shuffle=True, random_state=0)``. A splitter or an iterable is used as it is.

    scoring : str, callable, list, tuple, dict or None, default=None
        Metrics, larger is better, as in
        :func:`sklearn.model_selection.cross_validate`. None stands for "f1",
        "matthews_corrcoef", "roc_auc" and "average_precision" of two classes, and
        for "accuracy", "balanced_accuracy", "f1_macro" and "matthews_corrcoef" of
        more. Metrics of the positive class such as "f1" work with labels like "ham"
        and "spam" too. Where a label is 1, those that are named take it for the
        positive one, as `cross_validate` does, be it the first (of 1 and 2) or the
        second; None takes the second.

    n_jobs : int, default=None
        Number of fits that run at the same time; -1 uses all processors. Scores and
        predictions do not depend on it.

    params : dict, default=None
        Metadata such as ``sample_weight``, as in `cross_validate`: passed to `fit`
        of every classifier, or, if metadata routing is enabled, to whoever requests
        it among classifiers, scorers and the splitter. Values with one entry per row
        are sliced.

    error_score : "raise" or float, default="raise"
        What to do when a fit, a prediction or a metric fails: raise, or write this
        number in the table and warn.

    verbose : int, default=0
        Verbosity of :class:`joblib.Parallel`.

    Returns
    -------
    comparison : Comparison
        Scores and times per fold, out-of-fold predictions, tables and tests.

    Raises
    ------
    TypeError
        If `estimators` holds something that is not a classifier, if X is a bare str,
        or if metadata is passed that nobody requests.

    ValueError
        If names repeat, lengths differ, y is continuous or of one class, a fold is
        empty, tests rows it trains on or rows that a classifier takes as unlabelled, or
        every fit fails.

    Warns
    -----
    FitFailedWarning
        If something fails and `error_score` is a number.

    See Also
    --------
    sklearn.model_selection.cross_validate : The same for one estimator.
    skdeep.plotting.RocComparisonDisplay : Draw the ROC curves of a comparison.

    Notes
    -----
    Randomness is in the hands of the classifiers: give each a `random_state` to get
    the same figures again.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdeep.model_comparison import compare_classifiers
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> comparison = compare_classifiers(
    ...     [GaussianNB(), DecisionTreeClassifier(random_state=0)], X, y
    ... )
    >>> comparison.names
    ('gaussiannb', 'decisiontreeclassifier')
    >>> comparison.fold_scores.shape
    (10, 8)
    """
    _check_options(X, error_score)
    named = named_classifiers(estimators)
    X, groups = indexable(X, groups)
    # Folds of an array in a file are chosen here, and read by the classifiers.
    X = in_any_order(X)
    labels, classes = _check_labels(y)
    check_consistent_length(X, labels)
    scorers = resolve_scorers(scoring, classes)
    grouped = groups is not None or (routing_enabled() and "groups" in (params or {}))
    splitter = resolve_splitter(cv, labels, grouped=grouped)
    metadata = route_metadata(
        params, groups, estimators=named, scorers=scorers, splitter=splitter
    )
    folds = materialise_folds(splitter, X, labels, metadata.split)
    kept_whole = metadata.split.get("groups")
    provenance = record_provenance(
        named, X, labels, groups=kept_whole, splitter=splitter, folds=folds
    )
    outcomes = Parallel(n_jobs=n_jobs, verbose=verbose)(
        delayed(evaluate_fold)(
            _own_clone(estimator),
            X,
            labels,
            fold,
            classes=classes,
            scorers=scorers,
            fit_params=metadata.fit[name],
            score_params=metadata.score,
            raise_errors=error_score == "raise",
        )
        for (name, estimator), fold in product(named.items(), folds)
    )
    by_cell = dict(zip(product(named, range(len(folds))), outcomes, strict=True))
    _report_failures(by_cell, error_score)
    fold_scores, metrics = _score_table(by_cell, scorers, error_score)
    return _comparison(
        by_cell,
        fold_scores=fold_scores,
        metrics=metrics,
        folds=folds,
        y=labels,
        classes=classes,
        provenance=provenance,
    )


def _own_clone(estimator: Any) -> Any:
    """Return a clone that may remember answers, as it is never the user's object."""
    cloned = clone(estimator)
    # A frozen estimator is its own clone.
    return copy(cloned) if cloned is estimator else cloned


def _check_options(X: Any, error_score: Any) -> None:
    """Raise unless X may be a sequence of rows, and errors have a score."""
    if isinstance(X, (str, bytes)):
        raise TypeError(
            "X must be a sequence of rows, but is a bare string: "
            f"{X[:40]!r}. Pass a list of documents."
        )
    if error_score != "raise" and not isinstance(error_score, Real):
        raise ValueError(
            f"error_score must be 'raise' or a number. Got {error_score!r} instead."
        )


def _check_labels(y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return y as a 1-D array, and its sorted classes."""
    refuse_masked(y, "y")
    with understood("y"):
        labels = column_or_1d(np.array(y))  # a copy: the result keeps it
        assert_all_finite(labels, input_name="y")
    kind = type_of_target(labels, input_name="y")
    classes = np.unique(labels)
    if kind not in ("binary", "multiclass") or len(classes) < 2:
        raise ValueError(
            "y must hold the labels of two or more classes. Got "
            f"{len(classes)} distinct value(s), a target of type {kind!r}. Compare "
            "regressors with cross_validate."
        )
    return labels, classes


def _report_failures(by_cell: Mapping[Cell, FoldOutcome], error_score: Any) -> None:
    """Warn once about all that failed; raise if nothing could be fitted."""
    failures = [
        (f"{what!r} of {name!r} in fold {fold}", trace)
        for (name, fold), outcome in by_cell.items()
        for what, trace in outcome.errors
    ]
    if not failures:
        return
    first, trace = failures[0]
    if all(outcome.predicted is None for outcome in by_cell.values()):
        raise ValueError(
            f"No classifier could be fitted in any fold. First failed {first}:\n{trace}"
        )
    warnings.warn(
        f"{len(failures)} step(s) failed, and their scores are set to {error_score}: "
        f"{'; '.join(place for place, _ in failures)}. First failed {first}:\n{trace}",
        FitFailedWarning,
        stacklevel=3,
    )


def _score_table(
    by_cell: Mapping[Cell, FoldOutcome], scorers: Iterable[str], error_score: Any
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return one row per classifier and fold, and the names of the metrics."""
    # A callable may return several scores, whose names are known only now. A scorer
    # that failed everywhere keeps its column, so that the failure is seen.
    scored = [metric for outcome in by_cell.values() for metric in outcome.scores]
    fitted = [o for o in by_cell.values() if o.predicted is not None]
    failed = set.intersection(*({what for what, _ in o.errors} for o in fitted))
    asked = [name for name in scorers if name in scored or name in failed]
    metrics = tuple(dict.fromkeys([*asked, *scored]))
    check_metric_names(metrics)
    missing = np.nan if error_score == "raise" else float(error_score)
    rows = [
        {
            "estimator": name,
            "fold": fold,
            **{metric: outcome.scores.get(metric, missing) for metric in metrics},
            "fit_time": outcome.fit_time,
            "predict_time": outcome.predict_time,
        }
        for (name, fold), outcome in by_cell.items()
    ]
    return pd.DataFrame(rows), metrics


def _comparison(
    by_cell: Mapping[Cell, FoldOutcome],
    *,
    fold_scores: pd.DataFrame,
    metrics: tuple[str, ...],
    folds: list[Fold],
    y: NDArray[Any],
    classes: NDArray[Any],
    provenance: Provenance,
) -> Comparison:
    """Gather the predictions by classifier and put everything into the result."""
    by_name: dict[str, list[FoldOutcome]] = {}
    for (name, _), outcome in by_cell.items():
        by_name.setdefault(name, []).append(outcome)
    return Comparison(
        names=tuple(by_name),
        metrics=metrics,
        fold_scores=fold_scores,
        folds=folds,
        classes=classes,
        y=y,
        fold_predictions={
            name: [outcome.predicted for outcome in each]
            for name, each in by_name.items()
        },
        fold_responses={
            name: [outcome.response for outcome in each]
            for name, each in by_name.items()
        },
        response_methods={
            name: next((o.response_method for o in each if o.response_method), None)
            for name, each in by_name.items()
        },
        provenance=provenance,
        fold_decisions={
            name: [outcome.decision for outcome in each]
            for name, each in by_name.items()
            if any(outcome.decision is not None for outcome in each)
        },
    )
