"""What stands before and behind a network: images in, probabilities or codes out."""

from typing import Any

import numpy as np

from skdeep.encoding.images import ImageEncoding
from skdeep.onnx.graph import Graph, element_type

__all__ = [
    "add_bits",
    "add_classes",
    "add_halves",
    "add_images",
    "add_probabilities",
    "writable_classes",
]


def add_images(graph: Graph, rows: str, images: ImageEncoding) -> str:
    """Add what turns the user's samples into the network's images."""
    pixels = graph.add("Cast", rows, to=element_type(np.float32))
    if images.is_uint8:
        pixels = graph.add("Mul", pixels, graph.constant(images.scale, np.float32))
    return graph.add("Reshape", pixels, graph.constant([-1, *images.image_shape]))


def add_probabilities(graph: Graph, logits: str, n_columns: int) -> str:
    """Add what turns logits into the probability of each class."""
    if n_columns == 1:
        # The logistic function is the softmax of zero and the logit. onnxruntime's own
        # Sigmoid, and one minus a number, would lose the digits of small probabilities.
        zeros = graph.add("Sub", logits, logits)
        logits = graph.add("Concat", zeros, logits, axis=1)
    return graph.add("Softmax", logits, axis=1)


def add_classes(graph: Graph, probabilities: str, classes: np.ndarray) -> str:
    """Add what names the most probable class."""
    best = graph.add("ArgMax", probabilities, axis=1, keepdims=0)
    return graph.add("Gather", graph.constant(classes), best)


def add_halves(graph: Graph, margins: str) -> str:
    """Add what turns margins, -1 to 1 or beyond, into probabilities."""
    half, one = (graph.constant(number, np.float32) for number in (0.5, 1))
    shares = graph.add("Mul", graph.add("Add", margins, one), half)
    return graph.add("Clip", shares, graph.constant(0, np.float32), one)


def add_bits(graph: Graph, probabilities: str) -> str:
    """Add what rounds probabilities of bits."""
    half = graph.constant(0.5, np.float32)
    ones = graph.add("Greater", probabilities, half)
    return graph.add("Cast", ones, to=element_type(np.uint8))


def writable_classes(classes: Any) -> np.ndarray:
    """Return class labels of a type that ONNX has.

    Raises
    ------
    ValueError
        If they are neither numbers, nor booleans, nor texts.
    """
    labels = np.asarray(classes)
    if labels.dtype.kind == "O" and all(isinstance(c, str) for c in labels.tolist()):
        labels = labels.astype(str)
    if labels.dtype.kind not in "biufU":
        raise ValueError(
            f"Class labels of type {labels.dtype} cannot be written to an ONNX file: "
            f"{labels[:3].tolist()}. Fit with labels that are integers, strings or "
            "booleans."
        )
    if labels.dtype.kind in "iu":
        return labels.astype(np.int64)
    return labels
