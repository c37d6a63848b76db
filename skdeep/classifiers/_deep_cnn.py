"""Deep convolutional classifier of images."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skdeep import runtime
from skdeep.base import CLASSIFIER_CONSTRAINTS, DeepEstimator
from skdeep.classifiers._deep_cnn_presets import PRESETS
from skdeep.mixins import ClassificationMixin, ImageInputMixin
from skdeep.mixins.constraints import Sizes
from skdeep.networks.losses import class_cross_entropy
from skdeep.networks.standardization import channel_statistics
from skdeep.networks.whitening import whitening_kernel

# Of an image's shorter side: two and twelve pixels of 32.
_LARGEST_SHIFT = 1 / 16
_HIDDEN_SIDE = 3 / 8
# Images, and pixels of them, from which statistics are taken at most.
_MEASURED_IMAGES = 5000
_MEASURED_PIXELS = 2**23

_OF_PRESETS = ("epochs", "batch_size", "learning_rate_schedule")


class DeepCNNClassifier(ClassificationMixin, ImageInputMixin, DeepEstimator):
    """Classify images with a deep convolutional network.

    Channels are standardised with statistics of the training images, which are kept
    with the weights, so pixels may have any unit. Prefer this to a linear classifier
    or a forest when there are thousands of images and what matters is in shapes rather
    than in single pixels; with hundreds of them, features of a pretrained network and a
    linear classifier do better.

    Parameters that are None by default are then those of the preset:

    =========================  ===========  ================  ====================
    parameter                  "vgg_small"  "resnet20"        "airbench"
    =========================  ===========  ================  ====================
    `epochs`                   20           60                10
    `batch_size`               128          128               1024
    `optimizer`                Adam         SGD, momentum .9  see below
    `learning_rate`            0.003        0.1               1.5
    `learning_rate_schedule`   triangular   cosine            triangular
    `label_smoothing`          0            0                 0.2
    `augmentation`             none         flip, translate   flip, translate
    `average_views`            False        False             True
    =========================  ===========  ================  ====================

    "vgg_small" is three stages of two 3x3 convolutions (32, 64, 128 filters), with
    max-pooling between them; 288,746 trained parameters and 38.6 million multiply-adds
    for images of 32x32x3 and ten classes. It makes no assumption about images and is
    fine from 8x8 pixels up.

    "resnet20" is the residual network of 20 layers for CIFAR-10 [1]_; 269,722
    parameters, 40.6 million multiply-adds. It is here for comparison: its authors reach
    91.25 % in 164 epochs.

    "airbench" follows Jordan's [2]_ recipe for 94 % on CIFAR-10 in ten epochs: 2x2
    patches whitened by a layer that is computed, not trained; three groups of two 3x3
    convolutions (64, 256, 256 filters) that begin as the identity; 1.97 million
    parameters, 118 million multiply-adds. Photographs suit it; give it at least some
    hundred steps.

    The docstrings of the builders in `skdeep.networks` say more: kernels, strides,
    padding, depth.

    Parameters
    ----------
    architecture : {"vgg_small", "resnet20", "airbench"}, default="vgg_small"
        The network, and with it the settings in the table above.
    width : float, default=1.0
        Factor of the numbers of filters. Cost grows with its square.
    augmentation : tuple of {"flip", "translate", "cutout"}, default=None
        What happens to images in training, inside the compiled graph. "flip": mirrored
        from left to right in every second epoch, which half of them first is decided by
        content and seed. "translate": shifted by up to 1/16 of the shorter side, at
        least one pixel; what comes in is mirrored at the edge. "cutout": a square of
        3/8 of the shorter side replaced by the mean. ``()`` is nothing. None is the
        preset's own, but nothing for images of one row. Digits and letters must not be
        flipped.
    label_smoothing : float in [0, 1), default=None
        Share of the target probability that is spread evenly over all classes.
    dropout : float in [0, 1), default=0.0
        Share of the features under the output dropped in training.
    average_views : bool, default=None
        Whether logits are averaged over views that training has shown: the image and
        its mirror image with "flip", both also shifted by one pixel to the upper left
        and to the lower right with "translate". Six views take six times as long.
    image_shape : tuple of int, default=None
        Height, width and channels of the images if X is flat. None takes the shape
        from X; flat samples are then images of one row.
    epochs : int, default=None
        Number of passes over the distinct rows of X.
    batch_size : int, default=None
        Rows in a step of the optimizer, or somewhat fewer if the last step had less
        than half of them.
    optimizer : str, class or keras.optimizers.Optimizer, default=None
        How to descend. Parameters of a name or class are routed to it, as in
        `optimizer__weight_decay=1e-4`; those of a preset's optimizer are overridden one
        by one. An instance brings its own learning rate.
    learning_rate : float or LearningRateSchedule, default=None
        Highest step size, or a Keras schedule over the number of the step. With None
        and an `optimizer`, that optimizer's default.
    learning_rate_schedule : {"constant", "cosine", "linear", "triangular"}, \
            default=None
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
        Whether `fit` goes on from the previous fit. Standardisation and whitening stay.
    checkpoint : str or path-like, default=None
        File that training is saved to after each epoch: a `fit` that was killed, called
        again with the same data and parameters, goes on from it to the same result. It
        is removed when `fit` ends well; the notes of `fit` say more.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, augmentation, dropout, shuffling and the validation
        split.
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
        Weights of the network, in the order of `keras.Model.weights`.
    history_ : dict of str to list of float
        "loss" (cross-entropy in nats) and "accuracy" of each epoch, of images as
        augmentation has changed them; with early stopping also "val_loss" and
        "val_accuracy", of images as they are.
    image_shape_ : tuple of 3 int
        Height, width and channels.
    n_features_in_ : int
        Number of numbers in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if X was a data frame.
    n_iter_ : int
        Number of epochs run.
    n_samples_seen_ : int
        Number of rows trained on, counted once for each epoch.
    model_ : keras.Model
        A new model with the fitted weights, from images to logits, made on each
        access.

    See Also
    --------
    CNNHashingTransformer : Turns images into bits that follow their classes.
    skdeep.networks.multiply_adds : Counts what a network computes.
    skdeep.model_comparison.train_test_report : Reports accuracy, time and GFLOP/s.

    Notes
    -----
    What "airbench" takes from Jordan [2]_, besides the network: label smoothing;
    alternating flips; shifts with reflected edges; a learning rate that rises from 0.2
    of its peak to the peak within 23 % of the steps and falls to 0.07 of it; Nesterov's
    momentum of 0.85 and an L2 penalty; biases of batch normalisations with 64 times the
    rate; lookahead over all weights and moving statistics
    (`skdeep.runtime.LookaheadSGD`); six views at inference. What differs: channels are
    standardised with measured statistics; the last, smaller batch of an epoch is used,
    not dropped; the bias of the whitening layer is trained to the end; the epsilon of
    batch normalisations is 1e-5; lookahead also averages after the last step, which may
    be fewer than five after the one before; the number of epochs is whole. As
    `partial_fit` knows no end, it has a constant learning rate and no lookahead.

    References
    ----------
    .. [1] He, K., Zhang, X., Ren, S. & Sun, J. (2016). Deep residual learning for image
       recognition. CVPR 2016, 770-778. :doi:`10.1109/CVPR.2016.90`
    .. [2] Jordan, K. (2024). 94% on CIFAR-10 in 3.29 seconds on a single GPU.
       :doi:`10.48550/arXiv.2404.00498`

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import DeepCNNClassifier
    >>> digits = load_digits()
    >>> classifier = DeepCNNClassifier(width=0.25, epochs=2, random_state=0)
    >>> classifier.fit(digits.images[:500], digits.target[:500]).n_iter_
    2
    >>> classifier.predict_proba(digits.images[500:503]).shape
    (3, 10)
    """

    _parameter_constraints: dict = {
        "architecture": [StrOptions(set(PRESETS))],
        "width": [Interval(Real, 0, None, closed="neither")],
        "augmentation": [tuple, list, None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left"), None],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "average_views": ["boolean", None],
        "image_shape": [Sizes(2, 3), None],
        **CLASSIFIER_CONSTRAINTS,
        **{
            name: [*CLASSIFIER_CONSTRAINTS[name], None]
            for name in (*_OF_PRESETS, "optimizer", "learning_rate")
        },
    }

    def __init__(
        self,
        architecture="vgg_small",
        *,
        width=1.0,
        augmentation=None,
        label_smoothing=None,
        dropout=0.0,
        average_views=None,
        image_shape=None,
        epochs=None,
        batch_size=None,
        optimizer=None,
        learning_rate=None,
        learning_rate_schedule=None,
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
        self.architecture = architecture
        self.width = width
        self.augmentation = augmentation
        self.label_smoothing = label_smoothing
        self.dropout = dropout
        self.average_views = average_views
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

    def _setting(self, name):
        value = getattr(self, name)
        if value is None and (name != "learning_rate" or self.optimizer is None):
            # Another optimizer has another idea of a step: it takes its own default.
            value = getattr(PRESETS[self.architecture], name)
        return value

    def _optimizer_parameters(self):
        routed = super()._optimizer_parameters()
        if self.optimizer is not None:
            return routed
        return {**PRESETS[self.architecture].optimizer_parameters, **routed}

    def _network(self):
        side = min(self.image_shape_[:2])
        changes = self._augmentation()
        return runtime.NetworkSpec(
            PRESETS[self.architecture].build,
            image_shape=self.image_shape_,
            n_outputs=self._n_outputs,
            width=self.width,
            dropout=self.dropout,
            mirror="flip" in changes,
            shift=max(1, round(side * _LARGEST_SHIFT)) * ("translate" in changes),
            cutout=max(1, round(side * _HIDDEN_SIDE)) * ("cutout" in changes),
            average_views=bool(self._setting("average_views")),
        )

    def _augmentation(self):
        """Return the names of what happens to images in training."""
        if self.augmentation is None and self.image_shape_[0] == 1:
            return ()
        names = self._setting("augmentation")
        known = ("flip", "translate", "cutout")
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(
                f"augmentation names {unknown[0]!r}, which is unknown. Use a tuple of "
                f"some of {', '.join(map(repr, known))}, or () for none."
            )
        return tuple(names)

    def _loss(self):
        return runtime.LossSpec(
            class_cross_entropy, label_smoothing=self._setting("label_smoothing")
        )

    def _initial_weights(self, feed, sample_weight):
        """Return random weights, but for the layers that statistics decide."""
        height, width, _ = self.image_shape_
        n_images = max(1, _MEASURED_PIXELS // height // width)
        chosen = feed.sample(min(_MEASURED_IMAGES, n_images))
        if sample_weight is not None and not sample_weight[chosen].any():
            # They may be few, and of classes that `class_weight` leaves out.
            chosen = np.flatnonzero(sample_weight)[: len(chosen)]
        images = np.asarray(feed.take(chosen).tensors()[0], dtype=np.float64)
        images = images * feed.layout.scale
        weights = None if sample_weight is None else sample_weight[chosen]
        mean, scale = channel_statistics(images, weights)
        parts = {"standardization": [mean, scale]}
        if PRESETS[self.architecture].whitened:
            images = (images - mean) / scale
            size = (min(height, 2), min(width, 2))
            kernel = whitening_kernel(images, size, weights)
            parts["body/whitening"] = [kernel, np.zeros(kernel.shape[-1])]
        return runtime.initial_weights(self._network(), self._draw_seed(), parts)
