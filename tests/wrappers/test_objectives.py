"""What losses are given, and how outputs that were trained with them are read."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.datasets import load_iris

from skdeep import KerasClassifier, KerasRegressor

X, Y = load_iris(return_X_y=True)
ROWS = (X - X.mean(axis=0)) / X.std(axis=0)
SETTINGS = {"optimizer": "adam", "verbose": 0, "random_state": 0}


def dense(n_units, activation=None, loss=None):
    """Return a function that builds a network of one layer."""

    def network():
        inputs = keras.Input((4,))
        outputs = layers.Dense(n_units, activation=activation, name="out")(inputs)
        model = keras.Model(inputs, outputs)
        if loss is not None:
            model.compile(keras.optimizers.Adam(0.1), loss)
        return model

    return network


# -- numbers ---------------------------------------------------------------------------


class OwnSquares(keras.losses.Loss):
    """A loss of the user's that subtracts without looking at shapes."""

    def call(self, y_true, y_pred):
        return keras.ops.square(y_true - y_pred)


def test_own_loss_of_one_number():
    """A loss of the user's compares each row with its own target only."""
    settings = {**SETTINGS, "optimizer__learning_rate": 0.1, "epochs": 9}
    for sample_weight in (None, np.where(Y == 1, 0.7, 1.0)):
        own, known = (
            KerasRegressor(dense(1), loss=loss, metrics=["mae"], **settings).fit(
                ROWS, X[:, 3], sample_weight
            )
            for loss in (OwnSquares(), "mse")
        )
        np.testing.assert_allclose(own.predict(ROWS), known.predict(ROWS), atol=1e-4)
        assert own.score(ROWS, X[:, 3]) > 0.5


class OwnErrorOfRows(keras.losses.Loss):
    """One that was written for targets without a column."""

    def call(self, y_true, y_pred):
        return keras.ops.sqrt(keras.ops.mean((y_true - y_pred[:, 0]) ** 2))


def test_own_loss_of_rows():
    """A loss that reads one number for each row gets what the user passed."""
    settings = {**SETTINGS, "optimizer__learning_rate": 0.1, "epochs": 9}
    regressor = KerasRegressor(dense(1), loss=OwnErrorOfRows(), **settings)
    assert regressor.fit(ROWS, X[:, 3]).score(ROWS, X[:, 3]) > 0.5


def test_own_loss_of_one_number_in_validation():
    """Rows to validate on are compared in the same way."""
    regressor = KerasRegressor(dense(1), loss=OwnSquares(), **SETTINGS)
    regressor.fit(ROWS, X[:, 3], validation_data=(ROWS, X[:, 3]))
    error = np.mean((regressor.predict(ROWS) - X[:, 3]) ** 2)
    assert regressor.history_["val_loss"] == pytest.approx([error], rel=1e-4)


@pytest.mark.parametrize(("n_units", "n_columns"), [(1, 3), (3, 1), (2, 3)])
def test_outputs_that_are_no_numbers_of_y(n_units, n_columns):
    """A network that cannot predict y is refused before it is trained."""
    regressor = KerasRegressor(dense(n_units), loss="mse", **SETTINGS)
    with pytest.raises(ValueError, match="but the targets have"):
        regressor.fit(ROWS, X[:, :n_columns])
    assert not hasattr(regressor, "weights_")


# -- columns of classes ----------------------------------------------------------------


@pytest.mark.parametrize(
    "loss",
    [
        "categorical_hinge",
        "kl_divergence",
        "MeanSquaredError",
        keras.losses.Poisson(),
        keras.losses.cosine_similarity,
        "binary_crossentropy",
    ],
)
def test_classes_as_columns(loss):
    """A loss that compares outputs one by one gets a column for each class."""
    labels = np.array(["a", "b", "c"])[Y]
    settings = {**SETTINGS, "optimizer__learning_rate": 0.1, "epochs": 12}
    network = dense(3, "softmax")
    classifier = KerasClassifier(network, loss=loss, **settings).fit(ROWS, labels)
    assert classifier.score(ROWS, labels) > 0.9
    classifier.partial_fit(ROWS, labels)
    assert set(classifier.predict(ROWS)) == set(labels)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", OwnSquares()])
def test_classes_as_numbers(loss):
    """Sparse losses, and those of the user's, are given the numbers of the classes."""
    classifier = KerasClassifier(dense(3, "softmax"), loss=loss, **SETTINGS)
    classifier.fit(ROWS, Y)
    assert classifier.target_encoder_.transform(Y).shape == (150, 1)


