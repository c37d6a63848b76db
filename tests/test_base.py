"""The base of all estimators: parameters, routing, callbacks of both kinds."""

import io
import pickle
import sys
from contextlib import redirect_stdout

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV

import skdeep
from skdeep.persistence import load, save
from tests.common.checks import assert_same, differ, fit, fresh, state
from tests.common.instances import IMAGES, INSTANCES, TEXTS

IMAGE = INSTANCES["ConvAutoencoderTransformer"]
TEXT = INSTANCES["CharCNNClassifier"]
N_BATCHES = 4

# Keras 3.15 reads the rate with `numpy.array(variable)`, which NumPy 2.4 warns of.
reads_rate = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


def same(first, second):
    """Tell whether two fitted estimators have the same weights and history."""
    try:
        assert_same(state(first), state(second))
    except AssertionError:
        return False
    return True


def nearly_same(first, second):
    """Tell whether weights are equal but for rounding of the learning rate."""
    return all(
        np.allclose(a, b, rtol=1e-4, atol=1e-6)
        for a, b in zip(first.weights_, second.weights_, strict=True)
    )


# -- optimizers ------------------------------------------------------------------------


def test_optimizers_of_every_kind():
    """A name, a class and an instance are the same optimizer."""
    reference = fit(fresh(IMAGE, learning_rate=0.02))
    for optimizer in ("Adam", keras.optimizers.Adam):
        assert same(
            reference, fit(fresh(IMAGE, learning_rate=0.02, optimizer=optimizer))
        )
    instance = keras.optimizers.Adam(0.02)
    assert nearly_same(reference, fit(fresh(IMAGE, optimizer=instance)))
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([10**6], [0.02, 0.0])
    constant = {"learning_rate": 0.02, "learning_rate_schedule": "constant"}
    instance = keras.optimizers.Adam(schedule)
    assert nearly_same(
        fit(fresh(IMAGE, **constant)), fit(fresh(IMAGE, optimizer=instance))
    )


def excluding():
    """Return an optimizer that spares biases."""
    optimizer = keras.optimizers.SGD(weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


@pytest.mark.parametrize(
    "make",
    [
        excluding,
        lambda: keras.optimizers.Muon(exclude_layers=["output"]),
        lambda: keras.optimizers.MultiOptimizer(
            keras.optimizers.OptimizerMap(keras.optimizers.SGD())
        ),
    ],
)
def test_optimizers_that_tell_variables_apart(make):
    """Rules for variables of some names are refused, not left out."""
    with pytest.raises(ValueError, match="tells variables apart by their names"):
        fit(fresh(IMAGE, optimizer=make()))


def test_optimizer_instance_is_not_used_up():
    """An instance given as a parameter is a description; it is never trained with."""
    optimizer = keras.optimizers.Adam(0.02)
    estimator = fit(fresh(IMAGE, optimizer=optimizer))
    first = state(estimator)
    assert not optimizer.built
    assert_same(first, state(fit(estimator)))


def test_learning_rate_schedule_of_keras():
    """A Keras schedule gives the rate of each step, also through `partial_fit`."""
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 1, 0.7)
    whole = fit(fresh(IMAGE, learning_rate=schedule, epochs=3))
    steps = fresh(IMAGE, learning_rate=schedule)
    for _ in range(3):
        steps.partial_fit(IMAGES.X)
    assert same(whole, steps)
    assert differ(whole, fit(fresh(IMAGE, learning_rate=0.05, epochs=3)))


def test_moving_averages():
    """With `use_ema` the weights are averages, and training goes on from the others."""
    settings = {"epochs": 3, "learning_rate_schedule": "constant"}
    averaged = {"optimizer__use_ema": True, "optimizer__ema_momentum": 0.9}
    whole = fit(fresh(IMAGE, **settings, **averaged))
    assert differ(whole, fit(fresh(IMAGE, **settings)))
    steps = fresh(IMAGE, **averaged)
    for _ in range(3):
        steps.partial_fit(IMAGES.X)
        steps = pickle.loads(pickle.dumps(steps))
    assert same(whole, steps)


def test_moving_averages_of_no_epoch():
    """Without an epoch there is nothing to average: an encoder keeps its weights."""
    classifier = skdeep.PretrainedEncoderClassifier(
        fit(fresh(IMAGE)), random_state=0, fit__epochs=0, optimizer__use_ema=True
    )
    classes = np.arange(len(IMAGES.X)) % 2
    averaged = state(classifier.fit(IMAGES.X, classes))
    plain = classifier.set_params(optimizer__use_ema=False)
    assert_same(averaged, state(plain.fit(IMAGES.X, classes)))


def test_going_on_with_another_optimizer():
    """Another optimizer starts anew on the weights that are there."""
    for optimizer in ("sgd", "nadam"):
        estimator = fit(fresh(IMAGE, warm_start=True))
        fit(estimator.set_params(optimizer=optimizer))
        assert estimator.n_iter_ == 4
        assert np.isfinite(estimator.history_["loss"]).all()


