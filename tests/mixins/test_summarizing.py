"""Summaries of fitted estimators."""

import gc
import pickle
import re
import weakref

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from skdeep import (
    BackboneTransformer,
    ConvAutoencoderTransformer,
    KerasClassifier,
    PretrainedEncoderClassifier,
    RNNClassifier,
    StackedAutoencoderTransformer,
    TransferLearningClassifier,
    VariationalAutoencoderTransformer,
)
from skdeep.networks import layer_costs as layer_costs_module

DIGITS = load_digits()
IMAGES, LABELS = DIGITS.images[:40] / 16, DIGITS.target[:40]


def stacked(**options):
    """Return 64-4-3-4-64 without tied weights, in batches of 16."""
    options = {"epochs": 1, "batch_size": 16, "tied_weights": False} | options
    return StackedAutoencoderTransformer((4,), n_components=3, **options)


def small_backbone():
    """Return a network of one convolution."""
    return keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(5, 3, name="own")]
    )


def total_size(arrays):
    """Return how many numbers there are in arrays."""
    return sum(np.size(array) for array in arrays)


def test_counted_by_hand():
    """A dense autoencoder, each figure from its sizes."""
    summary = stacked().fit(IMAGES).summary()
    parameters = 64 * 4 + 4 + 4 * 3 + 3 + 3 * 4 + 4 + 4 * 64 + 64
    assert summary.n_parameters == summary.n_trainable == parameters
    assert summary.n_frozen == 0
    assert summary.multiply_adds == 2 * (64 * 4 + 4 * 3)
    assert summary.weight_bytes == summary.gradient_bytes == 4 * parameters
    # Adam has two moving averages, a step of 64 bits and a learning rate.
    assert summary.optimizer_bytes == 2 * 4 * parameters + 12
    # Image, sums and activations of the two hidden layers, code, image.
    of_row = 4 * (64 + 2 * 4 + 3 + 2 * 4 + 64)
    assert summary.row_bytes == of_row
    assert summary.training_bytes == 16 * parameters + 12 + 16 * of_row


def test_batch_size():
    """The estimator's own, the one routed to the fit, or another one."""
    fitted = stacked().fit(IMAGES)
    at_16, at_100 = fitted.summary(), fitted.summary(100)
    assert at_100.training_bytes - at_16.training_bytes == 84 * at_16.row_bytes
    assert fitted.set_params(fit__batch_size=7).summary().batch_size == 7
    for wrong in (0, -1, 2.0, "3", True):
        with pytest.raises(ValueError, match="batch_size must be an integer"):
            fitted.summary(wrong)


def test_not_fitted():
    """Before `fit` sizes are not known."""
    with pytest.raises(NotFittedError):
        stacked().summary()


def test_changed_parameters_are_refused():
    """The summary is of the network that was fitted."""
    fitted = stacked().fit(IMAGES)
    with pytest.raises(ValueError, match="weights"):
        fitted.set_params(n_components=5).summary()


def test_text_and_html():
    """Both have each layer and the same figures, and names are escaped."""
    summary = stacked().fit(IMAGES).summary()
    text, html = str(summary), summary._repr_html_()
    assert repr(summary) == text
    lines = text.splitlines()
    assert lines[0] == "StackedAutoencoderTransformer: input (8, 8, 1)"
    assert re.search(r"^encoder/hidden_1 +Dense +\(4\) +260 +0 +256$", text, re.M)
    assert re.search(r"^total +611 +0 +536$", text, re.M)
    assert "Training with batch_size=16: at least 19.2 kB" in lines[-1]
    assert max(map(len, lines[1:-2])) == min(map(len, lines[1:-2]))
    for word in ("encoder/hidden_1", "260", "at least 19.2 kB", "<table>"):
        assert word in html


def test_html_is_escaped():
    """Names of layers may be anything."""
    image = keras.Input((8, 8))
    flat = keras.layers.Flatten(name="<b>flat")(image)
    model = keras.Model(image, keras.layers.Dense(10, activation="softmax")(flat))
    classifier = KerasClassifier(
        model, loss="sparse_categorical_crossentropy", verbose=0
    )
    html = classifier.fit(IMAGES, LABELS).summary()._repr_html_()
    assert "&lt;b&gt;flat" in html and "<b>" not in html


def test_to_frame():
    """One line for each layer, numbers as numbers."""
    frame = stacked().fit(IMAGES).summary().to_frame()
    assert frame.index.name == "name"
    assert frame.loc["encoder/code", "trainable"] == 15
    assert frame["multiply_adds"].sum() == 536


def test_nothing_is_held(monkeypatch):
    """A summary keeps no network alive, and can be pickled."""
    models = []

    def remembered(model, *arguments):
        models.append(weakref.ref(model))
        return layer_costs(model, *arguments)

    layer_costs = layer_costs_module.layer_costs
    monkeypatch.setattr("skdeep.mixins.summarizing.layer_costs", remembered)
    summary = stacked().fit(IMAGES).summary()
    keras.backend.clear_session()
    gc.collect()
    assert [model() for model in models] == [None]
    assert str(pickle.loads(pickle.dumps(summary))) == str(summary)


