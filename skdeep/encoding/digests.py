"""Digests: short names of rows that depend on nothing but their content."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

_DIGEST_BYTES = 16


def row_digests(rows: np.ndarray) -> list[bytes]:
    """Return a digest of the content of each row.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, ...)
        Numbers.

    Returns
    -------
    digests : list of bytes
        16 bytes for each row. Rows of one dtype and shape with equal digests are equal:
        nobody has ever found two that are not.
    """
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8)
    return [
        hashlib.blake2b(row.data, digest_size=_DIGEST_BYTES).digest() for row in flat
    ]


def array_digest(arrays: Iterable[np.ndarray]) -> str:
    """Return a digest of a sequence of arrays: their dtypes, shapes and numbers.

    Parameters
    ----------
    arrays : iterable of ndarray
        The arrays.

    Returns
    -------
    digest : str
        In hexadecimal.
    """
    content = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for array in arrays:
        content.update(f"{array.dtype.str}{array.shape}".encode())
        content.update(np.ascontiguousarray(array).data)
    return content.hexdigest()


def text_digest(texts: Sequence[str]) -> str:
    """Return a digest of a sequence of texts.

    Parameters
    ----------
    texts : sequence of str
        The texts.

    Returns
    -------
    digest : str
        In hexadecimal.
    """
    content = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for text in texts:
        # "surrogatepass" because a str may hold half of a surrogate pair.
        encoded = text.encode("utf-8", "surrogatepass")
        content.update(len(encoded).to_bytes(8, "little") + encoded)
    return content.hexdigest()
