"""Results are the same bits in one process or many, in threads, in any order."""

import json
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.callback import ScoringMonitor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

from tests.common.checks import digest, fit, fresh
from tests.common.instances import INSTANCES, sample_for

ROOT = Path(__file__).resolve().parents[2]

# What searches share with each other does not depend on the network: one estimator of
# each kind will do where every network is traced once more in every worker.
ONE_OF_EACH_KIND = ("ConvAutoencoderTransformer", "RNNClassifier")

# A fresh interpreter, with other seeds and another order of the table.
PROGRAM = """
import json, random, sys
sys.path.insert(0, sys.argv[1])
from tests.common.checks import digest, fit, fresh
from tests.common.instances import INSTANCES
import keras
import numpy as np
keras.utils.set_random_seed(int(sys.argv[2]))
digests = {n: digest(fit(fresh(e))) for n, e in reversed(INSTANCES.items())}
print(json.dumps(digests))
"""


@pytest.mark.slow
def test_second_process():
    """Another process, with other seeds and names before, gets the same bits."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(ROOT), "17"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    there = json.loads(done.stdout.splitlines()[-1])
    here = {name: digest(fit(fresh(e))) for name, e in INSTANCES.items()}
    assert here == there


def searched(estimator):
    """Return all scores of a small search, and what the best estimator says."""
    sample = sample_for(estimator)
    search = GridSearchCV(
        Pipeline([("deep", fresh(estimator))]),
        {"deep__learning_rate": [0.002, 0.02]},
        cv=2,
        scoring="roc_auc" if is_classifier(estimator) else None,
        error_score="raise",
    ).fit(sample.X, sample.y)
    results = search.cv_results_
    scores = [v for k, v in sorted(results.items()) if k.endswith("test_score")]
    return np.array(scores), digest(search.best_estimator_["deep"])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_searches_in_parallel(backend):
    """Searches with two workers give the bits of a search without."""
    for name in ONE_OF_EACH_KIND:
        alone, best = searched(INSTANCES[name])
        with joblib.parallel_config(backend=backend, n_jobs=2):
            together, other = searched(INSTANCES[name])
        np.testing.assert_array_equal(alone, together, err_msg=name)
        assert best == other, name


@pytest.mark.slow
def test_cross_validation_in_parallel():
    """`cross_val_score` by area under the curve does not depend on `n_jobs`."""
    estimator = INSTANCES["CharCNNClassifier"]
    sample = sample_for(estimator)
    scores = [
        cross_val_score(
            fresh(estimator),
            sample.X,
            sample.y,
            scoring="roc_auc",
            cv=3,
            n_jobs=n_jobs,
            error_score="raise",
        )
        for n_jobs in (1, 2)
    ]
    np.testing.assert_array_equal(*scores)


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_scoring_monitor(n_jobs):
    """A monitor in a search records a score of each epoch of each fit."""
    estimator = INSTANCES["CharCNNClassifier"]
    sample = sample_for(estimator)
    monitor = ScoringMonitor(scoring="accuracy")
    search = GridSearchCV(
        fresh(estimator).set_callbacks(monitor),
        {"learning_rate": [0.01, 0.02]},
        cv=2,
        n_jobs=n_jobs,
    ).fit(sample.X, sample.y)
    scores = monitor.get_logs().data_as_pandas
    epochs = scores.loc[scores["task_name"] == "epoch", "accuracy"]
    # Two rates times two folds, and the best rate on all rows, two epochs each.
    assert len(epochs) == 10
    assert epochs.between(0, 1).all()
    assert search.best_estimator_.score(sample.X, sample.y) in set(epochs)
