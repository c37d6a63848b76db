"""Whether a training that was watched came to its end."""

from collections.abc import Sequence

from skdeep.runtime.training import TrainingOptions


def convergence_problem(
    watched: Sequence[float], options: TrainingOptions
) -> str | None:
    """Say what went wrong with early stopping, and which parameter to change.

    Parameters
    ----------
    watched : sequence of float
        Validation loss of each epoch, in their order.
    options : TrainingOptions
        How the network was trained.

    Returns
    -------
    problem : str or None
        None if there is none: epochs that come and go without a trend are no reason to
        train longer.
    """
    falls = _falls(watched, options.tol)
    patience = options.n_iter_no_change
    if len(falls) == patience + 1 and not any(falls[1:]):
        rate = ""
        if isinstance(options.learning_rate, float | int):
            rate = f" (now {options.learning_rate:.3g})"
        return (
            f"training stopped early, and no epoch was better than the first: of the "
            f"{patience} after it, none lowered the validation loss of "
            f"{watched[0]:.4g} by more than tol={options.tol:.3g}. Lower learning_rate"
            f"{rate}, or raise n_iter_no_change (now {patience})."
        )
    if len(falls) == options.epochs > patience and all(falls[-patience:]):
        return (
            f"epochs={options.epochs} were not enough: the validation loss still fell "
            f"by more than tol={options.tol:.3g} in each of the last {patience}, to "
            f"{watched[-1]:.4g}. Raise epochs, or tol if this is good enough."
        )
    return None


def _falls(watched: Sequence[float], tol: float) -> list[bool]:
    """Tell of each epoch whether its loss is below all before it by more than `tol`."""
    best, falls = float("inf"), []
    for loss in watched:
        falls.append(loss < best - tol)
        best = min(best, loss)
    return falls
