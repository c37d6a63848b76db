"""Classifier on a pretrained encoder, for few labels among many samples."""

import copy
from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from skdeep import runtime
from skdeep.autoencoders import ConvAutoencoderTransformer
from skdeep.base import CLASSIFIER_CONSTRAINTS, DeepEstimator
from skdeep.mixins import AutoencoderMixin, ClassificationMixin, ImageInputMixin
from skdeep.mixins.constraints import Activation, Sizes
from skdeep.networks.encoder_classifier import encoder_classifier

UNLABELLED = -1


class PretrainedEncoderClassifier(ClassificationMixin, ImageInputMixin, DeepEstimator):
    """Learn a code from all samples, then classes from the few that have labels.

    Rows whose label is -1 are unlabelled: they serve to train the autoencoder, whose
    encoder then becomes the lower part of a classifier, trained on the other rows.
    Prefer it to `sklearn.semi_supervised.SelfTrainingClassifier` where labels are too
    few for a classifier to label anything reliably. Where all rows have labels,
    pretraining rarely helps.

    X is images or vectors, as in the autoencoder. Labels may be strings; then none is
    unlabelled. Where -1 and one other label are all there is, both are classes.

    Parameters
    ----------
    autoencoder : autoencoder of skdeep or None, default=None
        Not fitted: a clone is fitted to all rows of X. Fitted, or frozen with
        `sklearn.frozen.FrozenEstimator` so that cross-validation keeps it: used as it
        is. It is never modified. None is a `ConvAutoencoderTransformer`.
    freeze : bool, default=False
        Whether the encoder keeps its pretrained weights.
    pretrain : bool, default=True
        Whether to train the autoencoder at all. False gives the same network with
        random weights, to compare with.
    hidden_layer_sizes : sequence of int, default=()
        Dense layers between the code and the classes.
    activation : str, default="relu"
        Keras activation of these layers.
    dropout : float in [0, 1), default=0.0
        Share of the code and of their units dropped in training.
    mirror : bool, default=False
        Whether labelled images are mirrored at random in training. Not for digits.
    shift : int, default=0
        Most pixels by which labelled images are shifted in training.
    image_shape : tuple of int, default=None
        Height, width and channels of the images if X is flat. None takes the shape
        from X; flat samples are then images of one row.
    epochs : int, default=20
        Number of passes over the distinct labelled rows. With 0 only the last layer's
        random weights are drawn.
    batch_size : int, default=64
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
        is removed when `fit` ends well; the notes of `fit` say more. The
        autoencoder is trained again then, and must come out the same: if you pass one
        that is not fitted, with an integer `random_state`.
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
    autoencoder_ : estimator
        The fitted autoencoder.
    weights_ : list of ndarray
        Weights of the classifier, in the order of `keras.Model.weights`.
    history_ : dict of str to list of float
        "loss" (cross-entropy in nats) and "accuracy" of each epoch on the labelled
        rows; with early stopping also "val_loss" and "val_accuracy".
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
    sklearn.semi_supervised.SelfTrainingClassifier : Labels samples itself.

    Notes
    -----
    Erhan et al. [1]_ study why this helps; with as many labels as today's data sets
    have it often does not. Compare with `pretrain=False` on the same folds.

    References
    ----------
    .. [1] Erhan, D. et al. (2010). Why does unsupervised pre-training help deep
       learning? Journal of Machine Learning Research 11, 625-660.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import ConvAutoencoderTransformer, PretrainedEncoderClassifier
    >>> digits = load_digits()
    >>> images, labels = digits.images[:200] / 16, digits.target[:200].copy()
    >>> labels[50:] = -1
    >>> classifier = PretrainedEncoderClassifier(
    ...     ConvAutoencoderTransformer(10, filters=(8,), epochs=1, random_state=0),
    ...     epochs=1,
    ...     random_state=0,
    ... )
    >>> classifier.fit(images, labels).classes_
    array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """

    _parameter_constraints: dict = {
        "autoencoder": [HasMethods(["fit", "transform"]), None],
        "freeze": ["boolean"],
        "pretrain": ["boolean"],
        "hidden_layer_sizes": [Sizes()],
        "activation": [Activation()],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "mirror": ["boolean"],
        "shift": [Interval(Integral, 0, None, closed="left")],
        "image_shape": [Sizes(2, 3), None],
        **CLASSIFIER_CONSTRAINTS,
        # None at all leaves the encoder as it was pretrained.
        "epochs": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        autoencoder=None,
        *,
        freeze=False,
        pretrain=True,
        hidden_layer_sizes=(),
        activation="relu",
        dropout=0.0,
        mirror=False,
        shift=0,
        image_shape=None,
        epochs=20,
        batch_size=64,
        optimizer="adam",
        learning_rate=0.001,
        learning_rate_schedule="cosine",
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
        self.autoencoder = autoencoder
        self.freeze = freeze
        self.pretrain = pretrain
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
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

    def _network(self):
        return runtime.NetworkSpec(
            encoder_classifier,
            autoencoder=self.autoencoder_._network(),
            n_outputs=self._n_outputs,
            hidden_layer_sizes=self.hidden_layer_sizes,
            activation=self.activation,
            dropout=self.dropout,
            freeze=self.freeze,
            mirror=self.mirror,
            shift=self.shift,
        )

    def _select(self, rows, labels, weights, *, resume, classes):
        labelled = _labelled(labels, classes)
        # Before the autoencoder is trained, which takes time.
        self._several_classes(labels[labelled], classes)
        if not resume:
            self.autoencoder_ = self._fitted_autoencoder(rows, weights)
        weights = None if weights is None else weights[labelled]
        rows = self._take(rows, np.flatnonzero(labelled))
        return rows, labels[labelled], weights

    def _fitted_autoencoder(self, rows, weights):
        """Return a fitted autoencoder without touching the one that was given."""
        autoencoder = self.autoencoder
        if isinstance(autoencoder, FrozenEstimator):
            autoencoder = autoencoder.estimator
        if autoencoder is None:
            autoencoder = ConvAutoencoderTransformer(epochs=self.epochs or 1)
            autoencoder.set_params(random_state=self._draw_seed())
        if not isinstance(autoencoder, AutoencoderMixin):
            raise ValueError(
                f"autoencoder must be one of skdeep's autoencoders, got "
                f"{autoencoder!r}. Pass for instance DenoisingAutoencoderTransformer()."
            )
        if self.pretrain and autoencoder.__sklearn_is_fitted__():
            # Whether they come flat, or with an axis of channels, makes no difference.
            wanted, found = _described(autoencoder._images), _described(self._images)
            if wanted != found:
                raise ValueError(
                    f"autoencoder was fitted on images of {wanted}, but X has images "
                    f"of {found}. Pass images of that shape and unit, or an "
                    "autoencoder that is not fitted."
                )
            # The classifier must not change when its owner fits it again.
            return copy.copy(autoencoder)
        fresh = clone(autoencoder)
        # What `fit` is called inside of this one would not check.
        fresh._validate_params()
        if not self.pretrain:
            # Sets the shapes and random weights; the passes over the data are none.
            fresh.set_params(fit__epochs=0)
            if "pretraining" in fresh.get_params():
                fresh.set_params(pretraining=None)
        return fresh.fit(rows, sample_weight=weights)

    def _initial_weights(self, feed, sample_weight):
        autoencoder = self.autoencoder_
        encoder = runtime.part_weights(
            autoencoder._network(), autoencoder.weights_, "encoder"
        )
        return runtime.initial_weights(
            self._network(), self._draw_seed(), {"encoder": encoder}
        )

    def score(self, X, y, sample_weight=None):
        """Return the accuracy on those samples that have a label.

        Parameters
        ----------
        X : array-like
            Samples, as in `fit`.
        y : array-like of shape (n_samples,)
            Labels; rows whose label is -1 do not count, unless that is a class.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        score : float
            In [0, 1]; larger is better. Scorers named by a string, such as
            `scoring="accuracy"`, count unlabelled samples as errors.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If no sample has a label.
        """
        predicted = self.predict(X)
        labels = column_or_1d(y)
        check_consistent_length(predicted, labels)
        labelled = _labelled(labels, self.classes_)
        if sample_weight is not None:
            sample_weight = column_or_1d(sample_weight)[labelled]
        return accuracy_score(
            labels[labelled], predicted[labelled], sample_weight=sample_weight
        )

    def encode(self, X):
        """Return what the encoder makes of X, after fine-tuning.

        Parameters
        ----------
        X : array-like
            Samples, as in `fit`.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components), dtype float32
            With `epochs=0` or `freeze=True`, what the pretrained autoencoder's
            `transform` returns, bit for bit (of a hashing transformer, before it
            rounds).

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        rows = self._encode_input(X, reset=False)
        codes = self._infer(self._feed(rows), part="encoder")
        # A variational encoder has log variances behind the means.
        return codes[:, : self.autoencoder_._n_features_out]


def _described(images):
    """Name what the network sees of images: their shape and unit."""
    unit = "uint8 pixels" if images.is_uint8 else "floats"
    return f"shape {images.image_shape}, {unit}"


def _labelled(labels, classes=None):
    """Tell which rows have a label, given the classes or None."""
    # Only numbers can be equal to the mark; labels that are strings all count.
    if labels.dtype.kind not in "iuf":
        return np.ones(len(labels), dtype=bool)
    if classes is not None and UNLABELLED in np.asarray(classes):
        return np.ones(len(labels), dtype=bool)
    labelled = labels != UNLABELLED
    if not labelled.any():
        raise ValueError(
            f"y is {UNLABELLED} for all {len(labels)} samples, which marks them as "
            "unlabelled. Pass the labels of some samples of each class."
        )
    # With a single other label there would be nothing to learn: these are the classes
    # minus one and one.
    if classes is None and len(np.unique(labels[labelled])) == 1:
        return np.ones(len(labels), dtype=bool)
    return labelled
