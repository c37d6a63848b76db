"""Candidates of a search, put in order by the values of one or two parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What stands for the value of a parameter that a candidate does not have.
_NOT_SET = "not set"
# From this factor between the largest and the smallest on, values may be spaced so.
_LOGARITHMIC_FROM = 20.0

Candidates = Sequence[Mapping[str, Any]]
Array = NDArray[np.float64]


def varied_parameters(
    candidates: Candidates, params: str | Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parameters to draw, and the others that were varied.

    Parameters
    ----------
    candidates : sequence of mapping of str to object
        Parameters of each candidate.

    params : str or sequence of str or None
        What the user asked for.

    Returns
    -------
    chosen, others : tuple of str
        Names.

    Raises
    ------
    ValueError
        If a name does not exist, more than two are asked for, or it is not clear
        which are meant.
    """
    known = list(dict.fromkeys(name for each in candidates for name in each))
    varied = [name for name in known if len(ordered_values(candidates, name)) > 1]
    if params is None:
        chosen = tuple(varied or known[:1])
        if not 1 <= len(chosen) <= 2:
            raise ValueError(
                f"The search varied {len(chosen)} parameters, "
                f"{', '.join(map(repr, chosen))}, and a picture has room for one or "
                "two. Name them with params."
            )
    else:
        chosen = (params,) if isinstance(params, str) else tuple(params)
        unknown = [name for name in chosen if name not in known]
        if unknown or not 1 <= len(set(chosen)) == len(chosen) <= 2:
            raise ValueError(
                f"params must name one or two of the parameters of the search, which "
                f"are {', '.join(map(repr, known))}. Got {list(chosen)}."
            )
    return chosen, tuple(name for name in varied if name not in chosen)


def ordered_values(candidates: Candidates, name: str) -> list[Any]:
    """Return the distinct values of one parameter, ascending if they are numbers.

    Parameters
    ----------
    candidates : sequence of mapping of str to object
        Parameters of each candidate; those that lack this one are left out.

    name : str
        Name of the parameter.

    Returns
    -------
    values : list of object
        Values that cannot be compared keep the order of the candidates.
    """
    distinct = {_key(each[name]): each[name] for each in candidates if name in each}
    values = list(distinct.values())
    numbers = (int, float, np.integer, np.floating)
    if all(isinstance(v, numbers) and not isinstance(v, bool) for v in values):
        return sorted(values)
    return values


def drawn_values(candidates: Candidates, name: str) -> list[Any]:
    """Return the values of one parameter, and "not set" if a candidate lacks it.

    Parameters
    ----------
    candidates : sequence of mapping of str to object
        Parameters of each candidate.

    name : str
        Name of the parameter.

    Returns
    -------
    values : list of object
        In the order of `ordered_values`, "not set" at the end.
    """
    values = ordered_values(candidates, name)
    everywhere = all(name in each for each in candidates)
    return values if everywhere else [*values, _NOT_SET]


def best_of_equal(
    candidates: Candidates,
    params: tuple[str, ...],
    values: tuple[list[Any], ...],
    mean: Array,
    std: Array,
) -> tuple[Array, Array, NDArray[np.bool_], tuple[int, ...]]:
    """Return the best score for each value, or pair of values, of the parameters.

    Parameters
    ----------
    candidates : sequence of mapping of str to object
        Parameters of each candidate.

    params : tuple of str
        One or two names.

    values : tuple of list
        Their values, in order, as of `drawn_values`.

    mean, std : ndarray of shape (n_candidates,)
        Mean and standard deviation of the scores over the folds; NaN for failed ones.

    Returns
    -------
    mean, std : ndarray
        Of the shape (n_values,), or (n_second_values, n_first_values).

    failed : ndarray of bool of the same shape
        Where candidates were tried and all failed.

    best : tuple of int
        Place of the best score.

    Raises
    ------
    ValueError
        If no candidate has a score.
    """
    places = [{_key(v): n for n, v in enumerate(each)} for each in values]
    # The second parameter goes up, the first to the right.
    shape = tuple(len(each) for each in reversed(values))
    means, stds = np.full(shape, np.nan), np.full(shape, np.nan)
    tried = np.zeros(shape, dtype=bool)
    for candidate, score, spread in zip(candidates, mean, std, strict=True):
        cell = tuple(
            place[_key(candidate.get(name, _NOT_SET))]
            for name, place in zip(reversed(params), reversed(places), strict=True)
        )
        tried[cell] = True
        if np.isfinite(score) and not score <= means[cell]:
            means[cell], stds[cell] = score, spread
    if np.isnan(means).all():
        raise ValueError(
            "No candidate has a score in its last iteration: every fit failed. Run the "
            "search with error_score='raise' to see why."
        )
    best = tuple(int(n) for n in np.unravel_index(np.nanargmax(means), shape))
    return means, stds, tried & np.isnan(means), best


