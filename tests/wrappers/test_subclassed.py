"""Networks that are classes of the user's, and tell nothing of their outputs."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.datasets import load_iris

from skdeep import KerasClassifier, KerasRegressor, KerasTransformer
from skdeep.wrappers._target_columns import output_shapes

X, Y = load_iris(return_X_y=True)
ROWS = (X - X.mean(axis=0)) / X.std(axis=0)
SETTINGS = {"optimizer": "adam", "verbose": 0, "random_state": 0}
LONGER = {**SETTINGS, "optimizer__learning_rate": 0.1, "epochs": 12}


class Subclassed(keras.Model):
    """One layer."""

    def __init__(self, n_units=1, activation=None):
        super().__init__()
        self.last = layers.Dense(n_units, activation=activation)

    def call(self, inputs):
        return self.last(inputs)


class OwnSquares(keras.losses.Loss):
    """A loss of the user's that subtracts without looking at shapes."""

    def call(self, y_true, y_pred):
        return keras.ops.square(y_true - y_pred)


def test_own_loss_of_one_number():
    """A loss of the user's compares each row with its own target only."""
    own, known = (
        KerasRegressor(lambda: Subclassed(), loss=loss, **LONGER).fit(ROWS, X[:, 3])
        for loss in (OwnSquares(), "mse")
    )
    np.testing.assert_allclose(own.predict(ROWS), known.predict(ROWS), atol=1e-4)
    assert own.score(ROWS, X[:, 3]) > 0.5


@pytest.mark.parametrize("loss", ["mse", "kl_divergence", "binary_crossentropy"])
def test_classes_as_columns(loss):
    """A loss that compares outputs one by one gets a column for each class."""
    labels = np.array(["a", "b", "c"])[Y]
    classifier = KerasClassifier(lambda: Subclassed(3, "softmax"), loss=loss, **LONGER)
    assert classifier.fit(ROWS, labels).score(ROWS, labels) > 0.9
    classifier.partial_fit(ROWS, labels)
    assert set(classifier.predict(ROWS)) == set(labels)


@pytest.mark.parametrize(
    ("n_units", "loss"),
    [(2, "sparse_categorical_crossentropy"), (1, "binary_crossentropy")],
)
def test_too_few_units(n_units, loss):
    """A network that cannot tell the classes apart is refused before it is trained."""
    classifier = KerasClassifier(
        lambda: Subclassed(n_units, "sigmoid"), loss=loss, **SETTINGS
    )
    with pytest.raises(ValueError, match=f"{n_units} output units, but y has 3"):
        classifier.fit(ROWS, Y)


# -- models that somebody else changes -------------------------------------------------


def emptied(model):
    """Set all weights to 0."""
    model.set_weights([array * 0 for array in model.get_weights()])


def test_changed_model():
    """Whatever is done to `model_`, the estimator's numbers are its own."""
    settings = {**SETTINGS, "loss": "mse"}
    first, second = (
        KerasRegressor(lambda: Subclassed(), **settings).fit(ROWS, Y) for _ in range(2)
    )
    expected = first.predict(ROWS)
    emptied(first.model_)
    np.testing.assert_array_equal(first.predict(ROWS), expected)
    emptied(first.model_)
    for regressor in (first, second):
        regressor.partial_fit(ROWS, Y)
    np.testing.assert_array_equal(first.predict(ROWS), second.predict(ROWS))


@keras.saving.register_keras_serializable("tests")
def squares(x):
    """An activation of the user's own."""
    return x * x


def test_changed_instance():
    """A network that was taken as it is may be trained by others afterwards."""
    inputs = keras.Input((4,))
    hidden = layers.Dense(2, activation=squares, name="hidden")(inputs)
    network = keras.Model(inputs, hidden)
    transformer = KerasTransformer(network, verbose=0, output_layer="hidden")
    expected = transformer.initialize(ROWS).transform(ROWS)
    emptied(network)
    np.testing.assert_array_equal(transformer.transform(ROWS), expected)
    assert not np.any(network.get_weights()[0])


class Asks(keras.callbacks.Callback):
    """Ask the estimator while it is trained."""

    def on_epoch_end(self, epoch, logs=None):
        self.asked.predict(ROWS)


def test_predictions_while_training():
    """To ask an estimator while its training goes on does not disturb it."""
    settings = {**SETTINGS, "loss": "mse", "epochs": 3, "warm_start": True}
    first, second = (
        KerasRegressor(lambda: Subclassed(), **settings).fit(ROWS, Y) for _ in range(2)
    )
    callback = Asks()
    callback.asked = first
    first.set_params(callbacks=callback).fit(ROWS, Y)
    second.fit(ROWS, Y)
    np.testing.assert_array_equal(first.predict(ROWS), second.predict(ROWS))


class AskedAtTheEnd(KerasRegressor):
    """Predicts when its training is over, and its weights are not kept yet."""

    def _keep(self, *arguments, **others):
        if self.__sklearn_is_fitted__():
            self.predict(ROWS)
        super()._keep(*arguments, **others)


def test_predictions_when_training_ends():
    """What was just learned is no change by somebody else."""
    asked = AskedAtTheEnd(lambda: Subclassed(), **SETTINGS, loss="mse")
    model = asked.fit(ROWS, Y).model_
    asked.partial_fit(ROWS, Y)
    assert asked.model_ is model
    # From then on, changes are seen again.
    expected = asked.predict(ROWS)
    emptied(model)
    np.testing.assert_array_equal(asked.predict(ROWS), expected)


class MeanAndSpread(keras.Model):
    """A network that learns and predicts in its own way."""

    def __init__(self):
        super().__init__()
        self.last = layers.Dense(2)

    def call(self, inputs):
        return self.last(inputs)

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        mean, spread = y_pred[:, 0], y_pred[:, 1]
        errors = keras.ops.square(keras.ops.reshape(y, (-1,)) - mean)
        return keras.ops.mean(errors * keras.ops.exp(-spread) + spread)

    def predict_step(self, data):
        return self.call(data)[:, :1]


def test_own_steps():
    """Outputs that only the network's own steps know what to do with are not judged."""
    regressor = KerasRegressor(lambda: MeanAndSpread(), loss="mse", **LONGER)
    regressor.fit(ROWS, X[:, 3])
    assert regressor.predict(ROWS).shape == (len(ROWS),)
    assert regressor.score(ROWS, X[:, 3]) > 0.5


class WithNothing(Subclassed):
    """A network that returns more than tensors."""

    def call(self, inputs):
        return super().call(inputs), None


def test_outputs_that_are_no_tensors():
    """Nobody can tell the shape of what is no tensor."""
    network = WithNothing()
    network(ROWS)
    assert output_shapes(network, lambda: ROWS) == []
