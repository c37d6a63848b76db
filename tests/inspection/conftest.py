"""Fitted estimators to look into."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skdeep import (
    CNNHashingTransformer,
    ConvAutoencoderTransformer,
    DenoisingAutoencoderTransformer,
    PretrainedEncoderClassifier,
    RNNClassifier,
    SemanticHashingTransformer,
    StackedAutoencoderTransformer,
    TransferLearningClassifier,
    VariationalAutoencoderTransformer,
)
from tests.common.instances import backbone

DIGITS = load_digits()
IMAGES = (DIGITS.images[:150] / 16).astype(np.float32)
LABELS = DIGITS.target[:150]
FAST = {"epochs": 1, "random_state": 0}

AUTOENCODERS = {
    "convolutional": ConvAutoencoderTransformer(4, filters=(3, 2), **FAST),
    "flattened": ConvAutoencoderTransformer(None, filters=(2,), **FAST),
    "denoising": DenoisingAutoencoderTransformer(4, hidden_layer_sizes=(6,), **FAST),
    "hashing": SemanticHashingTransformer(4, hidden_layer_sizes=(6,), **FAST),
    "stacked": StackedAutoencoderTransformer((6,), 4, activation="relu", **FAST),
    "variational": VariationalAutoencoderTransformer(
        2, hidden_layer_sizes=(6,), **FAST
    ),
}
OTHERS = {
    "bits": CNNHashingTransformer(4, filters=(3,), **FAST),
    "classifier": PretrainedEncoderClassifier(AUTOENCODERS["variational"], **FAST),
    "transferred": TransferLearningClassifier(backbone, **FAST),
}


@pytest.fixture(scope="session")
def fitted():
    """Give a function that returns a fitted estimator by name, fitted once."""
    done = {}

    def get(name):
        if name not in done:
            estimator = (AUTOENCODERS | OTHERS)[name]
            done[name] = estimator.fit(IMAGES, LABELS)
        return done[name]

    return get


@pytest.fixture(scope="session")
def text_classifier():
    """Give a fitted classifier of texts."""
    texts = ["win a prize now", "see you at home", "a free prize", "later at home"] * 3
    classifier = RNNClassifier(
        units=3, embedding_size=4, bidirectional=False, max_length=20, **FAST
    )
    return classifier.fit(texts, [1, 0, 1, 0] * 3)


@pytest.fixture
def images():
    """Give images of digits, from 0 to 1."""
    return IMAGES


@pytest.fixture
def labels():
    """Give which digits they are."""
    return LABELS
