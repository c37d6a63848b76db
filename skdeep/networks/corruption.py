"""Layers that corrupt their input in training only, for denoising autoencoders."""

from typing import Any

import keras
from keras import layers, ops

__all__ = [
    "CORRUPTIONS",
    "Corruption",
    "DropoutCorruption",
    "GaussianCorruption",
    "MaskingCorruption",
    "SaltAndPepperCorruption",
    "corruption_layer",
]


class Corruption(layers.Layer):
    """Base of the layers that corrupt their input in training only.

    Parameters
    ----------
    level : float
        How much; what of, the subclass says.
    **kwargs : object
        Passed to `keras.layers.Layer`.

    Raises
    ------
    ValueError
        If `level` is negative, or not below 1 where it is a fraction.
    """

    row_by_row = True

    level_is_fraction = True

    def __init__(self, level: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= level < (1 if self.level_is_fraction else float("inf")):
            wanted = (
                "a fraction of the numbers, at least 0 and below 1"
                if self.level_is_fraction
                else "a standard deviation, at least 0 and finite"
            )
            raise ValueError(
                f"The level of {type(self).__name__} is {wanted}, got {level!r}."
            )
        self.level = level
        # Owned, so that the draws are part of the model's state and reproducible.
        self.seed_generator = keras.random.SeedGenerator()
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, corrupted when training."""
        if not training or self.level == 0:
            return inputs
        return self.corrupt(inputs)

    def corrupt(self, inputs: Any) -> Any:
        """Return a corrupted copy of the inputs, of the same shape and type."""
        raise NotImplementedError

    def _uniform(self, inputs: Any) -> Any:
        """Return one number from [0, 1) for each of the inputs."""
        # Half precision would make the small levels coarse.
        return keras.random.uniform(
            ops.shape(inputs), dtype="float32", seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {**super().get_config(), "level": self.level}


@keras.saving.register_keras_serializable(package="skdeep")
class GaussianCorruption(Corruption):
    """Add normal noise of mean 0 and standard deviation `level` to every number."""

    level_is_fraction = False

    def corrupt(self, inputs: Any) -> Any:
        """Return the inputs plus noise."""
        noise = keras.random.normal(
            ops.shape(inputs),
            stddev=self.level,
            dtype=inputs.dtype,
            seed=self.seed_generator,
        )
        return inputs + noise


@keras.saving.register_keras_serializable(package="skdeep")
class MaskingCorruption(Corruption):
    """Set a fraction `level` of the numbers to zero and leave the others alone."""

    def corrupt(self, inputs: Any) -> Any:
        """Return the inputs with zeros among them."""
        hidden = self._uniform(inputs) < self.level
        return ops.where(hidden, ops.zeros_like(inputs), inputs)


@keras.saving.register_keras_serializable(package="skdeep")
class DropoutCorruption(Corruption):
    """Set a fraction `level` of the numbers to zero and magnify the others.

    They are divided by ``1 - level``, so that the expected value of every number is
    what it was.
    """

    def corrupt(self, inputs: Any) -> Any:
        """Return the inputs with zeros among them, magnified."""
        hidden = self._uniform(inputs) < self.level
        return ops.where(hidden, ops.zeros_like(inputs), inputs / (1 - self.level))


@keras.saving.register_keras_serializable(package="skdeep")
class SaltAndPepperCorruption(Corruption):
    """Set a fraction `level` of the numbers to 0 or to 1, as a fair coin falls."""

    def corrupt(self, inputs: Any) -> Any:
        """Return the inputs with zeros and ones among them."""
        draws = self._uniform(inputs)
        inputs = ops.where(draws < self.level, ops.ones_like(inputs), inputs)
        return ops.where(draws < self.level / 2, ops.zeros_like(inputs), inputs)


CORRUPTIONS: dict[str, type[Corruption]] = {
    "dropout": DropoutCorruption,
    "gaussian": GaussianCorruption,
    "masking": MaskingCorruption,
    "salt_and_pepper": SaltAndPepperCorruption,
}


def corruption_layer(kind: str, level: float, **kwargs: Any) -> Corruption:
    """Return a layer that corrupts its input in training only [1]_.

    Parameters
    ----------
    kind : {"gaussian", "masking", "salt_and_pepper", "dropout"}
        Normal noise; numbers set to zero; numbers set to 0 or 1; numbers set to zero
        and the others magnified to make up for it.
    level : float
        For "gaussian" the standard deviation of the noise, at least 0; otherwise the
        fraction of the numbers concerned, in [0, 1).
    **kwargs : object
        Passed to the layer, such as its name.

    Returns
    -------
    layer : Corruption

    Raises
    ------
    ValueError
        If `kind` is unknown or `level` is out of range.

    References
    ----------
    .. [1] Vincent, P., Larochelle, H., Lajoie, I., Bengio, Y. & Manzagol, P.-A.
       (2010). Stacked denoising autoencoders: learning useful representations in a
       deep network with a local denoising criterion. Journal of Machine Learning
       Research 11, 3371-3408.

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.networks.corruption import corruption_layer
    >>> layer = corruption_layer("masking", 0.5)
    >>> image = np.ones((1, 8, 8, 1))
    >>> bool((layer(image) == image).numpy().all())
    True
    >>> 0 < float(layer(image, training=True).numpy().mean()) < 1
    True
    """
    if kind not in CORRUPTIONS:
        raise ValueError(f"kind must be one of {sorted(CORRUPTIONS)}, got {kind!r}.")
    return CORRUPTIONS[kind](level, **kwargs)
