"""Classifiers for texts."""

from skdeep.classifiers._character_cnn import CharCNNClassifier
from skdeep.classifiers._recurrent import RNNClassifier

__all__ = ["CharCNNClassifier", "RNNClassifier"]
