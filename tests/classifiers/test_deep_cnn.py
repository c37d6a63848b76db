"""Deep convolutional classifiers: presets, augmentation, statistics, learning."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from skdeep import DeepCNNClassifier, runtime
from skdeep.classifiers._deep_cnn_presets import PRESETS
from skdeep.datasets import make_shapes
from skdeep.networks.standardization import channel_statistics
from skdeep.networks.whitening import whitening_kernel

GOLDEN = 0.98
FROM_PRESETS = (
    "epochs",
    "batch_size",
    "optimizer",
    "learning_rate",
    "learning_rate_schedule",
    "label_smoothing",
    "augmentation",
    "average_views",
)


@pytest.fixture(scope="module")
def digits():
    """Small grey images from 0 to 16, and their labels."""
    digits = load_digits()
    return digits.images[:900], digits.target[:900]


@pytest.fixture(scope="module")
def shapes():
    """Small colour images in bytes, and their labels."""
    return make_shapes(120, image_shape=(12, 12, 3), random_state=0, return_X_y=True)


def classifier(architecture="airbench", **changes):
    """Return a narrow classifier, not fitted."""
    settings = {"width": 0.1, "epochs": 2, "batch_size": 32, "random_state": 0}
    return DeepCNNClassifier(architecture, **settings | changes)


def options_of(estimator):
    """Return what the runtime is told."""
    return estimator._options()


def network_of(estimator, image_shape=(32, 32, 3)):
    """Return the arguments of the builder for images of some shape."""
    estimator.image_shape_ = image_shape
    estimator.classes_ = np.arange(10)
    return estimator._network().arguments


@pytest.mark.parametrize("name", PRESETS)
def test_none_is_the_presets_own(name):
    """Nothing is set in the constructor, and everything reaches the runtime."""
    estimator, preset = DeepCNNClassifier(name), PRESETS[name]
    assert {p: getattr(estimator, p) for p in FROM_PRESETS} == dict.fromkeys(
        FROM_PRESETS
    )
    options = options_of(estimator)
    assert options.epochs == preset.epochs
    assert options.batch_size == preset.batch_size
    assert options.learning_rate == preset.learning_rate
    assert options.learning_rate_schedule == preset.learning_rate_schedule
    assert (
        dict(preset.optimizer_parameters).keys()
        <= dict(options.optimizer.config).keys()
    )
    assert estimator._loss().arguments == {"label_smoothing": preset.label_smoothing}
    network = network_of(estimator)
    assert network["mirror"] is ("flip" in preset.augmentation)
    assert network["shift"] == 2 * ("translate" in preset.augmentation)
    assert network["average_views"] is preset.average_views


def test_docstring_tells_the_presets():
    """The table says what the presets are."""
    rows = {
        line.split()[0].strip("`"): line
        for line in DeepCNNClassifier.__doc__.splitlines()
        if line.strip().startswith("`") and "   " in line.strip()
    }
    for parameter in ("epochs", "batch_size", "learning_rate", "label_smoothing"):
        values = [float(cell) for cell in rows[parameter].split()[1:]]
        assert values == [getattr(preset, parameter) for preset in PRESETS.values()]
    schedules = rows["learning_rate_schedule"].split()[1:]
    assert schedules == [preset.learning_rate_schedule for preset in PRESETS.values()]
    averages = rows["average_views"].split()[1:]
    assert averages == [str(preset.average_views) for preset in PRESETS.values()]


def test_explicit_values_override():
    """One by one; the others stay the preset's."""
    options = options_of(
        DeepCNNClassifier(
            "airbench", epochs=3, learning_rate=0.5, optimizer__momentum=0.5
        )
    )
    assert (options.epochs, options.learning_rate) == (3, 0.5)
    assert options.batch_size == 1024
    assert options.optimizer.optimizer_class is runtime.LookaheadSGD
    config = dict(options.optimizer.config)
    assert (config["momentum"], config["l2"]) == (0.5, 1.33e-3)


def test_another_optimizer_has_its_own_step_size():
    """A rate for one is none for another; nor are its parameters."""
    options = options_of(DeepCNNClassifier("airbench", optimizer="adam"))
    assert options.learning_rate == pytest.approx(0.001)
    assert "l2" not in dict(options.optimizer.config)
    given = DeepCNNClassifier("airbench", optimizer="adam", learning_rate=0.02)
    assert options_of(given).learning_rate == 0.02
    instance = keras.optimizers.SGD(0.3)
    options = options_of(DeepCNNClassifier("resnet20", optimizer=instance))
    assert options.learning_rate == pytest.approx(0.3)


