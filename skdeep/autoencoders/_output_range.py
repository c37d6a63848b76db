"""Which numbers an autoencoder can reconstruct."""

import numpy as np


def check_output_range(images: np.ndarray, output_activation: str) -> None:
    """Refuse images that a network with a bounded output cannot reconstruct.

    Parameters
    ----------
    images : ndarray
        uint8 pixels, which reach the network as numbers from 0 to 1, or floats.
    output_activation : {"linear", "sigmoid"}
        Activation of the network's output.

    Raises
    ------
    ValueError
        If the output is sigmoid and a number is not from 0 to 1.
    """
    if output_activation != "sigmoid" or images.dtype == np.uint8:
        return
    lowest, highest = images.min(), images.max()
    if lowest < 0 or highest > 1:
        raise ValueError(
            'output_activation="sigmoid" reconstructs numbers from 0 to 1, but X goes '
            f"from {lowest:.4g} to {highest:.4g}. Scale X to [0, 1], pass pixels as "
            'uint8, or use output_activation="linear".'
        )
