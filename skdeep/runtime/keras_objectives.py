"""Keras' losses and metrics as functions with one value for each row."""

import json
from typing import Any

import keras

#: Losses of Keras, functions and classes, that have a value for each row.
ROW_LOSSES = {
    "mean_squared_error",
    "MeanSquaredError",
    "mean_absolute_error",
    "MeanAbsoluteError",
    "mean_absolute_percentage_error",
    "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error",
    "MeanSquaredLogarithmicError",
    "huber",
    "Huber",
    "log_cosh",
    "LogCosh",
    "poisson",
    "Poisson",
    "kl_divergence",
    "KLDivergence",
    "cosine_similarity",
    "CosineSimilarity",
    "hinge",
    "Hinge",
    "squared_hinge",
    "SquaredHinge",
    "categorical_hinge",
    "CategoricalHinge",
    "binary_crossentropy",
    "BinaryCrossentropy",
    "binary_focal_crossentropy",
    "BinaryFocalCrossentropy",
    "categorical_crossentropy",
    "CategoricalCrossentropy",
    "categorical_focal_crossentropy",
    "CategoricalFocalCrossentropy",
    "sparse_categorical_crossentropy",
    "SparseCategoricalCrossentropy",
}

#: Metrics that are means over rows, by the name of their class.
METRIC_CLASSES = {
    "BinaryAccuracy": "binary_accuracy",
    "CategoricalAccuracy": "categorical_accuracy",
    "SparseCategoricalAccuracy": "sparse_categorical_accuracy",
    "MeanSquaredError": "mean_squared_error",
    "MeanAbsoluteError": "mean_absolute_error",
}

#: What such a metric may be called where a model is compiled.
METRICS = {
    "accuracy",
    "acc",
    "mse",
    "MSE",
    "mae",
    "MAE",
    *METRIC_CLASSES.values(),
}
_LONG_NAMES = {
    "acc": "accuracy",
    "mse": "mean_squared_error",
    "MSE": "mean_squared_error",
    "mae": "mean_absolute_error",
    "MAE": "mean_absolute_error",
}


def keras_loss(targets: Any, outputs: Any, *, name: str, settings: str | None) -> Any:
    """Return the loss of each row.

    Parameters
    ----------
    targets, outputs : tensor of shape (n_rows, ...)
        What was wanted, and what the network says.
    name : str
        Function or class in `keras.losses`.
    settings : str or None
        Arguments of the class in JSON; None for a function.

    Returns
    -------
    losses : tensor of shape (n_rows,)
    """
    function = getattr(keras.losses, name)
    if settings is not None:
        function = function(**json.loads(settings)).call
    return _of_rows(function(_like(targets, outputs), outputs))


def keras_metric(targets: Any, outputs: Any, *, name: str) -> Any:
    """Return a metric of each row; "accuracy" is the one that suits the shapes.

    Parameters
    ----------
    targets, outputs : tensor of shape (n_rows, ...)
        What was wanted, and what the network says.
    name : str
        One of `METRICS`.

    Returns
    -------
    values : tensor of shape (n_rows,)
    """
    targets = _like(targets, outputs)
    name = _LONG_NAMES.get(name, name)
    if name == "accuracy":
        if outputs.shape[-1] == 1:
            name = "binary_accuracy"
        elif targets.shape[-1] == 1:
            name = "sparse_categorical_accuracy"
        else:
            name = "categorical_accuracy"
    return _of_rows(getattr(keras.metrics, name)(targets, outputs))


def long_name(name: str) -> str:
    """Return the full name of a metric that may be given by a short one.

    Parameters
    ----------
    name : str
        As it stands in Keras' logs, perhaps after "val_".

    Returns
    -------
    name : str
        "mean_squared_error" for "mse", and so on; other names as they are.
    """
    prefix, short = ("val_", name[4:]) if name.startswith("val_") else ("", name)
    if short == "acc":
        return name
    return prefix + _LONG_NAMES.get(short, short)


def _like(targets: Any, outputs: Any) -> Any:
    """Give targets of one number for each row the column that outputs have."""
    if len(targets.shape) == 1 and len(outputs.shape) == 2:
        return keras.ops.expand_dims(targets, -1)
    return targets


def _of_rows(values: Any) -> Any:
    if len(values.shape) > 1:
        return keras.ops.mean(values, axis=tuple(range(1, len(values.shape))))
    return values
