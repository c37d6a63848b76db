"""Is a search on two workers as good as one in one process, and 1.6 times as fast?

    python benchmarks/cluster.py

One search of 12 candidates on 3 folds, each fit of more than five seconds, in this
process, there in one thread and in two, and on local clusters: of Dask with 1, 2 and 4
workers, and of Ray with 2. Two more runs, one on each, in which a worker kills itself
(SIGKILL) in the middle of the search.

A fit of the network, a quarter as wide as the default, leaves the second core next to
idle. One of the default width (`--width 1`) is another matter: alone it uses a good
part of both cores, which leaves two workers less to gain than the bar.

The seconds of a search do not count the start of the cluster, which is paid once; they
count that new workers compile the network, and with Ray that they import TensorFlow,
which Dask's local workers do at their start. Beside them stands what the model of costs
says,

    seconds = start * crowd + ceil(fits / workers) * seconds of a fit * crowd

with crowd = max(1, workers / gain), where gain is how many times as fast two threads of
this process are as one: what the cores can give. `start` is the time of a tiny search
on one new worker, the seconds of a fit are the median in this process. Data, half a
megabyte, takes no time worth a term.

Fails if a score differs in its last bit, if a search with a killed worker does not end
or no worker was killed, if two workers are less than 1.6 times as fast, or if the model
is wrong by more than a quarter. Takes about twenty minutes on two cores; `--fast`
makes few and short fits and judges scores only.
"""

import argparse
import contextlib
import math
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np
from report import machine, table, verdict
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skdeep import DeepCNNClassifier
from skdeep.clusters import register_dask, register_ray

N_FOLDS = 3
RATES = (0.0003, 0.0006, 0.001, 0.002, 0.003, 0.006)
DROPOUTS = (0.0, 0.3)
SECONDS_OF_A_FIT, FEWEST_SECONDS = 6.0, 5.0
BAR, LARGEST_ERROR = 1.6, 0.25
# A local cluster of Dask gives up a worker that is not back after 15 seconds. On a busy
# machine that is too early: it must start Python and import this program. And its
# workers are told to give memory back to the system at once, which TensorFlow then asks
# for again: fits are faster without that. Nor is it sampled a hundred times a second
# what a worker is doing, which takes time from its fits.
DASK_SETTINGS = {
    "distributed.deploy.lost-worker-timeout": "10 minutes",
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    "distributed.worker.profile.enabled": False,
}


class Accident(TransformerMixin, BaseEstimator):
    """Passes images on, and kills the process that fits it first.

    Parameters
    ----------
    place : str, default=None
        File that says that it has happened; None for no accident.
    """

    def __init__(self, place=None):
        self.place = place

    def fit(self, X, y=None):
        """Do nothing, or have the accident."""
        if self.place is not None and not Path(self.place).exists():
            Path(self.place).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self

    def transform(self, X):
        """Return X."""
        return X

    def __sklearn_is_fitted__(self):
        return True


