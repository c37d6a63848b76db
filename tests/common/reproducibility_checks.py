"""Checks that results depend on data, parameters and seed, and on nothing else."""

import os
import random
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf
from sklearn import get_config
from sklearn.base import is_classifier
from tensorflow.python.eager import context
from tensorflow.python.framework.config import is_op_determinism_enabled

from tests.common.checks import (
    assert_same,
    assert_same_fit,
    differ,
    fit,
    fresh,
    learning_badly,
    only,
    outputs,
    own_names,
    state,
    stops_early,
    take,
    wraps_own_network,
)
from tests.common.instances import sample_for


def check_refit_equals_fresh_fit(estimator):
    """Neither an earlier fit nor others in between leave a trace."""
    first = fit(fresh(estimator))
    fit(fresh(estimator, random_state=1, learning_rate=0.1, batch_size=7))
    assert_same_fit(first, fit(fresh(estimator)))
    before = state(first)
    assert_same(before, state(fit(first)))


def check_seeds(estimator):
    """Another seed gives another fit; a generator is drawn from."""
    first, second = fit(fresh(estimator)), fit(fresh(estimator, random_state=1))
    assert differ(first, second)
    drawn = [
        fit(fresh(estimator, random_state=np.random.RandomState(3))) for _ in range(2)
    ]
    assert_same_fit(*drawn)
    # SciKeras reads a generator without using it up.
    assert differ(drawn[0], fit(drawn[1])) is not wraps_own_network(estimator)


def check_follows_the_global_seed_without_one(estimator):
    """As in scikit-learn, `random_state=None` follows `numpy.random.seed`."""
    before = np.random.get_state()
    try:
        fits = []
        for _ in range(2):
            np.random.seed(5)
            fits.append(fit(fresh(estimator, random_state=None)))
    finally:
        np.random.set_state(before)
    assert_same_fit(*fits)


def check_leaves_the_process_alone(estimator):
    """No random state, setting or policy of the caller changes."""
    settings = _settings()
    draws = []
    for used in (False, True):
        random.seed(11)
        np.random.seed(11)
        keras.utils.set_random_seed(11)
        if used:
            fitted = fit(fresh(estimator))
            outputs(fitted, sample_for(estimator).new)
            assert fitted.model_.built
        draws.append(_draws())
    assert draws[0] == draws[1]
    assert _settings() == settings


def _draws():
    return [
        random.random(),
        np.random.random(),
        tf.random.uniform(()).numpy(),
        float(keras.random.uniform(())),
        float(keras.initializers.RandomUniform()((1,))[0]),
    ]


def _settings():
    return {
        "policy": keras.config.dtype_policy().name,
        "floatx": keras.config.floatx(),
        "deterministic": is_op_determinism_enabled(),
        "eager": tf.config.functions_run_eagerly(),
        "soft placement": context.context().soft_device_placement,
        "between operations": tf.config.threading.get_inter_op_parallelism_threads(),
        "within operations": tf.config.threading.get_intra_op_parallelism_threads(),
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "filters": list(warnings.filters),
        "floating point": np.geterr(),
        "scikit-learn": get_config(),
        "recursion": sys.getrecursionlimit(),
    }


def check_predictions_ignore_other_rows(estimator):
    """A row has the same result alone, among others, and in any order."""
    fitted = fit(fresh(estimator))
    new = sample_for(estimator).new
    whole = outputs(fitted, new)

    def expect(rows):
        rows = np.asarray(rows)
        found = outputs(fitted, take(new, rows))
        assert_same(found, {name: array[rows] for name, array in whole.items()})

    generator = np.random.default_rng(0)
    n_rows = len(new)
    expect(generator.permutation(n_rows))
    expect(np.arange(n_rows)[::-1])
    expect(np.repeat(np.arange(n_rows), 3))
    for row in range(0, n_rows, 6):
        expect([row])
    for size in (2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65):
        expect(np.arange(size))
        expect(generator.choice(n_rows, size, replace=False))


