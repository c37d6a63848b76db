"""Rows to validate on are encoded like those that are trained on."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers
from sklearn.datasets import load_iris
from sklearn.preprocessing import FunctionTransformer

from skdeep import KerasClassifier, KerasRegressor, KerasTransformer

X, Y = load_iris(return_X_y=True)
SETTINGS = {"optimizer": "adam", "verbose": 0, "random_state": 0}


def network(meta):
    """Return a network for two classes, many classes, or numbers."""
    n_classes = meta.get("n_classes_", 1)
    n_units, last = (1, "sigmoid") if n_classes == 2 else (n_classes, "softmax")
    outputs = layers.Dense(n_units, last if n_classes > 1 else None)
    return keras.Sequential([keras.Input((4,)), outputs])


class Halves(FunctionTransformer):
    """Two inputs instead of one."""

    def transform(self, X):
        return {"first": X[:, :2], "second": X[:, 2:]}


class TwoInputs(KerasClassifier):
    """A classifier whose network has two inputs."""

    @property
    def feature_encoder(self):
        return Halves()


def two_inputs(meta):
    """Return a network with two inputs."""
    inputs = {name: keras.Input((2,), name=name) for name in ("first", "second")}
    joined = layers.Concatenate()(list(inputs.values()))
    return keras.Model(inputs, layers.Dense(3, "softmax")(joined))


def measured(estimator, X, labels, **arguments):
    """Return the validation loss of one epoch, and what Keras says afterwards."""
    estimator.fit(X, labels, **arguments)
    inputs = estimator.feature_encoder_.transform(X)
    targets = estimator.target_encoder_.transform(np.asarray(labels))
    loss = estimator.model_.evaluate(inputs, targets, verbose=0)
    return estimator.history_["val_loss"][0], loss


@pytest.mark.parametrize(
    ("labels", "loss"),
    [
        (np.where(Y == 0, -1, 1), "binary_crossentropy"),
        (np.array(["a", "b", "c"])[Y], "sparse_categorical_crossentropy"),
        (np.array(["a", "b", "c"])[Y], "categorical_crossentropy"),
    ],
    ids=["numbers", "words", "columns"],
)
@pytest.mark.parametrize("routed", [True, False])
def test_labels(labels, loss, routed):
    """Labels of any kind become what the loss compares with."""
    data = (X, labels)
    settings = SETTINGS | ({"fit__validation_data": data} if routed else {})
    arguments = {} if routed else {"validation_data": data}
    classifier = KerasClassifier(network, loss=loss, **settings)
    found, expected = measured(classifier, X, labels, **arguments)
    assert found == pytest.approx(expected, rel=1e-5)


def test_tables_and_weights():
    """Rows may be a table, and have weights."""
    table, names = pd.DataFrame(X), pd.Series(np.array(["a", "b", "c"])[Y])
    settings = SETTINGS | {"loss": "sparse_categorical_crossentropy"}
    classifier = KerasClassifier(network, **settings)
    data = (table, names, np.full(150, 2.0))
    found, expected = measured(classifier, table, names, validation_data=data)
    assert found == pytest.approx(2 * expected, rel=1e-5)


@pytest.mark.parametrize("encoded", [True, False])
def test_several_inputs(encoded):
    """Rows become what a feature encoder makes of them, unless they are that."""
    data = (Halves().transform(X) if encoded else X, Y)
    settings = SETTINGS | {"loss": "sparse_categorical_crossentropy"}
    classifier = TwoInputs(two_inputs, **settings)
    found, expected = measured(classifier, X, Y, validation_data=data)
    assert found == pytest.approx(expected, rel=1e-5)


def test_targets_that_are_encoded():
    """Targets that have the columns of the network's already stay as they are."""
    labels = np.array(["a", "b", "c"])[Y]
    settings = SETTINGS | {"loss": "categorical_crossentropy"}
    classifier = KerasClassifier(network, **settings)
    data = (X, np.eye(3)[Y])
    found, expected = measured(classifier, X, labels, validation_data=data)
    assert found == pytest.approx(expected, rel=1e-5)


def test_numbers_of_another_type():
    """Numbers to compare with need not be of the type of those in `fit`."""
    regressor = KerasRegressor(network, loss="mse", **SETTINGS)
    regressor.fit(X, Y, validation_data=(X.tolist(), Y + 0.5))
    error = np.mean((regressor.predict(X) - Y - 0.5) ** 2)
    assert regressor.history_["val_loss"][0] == pytest.approx(error, rel=1e-5)


def test_what_is_not_like_the_rows_of_fit():
    """Rows with other columns, and labels that are new, are refused by name."""
    settings = SETTINGS | {"loss": "sparse_categorical_crossentropy"}
    classifier = KerasClassifier(network, **settings)
    with pytest.raises(ValueError, match="X has 3 features"):
        classifier.fit(X, Y, validation_data=(X[:, :3], Y))
    with pytest.raises(ValueError, match=r"unknown categories \[3\]"):
        classifier.fit(X, Y, validation_data=(X, Y + 1))


def test_reconstruction():
    """A transformer's rows are compared with what the network was given."""

    class Scaled(KerasTransformer):
        @property
        def feature_encoder(self):
            return FunctionTransformer(lambda X: X / 10)

    def coder():
        return keras.Sequential([keras.Input((4,)), layers.Dense(4)])

    transformer = Scaled(coder, loss="mse", **SETTINGS)
    transformer.fit(X, validation_data=(X, X))
    error = np.mean((transformer.transform(X) - X / 10) ** 2)
    assert transformer.history_["val_loss"][0] == pytest.approx(error, rel=1e-4)


def test_codes_instead_of_labels():
    """Who passes numbers for names is told what is wanted."""
    settings = SETTINGS | {"loss": "sparse_categorical_crossentropy"}
    classifier = KerasClassifier(network, **settings)
    labels = np.array(["a", "b", "c"])[Y]
    with pytest.raises(ValueError, match=r"validation_data.*labels as in y, not their"):
        classifier.fit(X, labels, validation_data=(X, Y))


def test_weights_in_a_list():
    """Weights of the rows to validate on may be a list, and must fit the rows."""
    settings = SETTINGS | {"loss": "sparse_categorical_crossentropy"}
    classifier = KerasClassifier(network, **settings)
    data = (X, Y, [2.0] * 150)
    found, expected = measured(classifier, X, Y, validation_data=data)
    assert found == pytest.approx(2 * expected, rel=1e-5)
    for wrong in ((X, Y, [1.0]), (X, Y[:-1])):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            classifier.fit(X, Y, validation_data=wrong)
