"""Parameters that are routed, such as ``optimizer__momentum`` and ``fit__epochs``."""

import inspect
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import validate_parameter_constraints

# Without an epoch, there are shapes and random weights.
_LEAST = {"epochs": 0, "batch_size": 1}
_NAMES = sorted({*_LEAST, "callbacks"})


class RoutedParametersMixin:
    """Has the parameters of its constructor, and any that start with some prefixes."""

    __signature__: inspect.Signature

    _routing_prefixes = frozenset({"optimizer", "callbacks", "fit"})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Hide the routed parameters from the signature, as they have no names."""
        super().__init_subclass__(**kwargs)
        signature = inspect.signature(cls.__init__)
        named = [
            p
            for p in list(signature.parameters.values())[1:]
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        ]
        cls.__signature__ = signature.replace(parameters=named)

    def set_params(self, **params):
        """Set parameters of this estimator, and of estimators inside of it.

        Parameters
        ----------
        **params : object
            Values by name, routed ones such as `optimizer__momentum` among them. An
            estimator is replaced before parameters of it are set, whatever the order.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        routed = {name for name in params if self._is_routed(name)}
        known = {*self._get_param_names(), *routed}
        for name in params:
            if name not in known and name.partition("__")[0] not in known:
                raise ValueError(
                    f"Invalid parameter {name} for estimator {type(self).__name__}. "
                    f"{self._known_parameters()}"
                )
        # SciKeras' own method sets one after the other.
        named = {name: params[name] for name in params if name not in routed}
        BaseEstimator.set_params(self, **named)
        vars(self).update({name: params[name] for name in routed})
        return self

    def _route(self, routed: dict[str, Any]) -> None:
        """Keep parameters such as ``optimizer__momentum``, refuse all others."""
        for name, value in routed.items():
            if not self._is_routed(name):
                raise TypeError(
                    f"{type(self).__name__}.__init__() got an unexpected keyword "
                    f"argument {name!r}. {self._known_parameters()}"
                )
            setattr(self, name, value)

    def _is_routed(self, name: str) -> bool:
        return "__" in name and name.partition("__")[0] in self._routing_prefixes

    def _known_parameters(self) -> str:
        return (
            f"Its parameters are {', '.join(type(self).__signature__.parameters)}, and "
            f"any that starts with {', '.join(sorted(self._routing_prefixes))} and "
            "two underscores."
        )

    def _get_param_names(self) -> list[str]:
        routed = [name for name in vars(self) if self._is_routed(name)]
        return sorted([*type(self).__signature__.parameters, *routed])


def check_routed_rate(rate: Any, allowed: Sequence[Any], owner: str) -> None:
    """Refuse a routed learning rate that the parameter `learning_rate` could not be.

    Parameters
    ----------
    rate : object
        The rate; None if there is none, or for that of the optimizer.
    allowed : sequence
        Constraints of `learning_rate`.
    owner : str
        Name of the estimator's class.

    Raises
    ------
    ValueError
        If the rate fulfils none of them.
    """
    name = "optimizer__learning_rate"
    validate_parameter_constraints({name: [*allowed, None]}, {name: rate}, owner)


def check_routed(routed: Mapping[str, Any], owner: str) -> None:
    """Refuse parameters of `fit` that do not exist, and numbers that cannot be.

    Parameters
    ----------
    routed : mapping of str to object
        Values by name, without the prefix.
    owner : str
        Name of the estimator's class.

    Raises
    ------
    ValueError
        If a name is unknown, or a number is too small or no integer.
    """
    if unknown := set(routed) - set(_NAMES):
        raise ValueError(
            f"fit__{sorted(unknown)[0]} is not a parameter that {owner} can route. Use "
            f"one of {', '.join('fit__' + name for name in _NAMES)}."
        )
    for name, least in _LEAST.items():
        value = routed.get(name, least)
        if not isinstance(value, Integral) or value < least:
            raise ValueError(
                f"fit__{name} must be an integer of at least {least}, got {value!r}."
            )