def check_every_number_of_rows(estimator):
    """The first rows have the same results, however many follow."""
    fitted = fit(fresh(estimator))
    new = sample_for(estimator).new
    names = ("predict_proba", "transform", "predict")
    method = getattr(fitted, next(name for name in names if hasattr(fitted, name)))
    whole = method(new)
    for n_rows in range(1, len(new) + 1):
        np.testing.assert_array_equal(method(new[:n_rows]), whole[:n_rows])


def check_predictions_ignore_training_parameters(estimator):
    """What steers training has no say in predictions."""
    fitted = fit(fresh(estimator))
    new = sample_for(estimator).new
    before = outputs(fitted, new)
    others = {"batch_size": 3, "epochs": 1, "learning_rate": 0.5, "random_state": 9}
    fitted.set_params(**own_names(fitted, others))
    assert_same(before, outputs(fitted, new))


def check_fit_ignores_order(estimator):
    """Rows may come in any order, with their classes and weights."""
    sample = sample_for(estimator)
    generator = np.random.default_rng(1)
    # Thirds of rows are repeated, with weights whose sums depend on their order.
    rows = np.concatenate([np.arange(60), np.arange(20), np.arange(20)])
    weights = generator.random(len(rows))
    for early_stopping in (False, True) if stops_early(estimator) else (False,):
        fits = []
        for order in (np.arange(len(rows)), generator.permutation(len(rows))):
            chosen = rows[order]
            one = fresh(estimator, early_stopping=early_stopping)
            with learning_badly():
                one.fit(
                    take(sample.X, chosen),
                    sample.y[chosen],
                    sample_weight=weights[order],
                )
            fits.append(one)
        assert_same_fit(*fits)


def check_weights_count_rows(estimator):
    """A weight of two is the row given twice, and of zero the row left out."""
    sample = sample_for(estimator)
    counts = np.random.default_rng(2).integers(0, 4, size=len(sample.y))
    rows = np.repeat(np.arange(len(counts)), counts)
    weighted = fit(fresh(estimator), sample_weight=counts)
    repeated = fresh(estimator).fit(take(sample.X, rows), sample.y[rows])
    assert_same_fit(weighted, repeated)
    halved = fit(fresh(estimator), sample_weight=counts / 2)
    assert_same_fit(weighted, halved)
    assert differ(weighted, fit(fresh(estimator)))


def check_equal_weights_are_none(estimator):
    """Weights that are all the same are no weights."""
    weights = np.full(len(sample_for(estimator).y), 0.3)
    assert_same_fit(fit(fresh(estimator)), fit(fresh(estimator), sample_weight=weights))


@only(is_classifier)
def check_class_weights_are_sample_weights(estimator):
    """Weights of classes equal the weights of their rows, bit for bit."""
    sample = sample_for(estimator)
    few = np.concatenate(
        [
            np.flatnonzero(sample.y == label)[:n]
            for label, n in zip(np.unique(sample.y), (8, 24), strict=True)
        ]
    )
    X, y = take(sample.X, few), sample.y[few]
    classes = np.unique(y)
    if "pretrain" in estimator.get_params():
        # Weights of rows count in pretraining, too, which knows no classes.
        estimator.set_params(pretrain=False)
    for class_weight, weights in (
        ({classes[0]: 4.0}, (4.0, 1.0)),
        ({classes[0]: 0.5, classes[1]: 2.0}, (0.5, 2.0)),
        ("balanced", (2.0, 2 / 3)),
    ):
        by_class = fresh(estimator, class_weight=class_weight).fit(X, y)
        by_row = fresh(estimator).fit(
            X, y, sample_weight=np.where(y == classes[0], *weights)
        )
        assert_same_fit(by_class, by_row)
    assert differ(by_class, fresh(estimator).fit(X, y))


def check_threads(estimator):
    """Fits that run at the same time do not see each other."""
    one_by_one = [fit(fresh(estimator, random_state=seed)) for seed in range(2)]
    with ThreadPoolExecutor(2) as pool:
        at_once = list(
            pool.map(lambda seed: fit(fresh(estimator, random_state=seed)), range(2))
        )
    for first, second in zip(one_by_one, at_once, strict=True):
        assert_same_fit(first, second)
