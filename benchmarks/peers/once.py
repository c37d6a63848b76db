"""Does one piece of work in one library, in a process of its own, and prints a line.

Imports, data in memory and the start of TensorFlow or PyTorch are not what is timed;
compiling a network is, as every user waits for it, and so is the start of worker
processes, with what they import, where a search uses them.
"""

import argparse
import gc
import importlib
import json
import os
import sys
import time
from pathlib import Path

from joblib import Parallel, delayed

# Work -> library -> module and function.
JOBS = {
    "digits search": {
        "skdeep": ("skdeep_jobs", "digits"),
        "SciKeras": ("keras_jobs", "scikeras_digits"),
        "skorch": ("torch_jobs", "skorch_digits"),
        "torch": ("torch_jobs", "torch_digits"),
    },
    "text search": {
        "skdeep": ("skdeep_jobs", "texts"),
        "SciKeras": ("keras_jobs", "scikeras_texts"),
        "skorch": ("torch_jobs", "skorch_texts"),
    },
    "CIFAR CNN": {
        "skdeep": ("skdeep_jobs", "cifar"),
        "Keras": ("keras_jobs", "keras_cifar"),
        "torch": ("torch_jobs", "torch_cifar"),
    },
    "autoencoder": {
        "skdeep": ("skdeep_jobs", "autoencoder"),
        "Keras": ("keras_jobs", "keras_autoencoder"),
        "torch": ("torch_jobs", "torch_autoencoder"),
        "scikit-learn": ("sklearn_jobs", "sklearn_autoencoder"),
    },
    "LSTM": {
        "skdeep": ("skdeep_jobs", "lstm"),
        "Keras": ("keras_jobs", "keras_lstm"),
        "torch": ("torch_jobs", "torch_lstm"),
    },
}


def start_library(library):
    """Have the library make its threads before anything is timed."""
    threads = os.environ.get("OMP_NUM_THREADS")
    if library in ("skorch", "torch"):
        import torch

        if threads:
            torch.set_num_threads(int(threads))
        torch.ones(8).sum().item()
    elif library == "skdeep":
        # Loads TensorFlow as the first fit would.
        importlib.import_module("skdeep.runtime")
    elif library == "scikit-learn":
        from threadpoolctl import threadpool_limits

        threadpool_limits(int(threads) if threads else None)
    else:
        import keras

        keras.ops.convert_to_numpy(keras.ops.ones(8))


def import_library(library):
    """Import what the library's work needs, and start nothing."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    for jobs in JOBS.values():
        if library in jobs:
            importlib.import_module(f"peers.{jobs[library][0]}")
    if library == "skdeep":
        importlib.import_module("skdeep.runtime")


def start_workers(library, n_jobs):
    """Start the processes of a search, and have them import what it needs."""
    modules = {jobs[library][0] for jobs in JOBS.values() if library in jobs}
    names = [f"peers.{module}" for module in modules] * n_jobs
    Parallel(n_jobs=n_jobs)(delayed(importlib.import_module)(name) for name in names)


def work_once(work, library, *, seed, n_jobs, precision, short, tell=lambda: None):
    """Do the work; return seconds and quality. Tell when it begins and when it ends.

    In short, a part of it is done, from which the seconds of the whole are reckoned.
    """
    n_parts, seconds_to_start = 1, 0.0
    if short:
        n_parts = importlib.import_module("peers.works").shorten(work)
    module, function = JOBS[work][library]
    prepare = getattr(importlib.import_module(f"peers.{module}"), function)
    more = {"precision": precision} if work == "CIFAR CNN" else {}
    job, quality = prepare(seed, n_jobs, **more)
    start_library(library)
    # Collecting what was imported would otherwise fall into whatever work comes first.
    gc.collect()
    tell()
    start = time.perf_counter()
    if short and n_jobs > 1 and library != "skdeep":
        start_workers(library, n_jobs)
        seconds_to_start = time.perf_counter() - start
    job()
    seconds = time.perf_counter() - start - seconds_to_start
    tell()
    return {
        "seconds": seconds_to_start + n_parts * seconds,
        "quality": float(quality()),
    }


def main(argv: list[str] | None = None) -> int:
    """Do the work; print seconds and quality as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("work", choices=JOBS)
    add("library")
    add("--seed", type=int, default=0)
    add("--n-jobs", type=int, default=1)
    add("--precision", default="float32")
    add("--short", action="store_true", help="do a part of the work only")
    arguments = parser.parse_args(argv)
    import_library(arguments.library)
    print(json.dumps(work_once(**vars(arguments))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
