"""Where the weights of a named backbone come from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from skdeep import runtime
from skdeep.datasets.pretrained_weights import load_pretrained, load_tensors
from skdeep.encoding.digests import array_digest
from skdeep.networks.backbones import LITE, build_backbone, keras_weights, trained_size
from skdeep.networks.efficientnet_lite import efficientnet_lite_weights

IMAGENET = "imagenet"
_PYTORCH_SUFFIXES = (".pth", ".pt")
# Keras would read other files as well, such as archives of whole models.
_KERAS_SUFFIX = ".h5"
# Networks whose weights stay in memory: as many as a comparison has at a time.
_MAX_NETWORKS = 2


def load_weights(
    name: str, weights: str | None, seed: int | None
) -> tuple[Sequence[np.ndarray], str]:
    """Load the weights of a named backbone, or draw them.

    Parameters
    ----------
    name : str
        As `canonical_name` returns it.
    weights : str or None
        "imagenet", a path, or None for random ones.
    seed : int or None
        Decides random weights.

    Returns
    -------
    arrays : sequence of ndarray
        In the order of `keras.Model.weights`; read-only.
    digest : str
        Of the arrays.

    Raises
    ------
    ModuleNotFoundError
        If the weights are in a package that is not installed.
    OSError
        If a file is missing, or cannot be downloaded.
    ValueError
        If a file cannot be read, or is of another network.
    """
    stamp = None
    if weights not in (None, IMAGENET):
        path = Path(weights)
        if not path.is_file():
            raise FileNotFoundError(
                f"weights={weights!r} is no file. Pass the path of a file of weights, "
                f"{IMAGENET!r}, or None for random weights."
            )
        if path.suffix not in (*_PYTORCH_SUFFIXES, _KERAS_SUFFIX):
            raise ValueError(
                f"weights={weights!r} is of a kind that is not read. Pass a file of "
                f"weights without classes that ends in {_KERAS_SUFFIX}, as "
                "keras.Model.save_weights writes it."
            )
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
    return _load(name, weights, seed, stamp)


@contextmanager
def _file_named(name: str, weights: str | None) -> Iterator[None]:
    """Have errors of reading a file say which one it is and what it should be."""
    try:
        yield
    except Exception as error:
        # Keras and h5py raise nearly anything for a torn file or another network's.
        if weights is None or isinstance(error, MemoryError):
            raise
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ValueError(
            f"weights={weights!r} cannot be read as weights of {name}: {reason} Pass a "
            "whole file of this network, without classes (include_top=False)."
        ) from error


@lru_cache(maxsize=_MAX_NETWORKS)
def _load(
    name: str, weights: str | None, seed: int | None, stamp: tuple[int, int] | None
) -> tuple[tuple[np.ndarray, ...], str]:
    """Load weights; `stamp` tells a file from what it was before."""
    with (
        _file_named(name, None if weights == IMAGENET else weights),
        runtime.seeded_construction(seed or 0),
        runtime.dtype_policy("float32"),
    ):
        if name in LITE and weights is not None:
            arrays = _lite_weights(name, weights)
        else:
            arrays = _keras_weights(name, weights)
    for array in arrays:
        array.setflags(write=False)
    return tuple(arrays), array_digest(arrays)


def _lite_weights(name: str, weights: str) -> list[np.ndarray]:
    model = build_backbone(name, (32, 32), None)
    if weights == IMAGENET:
        return efficientnet_lite_weights(model, load_pretrained(name))
    if Path(weights).suffix in _PYTORCH_SUFFIXES:
        return efficientnet_lite_weights(model, load_tensors(weights))
    model.load_weights(weights)
    return [v.numpy() for v in model.weights]


def _keras_weights(name: str, weights: str | None) -> list[np.ndarray]:
    size = trained_size(name)
    try:
        model = build_backbone(name, (size, size), weights)
    except Exception as error:
        if weights != IMAGENET:
            raise
        # Keras raises bare exceptions when a server cannot be reached.
        raise OSError(
            f"Keras could not load the ImageNet weights of {name}: {error}. Try again "
            "with a network, or pass weights=PATH with a file of weights without the "
            "classes (include_top=False)."
        ) from error
    return keras_weights(model)
