"""Walks through the space of codes, seen as samples."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array, check_is_fitted

from skdeep.encoding.numbers import check_container, understood

# Below this sine of the angle between two codes there is no arc to follow.
_NO_ARC = 1e-6


def codes_of(estimator: Any, X: Any, *, are_codes: bool = False) -> np.ndarray:
    """Return the codes of samples as real numbers.

    Parameters
    ----------
    estimator : transformer
        A fitted transformer with `inverse_transform`.
    X : array-like
        Samples, or codes.
    are_codes : bool, default=False
        Whether X holds codes already.

    Returns
    -------
    codes : ndarray of shape (n_samples, n_components)
        Of a hashing transformer the probabilities of its bits.

    Raises
    ------
    TypeError
        If the estimator cannot decode.
    NotFittedError
        If it is not fitted.
    ValueError
        If X cannot be read.
    """
    if isinstance(estimator, type) or not hasattr(estimator, "inverse_transform"):
        raise TypeError(
            f"{estimator!r} cannot turn codes back into samples: it has no "
            "inverse_transform. Pass a fitted autoencoder, or another transformer "
            "that has it."
        )
    check_is_fitted(estimator)
    if are_codes:
        check_container(X)
        with understood("X"):
            return check_array(X, dtype=[np.float64, np.float32], input_name="X")
    encode = getattr(estimator, "transform_proba", estimator.transform)
    codes = np.asarray(encode(X))
    return codes if codes.dtype.kind == "f" else codes.astype(np.float64)


def latent_traversal(
    estimator: Any,
    X: Any,
    components: int | Sequence[int] | None = None,
    values: ArrayLike = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0),
    *,
    are_codes: bool = False,
) -> np.ndarray:
    """Change one component of a code at a time, and decode.

    What changes in the samples is what the component stands for.

    Parameters
    ----------
    estimator : transformer
        A fitted autoencoder, or any transformer with `inverse_transform`.
    X : array-like of shape (n_samples, ...)
        Samples whose codes to start from.
    components : int or sequence of int, default=None
        Which components of the code to change; all by default.
    values : array-like of shape (n_values,) or (n_components_chosen, n_values)
        What to set them to, the same for all components or a row for each. The
        default suits codes of about unit variance, as of a variational autoencoder;
        otherwise quantiles of the codes of some samples are a good choice.
    are_codes : bool, default=False
        Whether X holds codes of shape (n_samples, n_components) instead.

    Returns
    -------
    samples : ndarray of shape (n_samples, n_components_chosen, n_values, ...)
        What `inverse_transform` makes of each changed code.

    Raises
    ------
    TypeError
        If the estimator has no `inverse_transform`.
    NotFittedError
        If it is not fitted.
    ValueError
        If a component does not exist, or `values` has another shape.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer
    >>> from skdeep.inspection import latent_traversal
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = ConvAutoencoderTransformer(
    ...     n_components=10, filters=(8,), epochs=1, random_state=0
    ... ).fit(images)
    >>> latent_traversal(autoencoder, images[:2], [0, 4], [-1, 0, 1]).shape
    (2, 2, 3, 8, 8)
    """
    codes = codes_of(estimator, X, are_codes=are_codes)
    n_components = codes.shape[1]
    chosen = np.atleast_1d(range(n_components) if components is None else components)
    inside = chosen.dtype.kind in "iu" and chosen.ndim == 1 and chosen.size
    if not inside or chosen.min() < 0 or chosen.max() >= n_components:
        raise ValueError(
            f"components must be integers from 0 to {n_components - 1}, got "
            f"{components!r}."
        )
    table = np.asarray(values, dtype=codes.dtype)
    if table.ndim == 1:
        table = np.broadcast_to(table, (len(chosen), len(table)))
    if table.ndim != 2 or len(table) != len(chosen) or table.shape[1] == 0:
        raise ValueError(
            f"values must have the shape (n_values,) or ({len(chosen)}, n_values), got "
            f"{np.shape(values)}."
        )
    shape = (len(codes), *table.shape)
    walks = np.broadcast_to(codes[:, None, None], (*shape, n_components)).copy()
    # One component of each walk takes its row of the table.
    walks[:, np.arange(len(chosen)), :, chosen] = table[:, None]
    return _decoded(estimator, walks)


def interpolate(
    estimator: Any,
    X_start: Any,
    X_end: Any,
    n_steps: int = 9,
    *,
    method: str = "linear",
    are_codes: bool = False,
) -> np.ndarray:
    """Walk from the codes of some samples to those of others, and decode.

    Parameters
    ----------
    estimator : transformer
        A fitted autoencoder, or any transformer with `inverse_transform`.
    X_start, X_end : array-like of shape (n_samples, ...)
        Samples to start from and to arrive at, pair by pair.
    n_steps : int, default=9
        Stations of each walk, both ends included, at least 2.
    method : {"linear", "spherical"}, default="linear"
        The way: a straight line, or an arc around zero [1]_ on which the norm changes
        evenly. The middle of a line is shorter than codes drawn from a Gaussian of
        many dimensions ever are; an arc stays among them. Codes in opposite or in one
        direction have no arc between them and are joined by a line.
    are_codes : bool, default=False
        Whether `X_start` and `X_end` hold codes of shape (n_samples, n_components).

    Returns
    -------
    samples : ndarray of shape (n_samples, n_steps, ...)
        What `inverse_transform` makes of the stations; first and last are the
        reconstructions of the two samples.

    Raises
    ------
    TypeError
        If the estimator has no `inverse_transform`.
    NotFittedError
        If it is not fitted.
    ValueError
        If the numbers of samples differ, `n_steps` is below 2, or `method` is unknown.

    References
    ----------
    .. [1] White, T. (2016). Sampling generative networks.
       :doi:`10.48550/arXiv.1609.04468`

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer
    >>> from skdeep.inspection import interpolate
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = ConvAutoencoderTransformer(
    ...     n_components=10, filters=(8,), epochs=1, random_state=0
    ... ).fit(images)
    >>> interpolate(autoencoder, images[:2], images[2:4], 5).shape
    (2, 5, 8, 8)
    """
    if method not in ("linear", "spherical"):
        raise ValueError(f'method must be "linear" or "spherical", got {method!r}.')
    if not isinstance(n_steps, Integral) or n_steps < 2:
        raise ValueError(f"n_steps must be an integer of at least 2, got {n_steps!r}.")
    start, end = (codes_of(estimator, X, are_codes=are_codes) for X in (X_start, X_end))
    if start.shape != end.shape:
        raise ValueError(
            f"X_start and X_end must be as many samples, but their codes have the "
            f"shapes {start.shape} and {end.shape}."
        )
    shares = np.linspace(0, 1, n_steps, dtype=start.dtype)
    walk = _line if method == "linear" else _arc
    return _decoded(estimator, walk(start, end, shares))


def _decoded(estimator: Any, codes: np.ndarray) -> np.ndarray:
    samples = np.asarray(
        estimator.inverse_transform(codes.reshape(-1, codes.shape[-1]))
    )
    return samples.reshape(*codes.shape[:-1], *samples.shape[1:])


def _line(start: np.ndarray, end: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return points on straight lines, of shape (n_samples, n_steps, n_components)."""
    shares = shares[:, None]
    return (1 - shares) * start[:, None] + shares * end[:, None]


def _arc(start: np.ndarray, end: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return points on arcs around zero, of the same shape."""
    norms = [np.linalg.norm(codes, axis=1, keepdims=True) for codes in (start, end)]
    ways = [
        codes / np.where(norm > 0, norm, 1)
        for codes, norm in zip((start, end), norms, strict=True)
    ]
    angles = np.arccos(np.clip(np.sum(ways[0] * ways[1], axis=1), -1, 1))[:, None]
    sines = np.sin(angles)
    curved = (sines > _NO_ARC) & (norms[0] > 0) & (norms[1] > 0)
    safe = np.where(curved, sines, 1)
    # Rows of samples, columns of stations.
    before, after = (np.sin(s * angles) / safe for s in (1 - shares, shares))
    lengths = (1 - shares) * norms[0] + shares * norms[1]
    points = before[..., None] * ways[0][:, None] + after[..., None] * ways[1][:, None]
    arcs = lengths[..., None] * points
    arcs[:, 0], arcs[:, -1] = start, end
    return np.where(curved[..., None], arcs, _line(start, end, shares))
