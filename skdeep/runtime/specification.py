"""Specifications: what to compile, as plain comparable values."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from skdeep.runtime.building import building_explained


def _frozen(value: Any) -> Hashable:
    """Return `value` with its containers made hashable.

    Lists, tuples and arrays become tuples, mappings become sorted tuples of pairs,
    NumPy scalars become Python numbers: `filters=[32, 64]` and `filters=(32, 64)`
    are one network.
    """
    if isinstance(value, Mapping):
        return tuple(sorted((key, _frozen(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, np.ndarray):
        return _frozen(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    return value


class Specification:
    """A function and its keyword arguments, comparable and hashable.

    Two specifications are equal when they name the same function with equal
    arguments, which is what lets compiled code be shared between fits.

    Parameters
    ----------
    function : callable
        A module-level function without side effects.
    **arguments : object
        Keyword arguments. Containers are made hashable.
    """

    def __init__(self, function: Callable[..., Any], **arguments: Any) -> None:
        self.function = function
        self.arguments = {name: _frozen(value) for name, value in arguments.items()}

    @property
    def key(self) -> Hashable:
        """What identifies the specification; also tells 1 from 1.0 and True."""
        return (
            self.function,
            tuple(
                (name, value, repr(value))
                for name, value in sorted(self.arguments.items())
            ),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __call__(self, *tensors: Any) -> Any:
        """Call the function on `tensors` with the arguments."""
        return self.function(*tensors, **self.arguments)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v!r}" for k, v in self.arguments.items())
        return f"{type(self).__name__}({self.function.__name__}, {arguments})"


class NetworkSpec(Specification):
    """A builder of `skdeep.networks` and the sizes to build it with.

    Calling it without tensors builds a fresh, uncompiled `keras.Model`.
    """

    def __call__(self, *tensors: Any) -> Any:
        """Build the network; what Keras refuses is a ValueError about the sizes."""
        with building_explained(repr(self)):
            return super().__call__(*tensors)


class LossSpec(Specification):
    """A function ``(targets, outputs) -> (n_rows,)`` and its settings."""


def tells_variables_apart(optimizer: Any) -> bool:
    """Tell whether an optimizer has rules for some variables.

    These are identities, or patterns of names that a network of ours does not have; the
    optimizer's configuration does not say all of them.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer

    Returns
    -------
    tells_variables_apart : bool
    """
    rules = (
        "_exclude_from_weight_decay",
        "_exclude_from_weight_decay_pattern",
        "exclude_layers",
    )
    several = isinstance(optimizer, keras.optimizers.MultiOptimizer)
    return several or any(getattr(optimizer, rule, None) for rule in rules)


@dataclass(frozen=True)
class OptimizerSpec:
    """A Keras optimizer class and its configuration without the learning rate.

    The learning rate is a variable of the compiled network, not part of what is
    compiled, so that a search over rates compiles once.
    """

    optimizer_class: Any
    config: tuple[tuple[str, Hashable], ...]

    @classmethod
    def from_optimizer(cls, optimizer: Any) -> "OptimizerSpec":
        """Read class and configuration off a `keras.optimizers.Optimizer`."""
        config = optimizer.get_config()
        config.pop("learning_rate", None)
        config.pop("name", None)
        return cls(type(optimizer), _frozen(config))  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """Module and name of the class."""
        return f"{self.optimizer_class.__module__}.{self.optimizer_class.__qualname__}"

    def build(self) -> Any:
        """Build the optimizer, with a learning rate that is set before use."""
        name = self.optimizer_class.__name__.lower()
        config = dict(self.config) | {"name": name, "learning_rate": 1.0}
        return self.optimizer_class.from_config(config)
