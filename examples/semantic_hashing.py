"""Can an image be filed under thirty bits that a network makes of it?

A library with millions of pictures cannot compare a new one with each of them. If
similar pictures had equal keys, it could look into one drawer. Salakhutdinov and Hinton
(2009) let an autoencoder make the keys: thirty logistic units between encoder and
decoder, with so much noise on them in training that only values near zero and one get
through. Rounded, they are bits, and the pictures that share them are a bucket.

The program tunes the number of bits and the noise by how well codes retrieve images
of the same digit in held-out folds, hashes images to thirty bits, and asks whether
buckets are pure: a Gini impurity of zero means one digit per drawer. Buckets of a
single image are always pure, so they do not count, and purity is printed beside what
shuffled labels would have. Then a convolutional network, which has seen the labels,
makes codes of as many bits. Run it with

    python examples/semantic_hashing.py

On scikit-learn's bundled digits it takes less than a minute on two processor cores;
`--data mnist` and `--data cifar10` take the real thing from the data home
(`SKDEEP_DATA`, or `~/skdeep_data`), or download it. Photographs have little in common
pixel by pixel: without labels, expect little there.
"""

# %%
# What the program needs.
import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from skdeep import CNNHashingTransformer, SemanticHashingTransformer
from skdeep.datasets import fetch_cifar10, fetch_mnist
from skdeep.hashing import HammingNeighbors
from skdeep.metrics import (
    bucket_purity,
    hashing_map_scorer,
    mean_average_precision,
    precision_within_radius,
)

N_BITS = 30
N_SHOWN, N_NEIGHBORS = 8, 8
# Rows of the training images that the search works on.
N_SEARCHED = 4000
GRID = {"n_bits": [10, N_BITS], "noise_scale": [1.0, 4.0, 8.0]}

# Few and small images need other networks than many.
SETTINGS = {
    "digits": (
        {
            "hidden_layer_sizes": (100, 50),
            "epochs": 60,
            "batch_size": 64,
            "learning_rate": 0.003,
        },
        {"filters": (16, 32), "epochs": 12, "batch_size": 64},
    ),
    "mnist": (
        {
            "hidden_layer_sizes": (500, 250),
            "activation": "tanh",
            "dropout": 0.7,
            "epochs": 5,
            "learning_rate": 0.003,
        },
        {"filters": (16, 32), "epochs": 3},
    ),
    "cifar10": (
        {"hidden_layer_sizes": (1000, 500), "dropout": 0.5, "epochs": 10},
        {"mirror": True, "shift": 2, "epochs": 5, "precision": "auto"},
    ),
}
FETCHERS = {"mnist": fetch_mnist, "cifar10": fetch_cifar10}
N_EPOCHS_FAST = 3


# %%
# The images, as bytes, and a part of them that no network sees in training.
def load_data(name):
    """Return training images, new images, and the labels of both."""
    if name in FETCHERS:
        fetch = FETCHERS[name]
        parts = [fetch(subset=s, return_X_y=True) for s in ("train", "test")]
        return parts[0][0], parts[1][0], parts[0][1], parts[1][1]
    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    return train_test_split(
        images, digits.target, test_size=0.3, stratify=digits.target, random_state=0
    )


def make_hashers(data, fast):
    """Return both transformers by name; the first needs no labels."""
    autoencoder, network = (dict(settings) for settings in SETTINGS[data])
    if fast:
        autoencoder["epochs"] = network["epochs"] = N_EPOCHS_FAST
    return {
        "autoencoder, no labels": SemanticHashingTransformer(
            N_BITS, **autoencoder, random_state=0
        ),
        "CNN, with labels": CNNHashingTransformer(N_BITS, **network, random_state=0),
    }


