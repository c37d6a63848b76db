"""The part of the training rows that early stopping watches."""

import numpy as np


def validation_split(
    n_rows: int,
    fraction: float,
    strata: np.ndarray | None,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows at random into those trained on and those watched.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    fraction : float in (0, 1)
        Share of the rows to watch, in every stratum.
    strata : ndarray of shape (n_rows,) or None
        Integer class of each row; the shares of the classes are kept, and every
        class keeps at least one row to train on.
    generator : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    training, watched : ndarray of int64
        Row numbers, sorted.

    Raises
    ------
    ValueError
        If no row would be left on either side.
    """
    strata = np.zeros(n_rows, dtype=np.int64) if strata is None else strata
    classes, members = np.unique(strata, return_inverse=True)
    watched = np.zeros(n_rows, dtype=bool)
    # Rounding carries over from class to class, so that the shares add up.
    carry = 0.0
    for index in range(len(classes)):
        rows = generator.permutation(np.flatnonzero(members == index))
        carry += fraction * len(rows)
        count = min(round(carry), len(rows) - 1)
        # What a class is too small to give is not to be taken from the next ones.
        carry = min(carry - count, 0.5)
        watched[rows[:count]] = True
    if not watched.any():
        raise ValueError(
            f"early_stopping=True needs rows to validate on, but "
            f"validation_fraction={fraction} of {n_rows} distinct training rows is "
            "none. Pass more data, a larger validation_fraction, or "
            "early_stopping=False."
        )
    return np.flatnonzero(~watched), np.flatnonzero(watched)
