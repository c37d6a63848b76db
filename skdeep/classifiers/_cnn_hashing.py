"""Hash codes learned from labels."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

from skdeep import runtime
from skdeep.base import CLASSIFIER_CONSTRAINTS, DeepEstimator
from skdeep.metrics import leave_one_out_mean_average_precision
from skdeep.mixins import HashingMixin, ImageInputMixin, LabelLearningMixin
from skdeep.mixins.constraints import Activation, Sizes
from skdeep.networks.hashing_cnn import hashing_cnn


class CNNHashingTransformer(
    HashingMixin, LabelLearningMixin, ImageInputMixin, DeepEstimator
):
    """Learn short binary codes that images of the same class share.

    A convolutional network learns the classes through a narrow layer of logistic
    units, which is then rounded to bits [1]_. Prefer it to
    `SemanticHashingTransformer` where there are labels and the classes are what
    similar means; images of classes that it has not seen are hashed less well.

    Parameters
    ----------
    n_bits : int, default=48
        Length of the code.
    filters : sequence of int, default=(32, 64, 128)
        Feature maps of each stage of two 3x3 convolutions and a max-pooling.
    activation : str, default="gelu"
        Keras activation of the convolutions.
    dropout : float in [0, 1), default=0.0
        Share of the pooled features dropped in training.
    noise_scale : float, default=1.0
        Standard deviation of the Gaussian noise on the total input of the code units
        in training, which makes them saturate.
    mirror : bool, default=False
        Whether images are mirrored at random in training. Not for digits.
    shift : int, default=0
        Most pixels by which images are shifted in training.
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
    learning_rate : float or LearningRateSchedule, default=0.003
        Highest step size, or a Keras schedule over the number of the step.
    learning_rate_schedule : {"constant", "cosine", "linear", "triangular"}, \
            default="triangular"
        How the step size changes over the whole fit.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn.
    early_stopping : bool, default=False
        Whether to watch a stratified part of the rows, stop when the loss on it no
        longer falls, and keep the best weights.
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
        Decides initial weights, dropout, shuffling and the validation split.
    verbose : int, default=0
        1 shows a bar on a terminal and some lines elsewhere, 2 a line for each epoch;
        both have the losses and the time left.
    **routed : object
        Parameters routed to the optimizer (`optimizer__`), the callbacks
        (`callbacks__`) or the fit (`fit__`).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    saturation_ : float
        Share of the code probabilities of training samples that lie within 0.1 of 0
        or 1. Far below 1, much is lost by rounding: raise `noise_scale`.
    weights_ : list of ndarray
        Weights of the network, in the order of `keras.Model.weights`.
    history_ : dict of str to list of float
        "loss" (cross-entropy in nats) and "accuracy" of each epoch; with early
        stopping also "val_loss" and "val_accuracy".
    image_shape_ : tuple of 3 int
        Height, width and channels.
    n_features_in_ : int
        Number of numbers in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if X was a data frame.
    n_iter_ : int
        Number of epochs run.
    model_ : keras.Model
        A new model with the fitted weights, from images to logits, made on each
        access.

    See Also
    --------
    SemanticHashingTransformer : Codes without labels.
    skdeep.hashing.HammingNeighbors : Searches codes.

    Notes
    -----
    Guo and Li [1]_ threshold a rectified layer of a pretrained network at zero; here
    the units are logistic and noisy, and the network is trained from scratch.

    References
    ----------
    .. [1] Guo, J. & Li, J. (2015). CNN based hashing for image retrieval.
       :doi:`10.48550/arXiv.1509.01354`

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import CNNHashingTransformer
    >>> digits = load_digits()
    >>> hasher = CNNHashingTransformer(12, filters=(8,), epochs=1, random_state=0)
    >>> bits = hasher.fit(digits.images / 16, digits.target).transform(
    ...     digits.images[:3] / 16
    ... )
    >>> bits.shape, bits.dtype
    ((3, 12), dtype('uint8'))
    """

    _parameter_constraints: dict = {
        "n_bits": [Interval(Integral, 1, None, closed="left")],
        "filters": [Sizes()],
        "activation": [Activation()],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "noise_scale": [Interval(Real, 0, None, closed="left")],
        "mirror": ["boolean"],
        "shift": [Interval(Integral, 0, None, closed="left")],
        "image_shape": [Sizes(2, 3), None],
        **CLASSIFIER_CONSTRAINTS,
    }

    def __init__(
        self,
        n_bits=48,
        *,
        filters=(32, 64, 128),
        activation="gelu",
        dropout=0.0,
        noise_scale=1.0,
        mirror=False,
        shift=0,
        image_shape=None,
        epochs=20,
        batch_size=128,
        optimizer="adam",
        learning_rate=0.003,
        learning_rate_schedule="triangular",
        class_weight=None,
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
        self.filters = filters
        self.activation = activation
        self.dropout = dropout
        self.noise_scale = noise_scale
        self.mirror = mirror
        self.shift = shift
        self.image_shape = image_shape
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.class_weight = class_weight
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def score(self, X, y):
        """Return how well the codes of samples retrieve samples of their class.

        Parameters
        ----------
        X : array-like
            Samples, as in `fit`, at least two; best other ones than in `fit`.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        score : float
            Mean average precision in [0, 1] when each sample ranks all others by
            Hamming distance; larger is better.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.

        See Also
        --------
        skdeep.metrics.leave_one_out_mean_average_precision : The same for codes.
        """
        return leave_one_out_mean_average_precision(self.transform(X), y)

    def _network(self):
        return runtime.NetworkSpec(
            hashing_cnn,
            image_shape=self.image_shape_,
            n_bits=self.n_bits,
            n_outputs=self._n_outputs,
            filters=self.filters,
            activation=self.activation,
            dropout=self.dropout,
            noise_scale=self.noise_scale,
            mirror=self.mirror,
            shift=self.shift,
        )
