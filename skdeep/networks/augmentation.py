"""Layers that change images in training only, inside the compiled graph."""

from typing import Any

import keras
import numpy as np
from keras import ops

__all__ = ["AlternatingMirror", "RandomCutout", "RandomMirror", "RandomShift"]

# A hash of an image is a sum of its bits, weighted, modulo this prime. Weights and
# pieces of 16 bits are small enough for exact sums over four million numbers.
_PRIME = 2**31 - 1
_LARGEST_WEIGHT = 2**24
_WEIGHTS_SEED = 20240501


class _TrainingImageLayer(keras.layers.Layer):
    """A layer that owns its randomness and leaves images alone in inference."""

    row_by_row = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator()
        self.built = True

    def call(self, images: Any, training: bool = False) -> Any:
        """Return the images, changed in training."""
        return self.change(images) if training else images

    def change(self, images: Any) -> Any:
        """Return changed images, of the same shape and type."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the images, which stays."""
        return input_shape


@keras.saving.register_keras_serializable(package="skdeep")
class RandomMirror(_TrainingImageLayer):
    """Mirror half of the images from left to right, in training only."""

    def change(self, images: Any) -> Any:
        """Return the images, some of them mirrored."""
        draws = keras.random.uniform(
            (ops.shape(images)[0], 1, 1, 1), dtype="float32", seed=self.seed_generator
        )
        return ops.where(draws < 0.5, ops.flip(images, axis=2), images)


@keras.saving.register_keras_serializable(package="skdeep")
class AlternatingMirror(_TrainingImageLayer):
    """Mirror each image from left to right in every second epoch, in training only.

    Two epochs in a row show an image both ways, where independent draws would show it
    the same way twice in half of the cases [1]_. Which images are mirrored in epochs of
    even number is decided by their content and by the layer's seed, whatever other
    images are in a batch. Epochs are counted by whoever trains the network, through
    `begin_epoch`; otherwise each stays the first.

    References
    ----------
    .. [1] Jordan, K. (2024). 94% on CIFAR-10 in 3.29 seconds on a single GPU.
       :doi:`10.48550/arXiv.2404.00498`
    """

    def begin_epoch(self, epoch: int) -> None:
        """Set the number of the epoch, counted from 0."""
        # The generator is never drawn from: its counter is free to count epochs.
        state = self.seed_generator.state
        state.assign([int(state.numpy()[0]), epoch])

    def change(self, images: Any) -> Any:
        """Return the images, about half of them mirrored."""
        seed, epoch = ops.unstack(ops.cast(self.seed_generator.state, "int64"), 2)
        mirrored = (self._hashes(images, seed) + epoch) % 2 == 0
        return ops.where(
            mirrored[:, None, None, None], ops.flip(images, axis=2), images
        )

    @staticmethod
    def _hashes(images: Any, seed: Any) -> Any:
        """Return a number for each image, int64 of shape (n,)."""
        shape = tuple(images.shape[1:])
        weights = np.random.default_rng(_WEIGHTS_SEED).integers(
            1, _LARGEST_WEIGHT, size=(2, *shape)
        )
        # Adding zero turns -0.0, an equal number of other bits, into 0.0.
        bits = ops.view(ops.cast(images, "float32") + 0.0, "int32")
        low = ops.cast(ops.bitwise_and(bits, 0xFFFF), "int64")
        high = ops.cast(ops.bitwise_and(ops.right_shift(bits, 16), 0xFFFF), "int64")
        sums = ops.sum(low * weights[0] + high * weights[1], axis=(1, 2, 3)) % _PRIME
        mixed = ops.bitwise_xor(sums, seed) * 48271 % _PRIME
        return mixed // 2**12


@keras.saving.register_keras_serializable(package="skdeep")
class RandomShift(_TrainingImageLayer):
    """Shift each image by some pixels, in training only.

    Parameters
    ----------
    pixels : int
        Largest shift, in each direction.
    edges : {"nearest", "reflect"}, default="nearest"
        What comes in from outside: copies of the pixels at the edge, or those inside
        mirrored at it. An axis of one pixel has only that.
    **kwargs : object
        Passed to `keras.layers.Layer`.

    Raises
    ------
    ValueError
        If `edges` is unknown.
    """

    def __init__(self, pixels: int, edges: str = "nearest", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if edges not in ("nearest", "reflect"):
            raise ValueError(f'edges must be "nearest" or "reflect", got {edges!r}.')
        self.pixels = pixels
        self.edges = edges

    def change(self, images: Any) -> Any:
        """Return the images, shifted."""
        if self.pixels == 0:
            return images
        shifts = keras.random.randint(
            (2, ops.shape(images)[0], 1),
            -self.pixels,
            self.pixels + 1,
            dtype="int32",
            seed=self.seed_generator,
        )
        _, height, width, channels = images.shape
        rows = self._inside(ops.arange(height) + shifts[0], height)
        columns = self._inside(ops.arange(width) + shifts[1], width)
        # One look-up of whole pixels is many times faster than one along each axis.
        first = ops.arange(ops.shape(images)[0])[:, None] * height
        places = (first + rows)[:, :, None] * width + columns[:, None, :]
        return ops.take(ops.reshape(images, (-1, channels)), places, axis=0)

    def _inside(self, places: Any, size: int) -> Any:
        """Return where to look for what lies at places that may be outside."""
        if self.edges == "reflect":
            places = ops.abs(places)
            places = size - 1 - ops.abs(size - 1 - places)
        # A shift may be larger than the image.
        return ops.clip(places, 0, size - 1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return super().get_config() | {"pixels": self.pixels, "edges": self.edges}


@keras.saving.register_keras_serializable(package="skdeep")
class RandomCutout(_TrainingImageLayer):
    """Set a square of each image to zero, in training only [1]_.

    The square lies anywhere inside of the image, all places being equally likely.

    Parameters
    ----------
    pixels : int
        Side of the square; larger than the image, it is as high or wide as that.
    **kwargs : object
        Passed to `keras.layers.Layer`.

    References
    ----------
    .. [1] DeVries, T. & Taylor, G. W. (2017). Improved regularization of convolutional
       neural networks with cutout. :doi:`10.48550/arXiv.1708.04552`
    """

    def __init__(self, pixels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pixels = pixels

    def change(self, images: Any) -> Any:
        """Return the images with a hole in each."""
        if self.pixels == 0:
            return images
        n_rows = ops.shape(images)[0]
        draws = keras.random.uniform(
            (2, n_rows, 1), dtype="float32", seed=self.seed_generator
        )
        rows, columns = (
            self._hidden(draws[axis], images.shape[axis + 1]) for axis in (0, 1)
        )
        hidden = ops.logical_and(rows[:, :, None, None], columns[:, None, :, None])
        return ops.where(hidden, ops.zeros_like(images), images)

    def _hidden(self, draws: Any, size: int) -> Any:
        """Tell which places along an axis are hidden, bool of shape (n, size)."""
        side = min(self.pixels, size)
        start = ops.cast(ops.floor(draws * (size - side + 1)), "int32")
        places = ops.arange(size)
        return ops.logical_and(places >= start, places < start + side)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return super().get_config() | {"pixels": self.pixels}
