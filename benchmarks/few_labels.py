"""Does pretraining on unlabelled images help a classifier with few labels?

    python benchmarks/few_labels.py --data-home FOLDER --data mnist
    python benchmarks/few_labels.py --data-home FOLDER --data cifar10

One image in ten has a label: 6,000 of MNIST's 60,000, or 5,000 of CIFAR-10's 50,000.
Two arms that differ in one thing: the encoder under the classifier was trained to
remove noise from all images, or starts at random. `PretrainedEncoderClassifier` makes
both, with `pretrain=True` and `pretrain=False`: the same network, the same labelled
images, the same augmentation, the same number of steps on them, the same settings. A
seed decides which images have labels, and the initial weights; both arms share it. The
mean difference of the test accuracies is printed with its 95 % interval, whatever it
says. Beside them stands the same network without pretraining, trained on all labels of
MNIST.

The settings were chosen on a part of the training images, for the arm without
pretraining; the test images are used for nothing but this table. Fails if the mean
accuracy with pretraining is below that without (MNIST), or below 68 % (CIFAR-10).
"""

import argparse
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from report import machine, table, verdict
from scipy.stats import t as student
from sklearn.model_selection import train_test_split

from skdeep import DenoisingAutoencoderTransformer, PretrainedEncoderClassifier
from skdeep.datasets import fetch_cifar10, fetch_mnist

UNLABELLED = -1
N_FAST, N_FAST_LABELS, N_FAST_TEST = 2000, 200, 500
LARGEST_GAP = 0.003


@dataclass(frozen=True)
class Task:
    """A data set, the settings of both arms, and the accuracies to reach."""

    fetch: Any
    n_labels: int
    stretch: float
    bar: float | None = None
    epochs_on_all: int | None = None
    autoencoder: dict[str, Any] = field(default_factory=dict)
    classifier: dict[str, Any] = field(default_factory=dict)


TASKS = {
    "mnist": Task(
        fetch_mnist,
        n_labels=6000,
        stretch=0.988,
        # As many labels need fewer passes.
        epochs_on_all=10,
        autoencoder={
            "n_components": 128,
            "architecture": "convolutional",
            "filters": (32, 64),
            "corruption": "masking",
            "corruption_level": 0.5,
            "epochs": 4,
            "learning_rate": 0.002,
            "precision": "auto",
        },
        classifier={
            "shift": 2,
            "dropout": 0.3,
            "epochs": 30,
            "batch_size": 64,
            "precision": "auto",
        },
    ),
    "cifar10": Task(
        fetch_cifar10,
        n_labels=5000,
        stretch=0.76,
        bar=0.68,
        autoencoder={
            "n_components": 256,
            "architecture": "convolutional",
            "filters": (64, 128, 256),
            "batch_normalization": True,
            "corruption": "gaussian",
            "corruption_level": 0.1,
            "epochs": 2,
            "precision": "auto",
        },
        classifier={
            "mirror": True,
            "shift": 4,
            "dropout": 0.6,
            "epochs": 100,
            "batch_size": 64,
            "learning_rate": 0.002,
            "optimizer": "adamw",
            "optimizer__weight_decay": 0.15,
            "precision": "auto",
        },
    ),
}


def hide_labels(labels, n_labels, seed):
    """Return the labels with all but a stratified few replaced by -1."""
    kept, _ = train_test_split(
        np.arange(len(labels)), train_size=n_labels, stratify=labels, random_state=seed
    )
    hidden = np.full_like(labels, UNLABELLED, dtype=np.int64)
    hidden[kept] = labels[kept]
    return hidden


def make(task, pretrain, seed, changes, **settings):
    """Return a classifier, not fitted."""
    autoencoder = DenoisingAutoencoderTransformer(
        **(task.autoencoder | changes), random_state=seed
    )
    return PretrainedEncoderClassifier(
        autoencoder,
        pretrain=pretrain,
        **(task.classifier | changes | settings),
        random_state=seed,
    )


