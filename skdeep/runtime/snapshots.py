"""Snapshots: everything that a training needs to go on from the end of an epoch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from skdeep.runtime.compiled import CompiledNetwork


@dataclass
class Progress:
    """How far training has come.

    Attributes
    ----------
    epoch : int
        Number of epochs done.
    stopped : bool
        Whether no more are to follow.
    waited : int
        Epochs without improvement.
    best : float
        Lowest watched loss.
    best_weights : list of ndarray or None
        Weights at that loss.
    history : dict of str to list of float
        What was measured in each epoch.
    """

    epoch: int = 0
    stopped: bool = False
    waited: int = 0
    best: float = np.inf
    best_weights: list[np.ndarray] | None = None
    history: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """Where training stands at the end of an epoch.

    The order of the rows needs no state of its own: seed and epoch decide it. Nor does
    the learning rate: it follows from the epoch and the optimizer's count of steps.

    Attributes
    ----------
    progress : Progress
        What is known on the host.
    precision : str
        What the network computes with.
    weights, seeds, optimizer : list of ndarray
        Weights, states of the random layers, and state of the optimizer, averages of
        weights included.
    """

    progress: Progress
    precision: str
    weights: list[np.ndarray]
    seeds: list[np.ndarray]
    optimizer: list[np.ndarray]


class SnapshotStore(Protocol):
    """Where snapshots are kept."""

    def load(self) -> Snapshot | None:
        """Return the last one, None if there is none."""

    def save(self, snapshot: Snapshot) -> None:
        """Keep one in place of the last."""

    def refuse(self, problem: str) -> Exception:
        """Return what to raise about the last one."""


def take_snapshot(compiled: CompiledNetwork, progress: Progress) -> Snapshot:
    """Return where the training of a network stands."""
    return Snapshot(
        progress,
        compiled.program.precision,
        compiled.weights(),
        compiled.seeds(),
        compiled.optimizer_state(),
    )


def resume(compiled: CompiledNetwork, store: SnapshotStore) -> Progress:
    """Put a network back to its last snapshot.

    Parameters
    ----------
    compiled : CompiledNetwork
        The network, as it is at the start of the training.
    store : SnapshotStore
        Where the snapshot is.

    Returns
    -------
    progress : Progress
        How far the training has come: not at all without a snapshot.

    Raises
    ------
    Exception
        What the store refuses snapshots with, if this one is of another network. The
        network is unchanged then.
    """
    snapshot = store.load()
    if snapshot is None:
        return Progress()
    here = compiled.program.precision
    if snapshot.precision != here:
        raise store.refuse(
            f"it was trained with precision {snapshot.precision!r}, but this machine "
            f"trains with {here!r}"
        )
    weights = compiled.model.weights
    parts: list[tuple[str, Sequence[Any], Sequence[np.ndarray]]] = [
        ("weights", weights, snapshot.weights),
        ("states of random layers", compiled._seeds, snapshot.seeds),
        ("optimizer variables", compiled._optimizer_variables(), snapshot.optimizer),
    ]
    if snapshot.progress.best_weights is not None:
        parts.append(("best weights", weights, snapshot.progress.best_weights))
    for name, variables, arrays in parts:
        _check(name, variables, arrays, store.refuse)
    compiled.load(snapshot.weights, snapshot.seeds, snapshot.optimizer)
    return snapshot.progress


def _check(
    name: str,
    variables: Sequence[Any],
    arrays: Sequence[np.ndarray],
    refuse: Callable[[str], Exception],
) -> None:
    """Refuse arrays that are not what variables can hold."""
    if len(arrays) != len(variables):
        raise refuse(
            f"it has {len(arrays)} arrays of {name}, but this fit has {len(variables)}"
        )
    for number, (variable, array) in enumerate(zip(variables, arrays, strict=True)):
        wanted = (tuple(variable.shape), str(variable.dtype))
        found = (array.shape, array.dtype.name)
        if found != wanted:
            raise refuse(
                f"number {number} of its {name} has shape and dtype {found}, but this "
                f"fit needs {wanted}"
            )
