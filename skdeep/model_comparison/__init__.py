"""Compare classifiers by cross-validation; report on one trained and tested once."""

from skdeep.model_comparison.comparison import Comparison
from skdeep.model_comparison.cross_validation import compare_classifiers
from skdeep.model_comparison.reports import (
    SetReport,
    TrainTestReport,
    train_test_report,
)

__all__ = [
    "Comparison",
    "SetReport",
    "TrainTestReport",
    "compare_classifiers",
    "train_test_report",
]