def accuracy(classifier, train, labels, test, test_labels):
    """Return the test accuracy of a classifier and the seconds its fit took."""
    start = time.perf_counter()
    classifier.fit(train, labels)
    seconds = time.perf_counter() - start
    return classifier.score(test, test_labels), seconds


def interval(differences):
    """Return half the length of the 95 % interval of a mean of differences."""
    n = len(differences)
    if n < 2:
        return float("nan")
    return float(student.ppf(0.975, n - 1) * np.std(differences, ddof=1) / np.sqrt(n))


def run_pairs(task, seeds, n_labels, changes, train, labels, test):
    """Fit both arms once for each seed; return the rows of the table."""
    rows = []
    for seed in range(seeds):
        few = hide_labels(labels, n_labels, seed)
        without, short = accuracy(make(task, False, seed, changes), train, few, *test)
        pretrained, long = accuracy(make(task, True, seed, changes), train, few, *test)
        rows.append((seed, pretrained, without, pretrained - without, long, short))
        print(
            f"seed {seed}: {pretrained:.4f} with, {without:.4f} without",
            file=sys.stderr,
            flush=True,
        )
    return rows


def parse(argv):
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="mnist", choices=sorted(TASKS))
    parser.add_argument("--data-home", help="folder with mnist.npz or cifar10.npz")
    parser.add_argument("--seeds", type=int, default=5, help="number of pairs")
    parser.add_argument("--labels", type=int, help="default: one in ten")
    parser.add_argument(
        "--fast", action="store_true", help="few images and epochs; no bars are judged"
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    arguments = parse(argv)
    task = TASKS[arguments.data]
    home = arguments.data_home
    train, labels = task.fetch(data_home=home, return_X_y=True)
    test = task.fetch(data_home=home, subset="test", return_X_y=True)
    n_labels, changes = arguments.labels or task.n_labels, {}
    on_all = {"epochs": task.epochs_on_all} if task.epochs_on_all else None
    if arguments.fast:
        train, labels = train[:N_FAST], labels[:N_FAST]
        test = [part[:N_FAST_TEST] for part in test]
        n_labels, changes, on_all = N_FAST_LABELS, {"epochs": 2}, on_all and {}
    print(machine(), flush=True)

    rows = run_pairs(task, arguments.seeds, n_labels, changes, train, labels, test)
    columns = (
        "seed",
        "accuracy, pretrained",
        "not pretrained",
        "difference",
        "fit seconds, pretrained",
        "not pretrained",
    )
    print(
        f"\n{arguments.data}, {n_labels} labels of {len(train)}, {len(test[0])} test "
        "images:\n"
    )
    print(table(columns, rows))
    _, accuracies, _, differences, *_ = zip(*rows, strict=True)
    mean, half = float(np.mean(differences)), interval(differences)
    reached = float(np.mean(accuracies))
    stretches = [(f"accuracy {reached:.4f} >= {task.stretch}", reached >= task.stretch)]
    if on_all is not None:
        every = make(task, False, 0, changes, **on_all)
        with_all, _ = accuracy(every, train, labels, *test)
        gap = with_all - reached
        text = f"{100 * gap:.2f} <= {100 * LARGEST_GAP} points below all labels"
        stretches.append((text, gap <= LARGEST_GAP))
        print(f"\nAll {len(train)} labels, not pretrained: {with_all:.4f}")
    print(
        f"\nDifference by pretraining: {100 * mean:+.2f} points, 95 % interval "
        f"{100 * (mean - half):+.2f} to {100 * (mean + half):+.2f}"
    )
    if arguments.fast:
        print("No bars are judged on so few images.")
        return 0
    for text, met in stretches:
        print(f"stretch, {text}: {'met' if met else 'missed'}")
    if task.bar is not None:
        text = f"accuracy {reached:.4f} >= {task.bar}"
        return verdict([(text, reached >= task.bar)])
    return verdict([(f"mean difference {100 * mean:+.2f} points >= 0", mean >= 0)])


if __name__ == "__main__":
    sys.exit(main())
