"""Measures of skdeep alone: predictions, memory, many fits, and how time grows.

Run as a program, it takes one measure in a process of its own and prints JSON: rows of
a table (what, value, unit) and bars (text, whether met).
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

import numpy as np

N_FITS, N_KERAS_FITS, N_CANDIDATES = 300, 30, 1000


def timed(function, n_times=1):
    """Return the median of the seconds that calls take."""
    seconds = []
    for _ in range(n_times):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def resident_megabytes():
    """Return how much memory this process has now."""
    import psutil

    return psutil.Process().memory_info().rss / 1e6


def digits_classifier(**changes):
    """Return the CNN for digits in skdeep's wrapper."""
    from peers import networks, works
    from skdeep import KerasClassifier

    settings = {
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "adam",
        "epochs": works.DIGITS["epochs"],
        "batch_size": works.DIGITS["batch"],
        "random_state": 0,
        "verbose": 0,
    }
    return KerasClassifier(networks.digits_network, **settings | changes)


def tiny_classifier(**changes):
    """Return two dense layers in skdeep's wrapper."""
    from peers import networks

    return digits_classifier(**{"epochs": 1} | changes).set_params(
        model=networks.tiny_network
    )


def predictions():
    """Time `predict_proba` of one row and of 10,000 against Keras' own `predict`."""
    from peers import tensorflow_alone, works

    images, classes = works.digits()
    classifier = digits_classifier(epochs=1).fit(images, classes)
    row = images[:1]
    rows = np.resize(images, (tensorflow_alone.N_ROWS, *works.DIGITS_SHAPE))
    for some in (row, rows):
        classifier.predict_proba(some)
    one, many, of_keras = [], [], defaultdict(list)
    # In turns, and Keras in a process of its own, with one thread and with all.
    for _ in range(3):
        one += [timed(lambda: classifier.predict_proba(row), 10) for _ in range(20)]
        many += [timed(lambda: classifier.predict_proba(rows)) for _ in range(3)]
        for threads in (1, os.cpu_count() or 1):
            seconds = tensorflow_alone.measured("predictions", threads)
            for what, times in seconds.items():
                of_keras[what, threads] += times
    best = {
        what: min(median(t) for (name, _), t in of_keras.items() if name == what)
        for what, _ in of_keras
    }
    ours = {"one row": median(one), "many rows": median(many)}
    found = [
        (f"{what.replace('many', '10,000')}, {library}", times[what] * 1e3, "ms")
        for what in ours
        for library, times in (("skdeep", ours), ("Keras", best))
    ]
    ratio, many_ratio = (best[what] / ours[what] for what in ours)
    milliseconds = ours["one row"] * 1e3
    return found, [
        (f"one row in {milliseconds:.2f} ms <= 1.5 ms", milliseconds <= 1.5),
        (f"one row {ratio:.0f} times as fast as Keras >= 30", ratio >= 30),
        (f"10,000 rows {many_ratio:.2f} times as fast >= 1", many_ratio >= 1),
    ]


def memory():
    """Fit and predict hundreds of times in one process, and watch its memory."""
    import keras

    from peers import networks, works

    images, classes = works.digits()
    flat = images.reshape(len(images), -1)[:256]

    def grown(once, n_fits):
        for number in range(n_fits):
            once(number)
            if number == 9:
                start = resident_megabytes()
        return resident_megabytes() - start

    def ours(number):
        classifier = tiny_classifier(random_state=number).fit(flat, classes[:256])
        classifier.predict(flat)

    def plain(number):
        keras.utils.set_random_seed(number)
        model = networks.tiny_network()
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(flat, classes[:256], verbose=0)
        model.predict(flat, verbose=0)

    megabytes, of_keras = grown(ours, N_FITS), grown(plain, N_KERAS_FITS)
    found = [
        (f"memory after {N_FITS} fits of skdeep", megabytes, "MB more than after 10"),
        (f"memory after {N_KERAS_FITS} fits of Keras", of_keras, "MB, the same"),
    ]
    text = f"{N_FITS} fits and predictions grow by {megabytes:.0f} MB <= 60 MB"
    return found, [(text, megabytes <= 60)]


def workers():
    """Search with one and two threads: how much faster, and whether equal."""
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV

    from peers import works

    images, classes = works.digits()
    grid = {"optimizer__learning_rate": list(works.DIGITS["rates"])}
    scores, seconds = {}, {1: [], 2: [], 4: []}
    digits_classifier(epochs=1).fit(images, classes)
    for _ in range(5):
        for n_jobs in seconds:
            search = GridSearchCV(digits_classifier(), grid, n_jobs=n_jobs, cv=5)
            with parallel_config(backend="threading"):
                seconds[n_jobs].append(timed(lambda s=search: s.fit(images, classes)))
            scores[n_jobs] = search.cv_results_["mean_test_score"]
    medians = {n_jobs: median(times) for n_jobs, times in seconds.items()}
    found = [(f"search, n_jobs={n}", s, "s") for n, s in medians.items()]
    ratio = medians[1] / medians[2]
    equal = all(np.array_equal(scores[1], other) for other in scores.values())
    return found, [
        (f"two workers {ratio:.2f} times as fast as one >= 1.6", ratio >= 1.6),
        ("scores of one, two and four workers equal to the last bit", equal),
    ]


