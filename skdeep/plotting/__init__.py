"""Displays in the style of scikit-learn's: computed arrays that know how to draw."""

from skdeep.plotting.det_comparison import DetComparisonDisplay
from skdeep.plotting.precision_recall_comparison import (
    PrecisionRecallComparisonDisplay,
)
from skdeep.plotting.roc_comparison import RocComparisonDisplay

__all__ = [
    "DetComparisonDisplay",
    "PrecisionRecallComparisonDisplay",
    "RocComparisonDisplay",
]
