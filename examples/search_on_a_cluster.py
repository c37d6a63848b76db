"""Does a search give the same scores on a cluster, only sooner?

A grid search is many fits that know nothing of each other. The program makes one in
this process, and again on workers: other processes of this machine (`--backend local`,
the default), or a cluster of Dask or Ray, which could as well be many machines. It
prints what each took, what the model of costs below says, and whether all scores are
equal to the last bit. Run it with

    python examples/search_on_a_cluster.py --backend dask

**Starting a cluster.** The extras `dask` and `ray` install what is needed. On this
machine, `distributed.LocalCluster` or `ray.init` starts it, as below. On many machines,
`dask scheduler` runs on one and `dask worker --nthreads 1 --nworkers 8 HOST:8786` on
each, and the search connects with `Client("HOST:8786")`; for Ray, `ray start --head`
runs on one and `ray start --address=HOST:6379` on the others, and the search calls
`ray.init("auto")`. Everything else stays: `register_dask` or `register_ray`, and
`joblib.parallel_config(backend="dask")` around the same GridSearchCV. All machines need
the same versions of Python, this package and TensorFlow.

**Data is sent once.** X, y and the indices of the folds go to each worker (Dask) or
each machine (Ray) at their first use, not with each fit. `scatter=[X, y]` keeps them
there for all searches in the context. They must fit into the memory of a worker: a
`numpy.memmap` is sent with all that it maps.

**Threads.** The last bits of TensorFlow's sums depend on how many threads share an
operation. skdeep gives it one, on large machines some more, in this process and in the
workers alike, so start one worker for each core. Operations that do not wait for each
other run side by side, in a worker as many as its share of the cores, which Dask and
Ray say by `OMP_NUM_THREADS`; that changes no bit. If you choose another number for this
process, by `TF_NUM_INTRAOP_THREADS` in the environment or in TensorFlow itself, give it
to the workers, too (`LocalCluster(env=...)`, the environment of `dask worker`,
`ray.init(runtime_env={"env_vars": ...})`); otherwise scores may differ in their last
digits, of which there is a warning after the search.

**A worker dies.** What it was doing is done again, by another worker or by the one that
Dask or Ray starts in its place; the scores are the same. A fit that kills its worker
four times ends the search with an error: often the worker has too little memory. A
search on Dask that has been without any worker for five minutes ends with an error, and
`LocalCluster` gives up workers that take more than 15 seconds to come back, unless told
otherwise, as below.

**What it costs.** With F fits of S seconds each on W workers with a core each,

    seconds = start + data + ceil(F / W) * S * crowd + refit

where `start` is what a worker needs to import TensorFlow and to compile each network
once (10 to 20 seconds, all workers at a time), `data` is the size of X times the number
of workers (Dask) or machines (Ray), divided by the speed of the network, and `refit` is
a fit on all rows in this process. `crowd` is 1 if the machine has cores to spare: a fit
alone keeps more than one busy (some 1.5 of two with this network), by operations that
do not wait for each other. If the workers' fits together ask for more cores than there
are, each takes longer by what is missing. Three things follow. Fits shorter than
`start` are not worth a cluster. Eighteen fits on eight workers take three rounds, as on
six. And more workers than cores gain nothing. `benchmarks/cluster.py` compares this
with what 1, 2 and 4 workers need.

**On GPUs.** A worker needs a GPU of its own: TensorFlow takes all memory of those that
it sees. With Ray, `ray_remote_args={"num_gpus": 1}` beside `backend="ray"` shows each
task one. With Dask, start one worker for each GPU with `CUDA_VISIBLE_DEVICES` set to
its number, and with `--resources "GPU=1"` and `resources={"GPU": 1}` if some have none.
The last bits are then those of the GPU: compare scores with a search on the same model
of GPU, not with those of a processor, and expect equal bits only where TensorFlow's
operations on GPUs are deterministic (`tf.config.experimental.enable_op_determinism`,
called by you in each process).

**On many machines.** Scores are the same bits on processors of the same kind; others
have other vector instructions. Progress bars and monitors of scikit-learn reach this
process from workers on the same machine only. Files, such as `checkpoint` and image
folders, must lie where all machines see them. And who may connect to a cluster may run
code on it: keep its ports inside of your network.
"""

