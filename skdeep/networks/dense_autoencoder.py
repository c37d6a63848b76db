"""Autoencoder of images or vectors made of dense layers."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from skdeep.networks.penalties import ContractivePenalty, SparsityPenalty
from skdeep.networks.sizes import checked_image_shape, positive_integer
from skdeep.networks.transposed_dense import TransposedDense

__all__ = ["dense_autoencoder"]


def dense_autoencoder(
    *,
    image_shape: Sequence[int],
    n_components: int,
    hidden_layer_sizes: Sequence[int] = (100,),
    activation: str = "elu",
    code_activation: str = "linear",
    output_activation: str = "linear",
    tied_weights: bool = False,
    sparsity: str | None = None,
    sparsity_weight: float = 1e-3,
    sparsity_target: float = 0.1,
    contractive: float = 0.0,
) -> keras.Model:
    """Build an autoencoder of dense layers, the decoder a mirror of the encoder.

    Parameters
    ----------
    image_shape : sequence of 3 int
        Height, width and channels of one image, each at least 1.
    n_components : int
        Length of the code: below the number of pixels it compresses, above it the
        code is over-complete.
    hidden_layer_sizes : sequence of int, default=(100,)
        Units of the layers between image and code, from the image on; may be empty.
    activation : str, default="elu"
        Name of the Keras activation of these layers and of their mirror images.
    code_activation : str, default="linear"
        Name of the Keras activation of the code.
    output_activation : str, default="linear"
        Name of the Keras activation of the reconstruction.
    tied_weights : bool, default=False
        Whether the kernels of the decoder are the transposed ones of the encoder:
        one set of variables. Biases are never shared.
    sparsity : {"l1", "kl"} or None, default=None
        Penalty on active code units; see `SparsityPenalty`.
    sparsity_weight : float, default=0.001
        Factor of that penalty.
    sparsity_target : float in (0, 1), default=0.1
        Mean activation that "kl" pulls each unit of the code to.
    contractive : float, default=0.0
        Factor of the squared norm of the code's Jacobian; see `ContractivePenalty`.

    Returns
    -------
    keras.Model
        Uncompiled model from images `(n, height, width, channels)` to their
        reconstructions of the same shape. Its layer `"encoder"` is the model from
        images to codes `(n, n_components)`; its layer `"decoder"` the model from
        codes to images. Layer `"hidden_1"` of the encoder is the first dense layer,
        `"code"` the last. Penalties are losses of the model in training.

    Raises
    ------
    ValueError
        If a size is not a positive integer, a penalty is unknown, or "kl" sparsity
        meets a code that does not lie between 0 and 1.

    See Also
    --------
    skdeep.networks.convolutional_autoencoder.conv_autoencoder : With convolutions.

    References
    ----------
    .. [1] Hinton, G. E. & Salakhutdinov, R. R. (2006). Reducing the dimensionality
       of data with neural networks. Science 313(5786), 504-507.
       :doi:`10.1126/science.1127647`

    Examples
    --------
    >>> from skdeep.networks.dense_autoencoder import dense_autoencoder
    >>> sizes = {"image_shape": (8, 8, 1), "n_components": 10}
    >>> model = dense_autoencoder(**sizes, hidden_layer_sizes=(30,), tied_weights=True)
    >>> model.get_layer("encoder").output_shape
    (None, 10)
    >>> model.count_params() == 64 * 30 + 30 * 10 + (30 + 10) + (30 + 64)
    True
    """
    image_shape = checked_image_shape(image_shape)
    hidden = [
        positive_integer(size, "every entry of hidden_layer_sizes")
        for size in hidden_layer_sizes
    ]
    sizes = [*hidden, positive_integer(n_components, "n_components")]
    if sparsity == "kl" and code_activation != "sigmoid":
        raise ValueError(
            'sparsity="kl" compares mean activations with a probability, so the code '
            f"must lie between 0 and 1, but code_activation={code_activation!r}. Use "
            '"sigmoid", or sparsity="l1".'
        )
    penalty = None
    if sparsity is not None:
        penalty = SparsityPenalty(
            sparsity,
            sparsity_weight,
            sparsity_target,
            dtype=_variable_dtype(),
            name="sparsity_penalty",
        )
    inner = [activation] * len(hidden)
    encoder, encoding = _encoder(
        image_shape, sizes, [*inner, code_activation], contractive, penalty
    )
    decoder = _decoder(image_shape, encoding, [output_activation, *inner], tied_weights)
    image = keras.Input(image_shape, name="image")
    return keras.Model(image, decoder(encoder(image)), name="dense_autoencoder")


def _encoder(
    image_shape: tuple[int, int, int],
    sizes: Sequence[int],
    activations: Sequence[str],
    contractive: float,
    sparsity: SparsityPenalty | None,
) -> tuple[keras.Model, list[layers.Dense]]:
    """Build the model from images to codes; return it with its dense layers."""
    image = keras.Input(image_shape, name="encoder_image")
    values = layers.Flatten(data_format="channels_last", name="flatten")(image)
    encoding, sums = [], []
    for number, (size, activation) in enumerate(
        zip(sizes, activations, strict=True), start=1
    ):
        options = {"name": f"hidden_{number}"}
        if number == len(sizes):
            options = {"name": "code", "dtype": _variable_dtype()}
        encoding.append(layers.Dense(size, **options))
        sums.append(encoding[-1](values))
        values = _activated(sums[-1], activation, encoding[-1])
    if contractive:
        penalty = ContractivePenalty(
            contractive,
            encoding,
            activations,
            dtype=_variable_dtype(),
            name="contractive_penalty",
        )
        values = penalty([values, *sums])
    if sparsity is not None:
        values = sparsity(values)
    return keras.Model(image, values, name="encoder"), encoding


def _decoder(
    image_shape: tuple[int, int, int],
    encoding: Sequence[layers.Dense],
    activations: Sequence[str],
    tied_weights: bool,
) -> keras.Model:
    """Build the model from codes to images; `activations` start at the image."""
    sizes = [math.prod(image_shape), *(dense.units for dense in encoding)]
    code = keras.Input((sizes[-1],), name="decoder_code")
    values = code
    for place in reversed(range(len(encoding))):
        source = encoding[place]
        options = {"name": f"mirrored_{source.name}"}
        if place == 0:
            options = {"name": "reconstruction", "dtype": _variable_dtype()}
        if tied_weights:
            dense = TransposedDense(source, **options)
        else:
            dense = layers.Dense(sizes[place], **options)
        values = _activated(dense(values), activations[place], dense)
    image = layers.Reshape(image_shape, dtype=_variable_dtype(), name="image")(values)
    return keras.Model(code, image, name="decoder")


def _activated(
    sums: keras.KerasTensor, activation: str, dense: layers.Layer
) -> keras.KerasTensor:
    """Apply an activation as a layer of its own, or nothing if it is linear."""
    if activation == "linear":
        return sums
    layer = layers.Activation(
        activation, dtype=dense.dtype_policy, name=f"{dense.name}_activation"
    )
    return layer(sums)


def _variable_dtype() -> str:
    """Return the type of the weights, which a mixed policy keeps at full precision."""
    return keras.config.dtype_policy().variable_dtype
