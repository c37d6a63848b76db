"""What goes in: images or texts."""

from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from sklearn import config_context, get_config
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_array, validate_data

from skdeep import runtime
from skdeep.datasets.lazy_rows import LazyRows, is_streamed
from skdeep.encoding.images import (
    ImageEncoding,
    flatten_samples,
    resolve_image_shape,
)
from skdeep.encoding.numbers import check_container, to_dtype, understood
from skdeep.encoding.streamed_rows import StreamedRows
from skdeep.encoding.text import check_texts
from skdeep.encoding.tokens import TokenSequences
from skdeep.encoding.vocabulary import TextEncoding, learn_text_encoding

TEXT_CONSTRAINTS: dict[str, list[Any]] = {
    "analyzer": [StrOptions({"char", "word"}), callable],
    "lowercase": ["boolean"],
    "max_features": [Interval(Integral, 1, None, closed="left"), None],
    "max_length": [Interval(Integral, 1, None, closed="left"), None],
}


class ImageInputMixin:
    """X is images: of 3 or 4 dimensions, or flat with `image_shape`.

    Of an array in a file that is too large for memory, see `is_streamed`, encoded rows
    are `StreamedRows`, which are read when they are needed.
    """

    def _validate_input(self, X: Any, *, reset: bool) -> np.ndarray | StreamedRows:
        """Return X as uint8, float32 or float64 of shape (n, height, width, c)."""
        if is_streamed(X):
            return self._validate_stream(LazyRows(X), reset=reset)
        check_container(X)
        X, sample_shape = flatten_samples(X)
        is_uint8 = _is_uint8(X)
        dtype = np.uint8 if is_uint8 else [np.float64, np.float32]
        with understood("X"):
            X = validate_data(self, X, reset=reset, dtype=dtype)
        if reset:
            shape = resolve_image_shape(sample_shape, X.shape[1], self.image_shape)
            self.image_shape_ = shape
            self._sample_shape = sample_shape or (X.shape[1],)
            self._pixels_are_uint8 = is_uint8
        elif is_uint8 and not self._pixels_are_uint8:
            raise ValueError(
                f"X is uint8, but this {type(self).__name__} was fitted on floats, so "
                "the unit of the pixels is not known. Convert X to floats in the unit "
                "used in fit, or fit on uint8."
            )
        elif sample_shape is not None and ((*sample_shape, 1)[:3] != self.image_shape_):
            raise ValueError(
                f"X has images of shape {sample_shape}, but {type(self).__name__} was "
                f"fitted on images of shape {self.image_shape_}. Pass images of that "
                "shape."
            )
        X = X.reshape(len(X), *self.image_shape_)
        self._check_numbers(X, reset=reset)
        return X

    def _validate_stream(self, X: LazyRows, *, reset: bool) -> StreamedRows:
        """Return rows that are validated when they are read."""
        # The first ones show what holds for all: shape, unit, dtype.
        first = X.read_rows(np.arange(min(len(X), X.block_rows)))
        first = self._validate_input(first, reset=reset)
        check = partial(
            self._validate_rows, dtype=first.dtype, reset=reset, config=get_config()
        )
        return StreamedRows(X, first.shape[1:], first.dtype, check)

    def _validate_rows(
        self, rows: np.ndarray, *, dtype: np.dtype, reset: bool, config: dict[str, Any]
    ) -> np.ndarray:
        # A thread calls this, and scikit-learn's settings are those of a thread.
        with config_context(**config), understood("X"):
            flat = check_array(
                rows.reshape(len(rows), -1), dtype=dtype, estimator=self, input_name="X"
            )
        images = flat.reshape(len(flat), *self.image_shape_)
        self._check_numbers(images, reset=reset)
        return images

    def _check_numbers(self, images: np.ndarray, *, reset: bool) -> None:
        """Raise ValueError if a number cannot be taken; all can by default."""

    @property
    def _images(self) -> ImageEncoding:
        return ImageEncoding(
            self.image_shape_, self._sample_shape, self._pixels_are_uint8
        )

    def _encode_input(self, X: Any, *, reset: bool) -> np.ndarray | StreamedRows:
        return self._network_numbers(self._validate_input(X, reset=reset))

    def _network_numbers(
        self, X: np.ndarray | StreamedRows
    ) -> np.ndarray | StreamedRows:
        if X.dtype == np.uint8:
            return X
        dtype = np.float64 if self.precision == "float64" else np.float32
        if isinstance(X, StreamedRows):
            return X.astype(dtype)
        return to_dtype(X, dtype)

    def _feed(
        self, rows: np.ndarray | StreamedRows
    ) -> runtime.ArrayFeed | runtime.StreamFeed:
        if isinstance(rows, StreamedRows):
            return runtime.StreamFeed(rows, scale=self._images.scale)
        return runtime.ArrayFeed(rows, scale=self._images.scale)

    def _encode_some(
        self, X: Any, rows: np.ndarray, chosen: np.ndarray, *, reset: bool
    ) -> np.ndarray:
        """Return what `_encode_input` makes of some rows, given all encoded `rows`."""
        return self._take(rows, chosen)

    @staticmethod
    def _take(
        rows: np.ndarray | StreamedRows, chosen: np.ndarray
    ) -> np.ndarray | StreamedRows:
        return rows.take(chosen) if isinstance(rows, StreamedRows) else rows[chosen]


