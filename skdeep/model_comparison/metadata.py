"""Who gets which metadata: the rules of `cross_validate`, for several estimators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sklearn import get_config
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)


@dataclass(frozen=True)
class RoutedMetadata:
    """Metadata by consumer.

    Attributes
    ----------
    fit : dict of str to mapping
        For `fit` of each estimator.

    score : dict of str to mapping
        For each scorer.

    split : dict of str to object
        For `split` of the splitter.
    """

    fit: dict[str, Mapping[str, Any]]
    score: dict[str, Mapping[str, Any]]
    split: dict[str, Any]


def routing_enabled() -> bool:
    """Tell whether scikit-learn's metadata routing is switched on."""
    return bool(get_config()["enable_metadata_routing"])


def route_metadata(
    params: Mapping[str, Any] | None,
    groups: Any,
    *,
    estimators: Mapping[str, Any],
    scorers: Mapping[str, Any],
    splitter: Any,
) -> RoutedMetadata:
    """Hand `params` to all estimators, or with metadata routing to who requests them.

    Parameters
    ----------
    params : mapping of str to object or None
        The metadata.

    groups : array-like or None
        Groups passed by their own argument; they go to the splitter alone.

    estimators : mapping of str to estimator
        Estimators by name.

    scorers : mapping of str to callable
        Scorers by name.

    splitter : splitter
        What makes the folds.

    Returns
    -------
    routed : RoutedMetadata
        Metadata by consumer.

    Raises
    ------
    TypeError
        If metadata routing is enabled and nobody requests some of the metadata.

    ValueError
        If the splitter gets groups twice, or if someone neither requests nor refuses
        metadata that it could take.
    """
    params = dict(params or {})
    split = {} if groups is None else {"groups": groups}
    if not routing_enabled():
        return RoutedMetadata(
            fit=dict.fromkeys(estimators, params),
            score={name: {} for name in scorers},
            split=split,
        )
    # Prefixes, because an estimator and a metric may have the same name.
    router = MetadataRouter(owner="compare_classifiers")
    router.add(
        splitter=splitter,
        method_mapping=MethodMapping().add(caller="fit", callee="split"),
    )
    router.add(
        **{f"estimator {name}": each for name, each in estimators.items()},
        method_mapping=MethodMapping().add(caller="fit", callee="fit"),
    )
    router.add(
        **{f"scorer {name}": each for name, each in scorers.items()},
        method_mapping=MethodMapping().add(caller="fit", callee="score"),
    )
    routed = process_routing(router, "fit", **params)
    requested = routed["splitter"].split
    if groups is not None and requested.get("groups") is not None:
        raise ValueError(
            "The splitter got groups twice, as an argument and in params. Pass them "
            "once: in params if a classifier needs them too."
        )
    return RoutedMetadata(
        fit={name: routed[f"estimator {name}"].fit for name in estimators},
        score={name: routed[f"scorer {name}"].score for name in scorers},
        split={**requested, **split},
    )
