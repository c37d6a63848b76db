"""A linear layer on standardised features."""

import keras
from keras import layers

from skdeep.networks.sizes import positive_integer
from skdeep.networks.standardization import Standardization


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
        Uncompiled model from features to logits, float32. Its layer "standardization"
        has the weights mean and scale, "logits" those that are trained: a kernel, which
        starts at zero, and a bias.
    """
    features = keras.Input(
        (positive_integer(n_features, "n_features"),), name="feature"
    )
    dtype = keras.config.dtype_policy().variable_dtype
    x = Standardization(dtype=dtype, name="standardization")(features)
    logits = layers.Dense(
        positive_integer(n_outputs, "n_outputs"),
        # The loss is convex: there is nothing that random numbers would help with.
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(alpha / 2) if alpha else None,
        dtype=dtype,
        name="logits",
    )(x)
    return keras.Model(features, logits, name="linear_head")
