"""Rows pass at places of a group that round alike, whichever the processor has."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from skdeep.encoding.tokens import TokenSequences
from skdeep.runtime import ArrayFeed, NetworkSpec, SequenceFeed, infer, infer_frozen
from skdeep.runtime.inference import FUNCTIONS
from skdeep.runtime.row_groups import (
    N_TRIALS,
    RowGroups,
    places_alike,
    stride_of,
    usual_places,
)

SIZE = 8


@given(
    places=st.sets(st.integers(0, SIZE - 1)).map(lambda some: sorted(some | {0})),
    n_rows=st.integers(0, 30),
)
def test_rows_come_back(places, n_rows):
    """What is spread over groups is collected again, and stood at the places."""
    groups = RowGroups(SIZE, np.array(places))
    rows = 1 + np.arange(2 * n_rows).reshape(n_rows, 2)
    spread = groups.spread(rows)
    assert not len(spread) % SIZE and spread.dtype == rows.dtype
    used = np.flatnonzero(spread.any(axis=1))
    assert set(used % SIZE) <= set(places) and len(used) == n_rows
    found = groups.collect({"a": spread, "b": spread[:, 0]}, n_rows)
    np.testing.assert_array_equal(found["a"], rows)
    np.testing.assert_array_equal(found["b"], rows[:, 0])


@pytest.mark.parametrize("avx512", [False, True])
@pytest.mark.parametrize("wrong", [[], [5], [1, 2]])
def test_places_that_round_otherwise_are_found(wrong, avx512, monkeypatch):
    """A place is left out if it differs in the last bit, in some trials only."""
    monkeypatch.setattr("skdeep.runtime.row_groups._has_avx512", lambda: avx512)
    examples = np.random.default_rng(0).random((20, 3))

    def run(rows):
        outputs = rows.sum(axis=1)
        at = np.isin(np.arange(len(rows)) % SIZE, wrong) & (outputs > 1.5)
        return np.where(at, np.nextafter(outputs, 9), outputs)

    usual = usual_places(SIZE, 1).tolist()
    assert usual == list(range(8 if avx512 else 6))
    expected = [place for place in usual if place not in wrong]
    assert places_alike(run, examples, SIZE, 1).tolist() == expected
    assert places_alike(run, examples, SIZE, 3).tolist() == [0, 3, 6][: 2 + avx512]
    assert usual_places(4, 1).tolist() == [0, 1, 2, 3]


def test_equal_outputs_do_not_tell():
    """Nothing is learned from a network whose outputs are always the same."""
    examples = np.random.default_rng(0).random((20, 3))
    assert places_alike(lambda rows: np.zeros(len(rows)), examples, SIZE, 1) is None
    assert places_alike(lambda rows: rows, examples[:1], SIZE, 1) is None
    missing = places_alike(
        lambda rows: np.where(rows > 0.5, np.nan, rows), examples, SIZE, 1
    )
    np.testing.assert_array_equal(missing, usual_places(SIZE, 1))


@pytest.mark.parametrize("avx512", [False, True])
@pytest.mark.parametrize(
    ("function", "n_channels", "expected"),
    [
        (lambda x: tf.reduce_mean(x, [1, 2]), 16, (1, 1)),
        (lambda x: tf.reduce_sum(x, [1, 2]), 8, (1, 2)),
        (lambda x: tf.reduce_mean(x, [-3, -2]), 10, (4, 8)),
        (lambda x: tf.reduce_sum(x, 1), 1, (2, 4)),
        (lambda x: tf.reduce_max(x, [1, 2]), 10, (1, 1)),
        (lambda x: tf.reduce_mean(x, [1, 2, 3]), 10, (1, 1)),
        (lambda x: tf.reduce_mean(x, -1, keepdims=True), 10, (1, 1)),
        (lambda x: tf.function(tf.reduce_sum)(x, [1, 2]), 3, (8, 16)),
        (lambda x: tf.reduce_sum(x, 0), 3, (1, 1)),
    ],
)
def test_stride(function, n_channels, expected, avx512, monkeypatch):
    """Sums over middle axes want vectors to begin as they do in the first row."""
    monkeypatch.setattr("skdeep.runtime.row_groups._has_avx512", lambda: avx512)
    rows = tf.TensorSpec((SIZE, 6, 4, n_channels))
    graph = tf.function(function).get_concrete_function(rows).graph
    assert stride_of(graph, SIZE) == expected[avx512]


def test_stride_of_unknown_shapes():
    """What is summed may have any rank, or be summed over any axis."""

    def summed(x, axis):
        free = tf.ensure_shape(tf.py_function(tf.identity, [x], x.dtype), None)
        return (
            tf.ensure_shape(tf.reduce_sum(free, 1), (SIZE, 5)),
            tf.ensure_shape(tf.reduce_sum(x, axis), (SIZE, 3)),
        )

    function = tf.function(summed)
    signature = tf.TensorSpec((SIZE, 5, 3)), tf.TensorSpec((), tf.int32)
    assert stride_of(function.get_concrete_function(*signature).graph, SIZE) > 0


def image_network(n_maps, n_outputs):
    """Build a network whose last numbers of a row and first of the next are close."""
    image = keras.Input((6, 6, 3))
    x = layers.Conv2D(n_maps, 3, activation="relu")(image)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(n_outputs, activation="sigmoid")(x))


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize(
    ("n_maps", "n_outputs"), [(10, 3), (10, 1), (4, 2), (16, 10), (7, 7), (1, 1)]
)
def test_rows_are_the_same_anywhere(n_maps, n_outputs, frozen):
    """A row has the same bits alone, among few or many, and at any place."""
    spec = NetworkSpec(image_network, n_maps=n_maps, n_outputs=n_outputs)
    weights = [v.numpy() for v in spec().weights]
    generator = np.random.default_rng(0)
    rows = generator.random((100, 6, 6, 3)).astype(np.float32)

    def outputs(chosen):
        feed = ArrayFeed(rows[chosen])
        if frozen:
            digest = f"{n_maps}, {n_outputs}"
            return infer_frozen(spec, weights, feed, digest=digest, group=32)
        return infer(spec, weights, feed)

    alone = np.concatenate([outputs([number]) for number in range(len(rows))])
    for n_rows in (2, N_TRIALS, N_TRIALS + 1, 31, 32, 33, 100):
        chosen = generator.choice(len(rows), n_rows, replace=False)
        np.testing.assert_array_equal(outputs(chosen), alone[chosen])


def text_network():
    """Build a network over ids, whatever their number."""
    ids = keras.Input((None,), dtype="int32")
    x = layers.Conv1D(5, 3, padding="same")(layers.Embedding(20, 3)(ids))
    x = layers.GlobalAveragePooling1D()(layers.ReLU()(x))
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(x))


def test_texts_are_the_same_anywhere():
    """So has a text, whatever its length, the first time and later."""
    generator = np.random.default_rng(0)
    ends = np.cumsum(np.r_[0, generator.integers(1, 40, 200)])
    texts = TokenSequences(generator.integers(1, 20, ends[-1]).astype(np.int32), ends)
    spec = NetworkSpec(text_network)
    weights = [v.numpy() for v in spec().weights]
    FUNCTIONS.clear()
    alone = np.concatenate(
        [infer(spec, weights, SequenceFeed(texts.take([n]))) for n in range(200)]
    )
    FUNCTIONS.clear()
    for n_rows in (30, 30, 5, 200, 60):
        chosen = generator.choice(200, n_rows, replace=False)
        found = infer(spec, weights, SequenceFeed(texts.take(chosen)))
        np.testing.assert_array_equal(found, alone[chosen])
