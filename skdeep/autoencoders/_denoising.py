"""Denoising autoencoder, of dense layers or convolutions."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skdeep import runtime
from skdeep.autoencoders._output_range import rows_in_range
from skdeep.base import TRAINING_CONSTRAINTS, DeepEstimator
from skdeep.mixins import AutoencoderMixin, ImageInputMixin
from skdeep.mixins.constraints import Activation, Sizes
from skdeep.networks.denoising_autoencoder import denoising_autoencoder


class DenoisingAutoencoderTransformer(AutoencoderMixin, ImageInputMixin, DeepEstimator):
    """Learn a code by reconstructing clean samples from corrupted ones.

    In training, and only there, every sample is corrupted anew each time it is seen,
    and the network is to give back the clean one [1]_ [2]_. What it learns cannot be
    to copy its input, so that the code may even be longer than the sample. Prefer it
    to other autoencoders to repair samples, with `denoise`, or to learn features that
    small changes of the sample leave alone.

    Parameters
    ----------
    n_components : int or None, default=128
        Length of the code. None, for "convolutional" only, leaves the dense layer
        out: the code is the encoder's last feature map, flattened.
    architecture : {"dense", "convolutional"}, default="dense"
        Layers of the network. Convolutions repair larger images better.
    corruption : {"gaussian", "masking", "salt_and_pepper", "dropout"}, \
            default="gaussian"
        What is done to the numbers of a sample. "gaussian" adds normal noise to all;
        "masking" sets some to zero; "salt_and_pepper" sets some to 0 or 1, as a fair
        coin falls; "dropout" sets some to zero and magnifies the others to keep the
        expected sum. Pixels given as uint8 count from 0 to 1 here.
    corruption_level : float, default=0.3
        Standard deviation of the gaussian noise, at least 0, or the fraction of the
        numbers corrupted, in [0, 1).
    hidden_layer_sizes : sequence of int, default=(512,)
        For "dense": units of the layers between sample and code. May be empty.
    filters : sequence of int, default=(32, 64)
        For "convolutional": number of feature maps of each stage.
    kernel_size : int, default=3
        For "convolutional": height and width of the kernels, in pixels.
    batch_normalization : bool, default=False
        For "convolutional": whether to normalise after each hidden convolution.
    activation : str, default="gelu"
        Keras activation of the hidden layers. The code is linear.
    output_activation : {"linear", "sigmoid"}, default="linear"
        Activation of the reconstruction. "linear" reconstructs any number; "sigmoid"
        numbers from 0 to 1 only, and there often better: the exact black and white of
        an image cost it nothing.
    image_shape : tuple of int, default=None
        Height, width and channels of the images if X is flat. None takes the shape
        from X; flat samples are then images of one row.
    epochs : int, default=20
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
        Decides initial weights, corruption, shuffling and the validation split.
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
        "loss" of each epoch: the mean squared error between the clean samples and
        what was made of the corrupted ones, on pixels from 0 to 1 if they were uint8.
        With early stopping also "val_loss", on samples that are not corrupted.
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
    StackedAutoencoderTransformer : Without corruption, with other restraints.
    ConvAutoencoderTransformer : Without corruption, with convolutions.

    References
    ----------
    .. [1] Vincent, P., Larochelle, H., Bengio, Y. & Manzagol, P.-A. (2008).
       Extracting and composing robust features with denoising autoencoders. ICML
       2008, 1096-1103. :doi:`10.1145/1390156.1390294`
    .. [2] Vincent, P., Larochelle, H., Lajoie, I., Bengio, Y. & Manzagol, P.-A.
       (2010). Stacked denoising autoencoders: learning useful representations in a
       deep network with a local denoising criterion. Journal of Machine Learning
       Research 11, 3371-3408.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import DenoisingAutoencoderTransformer
    >>> images = load_digits().images / 16
    >>> noisy = images + np.random.default_rng(0).normal(0, 0.3, images.shape)
    >>> autoencoder = DenoisingAutoencoderTransformer(
    ...     30, hidden_layer_sizes=(100,), epochs=5, batch_size=32, random_state=0
    ... )
    >>> repaired = autoencoder.fit(images).denoise(noisy)
    >>> bool(((repaired - images) ** 2).mean() < ((noisy - images) ** 2).mean())
    True
    """

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "architecture": [StrOptions({"dense", "convolutional"})],
        "corruption": [
            StrOptions({"gaussian", "masking", "salt_and_pepper", "dropout"})
        ],
        "corruption_level": [Interval(Real, 0, None, closed="left")],
        "hidden_layer_sizes": [Sizes()],
        "filters": [Sizes()],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "batch_normalization": ["boolean"],
        "activation": [Activation()],
        "output_activation": [StrOptions({"linear", "sigmoid"})],
        "image_shape": [Sizes(2, 3), None],
        **TRAINING_CONSTRAINTS,
    }

    def __init__(
        self,
        n_components=128,
        *,
        architecture="dense",
        corruption="gaussian",
        corruption_level=0.3,
        hidden_layer_sizes=(512,),
        filters=(32, 64),
        kernel_size=3,
        batch_normalization=False,
        activation="gelu",
        output_activation="linear",
        image_shape=None,
        epochs=20,
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
        self.corruption = corruption
        self.corruption_level = corruption_level
        self.hidden_layer_sizes = hidden_layer_sizes
        self.filters = filters
        self.kernel_size = kernel_size
        self.batch_normalization = batch_normalization
        self.activation = activation
        self.output_activation = output_activation
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

    def denoise(self, X):
        """Return samples as the network repairs them.

        Parameters
        ----------
        X : array-like
            Corrupted samples, of the shape and unit that the estimator was fitted on.

        Returns
        -------
        samples : ndarray
            Of the shape and in the unit of the samples in `fit`, as
            ``inverse_transform(transform(X))`` gives them: floats, neither rounded
            nor clipped; in float32 if X is float32 or uint8, otherwise in float64.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If X does not have the shape that was fitted.
        """
        check_is_fitted(self)
        X = self._validate_input(X, reset=False)
        images = self._infer(self._feed(self._network_numbers(X)))
        dtype = np.float64 if X.dtype == np.float64 else np.float32
        return self._images.decode(images).astype(dtype, copy=False)

    def _training_rows(self, rows):
        return rows_in_range(rows, self.output_activation, self._images.scale)

    def _network(self):
        sizes = {"image_shape": self.image_shape_, "n_components": self.n_components}
        if self.architecture == "convolutional":
            sizes |= {
                "filters": self.filters,
                "kernel_size": self.kernel_size,
                "batch_normalization": self.batch_normalization,
            }
        else:
            sizes |= {"hidden_layer_sizes": self.hidden_layer_sizes}
        return runtime.NetworkSpec(
            denoising_autoencoder,
            architecture=self.architecture,
            corruption=self.corruption,
            corruption_level=self.corruption_level,
            activation=self.activation,
            output_activation=self.output_activation,
            **sizes,
        )
