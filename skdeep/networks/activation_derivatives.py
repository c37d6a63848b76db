"""Derivatives of activation functions, as tensors that can be differentiated again."""

from collections.abc import Callable
from math import pi, sqrt
from typing import Any

from keras import ops

__all__ = ["DERIVATIVES"]

# Slope of Keras' leaky_relu below zero; scale and saturation of its selu.
_LEAK = 0.2
_SELU_SCALE = 1.05070098735548049342
_SELU_ALPHA = 1.67326324235437728482


def _sigmoid(z: Any) -> Any:
    h = ops.sigmoid(z)
    return h * (1 - h)


def _tanh(z: Any) -> Any:
    return 1 - ops.square(ops.tanh(z))


def _relu(z: Any) -> Any:
    return ops.cast(z > 0, z.dtype)


def _leaky_relu(z: Any) -> Any:
    return ops.where(z > 0, ops.ones_like(z), ops.full_like(z, _LEAK))


def _elu(z: Any) -> Any:
    # The minimum keeps the branch that is not taken from overflowing.
    return ops.exp(ops.minimum(z, 0))


def _selu(z: Any) -> Any:
    below = _SELU_ALPHA * ops.exp(ops.minimum(z, 0))
    return _SELU_SCALE * ops.where(z > 0, ops.ones_like(z), below)


def _softsign(z: Any) -> Any:
    return 1 / ops.square(1 + ops.abs(z))


def _silu(z: Any) -> Any:
    h = ops.sigmoid(z)
    return h * (1 + z * (1 - h))


def _gelu(z: Any) -> Any:
    below = 0.5 * (1 + ops.erf(z / sqrt(2)))
    return below + z * ops.exp(-0.5 * ops.square(z)) / sqrt(2 * pi)


def _mish(z: Any) -> Any:
    h = ops.tanh(ops.softplus(z))
    return h + z * ops.sigmoid(z) * (1 - ops.square(h))


# Keras' name of an activation -> its derivative at the layer's weighted sums.
DERIVATIVES: dict[str, Callable[[Any], Any]] = {
    "elu": _elu,
    "exponential": ops.exp,
    "gelu": _gelu,
    "leaky_relu": _leaky_relu,
    "linear": ops.ones_like,
    "mish": _mish,
    "relu": _relu,
    "selu": _selu,
    "sigmoid": _sigmoid,
    "silu": _silu,
    "softplus": ops.sigmoid,
    "softsign": _softsign,
    "swish": _silu,
    "tanh": _tanh,
}