# -- one output for two classes --------------------------------------------------------


@pytest.mark.parametrize("loss", ["hinge", keras.losses.SquaredHinge()])
@pytest.mark.parametrize("activation", ["tanh", None, "sigmoid"])
def test_margins(loss, activation):
    """What a hinge loss has trained is divided at 0, unless it cannot go below."""
    labels = np.where(Y == 0, "no", "yes")
    settings = {**SETTINGS, "optimizer__learning_rate": 0.1, "epochs": 20}
    network = dense(1, activation)
    classifier = KerasClassifier(network, loss=loss, **settings).fit(ROWS, labels)
    outputs = classifier.model_.predict(ROWS, verbose=0)[:, 0]
    border = 0.5 if activation == "sigmoid" else 0
    expected = np.where(outputs > border, "yes", "no")
    np.testing.assert_array_equal(classifier.predict(ROWS), expected)
    assert classifier.score(ROWS, labels) > 0.95
    probabilities = classifier.predict_proba(ROWS)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    decision = classifier.decision_function(ROWS)
    np.testing.assert_array_equal(decision > 0, expected == "yes")
    # None is cut off at the ends; Keras rounds some of them otherwise.
    assert len(np.unique(decision)) > 0.9 * len(np.unique(outputs))


def hidden_sigmoid():
    """Return a network whose last layer does not tell of the sigmoid before it."""
    inputs = keras.Input((4,))
    outputs = layers.Dense(1, activation="sigmoid")(inputs)
    return keras.Model(inputs, layers.Activation("relu")(outputs))


class Subclassed(keras.Model):
    """A network that tells nothing of its outputs."""

    def __init__(self):
        super().__init__()
        self.last = layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        return self.last(inputs)


@pytest.mark.parametrize("network", [hidden_sigmoid, lambda: Subclassed()])
def test_border_where_nobody_knows_of_margins(network):
    """Outputs that may not go below 0 are divided at a half."""
    settings = {**SETTINGS, "optimizer__learning_rate": 0.1, "epochs": 20}
    classifier = KerasClassifier(network, loss="hinge", **settings).fit(ROWS, Y == 0)
    assert classifier.score(ROWS, Y == 0) > 0.95
    assert set(classifier.predict(ROWS)) == {False, True}


def test_margins_of_several_labels():
    """Each of several labels has its border at 0, too."""
    labels = np.stack([Y == 0, Y == 2], axis=1).astype(int)
    labels[0] = 1
    settings = {**SETTINGS, "optimizer__learning_rate": 0.1, "epochs": 20}
    classifier = KerasClassifier(dense(2, "tanh"), loss="hinge", **settings)
    outputs = classifier.fit(ROWS, labels).model_.predict(ROWS, verbose=0)
    np.testing.assert_array_equal(classifier.predict(ROWS), outputs > 0)


@pytest.mark.parametrize(
    "loss",
    [
        partial(keras.losses.binary_crossentropy, from_logits=True),
        {"out": keras.losses.BinaryCrossentropy(from_logits=True)},
        [partial(keras.losses.binary_crossentropy, from_logits=True)],
    ],
    ids=["partial", "dict", "list of partial"],
)
def test_logits_wherever_they_are_said(loss):
    """Outputs become probabilities, however deep `from_logits` stands."""
    settings = {**SETTINGS, "optimizer__learning_rate": 0.1, "epochs": 3}
    for network in (dense(1), dense(1, loss=loss)):
        classifier = KerasClassifier(network, loss=loss, **settings).fit(ROWS, Y == 0)
        outputs = classifier.model_.predict(ROWS, verbose=0)[:, 0]
        np.testing.assert_allclose(
            classifier.predict_proba(ROWS)[:, 1], 1 / (1 + np.exp(-outputs)), rtol=1e-4
        )


def test_columns_wherever_they_are_asked_for():
    """A categorical loss is known as such inside of a dict or a partial."""
    for loss in (
        {"out": "categorical_crossentropy"},
        partial(keras.losses.categorical_crossentropy, label_smoothing=0.1),
    ):
        classifier = KerasClassifier(dense(3, "softmax"), loss=loss, **SETTINGS)
        assert classifier.fit(ROWS, Y).target_encoder_.transform(Y).shape == (150, 3)
