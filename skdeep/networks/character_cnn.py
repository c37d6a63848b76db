"""One-dimensional convolutional networks over characters or words."""

from collections import Counter
from collections.abc import Sequence

import keras
from keras import layers

from skdeep.networks.ngram_embedding import NgramEmbedding
from skdeep.networks.text_layers import (
    AlignRight,
    MaskedPooling,
    MaskPositions,
    PaddingMask,
    SumOverTime,
    TokenDropout,
)

__all__ = ["character_cnn_classifier", "expose_classifier", "kim_classifier"]

_ARCHITECTURES = ("parallel", "stacked")


def character_cnn_classifier(
    *,
    vocabulary_size: int,
    n_outputs: int,
    architecture: str = "parallel",
    embedding_size: int = 32,
    ngram_range: tuple[int, int] = (1, 5),
    n_buckets: int = 16_381,
    filters: int = 64,
    kernel_sizes: Sequence[int] = (3,),
    pooling: str = "max_mean",
    hidden_units: int | None = None,
    embedding_dropout: float = 0.5,
    dropout: float = 0.5,
    token_dropout: float = 0.1,
    name: str = "character_cnn_classifier",
) -> keras.Model:
    """Return a convolutional text classifier, from token ids to logits.

    Parameters
    ----------
    vocabulary_size : int
        Number of token ids, padding (0) and unknown (1) included.
    n_outputs : int
        Number of logits: 1 for two classes, otherwise the number of classes.
    architecture : {"parallel", "stacked"}, default="parallel"
        "parallel" has one convolution per width, all over the embedding, whose pooled
        outputs are concatenated; "stacked" has them one after the other.
    embedding_size : int, default=32
        Length of the vector of a token, or of an n-gram.
    ngram_range : tuple of 2 int, default=(1, 5)
        Shortest and longest run of tokens that has a vector of its own; (1, 1) embeds
        single tokens. The vectors of all runs that end at a position are added.
    n_buckets : int, default=16_381
        Rows of the table of each length above one, which runs share by their hash.
    filters : int, default=64
        Number of filters of each width.
    kernel_sizes : sequence of int, default=(3,)
        Widths of the convolutions, in tokens.
    pooling : {"max_mean", "max", "mean"}, default="max_mean"
        Reduction of the filter outputs over the positions of a text.
    hidden_units : int, default=None
        Size of a dense layer under the output; None for no such layer.
    embedding_dropout : float, default=0.5
        Fraction of the dimensions of the embedding dropped, in [0, 1).
    dropout : float, default=0.5
        Fraction of the pooled (and hidden) units dropped, in [0, 1).
    token_dropout : float, default=0.1
        Fraction of the tokens replaced by the unknown token in training, in [0, 1).
    name : str, default="character_cnn_classifier"
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
        If `architecture` or `pooling` is unknown, or "parallel" has no widths.

    See Also
    --------
    kim_classifier, expose_classifier : Two published networks.

    Examples
    --------
    >>> from skdeep.networks.character_cnn import character_cnn_classifier
    >>> model = character_cnn_classifier(vocabulary_size=50, n_outputs=3)
    >>> model.output_shape
    (None, 3)
    """
    if architecture not in _ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {_ARCHITECTURES}, got {architecture!r}."
        )
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    mask = PaddingMask(name="padding_mask")(token_ids)
    x = TokenDropout(token_dropout, name="token_dropout")(token_ids)
    x = NgramEmbedding(
        vocabulary_size, embedding_size, ngram_range, n_buckets, name="embedding"
    )(x)
    x = layers.SpatialDropout1D(embedding_dropout, name="embedding_dropout")(x)
    x = MaskPositions(name="masked_embedding")(x, mask)

    convolutions = [
        layers.Conv1D(
            filters,
            width,
            padding="same",
            activation="relu",
            name=f"convolution_{number}",
        )
        for number, width in enumerate(kernel_sizes, start=1)
    ]
    if architecture == "parallel":
        _check_widths(kernel_sizes)
        branches = [convolution(x) for convolution in convolutions]
        x = _concatenate(branches, name="filters")
    else:
        for number, convolution in enumerate(convolutions, start=1):
            x = convolution(x)
            x = MaskPositions(name=f"masked_convolution_{number}")(x, mask)
    x = MaskedPooling(pooling, name="pooling")(x, mask)
    x = layers.Dropout(dropout, name="pooled_dropout")(x)
    if hidden_units is not None:
        x = layers.Dense(hidden_units, activation="relu", name="hidden")(x)
        x = layers.Dropout(dropout, name="hidden_dropout")(x)
    logits = layers.Dense(
        n_outputs, dtype=keras.config.dtype_policy().variable_dtype, name="logits"
    )(x)
    return keras.Model(token_ids, logits, name=name)


