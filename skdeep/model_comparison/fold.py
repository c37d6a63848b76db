"""The work of one cell of the comparison: one classifier, one fold, one fit."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from numbers import Number
from traceback import format_exc
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _num_samples

from skdeep.model_comparison.report_labels import UNLABELLED, marks_unlabelled
from skdeep.model_comparison.scoring import Scorer

#: Ways to ask for a continuous score, the preferred one first.
RESPONSE_METHODS = ("predict_proba", "decision_function")


@dataclass(frozen=True)
class FoldOutcome:
    """What one classifier did in one fold.

    Attributes
    ----------
    scores : dict of str to float
        Metrics on the test rows.

    fit_time, predict_time : float
        Seconds for `fit` on the training rows and `predict` on the test rows.

    predicted : ndarray of shape (n_test,) or None
        Predicted labels.

    response : ndarray of shape (n_test,) or (n_test, n_classes) or None
        Continuous scores; None if the classifier has no such method.

    response_method : str or None
        The method that gave `response`.

    decision : ndarray of shape (n_test,) or None
        Decision function of two classes, of a classifier whose `response` are
        probabilities; None if it has no such method.

    errors : list of (str, str)
        What failed ("fit", "predict" or the name of a metric) and its traceback.
    """

    scores: dict[str, float] = field(default_factory=dict)
    fit_time: float = np.nan
    predict_time: float = np.nan
    predicted: NDArray[Any] | None = None
    response: NDArray[np.float64] | None = None
    response_method: str | None = None
    decision: NDArray[np.float64] | None = None
    errors: list[tuple[str, str]] = field(default_factory=list)


def evaluate_fold(
    estimator: Any,
    X: Any,
    y: NDArray[Any],
    fold: tuple[NDArray[np.intp], NDArray[np.intp]],
    *,
    classes: NDArray[Any],
    scorers: Mapping[str, Scorer],
    fit_params: Mapping[str, Any],
    score_params: Mapping[str, Mapping[str, Any]],
    raise_errors: bool,
) -> FoldOutcome:
    """Fit on the training rows once; take scores and predictions from the test rows.

    Parameters
    ----------
    estimator : classifier
        An unfitted clone that nobody else uses; it is fitted here.

    X : sequence of n_samples rows
        All rows.

    y : ndarray of shape (n_samples,)
        All labels.

    fold : tuple of (train, test) index arrays
        Rows to fit on and rows to score.

    classes : ndarray of shape (n_classes,)
        All labels that occur in y, sorted.

    scorers : mapping of str to callable
        Scorers by name; one may return a mapping of several scores.

    fit_params : mapping of str to object
        Metadata for `fit`; values with one entry per row of X are sliced.

    score_params : mapping of str to mapping
        Metadata for each scorer, sliced in the same way.

    raise_errors : bool
        Whether exceptions propagate; otherwise they are returned.

    Returns
    -------
    outcome : FoldOutcome
        Scores, times and predictions.
    """
    train, test = fold
    X_train, y_train = _safe_split(estimator, X, y, train)
    X_test, y_test = _safe_split(estimator, X, y, test, train)
    stage = "fit"
    try:
        start = time.perf_counter()
        estimator.fit(X_train, y_train, **rows_of_metadata(fit_params, X, train))
        fit_time = time.perf_counter() - start
        stage = "predict"
        _check_labelled(estimator, y_train, y_test)
        start = time.perf_counter()
        predicted = np.asarray(estimator.predict(X_test))
        predict_time = time.perf_counter() - start
        _remember(estimator, "predict", X_test, predicted)
        response, response_method = _response(estimator, X_test, classes)
        decision = None
        if response_method == "predict_proba" and len(classes) == 2:
            # No metric may ask for it: the fold does without it if it fails.
            with suppress(Exception):
                decision = _answer(estimator, "decision_function", X_test, classes)
    except Exception:
        if raise_errors:
            raise
        return FoldOutcome(errors=[(stage, format_exc())])
    scores, errors = _scores(
        estimator,
        X_test,
        y_test,
        scorers,
        {
            name: rows_of_metadata(values, X, test)
            for name, values in score_params.items()
        },
        raise_errors,
    )
    return FoldOutcome(
        scores=scores,
        fit_time=fit_time,
        predict_time=predict_time,
        predicted=predicted,
        response=response,
        response_method=response_method,
        decision=decision,
        errors=errors,
    )


def rows_of_metadata(
    metadata: Mapping[str, Any], X: Any, rows: NDArray[np.intp]
) -> dict[str, Any]:
    """Slice the values that have one entry per row of X; pass the others through."""
    n_samples = _num_samples(X)
    return {
        name: _safe_indexing(value, rows)
        if _is_per_row(value) and _num_samples(value) == n_samples
        else value
        for name, value in metadata.items()
    }


def _is_per_row(value: Any) -> bool:
    """Tell whether a value is a sequence that could hold one entry per row."""
    if isinstance(value, (str, bytes, Mapping)):
        return False
    shape = getattr(value, "shape", None)
    return len(shape) > 0 if shape is not None else hasattr(value, "__len__")


def _check_labelled(
    estimator: Any, y_train: NDArray[Any], y_test: NDArray[Any]
) -> None:
    """Raise ValueError if rows are to be tested whose label stands for none."""
    if not marks_unlabelled(y_train, getattr(estimator, "classes_", y_train)):
        return
    n_unlabelled = int(np.count_nonzero(y_test == UNLABELLED))
    if n_unlabelled:
        raise ValueError(
            f"{n_unlabelled} test rows are labelled {UNLABELLED}, which is no class of "
            f"the fitted {type(estimator).__name__}: it takes such rows as unlabelled, "
            "and metrics would count them as errors. Pass folds as cv that test "
            "labelled rows only and train on the others, too."
        )


def _remember(estimator: Any, method: str, X_test: Any, answer: Any) -> None:
    """Let `estimator` answer `method` for these very rows from memory.

    Several metrics ask for the same predictions, and a network takes a while to
    make them. The estimator is a private clone, so its own attributes are ours, and
    scorers still see an instance of the user's class. It also makes scores and
    returned predictions agree when a classifier predicts at random.
    """
    original = getattr(estimator, method)

    @functools.wraps(original)
    def remembered(X: Any, *args: Any, **kwargs: Any) -> Any:
        if X is X_test and not args and not kwargs:
            return answer.copy()
        return original(X, *args, **kwargs)

    try:
        setattr(estimator, method, remembered)
    except AttributeError:
        # A class with slots: the metrics ask again, which only costs time.
        return


def _response(
    estimator: Any, X_test: Any, classes: NDArray[Any]
) -> tuple[NDArray[np.float64] | None, str | None]:
    """Return the continuous scores of the test rows and the method that gave them."""
    for method in RESPONSE_METHODS:
        answer = _answer(estimator, method, X_test, classes)
        if answer is not None:
            return answer, method
    return None, None


def _answer(
    estimator: Any, method: str, X_test: Any, classes: NDArray[Any]
) -> NDArray[np.float64] | None:
    """Return the continuous scores that a method gives, None if there is no such."""
    if not hasattr(estimator, method):
        return None
    answer = np.asarray(getattr(estimator, method)(X_test))
    _remember(estimator, method, X_test, answer)
    return _in_class_order(answer, method, estimator.classes_, classes)


def _in_class_order(
    answer: NDArray[Any],
    method: str,
    fitted_classes: NDArray[Any],
    classes: NDArray[Any],
) -> NDArray[np.float64]:
    """Align scores with `classes`; of two classes keep those of the second.

    A class that was absent from the training rows gets the lowest possible score. A
    class that is none of `classes`, as of a frozen classifier, is left out.
    """
    fitted = np.asarray(fitted_classes)
    if answer.ndim == 1 and len(fitted) == 2:
        # A decision function of two classes, perhaps of more classes in all.
        answer = np.column_stack([-answer, answer])
    elif answer.ndim == 1:
        answer = answer[:, np.newaxis]
    if answer.shape[1] != len(fitted):
        raise ValueError(
            f"{method} must return one column for each of the {len(fitted)} classes. "
            f"Got an array of shape {answer.shape}. A one-versus-one decision "
            "function cannot be compared: set decision_function_shape='ovr'."
        )
    lowest = 0.0 if method == "predict_proba" else -np.inf
    aligned = np.full((len(answer), len(classes)), lowest)
    shared = np.isin(fitted, classes)
    aligned[:, np.searchsorted(classes, fitted[shared])] = answer[:, shared]
    return aligned[:, 1] if len(classes) == 2 else aligned


def _scores(
    estimator: Any,
    X_test: Any,
    y_test: NDArray[Any],
    scorers: Mapping[str, Scorer],
    score_params: Mapping[str, Mapping[str, Any]],
    raise_errors: bool,
) -> tuple[dict[str, float], list[tuple[str, str]]]:
    """Return the scores by metric, and the tracebacks of the scorers that failed."""
    scores: dict[str, float] = {}
    errors: list[tuple[str, str]] = []
    for name, scorer in scorers.items():
        try:
            score = scorer(estimator, X_test, y_test, **score_params.get(name, {}))
            named = score if isinstance(score, Mapping) else {name: score}
            scores.update({key: _as_float(key, value) for key, value in named.items()})
        except Exception:
            if raise_errors:
                raise
            errors.append((name, format_exc()))
    return scores, errors


def _as_float(name: str, score: Any) -> float:
    """Return one score as a float, or raise ValueError if it is not a number."""
    # A zero-dimensional array or a NumPy scalar is a number too.
    value = score.item() if getattr(score, "size", None) == 1 else score
    if not isinstance(value, Number) or isinstance(value, complex):
        raise ValueError(
            f"scoring must return a number. Got {score!r} of type "
            f"{type(score).__name__} for {name!r}."
        )
    return float(value)  # type: ignore[arg-type]
