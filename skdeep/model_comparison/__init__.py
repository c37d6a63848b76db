"""Compare classifiers by cross-validation: table, paired test, curves."""

from skdeep.model_comparison.comparison import Comparison
from skdeep.model_comparison.cross_validation import compare_classifiers

__all__ = ["Comparison", "compare_classifiers"]
