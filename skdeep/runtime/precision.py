"""Precision: which numbers a network computes with."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import keras

from skdeep.runtime.processor import processor_flags

_POLICIES = {
    "float32": "float32",
    "float64": "float64",
    "bfloat16": "mixed_bfloat16",
}

# Below this many multiply-adds per sample the casts cost more than the faster
# products save: measured between a network of 0.2 million (slower in bfloat16)
# and one of 25 million (1.6 times faster).
_ENOUGH_MULTIPLY_ADDS = 5_000_000


@contextmanager
def dtype_policy(precision: str) -> Iterator[None]:
    """Build Keras layers in `precision`, then restore the caller's policy."""
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(_POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


def has_native_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16 numbers natively."""
    return bool(processor_flags() & {"avx512_bf16", "amx_bf16"})


def resolve_precision(precision: str, model: keras.Model | None = None) -> str:
    """Turn "auto" into the precision to train with.

    Parameters
    ----------
    precision : {"float32", "bfloat16", "float64", "auto"}
        As given by the user.
    model : keras.Model, default=None
        The network in float32; its convolutions decide for "auto".

    Returns
    -------
    precision : {"float32", "bfloat16", "float64"}
        "auto" becomes "bfloat16" only where the processor multiplies it natively
        and the convolutions are large enough to gain.
    """
    if precision != "auto":
        return precision
    if model is None or not has_native_bfloat16():
        return "float32"
    large = convolution_multiply_adds(model) >= _ENOUGH_MULTIPLY_ADDS
    return "bfloat16" if large else "float32"


def convolution_multiply_adds(model: keras.Model) -> int:
    """Count the multiply-adds of the convolutions of `model` for one sample.

    Convolutions over axes of unknown length count as one position.
    """
    total = 0
    for layer in model._flatten_layers(include_self=False):
        kernel = getattr(layer, "kernel", None)
        if kernel is None or len(kernel.shape) < 3:
            continue
        # A layer may be used several times, or inside of another's code only.
        outputs = [node.outputs[0] for node in layer._inbound_nodes]
        positions = sum(
            math.prod(size or 1 for size in output.shape[1:-1]) for output in outputs
        )
        total += positions * math.prod(kernel.shape)
    return total
