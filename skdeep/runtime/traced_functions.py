"""Calls of traced functions, from arrays to arrays.

Called as Python functions, they take their arguments apart, check them and run in
another thread. A single row in a small network feels that: it takes several times as
long as what is computed. As an operation of TensorFlow, they are simply run.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.eager.context import context


class TracedFunction:
    """A traced function of tensors that is called with arrays.

    Parameters
    ----------
    function : tf.types.experimental.ConcreteFunction
        The function. What it captures stays the same.
    as_operation : bool
        Whether to call it as an operation. TensorFlow then keeps all that it compiled
        for it as long as the process lives: megabytes for a deep network, and all
        constants. The last bits of what is computed may depend on this.
    """

    def __init__(self, function: Any, as_operation: bool) -> None:
        self._function = function
        self._captured = list(function.captured_inputs)
        self._dtypes = [output.dtype for output in function.outputs]
        self._structure = function.structured_outputs
        self._as_operation = as_operation

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
        if not self._as_operation:
            # Without the check that these are tensors of the right kind.
            tensors = list(map(tf.convert_to_tensor, arrays))
            outputs = self._function._call_flat(tensors, self._captured)
            return tf.nest.map_structure(lambda output: output.numpy(), outputs)
        outputs = tf.raw_ops.StatefulPartitionedCall(
            args=[*arrays, *self._captured],
            Tout=self._dtypes,
            f=self._function,
            config_proto=context().function_call_options.config_proto_serialized,
        )
        found = [output.numpy() for output in outputs]
        if isinstance(self._structure, tf.Tensor):
            return found[0]
        return tf.nest.pack_sequence_as(self._structure, found)
