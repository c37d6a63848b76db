"""Embedding of the tokens that end at each position of a text."""

from typing import Any

import keras
from keras import ops

__all__ = ["NgramEmbedding"]

# A rolling hash below 2**16 whose products stay below 2**31: integers of 32 bits are
# what every backend has.
_MODULUS = 65_521
_MULTIPLIER = 32_749


@keras.saving.register_keras_serializable(package="skdeep")
class NgramEmbedding(keras.layers.Layer):
    """Embed the n-grams that end at each position, and add them up.

    Character n-grams are the parts that words are made of [1]_. There are far more of
    them than a table can have rows, so those of two tokens and more share the rows of
    one table for each length, by their hash.

    Parameters
    ----------
    vocabulary_size : int
        Number of token ids, padding (0) and unknown (1) included.
    embedding_size : int
        Length of the vectors.
    ngram_range : tuple of 2 int
        Shortest and longest n-gram, in tokens.
    n_buckets : int
        Rows of the table of each length above one, at most 65,521.
    **kwargs
        Passed to `keras.layers.Layer`.

    References
    ----------
    .. [1] Bojanowski, P. et al. (2017). Enriching word vectors with subword
       information. TACL 5, 135-146. :doi:`10.1162/tacl_a_00051`
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_size: int,
        ngram_range: tuple[int, int],
        n_buckets: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        shortest, longest = ngram_range
        if not 1 <= shortest <= longest:
            raise ValueError(
                f"ngram_range must be two integers with 1 <= shortest <= longest, got "
                f"{ngram_range!r}."
            )
        if not 1 <= n_buckets <= _MODULUS:
            raise ValueError(
                f"n_buckets must lie between 1 and {_MODULUS}, got {n_buckets!r}."
            )
        self.vocabulary_size = vocabulary_size
        self.embedding_size = embedding_size
        self.ngram_range = (int(shortest), int(longest))
        self.n_buckets = n_buckets

    def build(self, token_ids_shape: Any) -> None:
        """Add a table for each length."""
        shortest, longest = self.ngram_range
        self.tables = {
            length: self.add_weight(
                name=f"ngrams_of_{length}",
                shape=(
                    self.vocabulary_size if length == 1 else self.n_buckets,
                    self.embedding_size,
                ),
                initializer=keras.initializers.RandomUniform(-0.05, 0.05),
            )
            for length in range(shortest, longest + 1)
        }

    def call(self, token_ids: Any) -> Any:
        """Map (n, length) ids to (n, length, embedding_size) vectors."""
        hashes, earlier, vectors = token_ids, token_ids, []
        for length in range(1, self.ngram_range[1] + 1):
            if length > 1:
                # What lies before the text is padding.
                earlier = ops.pad(earlier, ((0, 0), (1, 0)))[:, :-1]
                hashes = ops.mod(hashes * _MULTIPLIER + earlier, _MODULUS)
            if length in self.tables:
                rows = token_ids if length == 1 else ops.mod(hashes, self.n_buckets)
                table = ops.cast(self.tables[length], self.compute_dtype)
                vectors.append(ops.take(table, rows, axis=0))
        return sum(vectors[1:], start=vectors[0])

    def compute_output_shape(self, token_ids_shape: Any) -> Any:
        """Return the shape of the vectors."""
        return (*token_ids_shape, self.embedding_size)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return super().get_config() | {
            "vocabulary_size": self.vocabulary_size,
            "embedding_size": self.embedding_size,
            "ngram_range": self.ngram_range,
            "n_buckets": self.n_buckets,
        }