def test_going_on_with_validation(tmp_path):
    """Validation that begins later, or again, has its numbers at its epochs."""
    estimator = fit(fresh(IMAGE, warm_start=True))
    for early_stopping in (True, False, True):
        fit(estimator.set_params(early_stopping=early_stopping))
        last = len(estimator.history_["val_loss"])
        assert last == (estimator.n_iter_ if early_stopping else 4)
    assert estimator.n_iter_ == len(estimator.history_["loss"]) == 8
    known = np.isfinite(estimator.history_["val_loss"])
    assert known.tolist() == [False, False, True, True] * 2
    save(estimator, tmp_path / "model")
    again = load(tmp_path / "model")
    np.testing.assert_equal(again.history_, estimator.history_)


def test_changed_network():
    """A network that was changed after the fit is noticed before it is used."""
    for use in (
        lambda e: e.transform(IMAGES.new),
        lambda e: e.partial_fit(IMAGES.X),
        lambda e: e.model_,
    ):
        estimator = fit(fresh(IMAGE)).set_params(n_components=7)
        with pytest.raises(ValueError, match="changed after fit"):
            use(estimator)
    estimator = fit(fresh(IMAGE))
    codes = estimator.transform(IMAGES.new)
    changed = estimator.set_params(precision="float64").transform(IMAGES.new)
    np.testing.assert_allclose(codes, changed, rtol=1e-4, atol=1e-5)


# -- Keras callbacks -------------------------------------------------------------------


class Recorder(keras.callbacks.Callback):
    """Count what was seen."""

    def __init__(self):
        super().__init__()
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


def early_stopping(kind):
    """Return early stopping after two epochs, written in one of the possible ways."""
    settings = {"monitor": "loss", "patience": 1, "min_delta": 10.0}
    routed = {f"callbacks__{name}": value for name, value in settings.items()}
    instance = keras.callbacks.EarlyStopping(**settings)
    return {
        "instance": {"callbacks": instance},
        "list": {"callbacks": [instance]},
        "nested": {"callbacks": [[instance], Recorder()]},
        "dict": {"callbacks": {"stop": instance}},
        "class": {"callbacks": keras.callbacks.EarlyStopping, **routed},
        "list of classes": {"callbacks": [keras.callbacks.EarlyStopping], **routed},
        "dict of classes": {
            "callbacks": {"stop": keras.callbacks.EarlyStopping},
            **{f"callbacks__stop__{name}": value for name, value in settings.items()},
        },
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "instance",
        "list",
        "nested",
        "dict",
        "class",
        "list of classes",
        "dict of classes",
    ],
)
def test_keras_callbacks(kind):
    """Callbacks are given as SciKeras takes them, and each fit starts anew."""
    parameters = early_stopping(kind)
    estimator = fit(fresh(IMAGE, epochs=6, **parameters))
    assert estimator.n_iter_ == 2
    assert fit(estimator).n_iter_ == 2
    assert fit(clone(estimator)).n_iter_ == 2
    other = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(
        other.transform(IMAGES.new), estimator.transform(IMAGES.new)
    )
    assert not {"_fit_callbacks", "_predict_callbacks"} & set(vars(estimator))


@reads_rate
@pytest.mark.parametrize("as_class", [False, True])
def test_rate_callbacks(as_class):
    """Callbacks that change the learning rate change the fit."""
    scheduler = keras.callbacks.LearningRateScheduler
    plateau = keras.callbacks.ReduceLROnPlateau
    tenth = {"monitor": "loss", "factor": 0.1, "patience": 1, "min_delta": 10.0}
    if as_class:
        scheduled = fresh(IMAGE, callbacks=scheduler).set_params(
            callbacks__schedule=halve
        )
        reduced = fresh(IMAGE, callbacks=plateau).set_params(
            **{f"callbacks__{name}": value for name, value in tenth.items()}
        )
    else:
        scheduled = fresh(IMAGE, callbacks=[scheduler(halve)])
        reduced = fresh(IMAGE, callbacks=[plateau(**tenth)])
    plain = fit(fresh(IMAGE, epochs=4))
    for estimator in (scheduled, reduced):
        assert differ(plain, fit(estimator.set_params(epochs=4)))


def halve(epoch, rate):
    """Return half the learning rate."""
    return rate / 2


@pytest.mark.parametrize("wrong", [[3], {"a": "b"}, "EarlyStopping", 3])
def test_wrong_callbacks(wrong):
    """What is no callback is refused."""
    with pytest.raises((TypeError, ValueError), match="callback"):
        fit(fresh(IMAGE, callbacks=wrong))


