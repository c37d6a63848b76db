"""Looks into fitted estimators: what their units see, answer to and stand for.

Plain functions that take a fitted estimator and return NumPy arrays;
`skdeep.plotting` draws them.
"""

from skdeep.inspection.activations import dead_units, unit_activations
from skdeep.inspection.corruption import corrupt_samples
from skdeep.inspection.filters import first_layer_filters
from skdeep.inspection.latent import interpolate, latent_traversal
from skdeep.inspection.maximization import MaximizedActivation, maximize_activation
from skdeep.inspection.top_images import TopImages, top_images
from skdeep.mixins.network_summary import NetworkSummary

__all__ = [
    "MaximizedActivation",
    "NetworkSummary",
    "TopImages",
    "corrupt_samples",
    "dead_units",
    "first_layer_filters",
    "interpolate",
    "latent_traversal",
    "maximize_activation",
    "top_images",
    "unit_activations",
]
