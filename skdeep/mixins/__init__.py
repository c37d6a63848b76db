"""What goes into an estimator and what comes out of it: two mixins for each."""

from skdeep.mixins.autoencoding import AutoencoderMixin
from skdeep.mixins.classification import ClassificationMixin
from skdeep.mixins.hashing import HashingMixin
from skdeep.mixins.inputs import TEXT_CONSTRAINTS, ImageInputMixin, TextInputMixin
from skdeep.mixins.labels import LabelLearningMixin

__all__ = [
    "TEXT_CONSTRAINTS",
    "AutoencoderMixin",
    "ClassificationMixin",
    "HashingMixin",
    "ImageInputMixin",
    "LabelLearningMixin",
    "TextInputMixin",
]
