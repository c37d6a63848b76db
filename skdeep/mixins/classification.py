"""What comes out of a classifier: classes and their probabilities."""

from typing import Any

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skdeep.mixins.labels import LabelLearningMixin


class ClassificationMixin(LabelLearningMixin, ClassifierMixin):
    """What comes out is a class and the probability of each class."""

    def _logits(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        rows = self._encode_input(X, reset=False)
        return self._infer(self._feed(rows)).astype(np.float64)

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples, as in `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), dtype float64
            In [0, 1]; rows sum to one; columns in the order of `classes_`.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        logits = self._logits(X)
        if logits.shape[1] == 1:
            return np.hstack([expit(-logits), expit(logits)])
        return softmax(logits, axis=1)

    def predict_log_proba(self, X):
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples, as in `fit`.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes), dtype float64
            In nats, exact also where the probability rounds to 0.
        """
        logits = self._logits(X)
        if logits.shape[1] == 1:
            return np.hstack([log_expit(-logits), log_expit(logits)])
        return log_softmax(logits, axis=1)

    def predict(self, X):
        """Return the most probable class of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples, as in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Labels as in `classes_`.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(probabilities, axis=1)]