def test_callbacks_see_the_network():
    """A callback may use the model, and holds nothing of it afterwards."""
    seen = []

    class Looker(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            codes = self.model.get_layer("encoder")(IMAGES.new[..., None])
            seen.append(np.asarray(codes).std())

    looker = Looker()
    fit(fresh(IMAGE, callbacks=looker))
    assert len(seen) == 2
    assert looker.model is None


def test_own_way_of_being_given_a_model():
    """A callback that looks at the model when it gets it is given no other thing."""
    seen = []

    class Counter(keras.callbacks.Callback):
        def set_model(self, model):
            super().set_model(model)
            seen.append(model.count_params())

    counter = Counter()
    estimator = fit(fresh(IMAGE, callbacks=counter))
    assert seen == [sum(array.size for array in estimator.weights_)]
    assert counter.model is None


# -- scikit-learn's callbacks ----------------------------------------------------------


class Witness:
    """A callback of scikit-learn that writes down what happens."""

    def __init__(self, stop_after=None):
        self.stop_after, self.calls, self.scores = stop_after, [], []

    def setup(self, estimator, context):
        """Note the start."""
        self.calls.append("setup")

    def on_fit_task_begin(self, estimator, context):
        """Note the start of a task."""
        self.calls.append(f"{context.task_name} begin")

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        """Note the end of a task, and the score of the estimator at this stage."""
        self.calls.append(f"{context.task_name} end")
        self.scores.append(fitted_estimator.score(X))
        n_epochs = self.calls.count("epoch end")
        return self.stop_after is not None and n_epochs >= self.stop_after

    def teardown(self, estimator, context):
        """Note the end."""
        self.calls.append("teardown")


def test_tasks():
    """Each epoch is a task of scikit-learn's, with the estimator as it then is."""
    witness = Witness()
    estimator = fit(fresh(IMAGE, epochs=3).set_callbacks(witness))
    epochs = ["epoch begin", "epoch end"] * 3
    assert witness.calls == ["setup", "fit begin", *epochs, "fit end", "teardown"]
    assert witness.scores[-1] == witness.scores[-2] == estimator.score(IMAGES.X)
    constant = {"learning_rate_schedule": "constant"}
    witness = Witness()
    fit(fresh(IMAGE, epochs=2, **constant).set_callbacks(witness))
    one = fit(fresh(IMAGE, epochs=1, **constant))
    assert witness.scores[0] == one.score(IMAGES.X)


def test_stop_request():
    """A callback of scikit-learn may end the training after an epoch."""
    estimator = fit(fresh(IMAGE, epochs=6).set_callbacks(Witness(stop_after=2)))
    assert estimator.n_iter_ == 2


@pytest.mark.parametrize("fails", [True, False])
def test_teardown_after_failure(fails):
    """Callbacks are told of the end also if the fit fails, and nothing stays."""
    witness = Witness()
    estimator = fresh(IMAGE, learning_rate=3e38 if fails else 0.1)
    before = set(vars(estimator.set_callbacks(witness)))
    if fails:
        with pytest.raises(ValueError, match="diverged"):
            fit(estimator)
        assert set(vars(estimator)) == before
    else:
        fit(estimator)
    assert witness.calls[-1] == "teardown"
    assert not [name for name in vars(estimator) if "teardown" in name or "ctx" in name]


def test_progress_bar():
    """scikit-learn's progress bar draws the epochs of an estimator in a search."""
    pytest.importorskip("rich")
    shown = io.StringIO()
    search = GridSearchCV(fresh(IMAGE), {"learning_rate": [0.01, 0.02]}, cv=2)
    with redirect_stdout(shown):
        search.set_callbacks(ProgressBar()).fit(IMAGES.X)
    assert "ConvAutoencoderTransformer" in shown.getvalue()


def test_scoring_monitor():
    """A monitor records a score of each epoch, and at last that of the estimator."""
    monitor = ScoringMonitor(scoring="accuracy")
    estimator = fit(fresh(TEXT, epochs=4).set_callbacks(monitor))
    scores = monitor.get_logs().data_as_pandas
    epochs = scores.loc[scores["task_name"] == "epoch", "accuracy"]
    assert len(epochs) == 4
    assert epochs.iloc[-1] == estimator.score(TEXTS.X, TEXTS.y)


# -- progress and attributes -----------------------------------------------------------


def test_verbose(capsys):
    """`verbose` writes a line for each epoch, and nothing without it."""
    fit(fresh(IMAGE, verbose=1, early_stopping=True))
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "ConvAutoencoderTransformer: epoch 1/2",
        "ConvAutoencoderTransformer: epoch 2/2",
    ]
    assert all("loss" in line and "val_loss" in line for line in lines)
    fit(fresh(IMAGE))
    assert capsys.readouterr().out == ""


def test_hidden_methods():
    """What SciKeras has and scikit-learn has not is not there."""
    for name in ("initialize", "scorer", "predict", "model"):
        assert not getattr(IMAGE, name, None)
        assert name not in ("initialize", "scorer") or not hasattr(IMAGE, name)
    assert not hasattr(IMAGE, "predict")
    assert not hasattr(TEXT, "transform")
    with pytest.raises(AttributeError, match="'initialize'"):
        IMAGE.initialize(IMAGES.X)


def test_base_is_scikeras():
    """Users of SciKeras recognise the estimators."""
    from scikeras.wrappers import BaseWrapper

    assert isinstance(IMAGE, BaseWrapper)
    assert "sklearn" in sys.modules