# %%
# How long should the code be, and how noisy? Reconstructions do not tell: less noise
# always rebuilds better. So the search is scored by retrieval.
def search(hasher, images, labels):
    """Print how well codes retrieve; return the best noise for the full length."""
    found = GridSearchCV(hasher, GRID, scoring=hashing_map_scorer, cv=2, refit=False)
    found.fit(images[:N_SEARCHED], labels[:N_SEARCHED])
    print("\nMean average precision among held-out images, by grid search:")
    scores = found.cv_results_["mean_test_score"]
    noises = {}
    for settings, score in zip(found.cv_results_["params"], scores, strict=True):
        if settings["n_bits"] == N_BITS:
            noises[settings["noise_scale"]] = score
        best = "  <- best" if settings == found.best_params_ else ""
        print(
            f"  {settings['n_bits']:3d} bits, noise {settings['noise_scale']:.0f}: "
            f"{score:.3f}{best}"
        )
    return max(noises, key=noises.get)


# %%
# What the codes are worth, on images that no network has seen.
def judge(name, hasher, data):
    """Print figures about the codes of new images, and the codes' saturation."""
    images, new, labels, new_labels = data
    codes, queries = hasher.transform(images), hasher.transform(new)
    ranked = mean_average_precision(queries, codes, new_labels, labels)
    near = precision_within_radius(queries, codes, new_labels, labels, radius=2)
    buckets = bucket_purity(queries, new_labels)
    print(f"\n{N_BITS} bits of the {name}:")
    print(f"  code values near 0 or 1:           {hasher.saturation_:.1%}")
    print(f"  mean average precision:            {ranked:.3f}")
    print(f"  precision within 2 bits:           {near.precision:.3f}")
    print(f"  queries that find nothing there:   {near.empty_rate:.1%}")
    print(f"  Gini purity of shared buckets:     {buckets.purity:.3f}")
    print(f"  ... with shuffled labels:          {buckets.chance_purity:.3f}")
    print(f"  images in shared buckets:          {buckets.coverage:.1%}")


# %%
# The picture: new images, and the training images with the nearest codes.
def draw(hashers, data, path):
    """Write queries and what they find to an image file."""
    images, new, labels, new_labels = data
    figure = Figure(figsize=(11, 5.5), layout="constrained")
    halves = figure.subfigures(1, len(hashers))
    for half, (name, hasher) in zip(halves, hashers.items(), strict=True):
        half.suptitle(f"{name}: image, and its nearest codes")
        neighbors = HammingNeighbors(n_bits=N_BITS).fit(hasher.pack(images))
        distances, found = neighbors.kneighbors(hasher.pack(new[:N_SHOWN]), N_NEIGHBORS)
        axes = half.subplots(N_SHOWN, N_NEIGHBORS + 1)
        for row in range(N_SHOWN):
            axes[row, 0].imshow(new[row], cmap="gray_r")
            for ax, place, distance in zip(
                axes[row, 1:], found[row], distances[row], strict=True
            ):
                ax.imshow(images[place], cmap="gray_r")
                ax.set_xlabel(f"{distance}", fontsize=6, labelpad=1)
                if labels[place] != new_labels[row]:
                    ax.spines[:].set(color="C3", linewidth=2)
        for ax in axes.flat:
            ax.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=150)


# %%
# Everything together.
def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="digits", choices=SETTINGS, help="which images")
    add("--fast", action="store_true", help="few epochs, which learn little")
    add("--output", type=Path, default=Path("semantic_hashing.png"))
    options = parser.parse_args(argv)
    if not options.output.absolute().parent.is_dir():
        parser.error(f"--output: there is no folder {options.output.parent}")
    return options


def main(argv=None):
    """Tune, hash, judge and draw."""
    options = parse(argv)
    data = images, new, labels, _ = load_data(options.data)
    print(f"Data: {options.data}, {len(images)} images and {len(new)} new ones")
    hashers = make_hashers(options.data, options.fast)
    autoencoder = hashers["autoencoder, no labels"]
    autoencoder.set_params(noise_scale=search(autoencoder, images, labels))
    for name, hasher in hashers.items():
        judge(name, hasher.fit(images, labels), data)
    draw(hashers, data, options.output)
    print(f"\nImages and what their codes find (wrong ones in red): {options.output}")


if __name__ == "__main__":
    main()
