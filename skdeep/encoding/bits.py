"""Binary codes packed into 64-bit words, and back.

Bit ``i`` of a code lives in word ``i // 64`` at position ``i % 64``, counted from the
least significant bit. Positions behind the last bit are zero, so two packed codes can
be compared word by word whatever their length.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdeep.encoding.numbers import check_container, understood

#: Bits in one word of a packed code.
WORD_BITS = 64


def words_per_code(n_bits: int) -> int:
    """Count the 64-bit words that hold ``n_bits`` bits.

    Parameters
    ----------
    n_bits : int
        Length of a code in bits, at least 1.

    Returns
    -------
    n_words : int
        ``ceil(n_bits / 64)``.
    """
    return -(-n_bits // WORD_BITS)


def pack_bits(bits: ArrayLike) -> NDArray[np.uint64]:
    """Pack rows of zeros and ones into 64-bit words.

    Parameters
    ----------
    bits : array-like of shape (n_samples, n_bits)
        Zeros and ones, of any numeric type or bool; at least one column.

    Returns
    -------
    packed : ndarray of shape (n_samples, ceil(n_bits / 64)), dtype uint64
        Bit ``i`` is found in word ``i // 64`` at position ``i % 64`` from the least
        significant end. Unused positions of the last word are zero.

    Raises
    ------
    ValueError
        If `bits` is not two-dimensional, has no columns, or holds anything other than
        zeros and ones.

    See Also
    --------
    unpack_bits : The way back.

    Examples
    --------
    >>> from skdeep.hashing import pack_bits
    >>> pack_bits([[1, 0, 0], [1, 1, 0], [0, 0, 1]])
    array([[1],
           [3],
           [4]], dtype=uint64)
    """
    array = _as_array(bits, "bits")
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(
            "bits must have shape (n_samples, n_bits) with at least one bit, got "
            f"shape {array.shape}. Reshape a single code with bits.reshape(1, -1)."
        )
    if array.dtype != np.bool_:
        ones = array == 1
        if not np.all(ones | (array == 0)):
            raise ValueError(
                "bits must hold only zeros and ones, got other values in an array of "
                f"dtype {array.dtype}. Threshold the array first, for example "
                "bits > 0.5."
            )
        array = ones
    return _pack_booleans(array)


def _as_array(values: ArrayLike, name: str) -> NDArray[Any]:
    check_container(values, name)
    with understood(name):
        return np.asarray(values)


def _pack_booleans(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    n_samples, n_bits = bits.shape
    n_bytes = words_per_code(n_bits) * (WORD_BITS // 8)
    packed = np.zeros((n_samples, n_bytes), dtype=np.uint8)
    used = np.packbits(bits, axis=1, bitorder="little")
    packed[:, : used.shape[1]] = used
    # "<u8" gives the same words on every machine; astype makes them native.
    return packed.view("<u8").astype(np.uint64, copy=False)


def unpack_bits(packed: ArrayLike, n_bits: int) -> NDArray[np.uint8]:
    """Turn packed 64-bit words back into rows of zeros and ones.

    Parameters
    ----------
    packed : array-like of shape (n_samples, ceil(n_bits / 64)), dtype uint64
        Codes as :func:`pack_bits` returns them.

    n_bits : int
        Length of a code in bits, at least 1.

    Returns
    -------
    bits : ndarray of shape (n_samples, n_bits), dtype uint8
        Zeros and ones.

    Raises
    ------
    TypeError
        If `packed` is not of dtype uint64.

    ValueError
        If the number of words does not fit `n_bits`, or a bit behind the last one is
        set.

    See Also
    --------
    pack_bits : The way there.

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.hashing import unpack_bits
    >>> unpack_bits(np.array([[1], [3], [4]], dtype=np.uint64), n_bits=3)
    array([[1, 0, 0],
           [1, 1, 0],
           [0, 0, 1]], dtype=uint8)
    """
    words = check_packed(packed, n_bits)
    octets = np.ascontiguousarray(words.astype("<u8", copy=False)).view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little", count=n_bits)


def check_packed(packed: ArrayLike, n_bits: int) -> NDArray[np.uint64]:
    """Validate an array of packed codes.

    Parameters
    ----------
    packed : array-like of shape (n_samples, ceil(n_bits / 64)), dtype uint64
        Codes as :func:`pack_bits` returns them.

    n_bits : int
        Length of a code in bits, at least 1.

    Returns
    -------
    packed : ndarray of shape (n_samples, ceil(n_bits / 64)), dtype uint64
        The same codes.

    Raises
    ------
    TypeError
        If `packed` is not of dtype uint64.

    ValueError
        If `n_bits` is below 1, the number of words does not fit `n_bits`, or a bit
        behind the last one is set.
    """
    if not isinstance(n_bits, Integral) or n_bits < 1:
        raise ValueError(f"n_bits must be an integer of at least 1, got {n_bits!r}.")
    array = _as_array(packed, "packed")
    if array.dtype != np.uint64:
        raise TypeError(
            f"Packed codes must have dtype uint64, got {array.dtype}. Pack zeros and "
            "ones with skdeep.hashing.pack_bits."
        )
    n_words = words_per_code(n_bits)
    if array.ndim != 2 or array.shape[1] != n_words:
        raise ValueError(
            f"Packed codes of n_bits={n_bits} need shape (n_samples, {n_words}), got "
            f"{array.shape}. Change n_bits, or pack the codes again with "
            "skdeep.hashing.pack_bits."
        )
    used = n_bits - (n_words - 1) * WORD_BITS
    if used < WORD_BITS and np.any(array[:, -1] >> np.uint64(used)):
        raise ValueError(
            f"Packed codes have bits set behind n_bits={n_bits}, where all must be "
            "zero. Change n_bits, or pack the codes again with "
            "skdeep.hashing.pack_bits."
        )
    return array
