"""Parameters of `fit` that an estimator may be given as ``fit__name``."""

from collections.abc import Mapping
from numbers import Integral
from typing import Any

# Without an epoch, there are shapes and random weights.
_LEAST = {"epochs": 0, "batch_size": 1}
_NAMES = sorted({*_LEAST, "callbacks"})


def check_routed(routed: Mapping[str, Any], owner: str) -> None:
    """Refuse parameters that do not exist, and numbers that cannot be.

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
