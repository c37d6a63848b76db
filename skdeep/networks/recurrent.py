"""Recurrent networks over token ids."""

from typing import Any

import keras
from keras import layers

from skdeep.networks.text_layers import MaskedPooling, PaddingMask, TokenDropout

__all__ = ["recurrent_classifier"]

_CELLS = {"lstm": layers.LSTM, "gru": layers.GRU, "simple": layers.SimpleRNN}
_POOLINGS = ("max", "mean", "max_mean", "last")


def recurrent_classifier(
    *,
    vocabulary_size: int,
    n_outputs: int,
    cell: str = "lstm",
    units: int = 64,
    n_layers: int = 1,
    bidirectional: bool = True,
    embedding_size: int = 64,
    pooling: str = "max_mean",
    dropout: float = 0.5,
    token_dropout: float = 0.1,
    name: str = "recurrent_classifier",
) -> keras.Model:
    """Return a recurrent text classifier, from token ids to logits.

    Parameters
    ----------
    vocabulary_size : int
        Number of token ids, padding (0) and unknown (1) included.
    n_outputs : int
        Number of logits: 1 for two classes, otherwise the number of classes.
    cell : {"lstm", "gru", "simple"}, default="lstm"
        Long short-term memory [1]_, gated recurrent unit [2]_ or Elman's network.
    units : int, default=64
        Size of the state, of each direction.
    n_layers : int, default=1
        Number of recurrent layers, each reading the outputs of the one before.
    bidirectional : bool, default=True
        Whether each layer reads the text in both directions.
    embedding_size : int, default=64
        Length of the vector of a token.
    pooling : {"max_mean", "max", "mean", "last"}, default="max_mean"
        What is kept of the outputs at all positions; "last" is the final state.
    dropout : float, default=0.5
        Fraction of the embedding's and of the pooled units dropped, in [0, 1).
    token_dropout : float, default=0.1
        Fraction of the tokens replaced by the unknown token in training, in [0, 1).
    name : str, default="recurrent_classifier"
        Name of the model.

    Returns
    -------
    keras.Model
        Not compiled. Input "token_ids", int32 of shape (n_samples, length), padded
        with 0 on the right; output logits of shape (n_samples, n_outputs), in the
        precision of the weights, which do not depend on the amount of padding.

    Raises
    ------
    ValueError
        If `cell` or `pooling` is unknown.

    References
    ----------
    .. [1] Hochreiter, S. and Schmidhuber, J. (1997). "Long short-term memory".
       Neural Computation 9(8). :doi:`10.1162/neco.1997.9.8.1735`
    .. [2] Cho, K. et al. (2014). "Learning phrase representations using RNN
       encoder-decoder for statistical machine translation".
       :doi:`10.48550/arXiv.1406.1078`

    Examples
    --------
    >>> from skdeep.networks.recurrent import recurrent_classifier
    >>> model = recurrent_classifier(vocabulary_size=50, n_outputs=1, cell="gru")
    >>> model.output_shape
    (None, 1)
    """
    if cell not in _CELLS:
        raise ValueError(f"cell must be one of {tuple(_CELLS)}, got {cell!r}.")
    if pooling not in _POOLINGS:
        raise ValueError(f"pooling must be one of {_POOLINGS}, got {pooling!r}.")

    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    mask = PaddingMask(name="padding_mask")(token_ids)
    x = TokenDropout(token_dropout, name="token_dropout")(token_ids)
    x = layers.Embedding(vocabulary_size, embedding_size, name="embedding")(x)
    x = layers.SpatialDropout1D(dropout, name="embedding_dropout")(x)

    for number in range(1, n_layers + 1):
        every_position = number < n_layers or pooling != "last"
        layer_name = f"{cell}_{number}"
        layer: Any = _CELLS[cell](
            units, return_sequences=every_position, name=layer_name
        )
        if bidirectional:
            layer = layers.Bidirectional(layer, name=f"bidirectional_{layer_name}")
        x = layer(x, mask=mask)

    if pooling != "last":
        x = MaskedPooling(pooling, name="pooling")(x, mask)
    x = layers.Dropout(dropout, name="pooled_dropout")(x)
    logits = layers.Dense(
        n_outputs, dtype=keras.config.dtype_policy().variable_dtype, name="logits"
    )(x)
    return keras.Model(token_ids, logits, name=name)
