"""A classifier on top of the encoder of an autoencoder."""

from collections.abc import Callable, Sequence

import keras
from keras import layers

__all__ = ["encoder_classifier"]


def encoder_classifier(
    *,
    autoencoder: Callable[[], keras.Model],
    n_outputs: int,
    hidden_layer_sizes: Sequence[int] = (),
    activation: str = "relu",
    dropout: float = 0.0,
    freeze: bool = False,
) -> keras.Model:
    """Build a classifier whose lower layers are the encoder of an autoencoder.

    Parameters
    ----------
    autoencoder : callable
        Builds a `keras.Model` with a layer "encoder" from images to codes.
    n_outputs : int
        Number of logits: 1 for two classes, otherwise the number of classes.
    hidden_layer_sizes : sequence of int, default=()
        Dense layers between the code and the logits.
    activation : str, default="relu"
        Name of their Keras activation.
    dropout : float in [0, 1), default=0.0
        Share of the code's and hidden units dropped in training.
    freeze : bool, default=False
        Whether the encoder keeps its weights, and works as in inference.

    Returns
    -------
    keras.Model
        Uncompiled model from images to logits, float32. Its layer "encoder" is that of
        the autoencoder, weights included; "head" is the rest.
    """
    encoder = autoencoder().get_layer("encoder")
    encoder.trainable = not freeze
    code = keras.Input(encoder.output_shape[1:], name="head_code")
    x = code
    if dropout:
        x = layers.Dropout(dropout, name="code_dropout")(x)
    for number, size in enumerate(hidden_layer_sizes, start=1):
        x = layers.Dense(size, activation, name=f"head_{number}")(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"head_{number}_dropout")(x)
    dtype = keras.config.dtype_policy().variable_dtype
    logits = layers.Dense(n_outputs, dtype=dtype, name="logits")(x)
    head = keras.Model(code, logits, name="head")

    image = keras.Input(encoder.input_shape[1:], name="image")
    # A frozen encoder with noise or dropout in it must not be noisy, either.
    code = encoder(image, training=False) if freeze else encoder(image)
    return keras.Model(image, head(code), name="encoder_classifier")
