"""Bring your own network: SciKeras' estimators, correct on today's scikit-learn."""

from skdeep.wrappers._base import BaseWrapper
from skdeep.wrappers._classifier import KerasClassifier
from skdeep.wrappers._regressor import KerasRegressor
from skdeep.wrappers._transformer import KerasTransformer

__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor", "KerasTransformer"]
