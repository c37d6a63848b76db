"""Autoencoders: transformers that learn a code from which X can be rebuilt."""

from skdeep.autoencoders._convolutional import ConvAutoencoderTransformer
from skdeep.autoencoders._denoising import DenoisingAutoencoderTransformer
from skdeep.autoencoders._semantic_hashing import SemanticHashingTransformer
from skdeep.autoencoders._stacked import StackedAutoencoderTransformer
from skdeep.autoencoders._variational import VariationalAutoencoderTransformer

__all__ = [
    "ConvAutoencoderTransformer",
    "DenoisingAutoencoderTransformer",
    "SemanticHashingTransformer",
    "StackedAutoencoderTransformer",
    "VariationalAutoencoderTransformer",
]
