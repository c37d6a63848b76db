"""How accurate is a deep CNN on CIFAR-10 after 10, 30 or 60 minutes?

    python benchmarks/cifar10_cnn.py --data-home FOLDER --preset 10

Trains `DeepCNNClassifier("airbench")` on the 50,000 training images, for a number of
epochs that fits into the time of the preset on two cores, and prints the accuracy on
10,000 of these and on the 10,000 test images, the seconds, the floating-point
operations and how many of them were done per second. Beside it stands the network of
Keras' own example for CIFAR-10 (two pairs of convolutions with 32 and 64 filters, a
dense layer of 512 units), trained by Keras for as many operations as the other one.

Operations of a training are six for each multiply-add of the network, for each image
and epoch. Both networks see images mirrored and shifted, and neither has seen the test
images: nothing was chosen on them. The settings are those of the recipe that the
network comes from; what the recipe does not say, width and epochs, was chosen by time.
The longer presets also hide a part of each image.
With `--validate`, 5,000 of the training images are held out and take the place of the
test images: to try other settings, use that.

Fails if the accuracy on the test images is below the bar of the preset, or the training
takes longer than its time.
"""

import argparse
import sys
import time

import keras
import numpy as np
from report import machine, table, verdict
from sklearn.model_selection import train_test_split

from skdeep import DeepCNNClassifier
from skdeep.datasets import fetch_cifar10
from skdeep.networks import multiply_adds
from skdeep.networks.augmentation import RandomMirror, RandomShift

# Minutes -> settings. Half of the width is a quarter of the operations.
# Longer recipes of the same author hide a part of each image; without was not tried.
HIDING = ("flip", "translate", "cutout")
PRESETS = {
    "10": {"width": 0.5, "epochs": 10},
    "30": {"width": 0.75, "epochs": 18, "augmentation": HIDING},
    "60": {"width": 1.0, "epochs": 18, "augmentation": HIDING},
}
BARS = {"10": 0.88, "30": 0.91, "60": 0.925}
N_HELD_OUT = 5000
# Six views of 50,000 images would take as long as an epoch of training.
N_TRAINING_SCORED = 10_000
OPERATIONS = 6
CLASSIC_BATCH = 32


def classic_network():
    """Return the network of Keras' example `cifar10_cnn.py`."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            RandomMirror(),
            # A tenth of the image.
            RandomShift(3),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )


def train_classic(images, labels, operations, seed):
    """Return the classic network trained for some operations, and what that took."""
    keras.utils.set_random_seed(seed)
    model = classic_network()
    per_epoch = OPERATIONS * multiply_adds(model) * len(images)
    epochs = max(1, round(operations / per_epoch))
    model.compile(
        keras.optimizers.RMSprop(1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        # Compiled further for the processor, it is several times slower.
        jit_compile=False,
    )
    start = time.perf_counter()
    model.fit(images, labels, batch_size=CLASSIC_BATCH, epochs=epochs, verbose=2)
    return model, epochs, time.perf_counter() - start, float(epochs * per_epoch)


def accuracy_of_classic(model, images, labels):
    """Return the share of images whose class it finds."""
    logits = model.predict(images, batch_size=256, verbose=0)
    return float(np.mean(logits.argmax(axis=1) == labels))


def row(name, epochs, of_training, of_others, seconds, operations):
    """Return a row of the table."""
    return (
        name,
        epochs,
        of_training,
        of_others,
        seconds,
        operations / 1e15,
        operations / seconds / 1e9,
    )


def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data-home", help="folder with cifar10.npz")
    add("--preset", choices=PRESETS, default="10", help="minutes of training")
    add("--width", type=float, help="instead of the preset's")
    add("--epochs", type=int, help="instead of the preset's")
    add("--batch-size", type=int)
    add("--learning-rate", type=float)
    add("--n-images", type=int, help="train on so many images only")
    add("--precision", default="auto")
    add("--random-state", type=int, default=0)
    add("--validate", action="store_true", help="score on held-out training images")
    add("--no-classic", action="store_true", help="leave Keras' example out")
    return parser.parse_args(argv)


def load(arguments):
    """Return images and labels to train on and to score on, and what these are."""
    images, labels = fetch_cifar10(data_home=arguments.data_home, return_X_y=True)
    if arguments.validate:
        split = train_test_split(
            images, labels, test_size=N_HELD_OUT, stratify=labels, random_state=0
        )
        images, others, labels, others_labels = split
        name = "held-out"
    else:
        others, others_labels = fetch_cifar10(
            data_home=arguments.data_home, subset="test", return_X_y=True
        )
        name = "test"
    n_images = arguments.n_images or len(images)
    return images[:n_images], labels[:n_images], others, others_labels, name


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    arguments = parse(argv)
    images, labels, others, others_labels, name = load(arguments)
    some = slice(N_TRAINING_SCORED)
    print(machine())
    chosen = {"width": arguments.width, "epochs": arguments.epochs}
    settings = PRESETS[arguments.preset] | {k: v for k, v in chosen.items() if v}
    classifier = DeepCNNClassifier(
        "airbench",
        **settings,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        precision=arguments.precision,
        random_state=arguments.random_state,
        verbose=1,
    )
    start = time.perf_counter()
    classifier.fit(images, labels)
    seconds = time.perf_counter() - start
    count = multiply_adds(classifier.model_)
    operations = float(OPERATIONS * count * classifier.n_samples_seen_)
    accuracy = classifier.score(others, others_labels)
    rows = [
        row(
            f"airbench, width {settings['width']}, {count / 1e6:.1f} million",
            settings["epochs"],
            classifier.score(images[some], labels[some]),
            accuracy,
            seconds,
            operations,
        )
    ]
    if not arguments.no_classic:
        model, epochs, classic_seconds, classic_operations = train_classic(
            images, labels, operations, arguments.random_state
        )
        rows.append(
            row(
                f"Keras' example, {multiply_adds(model) / 1e6:.1f} million",
                epochs,
                accuracy_of_classic(model, images[some], labels[some]),
                accuracy_of_classic(model, others, others_labels),
                classic_seconds,
                classic_operations,
            )
        )
    columns = ["network, multiply-adds", "epochs", "training accuracy"]
    columns += [f"{name} accuracy", "fit seconds", "PFLOP", "GFLOP/s"]
    print(table(columns, rows))
    bar, minutes = BARS[arguments.preset], int(arguments.preset)
    return verdict(
        [
            (f"{name} accuracy {accuracy:.2%} >= {bar:.1%}", accuracy >= bar),
            (f"fit in {seconds:.0f} s <= {minutes} minutes", seconds <= minutes * 60),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
