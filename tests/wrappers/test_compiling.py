"""What models are compiled with, and when."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from keras.optimizers.schedules import ExponentialDecay

from skdeep import KerasClassifier

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def network():
    """Return a network that is not compiled."""
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(2, "softmax"),
        ]
    )


def classifier(**changes):
    """Return a classifier around it, with all objectives given by name."""
    settings = {"loss": "sparse_categorical_crossentropy", "verbose": 0}
    return KerasClassifier(
        network, **settings | {"optimizer": "adam", "random_state": 0} | changes
    )


@pytest.fixture
def compiled(monkeypatch):
    """The models that have been compiled, in turn."""
    models, original = [], keras.Model.compile

    def recorded(model, *arguments, **settings):
        models.append(model)
        return original(model, *arguments, **settings)

    monkeypatch.setattr(keras.Model, "compile", recorded)
    return models


def test_only_a_model_that_is_looked_at_is_compiled(compiled):
    """A search that never looks at its models does not compile them."""
    fitted = classifier(optimizer__learning_rate=0.1, metrics=["accuracy"]).fit(X, Y)
    fitted.predict(X)
    assert not compiled
    model = fitted.model_
    assert compiled == [model]
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    assert model.loss is keras.losses.sparse_categorical_crossentropy
    loss, accuracy = model.evaluate(X, Y, verbose=0)
    assert accuracy == pytest.approx(fitted.score(X, Y))
    assert np.isfinite(loss)
    assert fitted.model_ is model
    assert compiled == [model]


@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        ("Adam", {}),
        ("Adam", {"learning_rate": 0.1}),
        ("SGD", {"learning_rate": 0.3, "momentum": 0.9, "nesterov": True}),
        ("RMSprop", {"learning_rate": 0.01, "clipnorm": 0.5, "name": "other"}),
    ],
)
def test_compiled_or_not_training_is_the_same(optimizer, settings):
    """Names train as the objects that they stand for, to the last bit."""
    routed = {f"optimizer__{key}": value for key, value in settings.items()}
    given = getattr(keras.optimizers, optimizer)(**settings)
    name = optimizer.lower()
    by_name = classifier(optimizer=name, epochs=3, metrics="accuracy", **routed)
    made = classifier(optimizer=given, epochs=3, metrics="accuracy")
    by_name.fit(X, Y)
    made.fit(X, Y)
    assert by_name.history_ == made.history_
    for estimator in (by_name, made):
        estimator.partial_fit(X, Y)
    np.testing.assert_array_equal(by_name.predict_proba(X), made.predict_proba(X))


def test_what_is_compiled_later_is_what_was_trained():
    """Parameters that are set after the fit are for the next one."""
    fitted = classifier(optimizer__learning_rate=0.1).fit(X, Y)
    fitted.set_params(optimizer="sgd", optimizer__learning_rate=0.5)
    optimizer = fitted.model_.optimizer
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert float(optimizer.learning_rate) == pytest.approx(0.1)


def test_a_default_rate_is_that_of_the_optimizer():
    """No rate means the one that the class of the optimizer has."""
    by_default = classifier(optimizer="sgd", epochs=2).fit(X, Y)
    given = classifier(optimizer="sgd", optimizer__learning_rate=0.01, epochs=2)
    assert by_default.history_ == given.fit(X, Y).history_


def test_threads_see_one_optimizer(compiled):
    """Whoever looks first compiles, and the others wait."""
    fitted = classifier().fit(X, Y)
    with ThreadPoolExecutor(4) as threads:
        optimizers = list(threads.map(lambda _: fitted.model_.optimizer, range(16)))
    assert len(compiled) == len(set(map(id, optimizers))) == 1


def test_keras_own_training_has_a_compiled_model(compiled):
    """What Keras trains is compiled before."""
    fitted = classifier(validation_split=0.25).fit(X, Y)
    assert len(compiled) == 1
    assert {"loss", "val_loss"} <= fitted.history_.keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"compile__jit_compile": False},
        {"run_eagerly": True},
        {"optimizer": keras.optimizers.SGD},
        {"loss": keras.losses.SparseCategoricalCrossentropy},
        {"metrics": [keras.metrics.SparseCategoricalAccuracy()]},
        {"optimizer__learning_rate": ExponentialDecay(0.1, 10, 0.9)},
    ],
    ids=["jit", "eager", "class", "loss class", "metric", "schedule"],
)
def test_more_than_names_and_numbers_is_compiled_at_once(compiled, changes):
    """Objects of the user are not kept for later."""
    fitted = classifier(**changes).fit(X, Y)
    assert len(compiled) == 1
    assert np.isfinite(fitted.history_["loss"]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer__clipvalue": 1, "optimizer__clipnorm": 1}, "clip"),
        ({"optimizer__no_such": 1}, "no_such"),
        ({"optimizer__learning_rate": 1}, "should be float"),
        ({"optimizer": "no_such"}, "no_such"),
        ({"loss": "no_such"}, "no_such"),
    ],
)
def test_what_keras_refuses_is_refused_by_fit(changes, message):
    """Nothing wrong waits until the model is looked at."""
    with pytest.raises(ValueError, match=message):
        classifier(**changes).fit(X, Y)


def test_initialize_compiles(compiled):
    """A model that is not trained is compiled all the same."""
    classifier().initialize(X, Y)
    assert len(compiled) == 1
