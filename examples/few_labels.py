"""What are images without labels good for?

Labels cost money, images do not. Here one image in ten has a label. A denoising
autoencoder learns from all of them to repair images with holes, and its encoder
becomes the lower part of a classifier, which learns from the labelled ones. Is that
better than training the same network on the labelled images alone, and how far is it
from a network for which all labels were paid?

`PretrainedEncoderClassifier` takes scikit-learn's convention: a label of -1 means none.
All networks have the same layers; the first two make the same number of steps on the
same labelled images, and differ in nothing but where the encoder's weights start.
One split says little, so each is repeated with other labelled images. Do not expect
wonders: with today's initial weights and optimizers pretraining may gain nothing, and
the program says so when it does. Run it with

    python examples/few_labels.py

On scikit-learn's bundled digits it takes less than a minute on two processor cores;
`--data mnist` and `--data cifar10` take the real thing from the data home
(`SKDEEP_DATA`, or `~/skdeep_data`), or download it.
"""

# %%
# What the program needs.
import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skdeep import DenoisingAutoencoderTransformer, PretrainedEncoderClassifier
from skdeep.datasets import fetch_cifar10, fetch_mnist

UNLABELLED = -1
SHARE_LABELLED = 0.1
KINDS = ("pretrained", "not pretrained", "all labels")

# Few and small images need other networks than many.
SETTINGS = {
    "digits": (
        {"n_components": 32, "filters": (16, 32), "epochs": 15, "batch_size": 32},
        {"epochs": 40, "batch_size": 16, "learning_rate": 0.002, "dropout": 0.3},
    ),
    "mnist": (
        {"n_components": 128, "filters": (32, 64), "epochs": 3},
        {"epochs": 30, "dropout": 0.3, "shift": 2, "learning_rate": 0.002},
    ),
    "cifar10": (
        {
            "n_components": 256,
            "filters": (32, 64, 128),
            "batch_normalization": True,
            "epochs": 3,
            "precision": "auto",
        },
        {
            "epochs": 30,
            "dropout": 0.3,
            "mirror": True,
            "shift": 3,
            "learning_rate": 0.003,
            "precision": "auto",
        },
    ),
}
FETCHERS = {"mnist": fetch_mnist, "cifar10": fetch_cifar10}
N_EPOCHS_FAST = 2


# %%
# The images, as bytes, and a part of them to test on.
def load_data(name):
    """Return training images, test images, and the labels of both."""
    if name in FETCHERS:
        fetch = FETCHERS[name]
        parts = [fetch(subset=s, return_X_y=True) for s in ("train", "test")]
        return parts[0][0], parts[1][0], parts[0][1], parts[1][1]
    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    return train_test_split(
        images, digits.target, test_size=0.4, stratify=digits.target, random_state=0
    )


def hide_labels(labels, seed):
    """Return the labels with all but a tenth, of all classes, replaced by -1."""
    _, kept = train_test_split(
        np.arange(len(labels)),
        test_size=SHARE_LABELLED,
        stratify=labels,
        random_state=seed,
    )
    hidden = np.full(len(labels), UNLABELLED)
    hidden[kept] = labels[kept]
    return hidden


# %%
# The classifiers.
def make_classifier(data, fast, seed, *, pretrain, share=1.0):
    """Return a classifier, not fitted, that makes `share` of the usual passes."""
    autoencoder, classifier = (dict(settings) for settings in SETTINGS[data])
    if fast:
        autoencoder["epochs"] = classifier["epochs"] = N_EPOCHS_FAST
    classifier["epochs"] = max(1, round(share * classifier["epochs"]))
    return PretrainedEncoderClassifier(
        DenoisingAutoencoderTransformer(
            architecture="convolutional",
            corruption="masking",
            corruption_level=0.3,
            **autoencoder,
            random_state=seed,
        ),
        pretrain=pretrain,
        **classifier,
        random_state=seed,
    )


def compare(data, arrays, n_repeats, fast):
    """Return test accuracies by kind, and a pretrained classifier."""
    images, new, labels, new_labels = arrays
    accuracies = {kind: [] for kind in KINDS}
    for seed in range(n_repeats):
        few = hide_labels(labels, seed)
        # A quarter of the passes over ten times the rows is plenty.
        models = {
            "all labels": ({"pretrain": False, "share": 0.25}, labels),
            "not pretrained": ({"pretrain": False}, few),
            "pretrained": ({"pretrain": True}, few),
        }
        for kind, (settings, y) in models.items():
            model = make_classifier(data, fast, seed, **settings).fit(images, y)
            accuracies[kind].append(model.score(new, new_labels))
    return accuracies, model


# %%
# The pictures: accuracies, and what the autoencoder learned from images alone.
def draw(accuracies, model, images, path):
    """Write accuracies and repaired images to an image file."""
    figure = Figure(figsize=(11, 4), layout="constrained")
    left, right = figure.subfigures(1, 2)
    ax = left.subplots()
    for place, kind in enumerate(KINDS):
        values = accuracies[kind]
        ax.plot(np.full(len(values), place), values, "o", color="C0", alpha=0.5)
        ax.plot(place, np.mean(values), "_", color="k", markersize=30)
    ax.set(xticks=range(len(KINDS)), ylabel="test accuracy", xlim=(-0.5, 2.5))
    ax.set_xticklabels(KINDS)
    shown = images[:8]
    holes = np.random.default_rng(0).random(shown.shape) < 0.3
    holed = np.where(holes, 0, shown)
    # Of colour images, matplotlib takes bytes, but floats from 0 to 1 only.
    repaired = np.clip(model.autoencoder_.denoise(holed), 0, 255).astype(np.uint8)
    right.suptitle("Image, with holes, repaired by the autoencoder")
    for line, pictures in zip(
        right.subplots(3, len(shown)), (shown, holed, repaired), strict=True
    ):
        for ax, picture in zip(line, pictures, strict=True):
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=255)
            ax.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=150)


# %%
# Everything together.
def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="digits", choices=SETTINGS, help="which images")
    add("--repeats", type=int, default=3, help="choices of the labelled images")
    add("--fast", action="store_true", help="few epochs, which learn little")
    add("--output", type=Path, default=Path("few_labels.png"))
    options = parser.parse_args(argv)
    if options.repeats < 1:
        parser.error(f"--repeats must be at least 1, but is {options.repeats}")
    if not options.output.absolute().parent.is_dir():
        parser.error(f"--output: there is no folder {options.output.parent}")
    return options


def main(argv=None):
    """Compare the classifiers, print accuracies and draw."""
    options = parse(argv)
    arrays = images, new, labels, _ = load_data(options.data)
    n_labelled = np.count_nonzero(hide_labels(labels, 0) != UNLABELLED)
    print(
        f"Data: {options.data}, {len(images)} images of which {n_labelled} have "
        f"labels, and {len(new)} to test on"
    )
    accuracies, model = compare(options.data, arrays, options.repeats, options.fast)
    print("\nTest accuracy, mean and each repeat:")
    for kind in KINDS:
        each = ", ".join(f"{value:.2%}" for value in accuracies[kind])
        print(f"  {kind:15s} {np.mean(accuracies[kind]):.2%}   ({each})")
    gains = np.subtract(accuracies["pretrained"], accuracies["not pretrained"])
    print(f"\nGain by pretraining: {100 * gains.mean():+.2f} points in the mean")
    draw(accuracies, model, new, options.output)
    print(f"Accuracies and repaired images: {options.output}")


if __name__ == "__main__":
    main()