def candidates():
    """Search 1,000 candidates of a tiny network in three folds."""
    from sklearn.model_selection import GridSearchCV

    from peers import works

    images, classes = works.digits()
    flat = images.reshape(len(images), -1)[:150]
    rates = np.geomspace(1e-4, 1e-1, N_CANDIDATES).tolist()
    moments, megabytes = [], []

    def score(classifier, X, y):
        accuracy = classifier.score(X, y)
        moments.append(time.perf_counter() - start)
        megabytes.append(resident_megabytes())
        return accuracy

    # Candidates are tried one after the other, each in all folds.
    grid = {"optimizer__learning_rate": rates}
    search = GridSearchCV(tiny_classifier(), grid, scoring=score, cv=3, refit=False)
    start = time.perf_counter()
    search.fit(flat, classes[:150])
    found = [
        (f"{n} candidates x 3 folds", moments[3 * n - 1], "s")
        for n in (N_CANDIDATES // part for part in (8, 4, 2, 1))
    ]
    grown = megabytes[-1] - megabytes[3 * N_CANDIDATES // 8]
    each = moments[-1] / len(moments)
    found.append(("memory from an eighth of the candidates to the last", grown, "MB"))
    return found, [
        (f"{each * 1e3:.1f} ms for each fit <= 30 ms", each <= 0.03),
        (f"memory grows by {grown:.0f} MB <= 60 MB", grown <= 60),
    ]


def throughput():
    """Compare the training of the CNN for CIFAR-10 with products of matrices.

    A fit is the one that the libraries are compared by, without compiling. The products
    are TensorFlow's own, with a thread for each core.
    """
    from peers import networks, tensorflow_alone, works
    from skdeep.networks import multiply_adds
    from skdeep.runtime.precision import has_native_bfloat16

    found, bars = [], []
    (images, classes), _ = works.small_images()
    n_images = works.CIFAR["epochs"] * len(images)
    operations = 6.0 * multiply_adds(networks.cifar_network()) * n_images
    for precision in ("float32", "bfloat16")[: 1 + has_native_bfloat16()]:
        classifier = digits_classifier(
            epochs=works.CIFAR["epochs"], batch_size=works.CIFAR["batch"]
        )
        classifier.set_params(model=networks.cifar_network, model__precision=precision)
        classifier.fit(images[:256], classes[:256])
        of_training, of_product = [], []
        for _ in range(5):
            of_training.append(timed(lambda c=classifier: c.fit(images, classes)))
            seconds = tensorflow_alone.measured(precision, os.cpu_count() or 1)
            of_product += seconds["product"]
        training = operations / median(of_training) / 1e9
        peak = 2.0 * tensorflow_alone.MATRIX_SIZE**3 / median(of_product) / 1e9
        found += [
            (f"training, {precision}", training, "GFLOP/s"),
            (f"product of matrices, {precision}", peak, "GFLOP/s"),
        ]
        share = training / peak
        bars.append((f"{precision}: {share:.0%} of a product >= 60%", share >= 0.6))
    return found, bars


def growth():
    """Time fits of two, four and eight times the rows, units and classes."""
    from peers import works

    images, classes = works.digits()
    flat = images.reshape(len(images), -1)
    found = []
    for what, values in (
        ("rows", (1500, 3000, 6000, 12_000)),
        ("units", (64, 128, 256, 512)),
        ("classes", (10, 20, 40, 80)),
    ):
        for value in values:
            n_rows = value if what == "rows" else 3000
            # Distinct rows: equal ones would be merged.
            generator = np.random.default_rng(0)
            X = np.resize(flat, (n_rows, 64)) + 0.01 * generator.random((n_rows, 64))
            y = np.resize(classes, n_rows)
            if what == "classes":
                y = np.arange(n_rows) % value
            classifier = tiny_classifier(epochs=5).set_params(
                model__units=value if what == "units" else 64,
                model__n_classes=value if what == "classes" else works.N_CLASSES,
            )
            classifier.fit(X, y)
            seconds = timed(lambda c=classifier, X=X, y=y: c.fit(X, y), 3)
            found.append((f"{value} {what}", seconds, "s"))
    seconds = [row[1] for row in found]
    ratio = seconds[3] / seconds[0]
    return found, [
        (f"8 times the rows take {ratio:.1f} times as long <= 9", ratio <= 9)
    ]


MEASURES = {
    "predictions": predictions,
    "memory": memory,
    "workers": workers,
    "candidates": candidates,
    "throughput": throughput,
    "growth": growth,
}


def main(argv: list[str] | None = None) -> int:
    """Take one measure; print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measure", choices=MEASURES)
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    rows, bars = MEASURES[parser.parse_args(argv).measure]()
    bars = [(text, bool(met)) for text, met in bars]
    print(json.dumps({"rows": rows, "bars": bars}, default=float))
    return 0


if __name__ == "__main__":
    sys.exit(main())
