"""Token ids of many texts in one flat array, without padding."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["PADDING_ID", "UNKNOWN_ID", "TokenSequences", "offsets_of"]

PADDING_ID = 0
UNKNOWN_ID = 1


@dataclass(frozen=True, eq=False)
class TokenSequences:
    """Sequences of token ids of different lengths, stored end to end.

    The ids of row `i` are ``ids[offsets[i]:offsets[i + 1]]``. A padded matrix of a
    whole data set is as wide as its longest text; here a row costs only its own
    length, and a batch is padded when it is asked for.

    Parameters
    ----------
    ids : ndarray of shape (n_tokens,), dtype uint16 or int32
        The token ids of all rows. Id 0 is padding and occurs in no row; id 1 stands
        for every token that is not in the vocabulary.
    offsets : ndarray of shape (n_samples + 1,), dtype int64
        Where each row begins; non-decreasing, from 0 to `n_tokens`.

    Examples
    --------
    >>> from skdeep.encoding.tokens import TokenSequences
    >>> sequences = TokenSequences.from_rows([[2, 3, 4], [5]])
    >>> sequences.lengths
    array([3, 1])
    >>> sequences.to_padded()
    array([[2, 3, 4],
           [5, 0, 0]], dtype=int32)
    """

    ids: NDArray[Any]
    offsets: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse offsets that do not cut `ids` into rows."""
        offsets = self.offsets
        if self.ids.ndim != 1 or offsets.ndim != 1 or len(offsets) == 0:
            raise ValueError(
                "ids and offsets must be one-dimensional and offsets not empty, got "
                f"shapes {self.ids.shape} and {offsets.shape}."
            )
        steps_back = bool(np.any(offsets[1:] < offsets[:-1]))
        if offsets[0] != 0 or offsets[-1] != len(self.ids) or steps_back:
            raise ValueError(
                f"offsets must rise from 0 to len(ids)={len(self.ids)}, got offsets "
                f"from {offsets[0]} to {offsets[-1]}."
            )

    @classmethod
    def from_rows(
        cls, rows: Sequence[Sequence[int]], *, dtype: Any = np.int32
    ) -> "TokenSequences":
        """Store a list of id lists.

        Parameters
        ----------
        rows : sequence of sequences of int
            The ids of every row; a row may be empty.
        dtype : dtype, default=numpy.int32
            The type of `ids`.

        Returns
        -------
        TokenSequences
            As many rows as were given.
        """
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        offsets = offsets_of(lengths)
        flat = chain.from_iterable(rows)
        return cls(np.fromiter(flat, dtype=dtype, count=int(offsets[-1])), offsets)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of tokens of each row, shape (n_samples,)."""
        return np.diff(self.offsets)

    @property
    def nbytes(self) -> int:
        """Memory of both arrays in bytes."""
        return int(self.ids.nbytes + self.offsets.nbytes)

    def take(self, rows: ArrayLike) -> "TokenSequences":
        """Return the given rows, in the given order.

        Parameters
        ----------
        rows : array-like of shape (n_rows,)
            Row numbers, which may repeat and may be negative, or a boolean mask of
            length `n_samples`.

        Returns
        -------
        TokenSequences
            A copy of the chosen rows.

        Raises
        ------
        IndexError
            If a row number is out of range or the mask has another length.
        """
        chosen = np.asarray(rows)
        if chosen.size == 0 and chosen.dtype != bool:
            chosen = chosen.astype(np.int64)
        starts = self.offsets[:-1][chosen]
        offsets = offsets_of(self.lengths[chosen])
        # Every token of an output row lies at a fixed distance from its source.
        shifts = np.repeat(starts - offsets[:-1], np.diff(offsets))
        return TokenSequences(self.ids[np.arange(offsets[-1]) + shifts], offsets)

    def to_padded(
        self, *, side: str = "right", length: int | None = None
    ) -> NDArray[np.int32]:
        """Return all rows as one matrix, filled up with the padding id 0.

        Meant for a batch: take the rows first. The matrix of a whole data set is as
        wide as its longest row.

        Parameters
        ----------
        side : {"right", "left"}, default="right"
            Where the padding goes.
        length : int, default=None
            Number of columns; the longest row of this object if None, at least 1.

        Returns
        -------
        ndarray of shape (n_samples, length), dtype int32
            The padded ids.

        Raises
        ------
        ValueError
            If `side` is unknown or a row is longer than `length`.
        """
        if side not in ("right", "left"):
            raise ValueError(f"side must be 'right' or 'left', got {side!r}.")
        lengths = self.lengths
        longest = int(lengths.max(initial=0))
        n_columns = max(longest, 1) if length is None else length
        if n_columns < longest:
            raise ValueError(
                f"length={length} is too small for a row of {longest} tokens. Encode "
                "the texts with a smaller max_length, or raise length."
            )
        columns = np.arange(n_columns)
        if side == "right":
            filled = columns < lengths[:, np.newaxis]
        else:
            filled = columns >= n_columns - lengths[:, np.newaxis]
        padded = np.full((len(self), n_columns), PADDING_ID, dtype=np.int32)
        padded[filled] = self.ids
        return padded


def offsets_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where rows of the given lengths begin, and where the last one ends."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
