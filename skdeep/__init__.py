"""Deep networks as scikit-learn estimators."""

import importlib
from typing import Any

__version__ = "0.1.0"

# Estimators are imported when they are asked for: TensorFlow takes seconds to load.
_ESTIMATORS = {
    "BackboneTransformer": "skdeep.classifiers",
    "CNNHashingTransformer": "skdeep.classifiers",
    "CharCNNClassifier": "skdeep.classifiers",
    "ConvAutoencoderTransformer": "skdeep.autoencoders",
    "DeepCNNClassifier": "skdeep.classifiers",
    "DenoisingAutoencoderTransformer": "skdeep.autoencoders",
    "HammingNeighbors": "skdeep.hashing",
    "KerasClassifier": "skdeep.wrappers",
    "KerasRegressor": "skdeep.wrappers",
    "KerasTransformer": "skdeep.wrappers",
    "PretrainedEncoderClassifier": "skdeep.classifiers",
    "RNNClassifier": "skdeep.classifiers",
    "SemanticHashingTransformer": "skdeep.autoencoders",
    "StackedAutoencoderTransformer": "skdeep.autoencoders",
    "TransferLearningClassifier": "skdeep.classifiers",
    "VariationalAutoencoderTransformer": "skdeep.autoencoders",
}

_SUBPACKAGES = (
    "clusters",
    "datasets",
    "hashing",
    "inspection",
    "metrics",
    "model_comparison",
    "networks",
    "onnx",
    "persistence",
    "plotting",
    "wrappers",
)

__all__ = [*_ESTIMATORS, *_SUBPACKAGES, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _ESTIMATORS:
        return getattr(importlib.import_module(_ESTIMATORS[name]), name)
    if name in _SUBPACKAGES:
        return importlib.import_module(f"skdeep.{name}")
    raise AttributeError(f"module 'skdeep' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
