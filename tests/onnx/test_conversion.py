"""What estimators say in Python, their ONNX files say, too."""

import logging
import os
import re

import keras
import numpy as np
import onnx
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

import skdeep
from skdeep import (
    CNNHashingTransformer,
    ConvAutoencoderTransformer,
    HammingNeighbors,
    KerasClassifier,
    KerasRegressor,
    PretrainedEncoderClassifier,
    RNNClassifier,
    StackedAutoencoderTransformer,
    TransferLearningClassifier,
    VariationalAutoencoderTransformer,
)
from skdeep.onnx import to_onnx
from tests.common import user_networks
from tests.common.checks import fit, fresh
from tests.common.instances import IMAGES, INSTANCES, UNTRAINED, backbone, sample_for

TOLERANCE = 1e-5
# A feature of this backbone is nearly the same for all digits: the classifier divides
# it by a standard deviation of 3e-5, and with it the last bits of numbers about 0.1.
LOOSE = {"TransferLearningClassifier[stages]": 1e-3}


def assert_same_outputs(estimator, file, X, tolerance=TOLERANCE):
    """Compare a file's outputs with those of the estimator."""
    outputs = file(X)
    if is_classifier(estimator):
        assert file.output_names == ["label", "probabilities"]
        np.testing.assert_allclose(
            outputs["probabilities"], estimator.predict_proba(X), atol=tolerance, rtol=0
        )
        assert outputs["label"].tolist() == estimator.predict(X).tolist()
        return
    assert file.output_names == ["variable"]
    expected = estimator.predict if is_regressor(estimator) else estimator.transform
    np.testing.assert_allclose(
        outputs["variable"], expected(X), atol=tolerance, rtol=tolerance
    )


@pytest.mark.parametrize("name", [*INSTANCES, *UNTRAINED])
def test_outputs_are_those_of_the_estimator(name, written):
    """Probabilities, labels and codes of new samples, one row or many."""
    estimator = fit(fresh((INSTANCES | UNTRAINED)[name]))
    file, new = written(estimator), sample_for(estimator).new
    tolerance = LOOSE.get(name, TOLERANCE)
    assert_same_outputs(estimator, file, new, tolerance)
    assert_same_outputs(estimator, file, new[:1], tolerance)


