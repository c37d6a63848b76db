"""From what the user passes to arrays, and from arrays to what the model takes."""

from typing import Any

import keras
import numpy as np
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import assert_all_finite, get_tags
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _num_samples,
    check_array,
    check_consistent_length,
)

from skdeep.encoding.numbers import refuse_masked, refuse_other_kinds, understood
from skdeep.wrappers._building import ModelBuilder
from skdeep.wrappers._target_columns import as_column


def is_double(X: Any) -> bool:
    """Tell whether X holds numbers in double precision."""
    dtype = getattr(X, "dtype", None)
    if not isinstance(dtype, np.dtype):
        dtype = np.asarray(X).dtype
    return dtype == np.float64


class DataEncoder(ModelBuilder):
    """Validates X, y and weights, and runs the user's encoders."""

    # -- validation --------------------------------------------------------------

    def _as_array(self, X: Any) -> Any:
        """Return X as an array of numbers of any number of dimensions, or as CSR."""
        refuse_masked(X, "X")
        dtype = getattr(X, "dtype", None)
        if not isinstance(dtype, np.dtype):
            try:
                dtype = X.dtype if issparse(X) else np.asarray(X).dtype
            except ValueError as error:
                raise ValueError(
                    f"X has samples of different shapes: {error} Pass samples of one "
                    "shape."
                ) from error
        if type(X) is np.ndarray and dtype.kind in "biuf" and X.ndim > 1 and X.size:
            # Nothing to convert. That scikit-learn looks for containers is felt where
            # rows are predicted one by one.
            with understood("X"):
                assert_all_finite(X, input_name="X")
            return X
        refuse_other_kinds(X, "X")
        text = dtype.kind in "OUS"
        with understood("X"):
            return check_array(
                X,
                accept_sparse="csr",
                allow_nd=True,
                dtype=keras.config.floatx() if text else None,
                input_name="X",
            )

    def _validate_data(
        self, X: Any = None, y: Any = None, reset: bool = False, y_numeric: bool = False
    ) -> tuple[Any, Any]:
        """Return X and y as arrays; note what they are, or compare with that."""
        if X is not None:
            X = self._valid_inputs(X, reset=reset)
        if y is not None:
            y = self._valid_targets(y, reset=reset, numeric=y_numeric)
        if X is not None and y is not None:
            check_consistent_length(X, y)
        return X, y

    def _valid_inputs(
        self, X: Any, *, reset: bool, there: np.ndarray | None = None
    ) -> Any:
        """Return the rows `there` of X as an array."""
        # Before anything else: wrong columns may hold anything.
        if reset or type(X) is not np.ndarray or hasattr(self, "feature_names_in_"):
            _check_feature_names(self, X, reset=reset)
        array = self._as_array(X)
        if not reset and array.ndim != len(self.X_shape_):
            raise ValueError(
                f"X has {array.ndim} dimensions, but this {type(self).__name__} is "
                f"expecting {len(self.X_shape_)} dimensions in X, as in fit."
            )
        _check_n_features(self, array, reset=reset)
        array = array if there is None else array[there]
        if reset:
            self.X_shape_, self._X_dtype = array.shape, array.dtype.str
        elif array.shape[1:] != self.X_shape_[1:]:
            raise ValueError(
                f"X has samples of shape {array.shape[1:]}, but this "
                f"{type(self).__name__} is expecting {self.X_shape_[1:]}, as in fit."
            )
        return array

    def _valid_targets(self, y: Any, *, reset: bool, numeric: bool) -> np.ndarray:
        y = _as_targets(y, numeric)
        if reset:
            self._y_dtype, self.y_ndim_ = y.dtype.str, y.ndim
            self.target_type_ = self._type_of_target(y)
        elif y.ndim != self.y_ndim_:
            raise ValueError(
                f"y has {y.ndim} dimensions, but this {type(self).__name__} is "
                f"expecting {self.y_ndim_} dimensions in y, as in fit."
            )
        else:
            self._check_cast(y, "y", self.y_dtype_)
        return y

    def _check_cast(self, array: Any, name: str, fitted: np.dtype) -> None:
        """Refuse to go on training with numbers of another kind."""
        allowed = {"f": "biuf", "U": "U", "S": "S", "O": "OUS"}
        fits = np.can_cast(array.dtype, fitted) or (
            array.dtype.kind in allowed.get(fitted.kind, "")
        )
        if not fits:
            raise ValueError(
                f"Got {name} with dtype {array.dtype}, but this {type(self).__name__} "
                f"was fitted on {fitted}, and casting is not safe. Convert {name}, or "
                "fit a new estimator."
            )

    @staticmethod
    def _encoded(encoder: Any, array: Any) -> Any:
        # Whatever containers the user has asked transformers for, a network takes
        # arrays.
        with config_context(transform_output="default"):
            return encoder.transform(array)

    def _fit_encoders(self, X: Any, y: Any) -> None:
        with config_context(transform_output="default"):
            self.target_encoder_ = self.target_encoder.fit(y)
            metadata = getattr(self.target_encoder_, "get_metadata", dict)()
            vars(self).update(metadata)
            self.feature_encoder_ = self.feature_encoder.fit(X)
            metadata = getattr(self.feature_encoder_, "get_metadata", dict)()
            vars(self).update(metadata)

    def _encoded_targets(self, y: Any, model: Any) -> Any:
        return as_column(self._encoded(self.target_encoder_, y), model, self._example)

    def _encoded_for_validation(
        self,
        data: Any,
        given: tuple[Any, Any],
        encoded: tuple[Any, Any],
        model: keras.Model,
    ) -> Any:
        """Return `validation_data` as the network takes it.

        `given` and `encoded` are what is trained on, as the user and as the encoders
        have it. What does not look like the one but like the other stays.
        """
        if not isinstance(data, list | tuple) or len(data) not in (2, 3):
            # A generator or a data set, whose batches are for the network as they are.
            return data
        X, y, *weights = data
        inputs, targets = X, y
        if not _is_encoded(X, given[0], encoded[0]):
            inputs = self._valid_inputs(X, reset=False)
            inputs = self._encoded(self.feature_encoder_, inputs)
        if encoded[1] is None:
            # Reconstructions are compared with what the network was given.
            targets = inputs if y is X else y
        elif not _is_encoded(y, given[1], encoded[1]):
            targets = _as_targets(y, is_regressor(self))
            targets = self._targets_to_validate(targets, model)
        if isinstance(targets, np.ndarray) and hasattr(inputs, "shape"):
            weights = [w if w is None else np.asarray(w) for w in weights]
            check_consistent_length(inputs, targets, *weights)
        return (inputs, targets, *weights)

    def _targets_to_validate(self, targets: np.ndarray, model: keras.Model) -> Any:
        try:
            return self._encoded_targets(targets, model)
        except ValueError as error:
            if not is_classifier(self):
                raise
            raise ValueError(
                f"The targets in validation_data cannot be encoded: {error} There, use "
                "labels as in y, not their codes: they are encoded as y is."
            ) from error

    def _positive_weights(self, sample_weight: Any, X: Any) -> np.ndarray | None:
        if sample_weight is None:
            return None
        weights = np.asarray(sample_weight)
        if weights.dtype.kind in "biuf" and weights.size and not weights.any():
            raise ValueError(
                "There is nothing to train on: only zeros were passed in "
                "sample_weight. Give at least one sample a positive weight."
            )
        return self._check_weights(sample_weight, range(_num_samples(X)))

    def _weights_of_rows(
        self, y: Any, sample_weight: np.ndarray | None
    ) -> np.ndarray | None:
        """Return the weight of each row; a classifier's classes have a say."""
        return sample_weight

    def _prepare(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool
    ) -> tuple[Any, Any, np.ndarray | None]:
        """Return valid rows that weigh something, and the weights."""
        if y is None and get_tags(self).target_tags.required:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        weights = self._positive_weights(sample_weight, X)
        there = None
        if weights is not None and not weights.all():
            # A row that weighs nothing is not there; its class may not be, either.
            check_consistent_length(weights, y)
            there = np.flatnonzero(weights)
            weights = weights[there]
            y = None if y is None else _rows_of_targets(y, there)
        X = self._valid_inputs(X, reset=reset, there=there)
        _, y = self._validate_data(None, y, reset=reset)
        check_consistent_length(X, y)
        if not reset:
            self._check_cast(X, "X", self.X_dtype_)
        return X, y, self._weights_of_rows(y, weights)


