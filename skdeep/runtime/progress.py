"""Progress of a fit, one line for each epoch."""

import sys


def write_epoch(name: str, epoch: int, epochs: int, logs: dict[str, float]) -> None:
    """Write the losses of an epoch to standard output.

    Parameters
    ----------
    name : str
        What is being fitted.
    epoch, epochs : int
        Number of the epoch, counted from 0, and how many were asked for.
    logs : dict of str to float
        What was measured.
    """
    values = ", ".join(f"{key} {value:.4g}" for key, value in logs.items())
    sys.stdout.write(f"{name}: epoch {epoch + 1}/{epochs}, {values}\n")
    sys.stdout.flush()
