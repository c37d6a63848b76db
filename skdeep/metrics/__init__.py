"""Figures of merit: hash codes, retrieval, reconstructions, likelihood.

Plain functions on arrays; none needs a fitted model, apart from the scorers.
"""

from skdeep.metrics.average_precision import expected_average_precision
from skdeep.metrics.buckets import (
    BucketPurity,
    bit_balance,
    bit_entropy,
    bucket_purity,
    code_entropy,
)
from skdeep.metrics.frechet import frechet_distance
from skdeep.metrics.images import peak_signal_noise_ratio, structural_similarity
from skdeep.metrics.likelihood import (
    bits_per_dimension,
    importance_weighted_log_likelihood,
)
from skdeep.metrics.retrieval import (
    RadiusPrecision,
    leave_one_out_mean_average_precision,
    mean_average_precision,
    precision_within_radius,
)
from skdeep.metrics.scorers import hashing_map_scorer, hashing_purity_scorer

__all__ = [
    "BucketPurity",
    "RadiusPrecision",
    "bit_balance",
    "bit_entropy",
    "bits_per_dimension",
    "bucket_purity",
    "code_entropy",
    "expected_average_precision",
    "frechet_distance",
    "hashing_map_scorer",
    "hashing_purity_scorer",
    "importance_weighted_log_likelihood",
    "leave_one_out_mean_average_precision",
    "mean_average_precision",
    "peak_signal_noise_ratio",
    "precision_within_radius",
    "structural_similarity",
]
