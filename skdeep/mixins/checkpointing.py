"""Fits that survive a crash: a checkpoint at the end of each epoch."""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn.utils import check_random_state

from skdeep import __version__, runtime
from skdeep.encoding.checkpoint_file import (
    Checkpoint,
    CheckpointError,
    read_checkpoint,
    remove_checkpoint,
    remove_torn,
    write_checkpoint,
)
from skdeep.encoding.digests import array_digest, row_digests
from skdeep.encoding.file_lock import FileLock, lock_path
from skdeep.encoding.fingerprints import fingerprint, parameter_fingerprints
from skdeep.encoding.malformed_file import MalformedFileError
from skdeep.runtime.shapes import library_versions
from skdeep.runtime.snapshots import Progress, Snapshot

# Rows that are read at once to compute their digests.
_DIGEST_ROWS = 4096
_SHOWN_DIFFERENCES = 3
_START = "weights to start from"
_ARRAYS = ("weights", "seeds", "optimizer", "best_weights", "history", "best")


class CheckpointMixin:
    """Fits with a parameter `checkpoint`, or without one."""

    @contextmanager
    def _checkpointed(self) -> Iterator[None]:
        """Have a fit go on from its checkpoint, and write one after each epoch."""
        path = getattr(self, "checkpoint", None)
        with nullcontext() if path is None else checkpointed(self, path):
            yield

    def _check_checkpoint(
        self, callbacks: Any = (), *, one_epoch: bool = False
    ) -> None:
        """Refuse to save what cannot be gone on from."""
        path = getattr(self, "checkpoint", None)
        if path is None:
            return
        if callbacks:
            raise ValueError(
                "checkpoint and callbacks cannot be used together, as what callbacks "
                f"remember cannot be saved: got checkpoint={path!r} and "
                f"callbacks={callbacks!r:.200}. Set one of them to None."
            )
        if one_epoch:
            raise ValueError(
                "partial_fit does not support checkpoint, since it makes one pass over "
                f"the rows it is given: got checkpoint={path!r}. Set checkpoint=None "
                "and save the estimator between the calls, or use fit."
            )

    def _draw_seed(self) -> int:
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        # A fit that was killed goes on with what it drew then, which is another number
        # if there is no random_state.
        checkpoint = vars(self).get("_checkpoint")
        return seed if checkpoint is None else checkpoint.seed(seed)

    def _training_checkpoint(
        self,
        inputs: runtime.Feed,
        targets: runtime.ArrayFeed | None,
        *,
        sample_weight: np.ndarray | None,
        weights: list[np.ndarray] | None,
        state: runtime.TrainingState | None,
    ) -> "FitCheckpoint | None":
        """Return where the training is saved, None if it is not."""
        checkpoint: FitCheckpoint | None = vars(self).get("_checkpoint")
        if checkpoint is not None:
            others = {
                "y": None if targets is None else targets.array,
                "classes": vars(self).get("classes_"),
                "sample_weight": sample_weight,
                "state of the previous fit": state,
            }
            checkpoint.begin_training(inputs, others, weights)
        return checkpoint


@contextmanager
def checkpointed(estimator: Any, path: str | os.PathLike[str]) -> Iterator[None]:
    """Have the fit inside go on from the checkpoint at `path`, if there is one.

    Parameters
    ----------
    estimator : DeepEstimator
        The estimator that is being fitted; it has a `FitCheckpoint` inside.
    path : str or path-like
        The file. It is gone when the fit has ended, and stays if the fit fails.

    Raises
    ------
    CheckpointError
        If the file is damaged or of another fit, or another fit is using it.
    OSError
        If there is no such folder, or it cannot be written.
    """
    place = _place(path)
    with _locked(place):
        remove_torn(place)
        checkpoint = FitCheckpoint(estimator, place)
        estimator._checkpoint = checkpoint
        try:
            yield
        finally:
            vars(estimator).pop("_checkpoint", None)
        remove_checkpoint(place)


