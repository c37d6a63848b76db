"""One cheap instance of every public estimator, and data to try it on.

Both batteries of `tests/common` run over this table. A new estimator needs one row
here and passes everything, or it is not done. Settings are chosen for speed: a row
should fit its sample data in well under a second once its graph is traced. Another
row "Name[variant]" tries another network; checks of how an estimator is used, which
have nothing to do with its network, leave it out.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import get_tags

from skdeep import (
    BackboneTransformer,
    CharCNNClassifier,
    CNNHashingTransformer,
    ConvAutoencoderTransformer,
    DeepCNNClassifier,
    DenoisingAutoencoderTransformer,
    KerasClassifier,
    KerasRegressor,
    KerasTransformer,
    PretrainedEncoderClassifier,
    RNNClassifier,
    SemanticHashingTransformer,
    StackedAutoencoderTransformer,
    TransferLearningClassifier,
    VariationalAutoencoderTransformer,
)
from tests.common import user_networks

FAST = {"epochs": 2, "batch_size": 16}
# With a fixed number of tokens all folds of a search share one compiled network.
SHORT_TEXTS = {"max_features": 16, "max_length": 12, "learning_rate": 0.02}
# The wrappers promise scores after some epochs only; their networks are compiled with
# a learning rate of their own.
OWN_NETWORK = {"epochs": 20, "batch_size": 16, "verbose": 0}


def backbone():
    """Return a small network for images whose weights are the same everywhere."""
    numbers = np.random.default_rng(3)
    network = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="fine"),
            keras.layers.BatchNormalization(name="normalization"),
            keras.layers.MaxPooling2D(name="halving"),
            keras.layers.Conv2D(12, 3, activation="relu", name="coarse"),
        ],
        name="backbone",
    )
    network.set_weights(
        [
            numbers.uniform(-1, 1, v.shape) ** (2 if v.ndim == 1 else 1)
            for v in network.weights
        ]
    )
    return network


INSTANCES = {
    "ConvAutoencoderTransformer": ConvAutoencoderTransformer(
        n_components=3, filters=(4,), learning_rate=0.01, **FAST
    ),
    "ConvAutoencoderTransformer[normalised]": ConvAutoencoderTransformer(
        n_components=None,
        filters=(2,),
        batch_normalization=True,
        learning_rate=0.03,
        **FAST,
    ),
    "DenoisingAutoencoderTransformer": DenoisingAutoencoderTransformer(
        3, hidden_layer_sizes=(4,), learning_rate=0.02, **FAST
    ),
    "DenoisingAutoencoderTransformer[convolutional]": DenoisingAutoencoderTransformer(
        3,
        architecture="convolutional",
        filters=(2,),
        corruption="masking",
        learning_rate=0.02,
        **FAST,
    ),
    "StackedAutoencoderTransformer": StackedAutoencoderTransformer(
        (4,), n_components=3, learning_rate=0.02, **FAST
    ),
    "StackedAutoencoderTransformer[pretrained]": StackedAutoencoderTransformer(
        (4,),
        n_components=3,
        pretraining="greedy",
        pretraining_epochs=1,
        sparsity="kl",
        contractive=1e-3,
        tied_weights=False,
        learning_rate=0.02,
        **FAST,
    ),
    "RNNClassifier": RNNClassifier(
        units=5,
        bidirectional=False,
        embedding_size=6,
        dropout=0.2,
        **SHORT_TEXTS,
        **FAST,
    ),
    "RNNClassifier[bidirectional]": RNNClassifier(
        "gru",
        units=3,
        embedding_size=4,
        pooling="last",
        dropout=0.0,
        **SHORT_TEXTS,
        **FAST,
    ),
    "CharCNNClassifier": CharCNNClassifier(
        embedding_size=6,
        filters=6,
        kernel_sizes=(2, 3),
        dropout=0.2,
        analyzer="word",
        **SHORT_TEXTS,
        **FAST,
    ),
    "CharCNNClassifier[kim]": CharCNNClassifier(
        "kim",
        embedding_size=6,
        filters=6,
        kernel_sizes=(2, 3),
        analyzer="word",
        **SHORT_TEXTS,
        **FAST,
    ),
    "VariationalAutoencoderTransformer": VariationalAutoencoderTransformer(
        2, hidden_layer_sizes=(4,), learning_rate=0.02, **FAST
    ),
    "SemanticHashingTransformer": SemanticHashingTransformer(
        2, hidden_layer_sizes=(4,), noise_scale=2.0, learning_rate=0.02, **FAST
    ),
    "CNNHashingTransformer": CNNHashingTransformer(4, filters=(4,), **FAST),
    "DeepCNNClassifier": DeepCNNClassifier(
        width=0.125, epochs=20, batch_size=16, learning_rate=0.02, dropout=0.1
    ),
    # The third architecture differs in its network alone, whose depth takes long to
    # trace.
    "DeepCNNClassifier[airbench]": DeepCNNClassifier(
        "airbench", width=0.05, epochs=12, batch_size=16, learning_rate=0.1
    ),
    "PretrainedEncoderClassifier": PretrainedEncoderClassifier(
        ConvAutoencoderTransformer(
            4, filters=(4,), learning_rate=0.01, random_state=0, **FAST
        ),
        epochs=25,
        learning_rate=0.02,
        batch_size=16,
    ),
    "TransferLearningClassifier": TransferLearningClassifier(
        backbone, epochs=25, learning_rate=0.02, batch_size=16
    ),
    "TransferLearningClassifier[stages]": TransferLearningClassifier(
        backbone,
        n_stages=2,
        epochs=25,
        learning_rate=0.02,
        batch_size=16,
    ),
    "KerasClassifier": KerasClassifier(
        user_networks.classifier, metrics=["accuracy"], **OWN_NETWORK
    ),
    "KerasRegressor": KerasRegressor(user_networks.regressor, **OWN_NETWORK),
    "KerasTransformer": KerasTransformer(
        user_networks.autoencoder, output_layer="code", **OWN_NETWORK
    ),
}

# What is fitted without any training: scikit-learn's battery runs over these, too.
UNTRAINED = {"BackboneTransformer": BackboneTransformer(backbone)}


@dataclass(frozen=True)
class Sample:
    """Data that suits an estimator.

    Attributes
    ----------
    X, new : ndarray or list of str
        Samples to fit on, and others; all different from each other.
    y, new_y : ndarray
        Their classes, two of them and both in every half, whether or not the
        estimator looks at them.
    wrong_X : ndarray or list
        Something that `fit` must refuse.
    """

    X: Any
    y: np.ndarray
    new: Any
    new_y: np.ndarray
    wrong_X: Any


def reads_texts(estimator):
    """Tell whether an estimator takes texts rather than images."""
    return get_tags(estimator).input_tags.string


def sample_for(estimator):
    """Return data that suits an estimator: texts or images."""
    return TEXTS if reads_texts(estimator) else IMAGES


def _images(n_rows=60, n_new=70):
    """Return handwritten zeros and ones of 8 x 8 pixels, scaled to [0, 1]."""
    digits = load_digits()
    rows = np.flatnonzero(digits.target <= 1)[: n_rows + n_new]
    X, y = digits.images[rows] / 16, digits.target[rows]
    return Sample(X[:n_rows], y[:n_rows], X[n_rows:], y[n_rows:], np.full((4, 8), "a"))


def _texts(n_rows=60, n_new=70):
    """Return two kinds of messages that share half of their words."""
    generator = np.random.default_rng(7)
    words = {
        "ham": ["home", "later", "see", "you", "ok", "so", "the", "to"],
        "spam": ["win", "free", "prize", "call", "now", "!", "the", "to"],
    }
    y = np.array(["ham", "spam"] * ((n_rows + n_new) // 2))
    texts = {}
    for number, label in enumerate(y):
        length = generator.geometric(0.12)
        chosen = generator.choice(words[label], length)
        # The number tells texts of the same words apart; its digits are masked.
        texts[" ".join([*chosen, str(1000 + number)])] = None
    X = list(texts)
    return Sample(X[:n_rows], y[:n_rows], X[n_rows:], y[n_rows:], ["a", None, "b"])


IMAGES = _images()
TEXTS = _texts()
