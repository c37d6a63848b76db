"""How many threads TensorFlow has: one rule for every process of a machine.

TensorFlow divides one operation among a number of threads that is fixed when it starts.
For small networks one thread is fastest, and a search runs several fits side by
side anyway. So operations get one thread each, on machines of up to fifteen cores, and
an eighth of the cores beyond; what is large enough to gain from more cores is divided
by us, see `skdeep.runtime.parts`. The last bits of convolutions depend on this number,
so it comes from the machine alone: the main process and all workers have the same.

How many operations are at work at a time changes no bit, only speed. That is as many as
there are cores, but in a worker process as many as its share: joblib, Dask and Ray say
by ``OMP_NUM_THREADS`` how many cores they mean each worker to have. Workers that all
took all cores would push each other aside in the middle of operations.
"""

import os
from multiprocessing import current_process, parent_process

import tensorflow as tf

# Cores of the machine, not those that a process may use, which differ between a process
# and its workers on some clusters.
_CORES_FOR_EACH_THREAD = 8


def set_threads() -> None:
    """Give TensorFlow its threads, unless somebody else has.

    Somebody has if the environment variable ``TF_NUM_INTRAOP_THREADS`` is set, or
    ``TF_NUM_INTEROP_THREADS`` for the operations at a time, if `tf.config.threading`
    was told a number, or if TensorFlow runs already.
    """
    threading = tf.config.threading
    try:
        chosen = os.environ.get("TF_NUM_INTRAOP_THREADS")
        if not chosen and not threading.get_intra_op_parallelism_threads():
            n_threads = max(1, (os.cpu_count() or 1) // _CORES_FOR_EACH_THREAD)
            threading.set_intra_op_parallelism_threads(n_threads)
        chosen, share = os.environ.get("TF_NUM_INTEROP_THREADS"), _share()
        if share and not chosen and not threading.get_inter_op_parallelism_threads():
            threading.set_inter_op_parallelism_threads(share)
    except RuntimeError:
        # It runs already, with the threads that it started with.
        return


def _share() -> int:
    """Return how many cores a worker is meant to use; 0 if this is none, or unknown."""
    # loky and Dask start workers by multiprocessing, Ray by a program of its own. While
    # a worker imports the main program, which may import this, its parent is not known.
    started = parent_process() is not None or hasattr(current_process(), "_inheriting")
    if not started and "RAY_RAYLET_PID" not in os.environ:
        return 0
    named = os.environ.get("OMP_NUM_THREADS", "")
    return int(named) if named.isdecimal() else 0
