"""What comes out of a hashing transformer: bits."""

from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skdeep.encoding.bits import pack_bits
from skdeep.mixins.advice import CodeAdviceMixin

# A probability this close to 0 or 1 counts as saturated.
_SATURATED = 0.1
# Rows on which that is measured: enough for two digits.
_SATURATION_ROWS = 10_000


class HashingMixin(CodeAdviceMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Codes are bits: probabilities rounded. Stands left of the mixin it refines."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform_proba(self, X):
        """Return the probability of each bit.

        Parameters
        ----------
        X : array-like
            Samples, of the shape and unit that the estimator was fitted on.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_bits), dtype float32
            In [0, 1]; the closer to 0 or 1, the less is lost by rounding.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        return self._codes(self._encode_input(X, reset=False))

    def transform(self, X):
        """Return the hash code of each sample.

        Parameters
        ----------
        X : array-like
            Samples, of the shape and unit that the estimator was fitted on.

        Returns
        -------
        bits : ndarray of shape (n_samples, n_bits), dtype uint8
            Zeros and ones.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        return (self.transform_proba(X) > 0.5).astype(np.uint8)

    def pack(self, X):
        """Return the hash code of each sample in words of 64 bits.

        Parameters
        ----------
        X : array-like
            Samples, of the shape and unit that the estimator was fitted on.

        Returns
        -------
        codes : ndarray of shape (n_samples, ceil(n_bits / 64)), dtype uint64
            As `skdeep.hashing.HammingNeighbors` takes them.
        """
        return pack_bits(self.transform(X))

    @property
    def _n_features_out(self) -> int:
        # Names of bits need a fit, as everywhere in scikit-learn.
        check_is_fitted(self)
        return self.n_bits

    def _codes(self, rows: np.ndarray) -> np.ndarray:
        return self._infer(self._feed(rows), part="encoder")

    def _after_training(self, rows: np.ndarray) -> None:
        some = self._feed(rows).sample(_SATURATION_ROWS)
        distance = np.abs(self._codes(self._take(rows, some)) - 0.5)
        self.saturation_ = float(np.mean(distance > 0.5 - _SATURATED))
