"""Semantic hashing."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

from skdeep import runtime
from skdeep.base import TRAINING_CONSTRAINTS, DeepEstimator
from skdeep.mixins import AutoencoderMixin, HashingMixin, ImageInputMixin
from skdeep.mixins.constraints import Activation, Sizes
from skdeep.networks.semantic_hashing import semantic_hashing_autoencoder


class SemanticHashingTransformer(
    HashingMixin, AutoencoderMixin, ImageInputMixin, DeepEstimator
):
    """Learn short binary codes under which similar images lie close together.

    A deep autoencoder with logistic code units. Noise on their total input makes any
    value in between useless to the decoder, so that they learn to saturate and can
    be rounded to bits [1]_. Similar images then have codes that differ in few bits,
    and are found by `skdeep.hashing.HammingNeighbors`. Prefer `CNNHashingTransformer`
    where there are labels, whose notion of similar is then learned.

    Parameters
    ----------
    n_bits : int, default=30
        Length of the code. Thirty bits address a table of 2**30 buckets.
    hidden_layer_sizes : sequence of int, default=(500, 250)
        Dense layers from the image towards the code, mirrored in the decoder.
    activation : str, default="relu"
        Keras activation of the hidden layers.
    noise_scale : float, default=4.0
        Standard deviation of the Gaussian noise on the total input of the code units
        in training. Larger values saturate them more and lose more of the image.
    dropout : float in [0, 1), default=0.0
        Share of the pixels set to zero in training, as in a denoising autoencoder.
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
        Numbers to train with. "auto" is float32: a network without convolutions
        gains little by bfloat16. It computes its answers in float32 unless this is
        "float64".
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
    saturation_ : float
        Share of the code probabilities of training samples that lie within 0.1 of 0
        or 1. Far below 1, much is lost by rounding: raise `noise_scale`.
    n_iter_ : int
        Number of epochs run.
    model_ : keras.Model
        A new model with the fitted weights, made on each access.

    See Also
    --------
    CNNHashingTransformer : Codes from labels.
    sklearn.random_projection.GaussianRandomProjection : Its signs are codes, too.

    Notes
    -----
    Salakhutdinov and Hinton [1]_ hash word counts, pretrain layer by layer and keep
    the noise of a case fixed, with variance 16. Here all layers are trained at once
    with fresh noise of that variance, and the loss is the squared error of pixels.

    References
    ----------
    .. [1] Salakhutdinov, R. & Hinton, G. (2009). Semantic hashing. International
       Journal of Approximate Reasoning 50(7), 969-978.
       :doi:`10.1016/j.ijar.2008.11.006`

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import SemanticHashingTransformer
    >>> images = load_digits().images[:200] / 16
    >>> hasher = SemanticHashingTransformer(
    ...     12, hidden_layer_sizes=(30, 20), epochs=1, random_state=0
    ... )
    >>> bits = hasher.fit_transform(images)
    >>> bits.shape, bits.dtype
    ((200, 12), dtype('uint8'))
    """

    _parameter_constraints: dict = {
        "n_bits": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [Sizes()],
        "activation": [Activation()],
        "noise_scale": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "image_shape": [Sizes(2, 3), None],
        **TRAINING_CONSTRAINTS,
    }

    def __init__(
        self,
        n_bits=30,
        *,
        hidden_layer_sizes=(500, 250),
        activation="relu",
        noise_scale=4.0,
        dropout=0.0,
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
        self.n_bits = n_bits
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.noise_scale = noise_scale
        self.dropout = dropout
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
            semantic_hashing_autoencoder,
            image_shape=self.image_shape_,
            n_bits=self.n_bits,
            hidden_layer_sizes=self.hidden_layer_sizes,
            activation=self.activation,
            noise_scale=self.noise_scale,
            dropout=self.dropout,
        )