def _rows_of_targets(y: Any, there: np.ndarray) -> np.ndarray:
    """Return some rows of what the user passed as y."""
    refuse_masked(y, "y")
    return (y.toarray() if issparse(y) else np.asarray(y))[there]


def _as_targets(y: Any, numeric: bool) -> np.ndarray:
    """Return what the user passed as y as an array."""
    y = y.toarray() if issparse(y) else y
    refuse_masked(y, "y")
    if numeric:
        refuse_other_kinds(y, "y")
    with understood("y"):
        y = y if hasattr(y, "dtype") else np.asarray(y)
        force = numeric and getattr(y.dtype, "kind", "O") in "OUS"
        dtype = keras.config.floatx() if force else None
        return check_array(
            y, ensure_2d=False, allow_nd=False, dtype=dtype, input_name="y"
        )


def _is_encoded(data: Any, given: Any, encoded: Any) -> bool:
    """Tell whether the user has encoded other rows than those of `fit`."""
    if _shape_of_row(data) == _shape_of_row(given):
        return False
    parts, others = map(keras.tree.lists_to_tuples, (data, encoded))
    try:
        keras.tree.assert_same_structure(parts, others)
    except (TypeError, ValueError):
        return False
    shapes = (map(_shape_of_row, keras.tree.flatten(part)) for part in (parts, others))
    return all(one == other for one, other in zip(*shapes, strict=True))


def _shape_of_row(data: Any) -> tuple[int, ...] | None:
    """Return the shape of a row, None if the data are no single array."""
    several = isinstance(data, list | tuple) and any(hasattr(d, "shape") for d in data)
    if several or isinstance(data, dict):
        return None
    try:
        return tuple(getattr(data, "shape", None) or np.shape(data))[1:]
    except ValueError:
        return None
