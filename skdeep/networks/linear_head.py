"""A linear layer on standardised features."""

from typing import Any

import keras
from keras import layers

from skdeep.networks.sizes import positive_integer


@keras.saving.register_keras_serializable("skdeep")
class StandardizedDense(layers.Dense):
    """A dense layer whose kernel is in units of the standardised features.

    Mean and scale of the features are weights that are not trained, and not settings,
    so that all training sets share one compiled network. They start as 0 and 1.
    """

    row_by_row = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make kernel, bias, mean and scale."""
        super().build(input_shape)
        size = (input_shape[-1],)
        self.mean = self.add_weight(
            shape=size, initializer="zeros", trainable=False, name="mean"
        )
        self.scale = self.add_weight(
            shape=size, initializer="ones", trainable=False, name="scale"
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the kernel's products with the standardised features."""
        # A division of the kernel is one of all features, for far fewer numbers. Means
        # are subtracted from the features: small differences would lose their digits.
        kernel = self.kernel / self.scale[:, None]
        return keras.ops.matmul(inputs - self.mean, kernel) + self.bias

    def save_own_variables(self, store: Any) -> None:
        """Save all weights; a dense layer would save kernel and bias only."""
        layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        """Load all weights."""
        layers.Layer.load_own_variables(self, store)


def linear_head(*, n_features: int, n_outputs: int, alpha: float = 0.0) -> keras.Model:
    """Build a softmax or logistic regression on standardised features.

    Parameters
    ----------
    n_features : int
        Number of features.
    n_outputs : int
        Number of logits: 1 for two classes, otherwise the number of classes.
    alpha : float, default=0.0
        Half of this times the sum of squares of the kernel is added to the loss.

    Returns
    -------
    keras.Model
        Uncompiled model from features to logits, float32. Its one layer, "logits", has
        a kernel and a bias, which start at zero, and mean and scale of the features,
        which are not trained.
    """
    n_features = positive_integer(n_features, "n_features")
    features = keras.Input((n_features,), name="feature")
    logits = StandardizedDense(
        positive_integer(n_outputs, "n_outputs"),
        # The loss is convex: there is nothing that random numbers would help with.
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(alpha / 2) if alpha else None,
        dtype=keras.config.dtype_policy().variable_dtype,
        name="logits",
    )(features)
    return keras.Model(features, logits, name="linear_head")