def without_resource(
    candidates: Candidates, resource: str | None, params: str | Sequence[str] | None
) -> list[Mapping[str, Any]]:
    """Leave out the resource of a search by successive halving.

    It stands among the parameters where it is one of the estimator's, and differs
    between the iterations of a candidate.

    Parameters
    ----------
    candidates : sequence of mapping of str to object
        Parameters of each candidate.

    resource : str or None
        Name of the resource; None if it is not known.

    params : str or sequence of str or None
        What the user asked for; a resource that is named here stays.

    Returns
    -------
    candidates : list of mapping of str to object
        Their other parameters.
    """
    asked = [params] if isinstance(params, str) else list(params or ())
    if resource in asked:
        return list(candidates)
    return [
        {name: value for name, value in each.items() if name != resource}
        for each in candidates
    ]


def last_iterations(
    candidates: Candidates, iterations: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return what a search by successive halving knows best.

    Parameters
    ----------
    candidates : sequence of mapping of str to object
        Parameters of each candidate, once for each iteration that it took part in.

    iterations : ndarray of shape (n_candidates,)
        Number of the iteration.

    Returns
    -------
    chosen : ndarray of intp
        Places of each candidate's last iteration, which had the most resources.

    survived : ndarray of bool of the same shape
        Whether that is the last iteration of all, among which the best is.
    """
    last: dict[Any, int] = {}
    for place in np.argsort(iterations, kind="stable"):
        parameters = sorted(candidates[place].items())
        last[tuple((name, _key(value)) for name, value in parameters)] = int(place)
    chosen = np.array(sorted(last.values()), dtype=np.intp)
    return chosen, iterations[chosen] == iterations.max()


def is_logarithmic(values: Array) -> bool:
    """Tell whether numbers are spaced more evenly on a logarithmic axis.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Ascending numbers.

    Returns
    -------
    logarithmic : bool
        False for fewer than three, for zeros and for negative ones.
    """
    if len(values) < 3 or values[0] <= 0 or values[-1] < _LOGARITHMIC_FROM * values[0]:
        return False
    return _unevenness(np.log(values)) < _unevenness(values)


def _unevenness(places: Array) -> float:
    """Return how much the gaps between ascending numbers differ."""
    gaps = np.diff(places)
    return float(gaps.std() / gaps.mean())


def _key(value: Any) -> Any:
    """Return something that is equal for equal values, and can be hashed."""
    try:
        hash(value)
    except TypeError:
        return repr(value)
    # True is equal to 1, and means something else.
    return type(value).__name__ if value is None else (isinstance(value, bool), value)


def metric_key(search: Any, metric: str | None) -> tuple[str, str]:
    """Return the name of a metric for people, and that in the results of a search.

    Parameters
    ----------
    search : estimator
        With `cv_results_`.

    metric : str or None
        What the user asked for.

    Returns
    -------
    name, key : str
        They differ where the only metric is called "score" in the results.

    Raises
    ------
    ValueError
        If there is no such metric, or it is not clear which is meant.
    """
    prefix = "mean_test_"
    known = [
        key.removeprefix(prefix) for key in search.cv_results_ if key.startswith(prefix)
    ]
    if metric is None:
        refit = getattr(search, "refit", None)
        metric = refit if isinstance(refit, str) and refit in known else None
        if metric is None and len(known) > 1:
            raise ValueError(
                f"The search has several metrics: {', '.join(map(repr, known))}. Pass "
                "one as metric."
            )
        metric = metric or known[0]
    scoring = getattr(search, "scoring", None)
    if metric == scoring and known == ["score"]:
        metric = "score"
    if metric not in known:
        raise ValueError(
            f"There is no metric {metric!r} in this search. Choose one of "
            f"{', '.join(map(repr, known))}."
        )
    named = isinstance(scoring, str) and metric == "score"
    return (scoring if named else metric), metric


def are_numbers(values: Sequence[Any]) -> bool:
    """Tell whether all values are finite numbers, which truth values are not."""
    return all(
        isinstance(value, (int, float, np.integer, np.floating))
        and not isinstance(value, bool)
        and np.isfinite(value)
        for value in values
    )


def short_text(value: Any) -> str:
    """Return a value as a short text for a tick."""
    if isinstance(value, (float, np.floating)):
        return f"{value:.3g}"
    if hasattr(value, "get_params"):
        return type(value).__name__
    text = str(value)
    return text if len(text) <= 20 else f"{text[:18]}…"