@pytest.mark.parametrize(
    "estimator",
    [
        CNNHashingTransformer(4, filters=(4,), activation="gelu", epochs=1),
        VariationalAutoencoderTransformer(
            2, architecture="convolutional", filters=(2,), epochs=1
        ),
        StackedAutoencoderTransformer((4,), n_components=2, precision="float64"),
        PretrainedEncoderClassifier(
            VariationalAutoencoderTransformer(2, hidden_layer_sizes=(4,)), epochs=1
        ),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_other_networks(estimator, written):
    """Networks that the table of instances does not have."""
    estimator = fit(fresh(estimator))
    assert_same_outputs(estimator, written(estimator), IMAGES.new)


@pytest.mark.parametrize("size", [(6, 7), (11, 8)], ids=["smaller", "larger"])
def test_resizing(size, written):
    """Images are resized in the file as they are in the estimator."""
    estimator = TransferLearningClassifier(
        backbone_of_any_size, input_size=size, epochs=2, random_state=0
    ).fit(IMAGES.X, IMAGES.y)
    assert_same_outputs(estimator, written(estimator), IMAGES.new)


def backbone_of_any_size():
    """Return a network with the weights of `backbone` for images of any size."""
    fixed = backbone()
    layers = [type(layer).from_config(layer.get_config()) for layer in fixed.layers]
    network = keras.Sequential([keras.Input((None, None, 1)), *layers])
    network.set_weights(fixed.get_weights())
    return network


# -- inputs ----------------------------------------------------------------------------


def coder(X, **parameters):
    """Return a small fitted autoencoder."""
    return StackedAutoencoderTransformer(
        (4,), n_components=2, epochs=1, random_state=0, **parameters
    ).fit(X)


@pytest.mark.parametrize(
    "shape", [(64,), (8, 8), (8, 8, 1)], ids=["flat", "grey", "channels"]
)
def test_input_has_the_shape_of_fit(shape, written):
    """Samples are passed as they were to `fit`, in any number."""
    X = IMAGES.X.reshape(len(IMAGES.X), *shape)
    estimator = coder(X)
    file = written(estimator)
    assert file.input.name == "X"
    assert file.input.shape[1:] == list(shape)
    assert not isinstance(file.input.shape[0], int)
    assert_same_outputs(estimator, file, X)


@pytest.mark.parametrize("pixels", [None, "uint8", "float32"])
def test_pixels_are_scaled_inside(pixels, written):
    """A file takes pixels from 0 to 255 if the estimator does."""
    X = load_digits().images[:60].astype(np.uint8) * 15
    estimator = coder(X)
    file = written(estimator, pixels=pixels)
    assert file.input.type == f"tensor({'float' if pixels == 'float32' else 'uint8'})"
    assert_same_outputs(estimator, file, X)


def test_floats_have_no_unit(tmp_path):
    """uint8 is refused where the unit of the pixels is not known."""
    with pytest.raises(ValueError, match="unit is not known"):
        to_onnx(coder(IMAGES.X), tmp_path / "model.onnx", pixels="uint8")


def test_pixels_is_checked(tmp_path):
    """Other types of pixels are refused."""
    with pytest.raises(ValueError, match="pixels must be"):
        to_onnx(coder(IMAGES.X), tmp_path / "model.onnx", pixels="int8")


# -- networks of users -----------------------------------------------------------------


def test_networks_of_users_with_several_classes(written):
    """A network has an output for each class."""
    digits = load_digits()
    rows = np.flatnonzero(digits.target <= 2)[:60]
    X, y = digits.images[rows] / 16, digits.target[rows]
    estimator = KerasClassifier(
        user_networks.classifier, epochs=1, verbose=0, random_state=0
    )
    estimator.fit(X, y)
    assert_same_outputs(estimator, written(estimator), X)


def network_of(*layers, loss="binary_crossentropy"):
    """Return a function that builds a network."""

    def build():
        new = [type(layer).from_config(layer.get_config()) for layer in layers]
        network = keras.Sequential(new)
        network.compile(loss=loss)
        return network

    return build


def wrapped(build, X, y=None, wrapper=KerasClassifier):
    """Return a fitted wrapper of a network."""
    y = np.arange(len(X)) % 2 if y is None else y
    return wrapper(build, epochs=1, verbose=0, random_state=0).fit(X, y)


def test_integers_stay_integers(written):
    """Networks that look rows up get the numbers that they were fitted on."""
    X = np.random.default_rng(0).integers(0, 9, (20, 4))
    build = network_of(
        keras.layers.InputLayer((4,), dtype="int32"),
        keras.layers.Embedding(9, 3),
        keras.layers.Flatten(),
        keras.layers.Dense(1, activation="sigmoid"),
    )
    estimator = wrapped(build, X)
    file = written(estimator)
    assert file.input.type == "tensor(int64)"
    assert_same_outputs(estimator, file, X)


def test_bytes_stay_bytes(written):
    """Networks that scale pixels themselves get the pixels that they were fitted on."""
    X = (IMAGES.X * 255).astype(np.uint8)
    build = network_of(
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(1, activation="sigmoid"),
    )
    estimator = wrapped(build, X)
    file = written(estimator)
    assert file.input.type == "tensor(uint8)"
    assert_same_outputs(estimator, file, X)


def test_double_precision_of_users(written):
    """A file takes and gives single precision, whatever is between."""
    X = IMAGES.X.reshape(len(IMAGES.X), -1)
    dense = keras.layers.Dense(1, activation="sigmoid", dtype="float64")
    build = network_of(keras.layers.InputLayer((64,), dtype="float64"), dense)
    estimator = wrapped(build, X)
    file = written(estimator)
    assert file.input.type == "tensor(float)"
    assert file(X)["probabilities"].dtype == np.float32
    assert_same_outputs(estimator, file, X)


def test_double_precision_that_onnxruntime_has_not(tmp_path):
    """A file that could not be opened is not written."""
    maps = keras.layers.Conv2D(2, 3, dtype="float64")
    dense = keras.layers.Dense(1, activation="sigmoid", dtype="float64")
    inputs = keras.layers.InputLayer((8, 8, 1), dtype="float64")
    flat = keras.layers.Flatten(dtype="float64")
    estimator = wrapped(network_of(inputs, maps, flat, dense), IMAGES.X[..., None])
    with pytest.raises(ValueError, match=r"onnxruntime cannot open .* float32"):
        to_onnx(estimator, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_networks_that_are_classes(written):
    """A subclass of `keras.Model` without declared inputs is asked for its own."""
    X = IMAGES.X.reshape(len(IMAGES.X), -1)
    estimator = wrapped(lambda: Doubled(), X, X[:, :1], KerasRegressor)
    assert_same_outputs(estimator, written(estimator), X)


class Doubled(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.compile(loss="mse")

    def call(self, rows):
        return 2 * self.dense(rows)


# -- the file --------------------------------------------------------------------------


def test_file_says_what_made_it(tmp_path):
    """A file has the version of skdeep, and passes the checker of ONNX."""
    path = tmp_path / "model.onnx"
    to_onnx(coder(IMAGES.X), str(path))
    model = onnx.load(path)
    onnx.checker.check_model(model)
    assert (model.producer_name, model.producer_version) == (
        "scikit-deep",
        skdeep.__version__,
    )
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["skdeep_version"] == skdeep.__version__
    assert metadata["skdeep_steps"] == "StackedAutoencoderTransformer"


def test_same_estimator_gives_same_file(tmp_path):
    """Two files of one estimator are equal."""
    estimator, paths = coder(IMAGES.X), [tmp_path / "a.onnx", tmp_path / "b.onnx"]
    for path in paths:
        to_onnx(estimator, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_estimator_is_left_alone(tmp_path):
    """Writing changes nothing about an estimator, in double precision neither."""
    estimator = coder(IMAGES.X, precision="float64")
    before = estimator.transform(IMAGES.new)
    to_onnx(estimator, tmp_path / "model.onnx")
    assert estimator.precision == "float64"
    np.testing.assert_array_equal(estimator.transform(IMAGES.new), before)


def test_surroundings_are_left_alone(tmp_path, monkeypatch, capfd):
    """Writing changes no environment variable and no logger, and reports nothing."""
    estimator = coder(IMAGES.X)
    monkeypatch.setattr(logging.root, "handlers", [])
    capfd.readouterr()
    before = dict(os.environ), logging.root.level
    to_onnx(estimator, tmp_path / "model.onnx")
    assert (dict(os.environ), logging.root.level) == before
    assert logging.root.handlers == []
    out, err = capfd.readouterr()
    # TensorFlow's own notes are not for Python to hold back.
    notes = [line for line in err.splitlines() if not re.match(r"[IWE]\d{4} ", line)]
    assert (out, notes) == ("", [])


def test_file_is_little_more_than_weights(tmp_path):
    """Each number is written once, in four bytes."""
    path = tmp_path / "model.onnx"
    wide = StackedAutoencoderTransformer((300,), n_components=50, epochs=1)
    to_onnx(wide.fit(IMAGES.X), path)
    n_weights = 64 * 300 + 300 + 300 * 50 + 50
    assert 4 * n_weights < path.stat().st_size < 4 * n_weights + 5000


def test_old_file_stays_when_writing_fails(tmp_path):
    """What cannot be converted leaves the file that was there before."""
    path = tmp_path / "model.onnx"
    path.write_bytes(b"before")
    with pytest.raises(NotFittedError):
        to_onnx(ConvAutoencoderTransformer(), path)
    assert path.read_bytes() == b"before"


def test_margins(written):
    """What a hinge loss has trained is divided at 0 in the file, too."""

    def network():
        outputs = keras.layers.Dense(1)
        return keras.Sequential([keras.Input((2,)), outputs])

    X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    labels = np.where(X[:, 0] > 0, "yes", "no")
    classifier = KerasClassifier(
        network,
        loss="hinge",
        optimizer="sgd",
        optimizer__learning_rate=1.0,
        epochs=9,
        verbose=0,
        random_state=0,
    )
    classifier.fit(X, labels)
    found = written(classifier)(X)
    np.testing.assert_array_equal(found["label"], classifier.predict(X))
    expected = classifier.predict_proba(X)
    assert np.any(expected == 1)
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-6)


# -- what cannot be converted ----------------------------------------------------------


@pytest.mark.parametrize(
    "estimator", [clone(INSTANCES[name]) for name in INSTANCES], ids=list(INSTANCES)
)
def test_unfitted_estimators_are_refused(estimator, tmp_path):
    """There is nothing to write before `fit`."""
    with pytest.raises(NotFittedError):
        to_onnx(estimator, tmp_path / "model.onnx")


@pytest.mark.parametrize("path", [None, 3, b"model.onnx"])
def test_path_is_checked(path):
    """What is no path is refused before anything is converted."""
    with pytest.raises(TypeError, match="path must be a str or a path"):
        to_onnx(RNNClassifier(), path)


@pytest.mark.parametrize("other", [HammingNeighbors(), "model", None, RNNClassifier])
def test_other_objects_are_refused(other, tmp_path):
    """What is no network of ours is refused by name."""
    with pytest.raises(TypeError, match="needs an estimator of skdeep"):
        to_onnx(other, tmp_path / "model.onnx")


def test_own_feature_encoder_is_refused(tmp_path):
    """Python code of a user's subclass cannot be written."""
    estimator = Doubling(user_networks.classifier, epochs=1, verbose=0)
    estimator.fit(IMAGES.X, IMAGES.y)
    with pytest.raises(ValueError, match="feature_encoder of its own"):
        to_onnx(estimator, tmp_path / "model.onnx")


class Doubling(KerasClassifier):
    @property
    def feature_encoder(self):
        from sklearn.preprocessing import FunctionTransformer

        return FunctionTransformer(np.tanh)


def test_missing_library_is_named(tmp_path, monkeypatch):
    """Without the extra, the error has the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "tf2onnx", None)
    with pytest.raises(ModuleNotFoundError, match=r"scikit-deep\[onnx\]"):
        to_onnx(RNNClassifier(), tmp_path / "model.onnx")
