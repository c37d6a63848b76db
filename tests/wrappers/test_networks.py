"""Networks of many kinds: several inputs, several outputs, instances, logits."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.preprocessing import FunctionTransformer

from skdeep import KerasClassifier, KerasRegressor, KerasTransformer
from skdeep.wrappers import BaseWrapper
from skdeep.wrappers._compiling import _optimizer_class
from tests.common import user_networks

X, Y = load_iris(return_X_y=True)
SETTINGS = {"epochs": 3, "verbose": 0, "random_state": 0}


class TwoInputs(KerasClassifier):
    """A classifier whose network reads X in two parts."""

    def _keras_build_fn(self, meta, compile_kwargs):
        inputs = {
            "sepal": keras.Input((2,), name="sepal"),
            "petal": keras.Input((2,), name="petal"),
        }
        hidden = layers.Concatenate()(list(inputs.values()))
        outputs = layers.Dense(meta["n_classes_"], activation="softmax")(hidden)
        model = keras.Model(inputs, outputs)
        compile_kwargs["loss"] = "sparse_categorical_crossentropy"
        compile_kwargs["optimizer"] = keras.optimizers.Adam(0.1)
        model.compile(**compile_kwargs)
        return model

    @property
    def feature_encoder(self):
        return FunctionTransformer(lambda X: {"sepal": X[:, :2], "petal": X[:, 2:]})


class Both:
    """A target encoder for a class and a number."""

    def fit(self, y):
        self.classes_ = np.unique(y[:, 0])
        return self

    def transform(self, y):
        return [np.searchsorted(self.classes_, y[:, 0]), y[:, 1]]

    def inverse_transform(self, outputs):
        kind, number = outputs
        return np.column_stack([self.classes_[kind.argmax(axis=1)], number[:, 0]])

    def get_metadata(self):
        return {"n_kinds_": len(self.classes_), "n_outputs_expected_": 2}


class TwoOutputs(BaseWrapper):
    """An estimator of a class and a number at once."""

    def _keras_build_fn(self, meta, compile_kwargs):
        inputs = keras.Input(meta["X_shape_"][1:])
        kind = layers.Dense(meta["n_kinds_"], activation="softmax")(inputs)
        model = keras.Model(inputs, [kind, layers.Dense(1)(inputs)])
        compile_kwargs["loss"] = ["sparse_categorical_crossentropy", "mse"]
        compile_kwargs["optimizer"] = keras.optimizers.Adam(0.05)
        model.compile(**compile_kwargs)
        return model

    @property
    def target_encoder(self):
        return Both()


def logits(meta):
    """Return a network that ends in logits."""
    n_outputs = 1 if meta["target_type_"] == "binary" else meta["n_classes_"]
    return keras.Sequential(
        [keras.Input(meta["X_shape_"][1:]), layers.Dense(n_outputs)]
    )


def columns(meta):
    """Return a network with a column for each class, for two classes, too."""
    return keras.Sequential(
        [
            keras.Input(meta["X_shape_"][1:]),
            layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def test_several_inputs():
    """A feature encoder gives a network several inputs."""
    fitted = TwoInputs(**SETTINGS | {"epochs": 20}).fit(X, Y)
    assert fitted.score(X, Y) > 0.8
    again = TwoInputs(**SETTINGS | {"epochs": 20}).fit(X, Y)
    np.testing.assert_array_equal(fitted.predict_proba(X), again.predict_proba(X))
    assert clone(fitted).partial_fit(X, Y).current_epoch == 1


def test_several_outputs():
    """A target encoder gives a network several outputs."""
    y = np.column_stack([Y, X[:, 0]])
    fitted = TwoOutputs(**SETTINGS | {"epochs": 40}).fit(X, y)
    predicted = fitted.predict(X)
    assert predicted.shape == y.shape
    assert np.mean(predicted[:, 0] == Y) > 0.8
    assert np.corrcoef(predicted[:, 1], X[:, 0])[0, 1] > 0.8


@pytest.mark.parametrize("inside", [True, False], ids=["compiled inside", "outside"])
def test_a_loss_for_some_outputs(inside):
    """Outputs that no loss is named for are not trained."""

    def network(meta, compile_kwargs):
        inputs = keras.Input(meta["X_shape_"][1:])
        names = ("first", "second")
        model = keras.Model(inputs, [layers.Dense(1, name=n)(inputs) for n in names])
        if inside:
            model.compile(**compile_kwargs)
        return model

    class Columns(BaseWrapper):
        @property
        def target_encoder(self):
            return FunctionTransformer(
                lambda y: [y[:, 0], y[:, 1]],
                lambda outputs: np.concatenate(outputs, axis=1),
                check_inverse=False,
            )

    losses = {"second": "MeanSquaredError"}
    settings = {"optimizer": "sgd", **SETTINGS, "epochs": 30}
    fitted = Columns(network, loss=losses, loss__name="squares", **settings)
    with pytest.warns(UserWarning, match="first/kernel.*did you forget"):
        fitted.fit(X, X[:, :2])
    assert losses == {"second": "MeanSquaredError"}
    assert fitted.model_.loss["second"].name == "squares"
    untrained = Columns(network, loss=losses, **settings | {"epochs": 1})
    untrained.initialize(X, X[:, :2])
    for index, is_trained in enumerate([False, True]):
        before, after = (
            e.model_.layers[1 + index].get_weights() for e in (untrained, fitted)
        )
        assert all(map(np.array_equal, before, after)) != is_trained
    errors = np.mean((fitted.predict(X) - X[:, :2]) ** 2, axis=0)
    assert errors[1] < 0.1 < errors[0]
    with pytest.raises(ValueError, match="third"):
        clone(untrained).set_params(loss={"third": "mse"}).fit(X, X[:, :2])


def test_wrong_number_of_outputs():
    """A network with more outputs than targets is refused before training."""
    estimator = KerasClassifier(**SETTINGS).set_params(
        model=lambda meta, compile_kwargs: TwoOutputs()._keras_build_fn(
            meta | {"n_kinds_": 3}, compile_kwargs
        )
    )
    with pytest.raises(ValueError, match="2 outputs"):
        estimator.fit(X, Y)


def test_several_labels():
    """Indicators of several labels go in and come out."""
    rows, labels = make_multilabel_classification(200, 6, n_classes=3, random_state=0)
    fitted = KerasClassifier(user_networks.classifier, **SETTINGS | {"epochs": 40}).fit(
        rows / 10, labels
    )
    assert fitted.predict(rows / 10).shape == labels.shape
    assert fitted.predict(rows / 10).dtype == np.int64
    probabilities = fitted.predict_proba(rows / 10)
    np.testing.assert_array_equal(probabilities > 0.5, fitted.predict(rows / 10))
    np.testing.assert_array_equal(
        fitted.decision_function(rows / 10) > 0, fitted.predict(rows / 10)
    )
    assert np.mean(fitted.predict(rows / 10) == labels) > 0.7
    np.testing.assert_array_equal(fitted.classes_, [0, 1, 2])


def test_columns_of_classes():
    """A categorical loss gets a column for each class, however it was named."""
    for loss in ("categorical_crossentropy", keras.losses.CategoricalCrossentropy()):
        for y in (Y, Y == 1, np.array(["a", "b", "c"])[Y]):
            fitted = KerasClassifier(columns, loss=loss, **SETTINGS).fit(X, y)
            assert fitted.predict_proba(X).shape == (150, len(np.unique(y)))
            assert set(fitted.predict(X)) <= set(np.unique(y))
    one_hot = np.eye(3)[Y]
    fitted = KerasClassifier(columns, loss="categorical_crossentropy", **SETTINGS)
    assert fitted.fit(X, one_hot).predict(X).shape == one_hot.shape


def test_logits():
    """Outputs before the last activation become probabilities."""
    for y, loss in (
        (Y == 1, keras.losses.BinaryCrossentropy(from_logits=True)),
        (Y, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
    ):
        fitted = KerasClassifier(logits, loss=loss, **SETTINGS).fit(X, y)
        probabilities = fitted.predict_proba(X)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
        raw = fitted.model_.predict(X, verbose=0)
        expected = np.exp(raw - raw.max(axis=1, keepdims=True))
        expected /= expected.sum(axis=1, keepdims=True)
        if raw.shape[1] == 1:
            expected = np.hstack([1 / (1 + np.exp(raw)), 1 / (1 + np.exp(-raw))])
        np.testing.assert_allclose(probabilities, expected, rtol=1e-4)


def test_one_row_and_one_class():
    """Probabilities keep their shape where SciKeras loses an axis."""
    fitted = KerasClassifier(user_networks.classifier, **SETTINGS).fit(X, Y)
    assert fitted.predict_proba(X[:1]).shape == (1, 3)
    single = KerasClassifier(user_networks.classifier, **SETTINGS).fit(X[:9], Y[:9])
    np.testing.assert_array_equal(single.predict_proba(X[:4]), np.ones((4, 1)))
    np.testing.assert_array_equal(single.predict(X[:4]), np.zeros(4))


def test_instance_is_copied():
    """A model instance is a parameter: trained from its weights, never changed."""
    given = user_networks.regressor(
        {"X_shape_": X.shape, "n_outputs_": 1}, {"metrics": ["mae"]}
    )
    before = given.get_weights()
    ready = KerasRegressor(given, **SETTINGS).initialize(X, Y)
    assert ready.model_ is given
    np.testing.assert_allclose(
        ready.predict(X), given.predict(X, verbose=0)[:, 0], rtol=1e-5, atol=1e-6
    )
    fits = [KerasRegressor(given, **SETTINGS).fit(X, Y) for _ in range(2)]
    ready.partial_fit(X, Y)
    for fitted in (*fits, ready):
        assert fitted.model_ is not given
        assert fitted.history_.keys() == {"loss", "mean_absolute_error"}
        assert (fitted.weights_[0] != before[0]).any()
    np.testing.assert_array_equal(fits[0].weights_[0], fits[1].weights_[0])
    for array, kept in zip(given.get_weights(), before, strict=True):
        np.testing.assert_array_equal(array, kept)
    assert not given.optimizer.iterations.numpy()


def test_instance_that_cannot_be_copied():
    """What Keras cannot make again is refused, with what to do."""

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    model(X[:1])
    model.compile(loss="mse")
    with pytest.raises(ValueError, match=r"cannot be copied.*Pass a function"):
        KerasRegressor(model, **SETTINGS).fit(X, Y)


def test_subclassed_model():
    """A model class of the user's, built by its first call, trains as Keras trains."""

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs)

    regressor = KerasRegressor(lambda: Own(), loss="mse", **SETTINGS).fit(X, Y)
    again = KerasRegressor(lambda: Own(), loss="mse", **SETTINGS).fit(X, Y)
    np.testing.assert_array_equal(regressor.predict(X), again.predict(X))
    assert regressor.partial_fit(X, Y).current_epoch == 4


