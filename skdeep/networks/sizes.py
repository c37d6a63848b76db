"""Sizes that builders of networks are given: checked, as plain integers."""

from collections.abc import Sequence
from numbers import Integral


def checked_image_shape(image_shape: Sequence[int]) -> tuple[int, int, int]:
    """Return the image shape as three integers, or say what is wrong with it.

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels.

    Returns
    -------
    height, width, channels : int

    Raises
    ------
    ValueError
        If there are not three entries, or one is not a positive integer.
    """
    shape = tuple(image_shape)
    if len(shape) != 3:
        raise ValueError(
            f"image_shape={shape} has {len(shape)} entries, but three are needed: "
            "(height, width, channels). Write (28, 28, 1) for grey images."
        )
    height, width, channels = (
        positive_integer(entry, "every entry of image_shape") for entry in shape
    )
    return height, width, channels


def positive_integer(value: int, name: str) -> int:
    """Return a size as a plain integer, or say what is wrong with it.

    Parameters
    ----------
    value : int
        The size.
    name : str
        What it is the size of, for the error message.

    Returns
    -------
    value : int

    Raises
    ------
    ValueError
        If it is not an integer of at least 1.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1, got {value!r}.")
    return int(value)
