"""Codes grouped by their parts: the tables of multi-index hashing."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import comb, log2
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from skdeep.encoding.bits import WORD_BITS

# A table has an entry for every possible key: 24 bits make 64 MB of offsets.
_MAX_KEY_BITS = 24


class SubstringTable(TypedDict):
    """The codes, grouped by the value of some consecutive bits.

    Nothing but arrays and numbers, so that fitted searchers stay plain data.
    """

    first_bit: int  #: first bit of the key
    key_bits: int  #: number of bits of the key
    offsets: NDArray[Any]  #: (2 ** key_bits + 1,), where the bucket of a key starts
    indices: NDArray[Any]  #: (n_codes,), indices of the codes, bucket by bucket
    columns: NDArray[np.uint64]  #: (n_words, n_codes), the codes in the same order


def build_tables(codes: NDArray[np.uint64], n_bits: int) -> list[SubstringTable]:
    """Group the codes by each of their parts.

    Parameters
    ----------
    codes : ndarray of shape (n_codes, n_words), dtype uint64
        Packed codes.

    n_bits : int
        Length of a code in bits.

    Returns
    -------
    tables : list of SubstringTable
        About ``n_bits / log2(n_codes)`` tables, whose keys together are the code.
    """
    n_codes = len(codes)
    n_tables = max(1, round(n_bits / max(1.0, log2(n_codes))))
    n_tables = min(n_bits, max(n_tables, -(-n_bits // _MAX_KEY_BITS)))
    bounds = [n_bits * table // n_tables for table in range(n_tables + 1)]
    index_bits = max(1, (n_codes - 1).bit_length())
    small = np.min_scalar_type(-n_codes - 1)
    tables: list[SubstringTable] = []
    for first_bit, end in pairwise(bounds):
        keys = substring(codes, first_bit, end - first_bit)
        counts = np.bincount(keys, minlength=1 << (end - first_bit))
        # Sorting (key, index) pairs as one integer is many times faster than argsort.
        pairs = (keys << index_bits) | np.arange(n_codes)
        pairs.sort()
        indices = pairs & ((1 << index_bits) - 1)
        tables.append(
            {
                "first_bit": first_bit,
                "key_bits": end - first_bit,
                "offsets": np.concatenate([[0], np.cumsum(counts)]).astype(small),
                "indices": indices.astype(small),
                "columns": np.ascontiguousarray(codes[indices].T),
            }
        )
    return tables


def substring(codes: NDArray[np.uint64], first: int, width: int) -> NDArray[np.int64]:
    """Read the bits ``first .. first + width`` of each code as one number."""
    word, shift = divmod(first, WORD_BITS)
    value = codes[:, word] >> np.uint64(shift)
    if shift + width > WORD_BITS:
        value = value | (codes[:, word + 1] << np.uint64(WORD_BITS - shift))
    return (value & np.uint64((1 << width) - 1)).astype(np.int64)


@lru_cache(maxsize=256)
def key_flips(width: int, weight: int) -> NDArray[np.int64]:
    """Return all numbers below ``2 ** width`` with ``weight`` ones, ascending."""
    if weight == 0:
        flips = np.zeros(1, dtype=np.int64)
    else:
        fewer = key_flips(width, weight - 1)
        flips = np.concatenate(
            [
                fewer[: comb(top, weight - 1)] | (1 << top)
                for top in range(weight - 1, width)
            ]
        )
    flips.flags.writeable = False
    return flips


def key_mask(table: SubstringTable, n_words: int) -> list[np.uint64]:
    """Return the words in which exactly the bits of a table's key are set."""
    ones = ((1 << table["key_bits"]) - 1) << table["first_bit"]
    full = (1 << WORD_BITS) - 1
    return [np.uint64((ones >> (WORD_BITS * word)) & full) for word in range(n_words)]