# %%
# What the program needs.
import argparse
import contextlib
import math
import time
from importlib.util import find_spec

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skdeep import DeepCNNClassifier
from skdeep.clusters import register_dask, register_ray

N_FOLDS = 3
GRID = {"learning_rate": [0.001, 0.003, 0.01], "dropout": [0.0, 0.3]}
GRID_FAST = {"learning_rate": [0.001, 0.01]}
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


# %%
# The workers. Each has one core.
@contextlib.contextmanager
def local(n_workers):
    """Let joblib start processes on this machine when they are needed."""
    with joblib.parallel_config(backend="loky", n_jobs=n_workers):
        yield


@contextlib.contextmanager
def dask(n_workers):
    """Start a cluster of Dask on this machine."""
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
    """Start a cluster of Ray on this machine."""
    import ray

    register_ray()
    ray.init(num_cpus=n_workers, include_dashboard=False)
    try:
        with joblib.parallel_config(backend="ray"):
            yield
    finally:
        ray.shutdown()


START = {"local": local, "dask": dask, "ray": ray}


# %%
# The search. Nothing in it knows where it runs.
def make_search(fast):
    """Return a search, not fitted."""
    classifier = DeepCNNClassifier(
        width=0.25 if fast else 0.5, epochs=1 if fast else 3, random_state=0
    )
    grid = GRID_FAST if fast else GRID
    return GridSearchCV(
        classifier, grid, cv=N_FOLDS, scoring="neg_log_loss", error_score="raise"
    )


def timed(search, X, y):
    """Fit a search; return the seconds that it took."""
    start = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - start


def scores(search):
    """Return the scores of all candidates on all folds."""
    names = [f"split{fold}_test_score" for fold in range(N_FOLDS)]
    return np.array([search.cv_results_[name] for name in names])


def rounds_predicted(search, n_workers, busy):
    """Return the seconds of all rounds, of a search that kept `busy` cores alone."""
    results = search.cv_results_
    # The slowest candidate compiled the network, which each worker does once.
    seconds = np.median(results["mean_fit_time"] + results["mean_score_time"])
    n_rounds = math.ceil(scores(search).size / n_workers)
    crowd = max(1, n_workers * busy / joblib.cpu_count())
    return n_rounds * seconds * crowd + search.refit_time_


# %%
# Everything together.
def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--backend", default="local", choices=START, help="which kind of workers")
    add("--workers", type=int, default=2, help="how many, at most one for each core")
    add("--fast", action="store_true", help="few fits of few epochs")
    options = parser.parse_args(argv)
    needed = {"local": "joblib", "dask": "distributed", "ray": "ray"}[options.backend]
    if find_spec(needed) is None:
        parser.error(
            f"--backend {options.backend} needs the package {needed}. Run "
            f'python -m pip install ".[{options.backend}]"'
        )
    return options


def main(argv=None):
    """Search twice and compare."""
    options = parse(argv)
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)
    alone, together = make_search(options.fast), make_search(options.fast)
    print(f"Data: digits, {len(images)} images")
    processor = time.process_time()
    seconds = timed(alone, images, digits.target)
    busy = (time.process_time() - processor) / seconds
    n_fits = scores(alone).size
    print(f"{n_fits} fits in this process: {seconds:.1f} s")
    with START[options.backend](options.workers):
        seconds = timed(together, images, digits.target)
    print(f"The same on {options.workers} workers ({options.backend}): {seconds:.1f} s")
    predicted = rounds_predicted(alone, options.workers, busy)
    print(f"The model of costs, without the start of workers: {predicted:.1f} s")
    same = np.array_equal(scores(alone), scores(together))
    print(f"Scores are {'the same bits' if same else 'not the same'}.")
    print(f"Best: {together.best_params_}")


if __name__ == "__main__":
    main()
