"""Convolutional text classifier over characters."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

from skdeep import runtime
from skdeep.base import CLASSIFIER_CONSTRAINTS, DeepEstimator
from skdeep.encoding.vocabulary import printable_text_encoding
from skdeep.mixins import TEXT_CONSTRAINTS, ClassificationMixin, TextInputMixin
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
    """DOC"""

    _parameter_constraints: dict = {
        "architecture": [StrOptions(set(_BUILDERS))],
        "embedding_size": [Interval(Integral, 1, None, closed="left"), None],
        "filters": [Interval(Integral, 1, None, closed="left"), None],
        "kernel_sizes": ["array-like", None],
        "dropout": [Interval(Real, 0, 1, closed="left"), None],
        **TEXT_CONSTRAINTS,
        **CLASSIFIER_CONSTRAINTS,
    }

    def __init__(
        self,
        architecture="parallel",
        *,
        embedding_size=None,
        filters=None,
        kernel_sizes=None,
        dropout=None,
        analyzer="char",
        lowercase=False,
        max_features=None,
        max_length=None,
        epochs=15,
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
        self.architecture = architecture
        self.embedding_size = embedding_size
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
        if self.architecture == "expose":
            given |= {"length": self.max_length_}
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
