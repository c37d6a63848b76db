"""Calls of traced functions, from arrays to arrays.

Called as Python functions, they take their arguments apart, check them and run in
another thread. A single row in a small network feels that: it takes several times as
long as what is computed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf


class TracedFunction:
    """A traced function of tensors that knows what it is called with.

    Parameters
    ----------
    function : tf.types.experimental.ConcreteFunction
        The function. What it captures stays the same.
    """

    def __init__(self, function: Any) -> None:
        self.graph = function.graph
        self._function = function
        self._captured = list(function.captured_inputs)
        self._dtypes = [output.dtype for output in function.outputs]
        self._structure = function.structured_outputs

    def __call__(self, arrays: Sequence[np.ndarray]) -> Any:
        """Return what the function makes of arrays.

        Parameters
        ----------
        arrays : sequence of ndarray
            Its arguments, flattened, of the shapes and dtypes that it was traced for.

        Returns
        -------
        outputs : ndarray or structure of such
        """
        outputs = tf.raw_ops.StatefulPartitionedCall(
            args=[*arrays, *self._captured], Tout=self._dtypes, f=self._function
        )
        found = [output.numpy() for output in outputs]
        return tf.nest.pack_sequence_as(self._structure, found)
