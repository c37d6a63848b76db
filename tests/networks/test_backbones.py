"""Networks that make features of images."""

import keras
import numpy as np
import pytest
from keras import layers

from skdeep.networks.backbones import (
    LITE,
    backbone_classifier,
    backbone_features,
    build_backbone,
    canonical_name,
    keras_weights,
    preprocess,
    trained_size,
)
from skdeep.networks.graphs import producer
from skdeep.networks.model_descriptions import model_config


def own_network(shape=(8, 8, 3)):
    """Return a small network with maps of three sizes, its layers named."""
    image = keras.Input(shape, name="image")
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="first")(image)
    x = layers.BatchNormalization(name="normalization")(x)
    x = layers.ZeroPadding2D(1, name="border")(x)
    x = layers.Conv2D(5, 3, strides=2, name="second")(x)
    x = layers.ReLU(name="activation")(x)
    x = layers.Conv2D(6, 2, strides=2, name="third")(x)
    return keras.Model(image, x, name="own")


def features(network, images, **settings):
    """Return the features of images, and the network of the same weights."""
    model = backbone_features(
        **{
            "image_shape": images.shape[1:],
            "input_size": images.shape[1:3],
            "config": model_config(network),
        }
        | settings
    )
    model.set_weights(network.get_weights())
    return np.asarray(model(images))


@pytest.fixture
def images():
    """Give three coloured images of 8 x 8 pixels."""
    return np.random.default_rng(0).random((3, 8, 8, 3), dtype="f4")


# -- names -----------------------------------------------------------------------------


def test_names():
    """Keras' spelling, small letters and underscores name the same network."""
    for name in ("MobileNetV2", "mobilenetv2", "mobilenet_v2", "MOBILENET-V2"):
        assert canonical_name(name) == "mobilenetv2"
    assert canonical_name("EfficientNet_Lite0") == "efficientnet_lite0"
    with pytest.raises(ValueError, match=r"'alexnet'.*efficientnet_lite0, .*ResNet50"):
        canonical_name("alexnet")


def test_every_network_of_keras_has_a_name_and_a_size():
    """Each constructor of `keras.applications` can be named."""
    for name in dir(keras.applications):
        if name[0].isupper():
            assert 200 <= trained_size(canonical_name(name)) <= 600
    assert [trained_size(name) for name in LITE] == [224, 240, 260]


@pytest.mark.parametrize("name", ["mobilenet_v2", "MobileNetV3Small", "vgg16"])
def test_networks_of_keras(name):
    """Features are those of the network on its own preprocessing."""
    name = canonical_name(name)
    pixels = np.random.default_rng(0).random((2, 40, 40, 3), dtype="f4")
    model = backbone_features(image_shape=(40, 40, 3), input_size=(40, 40), name=name)
    network = build_backbone(name, (40, 40), None)
    network.set_weights(model.get_weights())
    module = {
        "mobilenetv2": keras.applications.mobilenet_v2,
        "mobilenetv3small": keras.applications.mobilenet_v3,
        "vgg16": keras.applications.vgg16,
    }[name]
    inputs = module.preprocess_input(255 * pixels.copy())
    expected = np.asarray(network(inputs)).mean(axis=(1, 2))
    np.testing.assert_allclose(model(pixels), expected, rtol=1e-3, atol=1e-6)


def test_preprocessing_of_the_lite_networks():
    """Pixels from 0 to 255 lose 127 and are divided by 128."""
    pixels = np.array([0.0, 127 / 255, 1.0], dtype="f4").reshape(1, 1, 3, 1)
    found = np.asarray(preprocess("efficientnet_lite0", pixels)).ravel()
    np.testing.assert_allclose(found, [-127 / 128, 0, 1], atol=1e-6)


