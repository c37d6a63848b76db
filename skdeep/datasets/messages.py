"""Labelled messages in the form in which every loader returns them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from skdeep.datasets.near_duplicates import group_near_duplicates


def assemble_messages(
    texts: Sequence[str],
    target: Sequence[int],
    target_names: Sequence[str],
    description: str,
    *,
    drop_duplicates: bool = False,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Return messages and labels as a Bunch, or as a pair.

    Parameters
    ----------
    texts : sequence of str of shape (n_samples,)
        The messages.
    target : sequence of int of shape (n_samples,)
        Position of each message's class in `target_names`.
    target_names : sequence of str
        Names of the classes.
    description : str
        What `DESCR` says.
    drop_duplicates : bool
        Whether to leave out messages that repeat an earlier one exactly.
    return_X_y : bool
        Whether to return the pair.
    as_frame : bool
        Whether the messages and labels are pandas Series.
    """
    data: Any = np.empty(len(texts), dtype=object)
    data[:] = texts
    labels: Any = np.asarray(target, dtype=np.int64)
    if drop_duplicates:
        first_seen = {text: row for row, text in reversed(list(enumerate(texts)))}
        rows = np.sort(np.fromiter(first_seen.values(), dtype=np.int64))
        data, labels = data[rows], labels[rows]
    # Grouping takes longer than reading, and a pair has no place for it.
    groups = None if return_X_y else group_near_duplicates(data)
    frame = None
    if as_frame:
        import pandas as pd

        frame = pd.DataFrame({"text": data, "label": labels})
        data, labels = frame["text"], frame["label"]
    if return_X_y:
        return data, labels
    return Bunch(
        data=data,
        target=labels,
        target_names=list(target_names),
        groups=groups,
        frame=frame,
        DESCR=description,
    )
