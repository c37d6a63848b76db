"""Convolutional autoencoder."""

from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from skdeep import runtime
from skdeep.base import TRAINING_CONSTRAINTS, DeepEstimator
from skdeep.mixins import AutoencoderMixin, ImageInputMixin
from skdeep.mixins.constraints import Activation, Sizes
from skdeep.networks.convolutional_autoencoder import conv_autoencoder


class ConvAutoencoderTransformer(AutoencoderMixin, ImageInputMixin, DeepEstimator):
    """Learn a short code of images, with convolutions, max-pooling and up-sampling.

    The encoder halves the image by max-pooling after each convolution and ends in a
    dense code; the decoder mirrors it. Prefer it to `sklearn.decomposition.PCA`
    where images have local structure and the code is short; PCA is faster, and its
    codes are uncorrelated and ordered.

    Parameters
    ----------
    n_components : int or None, default=128
        Length of the code. None leaves the dense layer out: the code is the
        encoder's last feature map, flattened.
    filters : sequence of int, default=(32,)
        Number of feature maps of each stage. More stages see a larger part of the
        image at once and keep less detail.
    kernel_size : int, default=3
        Height and width of the convolution kernels, in pixels.
    activation : str, default="elu"
        Keras activation of the hidden layers. The code and the output are linear.
    batch_normalization : bool, default=False
        Whether to normalise over the batch before each activation.
    interpolation : {"nearest", "bilinear"}, default="nearest"
        How the decoder fills in pixels when it doubles the size.
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
        "loss" of each epoch; with early stopping also "val_loss". The mean squared
        error, on pixels from 0 to 1 if they were uint8.
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
    sklearn.decomposition.PCA : The linear counterpart.

    Notes
    -----
    Masci et al. [1]_ train stage by stage with sigmoid units and tied kernels; here
    all stages are trained at once, with free kernels and linear codes.

    References
    ----------
    .. [1] Masci, J., Meier, U., Ciresan, D. & Schmidhuber, J. (2011). Stacked
       convolutional auto-encoders for hierarchical feature extraction. ICANN 2011,
       52-59. :doi:`10.1007/978-3-642-21735-7_7`

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer
    >>> images = load_digits().images[:200] / 16
    >>> autoencoder = ConvAutoencoderTransformer(
    ...     n_components=10, filters=(8,), epochs=1, random_state=0
    ... )
    >>> codes = autoencoder.fit_transform(images)
    >>> codes.shape
    (200, 10)
    >>> autoencoder.inverse_transform(codes).shape
    (200, 8, 8)
    """

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "filters": [Sizes()],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "activation": [Activation()],
        "batch_normalization": ["boolean"],
        "interpolation": [StrOptions({"nearest", "bilinear"})],
        "image_shape": [Sizes(2, 3), None],
        **TRAINING_CONSTRAINTS,
    }

    def __init__(
        self,
        n_components=128,
        *,
        filters=(32,),
        kernel_size=3,
        activation="elu",
        batch_normalization=False,
        interpolation="nearest",
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
        self.filters = filters
        self.kernel_size = kernel_size
        self.activation = activation
        self.batch_normalization = batch_normalization
        self.interpolation = interpolation
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

    def _network(self):
        return runtime.NetworkSpec(
            conv_autoencoder,
            image_shape=self.image_shape_,
            n_components=self.n_components,
            filters=self.filters,
            kernel_size=self.kernel_size,
            activation=self.activation,
            batch_normalization=self.batch_normalization,
            interpolation=self.interpolation,
        )