def kim_classifier(
    *,
    vocabulary_size: int,
    n_outputs: int,
    embedding_size: int = 300,
    filters: int = 100,
    kernel_sizes: Sequence[int] = (3, 4, 5),
    dropout: float = 0.5,
    max_norm: float = 3.0,
    name: str = "kim_classifier",
) -> keras.Model:
    """Return Kim's sentence classifier [1]_ in its randomly initialised form.

    Built as in the published code, which differs from the paper in places: the
    max-norm constraint holds for the weights of the output layer and for nothing
    else, and sentences are surrounded by zero vectors: ``max(kernel_sizes) - 1``
    before and at least as many after. There, only the longest sentences of a data
    set have no further one behind them; here every sentence has one more. The
    published network has one output per class, also for two classes. Pretrained
    vectors can be assigned to the layer "embedding". To train it as published, use
    Adadelta with ``rho=0.95``, batches of 50 and 25 epochs.

    Parameters
    ----------
    vocabulary_size : int
        Number of token ids, padding (0) and unknown (1) included.
    n_outputs : int
        Number of logits: 1 for two classes, otherwise the number of classes.
    embedding_size : int, default=300
        Length of the vector of a token.
    filters : int, default=100
        Number of filters of each width.
    kernel_sizes : sequence of int, default=(3, 4, 5)
        Widths of the filters, in tokens.
    dropout : float, default=0.5
        Fraction of the pooled units dropped, in [0, 1).
    max_norm : float, default=3.0
        Largest Euclidean norm of the weights into an output unit.
    name : str, default="kim_classifier"
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
        If `kernel_sizes` is empty.

    References
    ----------
    .. [1] Kim, Y. (2014). "Convolutional neural networks for sentence
       classification". EMNLP. :doi:`10.3115/v1/D14-1181`

    Examples
    --------
    >>> from skdeep.networks.character_cnn import kim_classifier
    >>> kim_classifier(vocabulary_size=50, n_outputs=5).output_shape
    (None, 5)
    """
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    mask = PaddingMask(name="padding_mask")(token_ids)
    x = layers.Embedding(
        vocabulary_size,
        embedding_size,
        embeddings_initializer=keras.initializers.RandomUniform(-0.25, 0.25),
        name="embedding",
    )(token_ids)
    x = MaskPositions(name="masked_embedding")(x, mask)
    # With a margin on both sides, further padding only repeats windows of zeros that
    # are there already, and a maximum does not count repetitions.
    labels = _labels_of_widths(kernel_sizes)
    margin = max(kernel_sizes)
    x = layers.ZeroPadding1D((margin - 1, margin), name="margin")(x)

    branches = []
    for width, label in zip(kernel_sizes, labels, strict=True):
        branch = layers.Conv1D(
            filters,
            width,
            activation="relu",
            kernel_initializer=keras.initializers.RandomUniform(-0.01, 0.01),
            name=f"convolution_{label}",
        )(x)
        branches.append(layers.GlobalMaxPooling1D(name=f"maximum_{label}")(branch))
    x = _concatenate(branches, name="features")
    x = layers.Dropout(dropout, name="features_dropout")(x)
    logits = layers.Dense(
        n_outputs,
        kernel_constraint=keras.constraints.MaxNorm(max_norm, axis=0),
        dtype=keras.config.dtype_policy().variable_dtype,
        name="logits",
    )(x)
    return keras.Model(token_ids, logits, name=name)


