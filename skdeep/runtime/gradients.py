"""Gradients with respect to images: the images that a unit answers to most."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import tensorflow as tf

from skdeep.runtime.feeds import ArrayLayout
from skdeep.runtime.inference import FUNCTIONS
from skdeep.runtime.processes import check_process
from skdeep.runtime.seeds import BUILD_LOCK
from skdeep.runtime.specification import NetworkSpec

_MAX_FUNCTIONS = 8


class _AscentFunction:
    """Traced gradient ascent on one output of a network; stateless."""

    def __init__(
        self, network: NetworkSpec, image_shape: tuple[int, ...], dtype: str, rank: int
    ) -> None:
        self.forward = FUNCTIONS.get(
            network, None, ArrayLayout(image_shape, dtype), dtype
        )
        number, many = tf.TensorSpec((), dtype), tf.TensorSpec((None,), dtype)
        weights = [tf.TensorSpec(v.shape, v.dtype) for v in self.forward.variables]
        with BUILD_LOCK:
            function = tf.function(self._climb, autograph=False)
            self.function = function.get_concrete_function(
                weights,
                tf.TensorSpec((None, *image_shape), dtype),
                tf.TensorSpec((rank,), "int32"),
                number,
                number,
                many,
                tf.TensorSpec((None, 2), "int32"),
            )

    def _objective(
        self,
        weights: Sequence[tf.Tensor],
        images: tf.Tensor,
        unit: tf.Tensor,
        penalty: tf.Tensor,
    ) -> tf.Tensor:
        outputs = self.forward.outputs(weights, images)
        n_images = tf.shape(images)[0]
        places = tf.concat(
            [
                tf.range(n_images)[:, None],
                tf.broadcast_to(unit, (n_images, unit.shape[0])),
            ],
            axis=1,
        )
        return tf.gather_nd(outputs, places) - penalty * _squared_norms(images)

    def _climb(
        self,
        weights: Sequence[tf.Tensor],
        images: tf.Tensor,
        unit: tf.Tensor,
        norm: tf.Tensor,
        penalty: tf.Tensor,
        steps: tf.Tensor,
        shifts: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        def body(number: tf.Tensor, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(images)
                shifted = tf.roll(images, shifts[number], (1, 2))
                values = self._objective(weights, shifted, unit, penalty)
            gradient = tape.gradient(values, images)
            images = images + steps[number] * _scaled(gradient, 1.0)
            return number + 1, _shortened(images, norm)

        _, images = tf.while_loop(
            lambda number, _: number < tf.size(steps),
            body,
            (tf.constant(0), images),
            shape_invariants=(tf.TensorShape(()), images.shape),
            parallel_iterations=1,
        )
        return images, self._objective(weights, images, unit, penalty)


def _squared_norms(images: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(images**2, axis=(1, 2, 3))


def _scaled(images: tf.Tensor, norm: tf.Tensor | float) -> tf.Tensor:
    """Return images of a given norm; zeros stay zeros."""
    norms = tf.sqrt(_squared_norms(images))[:, None, None, None]
    return norm * tf.math.divide_no_nan(images, norms)


def _shortened(images: tf.Tensor, norm: tf.Tensor) -> tf.Tensor:
    """Return images with those longer than `norm` scaled down to it."""
    norms = tf.sqrt(_squared_norms(images))[:, None, None, None]
    return tf.where(norms > norm, _scaled(images, norm), images)


@lru_cache(_MAX_FUNCTIONS)
def _function(
    network: NetworkSpec, image_shape: tuple[int, ...], dtype: str, rank: int
) -> _AscentFunction:
    return _AscentFunction(network, image_shape, dtype, rank)


def ascend(
    network: NetworkSpec,
    weights: Sequence[np.ndarray],
    images: np.ndarray,
    unit: Sequence[int],
    *,
    norm: float,
    steps: np.ndarray,
    shifts: np.ndarray,
    penalty: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Change images so that one output of a network becomes large.

    Each step goes a given length along the gradient; an image that has become longer
    than allowed is then scaled down.

    Parameters
    ----------
    network : NetworkSpec
        From images to units (n, n_units) or maps (n, height, width, n_units).
    weights : sequence of ndarray
        Its weights, in the order of `keras.Model.weights`.
    images : ndarray of shape (n, height, width, channels)
        Where to start, float32 or float64, which is also what is computed in.
    unit : sequence of int
        Where the output stands: the number of the unit, after row and column for maps.
    norm : float
        Longest Euclidean norm of an image.
    steps : ndarray of shape (n_steps,)
        Length of each step.
    shifts : ndarray of shape (n_steps, 2)
        Pixels by which images are rolled, down and to the right, for the gradient of
        each step.
    penalty : float, default=0.0
        Factor of the squared norm, which is subtracted from the output.

    Returns
    -------
    images : ndarray of shape (n, height, width, channels)
        The images after the last step.
    values : ndarray of shape (n,)
        The output for each, minus the penalty.
    """
    # What has been traced would hang in a forked process as anything else does.
    check_process()
    dtype = images.dtype.name
    ascent = _function(network, images.shape[1:], dtype, len(unit))
    found, values = ascent.function(
        list(map(tf.constant, ascent.forward.arrays(weights))),
        tf.constant(images),
        tf.constant(unit, tf.int32),
        tf.constant(norm, dtype),
        tf.constant(penalty, dtype),
        tf.constant(steps, dtype),
        tf.constant(shifts, tf.int32),
    )
    return found.numpy(), values.numpy()
