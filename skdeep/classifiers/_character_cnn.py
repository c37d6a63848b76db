"""Convolutional text classifier over characters."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

from skdeep import runtime
from skdeep.base import CLASSIFIER_CONSTRAINTS, DeepEstimator
from skdeep.encoding.vocabulary import printable_text_encoding
from skdeep.mixins import TEXT_CONSTRAINTS, ClassificationMixin, TextInputMixin
from skdeep.mixins.constraints import Sizes
from skdeep.networks.character_cnn import (
    character_cnn_classifier,
    expose_classifier,
    kim_classifier,
)

_BUILDERS = {
    "parallel": character_cnn_classifier,
    "kim": kim_classifier,
    "expose": expose_classifier,
}
_EXPOSE_LENGTH = 100
_EXPOSE_IDS = 100


class CharCNNClassifier(ClassificationMixin, TextInputMixin, DeepEstimator):
    """Learn to classify texts by the short patterns of characters in them.

    Each run of up to five characters has a vector; convolutions slide over them, and
    what the filters answer over the whole text is classified. No words are needed, so
    misspelt, obfuscated or unsegmented text is read as it stands. Prefer
    `RNNClassifier` where word order over longer distances matters.

    X is a one-dimensional sequence of `str`: a list, an array, or a pandas or polars
    Series.

    Parameters
    ----------
    architecture : {"parallel", "kim", "expose"}, default="parallel"
        - "parallel": the vectors of all runs of characters that end at a position
          are added, as in [3]_; filters of one or several widths side by side; their
          maximum and mean over the text.
        - "kim": the network of Kim [1]_ as in its published code: embeddings of 300
          numbers, 100 filters of each width 3, 4 and 5, dropout, and an output layer
          of maximal norm 3. Meant for `analyzer="word"`. The paper has the norm
          constraint on all weights above the pooling and starts from pretrained
          vectors; the embedding starts at random here.
        - "expose": the network of Saxe and Berlin [2]_ as in its published code: the
          last 100 printable ASCII characters, embeddings of 32 numbers, 256 filters
          of each width 2 to 5, their sum over the text, two dense layers of 1024;
          2,219,137 weights for two classes. The paper reads 200 characters and
          normalises batches. Its alphabet is fixed: texts are lower-cased, other
          characters are dropped, `lowercase` and `max_features` are not used, and
          `max_length=None` is 100.
    embedding_size : int, default=None
        Length of the vector learned for each token; None is the architecture's own.
    ngram_range : tuple of 2 int, default=(1, 5)
        Shortest and longest run of tokens with a vector of its own, in the "parallel"
        architecture; (1, 1) embeds single characters.
    filters : int, default=None
        Filters of each width; None is the architecture's own.
    kernel_sizes : sequence of int, default=None
        Widths of the filters, in tokens; None is the architecture's own.
    dropout : float in [0, 1), default=None
        Share of the units dropped in training, before the output and, in "expose",
        after sums and dense layers; None is the architecture's own. "parallel" also
        drops half of the embedding's dimensions, and a tenth of the tokens.
    analyzer : {"word", "char"} or callable, default="char"
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
    epochs : int, default=12
        Number of passes over the distinct rows of X.
    batch_size : int, default=32
        Rows in a step of the optimizer, or somewhat fewer if the last step had less
        than half of them; texts of similar length share a batch.
    optimizer : str, class or keras.optimizers.Optimizer, default="adam"
        How to descend. Parameters of a name or class are routed to it, as in
        `optimizer__weight_decay=1e-4`. An instance brings its own learning rate.
    learning_rate : float or LearningRateSchedule, default=0.002
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
    RNNClassifier : Reads words, one after the other.

    Notes
    -----
    Whichever architecture is chosen, it is trained as the parameters of this class
    say, not with the optimizers of the papers; `skdeep.networks` names those. Rows
    that are equal count as one row with their weights added.

    References
    ----------
    .. [1] Kim, Y. (2014). Convolutional neural networks for sentence classification.
       EMNLP 2014, 1746-1751. :doi:`10.3115/v1/D14-1181`
    .. [2] Saxe, J. & Berlin, K. (2017). eXpose: a character-level convolutional
       neural network with embeddings for detecting malicious URLs, file paths and
       registry keys. :doi:`10.48550/arXiv.1702.08568`
    .. [3] Bojanowski, P. et al. (2017). Enriching word vectors with subword
       information. TACL 5, 135-146. :doi:`10.1162/tacl_a_00051`

    Examples
    --------
    >>> from skdeep import CharCNNClassifier
    >>> texts = ["win a prize now", "see you at home"] * 4
    >>> classifier = CharCNNClassifier(filters=4, epochs=1, random_state=0)
    >>> classifier.fit(texts, ["spam", "ham"] * 4).classes_
    array(['ham', 'spam'], dtype='<U4')
    >>> classifier.predict_proba(["w1n n0w"]).shape
    (1, 2)
    """

    _parameter_constraints: dict = {
        "architecture": [StrOptions(set(_BUILDERS))],
        "embedding_size": [Interval(Integral, 1, None, closed="left"), None],
        "ngram_range": [Sizes(2)],
        "filters": [Interval(Integral, 1, None, closed="left"), None],
        "kernel_sizes": [Sizes(), None],
        "dropout": [Interval(Real, 0, 1, closed="left"), None],
        **TEXT_CONSTRAINTS,
        **CLASSIFIER_CONSTRAINTS,
    }

    def __init__(
        self,
        architecture="parallel",
        *,
        embedding_size=None,
        ngram_range=(1, 5),
        filters=None,
        kernel_sizes=None,
        dropout=None,
        analyzer="char",
        lowercase=False,
        max_features=None,
        max_length=None,
        epochs=12,
        batch_size=32,
        optimizer="adam",
        learning_rate=0.002,
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
        self.architecture = architecture
        self.embedding_size = embedding_size
        self.ngram_range = ngram_range
        self.filters = filters
        self.kernel_sizes = kernel_sizes
        self.dropout = dropout
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
        # Sizes that are not given are the architecture's own, as published.
        sizes = {
            "embedding_size": self.embedding_size,
            "filters": self.filters,
            "kernel_sizes": self.kernel_sizes,
            "dropout": self.dropout,
        }
        given = {name: size for name, size in sizes.items() if size is not None}
        if self.architecture == "parallel":
            given["ngram_range"] = self.ngram_range
        elif self.architecture == "expose":
            given["length"] = self.max_length_
        return runtime.NetworkSpec(
            _BUILDERS[self.architecture],
            vocabulary_size=self._vocabulary_size,
            n_outputs=self._n_outputs,
            **given,
        )

    @property
    def _n_outputs(self):
        # Kim's network has an output for each class, also for two.
        return len(self.classes_) if self.architecture == "kim" else super()._n_outputs

    # -- eXpose reads a fixed alphabet, and the end of a text ------------------------

    def _new_text_encoding(self, texts):
        if self.architecture != "expose":
            return super()._new_text_encoding(texts)
        if self.analyzer != "char":
            raise ValueError(
                f"architecture='expose' reads characters, got analyzer="
                f"{self.analyzer!r}. Set analyzer='char' or another architecture."
            )
        return printable_text_encoding(self.max_length or _EXPOSE_LENGTH)

    def _text_encoding(self):
        if self.architecture != "expose":
            return super()._text_encoding()
        return printable_text_encoding(self.max_length_)

    @property
    def _vocabulary_size(self):
        return (
            _EXPOSE_IDS if self.architecture == "expose" else super()._vocabulary_size
        )