def expose_classifier(
    *,
    vocabulary_size: int = 100,
    n_outputs: int = 1,
    length: int = 100,
    embedding_size: int = 32,
    filters: int = 256,
    kernel_sizes: Sequence[int] = (2, 3, 4, 5),
    hidden_units: Sequence[int] = (1024, 1024),
    dropout: float = 0.5,
    name: str = "expose_classifier",
) -> keras.Model:
    """Return eXpose [1]_ as in its published code, 2,219,137 parameters.

    The paper and re-implementations that follow it normalise batches and read 200
    characters; the code does not normalise and reads the last 100, padded on the
    left. The padding has a trained embedding and takes part in the sums over time,
    hence the fixed length.

    Parameters
    ----------
    vocabulary_size : int, default=100
        Number of token ids, padding (0) included.
    n_outputs : int, default=1
        Number of logits: 1 for two classes, otherwise the number of classes.
    length : int, default=100
        Number of characters read, the last ones of each row.
    embedding_size : int, default=32
        Length of the vector of a character.
    filters : int, default=256
        Number of filters of each width.
    kernel_sizes : sequence of int, default=(2, 3, 4, 5)
        Widths of the filters, in characters.
    hidden_units : sequence of int, default=(1024, 1024)
        Sizes of the dense layers under the output.
    dropout : float, default=0.5
        Fraction of the units dropped after each sum and dense layer, in [0, 1).
    name : str, default="expose_classifier"
        Name of the model.

    Returns
    -------
    keras.Model
        Not compiled. Input "token_ids", int32 of shape (n_samples, any length),
        padded with 0 on the right, aligned inside; output logits of shape (n_samples,
        n_outputs), in the precision of the weights, which do not depend on the amount
        of padding.

    Raises
    ------
    ValueError
        If `kernel_sizes` is empty.

    See Also
    --------
    skdeep.encoding.vocabulary.printable_text_encoding : The alphabet that goes with it.

    References
    ----------
    .. [1] Saxe, J. and Berlin, K. (2017). "eXpose: A Character-Level Convolutional
       Neural Network with Embeddings For Detecting Malicious URLs, File Paths and
       Registry Keys". :doi:`10.48550/arXiv.1702.08568`

    Examples
    --------
    >>> from skdeep.networks.character_cnn import expose_classifier
    >>> f"{expose_classifier().count_params():,}"
    '2,219,137'
    """
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    x = AlignRight(length, name="last_characters")(token_ids)
    x = layers.Embedding(vocabulary_size, embedding_size, name="embedding")(x)

    branches = []
    labels = _labels_of_widths(kernel_sizes)
    for width, label in zip(kernel_sizes, labels, strict=True):
        branch = layers.Conv1D(
            filters,
            width,
            padding="same",
            activation="relu",
            name=f"convolution_{label}",
        )(x)
        branch = SumOverTime(name=f"sum_{label}")(branch)
        branches.append(layers.Dropout(dropout, name=f"sum_{label}_dropout")(branch))
    x = _concatenate(branches, name="features")
    for number, units in enumerate(hidden_units, start=1):
        x = layers.Dense(units, activation="relu", name=f"hidden_{number}")(x)
        x = layers.Dropout(dropout, name=f"hidden_{number}_dropout")(x)
    logits = layers.Dense(
        n_outputs, dtype=keras.config.dtype_policy().variable_dtype, name="logits"
    )(x)
    return keras.Model(token_ids, logits, name=name)


def _check_widths(kernel_sizes: Sequence[int]) -> None:
    if len(kernel_sizes) == 0:
        raise ValueError(
            "kernel_sizes is empty, but texts are read by convolutions side by side. "
            "Pass the width of one or more, such as (3, 4, 5)."
        )


def _labels_of_widths(kernel_sizes: Sequence[int]) -> list[str]:
    """Return what layers are called by: the width, with a number if it is repeated."""
    _check_widths(kernel_sizes)
    counts: Counter[int] = Counter()
    labels = []
    for width in kernel_sizes:
        counts[width] += 1
        labels.append(f"{width}_{counts[width]}" if counts[width] > 1 else f"{width}")
    return labels


def _concatenate(branches: Sequence[keras.KerasTensor], name: str) -> keras.KerasTensor:
    """Join tensors along the last axis; Keras refuses to concatenate a single one."""
    if len(branches) == 1:
        return branches[0]
    return layers.Concatenate(name=name)(list(branches))
