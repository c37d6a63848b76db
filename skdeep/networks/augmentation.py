"""Layers that change images at random in training, inside the compiled graph."""

from typing import Any

import keras
from keras import ops

__all__ = ["RandomMirror", "RandomShift"]


class _RandomImageLayer(keras.layers.Layer):
    """A layer that owns its randomness and leaves images alone in inference."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator()
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the images, which stays."""
        return input_shape


@keras.saving.register_keras_serializable(package="skdeep")
class RandomMirror(_RandomImageLayer):
    """Mirror half of the images from left to right, in training only."""

    def call(self, images: Any, training: bool = False) -> Any:
        """Return the images, some of them mirrored."""
        if not training:
            return images
        draws = keras.random.uniform(
            (ops.shape(images)[0], 1, 1, 1), dtype="float32", seed=self.seed_generator
        )
        return ops.where(draws < 0.5, ops.flip(images, axis=2), images)


@keras.saving.register_keras_serializable(package="skdeep")
class RandomShift(_RandomImageLayer):
    """Shift each image by some pixels, in training only.

    Pixels that come in from outside are those at the edge.

    Parameters
    ----------
    pixels : int
        Largest shift, in each direction.
    **kwargs : object
        Passed to `keras.layers.Layer`.
    """

    def __init__(self, pixels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pixels = pixels

    def call(self, images: Any, training: bool = False) -> Any:
        """Return the images, shifted."""
        if not training or self.pixels == 0:
            return images
        shifts = keras.random.randint(
            (2, ops.shape(images)[0], 1),
            -self.pixels,
            self.pixels + 1,
            dtype="int32",
            seed=self.seed_generator,
        )
        for axis in (1, 2):
            size = images.shape[axis]
            places = ops.clip(ops.arange(size)[None] + shifts[axis - 1], 0, size - 1)
            shape = (-1, size, 1, 1) if axis == 1 else (-1, 1, size, 1)
            images = ops.take_along_axis(images, ops.reshape(places, shape), axis)
        return images

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return super().get_config() | {"pixels": self.pixels}