def test_deferred_shapes():
    """A network that learns the shape of its input from the data needs no `meta`."""

    def network():
        return keras.Sequential([layers.Dense(4), layers.Dense(1)])

    regressor = KerasRegressor(network, loss="mse", **SETTINGS).fit(X, Y)
    assert regressor.weights_[0].shape == (4, 4)


def test_regressor_outputs():
    """Predictions have the shape of y, and the precision of X."""
    for y in (Y, Y[:, None], np.stack([Y, -Y], axis=1)):
        fitted = KerasRegressor(user_networks.regressor, **SETTINGS).fit(X, y)
        assert fitted.predict(X).shape == y.shape
        assert fitted.predict(X).dtype == np.float64
        assert fitted.predict(X.astype(np.float32)).dtype == np.float32
    wrong = KerasRegressor(user_networks.regressor, **SETTINGS).set_params(
        model=lambda meta, compile_kwargs: user_networks.regressor(
            meta | {"n_outputs_": 2}, compile_kwargs
        )
    )
    with pytest.raises(ValueError, match=r"has shape \(2,\), but the targets have"):
        wrong.fit(X, Y).predict(X)


def test_transformer_layers():
    """Any layer can be what is returned, and the last one is by default."""
    coder = KerasTransformer(
        user_networks.autoencoder, output_layer="code", **SETTINGS
    ).fit(X)
    code = coder.transform(X)
    assert code.shape == (150, 3)
    assert list(coder.get_feature_names_out()) == [
        "kerastransformer0",
        "kerastransformer1",
        "kerastransformer2",
    ]
    whole = coder.set_params(output_layer=None).transform(X)
    np.testing.assert_allclose(
        whole, coder.model_.predict(X, verbose=0), rtol=1e-5, atol=1e-6
    )
    assert not hasattr(coder, "predict")
    assert coder.score(X) == pytest.approx(-np.mean((whole - X) ** 2))
    with pytest.raises(ValueError, match="output_layer='cod' is not a layer"):
        coder.set_params(output_layer="cod").transform(X)


