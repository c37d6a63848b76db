"""A store of features by the content of rows: each row is computed once.

In memory it is shared by all estimators of the process and bounded in bytes. In a
folder it outlives the process and is shared with others.
"""

import os
import secrets
import time
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Lock

import numpy as np

_MAX_BYTES = 2**30
# Rows that are computed, and written to a folder, at once: an interrupted computation
# loses no more.
_BLOCK_ROWS = 4096
_COPIED_ROWS = 128
# The suffixes of whole files, and of those in the making.
_SUFFIX, _STARTED = ".npz", ".part"
# Seconds after which nobody is still writing a file, which has some megabytes.
_GIVEN_UP = 3600


class FeatureStore:
    """Blocks of features in memory, those not used for longest dropped first.

    Parameters
    ----------
    max_bytes : int
        How much memory the features may take, in bytes.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.n_bytes = 0
        self._blocks: OrderedDict[int, tuple[str, list[bytes], np.ndarray]]
        self._blocks = OrderedDict()
        self._places: dict[tuple[str, bytes], tuple[int, int]] = {}
        self._numbers = count()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._places)

    def fill(
        self, table: str, digests: Sequence[bytes], output: np.ndarray
    ) -> np.ndarray:
        """Write the features that are there; return the numbers of other rows."""
        with self._lock:
            places = [self._places.get((table, digest)) for digest in digests]
            found = np.array([place is not None for place in places], dtype=bool)
            pairs = np.array([p for p in places if p is not None], dtype=np.int64)
            pairs = pairs.reshape(-1, 2)
            blocks = {}
            for number in np.unique(pairs[:, 0]).tolist():
                self._blocks.move_to_end(number)
                blocks[number] = self._blocks[number][2]
        rows = np.flatnonzero(found)
        for number, features in blocks.items():
            here = pairs[:, 0] == number
            _copy(features, pairs[here, 1], output, rows[here])
        return np.flatnonzero(~found)

    def add(self, table: str, digests: Sequence[bytes], features: np.ndarray) -> None:
        """Keep the features of rows, which the caller must not change any more."""
        if features.base is not None:
            # Of a larger array, which it would keep in memory.
            features = features.copy()
        features.setflags(write=False)
        with self._lock:
            number = next(self._numbers)
            self._blocks[number] = (table, list(digests), features)
            self.n_bytes += features.nbytes
            for row, digest in enumerate(digests):
                self._places[table, digest] = (number, row)
            while self.n_bytes > self.max_bytes and self._blocks:
                self._drop()

    def _drop(self) -> None:
        number, (table, digests, features) = self._blocks.popitem(last=False)
        self.n_bytes -= features.nbytes
        for digest in digests:
            # Another block may have the row, too.
            if self._places.get((table, digest), (number, 0))[0] == number:
                self._places.pop((table, digest), None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._blocks.clear()
            self._places.clear()
            self.n_bytes = 0


def _copy(
    source: np.ndarray, of: np.ndarray, output: np.ndarray, to: np.ndarray
) -> None:
    """Copy rows, a few at a time: NumPy puts those that it takes into new memory."""
    for start in range(0, len(of), _COPIED_ROWS):
        some = slice(start, start + _COPIED_ROWS)
        output[to[some]] = source[of[some]]


FEATURES = FeatureStore()


class FeatureFolder:
    """Blocks of features in files of a folder.

    Parameters
    ----------
    path : str or path-like
        The folder; it is made when there is something to write.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def fill(
        self, table: str, digests: Sequence[bytes], output: np.ndarray
    ) -> np.ndarray:
        """Write the features that are there; return the numbers of other rows."""
        missing = {digest: row for row, digest in enumerate(digests)}
        folder = self.path / table
        for path in sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else ():
            if not missing:
                break
            self._fill_from(path, missing, output)
        return np.array(sorted(missing.values()), dtype=np.int64)

    def _fill_from(
        self, path: Path, missing: dict[bytes, int], output: np.ndarray
    ) -> None:
        try:
            # Of a torn file, `numpy.load` would leave the handle open.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as block:
                names = block["digests"]
                here = [
                    (missing[digest], row)
                    for row, digest in enumerate(map(bytes, names))
                    if digest in missing
                ]
                if not here:
                    return
                features = block["features"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            # Torn, or no block at all: what it had is computed again.
            return
        if features.shape != (len(names), *output.shape[1:]):
            return
        to, of = np.array(here).T
        output[to] = features[of]
        for digest in map(bytes, names[of]):
            missing.pop(digest, None)

    def add(self, table: str, digests: Sequence[bytes], features: np.ndarray) -> None:
        """Write the features of rows to a new file, which appears whole or not."""
        folder = self.path / table
        folder.mkdir(parents=True, exist_ok=True)
        _remove_given_up(folder)
        names = np.frombuffer(b"".join(digests), np.uint8).reshape(len(digests), -1)
        # The digests in hexadecimal would be too long a name.
        started = folder / f"{secrets.token_hex(8)}{_STARTED}"
        try:
            # Opened like this, and not by `tempfile`, others may read it, too.
            with started.open("xb") as file:
                np.savez(file, digests=names, features=features)
            os.replace(started, started.with_suffix(_SUFFIX))
        except BaseException:
            started.unlink(missing_ok=True)
            raise


def _remove_given_up(folder: Path) -> None:
    """Remove what processes left that were killed while they wrote."""
    for path in folder.glob(f"*{_STARTED}"):
        # Others may do the same at this moment.
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _GIVEN_UP:
                path.unlink()


def stored_features(
    table: str,
    digests: Sequence[bytes],
    n_features: int,
    compute: Callable[[np.ndarray], np.ndarray],
    folder: FeatureFolder | None = None,
    store: FeatureStore = FEATURES,
) -> np.ndarray:
    """Return the features of rows, computing those that nobody has computed yet.

    Parameters
    ----------
    table : str
        Identifies what is computed: digest of network, weights and settings.
    digests : sequence of bytes
        Digest of the content of each row.
    n_features : int
        Numbers in a row's features.
    compute : callable
        From the numbers of some rows to their features, float32 of shape (n,
        n_features).
    folder : FeatureFolder, default=None
        Where features are kept beyond the process. One that cannot be written is
        warned about.
    store : FeatureStore
        Where they are kept in the process.

    Returns
    -------
    features : ndarray of shape (n_rows, n_features), dtype float32
        The caller's own.
    """
    first: dict[bytes, int] = {}
    for row, digest in enumerate(digests):
        first.setdefault(digest, row)
    distinct = list(first)
    output = np.empty((len(distinct), n_features), dtype=np.float32)
    missing = store.fill(table, distinct, output)
    if len(missing) and folder is not None:
        part = np.empty((len(missing), n_features), dtype=np.float32)
        names = [distinct[row] for row in missing]
        absent = folder.fill(table, names, part)
        there = np.setdiff1d(np.arange(len(missing)), absent)
        if len(there):
            output[missing[there]] = part[there]
            store.add(table, [names[row] for row in there], part[there])
        missing = missing[absent]
    rows = np.array(list(first.values()), dtype=np.int64)
    for start in range(0, len(missing), _BLOCK_ROWS):
        some = missing[start : start + _BLOCK_ROWS]
        features = compute(rows[some])
        output[some] = features
        names = [distinct[row] for row in some]
        store.add(table, names, features)
        if folder is not None:
            try:
                folder.add(table, names, features)
            except OSError as error:
                # What is computed is not lost for want of a place to keep it.
                warnings.warn(
                    f"Features are not kept in {str(folder.path)!r}, and are computed "
                    f"again by the next process: {error}. Pass a folder that can be "
                    "written, or memory=None.",
                    RuntimeWarning,
                    stacklevel=2,
                )
                folder = None
    if len(distinct) == len(digests):
        return output
    places = {digest: place for place, digest in enumerate(distinct)}
    return output[[places[digest] for digest in digests]]
