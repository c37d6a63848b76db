"""How well a generative model explains data, from numbers it returned."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from skdeep.metrics.reading import read_numbers


def importance_weighted_log_likelihood(log_weights: ArrayLike) -> NDArray[np.float64]:
    """Estimate log-likelihoods from importance weights.

    For each sample x, ``log(mean(exp(log_weights)))`` over draws z from an encoder
    q(z | x), where a log weight is ``log p(x, z) - log q(z | x)``. In expectation the
    estimate is a lower bound of ``log p(x)``; it rises with the number of draws, and
    for one draw it is the ELBO [1]_.

    Parameters
    ----------
    log_weights : array-like of shape (n_samples, n_draws)
        Log weights in nats.

    Returns
    -------
    log_likelihood : ndarray of shape (n_samples,), dtype float64
        Estimates in nats.

    Raises
    ------
    ValueError
        If `log_weights` is not a matrix with columns, or holds NaN or plus infinity.

    References
    ----------
    .. [1] Burda, Y., Grosse, R. and Salakhutdinov, R. (2016). Importance weighted
       autoencoders. International Conference on Learning Representations.
       :doi:`10.48550/arXiv.1509.00519`

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.metrics import importance_weighted_log_likelihood
    >>> importance_weighted_log_likelihood(np.log([[0.25, 0.75], [0.5, 0.5]]))
    array([-0.69314718, -0.69314718])
    """
    weights = read_numbers(log_weights, "log_weights").astype(np.float64)
    if weights.ndim != 2 or weights.shape[1] == 0:
        raise ValueError(
            "log_weights must have shape (n_samples, n_draws) with at least one draw, "
            f"got {weights.shape}."
        )
    if np.isnan(weights).any() or np.isposinf(weights).any():
        raise ValueError(
            "log_weights holds NaN or plus infinity. Check the model's likelihood."
        )
    sums: NDArray[np.float64] = logsumexp(weights, axis=1)
    return sums - np.log(weights.shape[1])


def bits_per_dimension(
    log_likelihood: ArrayLike, n_dimensions: int
) -> NDArray[np.float64]:
    """Convert log-likelihoods from nats to bits per dimension.

    Comparable between models only for probabilities of the same discrete data, for
    example of pixels from 0 to 255. A density of real-valued pixels is no such
    probability, and a squared error is no likelihood.

    Parameters
    ----------
    log_likelihood : array-like
        Log-likelihoods in nats, of any shape.

    n_dimensions : int
        Numbers in one sample, at least 1: height x width x channels for images.

    Returns
    -------
    bits : ndarray of the same shape, dtype float64
        ``-log_likelihood / (n_dimensions * log(2))``; lower is better.

    Raises
    ------
    ValueError
        If `n_dimensions` is no integer of at least 1, or `log_likelihood` holds NaN.

    Examples
    --------
    A uniform guess among 256 values takes 8 bits for each pixel.

    >>> import numpy as np
    >>> from skdeep.metrics import bits_per_dimension
    >>> float(bits_per_dimension(784 * np.log(1 / 256), n_dimensions=784))
    8.0
    """
    if not isinstance(n_dimensions, Integral) or n_dimensions < 1:
        raise ValueError(
            f"n_dimensions must be at least 1 and an integer, got {n_dimensions!r}."
        )
    nats = read_numbers(log_likelihood, "log_likelihood").astype(np.float64)
    if np.isnan(nats).any():
        raise ValueError("log_likelihood holds NaN. Check the model's likelihood.")
    return np.asarray(-nats / (n_dimensions * np.log(2)))
