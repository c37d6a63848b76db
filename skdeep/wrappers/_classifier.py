"""Classifiers around users' networks."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skdeep import runtime
from skdeep.encoding.targets import class_weights, encode_classes
from skdeep.wrappers._base import BaseWrapper
from skdeep.wrappers._targets import ClassifierTargets, is_one_hot


def _has_own_targets(estimator: Any) -> bool:
    """Tell whether it is known what the outputs of a network stand for."""
    return type(estimator).target_encoder is KerasClassifier.target_encoder


class KerasClassifier(ClassifierMixin, BaseWrapper):
    """Wrap a Keras network as a classifier.

    Bring a function that returns a network and get a scikit-learn classifier, with the
    parameters of SciKeras. Prefer it where none of the ready-made estimators has the
    network you want.

    Labels reach the network as numbers from 0 up, or as one column for each class if
    the loss is one of Keras' that compares columns: a categorical cross-entropy or,
    where the network has an output for each class, all that are not sparse. A network
    for two classes may end in one unit with a sigmoid. Indicators of several labels
    (multilabel) stay as they are. With a loss of `from_logits=True` outputs are turned
    into probabilities; of a single output ``o`` that a hinge loss has trained,
    ``(1 + o) / 2`` stands for one, as 0 is the border between the classes.

    Parameters
    ----------
    model : callable or keras.Model, default=None
        Function that returns a `keras.Model`, compiled or not. It is called with the
        parameters that start with `model__`, and with `meta` (what `fit` has learned
        of the data), `compile_kwargs` (what to compile with) and `params` if it names
        them. An instance is copied, never changed, and trained from the weights it
        has. None in a subclass with a method `_keras_build_fn`.
    build_fn : callable or keras.Model, default=None
        Old name of `model`.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the previous fit.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, dropout and shuffling. No global seed is touched; an
        instance is read from, not used up.
    optimizer : str, class, keras.optimizers.Optimizer or None, default="rmsprop"
        What to compile with, unless the function compiles. Parameters of a name or
        class are routed to it, as in `optimizer__learning_rate=0.01`.
    loss : str, class, keras.losses.Loss, callable, list, dict or None, default=None
        What to compile with, unless the function compiles; routed as `loss__`.
    metrics : str, class, keras.metrics.Metric, callable, list, dict or None, \
            default=None
        What to compile with, unless the function compiles; routed as `metrics__`.
    batch_size : int or None, default=None
        Rows in a step of the optimizer; None for 32 and -1 for all rows.
    validation_batch_size : int or None, default=None
        Rows that are validated at once.
    verbose : int or "auto", default=1
        Whether to show progress.
    callbacks : keras.callbacks.Callback, class, list or dict, default=None
        Keras callbacks; classes are constructed, with parameters routed as in
        `callbacks__patience`.
    validation_split : float in [0, 1), default=0.0
        Share of the rows, the last ones, to validate on.
    shuffle : bool or "batch", default=True
        Whether to shuffle the rows before each epoch.
    run_eagerly : bool, default=False
        Whether to run Python code instead of compiled graphs.
    epochs : int, default=1
        Number of passes over the rows.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn.
    **routed : object
        Parameters routed to the model's function (`model__`, or by their own names),
        to `keras.Model.compile`, `fit` and `predict` (`compile__`, `fit__`,
        `predict__`), or to the optimizer, loss, metrics, callbacks and scorer
        (`optimizer__`, `loss__`, `metrics__`, `callbacks__`, `score__`).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted; numbers of the columns for indicators.
    n_classes_ : int
        How many there are.
    weights_ : list of ndarray
        Weights of the network, in the order of `keras.Model.weights`.
    history_ : dict of str to list of float
        "loss" and metrics of each epoch, by their full names.
    n_iter_ : int
        Number of epochs in `history_`.
    n_samples_seen_ : int
        Number of rows trained on, each once for every epoch in `history_`.
    model_ : keras.Model
        The compiled model with the fitted weights.
    current_epoch : int
        Number of epochs in `history_`, 0 before `fit`.
    initialized_ : bool
        Whether `fit` or `initialize` was called.
    feature_encoder_, target_encoder_ : object
        What turns X and y into what the model takes.
    target_type_ : str
        What `sklearn.utils.multiclass.type_of_target` says of y.
    n_outputs_ : int
        Number of columns of y, or 1 for classes.
    n_outputs_expected_ : int
        Number of outputs that the network must have.
    X_shape_, X_dtype_ : tuple of int, dtype
        Of X in `fit`.
    y_ndim_, y_dtype_ : int, dtype
        Of y in `fit`.
    n_features_in_ : int
        Size of the second axis of X.

    See Also
    --------
    KerasRegressor : For numbers.
    KerasTransformer : For networks whose outputs are features.

    Notes
    -----
    The notes of `skdeep.wrappers.BaseWrapper` tell which networks are compiled once for
    all fits, and how the order and the weights of rows count.

    Pickles hold parameters and NumPy arrays. A function goes into them by reference,
    as Python does it: define it in a module that can be imported.

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_iris
    >>> from skdeep import KerasClassifier
    >>> def network(units, meta):
    ...     return keras.Sequential(
    ...         [
    ...             keras.Input(meta["X_shape_"][1:]),
    ...             keras.layers.Dense(units, activation="relu"),
    ...             keras.layers.Dense(meta["n_classes_"], activation="softmax"),
    ...         ]
    ...     )
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = KerasClassifier(
    ...     network,
    ...     model__units=8,
    ...     loss="sparse_categorical_crossentropy",
    ...     optimizer__learning_rate=0.01,
    ...     epochs=30,
    ...     verbose=0,
    ...     random_state=0,
    ... )
    >>> classifier.fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints: dict = {
        **BaseWrapper._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        model=None,
        *,
        build_fn=None,
        warm_start=False,
        random_state=None,
        optimizer="rmsprop",
        loss=None,
        metrics=None,
        batch_size=None,
        validation_batch_size=None,
        verbose=1,
        callbacks=None,
        validation_split=0.0,
        shuffle=True,
        run_eagerly=False,
        epochs=1,
        class_weight=None,
        **routed,
    ):
        super().__init__(
            model=model,
            build_fn=build_fn,
            warm_start=warm_start,
            random_state=random_state,
            optimizer=optimizer,
            loss=loss,
            metrics=metrics,
            batch_size=batch_size,
            validation_batch_size=validation_batch_size,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            shuffle=shuffle,
            run_eagerly=run_eagerly,
            epochs=epochs,
            **routed,
        )
        self.class_weight = class_weight

    # By `scorer`, which subclasses may override, and not as the mixin has it.
    score = BaseWrapper.score

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.poor_score = self._one_epoch_only
        return tags

    @property
    def _fit_kwargs(self) -> set[str]:
        # The parameter becomes weights of rows. `fit__class_weight` is Keras' own.
        return BaseWrapper._fit_kwargs - {"class_weight"}

    @property
    def target_encoder(self):
        """A new, unfitted transformer of y.

        Override it to turn y into what the network takes. `inverse_transform` must
        take an argument `return_proba`, which `predict_proba` sets.
        """
        return ClassifierTargets(loss=self.loss, classes=vars(self).get("classes_"))

    @staticmethod
    def scorer(y_true, y_pred, **kwargs):
        """Return the accuracy of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What `predict` returned.
        **kwargs : object
            `sample_weight`, and parameters that start with `score__`.

        Returns
        -------
        score : float
            Share of samples of which everything is right.
        """
        return accuracy_score(y_true, y_pred, **kwargs)

    def _type_of_target(self, y: np.ndarray) -> str:
        kind = super()._type_of_target(y)
        known = vars(self).get("classes_")
        if kind == "binary" and known is not None:
            # There may be classes that these rows do not show.
            return super()._type_of_target(np.asarray(known))
        return kind

    def _weights_of_rows(
        self, y: Any, sample_weight: np.ndarray | None
    ) -> np.ndarray | None:
        if self.class_weight is None or y is None:
            return sample_weight
        known = vars(self).get("classes_")
        if self._names_one_class(y) and not isinstance(self.class_weight, list):
            known, y = np.arange(y.shape[1]), y.argmax(axis=1)
        if y.ndim == 1 or y.shape[1] == 1:
            labels = y.ravel()
            classes = np.unique(labels)
            if known is not None and np.isin(labels, known).all():
                classes = known
            of_class = class_weights(
                self.class_weight,
                classes,
                encode_classes(labels, classes),
                sample_weight,
            )
        else:
            of_class = compute_sample_weight(self.class_weight, y)
        return of_class if sample_weight is None else of_class * sample_weight

    def _names_one_class(self, y: np.ndarray) -> bool:
        """Tell whether y has a column for each class, of which one is 1."""
        encoder = vars(self).get("target_encoder_")
        possible = self.target_type_ == "multilabel-indicator" and (
            getattr(encoder, "kind_", "one-hot") == "one-hot"
        )
        return possible and is_one_hot(y)

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None, **kwargs):
        """Train for one more epoch.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur; may be left out if the first call, or an
            earlier `fit`, sees all of them.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights.
        **kwargs : object
            More arguments of `keras.Model.fit`, but for epochs.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        if classes is not None and self.__sklearn_is_fitted__():
            found = np.unique(classes)
            if not np.array_equal(found, self.classes_):
                raise ValueError(
                    "partial_fit goes on with the classes of the previous fit, "
                    f"{np.asarray(self.classes_).tolist()}, but got classes="
                    f"{found.tolist()}. Use the same classes, or fit a new estimator."
                )
        return self._learn_one_epoch(X, y, sample_weight, kwargs, classes)

    def predict_proba(self, X, **kwargs):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.
        **kwargs : object
            More arguments of `keras.Model.predict`; better given as parameters that
            start with `predict__`.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), dtype float64
            Columns in the order of `classes_`. Rows sum to one if the network's
            outputs do but for rounding; other outputs are returned as they are.

        Raises
        ------
        NotFittedError
            If neither `fit` nor `initialize` was called.
        """
        outputs = self._predict_raw(X, **kwargs)
        return self.target_encoder_.inverse_transform(outputs, return_proba=True)

    @available_if(_has_own_targets)
    def decision_function(self, X):
        """Return on which side of the border between classes a sample lies, how far.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            From probabilities ``p``: for two classes ``2 p - 1`` of the second one,
            for several labels the same of each, otherwise the probabilities. A single
            output that a hinge loss has trained is the decision itself.
        """
        check_is_fitted(self)
        if self.target_encoder_.margins_ and self.n_classes_ == 2:
            outputs = np.asarray(self._predict_raw(X), dtype=np.float64)
            if outputs.shape[1:] == (1,):
                return outputs[:, 0]
        probabilities = self.predict_proba(X)
        if self.target_type_ == "binary" and probabilities.ndim == 2:
            return 2 * probabilities[:, -1] - 1
        if self.target_type_ == "multilabel-indicator":
            return 2 * probabilities - 1
        return probabilities

    def predict_log_proba(self, X):
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes), dtype float64
            In nats; minus infinity where the probability rounds to 0.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))
