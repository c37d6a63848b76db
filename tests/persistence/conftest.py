"""Models and their files, fitted once."""

import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdeep import (
    CharCNNClassifier,
    ConvAutoencoderTransformer,
    HammingNeighbors,
    TransferLearningClassifier,
)
from skdeep.persistence import save

FAST = {"epochs": 1, "batch_size": 32, "random_state": 0}


@pytest.fixture(scope="session")
def digits():
    """Give handwritten digits of 8 x 8 pixels, and whether they are odd."""
    X, y = load_digits(return_X_y=True)
    return X[:60] / 16, y[:60] % 2


@pytest.fixture(scope="session")
def texts():
    """Give messages and their classes."""
    return ["win a prize now", "see you later", "call to win", "ok at home"] * 10, [
        1,
        0,
        1,
        0,
    ] * 10


@pytest.fixture(scope="session")
def models(digits, texts):
    """Give a fitted model of each kind, and what to predict."""
    X, y = digits
    code = ConvAutoencoderTransformer(3, filters=(4,), image_shape=(8, 8, 1), **FAST)
    characters = CharCNNClassifier(
        "kim", embedding_size=4, filters=4, kernel_sizes=(2, 3), **FAST
    )
    words = make_pipeline(TfidfVectorizer(), SVC(kernel="linear"))
    forest = make_pipeline(code, RandomForestClassifier(3, random_state=0))
    logistic = make_pipeline(code, LogisticRegression())
    neighbors = HammingNeighbors(2, algorithm="multi_index")
    return {
        "autoencoder": (code.fit(X), X),
        "characters": (characters.fit(*texts), texts[0]),
        "words": (words.fit(*texts), texts[0]),
        "forest": (forest.fit(X, y), X),
        "logistic": (logistic.fit(X, y), X),
        "neighbors": (neighbors.fit(X > 0.5), X > 0.5),
    }


@pytest.fixture(scope="session")
def contents(models, tmp_path_factory):
    """Give the content of the file of each model."""
    path = tmp_path_factory.mktemp("models") / "model.skdeep"
    found = {}
    saved = {name: model for name, (model, _) in models.items()}
    # Its backbone would take long to fit, and is all that the files are about.
    saved["backbone"] = TransferLearningClassifier()
    for name, model in saved.items():
        save(model, path)
        found[name] = path.read_bytes()
    return found