def make_search(n_candidates, epochs, width, place=None):
    """Return a search with an accident in the middle, if it gets a place for one."""
    classifier = DeepCNNClassifier(width=width, epochs=epochs, random_state=0)
    settings = [(rate, dropout) for rate in RATES for dropout in DROPOUTS]
    grid = [
        {
            "deepcnnclassifier__learning_rate": [rate],
            "deepcnnclassifier__dropout": [dropout],
            "accident__place": [place if number == n_candidates // 2 else None],
        }
        for number, (rate, dropout) in enumerate(settings[:n_candidates])
    ]
    return GridSearchCV(
        make_pipeline(Accident(), classifier),
        grid,
        cv=N_FOLDS,
        scoring="neg_log_loss",
        refit=False,
        error_score="raise",
    )


def timed(search, data):
    """Fit a search; return seconds, scores, and the median seconds of a fit."""
    start = time.perf_counter()
    results = search.fit(*data).cv_results_
    seconds = time.perf_counter() - start
    scores = np.array([results[f"split{fold}_test_score"] for fold in range(N_FOLDS)])
    each = np.median(results["mean_fit_time"] + results["mean_score_time"])
    return seconds, scores, float(each)


@contextlib.contextmanager
def dask(n_workers):
    """Start a cluster of Dask for the searches in the context."""
    from dask import config
    from distributed import Client, LocalCluster

    register_dask()
    with (
        config.set(DASK_SETTINGS),
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        yield


@contextlib.contextmanager
def ray(n_workers):
    """Start a cluster of Ray for the searches in the context."""
    import ray

    register_ray()
    ray.init(num_cpus=n_workers, include_dashboard=False)
    try:
        with joblib.parallel_config(backend="ray"):
            yield
    finally:
        ray.shutdown()


START = {"Dask": dask, "Ray": ray}


def predicted(start, n_fits, n_workers, seconds_of_a_fit, gain):
    """Return the seconds of a search by the model of costs."""
    crowd = max(1.0, n_workers / gain)
    return crowd * (start + math.ceil(n_fits / n_workers) * seconds_of_a_fit)


def epochs_for(seconds, width, data):
    """Return how many epochs make a fit that long, and compile the network."""
    two, twelve = (
        min(
            timed(make_search(1, epochs, width), data)[2]
            for _ in range(2 if epochs == 2 else 1)
        )
        for epochs in (2, 12)
    )
    of_an_epoch = max((twelve - two) / 10, 1e-3)
    return math.ceil((seconds - two) / of_an_epoch) + 2


def run_all(n_candidates, epochs, width, runs, data):
    """Search on all clusters; return rows of the table by name, and the bars."""
    rows, bars = {}, []
    alone, expected, each = timed(make_search(n_candidates, epochs, width), data)
    rows["this process"] = (1, alone, 1.0, "")
    print(f"this process: {alone:.1f} s", file=sys.stderr, flush=True)
    # What the cores give, without a cluster.
    with joblib.parallel_config(backend="threading", n_jobs=2):
        seconds, scores, _ = timed(make_search(n_candidates, epochs, width), data)
    gain = alone / seconds
    rows["this process, 2 threads"] = (2, seconds, gain, "")
    bars.append(("2 threads: same bits", np.array_equal(scores, expected)))
    print(f"2 threads: {seconds:.1f} s", file=sys.stderr, flush=True)
    with dask(1):
        start, _, _ = timed(make_search(1, 1, width), data)
    for library, n_workers, with_accident in runs:
        name = f"{library}, {n_workers} workers" + ", one killed" * with_accident
        with tempfile.TemporaryDirectory() as folder, START[library](n_workers):
            place = f"{folder}/accident" if with_accident else None
            search = make_search(n_candidates, epochs, width, place)
            seconds, scores, _ = timed(search, data)
            bars.append((f"{name}: same bits", np.array_equal(scores, expected)))
            if with_accident:
                bars.append((f"{name}: one was killed", Path(place).exists()))
        model = predicted(start, expected.size, n_workers, each, gain)
        rows[name] = (
            n_workers,
            seconds,
            alone / seconds,
            "" if with_accident else model,
        )
        print(f"{name}: {seconds:.1f} s", file=sys.stderr, flush=True)
    print(f"start: {start:.1f} s; a fit: {each:.2f} s, {epochs} epochs")
    return rows, bars, each


def speed_bars(rows, each):
    """Return what is judged of times."""
    yield f"a fit takes {each:.2f} > {FEWEST_SECONDS} s", each > FEWEST_SECONDS
    for name, (n_workers, seconds, ratio, model) in rows.items():
        if model == "":
            continue
        if n_workers == 2:
            yield f"{name}: {ratio:.2f} >= {BAR} times as fast", ratio >= BAR
        error = abs(model / seconds - 1)
        text = f"{name}: the model is wrong by {error:.0%} <= {LARGEST_ERROR:.0%}"
        yield text, error <= LARGEST_ERROR


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fast", action="store_true", help="few and short fits")
    parser.add_argument("--width", type=float, default=0.25, help="of the network")
    options = parser.parse_args(argv)
    digits = load_digits()
    data = (digits.images / 16).astype(np.float32), digits.target
    print(machine(), flush=True)
    n_candidates, counts = (3, (2,)) if options.fast else (12, (1, 2, 4))
    width = options.width
    epochs = 1 if options.fast else epochs_for(SECONDS_OF_A_FIT, width, data)
    runs = [("Dask", n, False) for n in counts] + [("Ray", 2, False)]
    runs += [("Dask", 2, True), ("Ray", 2, True)]
    rows, bars, each = run_all(n_candidates, epochs, width, runs, data)
    columns = ("where", "workers", "seconds", "times as fast", "model, seconds")
    print(table(columns, [(name, *row) for name, row in rows.items()]))
    if options.fast:
        print("No times are judged on fits as short as these.")
    else:
        bars += speed_bars(rows, each)
    return verdict(bars)


if __name__ == "__main__":
    sys.exit(main())