def test_rescaling_that_keras_adds_to_pretrained_weights():
    """Its factors go into the variances that come before."""
    factors = [0.5, 2.0, 3.0]
    image = keras.Input((4, 4, 3))
    normalization, rescaling = layers.Normalization(), layers.Rescaling(factors)
    with_layer = keras.Model(image, rescaling(normalization(image)))
    with_layer.set_weights(
        [np.array([0.1, 0.2, 0.3]), np.array([4.0, 5.0, 6.0]), np.array(0)]
    )
    normalization.finalize_state()
    without = keras.Sequential([keras.Input((4, 4, 3)), layers.Normalization()])
    without.set_weights(keras_weights(with_layer))
    without.layers[0].finalize_state()
    pixels = np.random.default_rng(0).random((2, 4, 4, 3), dtype="f4")
    np.testing.assert_allclose(without(pixels), with_layer(pixels), rtol=1e-5)


# -- features --------------------------------------------------------------------------


def test_pooling(images):
    """A map becomes its mean or its maximum over height and width."""
    network = own_network()
    maps = np.asarray(network(images))
    assert maps.shape == (3, 1, 1, 6)
    network = own_network((16, 16, 3))
    images = np.repeat(np.repeat(images, 2, axis=1), 2, axis=2)
    maps = np.asarray(network(images))
    mean = features(network, images)
    np.testing.assert_allclose(mean, maps.mean(axis=(1, 2)), rtol=1e-5)
    largest = features(network, images, pooling="max")
    np.testing.assert_array_equal(largest, maps.max(axis=(1, 2)))


def test_stages(images):
    """The last map of each size is pooled, the padded one not among them."""
    network = own_network()
    expected = []
    for name in ("normalization", "activation", "third"):
        part = keras.Model(network.input, network.get_layer(name).output)
        expected.append(np.asarray(part(images)).mean(axis=(1, 2)))
    for n_stages in (1, 2, 3):
        found = features(network, images, n_stages=n_stages)
        wanted = np.concatenate(expected[-n_stages:], axis=1)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r"n_stages=4.*only 3 resolutions"):
        features(network, images, n_stages=4)


def names_of_stages(network, n_stages, image_shape):
    """Return what made the maps that the features are joined of, the finest first."""
    model = backbone_features(
        image_shape=image_shape,
        input_size=image_shape[:2],
        config=model_config(network),
        n_stages=n_stages,
    )
    joined = model.get_layer(network.name).get_layer("stages")
    means = [producer(mean) for mean in joined.input]
    return [producer(mean.input_tensors[0]).operation.name for mean in means]


def test_stages_of_the_lite_networks():
    """They end where the next block has widened the map, before it shrinks."""
    network = build_backbone("efficientnet_lite0", (64, 64), None)
    assert names_of_stages(network, 5, (64, 64, 3)) == [
        "block_1_expansion_activation",
        "block_3_expansion_activation",
        "block_5_expansion_activation",
        "block_11_expansion_activation",
        "head_activation",
    ]


def gated_network():
    """Return a network of three resolutions whose second map is gated by its mean."""
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Rescaling(2.0, name="preprocessing")(image)
    x = layers.Normalization(mean=0.5, variance=1.0, name="centred")(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="first")(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="second")(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x)
    gate = layers.Conv2D(4, 1, activation="sigmoid", name="gate")(gate)
    x = layers.Multiply(name="gated")([x, gate])
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="third")(x)
    return keras.Model(image, x, name="own")


def test_gates_and_images_are_no_stages():
    """Neither the means that weigh channels count, nor pixels that were only scaled."""
    found = names_of_stages(gated_network(), 3, (16, 16, 3))
    assert found == ["first", "gated", "third"]
    with pytest.raises(ValueError, match=r"n_stages=4.*only 3 resolutions"):
        names_of_stages(gated_network(), 4, (16, 16, 3))


