"""Adam's step as one operation of TensorFlow for each variable, in place of ten."""

from types import MethodType
from typing import Any

import keras
import tensorflow as tf

# AdamW decays the weights before the step, which is Adam's.
_KINDS = (keras.optimizers.Adam, keras.optimizers.AdamW)


def fuse(optimizer: keras.optimizers.Optimizer) -> None:
    """Let Keras' own Adam take its steps by a fused operation.

    Equations and state stay what they are. In single precision 1 - beta_2 is rounded,
    so that steps differ by some 2e-5 of their length. Small networks train a tenth
    faster so, and are compiled sooner.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Changed if it is Keras' Adam or AdamW, without `amsgrad`; others stay as they
        are.
    """
    if type(optimizer) in _KINDS and not optimizer.amsgrad:
        optimizer.update_step = MethodType(_update_step, optimizer)


def _update_step(
    optimizer: Any, gradient: Any, variable: Any, learning_rate: Any
) -> None:
    """Change a variable and its moments."""
    if isinstance(gradient, tf.IndexedSlices):
        # Of an embedding, most of whose rows have no gradient.
        type(optimizer).update_step(optimizer, gradient, variable, learning_rate)
        return
    index = optimizer._get_variable_index(variable)
    dtype = variable.dtype
    step = tf.cast(optimizer.iterations + 1, dtype)
    # As in Keras: what is cast is rounded to single precision first.
    powers = [
        tf.pow(tf.cast(beta, dtype), step)
        for beta in (optimizer.beta_1, optimizer.beta_2)
    ]
    beta_1, beta_2, epsilon = (
        tf.constant(value, dtype)
        for value in (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon)
    )
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=optimizer._momentums[index].value.handle,
        v=optimizer._velocities[index].value.handle,
        beta1_power=powers[0],
        beta2_power=powers[1],
        lr=tf.cast(learning_rate, dtype),
        beta1=beta_1,
        beta2=beta_2,
        epsilon=epsilon,
        grad=tf.cast(gradient, dtype),
        use_locking=False,
    )
