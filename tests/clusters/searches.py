"""Searches on a real cluster of two workers, in which workers die; results as JSON.

Run in a process of its own:

    python searches.py dask|ray FOLDER

The folder gets a file `found.json`.
"""

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.callback import ScoringMonitor
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from skdeep import DeepCNNClassifier
from skdeep.clusters import register_dask, register_ray

# A local cluster of Dask gives up a worker that is not back after 15 seconds. On a busy
# machine that is too early: it must start Python and import this program.
PATIENCE = {"distributed.deploy.lost-worker-timeout": "10 minutes"}


class Accident(TransformerMixin, BaseEstimator):
    """Passes X on, but kills processes when it is fitted for the first time.

    Parameters
    ----------
    place : str, default=None
        File that says that it has happened; None for no accident.
    others : tuple of int, default=()
        Processes that are killed, too.
    """

    def __init__(self, place=None, others=()):
        self.place = place
        self.others = others

    def fit(self, X, y=None):
        if self.place is not None and not Path(self.place).exists():
            Path(self.place).touch()
            # This one last.
            for process in (*({*self.others} - {os.getpid()}), os.getpid()):
                os.kill(process, signal.SIGKILL)
        return self

    def transform(self, X):
        return X

    def __sklearn_is_fitted__(self):
        return True


@contextlib.contextmanager
def dask_cluster():
    """Start two workers, and give a function that returns the processes of both."""
    from dask import config
    from distributed import Client, LocalCluster

    register_dask()
    with (
        config.set(PATIENCE),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        Client(cluster) as client,
    ):

        def processes():
            client.wait_for_workers(2)
            return tuple(client.run(os.getpid).values())

        yield processes


@contextlib.contextmanager
def ray_cluster():
    """Start two workers. Ray starts others in their place as it likes."""
    import ray

    register_ray()
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=100_000_000,
        log_to_driver=False,
    )
    try:
        yield tuple
    finally:
        ray.shutdown()


def scores_of(search):
    """Return the scores of all candidates on all folds."""
    results = search.cv_results_
    names = [name for name in sorted(results) if name.endswith("_test_score")]
    # Lists of numbers keep all bits as JSON.
    return {
        name: np.asarray(results[name]).tolist()
        for name in names
        if name.startswith("split")
    }


def network_search(place, data):
    """Search over networks, with an accident in the third of four candidates."""
    pipeline = make_pipeline(
        Accident(), DeepCNNClassifier(width=0.25, epochs=1, random_state=0)
    )
    rates = (0.001, 0.003, 0.01, 0.03)
    grid = [
        {
            "deepcnnclassifier__learning_rate": [rate],
            "accident__place": [place if number == 2 else None],
        }
        for number, rate in enumerate(rates)
    ]
    search = GridSearchCV(
        pipeline, grid, cv=3, scoring="neg_log_loss", refit=False, error_score="raise"
    )
    return scores_of(search.fit(*data))


def linear_search(data, n_jobs=None, **accident):
    """Search over linear models, which take no time."""
    unharmed = Accident().get_params()
    pipeline = make_pipeline(Accident(), LogisticRegression(max_iter=300))
    grid = [
        {
            "logisticregression__C": [strength],
            **{
                f"accident__{name}": [value if number == 3 else unharmed[name]]
                for name, value in accident.items()
            },
        }
        for number, strength in enumerate((0.01, 0.1, 1.0, 10.0, 100.0, 1000.0))
    ]
    return GridSearchCV(
        pipeline, grid, cv=3, n_jobs=n_jobs, error_score="raise", refit=False
    ).fit(*data)


def what_is_raised(data):
    """Return type, text and notes of what a parameter out of range raises."""
    search = GridSearchCV(
        DeepCNNClassifier(), {"width": [-1.0]}, cv=2, error_score="raise"
    )
    try:
        search.fit(*data)
    except Exception as error:
        return [type(error).__name__, str(error), *getattr(error, "__notes__", [])]
    return []


def monitored(data):
    """Return how many scores a callback has seen in the main process."""
    monitor = ScoringMonitor(scoring="accuracy")
    classifier = DeepCNNClassifier(width=0.25, epochs=2, random_state=0)
    GridSearchCV(
        classifier.set_callbacks(monitor),
        {"learning_rate": [0.003]},
        cv=2,
        refit=False,
        error_score="raise",
    ).fit(*data)
    scores = monitor.get_logs().data_as_pandas
    return int((scores["task_name"] == "epoch").sum())


def nested(data, n_jobs=None):
    """Return the scores of a search inside of a cross-validation."""
    search = GridSearchCV(
        LogisticRegression(max_iter=300), {"C": [0.1, 1.0]}, cv=2, n_jobs=n_jobs
    )
    return cross_val_score(search, *data, cv=3, error_score="raise").tolist()


def main(backend, folder):
    """Search alone and on a cluster; write down what came of it."""
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[:600], digits.target[:600]
    rows = digits.data[:600] / 16, digits.target[:600]
    kill = {"network": f"{folder}/one", "linear": f"{folder}/all"}
    alone = {
        "network": network_search(None, images),
        "linear": scores_of(linear_search(rows)),
        "nested": nested(rows),
    }
    start = {"dask": dask_cluster, "ray": ray_cluster}[backend]
    with start() as processes, joblib.parallel_config(backend=backend):
        together = {
            "network": network_search(kill["network"], images),
            "linear": scores_of(
                linear_search(rows, place=kill["linear"], others=processes())
            ),
            "nested": nested(rows, n_jobs=2),
        }
        error = what_is_raised(images)
        n_monitored = monitored(images)
        in_this_process = linear_search(rows, n_jobs=1)
    found = {
        "alone": alone,
        "together": together,
        "killed": {name: Path(path).exists() for name, path in kill.items()},
        "error": error,
        "monitored": n_monitored,
        "n_jobs=1": scores_of(in_this_process),
        "threads": [t.name for t in threading.enumerate() if "skdeep" in t.name],
    }
    Path(folder, "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