def test_stages_that_end_in_an_operation(images):
    """A sum of tensors is a map as good as that of a layer; a padded one is none."""
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 2, strides=2, name="stem")(image)
    x = x + layers.Conv2D(4, 3, padding="same", name="branch")(x)
    padded = keras.ops.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0)))
    network = keras.Model(image, layers.Conv2D(5, 3, strides=2)(padded), name="own")
    part = keras.Model(network.input, x)
    wanted = [np.asarray(m(images)).mean(axis=(1, 2)) for m in (part, network)]
    found = features(network, images, n_stages=2)
    np.testing.assert_allclose(found, np.hstack(wanted), rtol=1e-5, atol=1e-6)


def test_stages_of_a_network_of_any_size(images):
    """Sizes are those of the images that it sees."""
    fixed, flexible = own_network(), own_network((None, None, 3))
    flexible.set_weights(fixed.get_weights())
    for n_stages in (2, 3):
        found = features(flexible, images, n_stages=n_stages)
        wanted = features(fixed, images, n_stages=n_stages)
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_stages_in_a_model_inside_are_refused(images):
    """Its maps have no place in the graph outside; its last one has."""
    network = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Rescaling(2.0), own_network()]
    )
    assert features(network, images).shape == (3, 6)
    with pytest.raises(ValueError, match=r"model 'own'.*Pass that model itself"):
        features(network, images, n_stages=2)
    halves = [
        keras.Sequential([layers.Conv2D(n, 2, strides=2), layers.ReLU()])
        for n in (4, 5)
    ]
    network = keras.Sequential([keras.Input((8, 8, 3)), *halves])
    assert features(network, images, n_stages=2).shape == (3, 9)


def test_mirrored_images(images):
    """Averaged features are the same for an image and its mirror image."""
    network = own_network()
    found = features(network, images, flip_average=True)
    plain, mirrored = features(network, images), features(network, images[:, :, ::-1])
    np.testing.assert_allclose(found, (plain + mirrored) / 2, rtol=1e-5, atol=1e-6)
    again = features(network, images[:, :, ::-1], flip_average=True)
    np.testing.assert_allclose(found, again, rtol=1e-6)


def test_grey_images(images):
    """Grey images have three equal channels."""
    grey = images[..., :1]
    network = own_network()
    found = features(network, grey)
    np.testing.assert_array_equal(found, features(network, np.repeat(grey, 3, axis=3)))
    with pytest.raises(
        ValueError, match="images of 2 channels, but the backbone takes"
    ):
        features(network, images[..., :2])


def test_resizing_is_bilinear():
    """Between two pixels the values lie on a line; shrinking takes means."""
    identity = keras.Sequential([keras.Input((1, 4, 1)), layers.Reshape((4,))])
    line = np.array([0.0, 1.0], dtype="f4").reshape(1, 1, 2, 1)
    larger = features(identity, line, input_size=(1, 4))
    np.testing.assert_allclose(larger, [[0, 0.25, 0.75, 1]])
    stripes = np.tile([0.0, 1.0], 16).astype("f4").reshape(1, 1, 32, 1)
    smaller = features(identity, stripes, input_size=(1, 4))
    np.testing.assert_allclose(smaller, np.full((1, 4), 0.5), atol=0.1)


def test_sizes_that_do_not_fit(images):
    """A network of a fixed size says which."""
    with pytest.raises(ValueError, match=r"takes images of 8 x 8 pixels.*\(9, 8\)"):
        features(own_network(), images, input_size=(9, 8))


def test_classifier(images):
    """A backbone with a linear layer: nothing of the backbone can be trained."""
    network = own_network()
    settings = {
        "image_shape": (8, 8, 3),
        "input_size": (8, 8),
        "config": model_config(network),
    }
    model = backbone_classifier(n_outputs=3, alpha=0.1, **settings)
    assert [v.name for v in model.trainable_variables] == ["kernel", "bias"]
    assert len(model.weights) == len(network.weights) + 4
    head = [np.eye(6)[:, :3], np.zeros(3), np.zeros(6), np.ones(6)]
    model.set_weights([*network.get_weights(), *head])
    expected = features(network, images)[:, :3]
    np.testing.assert_allclose(model(images), expected, rtol=1e-5)
