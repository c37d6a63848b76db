"""Recurrent text classifier."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

from skdeep import runtime
from skdeep.base import CLASSIFIER_CONSTRAINTS, DeepEstimator
from skdeep.mixins import TEXT_CONSTRAINTS, ClassificationMixin, TextInputMixin
from skdeep.networks.recurrent import recurrent_classifier


class RNNClassifier(ClassificationMixin, TextInputMixin, DeepEstimator):
    """Learn to classify texts by reading them token by token.

    A recurrent network keeps a state while it reads; what it says at every position
    is pooled and classified. Prefer it to `CharCNNClassifier` where word order over
    longer distances matters; it is slower. Prefer TF-IDF with a linear model where
    single words decide or speed does.

    X is a one-dimensional sequence of `str`: a list, an array, or a pandas or polars
    Series.

    Parameters
    ----------
    cell : {"lstm", "gru", "simple"}, default="lstm"
        Long short-term memory, gated recurrent unit, or Elman's plain network, which
        forgets after some ten tokens.
    units : int, default=64
        Size of the state, in each direction.
    n_layers : int, default=1
        Number of recurrent layers, one on top of the other.
    bidirectional : bool, default=True
        Whether to read in both directions.
    embedding_size : int, default=64
        Length of the vector learned for each token.
    pooling : {"max_mean", "max", "mean", "last"}, default="max_mean"
        What is kept of the outputs at all positions; "last" is the final state.
    dropout : float in [0, 1), default=0.5
        Share of the embedding's and of the pooled units dropped in training.
    token_dropout : float in [0, 1), default=0.1
        Share of the tokens replaced by the unknown token in training.
    analyzer : {"word", "char"} or callable, default="word"
        Whether tokens are words, masked numbers and punctuation marks, or single
        characters. A callable is given the raw text and returns its tokens.
    lowercase : bool, default=False
        Whether to lower-case texts first. Capitals often tell spam from ham.
    max_features : int, default=None
        Most tokens in the vocabulary, the most frequent ones; None for all. The
        vocabulary comes from the training texts; other tokens share one id.
    max_length : int, default=None
        Most tokens of a text that are read; longer texts are cut. None takes the
        99th percentile of the lengths of the training texts, and at most 20 times
        their median.
    epochs : int, default=6
        Number of passes over the distinct rows of X.
    batch_size : int, default=32
        Rows in a step of the optimizer, or somewhat fewer if the last step had less
        than half of them; texts of similar length share a batch.
    optimizer : str, class or keras.optimizers.Optimizer, default="adam"
        How to descend. Parameters of a name or class are routed to it, as in
        `optimizer__weight_decay=1e-4`. An instance brings its own learning rate.
    learning_rate : float or LearningRateSchedule, default=0.003
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
    vocabulary_ : dict of str to int
        Id of each token, from 2 up.
    max_length_ : int
        Number of tokens after which a text is cut.
    weights_ : list of ndarray
        Weights of the network, in the order of `keras.Model.weights`.
    history_ : dict of str to list of float
        "loss" (cross-entropy in nats) and "accuracy" of each epoch; with early
        stopping also "val_loss" and "val_accuracy".
    n_iter_ : int
        Number of epochs run.
    model_ : keras.Model
        A new model with the fitted weights, from token ids to logits, made on each
        access.

    See Also
    --------
    CharCNNClassifier : Reads characters, with convolutions.

    Notes
    -----
    The cells are those of [1]_ and [2]_ as Keras builds them. Rows that are equal
    count as one row with their weights added.

    References
    ----------
    .. [1] Hochreiter, S. & Schmidhuber, J. (1997). Long short-term memory. Neural
       Computation 9(8), 1735-1780. :doi:`10.1162/neco.1997.9.8.1735`
    .. [2] Cho, K. et al. (2014). Learning phrase representations using RNN
       encoder-decoder for statistical machine translation. EMNLP 2014, 1724-1734.
       :doi:`10.3115/v1/D14-1179`

    Examples
    --------
    >>> from skdeep import RNNClassifier
    >>> texts = ["win a prize now", "see you at home"] * 4
    >>> classifier = RNNClassifier("gru", units=4, epochs=1, random_state=0)
    >>> classifier.fit(texts, ["spam", "ham"] * 4).classes_
    array(['ham', 'spam'], dtype='<U4')
    >>> classifier.predict_proba(["win now"]).shape
    (1, 2)
    """

    _parameter_constraints: dict = {
        "cell": [StrOptions({"lstm", "gru", "simple"})],
        "units": [Interval(Integral, 1, None, closed="left")],
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "bidirectional": ["boolean"],
        "embedding_size": [Interval(Integral, 1, None, closed="left")],
        "pooling": [StrOptions({"max", "mean", "max_mean", "last"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "token_dropout": [Interval(Real, 0, 1, closed="left")],
        **TEXT_CONSTRAINTS,
        **CLASSIFIER_CONSTRAINTS,
    }

    def __init__(
        self,
        cell="lstm",
        *,
        units=64,
        n_layers=1,
        bidirectional=True,
        embedding_size=64,
        pooling="max_mean",
        dropout=0.5,
        token_dropout=0.1,
        analyzer="word",
        lowercase=False,
        max_features=None,
        max_length=None,
        epochs=6,
        batch_size=32,
        optimizer="adam",
        learning_rate=0.003,
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
        self.cell = cell
        self.units = units
        self.n_layers = n_layers
        self.bidirectional = bidirectional
        self.embedding_size = embedding_size
        self.pooling = pooling
        self.dropout = dropout
        self.token_dropout = token_dropout
        self.analyzer = analyzer
        self.lowercase = lowercase
        self.max_features = max_features
        self.max_length = max_length
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
            recurrent_classifier,
            vocabulary_size=self._vocabulary_size,
            n_outputs=self._n_outputs,
            cell=self.cell,
            units=self.units,
            n_layers=self.n_layers,
            bidirectional=self.bidirectional,
            embedding_size=self.embedding_size,
            pooling=self.pooling,
            dropout=self.dropout,
            token_dropout=self.token_dropout,
        )
