"""Adam's step as one operation of TensorFlow for each variable, in place of many."""

from collections.abc import Sequence
from types import MethodType
from typing import Any

import keras
import tensorflow as tf

# AdamW decays the weights before the step, which is Adam's.
_KINDS = (keras.optimizers.Adam, keras.optimizers.AdamW)


def fuse(optimizer: keras.optimizers.Optimizer) -> None:
    """Let Keras' own Adam take its steps by a fused operation.

    Equations and state stay what they are. In single precision 1 - beta_2 is rounded,
    so that steps differ by some 2e-5 of their length. Most operations in a step of a
    small network are Keras' Adam, each of them cheap: a fit alone hides them behind the
    gradients, but fits side by side do not.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Changed if it is Keras' Adam or AdamW, without `amsgrad`; others stay as they
        are.
    """
    if type(optimizer) in _KINDS and not optimizer.amsgrad:
        optimizer._backend_update_step = MethodType(_update, optimizer)


def _update(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any], rate: Any
) -> None:
    """Change variables and their moments."""
    # Read once for all variables: TensorFlow cannot know that reading again is idle.
    rate = tf.convert_to_tensor(rate)
    step = tf.convert_to_tensor(optimizer.iterations) + 1
    for gradient, variable in zip(gradients, variables, strict=True):
        if isinstance(gradient, tf.IndexedSlices):
            # Of an embedding, most of whose rows have no gradient.
            optimizer.update_step(gradient, variable, rate)
        else:
            _apply(optimizer, gradient, variable, rate, step)


def _apply(
    optimizer: Any, gradient: tf.Tensor, variable: Any, rate: tf.Tensor, step: tf.Tensor
) -> None:
    """Change one variable and its moments by the fused operation."""
    index = optimizer._get_variable_index(variable)
    dtype = variable.dtype
    beta_1, beta_2, epsilon = (
        tf.constant(value, dtype)
        for value in (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon)
    )
    # As in Keras: what is cast is rounded to single precision first.
    powers = [
        tf.pow(tf.cast(beta, dtype), tf.cast(step, dtype))
        for beta in (optimizer.beta_1, optimizer.beta_2)
    ]
    tf.raw_ops.ResourceApplyAdam(
        var=variable.value.handle,
        m=optimizer._momentums[index].value.handle,
        v=optimizer._velocities[index].value.handle,
        beta1_power=powers[0],
        beta2_power=powers[1],
        lr=tf.cast(rate, dtype),
        beta1=beta_1,
        beta2=beta_2,
        epsilon=epsilon,
        grad=tf.cast(gradient, dtype),
        use_locking=False,
    )
