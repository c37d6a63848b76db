"""The variational autoencoder: bounds, likelihoods, samples."""

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skdeep import VariationalAutoencoderTransformer
from skdeep.autoencoders._variational import VariationalAutoencoderTransformer as VAE


@pytest.fixture(scope="module")
def digits():
    """Small grey images in [0, 1]."""
    return (load_digits().images[:600] / 16).astype(np.float32)


@pytest.fixture(scope="module")
def fitted(digits):
    """A model of binarised digits."""
    return VariationalAutoencoderTransformer(
        4,
        hidden_layer_sizes=(40,),
        likelihood="bernoulli",
        binarization="dynamic",
        learning_rate=0.005,
        epochs=25,
        random_state=0,
    ).fit(digits)


def test_bound_lies_below_the_importance_estimate_which_rises(fitted, digits):
    """ELBO <= importance bound, and the bound rises with the number of draws."""
    some = digits[:300]
    values = [fitted.score_samples(some).mean()]
    values += [fitted.log_likelihood(some, n).mean() for n in (5, 50, 500)]
    # From 50 draws on it has all but converged: what is left is chance.
    assert np.all(np.diff(values) > [0, 0, -0.02])
    assert values[-1] - values[0] > 0.1


def test_one_importance_sample_is_the_bound_in_expectation(fitted, digits):
    """With one draw both estimate the same number, by different arithmetic."""
    one = fitted.log_likelihood(digits, 1)
    bound = fitted.score_samples(digits)
    difference = one - bound
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(len(digits))


def test_exact_divergence_equals_a_monte_carlo_estimate():
    """The closed form of the divergence agrees with the mean of log q - log p."""
    generator = np.random.default_rng(0)
    mean, log_variance = generator.normal(size=(2, 1, 6))
    noise = generator.normal(size=(400_000, 6))
    codes = mean + np.exp(0.5 * log_variance) * noise
    log_ratio = 0.5 * (codes**2 - noise**2 - log_variance).sum(axis=1)
    exact = -VAE._bound(np.zeros((1, 1)), None, None, mean, log_variance)
    assert exact == pytest.approx([log_ratio.mean()], rel=0.01)


def test_linear_network_reaches_the_likelihood_of_probabilistic_pca():
    """Without hidden layers the optimum is that of probabilistic PCA."""
    generator = np.random.default_rng(0)
    loadings = generator.normal(size=(2, 6))
    X = generator.normal(size=(1500, 2)) @ loadings
    X = (X + 0.5 * generator.normal(size=X.shape)).astype(np.float32)
    linear = VariationalAutoencoderTransformer(
        2,
        hidden_layer_sizes=(),
        epochs=120,
        batch_size=100,
        learning_rate=0.02,
        random_state=0,
    ).fit(X)
    wanted = PCA(2).fit(X).score(X)
    assert linear.log_likelihood(X, 200).mean() == pytest.approx(wanted, abs=0.03)
    # For this model the posterior is a Gaussian, so that the bound is tight.
    assert linear.score(X) == pytest.approx(wanted, abs=0.05)


def test_log_likelihood_equals_integration_over_a_grid(digits):
    """With one component the integral over codes can be done by a fine sum."""
    model = VariationalAutoencoderTransformer(
        1, hidden_layer_sizes=(10,), likelihood="bernoulli", epochs=5, random_state=0
    ).fit(digits)
    grid = np.linspace(-8, 8, 4001)
    logits = model.model_.get_layer("decoder").predict(grid[:, None], verbose=0)
    logits = logits.reshape(len(grid), -1).astype(np.float64)
    prior = -0.5 * grid**2 - 0.5 * np.log(2 * np.pi)
    for image in digits[:3]:
        pixels = image.reshape(-1).astype(np.float64)
        terms = logits @ pixels - np.logaddexp(0, logits).sum(axis=1) + prior
        exact = np.log(np.sum(np.exp(terms - terms.max())) * (grid[1] - grid[0]))
        estimate = model.log_likelihood(image[None], 5000)[0]
        assert estimate == pytest.approx(exact + terms.max(), abs=0.1)


def test_scores_of_a_row_do_not_depend_on_its_neighbours(fitted, digits):
    """Draws come from the content of the row alone."""
    together = fitted.score_samples(digits)
    order = np.random.default_rng(0).permutation(len(digits))
    np.testing.assert_array_equal(fitted.score_samples(digits[order]), together[order])
    alone = fitted.log_likelihood(digits[7:8], 20)
    np.testing.assert_array_equal(alone, fitted.log_likelihood(digits, 20)[7:8])


