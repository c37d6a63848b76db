"""Losses and metrics, one value for every row.

Keras' own losses average over the batch at once; weights of rows and penalties
need the values before that. Outputs of classifiers are logits.
"""

from typing import Any

import keras
from keras import ops

Tensor = Any


def squared_error(targets: Tensor, outputs: Tensor) -> Tensor:
    """Return the mean squared error of each row, over all its numbers.

    Parameters
    ----------
    targets, outputs : tensors of shape (n_rows, ...)
        What was wanted and what came out.

    Returns
    -------
    losses : tensor of shape (n_rows,)
    """
    errors = ops.square(ops.cast(outputs, targets.dtype) - targets)
    return ops.mean(ops.reshape(errors, (ops.shape(errors)[0], -1)), axis=1)


def class_cross_entropy(
    targets: Tensor, outputs: Tensor, *, label_smoothing: float = 0.0
) -> Tensor:
    """Return the cross-entropy of each row, in nats.

    Parameters
    ----------
    targets : integer tensor of shape (n_rows,)
        Class numbers from 0.
    outputs : tensor of shape (n_rows, n_outputs)
        Logits; a single one is that of class 1 against class 0.
    label_smoothing : float in [0, 1), default=0.0
        Share of the target probability that is spread evenly over all classes.

    Returns
    -------
    losses : tensor of shape (n_rows,)
    """
    if outputs.shape[-1] == 1:
        wanted = ops.cast(targets, outputs.dtype)[:, None]
        wanted = wanted * (1.0 - label_smoothing) + 0.5 * label_smoothing
        losses = ops.binary_crossentropy(wanted, outputs, from_logits=True)
        return losses[:, 0]
    if not label_smoothing:
        return ops.sparse_categorical_crossentropy(targets, outputs, from_logits=True)
    n_classes = outputs.shape[-1]
    wanted = ops.one_hot(targets, n_classes, dtype=outputs.dtype)
    wanted = wanted * (1.0 - label_smoothing) + label_smoothing / n_classes
    return ops.categorical_crossentropy(wanted, outputs, from_logits=True)


def class_accuracy(targets: Tensor, outputs: Tensor) -> Tensor:
    """Return 1 for each row whose class has the largest logit, otherwise 0.

    Parameters
    ----------
    targets : integer tensor of shape (n_rows,)
        Class numbers from 0.
    outputs : tensor of shape (n_rows, n_outputs)
        Logits, as in `class_cross_entropy`.

    Returns
    -------
    hits : tensor of shape (n_rows,)
    """
    if outputs.shape[-1] == 1:
        predicted = ops.cast(outputs[:, 0] > 0, targets.dtype)
    else:
        predicted = ops.cast(ops.argmax(outputs, axis=-1), targets.dtype)
    return ops.cast(predicted == targets, keras.backend.floatx())
