"""Activations of units, and units that are dead."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from skdeep import (
    ConvAutoencoderTransformer,
    KerasClassifier,
    KerasTransformer,
    StackedAutoencoderTransformer,
)
from skdeep.inspection import (
    dead_units,
    first_layer_filters,
    maximize_activation,
    top_images,
    unit_activations,
)
from tests.common import user_networks

LOOKS = {
    "activations": lambda estimator, X: unit_activations(estimator, X, "logits"),
    "dead": lambda estimator, X: dead_units(estimator, X, "logits"),
    "top": lambda estimator, X: top_images(estimator, X, 2, "logits"),
    "greatest": lambda estimator, X: maximize_activation(estimator, 0, "logits"),
}


@pytest.mark.parametrize(
    "name", ["convolutional", "flattened", "denoising", "stacked", "variational"]
)
def test_by_default_the_code(fitted, images, name):
    """Without a layer, activations are what `transform` returns, bit for bit."""
    estimator = fitted(name)
    codes = estimator.transform(images)
    np.testing.assert_array_equal(unit_activations(estimator, images), codes)


def test_codes_of_others(fitted, images):
    """Of hashers the probabilities, of a classifier what its encoder makes."""
    for name in ("hashing", "bits"):
        expected = fitted(name).transform_proba(images)
        np.testing.assert_array_equal(unit_activations(fitted(name), images), expected)
    classifier = fitted("classifier")
    found = unit_activations(classifier, images)
    assert found.shape == (len(images), 2)
    np.testing.assert_array_equal(found, classifier.encode(images))


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("convolutional", "stage_1_pooling"),
        ("convolutional", "decoder/stage_2_convolution"),
        ("denoising", "hidden_1_activation"),
        ("bits", "stage_1_2_normalization"),
        ("classifier", "logits"),
    ],
)
def test_named_layers(fitted, images, name, layer):
    """Of a named layer, what Keras' own model computes there."""
    estimator = fitted(name)
    found = unit_activations(estimator, images, layer)
    expected = images[..., None]
    seen = {}
    model = estimator.model_
    for part in model._flatten_layers():
        if part.name == layer.split("/")[-1] and (
            "/" not in layer or part in model.get_layer("decoder").layers
        ):
            part.call = watched(part.call, seen)
            break
    model(expected)
    np.testing.assert_allclose(found, seen["output"], rtol=1e-4, atol=1e-5)


def watched(call, seen):
    """Return a function that calls another and keeps what that returns."""

    def outer(*args, **kwargs):
        seen["output"] = call(*args, **kwargs)
        return seen["output"]

    return outer


def test_a_row_does_not_depend_on_its_neighbours(fitted, images):
    """Activations of one image are the same bits alone and among others."""
    estimator = fitted("convolutional")
    layer = "stage_2_activation"
    every = unit_activations(estimator, images, layer)
    np.testing.assert_array_equal(
        unit_activations(estimator, images[7:8], layer)[0], every[7]
    )


def test_texts(text_classifier):
    """A layer with one number for each unit and text works; the others are named."""
    found = unit_activations(text_classifier, ["a prize", "home"], "logits")
    assert found.shape == (2, 1)
    with pytest.raises(ValueError, match="units need one number each for a row"):
        unit_activations(text_classifier, ["a prize"], "embedding")
    with pytest.raises(ValueError, match="RNNClassifier has no code"):
        unit_activations(text_classifier, ["a prize"])


def test_dead_units_are_those_that_never_change(images):
    """Rectified units made to be off, or always on alike, are found; others not."""
    estimator = StackedAutoencoderTransformer(
        (), 5, code_activation="relu", tied_weights=False, epochs=1, random_state=0
    ).fit(images)
    estimator.weights_[0][:, 1:3] = 0
    estimator.weights_[1][:] = [1, -1, 2, -1000, 1]
    assert dead_units(estimator, images).tolist() == [1, 2, 3]
    for batch_size in (1, 7, 1000):
        found = dead_units(estimator, images, batch_size=batch_size)
        assert found.tolist() == [1, 2, 3]
    assert dead_units(estimator, images, tol=1e6).tolist() == [0, 1, 2, 3, 4]
    assert dead_units(estimator, images, "reconstruction").tolist() == []


def test_dead_maps(images):
    """A feature map is dead if it is the same everywhere and for all images."""
    estimator = ConvAutoencoderTransformer(2, filters=(3,), epochs=1, random_state=0)
    estimator.fit(images).weights_[0][..., 1] = 0
    assert dead_units(estimator, images, "stage_1_activation").tolist() == [1]


def test_refusals(fitted, images):
    """Unknown layers, sizes and estimators are named."""
    estimator = fitted("convolutional")
    with pytest.raises(ValueError, match="no layer 'nothing'"):
        unit_activations(estimator, images, "nothing")
    with pytest.raises(TypeError, match="name of a layer"):
        unit_activations(estimator, images, 3)
    with pytest.raises(ValueError, match="65 features"):
        unit_activations(estimator, np.zeros((2, 65)))
    with pytest.raises(ValueError, match="batch_size"):
        dead_units(estimator, images, batch_size=0)
    with pytest.raises(ValueError, match="tol"):
        dead_units(estimator, images, tol=-1)
    with pytest.raises(TypeError, match="no network"):
        unit_activations(PCA(), images)
    with pytest.raises(NotFittedError):
        unit_activations(ConvAutoencoderTransformer(), images)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_head_on_a_backbone_is_refused(fitted, images, look):
    """Its fitted weights are those of the head alone, unlike those of its model."""
    with pytest.raises(TypeError, match=r"TransferLearningClassifier.*Backbone"):
        look(fitted("transferred"), images)
    assert len(first_layer_filters(fitted("transferred"))) > 0


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_networks_of_users_are_refused(images, labels, look):
    """The way out that the error names gives what a layer computes."""
    flat = images.reshape(len(images), -1)
    classifier = KerasClassifier(user_networks.classifier, epochs=1, verbose=0)
    classifier.fit(flat, labels)
    with pytest.raises(TypeError, match=r"KerasClassifier.*KerasTransformer\(.*output"):
        look(classifier, flat)
    model = classifier.model_
    hidden = model.layers[-2]
    transformer = KerasTransformer(model, output_layer=hidden.name, verbose=0)
    found = transformer.initialize(flat).transform(flat)
    expected = np.maximum(flat @ hidden.kernel + hidden.bias, 0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
