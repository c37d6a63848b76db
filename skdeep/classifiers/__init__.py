"""Classifiers."""

from skdeep.classifiers._backbone import BackboneTransformer
from skdeep.classifiers._character_cnn import CharCNNClassifier
from skdeep.classifiers._cnn_hashing import CNNHashingTransformer
from skdeep.classifiers._deep_cnn import DeepCNNClassifier
from skdeep.classifiers._pretrained_encoder import PretrainedEncoderClassifier
from skdeep.classifiers._recurrent import RNNClassifier
from skdeep.classifiers._transfer_learning import TransferLearningClassifier

__all__ = [
    "BackboneTransformer",
    "CNNHashingTransformer",
    "CharCNNClassifier",
    "DeepCNNClassifier",
    "PretrainedEncoderClassifier",
    "RNNClassifier",
    "TransferLearningClassifier",
]
