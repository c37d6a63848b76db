"""Rows by content: equal ones merged, in an order that the content decides.

A fit that starts from these rows depends on the weighted set of rows: neither on
their order nor on whether a row is given twice or once with double weight.
"""

import hashlib
import itertools

import numpy as np

from skdeep.encoding.streamed_rows import StreamedRows
from skdeep.encoding.tokens import TokenSequences

# What stays in a core's own cache: three times as fast as what does not.
_CHUNK_BYTES = 2**19
# Odd multipliers of a multiply-shift hash, from a fixed generator: the same on
# every machine, which makes the order of the rows, and so every fit, the same too.
_MULTIPLIER_SEED = 20240229
_FINAL_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_LARGE_WEIGHT = 1e100


def row_keys(rows: np.ndarray | TokenSequences) -> np.ndarray:
    """Return a 64-bit key of the content of each row.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, ...) or TokenSequences
        Numbers without NaN, or token ids.

    Returns
    -------
    keys : ndarray of shape (n_rows,), dtype uint64
        Equal rows have equal keys; different rows hardly ever do.
    """
    if isinstance(rows, TokenSequences):
        return _sequence_keys(rows)
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1)
    n_bytes = flat.shape[1] * flat.dtype.itemsize
    n_words = -(-n_bytes // 8)
    multipliers = np.random.default_rng(_MULTIPLIER_SEED).integers(
        2**64, size=(2, n_words), dtype=np.uint64
    ) | np.uint64(1)
    keys = np.empty(len(flat), dtype=np.uint64)
    step = max(1, _CHUNK_BYTES // max(n_bytes, 1))
    for start in range(0, len(flat), step):
        chunk = flat[start : start + step]
        if chunk.dtype.kind == "f":
            chunk = chunk + 0  # -0.0 and 0.0 are equal numbers with unequal bytes
        words = np.zeros((len(chunk), n_words * 8), dtype=np.uint8)
        words[:, :n_bytes] = np.ascontiguousarray(chunk).view(np.uint8)
        words = words.view(np.uint64)
        # Squeezing each word by a shift before multiplying keeps the high bits of
        # a word from being lost in the low bits of the sum.
        mixed = (words ^ (words >> np.uint64(29))) * multipliers[0]
        mixed = (mixed ^ (mixed >> np.uint64(32))) * multipliers[1]
        keys[start : start + step] = mixed.sum(axis=1, dtype=np.uint64)
    return _scrambled(keys)


def _sequence_keys(rows: TokenSequences) -> np.ndarray:
    data = np.ascontiguousarray(rows.ids)
    size = data.dtype.itemsize
    content = data.tobytes()
    ends = (rows.offsets * size).tolist()
    keys = [
        hashlib.blake2b(content[start:stop], digest_size=8).digest()
        for start, stop in itertools.pairwise(ends)
    ]
    return np.frombuffer(b"".join(keys), dtype="<u8").astype(np.uint64)


def _scrambled(keys: np.ndarray) -> np.ndarray:
    keys = (keys ^ (keys >> np.uint64(31))) * _FINAL_MULTIPLIER
    return keys ^ (keys >> np.uint64(29))


def distinct_rows(
    rows: np.ndarray | TokenSequences | StreamedRows,
    targets: np.ndarray | None = None,
    sample_weight: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Choose one row for each content and add up the weights of equal rows.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, ...), TokenSequences or StreamedRows
        The rows. Streamed ones are not read, so equal ones stay as they are.
    targets : ndarray of shape (n_rows, ...), default=None
        Rows are equal only if these are, too.
    sample_weight : ndarray of shape (n_rows,), default=None
        Non-negative weights, one for each row if None. Rows that weigh nothing
        are left out.

    Returns
    -------
    chosen : ndarray of shape (n_chosen,), dtype int64
        Row numbers, in an order that depends on the content only. Those of streamed
        rows ascend.
    weights : ndarray of shape (n_chosen,), dtype float32, or None
        Their weights, scaled to mean one; None if all are equal.
    """
    if isinstance(rows, StreamedRows):
        if sample_weight is None:
            return np.arange(len(rows)), None
        chosen = np.flatnonzero(sample_weight > 0)
        return chosen, normalized_weights(sample_weight[chosen])
    keys = row_keys(rows)
    if targets is not None:
        keys = _scrambled(keys + row_keys(targets) * np.uint64(3))
    order = np.argsort(keys, kind="stable")
    if sample_weight is not None:
        order = order[sample_weight[order] > 0]
    same = np.zeros(len(order), dtype=bool)
    candidates = 1 + np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    for place in candidates:
        first, second = order[place - 1], order[place]
        same[place] = _equal(rows, first, second) and (
            targets is None or _equal(targets, first, second)
        )
    starts = np.flatnonzero(~same)
    if sample_weight is None:
        weights = np.diff(np.append(starts, len(order))).astype(np.float64)
    else:
        weights = np.add.reduceat(sample_weight[order].astype(np.float64), starts)
    return order[starts], normalized_weights(weights)


def normalized_weights(weights: np.ndarray) -> np.ndarray | None:
    """Scale weights to mean one, as float32; None if all of them are equal."""
    if np.all(weights == weights[0]):
        return None
    # The sum of the largest numbers there are would be infinite.
    weights = weights / weights.max() if weights.max() > _LARGE_WEIGHT else weights
    return (weights / weights.mean()).astype(np.float32)


def _equal(rows: np.ndarray | TokenSequences, first: int, second: int) -> bool:
    if isinstance(rows, TokenSequences):
        ids, offsets = rows.ids, rows.offsets
        return np.array_equal(
            ids[offsets[first] : offsets[first + 1]],
            ids[offsets[second] : offsets[second + 1]],
        )
    return np.array_equal(rows[first], rows[second])
