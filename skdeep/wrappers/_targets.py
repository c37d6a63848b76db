"""Targets as networks take them, and outputs of networks as users expect them."""

from functools import partial
from typing import Any

import keras
import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.multiclass import type_of_target

_KINDS = ("binary", "multiclass", "multilabel-indicator", "multiclass-multioutput")
# Losses, without underscores, that want one column for each class, whatever the
# network's outputs are.
_CATEGORICAL = {
    "categoricalcrossentropy",
    "categoricalfocalcrossentropy",
    "cce",
}
# Losses of Keras' that compare outputs with the numbers of the classes.
_OF_NUMBERS = {
    "sparsecategoricalcrossentropy",
    "categoricalgeneralizedcrossentropy",
    "circle",
    "ctc",
}
# Losses that want outputs below 0 for one class, and above for the other.
_OF_MARGINS = {"hinge", "squaredhinge"}
# Activations that reach below 0, as such losses want.
_TWO_SIDED = {
    keras.activations.linear,
    keras.activations.tanh,
    keras.activations.hard_tanh,
    keras.activations.softsign,
}
# How far the outputs of a network may sum from one and still be probabilities.
_TOLERANCE = 1e-3


def is_one_hot(y: np.ndarray) -> bool:
    """Tell whether each row of indicators names one class."""
    return bool(y.min() == 0 and np.all(y.sum(axis=1) == 1))


def single_loss(loss: Any) -> Any:
    """Return the loss of the only output where there is one for each."""
    if isinstance(loss, dict):
        loss = list(loss.values())
    return loss[0] if isinstance(loss, list | tuple) and len(loss) == 1 else loss


def _function_of(loss: Any) -> Any:
    """Return the function or class of a loss; a string or something else as it is."""
    loss = loss.func if isinstance(loss, partial) else loss
    return type(loss) if isinstance(loss, keras.losses.Loss) else loss


def name_of(loss: Any) -> str:
    """Return the name of a loss, or of its class; empty if it has none."""
    loss = _function_of(single_loss(loss))
    return loss if isinstance(loss, str) else getattr(loss, "__name__", "")


def key_of(loss: Any) -> str:
    """Return what a function and a class of the same name have in common."""
    return name_of(loss).replace("_", "").lower()


def is_of_keras(loss: Any) -> bool:
    function = _function_of(single_loss(loss))
    module = getattr(function, "__module__", "")
    return isinstance(function, str) or f"{module}".startswith("keras.")


def _last_activation(model: Any) -> Any:
    """Return the activation of the layer that a network ends with, if it tells."""
    outputs = getattr(model, "outputs", None)
    history = outputs[0]._keras_history if outputs else None
    return getattr(getattr(history, "operation", None), "activation", None)


def _says_logits(loss: Any) -> bool:
    loss = single_loss(loss)
    if isinstance(loss, partial):
        return bool(loss.keywords.get("from_logits", False))
    return bool(getattr(loss, "from_logits", False))


class _TargetEncoder(BaseEstimator):
    """Tells the estimator what it has learned of y."""

    _metadata: tuple[str, ...] = ("n_outputs_", "n_outputs_expected_")

    def get_metadata(self):
        """Return what is to become attributes of the estimator.

        Returns
        -------
        metadata : dict
        """
        return {name: getattr(self, name) for name in self._metadata}


