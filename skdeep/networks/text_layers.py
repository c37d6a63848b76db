"""Layers over padded sequences of token ids; id 0 is padding everywhere."""

from typing import Any

import keras

__all__ = [
    "AlignRight",
    "MaskPositions",
    "MaskedPooling",
    "PaddingMask",
    "SumOverTime",
    "TokenDropout",
]

_POOLINGS = ("max", "mean", "max_mean")


@keras.saving.register_keras_serializable(package="skdeep")
class PaddingMask(keras.layers.Layer):
    """Say which positions of a batch hold a token: (n, length) ids to booleans.

    The mask is an ordinary tensor of the graph and is handed to each layer that needs
    it, as `present` where the layer is ours: Keras' implicit masks, which it passes to
    every argument called `mask`, get lost at convolutions.
    """

    def call(self, token_ids: Any) -> Any:
        """Return True where the id is not 0."""
        return keras.ops.not_equal(token_ids, 0)


@keras.saving.register_keras_serializable(package="skdeep")
class TokenDropout(keras.layers.Layer):
    """Replace random tokens by the unknown token, in training only.

    Training texts define the vocabulary, hence unknown tokens would otherwise first
    be met in prediction, with an embedding that no text has trained.

    Parameters
    ----------
    rate : float
        Fraction of the tokens replaced, in [0, 1).
    unknown_id : int, default=1
        Id of the unknown token.
    **kwargs
        Passed to `keras.layers.Layer`.
    """

    def __init__(self, rate: float, unknown_id: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.unknown_id = unknown_id
        # Owned, so that the draws are part of the model's state and reproducible.
        self.seed_generator = keras.random.SeedGenerator()
        self.built = True

    def call(self, token_ids: Any, training: bool = False) -> Any:
        """Return the ids, a fraction of the tokens replaced when training."""
        if not training or self.rate == 0:
            return token_ids
        draws = keras.random.uniform(
            keras.ops.shape(token_ids), dtype="float32", seed=self.seed_generator
        )
        replaced = keras.ops.logical_and(draws < self.rate, token_ids != 0)
        unknown = keras.ops.full_like(token_ids, self.unknown_id)
        return keras.ops.where(replaced, unknown, token_ids)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        own = {"rate": self.rate, "unknown_id": self.unknown_id}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="skdeep")
class MaskPositions(keras.layers.Layer):
    """Set the vectors at padded positions to zero.

    A convolution with padding "same" then sees the same zeros beyond the end of a
    text, whether a batch is padded there or ends there.
    """

    def call(self, vectors: Any, present: Any) -> Any:
        """Return (n, length, size) vectors, zero where not `present`."""
        kept = keras.ops.expand_dims(present, axis=-1)
        return vectors * keras.ops.cast(kept, vectors.dtype)


@keras.saving.register_keras_serializable(package="skdeep")
class MaskedPooling(keras.layers.Layer):
    """Reduce the vectors of a text to one, leaving out padded positions.

    A row of nothing but padding, as in a batch filled up to a fixed size, gives zeros.

    Parameters
    ----------
    pooling : {"max", "mean", "max_mean"}
        The reduction over positions; "max_mean" concatenates both.
    **kwargs
        Passed to `keras.layers.Layer`.
    """

    def __init__(self, pooling: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if pooling not in _POOLINGS:
            raise ValueError(f"pooling must be one of {_POOLINGS}, got {pooling!r}.")
        self.pooling = pooling
        self.supports_masking = True
        self.built = True

    def call(self, vectors: Any, present: Any) -> Any:
        """Return (n, size), or (n, 2 * size) for "max_mean"."""
        kept = keras.ops.expand_dims(present, axis=-1)
        pooled = []
        if "max" in self.pooling:
            # Far below any activation, and finite in all float types, float16 too.
            lowest = keras.ops.full_like(vectors, -6e4)
            highest = keras.ops.max(keras.ops.where(kept, vectors, lowest), axis=1)
            some = keras.ops.any(kept, axis=1)
            pooled.append(keras.ops.where(some, highest, keras.ops.zeros_like(highest)))
        if "mean" in self.pooling:
            # At least in float32: bfloat16 cannot even count a long text's positions.
            wide = keras.backend.result_type(vectors.dtype, "float32")
            weights = keras.ops.cast(present, wide)
            total = _weighted_sum(keras.ops.cast(vectors, wide), weights)
            count = keras.ops.sum(weights, axis=1, keepdims=True)
            count = keras.ops.maximum(count, 1.0)
            pooled.append(keras.ops.cast(total / count, vectors.dtype))
        return pooled[0] if len(pooled) == 1 else keras.ops.concatenate(pooled, axis=-1)

    def compute_mask(self, *inputs: Any, **masks: Any) -> None:
        """End the implicit mask of a recurrent layer: no positions are left."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {**super().get_config(), "pooling": self.pooling}


@keras.saving.register_keras_serializable(package="skdeep")
class AlignRight(keras.layers.Layer):
    """Move the last tokens of each row to the right end of a fixed length.

    Turns batches padded on the right to any width into batches padded on the left to
    one width: what a network needs that reads positions of a fixed grid.

    Parameters
    ----------
    length : int
        Number of positions of the output.
    **kwargs
        Passed to `keras.layers.Layer`.
    """

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = length
        self.built = True

    def call(self, token_ids: Any) -> Any:
        """Return (n, length) ids."""
        present = keras.ops.cast(keras.ops.not_equal(token_ids, 0), "int32")
        n_tokens = keras.ops.sum(present, axis=1, keepdims=True)
        source = keras.ops.arange(self.length) - self.length + n_tokens
        last = keras.ops.shape(token_ids)[1] - 1
        moved = keras.ops.take_along_axis(
            token_ids, keras.ops.clip(source, 0, last), axis=1
        )
        return keras.ops.where(source >= 0, moved, keras.ops.zeros_like(moved))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {**super().get_config(), "length": self.length}


@keras.saving.register_keras_serializable(package="skdeep")
class SumOverTime(keras.layers.Layer):
    """Add up the vectors at all positions, padded ones included."""

    def call(self, vectors: Any) -> Any:
        """Return (n, size) sums of (n, length, size) vectors."""
        return _weighted_sum(vectors, keras.ops.ones_like(vectors[:, :, 0]))


def _weighted_sum(vectors: Any, weights: Any) -> Any:
    """Add up (n, length, size) vectors by (n, length) weights: (n, size).

    As a product of matrices, because TensorFlow adds in an order that depends on the
    place of a row in its batch when it reduces over the middle of three axes.
    """
    return keras.ops.matmul(weights[:, None, :], vectors)[:, 0]
