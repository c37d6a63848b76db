"""Training: compiled once where it can be, as Keras does it everywhere else."""

import gc
import pickle
import pickletools
import weakref

import keras
import numpy as np
import pytest
from keras import layers
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import AdaBoostClassifier, BaggingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score

from skdeep import KerasClassifier, KerasRegressor
from skdeep.runtime.compiled import CompiledNetwork
from tests.common import user_networks

X, Y = load_iris(return_X_y=True)
SETTINGS = {"epochs": 3, "verbose": 0, "random_state": 0, "metrics": ["accuracy"]}


def classifier(**changes):
    """Return a classifier around a network of Keras' layers."""
    return KerasClassifier(user_networks.classifier, **SETTINGS | changes)


class Watcher(keras.callbacks.Callback):
    """Somebody's callback, which could do anything."""

    def __init__(self):
        super().__init__()
        self.batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1


@keras.saving.register_keras_serializable("tests")
class Doubled(layers.Layer):
    """Somebody's own layer."""

    def call(self, inputs):
        return 2 * inputs


def with_own_layer(meta, compile_kwargs):
    """Return a classifier with a layer of the user's."""
    model = keras.Sequential(
        [
            keras.Input(meta["X_shape_"][1:]),
            Doubled(),
            layers.Dropout(0.2),
            layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )
    compile_kwargs["loss"] = "sparse_categorical_crossentropy"
    model.compile(**compile_kwargs)
    return model


def assert_same_weights(first, second, tolerance=0.0):
    """Compare the weights of two estimators."""
    for one, other in zip(first.weights_, second.weights_, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


# -- the two ways ----------------------------------------------------------------------


def test_fits_of_one_network_compile_once(monkeypatch):
    """A search over what is no part of the network traces it once."""
    traced = []
    original = CompiledNetwork.__init__

    def counting(self, *arguments):
        traced.append(self)
        original(self, *arguments)

    monkeypatch.setattr(CompiledNetwork, "__init__", counting)
    grid = {"model__learning_rate": [0.01, 0.02, 0.03], "batch_size": [16, 32]}
    estimator = classifier(model__units=11, epochs=1)
    GridSearchCV(estimator, grid, cv=3, error_score="raise").fit(X, Y)
    assert len(traced) == 1


@pytest.mark.parametrize(
    "weights", [None, np.arange(150) % 3, np.linspace(0.5, 2, 150)]
)
def test_both_ways_give_the_same(weights):
    """A callback that needs Keras' own training does not change what is learned."""
    watcher = Watcher()
    compiled = classifier().fit(X, Y, sample_weight=weights)
    keras_own = classifier(callbacks=[watcher]).fit(X, Y, sample_weight=weights)
    assert watcher.batches > 0
    assert_same_weights(compiled, keras_own, 1e-5)
    assert compiled.history_.keys() == keras_own.history_.keys()
    np.testing.assert_allclose(
        compiled.history_["loss"], keras_own.history_["loss"], rtol=1e-4
    )
    compiled.partial_fit(X, Y)
    keras_own.partial_fit(X, Y)
    assert_same_weights(compiled, keras_own, 1e-5)


def test_own_layers_are_reproducible():
    """What Keras trains itself depends on `random_state` and nothing else, either."""
    first = KerasClassifier(with_own_layer, **SETTINGS).fit(X, Y)
    keras.utils.set_random_seed(3)
    second = KerasClassifier(with_own_layer, **SETTINGS).fit(X[::-1], Y[::-1])
    assert_same_weights(first, second)
    other = KerasClassifier(with_own_layer, **SETTINGS | {"random_state": 1}).fit(X, Y)
    assert not np.array_equal(first.weights_[0], other.weights_[0])
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


def test_shuffling_of_keras_is_reproducible():
    """Where Keras shuffles the rows itself, it does so by `random_state`."""
    fits = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        fits.append(classifier().fit(X, Y, validation_data=(X, Y)))
    assert_same_weights(*fits)


def test_own_layers_go_on_through_pickles():
    """Passes one by one, with pickles in between, equal one fit."""
    whole = KerasClassifier(with_own_layer, **SETTINGS).fit(X, Y)
    steps = KerasClassifier(with_own_layer, **SETTINGS)
    for _ in range(SETTINGS["epochs"]):
        steps = pickle.loads(pickle.dumps(steps.partial_fit(X, Y)))
    assert_same_weights(whole, steps, 1e-6)
    assert steps.current_epoch == 3
    np.testing.assert_allclose(whole.predict_proba(X), steps.predict_proba(X), 1e-5)


def test_callbacks():
    """Callbacks are constructed, routed to and heard, whichever way is taken."""
    stopped = classifier(
        epochs=30,
        callbacks=keras.callbacks.EarlyStopping,
        callbacks__monitor="loss",
        callbacks__patience=1,
        callbacks__min_delta=10.0,
    ).fit(X, Y)
    assert stopped.n_iter_ == 2
    by_metric = classifier(
        epochs=30,
        callbacks={"stop": keras.callbacks.EarlyStopping},
        callbacks__stop__monitor="accuracy",
        callbacks__stop__patience=1,
        callbacks__stop__min_delta=1.0,
    ).fit(X, Y)
    assert by_metric.n_iter_ == 2
    predicting = []

    class Prediction(keras.callbacks.Callback):
        def on_predict_begin(self, logs=None):
            predicting.append(self)

    classifier(predict__callbacks=Prediction).fit(X, Y).predict(X)
    assert len(predicting) == 1


def test_validation_split():
    """The last rows are validated on, as Keras does it."""
    fitted = classifier(validation_split=0.2).fit(X[:100], Y[:100])
    assert fitted.history_.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    with pytest.raises(ValueError, match=r"validation_split=0\.99"):
        classifier(validation_split=0.99).fit(X[50:52], Y[50:52])


def test_short_names_of_metrics():
    """The history has full names, as in SciKeras."""
    for callbacks in (None, [Watcher()]):
        regressor = KerasRegressor(
            user_networks.regressor,
            metrics=["mae"],
            verbose=0,
            callbacks=callbacks,
        )
        assert regressor.fit(X, Y).history_.keys() == {"loss", "mean_absolute_error"}


# -- rows ------------------------------------------------------------------------------


def test_sparse_rows():
    """Sparse rows are rows, trained on and predicted without a dense copy."""
    dense = classifier().fit(X, Y)
    for rows in (csr_array(X), csr_array(X).tocoo(), csr_array(X).tolil()):
        sparse = classifier().fit(rows, Y)
        assert_same_weights(dense, sparse)
        np.testing.assert_array_equal(
            dense.predict_proba(X), sparse.predict_proba(rows)
        )
    own = KerasClassifier(with_own_layer, **SETTINGS)
    np.testing.assert_allclose(
        own.fit(X, Y).predict_proba(X),
        own.fit(csr_array(X), Y).predict_proba(csr_array(X)),
        rtol=1e-5,
    )


def test_weights_are_counts():
    """Whole weights equal repeated rows; only proportions count."""
    counts = np.random.default_rng(0).integers(0, 4, 150)
    repeated = classifier().fit(np.repeat(X, counts, axis=0), np.repeat(Y, counts))
    for weights in (counts, counts / 2):
        assert_same_weights(repeated, classifier().fit(X, Y, sample_weight=weights))


def test_class_weight():
    """Classes weigh what they are told to, also together with rows."""
    heavy = classifier(class_weight={1: 1000.0}, epochs=10).fit(X, Y)
    assert np.mean(heavy.predict(X) == 1) > 0.9
    some = np.concatenate([np.arange(60), np.arange(100, 110)])
    balanced = classifier(class_weight="balanced").fit(X[some], Y[some])
    weights = np.where(Y[some] == 0, 70 / 3 / 50, 70 / 3 / 10)
    by_row = classifier().fit(X[some], Y[some], sample_weight=weights)
    assert_same_weights(balanced, by_row)
    with pytest.raises(ValueError, match=r"class_weight names the classes \[7\]"):
        classifier(class_weight={7: 2.0}).fit(X, Y)


def test_ensembles():
    """Wrappers can be boosted and bagged."""
    boosted = AdaBoostClassifier(classifier(epochs=40), n_estimators=2, random_state=0)
    assert boosted.fit(X, Y).score(X, Y) > 0.8
    bagged = BaggingRegressor(
        KerasRegressor(user_networks.regressor, epochs=10, verbose=0),
        n_estimators=2,
        random_state=0,
    )
    assert bagged.fit(X, Y).score(X, Y) > 0.5


def test_stratified_folds_and_roc_auc():
    """Rows in the order of their classes do not leave a fold with one class."""
    scores = cross_val_score(
        classifier(epochs=10),
        X[:100],
        Y[:100],
        scoring="roc_auc",
        cv=5,
        error_score="raise",
    )
    assert scores.mean() > 0.9


# -- going on, or not at all -----------------------------------------------------------


def test_initialize():
    """A network is used with the weights it has, and can be trained from there."""
    estimator = classifier().initialize(X, Y)
    assert estimator.initialized_
    assert estimator.current_epoch == 0
    assert not hasattr(estimator, "history_")
    assert estimator.predict(X).shape == Y.shape
    start = [array.copy() for array in estimator.weights_]
    estimator.partial_fit(X, Y)
    assert estimator.current_epoch == 1
    assert any((a != b).any() for a, b in zip(start, estimator.weights_, strict=True))


def test_partial_fit_with_classes():
    """Classes that the first rows do not show can be named."""
    estimator = classifier().partial_fit(X[:50], Y[:50], classes=[0, 1, 2])
    assert estimator.predict_proba(X).shape == (150, 3)
    estimator.partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"Found unknown categories \[3\]"):
        estimator.partial_fit(X, Y + 1)
    with pytest.raises(TypeError, match="epochs"):
        estimator.partial_fit(X, Y, epochs=3)


def test_warm_start():
    """Training goes on from the weights; the history is that of the last fit."""
    whole = classifier(epochs=6).fit(X, Y)
    parts = classifier(warm_start=True).fit(X, Y).fit(X, Y)
    assert_same_weights(whole, parts)
    assert parts.history_["loss"] == whole.history_["loss"][3:]


def test_data_of_another_kind():
    """Training goes on with rows of the same kind only, and says what differs."""
    estimator = classifier().fit(X, Y)
    for wrong, y, match in (
        (X[:, :3], Y, "3 features"),
        (X[:, :, None], Y, "3 dimensions"),
        (X, Y.astype(float), "Got y with dtype float64"),
        (X, np.stack([Y, Y], axis=1), "2 dimensions in y|y has 2 dimensions"),
    ):
        with pytest.raises(ValueError, match=match):
            estimator.partial_fit(wrong, y)
    assert estimator.score(X, Y) == classifier().fit(X, Y).score(X, Y)


def test_unfitted():
    """What needs a fit says so."""
    for call in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(classifier(), call)(X)
    with pytest.raises(AttributeError, match="no model_ yet"):
        _ = classifier().model_


# -- model_ and pickles ----------------------------------------------------------------


def test_model_stays_the_same_while_it_is_held():
    """`model_` is one object as long as somebody has it, and follows the training."""
    estimator = classifier().fit(X, Y)
    model = estimator.model_
    assert model.compiled
    assert [m.name for m in model.metrics[1].metrics] == ["accuracy"]
    estimator.partial_fit(X, Y)
    assert estimator.model_ is model
    for weight, array in zip(model.get_weights(), estimator.weights_, strict=True):
        np.testing.assert_array_equal(weight, array)
    assert estimator.fit(X, Y).model_ is not model


def test_live_models_are_few():
    """Fitted estimators do not keep their models alive."""
    built = []

    def network(meta, compile_kwargs):
        model = user_networks.classifier(meta, compile_kwargs)
        built.append(weakref.ref(model))
        return model

    fits = [KerasClassifier(network, **SETTINGS).fit(X, Y) for _ in range(12)]
    gc.collect()
    assert sum(model() is not None for model in built) <= 8
    assert all(fitted.predict(X).shape == Y.shape for fitted in fits)


def test_pickles_hold_numbers():
    """A pickle is small, and names neither Keras nor code."""
    for function in (user_networks.classifier, with_own_layer):
        fitted = KerasClassifier(function, **SETTINGS).fit(X, Y)
        fitted.predict(X)
        assert fitted.model_.built
        content = pickle.dumps(fitted)
        assert len(content) < 6_000
        words = {str(argument) for _, argument, _ in pickletools.genops(content)}
        assert not {w for w in words if w.startswith(("keras", "tensor", "marshal"))}
        assert not any(code in content for code in (b"marshal", b"lambda", b".keras"))
        copy = pickle.loads(content)
        np.testing.assert_array_equal(fitted.predict_proba(X), copy.predict_proba(X))


def test_changed_function_is_noticed():
    """Weights of another network than the function now builds are refused."""
    fitted = pickle.loads(pickle.dumps(classifier().fit(X, Y)))
    fitted.set_params(model__units=3)
    with pytest.raises(ValueError, match="changed after fit"):
        fitted.predict(X)


def test_classes_that_weigh_nothing():
    """Rows of classes without a weight are not trained on as if they had one."""
    rows, labels = X[Y == 0], Y[Y == 0]
    weightless = classifier(class_weight={0: 0.0, 1: 1.0, 2: 1.0})
    with pytest.raises(ValueError, match="zero for all classes that y shows, "):
        weightless.partial_fit(rows, labels, classes=[0, 1, 2])


def test_rows_that_weigh_nothing_are_not_trained_on():
    """A class without a weight is known, but its rows are none to learn from."""
    weights = {0: 0.0, 1: 1.0, 2: 1.0}
    fitted = classifier(class_weight=weights).fit(X, Y)
    np.testing.assert_array_equal(fitted.classes_, [0, 1, 2])
    assert fitted.n_samples_seen_ == SETTINGS["epochs"] * 100
    without = classifier().partial_fit(X[Y > 0], Y[Y > 0], classes=[0, 1, 2])
    one = classifier(class_weight=weights).partial_fit(X, Y)
    assert_same_weights(one, without)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 5.0}])