def _is_uint8(X: Any) -> bool:
    """Tell whether X, an array or a data frame, holds bytes only."""
    if hasattr(X, "dtype") or not hasattr(X, "dtypes"):
        return getattr(X, "dtype", None) == np.uint8
    # pandas, polars and others spell it differently.
    kinds = {str(dtype).lower() for dtype in X.dtypes}
    return kinds == {"uint8"}


class TextInputMixin:
    """X is a one-dimensional sequence of str."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    def _encode_input(self, X: Any, *, reset: bool) -> TokenSequences:
        texts = check_texts(X)
        if reset:
            self._learn_vocabulary(texts)
        return self._text_encoding().encode(texts)

    def _learn_vocabulary(self, texts: list[str]) -> None:
        encoding = self._new_text_encoding(texts)
        self.vocabulary_ = dict(encoding.vocabulary)
        self.max_length_ = encoding.max_length
        self._tokens_are = self._kind_of_tokens()

    def _kind_of_tokens(self) -> str:
        """Say what decides which tokens a text has, as far as it can be compared."""
        if callable(self.analyzer):
            return "analyzer=<callable>"
        return f"analyzer={self.analyzer!r}, lowercase={bool(self.lowercase)}"

    def _new_text_encoding(self, texts: list[str]) -> TextEncoding:
        return learn_text_encoding(
            texts,
            analyzer=self.analyzer,
            lowercase=self.lowercase,
            max_features=self.max_features,
            max_length=self.max_length,
        )

    def _text_encoding(self) -> TextEncoding:
        # Models that were saved by earlier versions do not say.
        fitted, now = vars(self).get("_tokens_are"), self._kind_of_tokens()
        if fitted not in (None, now):
            raise ValueError(
                f"This {type(self).__name__} has the vocabulary of {fitted}, but these "
                f"parameters were changed to {now} after fit. Set them back, or call "
                "fit again (with warm_start=False)."
            )
        return TextEncoding(
            vocabulary=self.vocabulary_,
            max_length=self.max_length_,
            analyzer=self.analyzer,
            lowercase=self.lowercase,
        )

    @property
    def _vocabulary_size(self) -> int:
        # Rounded up by an eighth at most, so that folds of a search, whose vocabularies
        # differ by a few tokens, share one compiled network.
        size = max(self.vocabulary_.values(), default=1) + 1
        step = 1 << max(size.bit_length() - 4, 0)
        return -(-size // step) * step

    def _feed(self, rows: TokenSequences) -> runtime.SequenceFeed:
        return runtime.SequenceFeed(rows)

    def _encode_some(
        self, X: Any, rows: TokenSequences, chosen: np.ndarray, *, reset: bool
    ) -> TokenSequences:
        """Return what `_encode_input` makes of some rows, given all encoded `rows`."""
        if not reset:
            return rows.take(chosen)
        # The vocabulary must not know the words of the others.
        texts = check_texts(X)
        return self._encode_input([texts[row] for row in chosen], reset=True)

    @staticmethod
    def _take(rows: TokenSequences, chosen: np.ndarray) -> TokenSequences:
        return rows.take(chosen)
