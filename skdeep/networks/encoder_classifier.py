"""A classifier on top of the encoder of an autoencoder."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from skdeep.networks.augmentation import RandomMirror, RandomShift

__all__ = ["encoder_classifier"]


@keras.saving.register_keras_serializable(package="skdeep")
class FrozenModel(keras.Model):
    """A functional model that works as in inference, in training too.

    Not to be trainable keeps its weights, but dropout and noise would still act, and
    an argument ``training=False`` is overruled by the model around it.
    """

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        """Return what the model computes in inference."""
        return super().call(inputs, training=False, mask=mask)


def encoder_classifier(
    *,
    autoencoder: Callable[[], keras.Model],
    n_outputs: int,
    hidden_layer_sizes: Sequence[int] = (),
    activation: str = "relu",
    dropout: float = 0.0,
    freeze: bool = False,
    mirror: bool = False,
    shift: int = 0,
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
    mirror : bool, default=False
        Whether images are mirrored at random in training.
    shift : int, default=0
        Most pixels by which they are shifted in training.

    Returns
    -------
    keras.Model
        Uncompiled model from images to logits, float32. Its layer "encoder" is that of
        the autoencoder, weights included; "head" is the rest.
    """
    encoder = autoencoder().get_layer("encoder")
    if freeze:
        encoder = FrozenModel(encoder.input, encoder.output, name="encoder")
        encoder.trainable = False
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
    x = RandomMirror(name="mirror")(image) if mirror else image
    x = RandomShift(shift, name="shift")(x) if shift else x
    return keras.Model(image, head(encoder(x)), name="encoder_classifier")
