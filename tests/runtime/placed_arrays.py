"""Arrays at chosen places of memory."""

import numpy as np

# TensorFlow uses the memory of arrays that begin at such places itself.
ALIGNMENT = 64


def placed(array, offset=0):
    """Return a copy that begins so many bytes after where TensorFlow would use it."""
    room = np.zeros(array.nbytes + 2 * ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT + offset
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
