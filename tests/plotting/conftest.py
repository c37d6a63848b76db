"""Fitted estimators to draw."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skdeep import (
    ConvAutoencoderTransformer,
    DenoisingAutoencoderTransformer,
    SemanticHashingTransformer,
    VariationalAutoencoderTransformer,
)

DIGITS = load_digits()
IMAGES = (DIGITS.images[:120] / 16).astype(np.float32)
LABELS = DIGITS.target[:120]
FAST = {"epochs": 2, "random_state": 0}


@pytest.fixture(scope="session")
def autoencoders():
    """Give one fitted autoencoder of each kind."""
    models = {
        "convolutional": ConvAutoencoderTransformer(3, filters=(4, 2), **FAST),
        "denoising": DenoisingAutoencoderTransformer(
            5, hidden_layer_sizes=(9,), early_stopping=True, **FAST
        ),
        "hashing": SemanticHashingTransformer(4, hidden_layer_sizes=(6,), **FAST),
        "variational": VariationalAutoencoderTransformer(
            2, hidden_layer_sizes=(6,), **FAST
        ),
    }
    return {name: model.fit(IMAGES) for name, model in models.items()}


@pytest.fixture
def images():
    """Give images of digits, from 0 to 1."""
    return IMAGES


@pytest.fixture
def labels():
    """Give which digits they are."""
    return LABELS