def test_transformer_of_a_trained_network():
    """A network trained elsewhere becomes a transformer as it is."""
    network = keras.Sequential(
        [keras.Input((4,)), layers.Dense(2, name="code"), layers.Dense(1)]
    )
    ready = KerasTransformer(network, output_layer="code").initialize(X)
    kernel, bias = network.get_layer("code").get_weights()
    expected = X @ kernel + bias
    # Where terms cancel, an error is relative to them, not to their sum.
    np.testing.assert_allclose(ready.transform(X), expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="provide a loss"):
        ready.fit(X)


@pytest.mark.parametrize(
    "name", ["adam", "RMSprop", "SGD", "adamw", "lion", "Adafactor"]
)
def test_names_of_optimizers(name):
    """A name means what it means to Keras, in small letters or not."""
    assert _optimizer_class(name) is type(keras.optimizers.get(name))


def test_names_that_no_optimizer_has():
    """They are left to Keras to refuse."""
    with pytest.raises(ValueError, match="Could not interpret"):
        _optimizer_class("adamant")


def adapted():
    """Return a network that normalises by what it has seen of other rows."""
    normalization = layers.Normalization()
    normalization.adapt(X.astype("float32"))
    outputs = layers.Dense(3, activation="softmax")
    return keras.Sequential([keras.Input((4,)), normalization, outputs])


