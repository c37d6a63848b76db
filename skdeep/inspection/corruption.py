"""Samples as a denoising autoencoder sees them in training."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skdeep import runtime
from skdeep.inspection.fitted_layers import check_network

_LAYER = "corruption"


def corrupt_samples(estimator: Any, X: Any, *, random_state: Any = None) -> np.ndarray:
    """Corrupt samples as a denoising autoencoder does in training.

    Parameters
    ----------
    estimator : DenoisingAutoencoderTransformer
        Fitted; its parameters `corruption` and `corruption_level` count.
    X : array-like of shape (n_samples, ...)
        Samples, of the shape and unit that the estimator was fitted on.
    random_state : int, RandomState instance or None, default=None
        Decides what is corrupted.

    Returns
    -------
    corrupted : ndarray
        Of the shape and in the unit of the samples in `fit`, as floats that may lie
        outside of the range of the pixels.

    Raises
    ------
    TypeError
        If the estimator has no network to look into.
    NotFittedError
        If it is not fitted.
    ValueError
        If its network corrupts nothing.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import DenoisingAutoencoderTransformer
    >>> from skdeep.inspection import corrupt_samples
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = DenoisingAutoencoderTransformer(
    ...     10, hidden_layer_sizes=(20,), corruption="masking", epochs=1
    ... ).fit(images)
    >>> corrupt_samples(autoencoder, images[:3], random_state=0).shape
    (3, 8, 8)
    """
    check_network(estimator)
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    # The layer draws from a seed that it takes when it is built.
    with runtime.seeded_construction(seed), runtime.dtype_policy(estimator._inference):
        model = estimator._network()()
    if _LAYER not in {layer.name for layer in model.layers}:
        raise ValueError(
            f"{type(estimator).__name__} corrupts nothing in training. Pass a "
            "DenoisingAutoencoderTransformer."
        )
    rows = np.asarray(estimator._encode_input(X, reset=False))
    images = rows.astype(estimator._inference) * np.float32(estimator._images.scale)
    corrupted = np.asarray(model.get_layer(_LAYER)(images, training=True))
    return estimator._images.decode(corrupted)
