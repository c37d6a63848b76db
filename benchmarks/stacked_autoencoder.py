"""What does tying the weights of an autoencoder cost, and what does depth gain?

    python benchmarks/stacked_autoencoder.py

Trains `StackedAutoencoderTransformer((100,), n_components=30)` on 50,000 of the MNIST
training images, with tied and with free kernels, and prints the mean squared error on
the other 10,000 (pixels from 0 to 1, neither clipped nor rounded) beside that of PCA
with 30 components. Every seed splits anew. The two networks differ in nothing but the
ties and the learning rate: a tied kernel gets the gradients of both its places, and
bears other steps than a free one. So each is trained with every rate of the same list,
and its best error over the list counts.

What a tie costs depends on the units. Rectified ones are the default here; with
`--activation leaky_relu` both errors are lower, and the free network gains more.

Fails unless, in the mean over seeds, the tied network's error is at most 3 % above the
free one's and at least 25 % below that of PCA, and its parameters are one set of
kernels and both sets of biases.

The images come from `--data-home`, from the folder that the environment variable
`SKDEEP_DATA` names, from `../shared/data` beside the checkout, or from the network.
"""

import argparse
import os
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from report import machine, table, verdict
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skdeep import StackedAutoencoderTransformer
from skdeep.datasets import fetch_mnist

N_VALIDATION = 10_000
SIZES = (784, 100, 30)
HIGHEST_COST, LOWEST_GAIN = 1.03, 0.25
BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"
SETTINGS = {
    "hidden_layer_sizes": SIZES[1:-1],
    "n_components": SIZES[-1],
    "output_activation": "sigmoid",
    "optimizer": "nadam",
}
LEARNING_RATES = (0.01, 0.02, 0.03)


def find_data_home(named: str | None) -> str | None:
    """Return the folder to look for the images in; None lets `fetch_mnist` decide."""
    if named is None and "SKDEEP_DATA" not in os.environ and BESIDE_CHECKOUT.is_dir():
        return str(BESIDE_CHECKOUT)
    return named


def pca_error(images: np.ndarray, held_out: np.ndarray) -> tuple[float, float]:
    """Return the error of PCA on the held-out images, and its seconds."""
    start = time.perf_counter()
    rows, new = (
        part.reshape(len(part), -1).astype(np.float32) / 255
        for part in (images, held_out)
    )
    pca = PCA(SIZES[-1], svd_solver="covariance_eigh").fit(rows)
    rebuilt = pca.inverse_transform(pca.transform(new))
    error = float(np.mean((rebuilt - new) ** 2, dtype=np.float64))
    return error, time.perf_counter() - start


def network_error(
    images: np.ndarray, held_out: np.ndarray, **settings: Any
) -> tuple[float, float, int]:
    """Return the error of a network, its seconds and its number of parameters."""
    start = time.perf_counter()
    autoencoder = StackedAutoencoderTransformer(**SETTINGS, **settings).fit(images)
    seconds = time.perf_counter() - start
    n_parameters = sum(weights.size for weights in autoencoder.weights_)
    return -autoencoder.score(held_out), seconds, n_parameters


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", help="folder with mnist.npz")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--activation", default="relu", help="of the hidden layer")
    arguments = parser.parse_args(argv)

    images, _ = fetch_mnist(
        data_home=find_data_home(arguments.data_home), return_X_y=True
    )
    print(machine())
    rows, errors = [], []
    for seed in range(arguments.seeds):
        training, held_out = train_test_split(
            images, test_size=N_VALIDATION, random_state=seed
        )
        linear, seconds = pca_error(training, held_out)
        found = [linear]
        n_parameters = SIZES[0] * (SIZES[-1] + 1)
        rows.append((seed, "PCA", "", n_parameters, linear, 1.0, seconds))
        for name, tied in (("tied", True), ("free", False)):
            tried = []
            for rate in LEARNING_RATES:
                error, seconds, n_parameters = network_error(
                    training,
                    held_out,
                    tied_weights=tied,
                    learning_rate=rate,
                    activation=arguments.activation,
                    epochs=arguments.epochs,
                    random_state=seed,
                )
                tried.append(error)
                figures = (n_parameters, error, error / linear, seconds)
                rows.append((seed, name, rate, *figures))
            found.append(min(tried))
        errors.append(found)
    columns = "seed|model|learning rate|parameters|MSE|MSE / PCA|fit seconds".split("|")
    print(table(columns, rows))

    linear, tied_error, free_error = np.mean(errors, axis=0)
    kernels = sum(a * b for a, b in pairwise(SIZES))
    expected = kernels + sum(SIZES[1:]) + sum(SIZES[:-1])
    counted = {row[3] for row in rows if row[1] == "tied"}
    cost, gain = tied_error / free_error, 1 - tied_error / linear
    return verdict(
        [
            (f"parameters {counted} = {expected}", counted == {expected}),
            (f"tied / free {cost:.3f} <= {HIGHEST_COST}", cost <= HIGHEST_COST),
            (f"{gain:.1%} below PCA >= {LOWEST_GAIN:.0%}", gain >= LOWEST_GAIN),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
