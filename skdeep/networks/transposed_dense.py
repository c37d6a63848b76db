"""A dense layer that uses another one's kernel backwards: tied weights."""

from typing import Any

import keras
from keras import layers, ops

from skdeep.networks.references import (
    check_has_kernel,
    reference_to,
    referred_layer,
)

__all__ = ["TransposedDense"]


@keras.saving.register_keras_serializable(package="skdeep")
class TransposedDense(layers.Layer):
    """Multiply with the transpose of a dense layer's kernel, and add a bias.

    The kernel is the very variable of that layer: a network that contains both has
    it once, and its gradient is the sum over both places. It is also listed among
    this layer's own variables, so that a part of the network that contains only
    this layer can be run with other values in its place.

    Parameters
    ----------
    source : keras.layers.Dense
        The layer whose kernel to use, called before this one is.
    **kwargs : object
        Passed to `keras.layers.Layer`.

    Raises
    ------
    TypeError
        If `source` is no dense layer.
    ValueError
        If `source` has no kernel yet when this layer is called.

    Notes
    -----
    A saved network (`keras.Model.save`) is tied again when it is loaded. A network
    made from a configuration alone, as by `keras.models.clone_model`, has lost which
    layers are one: that raises the ValueError above.

    Examples
    --------
    >>> import keras
    >>> from skdeep.networks.transposed_dense import TransposedDense
    >>> image = keras.Input((6,))
    >>> dense = keras.layers.Dense(2)
    >>> model = keras.Model(image, TransposedDense(dense)(dense(image)))
    >>> model.output_shape, model.count_params()
    ((None, 6), 20)
    """

    row_by_row = True

    source: layers.Dense

    def __init__(self, source: layers.Dense, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(source, layers.Dense):
            raise TypeError(
                "source must be a keras.layers.Dense, whose kernel is to be used "
                f"transposed, got {source!r}."
            )
        # Past Keras' tracking of attributes: the other layer is no part of this one.
        self.__dict__["source"] = source

    def build(self, input_shape: Any) -> None:
        """Take over the kernel and make the bias."""
        check_has_kernel(self.source, self)
        self.kernel = self.source.kernel
        self.bias = self.add_weight(
            shape=(self.kernel.shape[0],), initializer="zeros", name="bias"
        )

    def call(self, inputs: Any) -> Any:
        """Return ``inputs @ kernel.T + bias``."""
        return ops.matmul(inputs, ops.transpose(self.kernel)) + self.bias

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the shape of the source layer's inputs."""
        return (*input_shape[:-1], self.source.kernel.shape[0])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {**super().get_config(), "source": reference_to(self.source)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TransposedDense":
        """Return the layer of a configuration."""
        return cls(**{**config, "source": referred_layer(config["source"])})