class ClassifierTargets(_TargetEncoder):
    """Class labels to numbers, and probabilities back to labels.

    Labels become their place among the sorted classes or, where the loss asks for
    it, one column for each class. Indicators of several labels stay as they are.

    Parameters
    ----------
    loss : str, keras.losses.Loss, class or function, default=None
        What the network is trained with.
    classes : array-like of shape (n_classes,), default=None
        All labels; None for those that `fit` sees.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or None
        Labels, sorted; numbers of columns for indicators; None for several outputs
        of several classes.
    n_classes_ : int or None
        How many there are.
    n_outputs_, n_outputs_expected_ : int
        One: the number of outputs that the network must have.
    """

    _metadata = ("classes_", "n_classes_", *_TargetEncoder._metadata)
    # Files of earlier versions do not say.
    margins_ = False

    def __init__(self, loss=None, classes=None):
        self.loss = loss
        self.classes = classes

    def fit(self, y):
        """Learn the classes.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels or indicators.

        Returns
        -------
        self : object
        """
        kind = type_of_target(y, input_name="y")
        if kind == "binary" and self.classes is not None:
            # There may be classes that these rows do not show.
            kind = type_of_target(self.classes)
        if kind not in _KINDS:
            raise ValueError(
                f"Unknown label type: {kind}. y must hold class labels, or indicators "
                "of several labels; for numbers use KerasRegressor, and for anything "
                "else override target_encoder in a subclass."
            )
        self.n_outputs_ = self.n_outputs_expected_ = 1
        self.shape_ = tuple(y.shape[1:])
        if kind == "multiclass-multioutput":
            self.classes_ = self.n_classes_ = None
        elif kind == "multilabel-indicator":
            kind = "one-hot" if is_one_hot(y) else kind
            self.classes_ = np.arange(y.shape[1])
        else:
            self.classes_ = np.unique(y if self.classes is None else self.classes)
        if self.classes_ is not None:
            self.n_classes_ = len(self.classes_)
        self.kind_ = kind
        self.read_loss(self.loss)
        return self

    def read_loss(self, loss, model=None, shapes=()):
        """Note what a loss says of the targets and outputs that it compares.

        Parameters
        ----------
        loss : object
            What the network was compiled with.
        model : keras.Model, default=None
            The network, built, once there is one.
        shapes : sequence of tuple
            Shape of a row of each of its outputs, as far as they are known.
        """
        key = key_of(loss)
        self.columns_ = key in _CATEGORICAL
        self.from_logits_ = _says_logits(loss)
        self.margins_ = False
        if len(shapes) != 1:
            return
        (shape,) = shapes
        # Where nobody knows whether a sigmoid comes before, the border is that of one.
        self.margins_ = key in _OF_MARGINS and _last_activation(model) in _TWO_SIDED
        if shape == (self.n_classes_,) and shape != (1,) and key not in _OF_NUMBERS:
            self.columns_ = self.columns_ or is_of_keras(loss)

    def check_outputs(self, shapes, loss):
        """Refuse a network whose outputs cannot stand for the classes.

        Parameters
        ----------
        shapes : sequence of tuple
            Shape of a row of each output of the network, as far as they are known.
        loss : object
            What the network is compiled with.

        Raises
        ------
        ValueError
            If it has fewer units than there are classes, but for one unit that tells
            two of them apart; or another number of units than columns are wanted.
        """
        if self.kind_ not in ("binary", "multiclass") or len(shapes) != 1:
            return
        if len(shapes[0]) != 1 or shapes[0][0] is None:
            return
        n_units = shapes[0][0]
        sparse = "sparse" in name_of(loss).lower()
        one_tells = n_units == 1 and self.n_classes_ == 2 and not sparse
        enough = n_units >= self.n_classes_ or (one_tells and not self.columns_)
        if not enough or (self.columns_ and n_units != self.n_classes_):
            raise ValueError(
                f"The network has {n_units} output units, but y has {self.n_classes_} "
                f"classes and the loss is {name_of(loss)!r}. End it with "
                f"Dense({self.n_classes_}, 'softmax') for a categorical loss; "
                "Dense(1, 'sigmoid') with 'binary_crossentropy' tells two classes "
                "apart. The function that builds it is told n_classes_ in `meta`."
            )

    def transform(self, y):
        """Return labels as the network takes them.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels or indicators.

        Returns
        -------
        targets : ndarray of shape (n_samples, n_columns)
        """
        n_columns = y.shape[1] if y.ndim == 2 else 1
        n_fitted = self.shape_[0] if self.shape_ else 1
        if n_columns != n_fitted:
            raise ValueError(
                f"y has {n_columns} features (columns), but this estimator was fitted "
                f"on {n_fitted}. Pass targets of the same shape, or fit a new one."
            )
        if self.kind_ not in ("binary", "multiclass"):
            return y
        labels = y.ravel()
        places = np.searchsorted(self.classes_, labels)
        places = np.clip(places, 0, self.n_classes_ - 1)
        unknown = self.classes_[places] != labels
        if np.any(unknown):
            raise ValueError(
                f"Found unknown categories {np.unique(labels[unknown]).tolist()[:5]} "
                f"in y: the classes are {self.classes_.tolist()}. Pass all classes as "
                "`classes` to the first partial_fit, or fit a new estimator."
            )
        dtype = keras.config.floatx()
        if self.columns_:
            return np.eye(self.n_classes_, dtype=dtype)[places]
        return places.astype(dtype)[:, None]

    def inverse_transform(self, y, return_proba=False):
        """Return the labels, or their probabilities, that outputs stand for.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_columns)
            Outputs of the network.
        return_proba : bool, default=False
            Whether to return probabilities.

        Returns
        -------
        labels : ndarray
            Labels of the shape that was fitted, or probabilities in float64.
        """
        if self.kind_ == "multiclass-multioutput":
            if return_proba:
                return y
            raise NotImplementedError(
                "Class-predictions are not clearly defined for several outputs of "
                "several classes. Use predict_proba, or override target_encoder in a "
                "subclass."
            )
        if self.kind_ == "multilabel-indicator":
            y = self._positive(np.asarray(y, dtype=np.float64))
            return y if return_proba else np.around(y).astype(np.int64)
        probabilities = self._probabilities(np.asarray(y, dtype=np.float64))
        if return_proba:
            return probabilities
        best = probabilities.reshape(len(y), -1).argmax(axis=1)
        if self.kind_ == "one-hot":
            return np.eye(self.n_classes_, dtype=np.int64)[best]
        return self.classes_[best].reshape(-1, *self.shape_)

    def _probabilities(self, outputs):
        """Return one column for each class, if the outputs can be read as such."""
        if outputs.ndim == 1:
            outputs = outputs[:, None]
        n_columns = outputs.shape[1]
        if self.n_classes_ == 1:
            return np.ones((len(outputs), 1))
        if n_columns == 1 and self.n_classes_ == 2:
            positive = self._positive(outputs)
            return np.hstack([1 - positive, positive])
        if n_columns < self.n_classes_:
            # Whatever this network says, it is not the probability of each class.
            return np.squeeze(outputs, axis=1) if n_columns == 1 else outputs
        # A network may have outputs for classes that these data do not show.
        outputs = outputs[:, : self.n_classes_]
        if self.from_logits_:
            return softmax(outputs, axis=1)
        sums = outputs.sum(axis=1, keepdims=True)
        near_one = np.all(np.abs(sums - 1) < _TOLERANCE) or n_columns > self.n_classes_
        if near_one and np.all(outputs >= 0) and np.all(sums > 0):
            return outputs / sums
        return outputs

    def _positive(self, outputs):
        """Return the probability that one output, or each of several, stands for."""
        if self.margins_:
            return np.clip((1 + outputs) / 2, 0, 1)
        return expit(outputs) if self.from_logits_ else outputs


