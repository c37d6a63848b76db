"""How many threads TensorFlow has: one rule for every process of a machine.

TensorFlow divides one operation among a number of threads that is fixed when it starts.
For small networks one thread is fastest, and a search runs several fits side by
side anyway. So operations get one thread each, on machines of up to fifteen cores, and
an eighth of the cores beyond; what is large enough to gain from more cores is divided
by us, see `skdeep.runtime.parts`. The last bits of convolutions depend on this number,
so it comes from the machine alone: the main process and all workers have the same.
"""

import os

import tensorflow as tf

# Cores of the machine, not those that a process may use, which differ between a process
# and its workers on some clusters.
_CORES_FOR_EACH_THREAD = 8


def set_threads() -> None:
    """Give TensorFlow its threads, unless somebody else has.

    Somebody has if the environment variable ``TF_NUM_INTRAOP_THREADS`` is set, if
    `tf.config.threading` was told a number, or if TensorFlow runs already.
    """
    threading = tf.config.threading
    chosen = os.environ.get("TF_NUM_INTRAOP_THREADS")
    if chosen or threading.get_intra_op_parallelism_threads():
        return
    n_threads = max(1, (os.cpu_count() or 1) // _CORES_FOR_EACH_THREAD)
    try:
        threading.set_intra_op_parallelism_threads(n_threads)
    except RuntimeError:
        # It runs already, with the threads that it started with.
        return
