"""Measures of TensorFlow and Keras, in a process whose threads skdeep has not chosen.

Run as a program, it takes one measure and prints seconds as JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

THREADS = "TF_NUM_INTRAOP_THREADS"
MATRIX_SIZE = 2048
N_ROWS = 10_000


def measured(measure, threads):
    """Take a measure in a process of its own, with so many threads for an operation.

    Parameters
    ----------
    measure : str
        One of `MEASURES`.
    threads : int

    Returns
    -------
    seconds : dict
        What was done -> list of seconds.
    """
    environment = os.environ | {THREADS: str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, measure]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"{measure!r} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def times(function, n_times):
    """Return the seconds that each of so many calls takes, after one more."""
    function()
    seconds = []
    for _ in range(n_times):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return seconds


def predictions():
    """Time `keras.Model.predict` of the CNN for digits."""
    import numpy as np

    from peers import networks, works

    images, _ = works.digits()
    model = networks.digits_network()
    row, rows = images[:1], np.resize(images, (N_ROWS, *works.DIGITS_SHAPE))
    return {
        "one row": times(lambda: model.predict(row, verbose=0), 10),
        "many rows": times(lambda: model.predict(rows, batch_size=512, verbose=0), 3),
    }


def product(precision):
    """Time a product of matrices."""
    import tensorflow as tf

    numbers = tf.random.stateless_normal([MATRIX_SIZE] * 2, (0, 0))
    matrix = tf.cast(numbers, precision)
    multiply = tf.function(lambda: tf.reduce_sum(tf.linalg.matmul(matrix, matrix)))
    return {"product": times(lambda: float(multiply()), 5)}


MEASURES = {
    "predictions": predictions,
    "float32": lambda: product("float32"),
    "bfloat16": lambda: product("bfloat16"),
}


def main(argv: list[str] | None = None) -> int:
    """Take one measure; print its seconds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measure", choices=MEASURES)
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    print(json.dumps(MEASURES[parser.parse_args(argv).measure]()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
