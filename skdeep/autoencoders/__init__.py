"""Autoencoders: transformers that learn a code from which X can be rebuilt."""

from skdeep.autoencoders._convolutional import ConvAutoencoderTransformer

__all__ = ["ConvAutoencoderTransformer"]
