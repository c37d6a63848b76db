"""What stands before and behind networks."""

import numpy as np
import onnxruntime
import pytest

from skdeep.encoding.images import ImageEncoding
from skdeep.onnx.ends import (
    add_bits,
    add_classes,
    add_images,
    add_probabilities,
    writable_classes,
)
from skdeep.onnx.graph import Graph


def run(add, X, dtype, n_axes=2):
    """Return what a graph of one part makes of X."""
    graph = Graph()
    rows = graph.input("X", X.dtype, [None, *X.shape[1:]])
    graph.output("out", add(graph, rows), dtype, [None] * n_axes)
    content = graph.model("part", {"skdeep_version": "0"}).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"X": X})
    return found


@pytest.mark.parametrize(
    "classes",
    [
        np.array([-3, 5, 2**40]),
        np.array(["é", "b", "a longer one"]),
        np.array(["x", "y", "z"], dtype=object),
        np.array([False, True]),
        np.array([1, 2, 3], dtype=np.uint8),
        np.array([0.5, 1.0]),
    ],
    ids=["int", "str", "object", "bool", "uint8", "float"],
)
def test_labels_keep_their_kind(classes):
    """Labels are integers, strings, booleans or floats in a file, too."""
    labels = writable_classes(classes)
    best = np.arange(7) % len(classes)
    probabilities = np.eye(len(classes), dtype=np.float32)[best]
    found = run(
        lambda graph, rows: add_classes(graph, rows, labels),
        probabilities,
        labels.dtype,
        n_axes=1,
    )
    assert found.tolist() == classes[best].tolist()
    assert [type(c) for c in found.tolist()] == [
        type(c) for c in classes[best].tolist()
    ]


def test_other_labels_are_refused():
    """There are no dates in ONNX."""
    with pytest.raises(ValueError, match=r"type datetime64.* integers, strings or"):
        writable_classes(np.array(["2026-01-01"], dtype="datetime64[D]"))


def test_one_logit_becomes_two_probabilities():
    """Small probabilities keep their digits on both sides."""
    logits = np.array([[-40], [0], [40], [-2]], dtype=np.float32)
    found = run(lambda g, rows: add_probabilities(g, rows, 1), logits, np.float32)
    exact = 1 / (1 + np.exp(np.hstack([logits, -logits]).astype(float)))
    np.testing.assert_allclose(found, exact, rtol=1e-5)


def test_logits_become_probabilities():
    """Each row sums to one."""
    logits = np.array([[1, 2, 3], [100, 0, -100]], dtype=np.float32)
    found = run(lambda g, rows: add_probabilities(g, rows, 3), logits, np.float32)
    exact = np.exp(logits.astype(float) - logits.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-30)


def test_bits_are_rounded():
    """One half is a zero, as in `transform`."""
    probabilities = np.array([[0, 0.5, 0.51, 1]], dtype=np.float32)
    found = run(add_bits, probabilities, np.uint8)
    assert (found.tolist(), found.dtype) == ([[0, 0, 1, 1]], np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_samples_become_images(dtype):
    """Flat rows get their shape, and bytes their unit."""
    X = np.arange(24).reshape(2, 12).astype(dtype)
    images = ImageEncoding((2, 3, 2), (12,), dtype == np.uint8)
    found = run(lambda g, rows: add_images(g, rows, images), X, np.float32, n_axes=4)
    expected = X.reshape(2, 2, 3, 2) / (255 if dtype == np.uint8 else 1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
