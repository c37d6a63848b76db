"""The variational autoencoder's network: shapes, sizes, what is random when."""

import itertools
import math

import numpy as np
import pytest

from skdeep.networks.variational_autoencoder import (
    negative_elbo,
    variational_autoencoder,
)

SHAPES = [(1, 1, 1), (1, 20, 1), (8, 8, 1), (7, 5, 3)]


def dense(*sizes):
    """Return how many parameters a stack of dense layers has."""
    return sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))


def images(shape, n=3):
    """Return a few images of uniform noise."""
    return np.random.default_rng(0).random((n, *shape), dtype="float32")


def outputs_of(model, rows, **settings):
    """Return a model's outputs as arrays."""
    return {name: np.asarray(x) for name, x in model(rows, **settings).items()}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("hidden", [(), (6,), (9, 6)])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_shapes_and_numbers_of_parameters(shape, hidden, likelihood):
    """A Gaussian over codes comes out of one half, pixels out of the other."""
    model = variational_autoencoder(
        image_shape=shape,
        n_components=4,
        hidden_layer_sizes=hidden,
        likelihood=likelihood,
    )
    outputs = outputs_of(model, images(shape))
    assert outputs["log_likelihood"].shape == outputs["divergence"].shape == (3,)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    assert encoder(images(shape)).shape == (3, 8)
    assert decoder(np.zeros((3, 4), np.float32)).shape == (3, *shape)
    n_pixels = math.prod(shape)
    assert encoder.count_params() == dense(n_pixels, *hidden, 8)
    assert decoder.count_params() == dense(4, *reversed(hidden), n_pixels)
    # The Gaussian has its scale.
    extra = int(likelihood == "gaussian")
    assert model.count_params() == (
        encoder.count_params() + decoder.count_params() + extra
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_convolutional_shapes(shape):
    """Images of every size go through the convolutional network, strips too."""
    model = variational_autoencoder(
        image_shape=shape, n_components=4, architecture="convolutional", filters=(2, 3)
    )
    assert outputs_of(model, images(shape))["log_likelihood"].shape == (3,)
    assert model.get_layer("encoder")(images(shape)).shape == (3, 8)
    decoded = model.get_layer("decoder")(np.zeros((3, 4), np.float32))
    assert decoded.shape == (3, *shape)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_likelihood_of_code_and_pixels(likelihood):
    """The part that scores is the one that is trained."""
    model = variational_autoencoder(
        image_shape=(3, 3, 1), n_components=2, likelihood=likelihood
    )
    rows = images((3, 3, 1))
    means = np.asarray(model.get_layer("encoder")(rows))[:, :2]
    beside = np.concatenate([means, rows.reshape(3, -1)], axis=1)
    scores = np.asarray(model.get_layer("likelihood")(beside))
    wanted = outputs_of(model, rows)["log_likelihood"]
    np.testing.assert_allclose(scores, wanted, rtol=1e-5)


@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
@pytest.mark.parametrize("binarization", ["dynamic", "threshold", None])
def test_randomness_acts_in_training_only(architecture, binarization):
    """Inference is deterministic; in training the code is drawn."""
    model = variational_autoencoder(
        image_shape=(4, 4, 1),
        n_components=2,
        architecture=architecture,
        filters=(3,),
        hidden_layer_sizes=(5,),
        likelihood="bernoulli",
        binarization=binarization,
    )
    rows = images((4, 4, 1))
    first, again = outputs_of(model, rows), outputs_of(model, rows)
    np.testing.assert_array_equal(first["log_likelihood"], again["log_likelihood"])
    drawn = outputs_of(model, rows, training=True)
    assert np.all(drawn["log_likelihood"] != first["log_likelihood"])
    # The divergence is exact, so that only drawn pixels make it random.
    same = np.array_equal(drawn["divergence"], first["divergence"])
    assert same == (binarization != "dynamic")


@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
def test_a_thresholding_encoder_takes_grey_images(architecture):
    """Wherever the encoder is used, it compares pixels with one half itself."""
    model = variational_autoencoder(
        image_shape=(4, 4, 1),
        n_components=2,
        architecture=architecture,
        binarization="threshold",
    )
    rows = images((4, 4, 1))
    binary = (rows >= 0.5).astype(np.float32)
    encoder = model.get_layer("encoder")
    np.testing.assert_array_equal(encoder(rows), encoder(binary))
    first, second = outputs_of(model, rows), outputs_of(model, binary)
    np.testing.assert_array_equal(first["log_likelihood"], second["log_likelihood"])


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_loss_is_minus_the_bound(beta):
    """The divergence counts beta times."""
    outputs = {
        "log_likelihood": np.array([-3.0, -5.0], np.float32),
        "divergence": np.array([1.0, 0.5], np.float32),
    }
    losses = negative_elbo(None, outputs, beta=beta)
    np.testing.assert_allclose(losses, [3 + beta, 5 + beta / 2])


def test_layer_names_do_not_depend_on_what_was_built_before():
    """Two equal calls give equal configurations, down to every name."""
    first, second = (
        variational_autoencoder(
            image_shape=(3, 3, 1), n_components=2, binarization="dynamic"
        ).to_json()
        for _ in range(2)
    )
    assert first == second


def test_unknown_likelihoods_are_refused():
    """The error names those that there are."""
    with pytest.raises(ValueError, match=r"\['bernoulli', 'gaussian'\], got 'poisson'"):
        variational_autoencoder(
            image_shape=(3, 3, 1), n_components=2, likelihood="poisson"
        )


@pytest.mark.parametrize("wrong", [0, -1, 2.5])
def test_numbers_of_components_are_checked(wrong):
    """A code has a whole number of components."""
    with pytest.raises(ValueError, match="n_components"):
        variational_autoencoder(image_shape=(3, 3, 1), n_components=wrong)
