"""Displays in the style of scikit-learn's: computed arrays that know how to draw."""

from skdeep.plotting.calibration_comparison import CalibrationComparisonDisplay
from skdeep.plotting.confusion_matrix import ConfusionMatrixDisplay
from skdeep.plotting.cost_quality import CostQualityDisplay
from skdeep.plotting.det_comparison import DetComparisonDisplay
from skdeep.plotting.filters import FiltersDisplay
from skdeep.plotting.hash_buckets import HashBucketsDisplay
from skdeep.plotting.latent_map import LatentMapDisplay
from skdeep.plotting.precision_recall_comparison import (
    PrecisionRecallComparisonDisplay,
)
from skdeep.plotting.reconstructions import ReconstructionDisplay
from skdeep.plotting.roc_comparison import RocComparisonDisplay
from skdeep.plotting.samples import SamplesDisplay
from skdeep.plotting.search_results import SearchResultsDisplay
from skdeep.plotting.top_images import TopImagesDisplay
from skdeep.plotting.training_history import TrainingHistoryDisplay

__all__ = [
    "CalibrationComparisonDisplay",
    "ConfusionMatrixDisplay",
    "CostQualityDisplay",
    "DetComparisonDisplay",
    "FiltersDisplay",
    "HashBucketsDisplay",
    "LatentMapDisplay",
    "PrecisionRecallComparisonDisplay",
    "ReconstructionDisplay",
    "RocComparisonDisplay",
    "SamplesDisplay",
    "SearchResultsDisplay",
    "TopImagesDisplay",
    "TrainingHistoryDisplay",
]
