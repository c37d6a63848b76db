"""Warnings about trainings that went wrong, with the parameter to change."""

import sys
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skdeep import runtime
from skdeep.runtime.convergence import convergence_problem

# Samples whose codes are looked at: a handful of batches, next to an epoch nothing.
_SAMPLES = 256
# Of fewer nothing is said: what is tried on so little need not have learned anything.
_ENOUGH_SAMPLES = 128
# Outputs this close to each other, relative to their size, differ by rounding.
_SAME = 1e-6
# A component of less divergence from the prior says nothing of the sample, in nats.
_COLLAPSED_NATS = 0.01
# Warn when it is true of more than this share: a few dead units are no harm.
_MOST = 0.5
_LIBRARIES = ("skdeep", "sklearn", "joblib")


class AdviceMixin:
    """Warns, in the words of the parameters, when training has not done its work."""

    def _advise(
        self, message: str, category: type[Warning] = ConvergenceWarning
    ) -> None:
        """Warn at the line of the user's that has called."""
        text = f"{type(self).__name__}: {message}"
        warnings.warn(text, category, stacklevel=_depth_of_caller())

    def _advise_on_convergence(
        self, history: dict[str, list[float]], options: runtime.TrainingOptions
    ) -> None:
        """Warn if early stopping stopped at once, or epochs ran out."""
        problem = convergence_problem(history.get("val_loss", ()), options)
        if problem is not None:
            self._advise(problem)

    def _advise_on_precision(self) -> None:
        """Warn if the processor is slow with the numbers that are asked for."""
        if self.precision == "bfloat16" and not runtime.has_native_bfloat16():
            self._advise(
                "precision='bfloat16' is slow here, since this processor does not "
                "multiply such numbers: a CNN took ten times as long as in float32. "
                "Set precision='auto', which takes bfloat16 where it is fast.",
                UserWarning,
            )

    def _advise_on_batches(self, feed: runtime.Feed, classes: np.ndarray) -> None:
        """Warn if most batches hold rows of one class only."""
        size = self._batch_size_of_training()
        if size < 2 or len(classes) <= size:
            return
        # As an epoch goes through the rows; nothing is drawn that training draws from.
        order = feed.order(np.arange(len(feed)), size, np.random.default_rng(0))
        n_whole = len(order) // size
        batches = classes[order[: n_whole * size]].reshape(n_whole, size)
        share = float(np.mean(batches.min(axis=1) == batches.max(axis=1)))
        if share <= _MOST:
            return
        most = float(np.bincount(classes).max()) / len(classes)
        # So large that nine in ten batches of mixed rows hold another class, too.
        enough = int(np.ceil(np.log(0.1) / np.log(most)))
        advice = f"Raise batch_size to {enough} or more"
        if isinstance(feed, runtime.StreamFeed):
            advice = "Write the file with its rows in random order, or raise batch_size"
        elif enough <= size:
            advice = "Raise batch_size"
        self._advise(
            f"{share:.0%} of the batches of batch_size={size} rows hold one class "
            f"only, so that most steps of training forget the others. {advice}.",
            UserWarning,
        )

    def _advise_on_units(self, rows: Any) -> None:
        """Warn if most units of a code are of no use; there is no code by default."""


class CodeAdviceMixin:
    """Warns of codes most of whose units say nothing about the sample."""

    def _advise_on_units(self, rows: Any) -> None:
        feed = self._feed(rows)
        some = feed.sample(_SAMPLES)
        if len(some) < _ENOUGH_SAMPLES or not self.n_iter_:
            return
        outputs = runtime.infer(
            self._network(),
            self.weights_,
            self._feed(self._take(rows, some)),
            part="encoder",
            precision=self.precision,
        )
        if np.isfinite(outputs).all():
            problem = self._problem_of_units(outputs.astype(np.float64))
            if problem is not None:
                self._advise(problem)

    def _problem_of_units(self, outputs: np.ndarray) -> str | None:
        """Say which outputs of the encoder are of no use, None if most are."""
        size = np.maximum(np.abs(outputs).max(axis=0), 1)
        dead = np.ptp(outputs, axis=0) <= _SAME * size
        if dead.mean() <= _MOST:
            return None
        parameters = self.get_params(deep=False)
        rate = _now(parameters.get("learning_rate"))
        advice = ["Scale X to about [0, 1]", f"lower learning_rate{rate}"]
        if parameters.get("activation") == "relu":
            advice.append("set activation='elu', which does not fall silent")
        if parameters.get("sparsity") is not None:
            advice.append(f"lower sparsity_weight{_now(parameters['sparsity_weight'])}")
        return (
            f"{dead.sum()} of the {len(dead)} units of the code are dead: they are the "
            f"same for all of {len(outputs)} training samples. {', or '.join(advice)}."
        )


def collapse_problem(posterior: np.ndarray, beta: float, epochs: int) -> str | None:
    """Say how many components of a variational code are not used.

    Parameters
    ----------
    posterior : ndarray of shape (n_samples, 2 * n_components)
        Means and log variances.
    beta : float
        The estimator's parameter.
    epochs : int
        Number of epochs trained.

    Returns
    -------
    problem : str or None
        None if at least half of them are.
    """
    mean, log_variance = np.split(posterior, 2, axis=1)
    with np.errstate(over="ignore"):
        nats = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)
    unused = nats.mean(axis=0) < _COLLAPSED_NATS
    if unused.mean() <= _MOST:
        return None
    return (
        f"the posterior has collapsed: {unused.sum()} of the {len(unused)} components "
        f"lie within {_COLLAPSED_NATS} nats of the prior over {len(posterior)} "
        f"training samples, so they say nothing of them. Lower beta (now {beta:.3g}) "
        f"or n_components (now {len(unused)}), or raise epochs (now {epochs})."
    )


def _now(value: Any) -> str:
    return f" (now {value:.3g})" if isinstance(value, float | int) else ""


def _depth_of_caller() -> int:
    """Return the `stacklevel`, seen from `_advise`, of the first frame of a user's."""
    depth, frame = 0, sys._getframe(1)
    while frame is not None:
        depth += 1
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _LIBRARIES:
            return depth
        frame = frame.f_back
    return 2
