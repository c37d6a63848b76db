"""Networks: functions from sizes to an uncompiled `keras.Model`.

They know no labels, files, seeds or epochs. Estimators name one of them and its sizes;
people who write their own estimators can do the same.
"""

from skdeep.networks.character_cnn import (
    character_cnn_classifier,
    expose_classifier,
    kim_classifier,
)
from skdeep.networks.convolutional_autoencoder import conv_autoencoder
from skdeep.networks.encoder_classifier import encoder_classifier
from skdeep.networks.hashing_cnn import hashing_cnn
from skdeep.networks.recurrent import recurrent_classifier
from skdeep.networks.semantic_hashing import semantic_hashing_autoencoder
from skdeep.networks.variational_autoencoder import variational_autoencoder

__all__ = [
    "character_cnn_classifier",
    "conv_autoencoder",
    "encoder_classifier",
    "expose_classifier",
    "hashing_cnn",
    "kim_classifier",
    "recurrent_classifier",
    "semantic_hashing_autoencoder",
    "variational_autoencoder",
]
