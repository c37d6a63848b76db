"""Routed parameters: kept, set, checked, and handed to what they are routed to."""

import pickle
from itertools import permutations

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

import skdeep
from tests.common.checks import assert_same, differ, fit, fresh, state
from tests.common.instances import INSTANCES

IMAGE = INSTANCES["ConvAutoencoderTransformer"]

ROUTED = {
    "optimizer__weight_decay": 0.01,
    "callbacks__patience": 1,
    "callbacks__monitor": "loss",
    "fit__epochs": 5,
}


def routed(**changes):
    """Return an estimator with routed parameters."""
    return skdeep.ConvAutoencoderTransformer(
        **IMAGE.get_params()
        | {"callbacks": keras.callbacks.EarlyStopping, "random_state": 0}
        | ROUTED
        | changes
    )


def test_routed_parameters_survive():
    """Routed parameters are parameters: cloned, shown, set, pickled."""
    estimator = routed()
    for copy in (
        estimator,
        clone(estimator),
        pickle.loads(pickle.dumps(estimator)),
        clone(IMAGE).set_params(**ROUTED),
        Pipeline([("deep", estimator)]).get_params()["deep"],
        clone(Pipeline([("deep", estimator)]))["deep"],
    ):
        assert ROUTED.items() <= copy.get_params().items()
        for name, value in ROUTED.items():
            assert f"{name}={value!r}" in repr(copy)
    pipeline = Pipeline([("deep", estimator)])
    pipeline.set_params(deep__optimizer__weight_decay=0.5, deep__fit__epochs=7)
    assert estimator.get_params()["optimizer__weight_decay"] == 0.5
    assert estimator.get_params()["fit__epochs"] == 7


def test_routed_parameters_work():
    """Routed parameters reach what they are routed to."""
    estimator = fit(routed(callbacks=None))
    assert estimator.n_iter_ == 5
    plain = fit(fresh(IMAGE, epochs=5))
    assert differ(estimator, plain)
    with_instance = fit(
        fresh(
            IMAGE,
            epochs=5,
            optimizer=keras.optimizers.Adam(weight_decay=0.01, learning_rate=0.01),
        )
    )
    for ours, theirs in zip(estimator.weights_, with_instance.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    # Patience of one epoch, with a loss that never falls by as much as this.
    stopped = fit(routed(callbacks__min_delta=10.0))
    assert stopped.n_iter_ == 2


def test_routed_batch_size():
    """`fit__batch_size` goes before `batch_size`."""
    found = fit(fresh(IMAGE).set_params(fit__batch_size=5))
    assert_same(state(found), state(fit(fresh(IMAGE, batch_size=5))))


def test_routed_callbacks():
    """Callbacks may be routed to `fit` as well."""
    seen = []
    recorder = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(epoch)
    )
    fit(fresh(IMAGE).set_params(fit__callbacks=[recorder]))
    assert seen == [0, 1]


@pytest.mark.parametrize(
    ("name", "value"),
    [("fit__epoch", 3), ("optimizer__momentun", 0.1), ("callbacks__patients", 3)],
)
def test_wrong_routed_parameters(name, value):
    """What nothing takes is refused by name when fitting."""
    estimator = routed().set_params(**{name: value})
    with pytest.raises((TypeError, ValueError), match=name.partition("__")[2]):
        fit(estimator)


def test_wrong_parameter_names():
    """The constructor says which parameters there are."""
    with pytest.raises(TypeError, match=r"unexpected.*'epoch'.*epochs.*optimizer"):
        skdeep.ConvAutoencoderTransformer(epoch=3)
    with pytest.raises(TypeError, match="model__units"):
        skdeep.ConvAutoencoderTransformer(model__units=3)
    with pytest.raises(TypeError, match="'optimizer_momentum'"):
        skdeep.ConvAutoencoderTransformer(optimizer_momentum=3)


def test_set_params_replaces_first():
    """What replaces an object goes before what changes it, in whatever order."""
    for names in permutations(("autoencoder__n_components", "autoencoder")):
        old, new = fresh(IMAGE, n_components=3), fresh(IMAGE, n_components=4)
        values = {"autoencoder__n_components": 8, "autoencoder": new}
        classifier = skdeep.PretrainedEncoderClassifier(old)
        classifier.set_params(**{name: values[name] for name in names})
        assert classifier.autoencoder is new
        assert (old.n_components, new.n_components) == (3, 8)


def test_setting_unknown_parameters():
    """What is no parameter is refused with those that there are, before any is set."""
    estimator = skdeep.RNNClassifier()
    with pytest.raises(
        ValueError,
        match=r"Invalid parameter epoch for estimator RNNClassifier\. Its parameters "
        r"are .*epochs.*starts with callbacks, fit, optimizer and",
    ):
        estimator.set_params(optimizer__momentum=0.5, units=3, epoch=3)
    assert repr(estimator) == "RNNClassifier()"
    with pytest.raises(ValueError, match=r"ConvAutoencoderTransformer.*n_components"):
        skdeep.PretrainedEncoderClassifier(IMAGE).set_params(autoencoder__n_bits=3)


def test_learning_rate_may_be_routed():
    """`optimizer__learning_rate` goes before `learning_rate`."""
    found = fit(
        fresh(IMAGE, learning_rate=9.0).set_params(optimizer__learning_rate=0.02)
    )
    assert_same(state(found), state(fit(fresh(IMAGE, learning_rate=0.02))))


@pytest.mark.parametrize("rate", ["0.1", -0.1, 0, float("nan"), [0.1]])
def test_wrong_routed_learning_rates(rate):
    """A routed rate is checked as the parameter `learning_rate` is."""
    estimator = fresh(IMAGE).set_params(optimizer__learning_rate=rate)
    with pytest.raises(
        ValueError, match=r"'optimizer__learning_rate'.*must be a float"
    ):
        fit(estimator)


@pytest.mark.parametrize("name", ["momentum", "learning_rate"])
def test_instances_take_no_parameters(name):
    """What is routed to an optimizer that has been made already is refused."""
    estimator = fresh(IMAGE, optimizer=keras.optimizers.SGD(0.02))
    estimator.set_params(**{f"optimizer__{name}": 0.1})
    with pytest.raises(ValueError, match=f"{name}.*not a class.*a name such as 'adam'"):
        fit(estimator)
