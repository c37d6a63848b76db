"""From the `scoring` argument to a dictionary of named scorers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    check_scoring,
    f1_score,
    jaccard_score,
    make_scorer,
    precision_score,
    recall_score,
)

Scorer = Callable[..., Any]

BINARY_METRICS = ("f1", "matthews_corrcoef", "roc_auc", "average_precision")
# Not the area under the curve: it needs probabilities, which a linear support
# vector machine, the usual opponent, does not have for more than two classes.
MULTICLASS_METRICS = (
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "matthews_corrcoef",
)

#: Columns of the table of fold scores that no metric may be called.
RESERVED_COLUMNS = ("estimator", "fold", "fit_time", "predict_time")

# Metrics of the positive class alone. scikit-learn's scorers of these names take
# the label 1 for positive and refuse labels such as "ham" and "spam".
_POSITIVE_CLASS_METRICS: dict[str, dict[str, Any]] = {
    "f1": {"score_func": f1_score},
    "precision": {"score_func": precision_score},
    "recall": {"score_func": recall_score},
    "jaccard": {"score_func": jaccard_score},
    "average_precision": {
        "score_func": average_precision_score,
        "response_method": ("decision_function", "predict_proba"),
    },
    "neg_brier_score": {
        "score_func": brier_score_loss,
        "response_method": "predict_proba",
        "greater_is_better": False,
    },
}


def resolve_scorers(scoring: Any, classes: NDArray[Any]) -> dict[str, Scorer]:
    """Name the scorers that `scoring` asks for.

    Parameters
    ----------
    scoring : str, callable, list, tuple, set, dict or None
        As in :func:`sklearn.model_selection.cross_validate`, but None stands for a
        set of metrics that suits the number of classes.

    classes : ndarray of shape (n_classes,)
        Sorted class labels; of two classes the second is the positive one.

    Returns
    -------
    scorers : dict of str to callable
        Scorers with the signature ``scorer(estimator, X, y)``.

    Raises
    ------
    ValueError
        If a name is unknown, is given twice or is reserved, or if nothing is to be
        scored.

    TypeError
        If `scoring` is of another type.
    """
    if scoring is None:
        names = BINARY_METRICS if len(classes) == 2 else MULTICLASS_METRICS
        return {name: _named_scorer(name, classes, default=True) for name in names}
    if isinstance(scoring, str):
        scorers = {scoring: _named_scorer(scoring, classes)}
    elif callable(scoring):
        name = getattr(scoring, "__name__", "score")
        scorers = {name: check_scoring(scoring=scoring)}
    elif isinstance(scoring, Mapping):
        scorers = {
            name: _named_scorer(value, classes)
            if isinstance(value, str)
            else check_scoring(scoring=value)
            for name, value in scoring.items()
        }
    elif isinstance(scoring, (list, tuple, set, frozenset)):
        scorers = _scorers_of_collection(scoring, classes)
    else:
        raise TypeError(
            "scoring must be a metric name, a callable, a list of names, a dict or "
            f"None. Got {scoring!r} of type {type(scoring).__name__}."
        )
    check_metric_names(scorers)
    return scorers


def check_metric_names(names: Any) -> None:
    """Raise ValueError if there is no metric, or one named like another column."""
    if not names:
        raise ValueError("scoring is empty. Name at least one metric, or pass None.")
    taken = [name for name in names if name in RESERVED_COLUMNS]
    if taken:
        raise ValueError(
            f"The metric name {taken[0]!r} is reserved for a column of the result. "
            "Give the metric another name."
        )


def _scorers_of_collection(scoring: Any, classes: NDArray[Any]) -> dict[str, Scorer]:
    """Return the scorers of a list, tuple or set of metric names."""
    unnamed = [name for name in scoring if not isinstance(name, str)]
    if unnamed:
        raise TypeError(
            f"A list of metrics must hold names only. Got {unnamed[0]!r}. Pass a dict "
            "from names to callables instead."
        )
    # The order of a set of strings changes from process to process.
    names = sorted(scoring) if isinstance(scoring, (set, frozenset)) else list(scoring)
    if len(set(names)) < len(names):
        raise ValueError(
            f"Each metric can be asked for once. Got {names}. Remove the repeated name."
        )
    return {name: _named_scorer(name, classes) for name in names}


def _named_scorer(name: str, classes: NDArray[Any], *, default: bool = False) -> Scorer:
    """Return the scorer called `name`, bound to the positive class if need be.

    Scikit-learn's own scorer is kept wherever it works, so that an explicitly
    named metric gives the figure of `cross_validate`.
    """
    needs_binding = len(classes) == 2 and (default or 1 not in classes.tolist())
    if needs_binding and name in _POSITIVE_CLASS_METRICS:
        return make_scorer(**_POSITIVE_CLASS_METRICS[name], pos_label=classes[1])
    return check_scoring(scoring=name)
