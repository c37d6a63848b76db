"""Transformers around users' networks."""

from typing import Any

import keras
import numpy as np
from scipy.sparse import issparse
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.metrics import mean_squared_error
from sklearn.utils.validation import check_is_fitted

from skdeep import runtime
from skdeep.base import _Hidden
from skdeep.runtime.descriptions import describe_network
from skdeep.wrappers._base import BaseWrapper
from skdeep.wrappers._data import is_double
from skdeep.wrappers._encoded_rows import is_array


class KerasTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseWrapper):
    """Wrap a Keras network as a transformer.

    The network is trained to give its inputs back, as an autoencoder, and `transform`
    returns what one of its layers says. Prefer the ready-made autoencoders where they
    have the network you want. With `initialize` a network that has been trained
    elsewhere becomes a transformer as it is.

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
    output_layer : str, default=None
        Name of the layer whose output `transform` returns; None for the last one.
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
    X_shape_, X_dtype_ : tuple of int, dtype
        Of X in `fit`.
    n_features_in_ : int
        Size of the second axis of X.

    See Also
    --------
    KerasClassifier : For classes.
    KerasRegressor : For numbers.
    ConvAutoencoderTransformer : A ready-made autoencoder.

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
    >>> from skdeep import KerasTransformer
    >>> def autoencoder(n_components, meta):
    ...     n_features = meta["n_features_in_"]
    ...     return keras.Sequential(
    ...         [
    ...             keras.Input((n_features,)),
    ...             keras.layers.Dense(n_components, name="code"),
    ...             keras.layers.Dense(n_features),
    ...         ]
    ...     )
    >>> X = np.random.default_rng(0).random((20, 6))
    >>> transformer = KerasTransformer(
    ...     autoencoder, n_components=2, loss="mse", output_layer="code", verbose=0
    ... )
    >>> transformer.fit_transform(X).shape
    (20, 2)
    """

    _parameter_constraints: dict = {
        **BaseWrapper._parameter_constraints,
        "output_layer": [str, None],
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
        output_layer=None,
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
        self.output_layer = output_layer

    # What a network makes of samples are features here, and no predictions.
    predict = _Hidden()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None, **kwargs):
        """Build the network and train it to give X back.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Training samples.
        y : None
            Ignored; here so that the estimator works in pipelines.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights; rows of weight zero are left out.
        **kwargs : object
            More arguments of `keras.Model.fit`; better given as parameters that start
            with `fit__`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X cannot be read, the model has no loss, or training diverges. The
            estimator then keeps its previous fit.
        """
        return self._learn(
            X, None, sample_weight, resume=self.warm_start, arguments=kwargs
        )

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None, **kwargs):
        """Train for one more epoch.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights.
        **kwargs : object
            More arguments of `keras.Model.fit`, but for epochs.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        return self._learn_one_epoch(X, None, sample_weight, kwargs)

    def initialize(self, X, y=None):
        """Build the network without training it, to use the weights it has.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples that show what the network takes.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The estimator, ready to transform.
        """
        return self._initialize_model(X, None)

    def transform(self, X):
        """Return what the layer says of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            In float64 if X is, otherwise in float32; a layer's output of more than two
            dimensions is flattened.

        Raises
        ------
        NotFittedError
            If neither `fit` nor `initialize` was called.
        ValueError
            If the network has no layer of that name.
        """
        check_is_fitted(self)
        outputs = np.asarray(self._layer_outputs(X))
        features = outputs.reshape(len(outputs), -1)
        return features.astype(np.float64 if is_double(X) else np.float32, copy=False)

    def _layer_outputs(self, X: Any) -> Any:
        if self.output_layer is None:
            return self._predict_raw(X)
        rows = self._encoded(self.feature_encoder_, self._valid_inputs(X, reset=False))
        self._leave_changed_model()
        model, part = self._part()
        description = describe_network(part)
        if description is None or not is_array(rows):
            return part.predict(rows, verbose=0)
        places = {id(v): i for i, v in enumerate(model.weights)}
        weights = [self.weights_[places[id(v)]] for v in part.weights]
        return self._inferred(description, weights, rows)

    def _part(self) -> tuple[keras.Model, keras.Model]:
        """Return the model, and the part of it that ends with the layer."""
        model = self._live_model()[1]
        names = [layer.name for layer in model.layers]
        if self.output_layer not in names:
            raise ValueError(
                f"output_layer={self.output_layer!r} is not a layer of the network, "
                f"whose layers are {names}. Name one of them."
            )
        output = model.get_layer(self.output_layer).output
        return model, keras.Model(model.inputs[0], output)

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self)
        model = self._part()[1] if self.output_layer else self._live_model()[1]
        return int(np.prod(model.output_shape[1:]))

    @staticmethod
    def scorer(y_true, y_pred, **kwargs):
        """Return minus the mean squared error of the reconstruction.

        Parameters
        ----------
        y_true : array-like of shape (n_samples, ...)
            Samples.
        y_pred : array-like of shape (n_samples, ...)
            What the network made of them.
        **kwargs : object
            `sample_weight`, and parameters that start with `score__`.

        Returns
        -------
        score : float
            At most 0; larger is better.
        """
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        rows = [array.reshape(len(array), -1) for array in (y_true, y_pred)]
        return -mean_squared_error(*rows, **kwargs)

    def score(self, X, y=None, sample_weight=None):
        """Return minus the mean squared error of the reconstruction.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features, ...)
            Samples, as in `fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the mean.

        Returns
        -------
        score : float
            At most 0; larger is better.
        """
        outputs = super().predict(X)
        wanted = X.toarray() if issparse(X) else X
        return self.scorer(
            wanted, outputs, sample_weight=sample_weight, **self._routed("score")
        )
