"""Learning-rate schedules: one rate for every step, known before an epoch runs."""

from collections.abc import Callable
from typing import Any

import numpy as np

#: Share of the steps over which a "triangular" schedule rises.
_RISE = 0.23
#: Rate, relative to the peak, from which a "triangular" schedule rises ...
_START = 0.2
#: ... and to which it falls.
_END = 0.07


def constant(progress: np.ndarray) -> np.ndarray:
    """Keep the learning rate."""
    return np.ones_like(progress)


def cosine(progress: np.ndarray) -> np.ndarray:
    """Fall from the learning rate to zero along half a cosine."""
    return 0.5 * (1.0 + np.cos(np.pi * progress))


def linear(progress: np.ndarray) -> np.ndarray:
    """Fall from the learning rate to zero along a line."""
    return 1.0 - progress


def triangular(progress: np.ndarray) -> np.ndarray:
    """Rise to the learning rate over the first steps, then fall along a line."""
    rise = _START + (1.0 - _START) * progress / _RISE
    fall = 1.0 + (_END - 1.0) * (progress - _RISE) / (1.0 - _RISE)
    return np.where(progress < _RISE, rise, fall)


SCHEDULES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "constant": constant,
    "cosine": cosine,
    "linear": linear,
    "triangular": triangular,
}


def learning_rates(
    learning_rate: Any, schedule: str, first_step: int, n_steps: int, total_steps: int
) -> np.ndarray:
    """Return the learning rate of each of `n_steps` steps.

    Parameters
    ----------
    learning_rate : float or callable
        The highest rate, or a `keras.optimizers.schedules.LearningRateSchedule`:
        a function from the number of a step, counted from 0, to its rate.
    schedule : {"constant", "cosine", "linear", "triangular"}
        How a rate given as a number changes; unused with a callable.
    first_step, n_steps : int
        Which steps, counted from the start of the fit.
    total_steps : int
        Number of steps of the whole fit, which the schedules end with.

    Returns
    -------
    rates : ndarray of shape (n_steps,), dtype float32

    Raises
    ------
    ValueError
        If a callable cannot be called with the number of a step, or returns no number.
    """
    steps = np.arange(first_step, first_step + n_steps)
    if callable(learning_rate):
        try:
            rates = [float(np.asarray(learning_rate(step))) for step in steps]
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"learning_rate={learning_rate!r} must be a number, an object of "
                "keras.optimizers.schedules.LearningRateSchedule, or a function from "
                f"the number of a step to a number, but calling it failed: {error}"
            ) from error
        return np.asarray(rates, dtype=np.float32)
    progress = steps / max(total_steps, 1)
    return np.asarray(learning_rate * SCHEDULES[schedule](progress), dtype=np.float32)
