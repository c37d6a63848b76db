"""The convolutional autoencoder."""

import inspect

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skdeep import ConvAutoencoderTransformer
from skdeep.networks.convolutional_autoencoder import conv_autoencoder

SMALL = {"filters": (3,), "epochs": 2, "batch_size": 32, "random_state": 0}


@pytest.fixture(scope="module")
def digits():
    """Return handwritten digits, scaled to [0, 1]."""
    return load_digits().images / 16


def test_better_than_the_mean_and_near_pca(digits):
    """Codes of a few numbers keep most of what a digit looks like."""
    train, test = digits[:1200], digits[1200:]
    autoencoder = ConvAutoencoderTransformer(
        12, filters=(16,), epochs=25, batch_size=32, learning_rate=3e-3, random_state=0
    ).fit(train)
    pca = PCA(12).fit(train.reshape(-1, 64))
    flat = test.reshape(-1, 64)
    of_pca = np.mean((pca.inverse_transform(pca.transform(flat)) - flat) ** 2)
    of_mean = np.mean((flat - train.reshape(-1, 64).mean(axis=0)) ** 2)
    error = -autoencoder.score(test)
    assert error < 1.1 * of_pca < 0.5 * of_mean


@pytest.mark.parametrize("shape", [(8, 8), (7, 5), (1, 9), (5, 4, 3)])
@pytest.mark.parametrize("n_components", [2, None])
def test_shapes(shape, n_components):
    """Images of every size are coded and come back in their shape."""
    X = np.random.default_rng(0).random((6, *shape))
    autoencoder = ConvAutoencoderTransformer(n_components, **SMALL)
    codes = autoencoder.fit_transform(X)
    if n_components is None:
        # The last feature map, after one halving in each direction.
        assert codes.shape[1] % 3 == 0
    else:
        assert codes.shape == (6, n_components)
    assert autoencoder.inverse_transform(codes).shape == X.shape
    assert len(autoencoder.get_feature_names_out()) == codes.shape[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"filters": (2, 3)},
        {"kernel_size": 5},
        {"activation": "relu"},
        {"batch_normalization": True},
        {"interpolation": "bilinear"},
        {"n_components": 7},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_parameters_reach_the_network(changes, digits):
    """Each parameter of the network is one of the builder's, and is passed on."""
    parameters = {"n_components": 4, "filters": (3,)} | changes
    autoencoder = ConvAutoencoderTransformer(
        **parameters, epochs=1, random_state=0
    ).fit(digits[:40])
    network = conv_autoencoder(
        image_shape=(8, 8, 1),
        kernel_size=parameters.get("kernel_size", 3),
        activation=parameters.get("activation", default("activation")),
        batch_normalization=parameters.get("batch_normalization", False),
        interpolation=parameters.get("interpolation", "nearest"),
        n_components=parameters["n_components"],
        filters=parameters["filters"],
    )
    assert autoencoder.model_.get_config() == network.get_config()
    assert [w.shape for w in autoencoder.weights_] == [
        w.shape for w in network.get_weights()
    ]


def default(name):
    """Return the default of a parameter."""
    return inspect.signature(ConvAutoencoderTransformer).parameters[name].default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_components", 0),
        ("n_components", "many"),
        ("filters", 3),
        ("kernel_size", 0),
        ("activation", None),
        ("interpolation", "cubic"),
        ("image_shape", 8),
    ],
)
def test_wrong_parameters(name, value, digits):
    """Values that make no network are refused by name."""
    autoencoder = ConvAutoencoderTransformer().set_params(**{name: value})
    with pytest.raises(ValueError, match=name):
        autoencoder.fit(digits[:9])


@pytest.mark.parametrize("changes", [{"activation": "no such"}, {"filters": ()}])
def test_wrong_networks(changes, digits):
    """What only the network can judge is an error, too, that names the value."""
    with pytest.raises(ValueError, match=r"no such|filters"):
        ConvAutoencoderTransformer(**SMALL | changes).fit(digits[:9])


def test_sequences_of_filters(digits):
    """Filters may be a list, a tuple or an array."""
    codes = [
        ConvAutoencoderTransformer(2, **SMALL | {"filters": filters}).fit_transform(
            digits[:30]
        )
        for filters in ((3, 2), [3, 2], np.array([3, 2]))
    ]
    np.testing.assert_array_equal(codes[0], codes[1])
    np.testing.assert_array_equal(codes[0], codes[2])