def test_strips_are_not_augmented_unless_asked():
    """The preset's flips are for pictures; a vector has no mirror image."""
    strip = network_of(DeepCNNClassifier("airbench"), (1, 20, 1))
    assert (strip["mirror"], strip["shift"]) == (False, 0)
    asked = DeepCNNClassifier("airbench", augmentation=("flip", "cutout"))
    strip = network_of(asked, (1, 20, 1))
    assert (strip["mirror"], strip["cutout"]) == (True, 1)


@pytest.mark.parametrize(
    ("side", "shift", "cutout"), [(8, 1, 3), (32, 2, 12), (64, 4, 24)]
)
def test_augmentation_grows_with_the_image(side, shift, cutout):
    """Up to a sixteenth, and three eighths, of the shorter side."""
    every = DeepCNNClassifier(augmentation=["flip", "translate", "cutout"])
    network = network_of(every, (side, side + 5, 1))
    assert (network["shift"], network["cutout"]) == (shift, cutout)
    network = network_of(DeepCNNClassifier("airbench", augmentation=()))
    assert (network["mirror"], network["shift"], network["cutout"]) == (False, 0, 0)


@pytest.mark.parametrize("name", PRESETS)
def test_digits_are_learned(digits, name):
    """Each architecture reads digits that it has not seen, a few of them wrong."""
    X, y = digits
    settings = {
        "vgg_small": {"width": 0.25, "epochs": 8},
        "resnet20": {"width": 0.5, "epochs": 10, "augmentation": ("translate",)},
        "airbench": {
            "width": 0.125,
            "epochs": 12,
            "learning_rate": 0.3,
            "augmentation": ("translate",),
        },
    }[name]
    model = classifier(name, **settings).fit(X[:700], y[:700])
    assert model.score(X[700:], y[700:]) > 0.9


def test_golden_score():
    """A short fit on generated shapes gives what it gave: what this computes."""
    X, y = make_shapes(600, image_shape=(16, 16, 1), random_state=0, return_X_y=True)
    model = classifier(width=0.25, epochs=8, batch_size=64, learning_rate=0.2)
    score = model.fit(X[:400], y[:400]).score(X[400:], y[400:])
    assert score == pytest.approx(GOLDEN, abs=0.02)


@pytest.mark.parametrize("name", PRESETS)
def test_vectors_are_learned(name):
    """Flat X without a shape is a signal of one row: smooth ones and rough ones."""
    noise = np.random.default_rng(0).normal(size=(300, 21))
    smooth = (noise[:, 1:] + noise[:, :-1]) / np.sqrt(2)
    y = np.where(np.arange(300) % 3, "rough", "smooth")
    X = np.where((y == "rough")[:, None], noise[:, 1:], smooth)
    settings = {"epochs": 12, "batch_size": 16, "width": 0.125}
    if name == "airbench":
        settings["learning_rate"] = 0.1
    model = classifier(name, **settings).fit(X[:200], y[:200])
    assert model.image_shape_ == (1, 20, 1)
    assert model.score(X[200:], y[200:]) > 0.75


@pytest.mark.parametrize("name", PRESETS)
def test_statistics_are_those_of_the_training_images(shapes, name):
    """Channels are standardised; the first layer of one network whitens patches."""
    X, y = shapes
    model = classifier(name, augmentation=()).fit(X, y)
    images = X / 255
    mean, scale = channel_statistics(images)
    layers = model.model_
    found = layers.get_layer("standardization").get_weights()
    np.testing.assert_allclose(found, [mean, scale], rtol=1e-5)
    if name != "airbench":
        return
    kernel, bias = layers.get_layer("body").get_layer("whitening").get_weights()
    expected = whitening_kernel((images - mean) / scale)
    np.testing.assert_allclose(np.abs(kernel), np.abs(expected), rtol=1e-3, atol=1e-4)
    assert bias.any()