class FitCheckpoint:
    """The checkpoint of one fit: what it must be a fit of, and where it is kept.

    Parameters
    ----------
    estimator : DeepEstimator
        Whose fit this is.
    path : Path
        The file.

    Raises
    ------
    CheckpointError
        If the file is damaged or of a fit of another class, other parameters or other
        versions.
    """

    def __init__(self, estimator: Any, path: Path) -> None:
        self.path = path
        self._draws: list[int] = []
        self._about: dict[str, Any] = {
            "class": fingerprint(type(estimator)),
            "versions": _versions(),
            "parameters": parameter_fingerprints(estimator.get_params()),
            "data": {},
        }
        self._found = self._read()
        if self._found is not None:
            for section in ("class", "versions", "parameters"):
                self._compare(section)

    def seed(self, drawn: int) -> int:
        """Return the seed that the fit drew at this place before it was killed."""
        earlier: Any = [] if self._found is None else self._found.about.get("draws")
        place = len(self._draws)
        if isinstance(earlier, list) and place < len(earlier):
            if type(earlier[place]) is not int or not 0 <= earlier[place] < 2**31:
                raise self.refuse(f"its seed {earlier[place]!r:.50} is none")
            drawn = earlier[place]
        self._draws.append(drawn)
        return drawn

    def begin_training(
        self,
        inputs: runtime.Feed,
        others: Mapping[str, Any],
        start: list[np.ndarray] | None,
    ) -> None:
        """Compare what is trained on, and from, with that of the checkpoint.

        Parameters
        ----------
        inputs : Feed
            The encoded rows.
        others : mapping from str to array-like or None
            What else decides the result, such as targets and weights of the rows.
        start : list of ndarray or None
            Weights that training starts from, such as pretrained ones.
        """
        self._about["data"] = {
            "X": _feed_digest(inputs),
            **{name: fingerprint(value) for name, value in others.items()},
            _START: array_digest(start or ()),
        }
        if self._found is not None:
            self._compare("data")

    # -- what the runtime asks for -----------------------------------------------------

    def load(self) -> Snapshot | None:
        """Return where training stood, None if there is no checkpoint."""
        if self._found is None:
            return None
        about, arrays = self._found.about, self._found.arrays
        # The arrays are copied into the network; the file need not stay in memory.
        self._found = None
        try:
            return _snapshot(about, arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise self.refuse(f"it does not say how far training was: {error}") from (
                error
            )

    def save(self, snapshot: Snapshot) -> None:
        """Write where training stands."""
        progress = snapshot.progress
        about = {
            **self._about,
            "draws": self._draws,
            "epoch": progress.epoch,
            "stopped": progress.stopped,
            "waited": progress.waited,
            "precision": snapshot.precision,
            "history": list(progress.history),
        }
        arrays = {
            "weights": snapshot.weights,
            "seeds": snapshot.seeds,
            "optimizer": snapshot.optimizer,
            "best_weights": progress.best_weights or [],
            "history": [np.array(values) for values in progress.history.values()],
            "best": [np.array(progress.best)],
        }
        try:
            write_checkpoint(self.path, about, arrays)
        except MalformedFileError as error:
            raise CheckpointError(
                f"The checkpoint {self.path} cannot be written: {error}. Set "
                "checkpoint=None."
            ) from error

    def refuse(self, problem: str) -> CheckpointError:
        """Return the error that says what is wrong with the file."""
        return CheckpointError(
            f"The checkpoint {self.path} cannot be used: {problem.rstrip('.')}. It was "
            "left as it is. Fit the same estimator on the same data to go on from it; "
            "pass another path, or delete the file, to start anew."
        )

    # -- the file ----------------------------------------------------------------------

    def _read(self) -> Checkpoint | None:
        try:
            return read_checkpoint(self.path)
        except FileNotFoundError:
            return None
        except MalformedFileError as error:
            raise self.refuse(str(error)) from error.__cause__

    def _compare(self, section: str) -> None:
        """Refuse the file if it differs from this fit."""
        found = self._found.about.get(section) if self._found is not None else None
        here = self._about[section]
        if found == here:
            return
        if not isinstance(found, type(here)):
            raise self.refuse(f"it does not say of which {section} it is")
        if isinstance(here, str):
            raise self.refuse(f"it is of a fit of {found:.100}, not of {here}")
        names = [
            name
            for name in sorted({*found, *here})
            if found.get(name) != here.get(name)
        ]
        if section == "data":
            problem = f"it is of a fit to other data: not the same {', '.join(names)}"
            if names == [_START]:
                problem += (
                    ". What an estimator that is a parameter learns first is the same "
                    "only if its random_state is an integer"
                )
            raise self.refuse(problem)
        differences = [
            f"{name}={found.get(name, 'nothing')!s:.120} (here {here.get(name)})"
            for name in names[:_SHOWN_DIFFERENCES]
        ]
        more = len(names) - len(differences)
        raise self.refuse(
            f"it is of a fit with other {section}: {', '.join(differences)}"
            + (f" and {more} more" if more else "")
        )


def _place(path: str | os.PathLike[str]) -> Path:
    """Return where the file is, whatever the working directory becomes."""
    if not os.fspath(path):
        raise ValueError(
            "checkpoint is an empty path. Pass the path of a file, or None."
        )
    place = Path(os.path.realpath(path))
    if place.is_dir():
        raise IsADirectoryError(
            f"checkpoint={os.fspath(path)!r} is a folder. Pass the path of a file."
        )
    if not place.parent.is_dir():
        raise FileNotFoundError(
            f"checkpoint={os.fspath(path)!r} is in a folder that does not exist. Make "
            f"{str(place.parent)!r}, or pass another path."
        )
    return place


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    lock = FileLock(place)
    try:
        lock.__enter__()
    except BlockingIOError as error:
        raise CheckpointError(
            f"The checkpoint {place} is in use by another fit, in this or another "
            f"process, which has locked {lock_path(place)}. Wait until it has ended, "
            "or pass another path: fits that run at once, as in a grid search, need "
            "one each."
        ) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _versions() -> dict[str, str]:
    """Return the versions of everything that decides the bits of a result."""
    return {
        "skdeep": __version__,
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        **library_versions(),
    }


def _feed_digest(feed: runtime.Feed) -> str:
    """Return a digest of the content of all rows; those of files are read."""
    if isinstance(feed, runtime.StreamFeed):
        arrays = [feed.collect(_digests_of_rows, _DIGEST_ROWS)]
    elif isinstance(feed, runtime.SequenceFeed):
        arrays = [feed.sequences.ids, feed.sequences.offsets]
    else:
        arrays = [feed.array]
    return f"{len(feed)} rows, {feed.layout} {array_digest(arrays)}"


def _digests_of_rows(rows: np.ndarray) -> np.ndarray:
    joined = b"".join(row_digests(rows))
    return np.frombuffer(joined, np.uint8).reshape(len(rows), -1)


def _snapshot(about: dict[str, Any], arrays: dict[str, list[np.ndarray]]) -> Snapshot:
    groups = {name: arrays[name] for name in _ARRAYS}
    (best,) = groups["best"]
    epoch, waited = about["epoch"], about["waited"]
    histories = [[float(v) for v in array] for array in groups["history"]]
    if not (
        type(epoch) is type(waited) is int
        and type(about["stopped"]) is bool
        and 0 <= waited <= epoch
        and all(len(values) == epoch for values in histories)
    ):
        raise ValueError("its numbers do not fit together")
    progress = Progress(
        epoch=epoch,
        stopped=about["stopped"],
        waited=waited,
        best=float(best),
        best_weights=groups["best_weights"] if math.isfinite(best) else None,
        history=dict(zip(about["history"], histories, strict=True)),
    )
    return Snapshot(
        progress,
        str(about["precision"]),
        groups["weights"],
        groups["seeds"],
        groups["optimizer"],
    )
