"""Training on class labels."""

import reprlib
from typing import Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
)

from skdeep import runtime
from skdeep.encoding.numbers import refuse_masked, understood
from skdeep.encoding.rows import distinct_rows, normalized_weights
from skdeep.encoding.targets import (
    check_label_types,
    class_weights,
    encode_classes,
)
from skdeep.networks.losses import class_accuracy, class_cross_entropy


class LabelLearningMixin:
    """Training on class labels, whatever comes out afterwards."""

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Learn to tell the classes apart.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Training samples; see the class for their form.
        y : array-like of shape (n_samples,)
            Class labels: integers, strings or booleans, at least two different ones.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights. A weight of two equals the sample given twice.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X or y cannot be read, y has a single class, or training diverges.
            The estimator then keeps its previous fit.

        Notes
        -----
        For images and vectors: an array in a file of more than a quarter of
        scikit-learn's `working_memory` (256 MiB by default), see
        `skdeep.datasets.LazyRows`, is read piece by piece.
        Its rows are shuffled by blocks and taken as they come: equal ones are not
        merged, and their order in the file matters a little. Sorted by class, they
        should be put into random order before they are written.

        With `checkpoint`, the file is written after each epoch and replaced as a whole;
        it holds numbers and no code. `fit` goes on from it if class, parameters (all
        but `verbose` and `checkpoint`; `epochs`, too), data, weights of the samples and
        versions are those it was written with. Otherwise it raises
        `skdeep.persistence.CheckpointError`, a ValueError, and leaves the file alone.
        What comes before the training proper, such as pretraining, is done again. Seeds
        that were drawn from `random_state` are in the file, so that None works, too;
        the state of a generator is not compared. The file is removed at the end, so
        that the next `fit` starts anew; two fits cannot use one file at the same time.
        Keras callbacks and `partial_fit` do not go with it.
        """
        with self._previous_fit_kept(), self._checkpointed():
            resume = self.warm_start and self.__sklearn_is_fitted__()
            return self._learn(X, y, sample_weight, resume=resume)

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Make one more pass over some samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples, as in `fit`.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur; may be left out if the first call, or
            an earlier `fit`, sees all of them.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, which count relative to one another: those of one call
            have mean one. Weights of `class_weight` count as they are; "balanced" looks
            at the labels of this call.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        with self._previous_fit_kept():
            resume = self.__sklearn_is_fitted__()
            if classes is not None:
                classes = _named_classes(classes)
                if resume:
                    self._check_same_classes(classes, "partial_fit")
            return self._learn(
                X, y, sample_weight, resume=resume, one_epoch=True, classes=classes
            )

    def _learn(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        resume: bool,
        one_epoch: bool = False,
        classes: Any = None,
    ) -> Any:
        rows = self._encode_input(X, reset=not resume)
        labels = self._check_labels(y, rows)
        weights = self._check_weights(sample_weight, rows)
        if weights is not None and not weights.all():
            # A row that weighs nothing is not there; its class may not be, either.
            there = np.flatnonzero(weights)
            rows = self._encode_some(X, rows, there, reset=not resume)
            labels, weights = labels[there], weights[there]
        known = self.classes_ if resume and one_epoch else classes
        rows, labels, weights = self._select(
            rows, labels, weights, resume=resume, classes=known
        )
        found = self._several_classes(labels, known)
        if resume and not one_epoch:
            self._check_same_classes(found, "warm_start=True")
        self.classes_ = found
        codes = encode_classes(labels, self.classes_)
        chosen, weights = distinct_rows(rows, codes, weights)
        rows, codes = self._take(rows, chosen), codes[chosen]
        feed = self._feed(rows)
        weights = self._weights_of_classes(codes, weights, one_epoch)
        if not one_epoch:
            self._advise_on_batches(feed, codes)
        self._train(
            X,
            y,
            feed,
            runtime.ArrayFeed(codes, as_float=False),
            loss=self._loss(),
            metrics=(("accuracy", runtime.LossSpec(class_accuracy)),),
            sample_weight=weights,
            strata=codes,
            initial_weights=None if resume else self._initial_weights(feed, weights),
            resume=resume,
            one_epoch=one_epoch,
        )
        self._after_training(rows)
        if not one_epoch:
            self._advise_on_units(rows)
        return self

    def _weights_of_classes(
        self, codes: np.ndarray, weights: np.ndarray | None, one_epoch: bool
    ) -> np.ndarray | None:
        """Return weights of rows times those of their classes."""
        of_class = class_weights(self.class_weight, self.classes_, codes, weights)
        if of_class is None:
            return weights
        weights = of_class * (1 if weights is None else weights)
        if one_epoch and self.class_weight != "balanced":
            # A call may have rows of one class only, whose weight counts.
            return weights.astype(np.float32)
        return normalized_weights(weights)

    def _after_training(self, rows: Any) -> None:
        """Measure something on the distinct training rows; nothing by default."""

    def _select(
        self,
        rows: Any,
        labels: np.ndarray,
        weights: np.ndarray | None,
        *,
        resume: bool,
        classes: Any,
    ) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """Return the rows to learn the classes from; all by default.

        `classes` is what they are known to be, or None.
        """
        return rows, labels, weights

    def _initial_weights(
        self, feed: runtime.Feed, sample_weight: np.ndarray | None
    ) -> list[np.ndarray] | None:
        """Return weights to start from, such as pretrained ones; None for random."""
        return None

    def _loss(self) -> runtime.LossSpec:
        return runtime.LossSpec(class_cross_entropy)

    def _check_labels(self, y: Any, rows: Any) -> np.ndarray:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        _refuse_mixed(y, "y")
        with understood("y"):
            labels = column_or_1d(y, warn=True)
            assert_all_finite(labels, input_name="y")
            check_consistent_length(np.empty(len(rows)), labels)
            check_label_types(labels)
            check_classification_targets(labels)
        return labels

    def _several_classes(self, labels: np.ndarray, classes: Any) -> np.ndarray:
        """Return the classes, sorted: those of the labels if they are not known."""
        found = np.unique(labels if classes is None else classes)
        if len(found) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes to tell apart, but y "
                f"has only 1 class: {found.tolist()}. Pass samples of another class."
            )
        return found

    def _check_same_classes(self, found: np.ndarray, where: str) -> None:
        if not np.array_equal(found, self.classes_):
            raise ValueError(
                f"{where} goes on with the classes of the previous fit, "
                f"{self.classes_.tolist()}, but got {found.tolist()}. Use the same "
                "classes, or fit a new estimator."
            )

    @property
    def _n_outputs(self) -> int:
        n_classes = len(self.classes_)
        return 1 if n_classes == 2 else n_classes


def _refuse_mixed(labels: Any, name: str) -> None:
    """Refuse masked labels, and a list of words and something else."""
    refuse_masked(labels, name)
    if isinstance(labels, list | tuple):
        # Of words and something else NumPy makes words: "nan", "-1".
        entries = np.fromiter(labels, dtype=object, count=len(labels))
        check_label_types(entries, name)


def _named_classes(classes: Any) -> np.ndarray:
    """Return the classes that `partial_fit` is given, sorted."""
    _refuse_mixed(classes, "classes")
    with understood("classes"):
        found = np.asarray(classes)
        if found.ndim != 1 or len(found) < 2:
            raise ValueError(
                "classes must be a list or array of at least 2 labels, got "
                f"{reprlib.repr(classes)}. Pass all labels that will ever occur."
            )
        assert_all_finite(found, input_name="classes")
        check_label_types(found, "classes")
        # Not `check_classification_targets`, which warns of as many classes as rows.
        if type_of_target(found) not in ("binary", "multiclass"):
            raise ValueError(
                f"classes must be labels, got {reprlib.repr(classes)}. Pass integers "
                "or words, no fractions."
            )
        return np.unique(found)