def test_adapted_layers():
    """Layers that compute with copies of their weights do so in every way."""
    classifier = KerasClassifier(
        adapted, loss="sparse_categorical_crossentropy", **SETTINGS
    ).fit(X, Y)
    expected = classifier.model_.predict(X, verbose=0)
    np.testing.assert_allclose(classifier.predict_proba(X), expected, atol=1e-6)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_allclose(again.predict_proba(X), expected, atol=1e-6)
    instance = adapted()
    instance.compile("sgd", "sparse_categorical_crossentropy")
    expected = instance.predict(X, verbose=0)
    taken = KerasClassifier(instance, **SETTINGS).initialize(X, Y)
    np.testing.assert_allclose(taken.predict_proba(X), expected, atol=1e-6)
    taken.set_params(optimizer="sgd", epochs=1).fit(X, Y)
    # One epoch at this rate leaves the network much as it was.
    assert np.abs(taken.predict_proba(X) - expected).mean() < 0.2
    np.testing.assert_allclose(
        taken.predict_proba(X), taken.model_.predict(X, verbose=0), atol=1e-6
    )


@pytest.mark.parametrize(
    ("n_units", "activation", "loss", "n_classes"),
    [
        (2, "softmax", "sparse_categorical_crossentropy", 3),
        (1, "sigmoid", keras.losses.SparseCategoricalCrossentropy(), 2),
        (1, "sigmoid", "binary_crossentropy", 3),
        (2, "softmax", "categorical_crossentropy", 3),
        (4, "softmax", keras.losses.CategoricalCrossentropy(), 3),
        (1, "sigmoid", ["categorical_crossentropy"], 2),
    ],
)
def test_outputs_that_are_no_classes(n_units, activation, loss, n_classes):
    """A network whose outputs cannot stand for the classes is refused."""

    def network():
        outputs = layers.Dense(n_units, activation=activation)
        return keras.Sequential([keras.Input((4,)), outputs])

    classifier = KerasClassifier(network, loss=loss, **SETTINGS)
    with pytest.raises(ValueError, match=f"has {n_units} output units, but y has"):
        classifier.fit(X, Y % n_classes)


def decayed(optimizer):
    """Return the largest weight of a kernel and the mean bias after training."""

    def network():
        outputs = layers.Dense(
            3, bias_initializer="ones", activation="softmax", name="head"
        )
        return keras.Sequential([keras.Input((4,)), outputs])

    classifier = KerasClassifier(
        network, loss="sparse_categorical_crossentropy", optimizer=optimizer, **SETTINGS
    )
    kernel, bias = classifier.fit(X, Y).weights_
    return np.abs(kernel).max(), bias.mean()


def test_rules_for_some_variables():
    """What is not to decay does not, though no configuration of Keras says it."""

    def optimizer(**excluded):
        made = keras.optimizers.SGD(1e-3, weight_decay=100.0)
        if excluded:
            made.exclude_from_weight_decay(**excluded)
        return made

    kernel, bias = decayed(optimizer())
    assert kernel < 0.5
    assert bias < 0.5
    kernel, bias = decayed(optimizer(var_names=["bias"]))
    assert kernel < 0.5
    assert bias == pytest.approx(1.0, abs=0.01)


def test_rules_by_name_of_layer():
    """Muon leaves layers to Adam by the names that the user gave them."""
    usual, excluded = (
        decayed(keras.optimizers.Muon(0.01, exclude_layers=layers))
        for layers in (None, ["head"])
    )
    assert usual != excluded


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.optimizers.Adam(learning_rate=lambda: 0.01),
        lambda: keras.optimizers.MultiOptimizer(
            keras.optimizers.OptimizerMap(
                keras.optimizers.SGD(0.1), {"head/.*": keras.optimizers.Adam(0.01)}
            )
        ),
    ],
    ids=["function as rate", "several"],
)
def test_optimizers_without_a_rate(make):
    """Optimizers whose rate is no number train as Keras trains with them."""

    def network():
        hidden = layers.Dense(8, activation="relu")
        outputs = layers.Dense(3, activation="softmax", name="head")
        model = keras.Sequential([keras.Input((4,)), hidden, outputs])
        model.compile(make(), "sparse_categorical_crossentropy")
        return model

    classifier = KerasClassifier(network, **SETTINGS).fit(X, Y)
    first = classifier.weights_
    again = KerasClassifier(network, **SETTINGS).fit(X, Y)
    for ours, theirs in zip(again.weights_, first, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    losses = classifier.set_params(epochs=30).fit(X, Y).history_["loss"]
    assert losses[-1] < 0.8 * losses[0]
    assert len(classifier.partial_fit(X, Y).history_["loss"]) == 31