def test_the_unit_of_pixels_does_not_matter(shapes):
    """Bytes, and floats in any unit, are classified alike."""
    X, y = shapes
    # In a single batch it makes no difference that other numbers are in another order.
    bytes_, floats, large = (
        classifier("vgg_small", batch_size=200).fit(pixels, y).predict_proba(pixels)
        for pixels in (X, X / 255, X * 1000.0 - 7)
    )
    np.testing.assert_allclose(bytes_, floats, atol=1e-3)
    np.testing.assert_allclose(bytes_, large, atol=1e-3)


@pytest.mark.parametrize("left_out", range(4))
def test_statistics_are_of_images_that_count(shapes, monkeypatch, left_out):
    """The few large images that are measured may all be of a class of weight zero."""
    monkeypatch.setattr("skdeep.classifiers._deep_cnn._MEASURED_PIXELS", 144)
    images, labels = shapes
    model = classifier(epochs=1, class_weight={left_out: 0}).fit(images, labels)
    assert np.isfinite(model.predict_proba(images[:2])).all()


def test_statistics_stay_when_training_goes_on(shapes):
    """What the network has learned refers to them."""
    X, y = shapes
    model = classifier(warm_start=True, epochs=1).fit(X, y)
    before = model.model_.get_layer("standardization").get_weights()
    model.fit(X // 2, y).partial_fit(X // 3, y)
    after = model.model_.get_layer("standardization").get_weights()
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", ["flip", "translate", "cutout"])
def test_augmentation_acts_in_training_only(shapes, name):
    """It changes what is learned, and predictions are still deterministic."""
    X, y = shapes
    plain, changed = (
        classifier(augmentation=names, average_views=False).fit(X, y)
        for names in ((), (name,))
    )
    assert np.any(plain.predict_proba(X) != changed.predict_proba(X))
    first = changed.predict_proba(X)
    np.testing.assert_array_equal(first, changed.predict_proba(X))
    np.testing.assert_array_equal(first[7:9], changed.predict_proba(X[7:9]))


def test_views_are_averaged(shapes):
    """Whether an image comes mirrored makes no difference then."""
    X, y = shapes
    averaged = classifier(augmentation=("flip",)).fit(X, y)
    one_view = clone(averaged).set_params(average_views=False).fit(X, y)
    np.testing.assert_allclose(
        averaged.predict_proba(X), averaged.predict_proba(X[:, :, ::-1]), atol=1e-6
    )
    for ours, theirs in zip(averaged.weights_, one_view.weights_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert np.any(averaged.predict_proba(X) != one_view.predict_proba(X))


def test_flips_do_not_depend_on_the_batch(shapes):
    """Half of the images are mirrored in the first epoch, whatever the batches."""
    X, _ = shapes
    network = runtime.NetworkSpec(
        PRESETS["vgg_small"].build,
        image_shape=(12, 12, 3),
        n_outputs=4,
        width=0.1,
        mirror=True,
    )
    with runtime.seeded_construction(3):
        layer = network().get_layer("mirror")
    images = (X / 255).astype(np.float32)
    whole = np.asarray(layer(images, training=True))
    parts = [layer(images[i : i + 7], training=True) for i in range(0, len(X), 7)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    turned = np.any(whole != images, axis=(1, 2, 3))
    assert 0.3 < turned.mean() < 0.7


def test_half_precision_learns_as_well(digits):
    """Training in bfloat16 ends close to training in float32."""
    X, y = digits
    full, half = (
        classifier("vgg_small", width=0.25, epochs=4, precision=precision)
        .fit(X[:700], y[:700])
        .score(X[700:], y[700:])
        for precision in ("float32", "bfloat16")
    )
    assert half > full - 0.05


def test_rows_are_counted(digits):
    """Each epoch counts each distinct row, however often it is given."""
    X, y = digits
    model = classifier("vgg_small", epochs=3)
    model.fit(np.repeat(X[:100], 2, axis=0), np.repeat(y[:100], 2))
    assert model.n_samples_seen_ == 300
    assert model.partial_fit(X[:40], y[:40]).n_samples_seen_ == 340


@pytest.mark.parametrize(
    "wrong",
    [
        {"architecture": "vgg"},
        {"width": 0},
        {"augmentation": ("flip", "rotate")},
        {"augmentation": "flip"},
        {"label_smoothing": 1.0},
        {"average_views": "yes"},
        {"epochs": 0},
    ],
)
def test_parameters_are_checked(digits, wrong):
    """The error names the parameter."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DeepCNNClassifier(**wrong).fit(*digits)
