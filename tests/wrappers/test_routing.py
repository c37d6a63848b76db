"""Parameters find their way to the function, the compilation, the fit."""

import pickle
from functools import partial

import keras
import numpy as np
import pytest
from keras import layers
from scikeras.wrappers import BaseWrapper as SciKerasWrapper
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skdeep import KerasClassifier, KerasRegressor, KerasTransformer
from skdeep.wrappers import BaseWrapper
from tests.common import user_networks

X, Y = load_iris(return_X_y=True)
QUIET = {"verbose": 0, "random_state": 0}


def plain(units, meta):
    """Return an uncompiled classifier."""
    return keras.Sequential(
        [
            keras.Input(meta["X_shape_"][1:]),
            layers.Dense(units, activation="relu"),
            layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def units_of(estimator):
    """Return the size of the hidden layer that was fitted."""
    return estimator.weights_[0].shape[1]


def iris_classifier(**changes):
    """Return a classifier around an uncompiled network."""
    settings = {
        "model__units": 5,
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "adam",
        "optimizer__learning_rate": 0.02,
        **QUIET,
    }
    return KerasClassifier(plain, **settings | changes)


def test_is_a_scikeras_wrapper():
    """Code that asks for SciKeras' class gets an answer."""
    for cls in (KerasClassifier, KerasRegressor, KerasTransformer):
        assert issubclass(cls, SciKerasWrapper)
        assert issubclass(cls, BaseWrapper)


def test_parameters_of_the_function():
    """`model__units` and, as in SciKeras, `units` reach the function."""
    routed = iris_classifier(model__units=7)
    bare = KerasClassifier(
        plain, units=7, loss="sparse_categorical_crossentropy", **QUIET
    )
    for estimator in (routed, bare, clone(routed), clone(bare)):
        assert units_of(estimator.fit(X, Y)) == 7
    assert bare.get_params()["units"] == 7
    assert units_of(bare.set_params(units=3).fit(X, Y)) == 3


def test_what_the_function_is_told():
    """`meta`, `compile_kwargs` and `params` are passed where they are named."""
    told = {}

    def function(units, meta, compile_kwargs, params):
        told.update(meta=meta, compile_kwargs=compile_kwargs, params=params)
        model = plain(units, meta)
        model.compile(**compile_kwargs)
        return model

    estimator = iris_classifier(metrics=["accuracy"]).set_params(model=function)
    estimator.fit(X, Y)
    assert told["meta"]["n_classes_"] == 3
    assert told["meta"]["target_type_"] == "multiclass"
    assert told["meta"]["X_shape_"] == X.shape
    assert told["meta"]["X_dtype_"] == estimator.X_dtype_ == X.dtype
    assert told["meta"]["y_dtype_"] == estimator.y_dtype_ == Y.dtype
    assert told["params"] == estimator.get_params()
    arguments = told["compile_kwargs"]
    assert isinstance(arguments["optimizer"], keras.optimizers.Adam)
    assert float(arguments["optimizer"].learning_rate.numpy()) == pytest.approx(0.02)
    assert arguments["metrics"] == ["accuracy"]


def test_functions_of_every_kind():
    """A method, an object that can be called and a partial build networks, too."""

    class Builder:
        def __call__(self, meta):
            return plain(4, meta)

        def build(self, meta):
            return plain(4, meta)

    for function in (Builder(), Builder().build, partial(plain, 4)):
        estimator = KerasClassifier(
            function, loss="sparse_categorical_crossentropy", **QUIET
        )
        assert units_of(estimator.fit(X, Y)) == 4


def test_subclass_with_a_method():
    """A subclass may build its network itself, with parameters of its own."""

    class Own(KerasClassifier):
        def __init__(self, units=6, **others):
            super().__init__(**others)
            self.units = units

        def _keras_build_fn(self, units, meta):
            return plain(units, meta)

    estimator = Own(units=9, loss="sparse_categorical_crossentropy", **QUIET)
    assert units_of(clone(estimator).fit(X, Y)) == 9
    assert units_of(estimator.set_params(units=2).fit(X, Y)) == 2


def test_compile_and_fit_parameters():
    """`compile__`, `fit__` and their unprefixed names reach Keras."""
    estimator = iris_classifier(compile__steps_per_execution=2, fit__epochs=3, epochs=9)
    estimator.fit(X, Y)
    assert estimator.n_iter_ == estimator.current_epoch == 3
    assert estimator.model_.steps_per_execution == 2
    estimator.fit(X, Y, epochs=2)
    assert estimator.n_iter_ == 2


def test_loss_and_metrics_of_every_kind():
    """Names, classes with routed parameters and instances are the same."""
    losses = (
        {"loss": "SparseCategoricalCrossentropy"},
        {"loss": keras.losses.SparseCategoricalCrossentropy},
        {"loss": keras.losses.SparseCategoricalCrossentropy()},
        {
            "loss": "SparseCategoricalCrossentropy",
            "loss__from_logits": False,
            "metrics": "SparseCategoricalAccuracy",
            "metrics__name": "right",
        },
    )
    fits = [iris_classifier(epochs=2, **changes).fit(X, Y) for changes in losses]
    for other in fits[1:]:
        for first, second in zip(fits[0].weights_, other.weights_, strict=True):
            np.testing.assert_array_equal(first, second)
    assert fits[3].history_.keys() == {"loss", "right"}


@pytest.mark.parametrize("name", ["huber", "Huber", "mean_squared_error", "mse"])
def test_parameters_of_a_loss_by_its_name(name):
    """The name of a function takes the parameters of the class of that name."""
    known = {"delta": 0.2} if "uber" in name else {"reduction": "sum"}
    loss = getattr(keras.losses, "Huber" if "uber" in name else "MeanSquaredError")
    routed = {f"loss__{key}": value for key, value in known.items()}
    settings = {"batch_size": 150, **QUIET}

    def network():
        return keras.Sequential([keras.Input((4,)), layers.Dense(1)])

    by_name, by_class = (
        KerasRegressor(network, **parameters, **settings).fit(X, Y).history_["loss"]
        for parameters in ({"loss": name, **routed}, {"loss": loss(**known)})
    )
    assert by_name == pytest.approx(by_class, rel=1e-5)


def test_parameters_of_what_takes_none():
    """Parameters of a function of the user's are refused by name."""
    loss = keras.ops.subtract
    with pytest.raises(ValueError, match="parameters of a name or class start with"):
        iris_classifier(loss=loss, loss__delta=1).fit(X, Y)


class Scaled(keras.losses.Loss):
    """A loss of the user's that cannot be constructed from nothing."""

    def __init__(self, factor, name="scaled"):
        super().__init__(name=name)
        self.factor = factor

    def call(self, y_true, y_pred):
        known = keras.losses.sparse_categorical_crossentropy
        return self.factor * known(y_true, y_pred)


def test_loss_with_arguments_that_it_needs():
    """A class of a loss is constructed with what is routed to it, and only so."""
    plain_loss = iris_classifier().fit(X, Y).history_["loss"]
    scaled = iris_classifier(loss=Scaled, loss__factor=2.0).fit(X, Y)
    assert scaled.history_["loss"][0] > 1.5 * plain_loss[0]


@pytest.mark.parametrize(
    "loss", ["mse", "MeanSquaredError", keras.losses.Poisson, Scaled]
)
def test_loss_that_the_function_does_not_use(loss):
    """A network compiled with another loss than the parameter says is refused."""

    def function(meta):
        model = plain(3, meta)
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    estimator = KerasClassifier(function, loss=loss, **QUIET)
    with pytest.raises(ValueError, match="but the network was compiled with 'sparse"):
        estimator.fit(X, Y)
    for same in ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"):
        assert estimator.set_params(loss=same).fit(X, Y).n_iter_ == 1


def test_optimizer_instance_is_not_used_up():
    """An optimizer that is a parameter stays as it is, so that fits can repeat."""
    optimizer = keras.optimizers.Adam(0.02)
    estimator = iris_classifier(optimizer=optimizer)
    del estimator.optimizer__learning_rate
    first = estimator.fit(X, Y).weights_
    second = estimator.fit(X, Y).weights_
    assert not optimizer.built
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_grid_search_over_the_function():
    """A search over routed parameters in a pipeline, by area under the curve."""
    pipeline = Pipeline([("net", iris_classifier(epochs=12))])
    grid = {"net__model__units": [1, 8], "net__optimizer__learning_rate": [1e-5, 0.05]}
    search = GridSearchCV(
        pipeline, grid, scoring="roc_auc_ovr", cv=2, error_score="raise"
    )
    search.fit(X, Y)
    assert search.best_params_["net__optimizer__learning_rate"] == 0.05
    assert search.best_score_ > 0.9


def test_routed_parameters_travel():
    """Routed parameters survive cloning, pickling and printing."""
    estimator = iris_classifier(callbacks__patience=3, score__normalize=True)
    for other in (clone(estimator), pickle.loads(pickle.dumps(estimator))):
        assert other.get_params() == estimator.get_params()
        assert "model__units=5" in repr(other)


def test_score_parameters():
    """`score__` reaches the scorer."""
    estimator = iris_classifier(epochs=5, score__normalize=False).fit(X, Y)
    assert estimator.score(X, Y) == int(estimator.score(X, Y)) > 1


def test_legacy_name():
    """`build_fn` works and says what to use."""
    estimator = KerasClassifier(build_fn=user_networks.classifier, **QUIET)
    with pytest.warns(UserWarning, match="build_fn"):
        estimator.fit(X, Y)


# -- errors ----------------------------------------------------------------------------


def test_unknown_parameters():
    """What nothing could take is refused at once, the rest by the function."""
    with pytest.raises(TypeError, match="'units'"):
        KerasClassifier(units=3)
    with pytest.raises(TypeError, match="modle__units"):
        KerasClassifier(plain, modle__units=3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'width'"):
        KerasClassifier(plain, width=3, model__units=2).fit(X, Y)
    with pytest.raises(ValueError, match="Invalid parameter width"):
        iris_classifier().set_params(width=3)


def test_wrong_models():
    """What builds no model is refused, with what was got."""
    with pytest.raises(TypeError, match="``model`` must be"):
        KerasClassifier(model=3).fit(X, Y)
    with pytest.raises(
        TypeError, match=r"must return a keras\.Model, but it returned 7"
    ):
        KerasClassifier(model=lambda: 7).fit(X, Y)
    with pytest.raises(ValueError, match="_keras_build_fn"):
        KerasClassifier().fit(X, Y)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"loss": None}, "provide a loss"),
        ({"loss": [None]}, "provide a loss"),
        ({"loss": "crossentropie"}, "loss='crossentropie'.*Could not interpret"),
        ({"optimizer": "adma"}, "optimizer='adma'.*Could not interpret"),
        ({"optimizer": None, "optimizer__learning_rate": 1}, "optimizer|class"),
        ({"metrics": ["no such metric"]}, "metrics=.*Could not interpret"),
        ({"epochs": 0}, "'epochs' parameter"),
        ({"batch_size": 0}, "'batch_size' parameter"),
        ({"callbacks": 3}, "'callbacks' parameter"),
        ({"fit__epoch": 3}, "epoch"),
    ],
)
def test_wrong_settings(changes, match):
    """What Keras could not use is refused by name, and nothing is fitted."""
    estimator = iris_classifier(**changes)
    with pytest.raises((TypeError, ValueError), match=match):
        estimator.fit(X, Y)
    assert not hasattr(estimator, "weights_")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", "3"),
        ("epochs", -1),
        ("epochs", 2.5),
        ("batch_size", 0),
        ("validation_split", 1.5),
        ("shuffle", "no"),
    ],
)
def test_wrong_routed_settings(name, value):
    """What is routed to `fit` is held to what the parameter of that name may be."""
    with pytest.raises(ValueError, match=f"'fit__{name}' parameter of KerasClassifier"):
        iris_classifier(**{f"fit__{name}": value}).fit(X, Y)
    with pytest.raises(ValueError, match=f"'{name}' parameter of KerasClassifier"):
        iris_classifier().fit(X, Y, **{name: value})


def test_no_epochs():
    """Without an epoch there are the weights that the function has made."""
    fitted = iris_classifier(fit__epochs=0).fit(X, Y)
    assert fitted.n_iter_ == 0
    assert iris_classifier().fit(X, Y, epochs=0).n_iter_ == 0