class RegressorTargets(_TargetEncoder):
    """Numbers as they are, in the shape that was fitted.

    Attributes
    ----------
    n_outputs_ : int
        Number of columns of y.
    n_outputs_expected_ : int
        One: the number of outputs that the network must have.
    """

    def fit(self, y):
        """Learn the shape.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Targets.

        Returns
        -------
        self : object
        """
        self.shape_ = tuple(y.shape[1:])
        self.n_outputs_ = y.shape[1] if y.ndim == 2 else 1
        self.n_outputs_expected_ = 1
        return self

    def check_outputs(self, shapes, loss):
        """Refuse a network that Keras would train, but that cannot predict y.

        Parameters
        ----------
        shapes : sequence of tuple
            Shape of a row of each output of the network, as far as they are known.
        loss : object
            What the network is compiled with; one of the user's may know better.
        """
        if len(shapes) == 1 and is_of_keras(loss) and None not in shapes[0]:
            self._check_shape(shapes[0])

    def _check_shape(self, shape):
        if int(np.prod(shape)) != int(np.prod(self.shape_)):
            raise ValueError(
                f"The network's output for a sample has shape {shape}, but the "
                f"targets have {self.shape_}. Let the network end in as many units as "
                "y has columns: meta['n_outputs_'] says how many."
            )

    def transform(self, y):
        """Return targets as they are.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Targets.

        Returns
        -------
        targets : ndarray
        """
        n_outputs = y.shape[1] if y.ndim == 2 else 1
        if n_outputs != self.n_outputs_:
            raise ValueError(
                f"Detected ``y`` to have {n_outputs} outputs, of shape {y.shape}, but "
                f"this estimator was fitted on {self.n_outputs_}. Pass targets of the "
                "same shape, or fit a new estimator."
            )
        return y

    def inverse_transform(self, y):
        """Return outputs in the shape that was fitted.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_columns)
            Outputs of the network.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        self._check_shape(y.shape[1:])
        return y.reshape(-1, *self.shape_)


_PLAIN = {"classifier": ClassifierTargets, "regressor": RegressorTargets}


def as_plain(encoder: Any) -> Any:
    """Return one of our own encoders as a dict of plain values, others as they are."""
    if type(encoder) is FunctionTransformer and _is_default(encoder):
        return {"encoder": "unchanged"}
    for name, cls in _PLAIN.items():
        if type(encoder) is cls:
            parameters = cls().get_params()
            fitted = {k: v for k, v in vars(encoder).items() if k not in parameters}
            return {"encoder": name, **fitted}
    return encoder


def from_plain(state: Any, loss: Any) -> Any:
    """Return the encoder that `as_plain` made a dict of."""
    if not isinstance(state, dict) or "encoder" not in state:
        return state
    state = dict(state)
    name = state.pop("encoder")
    if name == "unchanged":
        return FunctionTransformer()
    encoder = ClassifierTargets(loss) if name == "classifier" else RegressorTargets()
    vars(encoder).update(state)
    return encoder


def _is_default(encoder: FunctionTransformer) -> bool:
    default = FunctionTransformer()
    return vars(encoder).keys() == vars(default).keys() and all(
        value is vars(default)[name] for name, value in vars(encoder).items()
    )