def test_only_what_is_trained_is_counted():
    """Pixels that a variational autoencoder decodes for others cost no training."""
    fitted = VariationalAutoencoderTransformer(
        2, hidden_layer_sizes=(4,), epochs=1
    ).fit(IMAGES)
    summary = fitted.summary()
    assert summary.multiply_adds == 64 * 4 + 4 * 4 + 2 * 4 + 4 * 64
    assert summary.n_parameters == total_size(fitted.weights_)


def test_bfloat16():
    """Rows of a batch take half the memory, but where full precision is kept."""
    single, half = (
        ConvAutoencoderTransformer(
            3, filters=(4,), epochs=1, precision=precision, random_state=0
        )
        .fit(IMAGES)
        .summary()
        for precision in ("float32", "bfloat16")
    )
    assert half.weight_bytes == single.weight_bytes
    assert single.row_bytes / 2 <= half.row_bytes < single.row_bytes


def test_texts_are_counted_at_their_longest():
    """What depends on the length of a text is stated for `max_length_` tokens."""
    texts = ["one two three four", "five", "six seven"] * 4
    classifier = RNNClassifier(
        units=5, bidirectional=False, embedding_size=6, epochs=1, max_length=9
    )
    summary = classifier.fit(texts, ["a", "b", "a"] * 4).summary()
    assert summary.input_shape == (9,)
    frame = summary.to_frame()
    assert frame.loc["lstm_1", "multiply_adds"] == 9 * 4 * 5 * (6 + 5)
    assert summary.n_parameters == total_size(classifier.weights_)
    assert summary.training_bytes > 0


def test_transfer_learning():
    """The whole network is listed; only the dense layer is trained, on features."""
    classifier = TransferLearningClassifier(small_backbone, epochs=1, batch_size=8)
    summary = classifier.fit(IMAGES, LABELS).summary()
    assert summary.n_trainable == 5 * 10 + 10
    assert summary.n_frozen == 9 * 5 + 5 + 2 * 5
    assert summary.multiply_adds == 36 * 9 * 5 + 5 * 10
    assert summary.gradient_bytes == 4 * summary.n_trainable
    assert summary.trained_bytes == 4 * (summary.n_trainable + 2 * 5)
    # Features and logits; images are not there when it is trained.
    assert summary.row_bytes == 4 * (5 + 10)


def test_backbone_alone():
    """Nothing is trained."""
    summary = BackboneTransformer(small_backbone).fit(IMAGES).summary()
    assert (summary.n_trainable, summary.n_frozen) == (0, 50)
    assert summary.training_bytes is None and summary.batch_size is None
    assert str(summary).endswith("Nothing is trained.")


def test_frozen_encoder():
    """With `freeze` the encoder's weights are frozen, and its maps are let go of."""
    encoder = ConvAutoencoderTransformer(3, filters=(4,), epochs=1)
    free, frozen = (
        PretrainedEncoderClassifier(encoder, freeze=freeze, epochs=1)
        .fit(IMAGES, LABELS)
        .summary()
        for freeze in (False, True)
    )
    assert free.n_parameters == frozen.n_parameters
    assert frozen.n_trainable == 3 * 10 + 10
    assert frozen.row_bytes == 4 * (64 + 3 + 10) < free.row_bytes
    assert frozen.gradient_bytes == 4 * frozen.n_trainable


def subclassed():
    """Return a model that has no graph."""

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(10, activation="softmax", name="dense")

        def call(self, inputs):
            return self.dense(keras.ops.reshape(inputs, (-1, 64)))

    return Own()


def test_wrapped_networks():
    """Networks of somebody's own; what cannot be known is said to be unknown."""
    options = {"loss": "sparse_categorical_crossentropy", "verbose": 0}

    def network(meta):
        return keras.Sequential(
            [
                keras.Input(meta["X_shape_"][1:]),
                keras.layers.Flatten(),
                keras.layers.EinsumDense("ab,bc->ac", 10, name="einstein"),
                keras.layers.Softmax(),
            ]
        )

    wrapper = KerasClassifier(network, optimizer="sgd", **options)
    summary = wrapper.fit(IMAGES, LABELS).summary()
    assert summary.batch_size == 32
    assert summary.multiply_adds is None
    assert summary.optimizer_bytes == 12
    assert "unknown" in str(summary)
    assert "Multiply-adds are not known of einstein; the other" in str(summary)
    assert clone(wrapper).set_params(batch_size=-1).fit(
        IMAGES, LABELS
    ).summary().batch_size == len(IMAGES)
    own = KerasClassifier(subclassed, **options).fit(IMAGES, LABELS).summary()
    assert own.n_parameters == 650
    assert own.training_bytes is None and "memory not known" in str(own)
    assert own.to_frame()["multiply_adds"].isna().all()