def test_classes_of_columns_are_weighted(class_weight):
    """Labels as one column for each class are weighted like the labels."""

    def network():
        outputs = layers.Dense(3, activation="softmax")
        return keras.Sequential([keras.Input((4,)), outputs])

    rows, labels = X[20:], Y[20:]
    settings = {**SETTINGS, "loss": "categorical_crossentropy", "optimizer": "adam"}
    estimator = KerasClassifier(network, class_weight=class_weight, **settings)
    by_label = clone(estimator).fit(rows, labels)
    by_column = clone(estimator).fit(rows, np.eye(3, dtype=int)[labels])
    assert_same_weights(by_label, by_column, 1e-6)


class Attached(Watcher):
    """A callback that looks at the model as soon as it gets it."""

    def set_model(self, model):
        self.n_layers = len(model.layers)
        super().set_model(model)


@pytest.mark.parametrize("several", [True, False], ids=["list", "single"])
def test_callbacks_that_look_at_the_model(several):
    """A callback of the user's is not asked to look at a model that is gone."""
    callback = Attached()
    fitted = classifier(predict__callbacks=Attached)
    fitted.fit(X, Y, callbacks=[callback] if several else callback)
    assert callback.batches > 0
    assert callback.n_layers == len(fitted.model_.layers)
    assert callback.model is None
    assert fitted.predict(X, batch_size=50).shape == Y.shape


def test_masked_targets_beside_weights():
    """What a masked target hides is not used, whatever the rows weigh."""
    hidden = np.ma.masked_array(Y, Y == 1)
    weights = np.arange(len(Y)) > 0
    with pytest.raises(ValueError, match="y is a masked array"):
        classifier().fit(X, hidden, sample_weight=weights)


@pytest.mark.parametrize("shuffle", [True, False])
def test_rows_for_validation_are_not_counted(shuffle):
    """Rows that are held out are none that the network has seen."""
    settings = {"fit__validation_split": 0.2, "fit__shuffle": shuffle, "epochs": 2}
    fitted = classifier(**settings).fit(X, Y)
    assert fitted.n_samples_seen_ == 2 * int(len(X) * 0.8)
