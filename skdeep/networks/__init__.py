"""Networks: functions from sizes to an uncompiled `keras.Model`.

They know no labels, files, seeds or epochs. Estimators name one of them and its sizes;
people who write their own estimators can do the same.
"""

from skdeep.networks.airbench import airbench
from skdeep.networks.character_cnn import (
    character_cnn_classifier,
    expose_classifier,
    kim_classifier,
)
from skdeep.networks.convolutional_autoencoder import conv_autoencoder
from skdeep.networks.costs import multiply_adds
from skdeep.networks.efficientnet_lite import efficientnet_lite
from skdeep.networks.encoder_classifier import encoder_classifier
from skdeep.networks.hashing_cnn import hashing_cnn
from skdeep.networks.recurrent import recurrent_classifier
from skdeep.networks.resnet20 import resnet20
from skdeep.networks.semantic_hashing import semantic_hashing_autoencoder
from skdeep.networks.variational_autoencoder import variational_autoencoder
from skdeep.networks.vgg_small import vgg_small

__all__ = [
    "airbench",
    "character_cnn_classifier",
    "conv_autoencoder",
    "efficientnet_lite",
    "encoder_classifier",
    "expose_classifier",
    "hashing_cnn",
    "kim_classifier",
    "multiply_adds",
    "recurrent_classifier",
    "resnet20",
    "semantic_hashing_autoencoder",
    "variational_autoencoder",
    "vgg_small",
]
