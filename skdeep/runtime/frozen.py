"""Frozen networks: weights that are part of what is compiled.

A network that is never trained is compiled with its weights as constants. TensorFlow
then folds batch normalisation into the convolutions before it, which doubles the speed
of networks for images on a processor.
"""

import os
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import keras
import numpy as np
import tensorflow as tf

from skdeep.runtime.feeds import ArrayFeed, ArrayLayout
from skdeep.runtime.memory import shortage_explained
from skdeep.runtime.precision import dtype_policy
from skdeep.runtime.processes import check_process
from skdeep.runtime.row_groups import (
    FIRST_ONLY,
    RowGroups,
    places_alike,
    stride_of,
    usual_places,
)
from skdeep.runtime.seeds import BUILD_LOCK, seeded_construction
from skdeep.runtime.specification import NetworkSpec
from skdeep.runtime.weights import arrays_of, check_weights, let_layers_copy

# Another build may round differently, so what it computed is not to be mixed.
BUILD = f"tensorflow {tf.__version__} keras {keras.__version__}"

_MAX_FUNCTIONS = 4
# Bounds the memory that groups side by side take.
_GROUPS_AT_ONCE = 8
# Images that pass together: enough to make up for starting operations, few enough for
# the maps of the first layers to stay near the processor. Measured on
# EfficientNet-Lite0.
_MAX_GROUP, _MIN_GROUP = 32, 4
_PIXELS_OF_GROUP = 16 * 96 * 96


def group_size(height: int, width: int) -> int:
    """Return how many images of a size best pass through a network together."""
    group = _MAX_GROUP
    while group > _MIN_GROUP and group * height * width > _PIXELS_OF_GROUP:
        group //= 2
    return group


def assign_weights(model: keras.Model, weights: Sequence[np.ndarray]) -> None:
    """Give a model weights, and let its layers take note of them.

    Parameters
    ----------
    model : keras.Model
        The model.
    weights : sequence of ndarray
        In the order of `keras.Model.weights`.

    Raises
    ------
    ValueError
        If they are those of another network.
    """
    check_weights(model.weights, weights)
    model.set_weights(list(weights))
    let_layers_copy(model)


def model_with_weights(
    network: NetworkSpec, weights: Sequence[np.ndarray]
) -> keras.Model:
    """Build a network in float32 and give it weights.

    Parameters
    ----------
    network : NetworkSpec
        The network.
    weights : sequence of ndarray
        Its weights, in the order of `keras.Model.weights`.

    Returns
    -------
    model : keras.Model
        The caller's own.

    Raises
    ------
    ValueError
        If they are those of another network.
    """
    with seeded_construction(0), dtype_policy("float32"):
        model = network()
    assign_weights(model, weights)
    return model


class FrozenNetwork:
    """The forward pass through a network with fixed weights.

    Parameters
    ----------
    network : NetworkSpec
        The network, which returns one tensor.
    weights : sequence of ndarray
        Its weights, in the order of `keras.Model.weights`.
    layout : ArrayLayout
        The rows that it takes.
    group : int
        How many rows pass together. Results may differ in their last bits between
        group sizes, but not with what else is in a group.
    """

    def __init__(
        self,
        network: NetworkSpec,
        weights: Sequence[np.ndarray],
        layout: ArrayLayout,
        group: int,
    ) -> None:
        self.group = group
        with BUILD_LOCK:
            model = model_with_weights(network, weights)
            # What is no weight is a random layer's state, which is never used.
            trainable = arrays_of(model.trainable_variables)
            others = arrays_of(model.non_trainable_variables)

            def forward(rows: tf.Tensor) -> tf.Tensor:
                outputs, _ = model.stateless_call(
                    [tf.constant(array) for array in trainable],
                    [tf.constant(array) for array in others],
                    layout.decode(rows, "float32"),
                    training=False,
                )
                return outputs

            signature = tf.TensorSpec((group, *layout.row_shape), layout.dtype)
            function = tf.function(forward, autograph=False)
            self._function = function.get_concrete_function(signature)
        self._stride = stride_of(self._function.graph, group)
        self.row_shape = tuple(model.output_shape[1:])
        self._groups: RowGroups | None = None

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the outputs for rows, float32 of shape (n_rows, ...)."""
        groups = self._groups
        if groups is None and len(rows) > 1:
            places = places_alike(self._run, rows, self.group, self._stride)
            if places is not None:
                groups = self._groups = RowGroups(self.group, places)
            else:
                # All outputs are the same.
                usual = usual_places(self.group, self._stride)
                groups = RowGroups(self.group, usual)
        elif groups is None:
            groups = RowGroups(self.group, FIRST_ONLY)
        return groups.collect(self._run(rows, groups), len(rows))

    def _run(self, rows: np.ndarray, groups: RowGroups | None = None) -> np.ndarray:
        """Return the outputs for whole groups, made of rows if they are not yet."""
        groups = groups or RowGroups(self.group)
        n_groups = -(-len(rows) // len(groups.places))
        outputs = np.empty((n_groups, self.group, *self.row_shape), dtype=np.float32)

        def send(number: int) -> None:
            some = slice(number * len(groups.places), (number + 1) * len(groups.places))
            with shortage_explained("Inference"):
                batch = tf.convert_to_tensor(groups.spread(rows[some]))
                outputs[number] = self._function(batch).numpy()

        if n_groups < 2:
            list(map(send, range(n_groups)))
        else:
            # Operations have one thread each: groups pass side by side instead.
            threads = ThreadPoolExecutor(min(os.cpu_count() or 1, _GROUPS_AT_ONCE))
            try:
                list(threads.map(send, range(n_groups)))
            finally:
                # Ctrl-C waits for the groups that are under way, and no others.
                threads.shutdown(cancel_futures=True)
        return outputs.reshape(-1, *self.row_shape)


_FUNCTIONS: OrderedDict[Hashable, FrozenNetwork] = OrderedDict()
_LOCK = Lock()


def infer_frozen(
    network: NetworkSpec,
    weights: Sequence[np.ndarray],
    feed: ArrayFeed,
    *,
    digest: str,
    group: int,
) -> np.ndarray:
    """Send rows through a network whose weights stay what they are.

    Parameters
    ----------
    network : NetworkSpec
        The network, which returns one tensor.
    weights : sequence of ndarray
        Its weights, in the order of `keras.Model.weights`.
    feed : ArrayFeed
        The rows.
    digest : str
        Identifies the weights, and what else the network consists of: what was compiled
        with the same digest is used again.
    group : int
        How many rows pass together.

    Returns
    -------
    outputs : ndarray of shape (n_rows, ...), dtype float32
        In the order of the rows. A row's output does not depend on the others.
    """
    check_process()
    key = (network.key, digest, feed.layout, group)
    with _LOCK:
        function = _FUNCTIONS.get(key)
        if function is not None:
            _FUNCTIONS.move_to_end(key)
    if function is None:
        function = FrozenNetwork(network, weights, feed.layout, group)
        with _LOCK:
            _FUNCTIONS[key] = function
            while len(_FUNCTIONS) > _MAX_FUNCTIONS:
                _FUNCTIONS.popitem(last=False)
    return function(feed.array)
