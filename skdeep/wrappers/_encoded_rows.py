"""Rows on their way from the encoders to the runtime."""

from typing import Any

import keras
import numpy as np
from scipy.sparse import issparse

from skdeep import runtime
from skdeep.encoding.numbers import to_dtype
from skdeep.encoding.repeats import content_order, occurrences
from skdeep.runtime.row_feeds import RepeatedFeed, SparseFeed

# Types that rows are held in; others are turned into the network's floats.
_KEPT_TYPES = {"bool", "uint8", "int8", "int32", "int64"}


def is_array(rows: Any) -> bool:
    """Tell whether rows are one array or sparse matrix of numbers."""
    known = isinstance(rows, np.ndarray) or issparse(rows)
    return known and rows.dtype.kind in "biuf"


def as_network_numbers(array: Any, precision: str, name: str = "X") -> Any:
    """Return an array or sparse matrix as the network's floats, or as it is.

    Integers stay what they are: they take less memory, and become floats batch by
    batch. Numbers that the network's floats cannot hold are refused.
    """
    if not issparse(array) and array.dtype.name in _KEPT_TYPES:
        return array
    dtype = _float_type(precision)
    if issparse(array):
        to_dtype(array.data, dtype, name)
        return array.astype(dtype, copy=False)
    return to_dtype(array, dtype, name)


def _float_type(precision: str) -> str:
    return precision if precision == "float64" else "float32"


class EncodedRows:
    """Encoded rows: as they were given or, once sorted, as their content says."""

    def __init__(
        self, inputs: Any, targets: Any, weights: np.ndarray | None, dtype: str
    ) -> None:
        self.inputs, self.targets, self.weights = inputs, targets, weights
        self._dtype = dtype
        self._places: np.ndarray | None = None

    @property
    def are_arrays(self) -> bool:
        """Whether inputs and targets are one array of numbers each."""
        targets = self.targets
        dense = targets is None or (not issparse(targets) and is_array(targets))
        return is_array(self.inputs) and dense

    @property
    def wanted(self) -> Any:
        """The targets; without any, the inputs are to be reconstructed."""
        return self.inputs if self.targets is None else self.targets

    def sort(self) -> None:
        """Order the rows by their content, each as often as its weight says."""
        self.inputs = as_network_numbers(self.inputs, self._dtype)
        if self.targets is not None:
            self.targets = to_dtype(self.targets, _float_type(self._dtype), "y")
        order = content_order(self.inputs, self.targets, self.weights)
        if self.weights is not None:
            # Rows of a class that weighs nothing, of which the encoders had to know.
            order = order[self.weights[order] > 0]
        self.inputs = self.inputs[order]
        if self.targets is not None:
            self.targets = self.targets[order]
        if self.weights is not None:
            self._places, self.weights = occurrences(self.weights[order])

    def suit(self, model: keras.Model) -> bool:
        """Tell whether outputs and targets have shapes that can be compared by row."""
        outputs = tuple(model.outputs[0].shape[1:])
        targets = self.wanted
        if targets.shape[1:] in (outputs, ()):
            return True
        # Class numbers for one column for each class.
        return len(outputs) == 1 and targets.shape[1:] == (1,)

    def places(self) -> np.ndarray:
        """Return the row number of each occurrence in an epoch."""
        if self._places is not None:
            return self._places
        first = keras.tree.flatten(self.inputs)[0]
        return np.arange(first.shape[0])

    def example(self) -> tuple[Any, Any]:
        """Return the first row and its target."""
        first = self.inputs[[0]]
        first = first.toarray() if issparse(first) else first
        return first, (first if self.targets is None else self.targets[:1])

    def feeds(self) -> tuple[Any, runtime.ArrayFeed | None]:
        """Return what the compiled epochs read from."""
        if issparse(self.inputs):
            inputs: Any = SparseFeed(self.inputs, self._places)
        elif self._places is not None:
            inputs = RepeatedFeed(self.inputs, self._places)
        else:
            inputs = runtime.ArrayFeed(self.inputs)
        targets = None if self.targets is None else runtime.ArrayFeed(self.targets)
        return inputs, targets
