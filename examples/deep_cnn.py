"""What does a network with convolutions see that a linear classifier does not?

The images show a circle, a cross, a square or a triangle, in any place, size,
inclination and colour. What tells the classes apart is the outline, and no single pixel
knows it. A linear classifier weighs pixels one by one; a deep convolutional network
looks for pieces of outlines wherever they are, then for what they make together.

The program trains both on the same images and prints for each how well it does on
these and on images that it has never seen: the first says how much it has learned by
heart, the second what it is good for. For the network it also prints how much was
computed, and how fast. The confusion matrices of the network, of both sets, are drawn
to a file. Run it with

    python examples/deep_cnn.py

On generated shapes, or with `--data digits` on scikit-learn's handwritten digits, it
takes less than a minute on two processor cores. `--data cifar10` takes photographs of
ten kinds of things from the data home (`SKDEEP_DATA`, or `~/skdeep_data`) or downloads
them, and a network that is made for few epochs, and takes a quarter of an hour.
"""

# %%
# What the program needs.
import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skdeep import DeepCNNClassifier
from skdeep.datasets import fetch_cifar10, make_shapes
from skdeep.model_comparison import train_test_report

# Digits must not be flipped, shapes may be; photographs get what their network comes
# with.
SETTINGS = {
    "shapes": {"width": 0.5, "augmentation": ("flip", "translate"), "epochs": 12},
    "digits": {"width": 0.5, "augmentation": ("translate",), "epochs": 15},
    "cifar10": {
        "architecture": "airbench",
        "width": 0.5,
        "epochs": 7,
        "precision": "auto",
    },
}
N_SHAPES = 2000
N_IMAGES_FAST, N_EPOCHS_FAST = 300, 2


# %%
# The images, as bytes or numbers, and a part of them that no model sees before it is
# judged.
def load_data(name):
    """Return training images, new ones, the labels of both and the classes' names."""
    if name == "cifar10":
        train = fetch_cifar10()
        new = fetch_cifar10(subset="test")
        parts = train.data, new.data, train.target, new.target
        return *parts, train.target_names
    if name == "digits":
        bunch = load_digits()
        images, labels = bunch.images, bunch.target
        names = [str(name) for name in bunch.target_names]
    else:
        bunch = make_shapes(N_SHAPES, image_shape=(24, 24, 3), random_state=0)
        images, labels, names = bunch.data, bunch.target, bunch.target_names
    parts = train_test_split(
        images, labels, test_size=0.3, stratify=labels, random_state=0
    )
    return *parts, names


# %%
# The two classifiers. The linear one weighs pixels; standardised, it learns in seconds.
def flattened(images):
    """Return each image as a row of floats."""
    return images.reshape(len(images), -1).astype(np.float32)


def make_classifiers(settings):
    """Return classifiers by name, not fitted."""
    linear = make_pipeline(
        FunctionTransformer(flattened),
        StandardScaler(),
        SGDClassifier("log_loss", alpha=0.01, random_state=0),
    )
    network = DeepCNNClassifier(**settings, random_state=0)
    return {"linear classifier": linear, "convolutional network": network}


# %%
# Both confusion matrices of a report in one picture.
def draw(report, path):
    """Write the confusion matrices of training and test set to an image file."""
    figure = Figure(figsize=(13, 6), layout="constrained")
    for ax, subset in zip(figure.subplots(1, 2), ("train", "test"), strict=True):
        report.plot(subset, ax=ax, colorbar=False, xticks_rotation=45)
    figure.savefig(path, dpi=100)


# %%
# Everything together.
def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="shapes", choices=SETTINGS, help="which images")
    add("--markdown", action="store_true", help="print tables in Markdown")
    add("--fast", action="store_true", help="few images and epochs, to try it out")
    add("--output", type=Path, default=Path(), help="folder for the picture")
    options = parser.parse_args(argv)
    if not options.output.is_dir():
        parser.error(f"--output: there is no folder {options.output}")
    return options


def main(argv=None):
    """Train, judge and draw."""
    options = parse(argv)
    images, new, labels, new_labels, names = load_data(options.data)
    settings = dict(SETTINGS[options.data])
    if options.fast:
        images, labels = images[:N_IMAGES_FAST], labels[:N_IMAGES_FAST]
        settings["epochs"] = N_EPOCHS_FAST
    print(f"Data: {options.data}, {len(images)} images and {len(new)} new ones")
    names = np.array(names)
    accuracies = {}
    for title, classifier in make_classifiers(settings).items():
        report = train_test_report(
            classifier, images, names[labels], new, names[new_labels]
        )
        accuracies[title] = report.test.accuracy
        print(f"\n{'#' * 2} {title.capitalize()}\n")
        print(report.to_markdown() if options.markdown else report)
    path = options.output / "deep_cnn.png"
    draw(report, path)
    print("\nAccuracy on new images:")
    for title, accuracy in accuracies.items():
        print(f"{title:22s} {accuracy:6.1%}")
    print(f"\nConfusion matrices of the network: {path}")


if __name__ == "__main__":
    main()
