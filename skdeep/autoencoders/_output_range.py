"""Which numbers an autoencoder can reconstruct."""

import numpy as np

from skdeep.encoding.streamed_rows import StreamedRows


def rows_in_range(
    rows: np.ndarray | StreamedRows, output_activation: str, scale: float
) -> np.ndarray | StreamedRows:
    """Refuse rows that a network with a bounded output cannot reconstruct.

    Parameters
    ----------
    rows : ndarray or StreamedRows
        Encoded rows.
    output_activation : {"linear", "sigmoid"}
        Activation of the network's output.
    scale : float
        What numbers are multiplied by to reach the network: 1 / 255 for pixels that
        are or were bytes, otherwise 1.

    Returns
    -------
    rows : ndarray or StreamedRows
        The same rows; those of files are looked at when they are read.

    Raises
    ------
    ValueError
        If the output is sigmoid and a number does not reach it as one from 0 to 1.
    """
    if output_activation != "sigmoid" or rows.dtype == np.uint8:
        return rows
    greatest = round(1 / scale)
    if not isinstance(rows, StreamedRows):
        return _checked(rows, greatest)

    def check(read: np.ndarray) -> np.ndarray:
        return _checked(rows.check(read), greatest)

    return StreamedRows(rows.source, rows.row_shape, rows.dtype, check)


def _checked(images: np.ndarray, greatest: int) -> np.ndarray:
    lowest, highest = images.min(), images.max()
    if lowest < 0 or highest > greatest:
        raise ValueError(
            f'output_activation="sigmoid" reconstructs numbers from 0 to {greatest}, '
            f"but X goes from {lowest:.4g} to {highest:.4g}. Scale X to [0, {greatest}]"
            ', pass pixels as uint8, or use output_activation="linear".'
        )
    return images
