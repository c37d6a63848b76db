"""Do learned hash codes retrieve better than PCA's signs and ITQ on the same pixels?

    python benchmarks/semantic_hashing.py --data-home FOLDER

Test images query the training images, which are ranked by Hamming distance; same
digit or same object is relevant. The figure is the mean average precision (MAP) over
the whole ranking, ties counted exactly.

MNIST, 32 bits, no labels in training: `SemanticHashingTransformer`. CIFAR-10, 48 bits,
learned from the labels of the training images: `CNNHashingTransformer`. Beside them,
on the same pixels and without labels, the signs of principal components, and ITQ [1],
which rotates these so that rounding costs least. For 30 bits of MNIST, the purity of
buckets of test images is printed, with the purity that shuffled labels would have.

Noise and dropout for MNIST are chosen first, by `GridSearchCV` with a retrieval scorer
on a part of the training images. The settings for CIFAR-10 are the estimator's own but
for the augmentation that everyone uses there. The test images are used for nothing but
the tables. Fails if the mean MAP of a network misses its bar or that of ITQ.

[1] Gong, Y. & Lazebnik, S. (2011). Iterative quantization: a Procrustean approach to
learning binary codes. CVPR 2011, 817-824. doi:10.1109/CVPR.2011.5995432
"""

import argparse
import sys
import time

import numpy as np
from report import machine, table, verdict
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skdeep import CNNHashingTransformer, SemanticHashingTransformer
from skdeep.datasets import fetch_cifar10, fetch_mnist
from skdeep.metrics import (
    bit_entropy,
    bucket_purity,
    hashing_map_scorer,
    mean_average_precision,
    precision_within_radius,
)

MNIST_BITS, CIFAR10_BITS, BUCKET_BITS = 32, 48, 30
MNIST_BAR, MNIST_STRETCH = 0.45, 0.55
CIFAR10_BAR, CIFAR10_STRETCH = 0.65, 0.75
ITQ_STEPS = 50
N_FAST, N_FAST_QUERIES = 3000, 500

# Training is as long as there are steps, whether on all images or on some.
N_SEARCHED, N_STEPS, BATCH_SIZE = 12_000, 2000, 128
MNIST_NETWORK = {
    "hidden_layer_sizes": (500, 250),
    "activation": "tanh",
    "batch_size": BATCH_SIZE,
    "learning_rate": 0.003,
}
MNIST_GRID = {"noise_scale": [4.0, 8.0], "dropout": [0.4, 0.6, 0.7]}
CIFAR10_NETWORK = {
    "mirror": True,
    "shift": 2,
    "epochs": 6,
    "precision": "auto",
}
COLUMNS = (
    "codes",
    "seed",
    "bits",
    "MAP",
    "precision within 2 bits",
    "queries that find nothing",
    "entropy of a bit",
    "saturation",
    "fit seconds",
)


class SignHashing:
    """Signs of principal components, rotated at random and then by ITQ, or not."""

    def __init__(self, n_bits, *, rotate, random_state=0):
        self.n_bits = n_bits
        self.rotate = rotate
        self.random_state = random_state

    def fit(self, X, y=None):
        """Find components and rotation."""
        pixels = flat(X)
        self.pca = PCA(self.n_bits, svd_solver="covariance_eigh").fit(pixels)
        self.rotation = np.eye(self.n_bits)
        if self.rotate:
            projections = self.pca.transform(pixels)
            self.rotation = itq_rotation(projections, self.random_state)
        return self

    def transform(self, X):
        """Return bits."""
        return (self.pca.transform(flat(X)) @ self.rotation > 0).astype(np.uint8)


def itq_rotation(projections, random_state):
    """Return the rotation after which signs are the closest to the projections."""
    generator = np.random.default_rng(random_state)
    size = projections.shape[1]
    rotation, _ = np.linalg.qr(generator.normal(size=(size, size)))
    for _ in range(ITQ_STEPS):
        signs = np.sign(projections @ rotation)
        # Orthogonal Procrustes problem.
        left, _, right = np.linalg.svd(projections.T @ signs)
        rotation = left @ right
    return rotation


def flat(X):
    """Return images as rows of floats in [0, 1]."""
    return X.reshape(len(X), -1).astype(np.float32) / 255


def load(fetch, data_home, fast):
    """Return training images and labels, test images and labels; few if fast."""
    parts = []
    for subset, size in (("train", N_FAST), ("test", N_FAST_QUERIES)):
        X, y = fetch(data_home=data_home, subset=subset, return_X_y=True)
        parts += [X[:size], y[:size]] if fast else [X, y]
    return parts


def measure(name, seed, model, data):
    """Fit a hashing transformer, and return its row of the table."""
    train, train_labels, test, test_labels = data
    start = time.perf_counter()
    model.fit(train, train_labels)
    seconds = time.perf_counter() - start
    codes, queries = model.transform(train), model.transform(test)
    arguments = queries, codes, test_labels, train_labels
    near = precision_within_radius(*arguments, radius=2)
    row = (
        name,
        seed,
        model.n_bits,
        mean_average_precision(*arguments),
        near.precision,
        near.empty_rate,
        float(bit_entropy(codes).mean()),
        getattr(model, "saturation_", "-"),
        seconds,
    )
    print(f"{name}, seed {seed}: MAP {row[3]:.4f}", file=sys.stderr, flush=True)
    return row


def compare(network, name, n_bits, data, seeds):
    """Measure a network and the two baselines; return rows by name."""
    rows = {
        "PCA signs": [
            measure("PCA signs", "-", SignHashing(n_bits, rotate=False), data)
        ]
    }
    rows["ITQ"] = [
        measure("ITQ", seed, SignHashing(n_bits, rotate=True, random_state=seed), data)
        for seed in range(seeds)
    ]
    rows[name] = [measure(name, seed, network(seed), data) for seed in range(seeds)]
    return rows


