"""The pool of compiled networks: leased exclusively, bounded, shared by all fits."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeGuard

import numpy as np

from skdeep.runtime.compiled import CompiledNetwork, Program
from skdeep.runtime.processes import check_process
from skdeep.runtime.seeds import BUILD_LOCK
from skdeep.runtime.weights import arrays_of

_MAX_NETWORKS = 16
_MAX_BYTES = 512 * 2**20


class NetworkPool:
    """Compiled networks that nobody is using at the moment.

    Parameters
    ----------
    max_networks : int
        How many idle networks to keep.
    max_bytes : int
        How much memory the variables of idle networks may take, in bytes.
    """

    def __init__(
        self, max_networks: int = _MAX_NETWORKS, max_bytes: int = _MAX_BYTES
    ) -> None:
        self.max_networks = max_networks
        self.max_bytes = max_bytes
        self._idle: OrderedDict[int, tuple[Hashable, CompiledNetwork]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._idle)

    @contextmanager
    def lease(
        self,
        program: Program,
        seed: int,
        weights: list | None,
        seeds: list | None,
        optimizer: list | None,
    ) -> Iterator[CompiledNetwork]:
        """Lend a network that is loaded and belongs to the caller until the end.

        Parameters
        ----------
        program : Program
            What the network must be able to do.
        seed : int
            Seed of the initial weights and of the random layers.
        weights, seeds, optimizer : list of ndarray or None
            State to start from instead; see `CompiledNetwork.load`. The states of the
            random layers start anew, too, where they are those of other layers, such
            as of a dropout that the network no longer has.
        """
        check_process()
        network = self._take(program.key)
        if network is None or weights is None or not _are_alike(seeds, network.seeds()):
            # Keras' own initialisers make the weights of every fit, cached or
            # not, so that a cache hit cannot change a result.
            model = program.build_model(seed)
            if network is None:
                with BUILD_LOCK:
                    network = program.compile(model)
            fresh = {id(v) for v in model.weights}
            if weights is None:
                weights = arrays_of(model.weights)
            others = [v for v in model.variables if id(v) not in fresh]
            if not _are_alike(seeds, others):
                seeds = arrays_of(others)
        network.load(weights, seeds, optimizer)
        try:
            yield network
        finally:
            network.model.stop_training = False
            self._put(program.key, network)

    def _take(self, key: Hashable) -> CompiledNetwork | None:
        with self._lock:
            for number in reversed(self._idle):
                if self._idle[number][0] == key:
                    return self._idle.pop(number)[1]
        return None

    def _put(self, key: Hashable, network: CompiledNetwork) -> None:
        with self._lock:
            self._idle[id(network)] = (key, network)
            while len(self._idle) > self.max_networks or (
                len(self._idle) > 1
                and sum(n.n_bytes for _, n in self._idle.values()) > self.max_bytes
            ):
                self._idle.popitem(last=False)

    def clear(self) -> None:
        """Forget all idle networks."""
        with self._lock:
            self._idle.clear()


def _are_alike(seeds: list | None, others: Sequence[Any]) -> TypeGuard[list]:
    """Tell whether states are of as many random layers, and of the same shapes."""
    return seeds is not None and list(map(np.shape, seeds)) == [
        tuple(other.shape) for other in others
    ]


POOL = NetworkPool()
