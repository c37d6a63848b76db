"""Layers that draw from distributions or measure under them."""

from typing import Any

import keras
import numpy as np
from keras import ops

__all__ = [
    "BernoulliLogLikelihood",
    "CodeAndPixels",
    "GaussianDivergence",
    "GaussianLogLikelihood",
    "GaussianSampling",
    "PixelBinarization",
]


@keras.saving.register_keras_serializable(package="skdeep")
class PixelBinarization(keras.layers.Layer):
    """Turn pixels in [0, 1] into zeros and ones.

    Parameters
    ----------
    mode : {"dynamic", "threshold"}
        "dynamic" draws every pixel anew for each batch, one with the probability
        that the pixel is; in training only. "threshold" always compares with 0.5.
    **kwargs
        Passed to `keras.layers.Layer`.
    """

    row_by_row = True

    def __init__(self, mode: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mode = mode
        self.seed_generator = keras.random.SeedGenerator()
        self.built = True

    def call(self, pixels: Any, training: bool = False) -> Any:
        """Return binary pixels; in inference, "dynamic" returns them as they are."""
        if self.mode == "threshold":
            return ops.cast(pixels >= 0.5, pixels.dtype)
        if not training:
            return pixels
        # Half precision would draw few numbers, and zero often.
        wide = keras.backend.result_type(pixels.dtype, "float32")
        draws = keras.random.uniform(
            ops.shape(pixels), dtype=wide, seed=self.seed_generator
        )
        return ops.cast(draws < ops.cast(pixels, wide), pixels.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return super().get_config() | {"mode": self.mode}


@keras.saving.register_keras_serializable(package="skdeep")
class GaussianSampling(keras.layers.Layer):
    """Draw from the Gaussian whose means and log variances stand side by side.

    In inference the means are returned.

    Parameters
    ----------
    **kwargs
        Passed to `keras.layers.Layer`.
    """

    row_by_row = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator()
        self.built = True

    def call(self, posterior: Any, training: bool = False) -> Any:
        """Map (n, 2 * n_components) statistics to (n, n_components) codes."""
        mean, log_variance = ops.split(posterior, 2, axis=-1)
        if not training:
            return mean
        noise = keras.random.normal(
            ops.shape(mean), dtype=mean.dtype, seed=self.seed_generator
        )
        return mean + ops.exp(0.5 * log_variance) * noise


@keras.saving.register_keras_serializable(package="skdeep")
class GaussianDivergence(keras.layers.Layer):
    """Kullback-Leibler divergence of a Gaussian from the standard one, in nats."""

    row_by_row = True

    def call(self, posterior: Any) -> Any:
        """Map (n, 2 * n_components) statistics to (n,) divergences."""
        mean, log_variance = ops.split(posterior, 2, axis=-1)
        terms = ops.square(mean) + ops.exp(log_variance) - log_variance - 1.0
        return 0.5 * ops.sum(terms, axis=-1)


@keras.saving.register_keras_serializable(package="skdeep")
class CodeAndPixels(keras.layers.Layer):
    """Take codes and pixels that lie side by side in a row apart again.

    Parameters
    ----------
    n_components : int
        Length of the code, which comes first.
    **kwargs
        Passed to `keras.layers.Layer`.
    """

    row_by_row = True

    def __init__(self, n_components: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_components = n_components

    def call(self, rows: Any) -> tuple[Any, Any]:
        """Return codes (n, n_components) and pixels (n, n_pixels)."""
        return rows[:, : self.n_components], rows[:, self.n_components :]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return super().get_config() | {"n_components": self.n_components}


@keras.saving.register_keras_serializable(package="skdeep")
class BernoulliLogLikelihood(keras.layers.Layer):
    """Log likelihood of pixels in [0, 1] under independent Bernoulli variables."""

    row_by_row = True

    def call(self, pixels: Any, logits: Any) -> Any:
        """Map (n, n_pixels) twice to (n,) log likelihoods in nats."""
        return -ops.sum(ops.softplus(logits) - pixels * logits, axis=-1)


@keras.saving.register_keras_serializable(package="skdeep")
class GaussianLogLikelihood(keras.layers.Layer):
    """Log likelihood of pixels under Gaussians of one common, learned variance."""

    row_by_row = True

    def build(self, pixels_shape: Any, means_shape: Any = None) -> None:
        """Add the logarithm of the standard deviation, one number."""
        self.log_scale = self.add_weight(
            name="log_scale", shape=(), initializer="zeros"
        )

    def call(self, pixels: Any, means: Any) -> Any:
        """Map (n, n_pixels) twice to (n,) log likelihoods in nats."""
        errors = (pixels - means) * ops.exp(-self.log_scale)
        terms = ops.square(errors) + 2.0 * self.log_scale + np.log(2.0 * np.pi)
        return -0.5 * ops.sum(terms, axis=-1)