def test_samples_have_the_shape_and_unit_of_the_data(fitted, digits):
    """Samples of a Bernoulli model are probabilities; of uint8 data, up to 255."""
    samples = fitted.sample(50, random_state=0)
    assert samples.shape == (50, 8, 8)
    assert 0 <= samples.min() < 0.1 and 0.5 < samples.max() <= 1
    np.testing.assert_array_equal(samples, fitted.sample(50, random_state=0))
    assert np.any(samples != fitted.sample(50, random_state=1))
    of_bytes = VariationalAutoencoderTransformer(
        2, likelihood="bernoulli", hidden_layer_sizes=(8,), epochs=2, random_state=0
    ).fit((digits * 255).astype(np.uint8))
    assert 10 < of_bytes.sample(20, random_state=0).max() <= 255


def test_learning_raises_the_bound(digits):
    """More epochs give a better bound on images that were not trained on."""
    settings = {"hidden_layer_sizes": (40,), "learning_rate": 0.005, "random_state": 0}
    short = VariationalAutoencoderTransformer(4, epochs=1, **settings)
    long = VariationalAutoencoderTransformer(4, epochs=30, **settings)
    train, test = digits[:400], digits[400:]
    assert long.fit(train).score(test) > short.fit(train).score(test) + 5


def test_larger_beta_gives_simpler_codes(digits):
    """The divergence from the prior falls when it weighs more."""

    def spread(beta):
        model = VariationalAutoencoderTransformer(
            4, hidden_layer_sizes=(20,), beta=beta, epochs=15, random_state=0
        )
        return model.fit_transform(digits).var()

    assert spread(20.0) < spread(0.1)


def test_threshold_makes_scores_depend_on_binary_pixels_only(digits):
    """Grey levels on the same side of one half are the same image."""
    model = VariationalAutoencoderTransformer(
        2,
        hidden_layer_sizes=(8,),
        likelihood="bernoulli",
        binarization="threshold",
        epochs=2,
        random_state=0,
    ).fit(digits)
    binary = (digits >= 0.5).astype(np.float32)
    np.testing.assert_array_equal(
        model.log_likelihood(digits[:20], 1) != 0, np.ones(20, dtype=bool)
    )
    np.testing.assert_array_equal(model.transform(digits), model.transform(binary))


@pytest.mark.parametrize(
    "settings", [{"likelihood": "bernoulli"}, {"binarization": "dynamic"}]
)
def test_pixels_outside_the_unit_interval_are_refused(settings):
    """What the likelihood cannot describe is an error, not a strange number."""
    X = np.random.default_rng(0).normal(size=(20, 5))
    with pytest.raises(ValueError, match=r"needs pixels in \[0, 1\]"):
        VariationalAutoencoderTransformer(1, epochs=1, **settings).fit(X)


@pytest.mark.parametrize("wrong", [0, -1, 1.5])
def test_numbers_of_draws_are_checked(fitted, digits, wrong):
    """Neither zero nor a part of a sample can be drawn."""
    with pytest.raises(ValueError, match="n_importance_samples"):
        fitted.log_likelihood(digits[:2], wrong)
    with pytest.raises(ValueError, match="n_samples"):
        fitted.sample(wrong)


def test_convolutional_architecture_learns(digits):
    """The convolutional network has the same interface and learns, too."""
    model = VariationalAutoencoderTransformer(
        3,
        architecture="convolutional",
        filters=(8,),
        epochs=15,
        learning_rate=0.005,
        random_state=0,
    ).fit(digits)
    assert model.history_["loss"][-1] < model.history_["loss"][0] - 10
    assert model.transform(digits).shape == (600, 3)
    assert model.inverse_transform(model.transform(digits[:5])).shape == (5, 8, 8)


def test_draws_of_rows_are_uniform_and_independent():
    """Streams of neighbouring rows and numbers look like independent uniforms."""
    from skdeep.encoding.draws import row_normals, row_uniforms

    rows = np.arange(2000, dtype=np.float32)[:, None]
    numbers = row_uniforms(rows, 50, stream=0)
    assert kstest(numbers.ravel(), "uniform").pvalue > 1e-3
    centred = numbers - 0.5
    for other in (np.roll(centred, 1, axis=0), np.roll(centred, 1, axis=1)):
        assert abs((centred * other).mean() * 12) < 5 / np.sqrt(centred.size)
    assert not np.any(numbers == row_uniforms(rows, 50, stream=1))
    assert kstest(row_normals(rows, 50, stream=2).ravel(), "norm").pvalue > 1e-3
