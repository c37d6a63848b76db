"""The shapes of what a network returns and of what a loss is given."""

from typing import Any

import keras
import numpy as np

from skdeep.wrappers._targets import is_of_keras, single_loss

# Targets that a network has met.
_MET = np.linspace(0.2, 0.8, 4, dtype=np.float32)


def output_shapes(model: keras.Model, example: Any) -> list[tuple[int | None, ...]]:
    """Return the shape of a row of each output, none if nobody can tell.

    A model that is a class of the user's does not say it, but is asked for it: Keras
    runs `call` without numbers, so that nothing in the model changes.

    Parameters
    ----------
    model : keras.Model
        The model, built.
    example : callable
        Returns rows of its input.

    Returns
    -------
    shapes : list of tuple
    """
    outputs = getattr(model, "outputs", None)
    try:
        if outputs is None:
            rows = keras.tree.map_structure(_as_symbol, example())
            outputs = keras.tree.flatten(model.compute_output_spec(rows))
        return [tuple(output.shape[1:]) for output in outputs]
    except Exception:
        # What runs with numbers need not run without, nor return tensors only.
        return []


def _as_symbol(rows: Any) -> keras.KerasTensor:
    dtype = keras.config.floatx() if rows.dtype.kind == "f" else rows.dtype.name
    return keras.KerasTensor((None, *rows.shape[1:]), dtype=dtype)


def as_column(targets: Any, model: Any, example: Any) -> Any:
    """Return one number for each row as a column, if the loss goes wrong otherwise.

    Keras gives a subclass of `keras.losses.Loss` the targets as they are, (n,), beside
    outputs of shape (n, 1). One that subtracts them compares each row with the targets
    of all, one that was written for that shape does not.
    """
    one_each = isinstance(targets, np.ndarray) and targets.ndim == 1
    loss = single_loss(getattr(model, "loss", None))
    if not one_each or not isinstance(loss, keras.losses.Loss) or is_of_keras(loss):
        return targets
    if output_shapes(model, example) != [(1,)]:
        return targets
    wants_column = not _compares_rows(loss, _MET) and _compares_rows(
        loss, _MET[:, None]
    )
    return targets[:, None] if wants_column else targets


def _compares_rows(loss: keras.losses.Loss, targets: np.ndarray) -> bool:
    """Tell whether a loss is for rows together what it is for each of them.

    Where every target is met, that is so of means, sums and roots of means alike.
    """
    outputs = targets.reshape(-1, 1)

    def mean(rows: slice) -> float:
        values = loss.call(
            keras.ops.convert_to_tensor(targets[rows]),
            keras.ops.convert_to_tensor(outputs[rows]),
        )
        return float(np.mean(keras.ops.convert_to_numpy(values)))

    try:
        together = mean(slice(None))
        apart = [mean(slice(row, row + 1)) for row in range(len(targets))]
    except Exception:
        # What a loss of the user's cannot do with these, it may do with others.
        return False
    return bool(np.isclose(together, np.mean(apart), rtol=1e-4, atol=1e-6))
