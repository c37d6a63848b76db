"""Regressors around users' networks."""

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from skdeep.wrappers._base import BaseWrapper
from skdeep.wrappers._data import is_double
from skdeep.wrappers._targets import RegressorTargets


class KerasRegressor(RegressorMixin, BaseWrapper):
    """Wrap a Keras network as a regressor.

    Bring a function that returns a network and get a scikit-learn regressor, with the
    parameters of SciKeras. Networks train best on targets of about zero mean and unit
    variance: see `sklearn.compose.TransformedTargetRegressor`.

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
    >>> import numpy as np
    >>> from skdeep import KerasRegressor
    >>> def network(meta):
    ...     return keras.Sequential(
    ...         [
    ...             keras.Input(meta["X_shape_"][1:]),
    ...             keras.layers.Dense(meta["n_outputs_"]),
    ...         ]
    ...     )
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> y = X @ [1.0, 2.0, 3.0]
    >>> regressor = KerasRegressor(
    ...     network,
    ...     loss="mse",
    ...     optimizer__learning_rate=0.1,
    ...     epochs=30,
    ...     verbose=0,
    ...     random_state=0,
    ... )
    >>> regressor.fit(X, y).score(X, y) > 0.9
    True
    """

    # By `scorer`, which subclasses may override, and not as the mixin has it.
    score = BaseWrapper.score

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = self._one_epoch_only
        return tags

    @property
    def target_encoder(self):
        """A new, unfitted transformer of y.

        Override it to turn y into what the network takes, and its outputs back by
        `inverse_transform`.
        """
        return RegressorTargets()

    @staticmethod
    def scorer(y_true, y_pred, **kwargs):
        """Return the coefficient of determination of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What is true.
        y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What `predict` returned.
        **kwargs : object
            `sample_weight`, and parameters that start with `score__`.

        Returns
        -------
        score : float
            At most 1; 0 is as good as the mean.
        """
        return r2_score(y_true, y_pred, **kwargs)

    def _validate_data(
        self, X: Any = None, y: Any = None, reset: bool = False, y_numeric: bool = True
    ) -> tuple[Any, Any]:
        return super()._validate_data(X, y, reset=reset, y_numeric=True)

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
            In float64 if X is, otherwise in the network's own precision.

        Raises
        ------
        NotFittedError
            If neither `fit` nor `initialize` was called.
        """
        predictions = super().predict(X, **kwargs)
        if isinstance(predictions, np.ndarray) and is_double(X):
            return predictions.astype(np.float64, copy=False)
        return predictions