def purity_row(name, model, data):
    """Return how pure the buckets of test images are, after fitting a model."""
    train, _, test, labels = data
    codes = model.fit(train).transform(test)
    shared, every = (
        bucket_purity(codes, labels),
        bucket_purity(codes, labels, min_size=1),
    )
    return (
        name,
        shared.purity,
        shared.chance_purity,
        shared.adjusted_purity,
        shared.coverage,
        shared.n_buckets,
        every.purity,
        every.chance_purity,
    )


def mean_map(rows):
    """Return the mean of the column MAP."""
    return float(np.mean([row[3] for row in rows]))


def bars(title, rows, network, bar):
    """Return what the network has to reach, and whether it does."""
    reached, itq = mean_map(rows[network]), mean_map(rows["ITQ"])
    return [
        (f"{title}: MAP {reached:.3f} >= {bar}", reached >= bar),
        (f"{title}: MAP {reached:.3f} > {itq:.3f} of ITQ", reached > itq),
    ]


def epochs_for(n_images):
    """Return the passes over some images that make about `N_STEPS` steps."""
    return max(1, round(N_STEPS * BATCH_SIZE / n_images))


def search(X, y, fast):
    """Return the best noise and dropout by retrieval among held-out images."""
    X, y = X[:N_SEARCHED], y[:N_SEARCHED]
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    hasher = SemanticHashingTransformer(
        MNIST_BITS,
        **MNIST_NETWORK,
        epochs=2 if fast else epochs_for(len(X) / 2),
        random_state=0,
    )
    found = GridSearchCV(
        hasher, MNIST_GRID, scoring=hashing_map_scorer, cv=folds, refit=False
    ).fit(X, y)
    results = found.cv_results_
    rows = [
        (*settings.values(), mean, spread)
        for settings, mean, spread in zip(
            results["params"],
            results["mean_test_score"].tolist(),
            results["std_test_score"].tolist(),
            strict=True,
        )
    ]
    print(f"\nGridSearchCV on {len(X)} of the training images, two folds:\n")
    columns = (*results["params"][0], "MAP in the held-out fold", "spread")
    print(table(columns, rows), flush=True)
    return found.best_params_


def run_mnist(arguments):
    """Measure codes learned without labels; print tables, return the bars."""
    data = load(fetch_mnist, arguments.data_home, arguments.fast)
    chosen = search(*data[:2], arguments.fast)
    epochs = 5 if arguments.fast else epochs_for(len(data[0]))
    name = "SemanticHashingTransformer"

    def network(seed, n_bits=MNIST_BITS):
        settings = MNIST_NETWORK | chosen | {"epochs": epochs}
        return SemanticHashingTransformer(n_bits, **settings, random_state=seed)

    rows = compare(network, name, MNIST_BITS, data, arguments.seeds)
    print(f"\nMNIST, {len(data[0])} images, {len(data[2])} queries, no labels:\n")
    print(table(COLUMNS, [row for kind in rows.values() for row in kind]))
    columns = (
        "codes",
        "purity",
        "with shuffled labels",
        "adjusted",
        "images in shared buckets",
        "shared buckets",
        "purity with singletons",
        "with shuffled labels",
    )
    buckets = [
        purity_row("ITQ", SignHashing(BUCKET_BITS, rotate=True), data),
        purity_row(name, network(0, BUCKET_BITS), data),
    ]
    print(f"\nBuckets of {BUCKET_BITS} bits, {len(data[2])} test images:\n")
    print(table(columns, buckets))
    stretch = mean_map(rows[name]) >= MNIST_STRETCH
    print(f"\nstretch, MAP >= {MNIST_STRETCH}: {'met' if stretch else 'missed'}")
    return bars("MNIST", rows, name, MNIST_BAR)


def run_cifar10(arguments):
    """Measure codes learned from labels; print a table, return the bars."""
    data = load(fetch_cifar10, arguments.data_home, arguments.fast)
    changes = {"epochs": 2} if arguments.fast else {}
    name = "CNNHashingTransformer"

    def network(seed):
        settings = CIFAR10_NETWORK | changes
        return CNNHashingTransformer(CIFAR10_BITS, **settings, random_state=seed)

    rows = compare(network, name, CIFAR10_BITS, data, arguments.seeds)
    print(f"\nCIFAR-10, {len(data[0])} images, {len(data[2])} queries, with labels:\n")
    print(table(COLUMNS, [row for kind in rows.values() for row in kind]))
    stretch = mean_map(rows[name]) >= CIFAR10_STRETCH
    print(f"\nstretch, MAP >= {CIFAR10_STRETCH}: {'met' if stretch else 'missed'}")
    return bars("CIFAR-10", rows, name, CIFAR10_BAR)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", help="folder with mnist.npz and cifar10.npz")
    parser.add_argument("--data", default="both", choices=["mnist", "cifar10", "both"])
    parser.add_argument("--seeds", type=int, default=3, help="fits of each network")
    parser.add_argument(
        "--fast", action="store_true", help="few images and epochs; no bars are judged"
    )
    arguments = parser.parse_args(argv)
    print(machine(), flush=True)
    wanted = []
    if arguments.data in ("mnist", "both"):
        wanted += run_mnist(arguments)
    if arguments.data in ("cifar10", "both"):
        wanted += run_cifar10(arguments)
    if arguments.fast:
        print("\nNo bars are judged on so few images.")
        return 0
    print()
    return verdict(wanted)


if __name__ == "__main__":
    sys.exit(main())
