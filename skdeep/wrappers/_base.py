"""What all wrappers of users' networks are: SciKeras' constructor, fit and predict."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.multiclass import type_of_target

from skdeep import runtime
from skdeep.base import TRAINING_CONSTRAINTS
from skdeep.wrappers._predicting import ModelPredictor
from skdeep.wrappers._training import _BATCH_SIZE

_BATCH_SIZE_CONSTRAINT = [
    Interval(Integral, 1, None, closed="left"),
    Options(Integral, {-1}),
    None,
]


class BaseWrapper(ModelPredictor):
    """Wrap a Keras network in scikit-learn's interface, for any kind of target.

    The parent of `KerasClassifier`, `KerasRegressor` and `KerasTransformer`: use these
    where they fit, and this one as the parent of estimators of your own. A subclass
    may override `target_encoder` and `feature_encoder`, which say how y and X become
    what the network takes, `scorer`, and define `_keras_build_fn`, which is then the
    function that builds the network.

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
    **routed : object
        Parameters routed to the model's function (`model__`, or by their own names),
        to `keras.Model.compile`, `fit` and `predict` (`compile__`, `fit__`,
        `predict__`), or to the optimizer, loss, metrics, callbacks and scorer
        (`optimizer__`, `loss__`, `metrics__`, `callbacks__`, `score__`).

    Attributes
    ----------
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
    KerasClassifier : For classes.
    KerasRegressor : For numbers.
    KerasTransformer : For networks whose outputs are features.

    Notes
    -----
    A network of Keras' own layers with one input and one output, a loss of Keras' and
    callbacks that look at epochs is compiled once and used again by all fits of that
    network, whatever function has built it: a search over learning rates compiles
    once. Everything else trains through `keras.Model.fit`. Either way rows are put
    into an order that their content decides and shuffled by `random_state`, so that a
    fit depends neither on the order of the rows nor on the way taken, but for
    rounding. Where `sample_weight` holds whole numbers, a row of weight two is the
    same as the row given twice. What needs the rows as they were given (several inputs
    or outputs, `validation_split`, `shuffle=False`, a model with its own `fit`,
    arguments of `fit`) gets them so, weighted as Keras does it.

    Pickles hold parameters and NumPy arrays. A function goes into them by reference,
    as Python does it: define it in a module that can be imported.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skdeep.wrappers import BaseWrapper
    >>> def sums(meta):
    ...     return keras.Sequential(
    ...         [keras.Input(meta["X_shape_"][1:]), keras.layers.Dense(1)]
    ...     )
    >>> X = np.eye(4)
    >>> wrapper = BaseWrapper(sums, loss="mse", verbose=0, random_state=0)
    >>> wrapper.fit(X, X.sum(axis=1)).predict(X).shape
    (4, 1)
    """

    _parameter_constraints: dict = {
        "model": "no_validation",
        "build_fn": "no_validation",
        "warm_start": TRAINING_CONSTRAINTS["warm_start"],
        "random_state": TRAINING_CONSTRAINTS["random_state"],
        "optimizer": [*TRAINING_CONSTRAINTS["optimizer"], None],
        "loss": [str, list, tuple, dict, callable, None],
        "metrics": [str, list, tuple, dict, callable, None],
        "batch_size": _BATCH_SIZE_CONSTRAINT,
        "validation_batch_size": _BATCH_SIZE_CONSTRAINT,
        "verbose": ["verbose", StrOptions({"auto"})],
        "callbacks": TRAINING_CONSTRAINTS["callbacks"],
        "validation_split": [Interval(Real, 0, 1, closed="left")],
        "shuffle": ["boolean", StrOptions({"batch"})],
        "run_eagerly": ["boolean"],
        "epochs": TRAINING_CONSTRAINTS["epochs"],
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
        **routed,
    ):
        self.model = model
        self.build_fn = build_fn
        self.warm_start = warm_start
        self.random_state = random_state
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        self.batch_size = batch_size
        self.validation_batch_size = validation_batch_size
        self.verbose = verbose
        self.callbacks = callbacks
        self.validation_split = validation_split
        self.shuffle = shuffle
        self.run_eagerly = run_eagerly
        self.epochs = epochs
        self._route(routed)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags

    @property
    def _one_epoch_only(self) -> bool:
        """Whether training is too short to promise anything of the scores."""
        return vars(self).get("fit__epochs", vars(self).get("epochs", 1)) == 1

    # -- hooks -----------------------------------------------------------------------

    @property
    def target_encoder(self):
        """A new, unfitted transformer of y.

        Override it to turn y into what the network takes, and its outputs back by
        `inverse_transform`. What a method `get_metadata` returns becomes attributes.
        """
        return FunctionTransformer()

    @property
    def feature_encoder(self):
        """A new, unfitted transformer of X.

        Override it to turn X into what the network takes, such as a list or dict of
        arrays for several inputs. What a method `get_metadata` returns becomes
        attributes.
        """
        return FunctionTransformer()

    @staticmethod
    def scorer(y_true, y_pred, **kwargs):
        """Return how good predictions are; to be overridden.

        Parameters
        ----------
        y_true : array-like
            What is true.
        y_pred : array-like
            What `predict` returned.
        **kwargs : object
            `sample_weight`, and parameters that start with `score__`.

        Returns
        -------
        score : float
            Larger is better.
        """
        raise NotImplementedError(
            "Scoring is not implemented on BaseWrapper, which does not know what y is. "
            "Use KerasClassifier or KerasRegressor, or define `scorer` in a subclass."
        )

    def _type_of_target(self, y: np.ndarray) -> str:
        return type_of_target(y, input_name="y")

    # -- fitting ---------------------------------------------------------------------

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, **kwargs):
        """Build the network and train it.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Training samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights; rows of weight zero are left out.
        **kwargs : object
            More arguments of `keras.Model.fit`; better given as parameters that start
            with `fit__`. X and y in `validation_data` are encoded as these are.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X or y cannot be read, the model has no loss, or too few outputs for the
            classes of y, or training diverges. The estimator then keeps its previous
            fit.
        TypeError
            If `model` is nothing that builds a model, or does not take its parameters.
        """
        return self._learn(
            X, y, sample_weight, resume=self.warm_start, arguments=kwargs
        )

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, **kwargs):
        """Train for one more epoch.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights.
        **kwargs : object
            More arguments of `keras.Model.fit`, but for epochs.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        return self._learn_one_epoch(X, y, sample_weight, kwargs)

    def _learn_one_epoch(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        arguments: dict[str, Any],
        classes: Any = None,
    ) -> Any:
        if wrong := {"epochs", "initial_epoch"} & set(arguments):
            raise TypeError(
                f"Invalid argument `{min(wrong)}` to `partial_fit`, which always "
                "trains for one epoch from the current one. Use fit to train longer."
            )
        return self._learn(
            X,
            y,
            sample_weight,
            resume=True,
            one_epoch=True,
            classes=classes,
            arguments=arguments,
        )

    def initialize(self, X, y=None):
        """Build the network without training it, to use the weights it has.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples that show what the network takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Their targets.

        Returns
        -------
        self : object
            The estimator, ready to predict.
        """
        return self._initialize_model(X, y)

    def _networks_to_describe(self) -> tuple[Any, Any]:
        return self.model_, self.model_

    def _batch_size_of_training(self) -> int:
        size = vars(self).get("fit__batch_size") or self.batch_size or _BATCH_SIZE
        return self.X_shape_[0] if size == -1 else size

    def _optimizer_bytes(self, trained: Any) -> int | None:
        if getattr(trained, "optimizer", None) is None:
            return None
        optimizer = runtime.OptimizerSpec.from_optimizer(trained.optimizer)
        return runtime.optimizer_bytes(optimizer, trained)

    # -- predicting ------------------------------------------------------------------

    def predict(self, X, **kwargs):
        """Return the predictions for samples.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.
        **kwargs : object
            More arguments of `keras.Model.predict`; better given as parameters that
            start with `predict__`.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            What `target_encoder_` makes of the network's outputs.

        Raises
        ------
        NotFittedError
            If neither `fit` nor `initialize` was called.
        """
        outputs = self._predict_raw(X, **kwargs)
        return self.target_encoder_.inverse_transform(outputs)

    def score(self, X, y, sample_weight=None):
        """Return the score of the predictions, by `scorer`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What is true of them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the score.

        Returns
        -------
        score : float
            Larger is better.
        """
        return self.scorer(
            y, self.predict(X), sample_weight=sample_weight, **self._routed("score")
        )

    @property
    def initialized_(self):
        """Whether the estimator can predict: `fit` or `initialize` was called."""
        return self.__sklearn_is_fitted__()
