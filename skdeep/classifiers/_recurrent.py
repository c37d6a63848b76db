"""Recurrent text classifier."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

from skdeep import runtime
from skdeep.base import CLASSIFIER_CONSTRAINTS, DeepEstimator
from skdeep.mixins import TEXT_CONSTRAINTS, ClassificationMixin, TextInputMixin
from skdeep.networks.recurrent import recurrent_classifier


class RNNClassifier(ClassificationMixin, TextInputMixin, DeepEstimator):
    """DOC"""

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
        epochs=10,
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
