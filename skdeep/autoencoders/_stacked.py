"""Stacked autoencoder of dense layers."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

from skdeep import runtime
from skdeep.autoencoders._greedy_pretraining import pretrain_greedily
from skdeep.autoencoders._output_range import rows_in_range
from skdeep.base import TRAINING_CONSTRAINTS, DeepEstimator
from skdeep.mixins import AutoencoderMixin, ImageInputMixin
from skdeep.mixins.constraints import Activation, Sizes
from skdeep.networks.dense_autoencoder import dense_autoencoder
from skdeep.runtime.progress import EpochProgress


class StackedAutoencoderTransformer(AutoencoderMixin, ImageInputMixin, DeepEstimator):
    """Learn a code of vectors or images with a stack of dense layers.

    The decoder mirrors the encoder, with the same kernels transposed unless they are
    untied. The code may be shorter than a sample (under-complete) or longer
    (over-complete); a longer one can copy the sample without having learnt anything,
    unless a sparsity or contractive penalty stops it. Prefer it to
    `ConvAutoencoderTransformer` where neighbouring numbers have nothing in common, or
    samples are small.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(100,)
        Units of the layers between sample and code, from the sample on. May be empty.
    n_components : int, default=30
        Length of the code.
    activation : str, default="elu"
        Keras activation of the hidden layers.
    code_activation : str, default=None
        Keras activation of the code. None is "sigmoid" with `sparsity="kl"`, which
        needs a code between 0 and 1, and otherwise "linear".
    output_activation : {"linear", "sigmoid"}, default="linear"
        Activation of the reconstruction. "linear" reconstructs any number; "sigmoid"
        numbers from 0 to 1 only, and there often better: the exact black and white of
        an image cost it nothing.
    tied_weights : bool, default=True
        Whether the kernels of the decoder are the transposed kernels of the encoder.
        This halves the parameters. Biases are never shared.
    pretraining : {"greedy"} or None, default=None
        "greedy" first trains each layer alone to reconstruct what the one below it
        gives [1]_ [2]_, then all of them together.
    pretraining_epochs : int, default=10
        Epochs of the pretraining of each layer, at a constant learning rate; a Keras
        schedule starts anew for each layer, and for the training that follows.
    sparsity : {"l1", "kl"} or None, default=None
        Penalty on active units of the code: the sum of their absolute activations,
        or the Kullback-Leibler divergence of their mean activations over a batch
        from `sparsity_target` [4]_, in place of the squared difference of [3]_.
    sparsity_weight : float, default=0.001
        Factor of that penalty. The reconstruction error it is added to is a mean
        over the numbers of a sample; the penalty is a sum over the units of the code.
    sparsity_target : float in (0, 1), default=0.1
        Mean activation that "kl" pulls each unit to.
    contractive : float, default=0.0
        Factor of the contractive penalty [5]_, the squared Frobenius norm of the
        Jacobian of the code with respect to the sample.
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
        Pretraining is done again then, to the same result.
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
        Weights of the network, in the order of `keras.Model.weights`: kernel and bias
        of each layer of the encoder, then of each layer of the decoder, which have no
        kernels if the weights are tied.
    history_ : dict of str to list of float
        "loss" of each epoch: the mean squared error, on pixels from 0 to 1 if they
        were uint8, plus the penalties. With early stopping also "val_loss", without
        penalties.
    pretraining_history_ : list of dict of str to list of float
        The same for the pretraining of each layer; empty without pretraining.
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
    ConvAutoencoderTransformer : For images with local structure.
    DenoisingAutoencoderTransformer : Learns by repairing corrupted samples.
    sklearn.decomposition.PCA : The linear counterpart.

    Notes
    -----
    Penalties count the rows of a batch equally, whatever their sample weights.

    A penalty on a linear code can be evaded by a smaller code and a decoder that
    makes up for it. Tied weights prevent that, and so does a sigmoid code.

    With pretraining, the first call of `partial_fit` pretrains on the rows it gets.

    References
    ----------
    .. [1] Hinton, G. E. & Salakhutdinov, R. R. (2006). Reducing the dimensionality
       of data with neural networks. Science 313(5786), 504-507.
       :doi:`10.1126/science.1127647`
    .. [2] Bengio, Y., Lamblin, P., Popovici, D. & Larochelle, H. (2007). Greedy
       layer-wise training of deep networks. Advances in Neural Information
       Processing Systems 19, 153-160. :doi:`10.7551/mitpress/7503.003.0024`
    .. [3] Lee, H., Ekanadham, C. & Ng, A. Y. (2008). Sparse deep belief net model for
       visual area V2. Advances in Neural Information Processing Systems 20, 873-880.
    .. [4] Ng, A. (2011). Sparse autoencoder. Lecture notes of CS294A, Stanford
       University.
    .. [5] Rifai, S., Vincent, P., Muller, X., Glorot, X. & Bengio, Y. (2011).
       Contractive auto-encoders: explicit invariance during feature extraction.
       ICML 2011, 833-840.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import StackedAutoencoderTransformer
    >>> X = load_digits().data[:200] / 16
    >>> autoencoder = StackedAutoencoderTransformer(
    ...     (30,), n_components=10, epochs=1, random_state=0
    ... )
    >>> codes = autoencoder.fit_transform(X)
    >>> codes.shape
    (200, 10)
    >>> sum(weights.size for weights in autoencoder.weights_)
    2354
    >>> 64 * 30 + 30 * 10 + (30 + 10) + (30 + 64)
    2354
    """

    _parameter_constraints: dict = {
        "hidden_layer_sizes": [Sizes()],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "activation": [Activation()],
        "code_activation": [Activation(), None],
        "output_activation": [StrOptions({"linear", "sigmoid"})],
        "tied_weights": ["boolean"],
        "pretraining": [StrOptions({"greedy"}), None],
        "pretraining_epochs": [Interval(Integral, 1, None, closed="left")],
        "sparsity": [StrOptions({"l1", "kl"}), None],
        "sparsity_weight": [Interval(Real, 0, None, closed="left")],
        "sparsity_target": [Interval(Real, 0, 1, closed="neither")],
        "contractive": [Interval(Real, 0, None, closed="left")],
        "image_shape": [Sizes(2, 3), None],
        **TRAINING_CONSTRAINTS,
    }

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        n_components=30,
        *,
        activation="elu",
        code_activation=None,
        output_activation="linear",
        tied_weights=True,
        pretraining=None,
        pretraining_epochs=10,
        sparsity=None,
        sparsity_weight=1e-3,
        sparsity_target=0.1,
        contractive=0.0,
        image_shape=None,
        epochs=20,
        batch_size=128,
        optimizer="adam",
        learning_rate=0.003,
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
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_components = n_components
        self.activation = activation
        self.code_activation = code_activation
        self.output_activation = output_activation
        self.tied_weights = tied_weights
        self.pretraining = pretraining
        self.pretraining_epochs = pretraining_epochs
        self.sparsity = sparsity
        self.sparsity_weight = sparsity_weight
        self.sparsity_target = sparsity_target
        self.contractive = contractive
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

    def _training_rows(self, rows):
        return rows_in_range(rows, self.output_activation, self._images.scale)

    def _network(self):
        return runtime.NetworkSpec(
            dense_autoencoder,
            image_shape=self.image_shape_,
            n_components=self.n_components,
            hidden_layer_sizes=self.hidden_layer_sizes,
            activation=self.activation,
            code_activation=self._code_activation,
            output_activation=self.output_activation,
            tied_weights=self.tied_weights,
            sparsity=self.sparsity,
            sparsity_weight=self.sparsity_weight,
            sparsity_target=self.sparsity_target,
            contractive=self.contractive,
        )

    @property
    def _code_activation(self):
        if self.code_activation is not None:
            return self.code_activation
        return "sigmoid" if self.sparsity == "kl" else "linear"

    def _initial_weights(self, feed, sample_weight, seed):
        self.pretraining_history_ = []
        if self.pretraining is None:
            return None
        weights, self.pretraining_history_ = pretrain_greedily(
            feed,
            self._layer_networks(),
            loss=self._loss(),
            # A constant rate, as in `partial_fit`, which may be what called this:
            # epochs one by one then equal one fit.
            options=self._options(
                epochs=self.pretraining_epochs,
                callbacks=(),
                learning_rate_schedule="constant",
            ),
            seed=seed,
            sample_weight=sample_weight,
            progress=self._pretraining_progress if self.verbose else None,
        )
        return weights

    def _layer_networks(self):
        """Return the autoencoder of each single layer."""
        whole = self._network().arguments
        sizes = [*self.hidden_layer_sizes, self.n_components]
        networks = []
        for place, size in enumerate(sizes):
            own = {"n_components": size, "hidden_layer_sizes": ()}
            if place > 0:
                # What it reconstructs is the output of the layer below.
                own["image_shape"] = (1, sizes[place - 1], 1)
                own["output_activation"] = self.activation
            if place < len(sizes) - 1:
                own["code_activation"] = self.activation
                own["sparsity"] = None
            networks.append(runtime.NetworkSpec(dense_autoencoder, **(whole | own)))
        return networks

    def _pretraining_progress(self, number):
        name = f"{type(self).__name__}, layer {number}"
        early = self.early_stopping
        return EpochProgress(name, self.pretraining_epochs, self.verbose, early=early)
