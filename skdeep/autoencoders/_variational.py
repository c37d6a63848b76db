"""Variational autoencoder."""

from numbers import Integral, Real

import numpy as np
from scipy.special import expit, logsumexp
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skdeep import runtime
from skdeep.base import TRAINING_CONSTRAINTS, DeepEstimator
from skdeep.encoding.draws import row_normals, row_uniforms
from skdeep.mixins import AutoencoderMixin, ImageInputMixin
from skdeep.mixins.advice import collapse_problem
from skdeep.mixins.constraints import Activation, Sizes
from skdeep.networks.variational_autoencoder import (
    negative_elbo,
    variational_autoencoder,
)

_PIXEL_STREAM, _CODE_STREAM = 0, 1
_ELBO_DRAWS = 8
# Numbers of (code, pixels) rows that are scored at once.
_BLOCK = 2**24
# Pixels of the rows that are binarised at once, with as many random numbers.
_PIXELS = 2**22


class VariationalAutoencoderTransformer(
    AutoencoderMixin, ImageInputMixin, DeepEstimator
):
    """Learn a distribution of images, from which new ones can be drawn.

    The encoder turns an image into a Gaussian over codes, the decoder a code into a
    distribution of images; both are trained to make the evidence lower bound large.
    Prefer it to the other autoencoders for generating, for likelihoods, and where
    codes should vary smoothly; its reconstructions are blurrier.

    Parameters
    ----------
    n_components : int, default=20
        Length of the code. Components that the data do not need stay at the prior.
    architecture : {"dense", "convolutional"}, default="dense"
        What lies between image and code.
    hidden_layer_sizes : sequence of int, default=(200, 200)
        Dense layers from the image towards the code, mirrored in the decoder. With
        none at all the model is probabilistic PCA.
    filters : sequence of int, default=(32, 64)
        Feature maps of each stage of the convolutional architecture.
    kernel_size : int, default=3
        Height and width of its kernels, in pixels.
    activation : str, default="elu"
        Keras activation of the hidden layers.
    likelihood : {"gaussian", "bernoulli"}, default="gaussian"
        Distribution of a pixel given the code: a Gaussian whose variance is learned
        and common to all pixels, or zero and one, which needs pixels in [0, 1].
    binarization : {"dynamic", "threshold"} or None, default=None
        Whether pixels become zeros and ones: drawn anew for each batch with the
        probability that the pixel is, or compared with 0.5. Likelihoods of grey,
        drawn and compared pixels are on different scales.
    beta : float, default=1.0
        Weight of the divergence from the prior. Above 1 codes are simpler and
        reconstructions coarser [2]_.
    image_shape : tuple of int, default=None
        Height, width and channels of the images if X is flat. None takes the shape
        from X; flat samples are then images of one row.
    epochs : int, default=50
        Number of passes over the distinct rows of X.
    batch_size : int, default=128
        Rows in a step of the optimizer, or somewhat fewer if the last step had less
        than half of them.
    optimizer : str, class or keras.optimizers.Optimizer, default="adam"
        How to descend. Parameters of a name or class are routed to it, as in
        `optimizer__weight_decay=1e-4`. An instance brings its own learning rate.
    learning_rate : float or LearningRateSchedule, default=0.001
        Highest step size, or a Keras schedule over the number of the step.
    learning_rate_schedule : {"constant", "cosine", "linear", "triangular"}, \
            default="cosine"
        How the step size changes over the whole fit.
    early_stopping : bool, default=False
        Whether to watch a part of the rows, stop when the loss on it no longer
        falls, and keep the best weights.
    validation_fraction : float in (0, 1), default=0.1
        Part of the rows to watch with `early_stopping=True`.
    n_iter_no_change : int, default=10
        Epochs without improvement after which to stop.
    tol : float, default=1e-4
        Smallest fall of the loss that counts as improvement.
    precision : {"float32", "bfloat16", "float64", "auto"}, default="float32"
        Numbers to train with. "auto" takes bfloat16 where Linux says that the
        processor multiplies it (AVX-512 BF16 or AMX) and the convolutions take five
        million multiply-adds for a sample or more, otherwise float32. The network
        computes its answers in float32 unless this is "float64".
    callbacks : keras.callbacks.Callback, class, list or dict, default=None
        Keras callbacks; classes are constructed, with parameters routed as in
        `callbacks__patience`.
    warm_start : bool, default=False
        Whether `fit` goes on from the previous fit.
    checkpoint : str or path-like, default=None
        File that training is saved to after each epoch: a `fit` that was killed, called
        again with the same data and parameters, goes on from it to the same result. It
        is removed when `fit` ends well; the notes of `fit` say more.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, shuffling and the validation split.
    verbose : int, default=0
        1 shows a bar on a terminal and some lines elsewhere, 2 a line for each epoch;
        both have the losses and the time left.
    **routed : object
        Parameters routed to the optimizer (`optimizer__`), the callbacks
        (`callbacks__`) or the fit (`fit__`).

    Attributes
    ----------
    weights_ : list of ndarray
        Weights of the network, in the order of `keras.Model.weights`.
    history_ : dict of str to list of float
        "loss" of each epoch, in nats: `beta` times the divergence, minus the log
        likelihood; with `beta=1` minus the lower bound. With early stopping also
        "val_loss", with codes at the mean of their posterior.
    image_shape_ : tuple of 3 int
        Height, width and channels.
    n_features_in_ : int
        Number of numbers in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if X was a data frame.
    n_iter_ : int
        Number of epochs run.
    model_ : keras.Model
        A new model with the fitted weights, made on each access.

    See Also
    --------
    sklearn.decomposition.FactorAnalysis : A linear model with a likelihood.
    ConvAutoencoderTransformer : Sharper reconstructions, no likelihood.

    Notes
    -----
    As in [1]_, with one draw of the code for each image and step, and the exact
    divergence. `transform` returns the mean of the posterior. Draws that
    `score_samples` and `log_likelihood` need come from the content of each row, so
    that a row's score depends on nothing else.

    References
    ----------
    .. [1] Kingma, D. P. & Welling, M. (2014). Auto-encoding variational Bayes. ICLR
       2014. :doi:`10.48550/arXiv.1312.6114`
    .. [2] Higgins, I. et al. (2017). beta-VAE: learning basic visual concepts with a
       constrained variational framework. ICLR 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import VariationalAutoencoderTransformer
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = VariationalAutoencoderTransformer(
    ...     2, hidden_layer_sizes=(20,), epochs=1, random_state=0
    ... )
    >>> autoencoder.fit_transform(images).shape
    (200, 2)
    >>> autoencoder.sample(3, random_state=0).shape
    (3, 8, 8)
    """

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "architecture": [StrOptions({"dense", "convolutional"})],
        "hidden_layer_sizes": [Sizes()],
        "filters": [Sizes()],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "activation": [Activation()],
        "likelihood": [StrOptions({"bernoulli", "gaussian"})],
        "binarization": [StrOptions({"dynamic", "threshold"}), None],
        "beta": [Interval(Real, 0, None, closed="left")],
        "image_shape": [Sizes(2, 3), None],
        **TRAINING_CONSTRAINTS,
    }

    def __init__(
        self,
        n_components=20,
        *,
        architecture="dense",
        hidden_layer_sizes=(200, 200),
        filters=(32, 64),
        kernel_size=3,
        activation="elu",
        likelihood="gaussian",
        binarization=None,
        beta=1.0,
        image_shape=None,
        epochs=50,
        batch_size=128,
        optimizer="adam",
        learning_rate=0.001,
        learning_rate_schedule="cosine",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-4,
        precision="float32",
        callbacks=None,
        warm_start=False,
        checkpoint=None,
        random_state=None,
        verbose=0,
        **routed,
    ):
        self.n_components = n_components
        self.architecture = architecture
        self.hidden_layer_sizes = hidden_layer_sizes
        self.filters = filters
        self.kernel_size = kernel_size
        self.activation = activation
        self.likelihood = likelihood
        self.binarization = binarization
        self.beta = beta
        self.image_shape = image_shape
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.precision = precision
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.random_state = random_state
        self.verbose = verbose
        self._route(routed)

    # What images are decoded for, nothing is trained through.
    _trained_outputs = ("log_likelihood", "divergence")

    def _network(self):
        return runtime.NetworkSpec(
            variational_autoencoder,
            image_shape=self.image_shape_,
            n_components=self.n_components,
            architecture=self.architecture,
            hidden_layer_sizes=self.hidden_layer_sizes,
            filters=self.filters,
            kernel_size=self.kernel_size,
            activation=self.activation,
            likelihood=self.likelihood,
            binarization=self.binarization,
        )

    def _loss(self):
        return runtime.LossSpec(negative_elbo, beta=float(self.beta))

    @property
    def _n_features_out(self):
        # Names of components need a fit, as everywhere in scikit-learn.
        check_is_fitted(self)
        return self.n_components

    def _problem_of_units(self, outputs):
        problem = collapse_problem(outputs, self.beta, self.n_iter_)
        return problem or super()._problem_of_units(outputs[:, : self.n_components])

    def _check_numbers(self, images, *, reset):
        binary = self.likelihood == "bernoulli" or self.binarization is not None
        if not binary or self._pixels_are_uint8:
            return
        lowest, highest = images.min(), images.max()
        if lowest < 0 or highest > 1:
            raise ValueError(
                f"likelihood={self.likelihood!r} with binarization="
                f"{self.binarization!r} needs pixels in [0, 1] or uint8, but X lies "
                f"in [{lowest:.4g}, {highest:.4g}]. Scale X, or use "
                "likelihood='gaussian' without binarization."
            )

    # -- codes and images ------------------------------------------------------------

    def _codes(self, rows):
        # Log variances stand behind the means.
        return super()._codes(rows)[:, : self.n_components]

    def _decoded(self, codes):
        images = super()._decoded(codes)
        return expit(images) if self.likelihood == "bernoulli" else images

    def sample(self, n_samples=1, *, random_state=None):
        """Generate samples: decode codes drawn from the standard normal.

        Parameters
        ----------
        n_samples : int, default=1
            How many.
        random_state : int, RandomState instance or None, default=None
            Decides the codes.

        Returns
        -------
        samples : ndarray of shape (n_samples, ...)
            Expected pixels given the code, without the noise of the likelihood, of
            the shape and in the unit of the samples in `fit`.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `n_samples` is less than 1.
        """
        check_is_fitted(self)
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(
                f"n_samples must be an integer of at least 1, got {n_samples!r}."
            )
        codes = check_random_state(random_state).normal(
            size=(n_samples, self.n_components)
        )
        return self.inverse_transform(codes.astype(np.float32))

    # -- likelihoods -----------------------------------------------------------------

    def score_samples(self, X):
        """Return a lower bound of the log likelihood of each sample (the ELBO).

        Parameters
        ----------
        X : array-like
            Samples, as in `fit`. With `binarization="dynamic"` each is binarised by
            one draw, which its content decides.

        Returns
        -------
        bounds : ndarray of shape (n_samples,), dtype float64
            In nats: the mean over 8 draws of the code of the log likelihood, minus
            the exact divergence of the posterior; the weight is 1 whatever `beta`.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        return self._over_draws(X, _ELBO_DRAWS, self._bound)

    def log_likelihood(self, X, n_importance_samples=500):
        """Estimate the log likelihood of each sample by importance sampling.

        Parameters
        ----------
        X : array-like
            Samples, as in `score_samples`.
        n_importance_samples : int, default=500
            Draws of the code for each sample. The expected estimate rises with it,
            from the lower bound towards the log likelihood [1]_.

        Returns
        -------
        log_likelihoods : ndarray of shape (n_samples,), dtype float64
            In nats.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `n_importance_samples` is less than 1.

        References
        ----------
        .. [1] Burda, Y., Grosse, R. & Salakhutdinov, R. (2016). Importance weighted
           autoencoders. ICLR 2016. :doi:`10.48550/arXiv.1509.00519`
        """
        if not isinstance(n_importance_samples, Integral) or n_importance_samples < 1:
            raise ValueError(
                "n_importance_samples must be an integer of at least 1, got "
                f"{n_importance_samples!r}."
            )
        return self._over_draws(X, n_importance_samples, self._importance_estimate)

    def _over_draws(self, X, n_draws, estimate):
        """Apply an estimate to blocks of rows with draws of their codes."""
        check_is_fitted(self)
        rows = self._encode_input(X, reset=False)
        size = max(1, _PIXELS // int(np.prod(self.image_shape_)))
        return np.concatenate(
            [
                self._estimates(rows[block], n_draws, estimate)
                for block in gen_batches(len(rows), size)
            ]
        )

    def _estimates(self, rows, n_draws, estimate):
        pixels = self._observed(rows)
        images = runtime.ArrayFeed(pixels.reshape(rows.shape))
        posterior = self._infer(images, part="encoder").astype(np.float64)
        width = n_draws * (self.n_components + pixels.shape[1])
        step = max(1, _BLOCK // width)
        values = np.empty(len(rows))
        for start in range(0, len(rows), step):
            block = slice(start, start + step)
            mean, log_variance = np.split(posterior[block], 2, axis=1)
            noise = row_normals(
                pixels[block], n_draws * self.n_components, stream=_CODE_STREAM
            ).reshape(len(mean), n_draws, self.n_components)
            codes = mean[:, None] + np.exp(0.5 * log_variance)[:, None] * noise
            likelihoods = self._log_likelihoods(codes, pixels[block])
            values[block] = estimate(likelihoods, codes, noise, mean, log_variance)
        return values

    def _observed(self, rows):
        """Return flat pixels in the network's unit, binarised if that is asked for."""
        flat = rows.reshape(len(rows), -1)
        pixels = flat.astype(self._inference) * np.float32(self._images.scale)
        if self.binarization == "threshold":
            pixels = (pixels >= 0.5).astype(pixels.dtype)
        elif self.binarization == "dynamic":
            draws = row_uniforms(flat, flat.shape[1], stream=_PIXEL_STREAM)
            pixels = (draws < pixels).astype(pixels.dtype)
        return pixels

    def _log_likelihoods(self, codes, pixels):
        n_rows, n_draws, _ = codes.shape
        beside = np.concatenate(
            [
                codes.astype(pixels.dtype).reshape(n_rows * n_draws, -1),
                np.repeat(pixels, n_draws, axis=0),
            ],
            axis=1,
        )
        values = self._infer(runtime.ArrayFeed(beside), part="likelihood")
        return values.astype(np.float64).reshape(n_rows, n_draws)

    @staticmethod
    def _bound(likelihoods, codes, noise, mean, log_variance):
        terms = mean**2 + np.exp(log_variance) - log_variance - 1
        return likelihoods.mean(axis=1) - 0.5 * terms.sum(axis=1)

    @staticmethod
    def _importance_estimate(likelihoods, codes, noise, mean, log_variance):
        # Logarithm of prior over posterior; the constants of the two cancel.
        terms = noise**2 + log_variance[:, None] - codes**2
        ratios = likelihoods + 0.5 * terms.sum(axis=2)
        return logsumexp(ratios, axis=1) - np.log(ratios.shape[1])
