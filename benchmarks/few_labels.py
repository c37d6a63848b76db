"""Does pretraining on unlabelled images help a classifier with few labels?

    python benchmarks/few_labels.py --data-home FOLDER

MNIST, 6,000 labels of 60,000. Two arms that differ in one thing: the encoder under the
classifier was trained to remove noise from all 60,000 images, or starts at random.
`PretrainedEncoderClassifier` makes both, with `pretrain=True` and `pretrain=False`: the
same network, the same labelled images, the same number of steps on them, the same
settings. Five seeds decide which images have labels, and the initial weights; both
arms share them. The mean difference of the test accuracies is printed with its 95 %
interval, whatever it says. Beside them stands the same network without pretraining,
trained on all 60,000 labels.

The settings are first guesses, not tuned on anything: the test images are used for
nothing but this table. Fails if the mean accuracy with pretraining is below that
without.
"""

import argparse
import sys
import time

import numpy as np
from report import machine, table, verdict
from scipy.stats import t as student
from sklearn.model_selection import train_test_split

from skdeep import DenoisingAutoencoderTransformer, PretrainedEncoderClassifier
from skdeep.datasets import fetch_mnist

N_LABELS = 6000
STRETCH, STRETCH_GAP = 0.988, 0.003
N_FAST, N_FAST_LABELS, N_FAST_TEST = 2000, 200, 500
UNLABELLED = -1

AUTOENCODER = {
    "n_components": 128,
    "architecture": "convolutional",
    "filters": (32, 64),
    "corruption": "masking",
    "corruption_level": 0.3,
    "epochs": 4,
}
CLASSIFIER = {
    "hidden_layer_sizes": (128,),
    "dropout": 0.5,
    "epochs": 40,
    "batch_size": 64,
    "learning_rate": 0.001,
}
# As many labels need fewer passes.
EPOCHS_ON_ALL = 10


def hide_labels(labels, n_labels, seed):
    """Return the labels with all but a stratified few replaced by -1."""
    kept, _ = train_test_split(
        np.arange(len(labels)), train_size=n_labels, stratify=labels, random_state=seed
    )
    hidden = np.full_like(labels, UNLABELLED, dtype=np.int64)
    hidden[kept] = labels[kept]
    return hidden


def make(pretrain, seed, changes, **settings):
    """Return a classifier, not fitted."""
    autoencoder = DenoisingAutoencoderTransformer(
        **(AUTOENCODER | changes), random_state=seed
    )
    return PretrainedEncoderClassifier(
        autoencoder,
        pretrain=pretrain,
        **(CLASSIFIER | changes | settings),
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


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", help="folder with mnist.npz")
    parser.add_argument("--seeds", type=int, default=5, help="number of pairs")
    parser.add_argument("--labels", type=int, default=N_LABELS)
    parser.add_argument(
        "--fast", action="store_true", help="few images and epochs; no bars are judged"
    )
    arguments = parser.parse_args(argv)

    train, labels = fetch_mnist(data_home=arguments.data_home, return_X_y=True)
    test = fetch_mnist(data_home=arguments.data_home, subset="test", return_X_y=True)
    n_labels, changes, on_all = arguments.labels, {}, {"epochs": EPOCHS_ON_ALL}
    if arguments.fast:
        train, labels = train[:N_FAST], labels[:N_FAST]
        test = [part[:N_FAST_TEST] for part in test]
        n_labels, changes, on_all = N_FAST_LABELS, {"epochs": 2}, {}
    print(machine(), flush=True)

    rows, differences, accuracies = [], [], []
    for seed in range(arguments.seeds):
        few = hide_labels(labels, n_labels, seed)
        without, short = accuracy(make(False, seed, changes), train, few, *test)
        pretrained, long = accuracy(make(True, seed, changes), train, few, *test)
        differences.append(pretrained - without)
        accuracies.append(pretrained)
        rows.append((seed, pretrained, without, differences[-1], long, short))
        print(
            f"seed {seed}: {pretrained:.4f} with, {without:.4f} without",
            file=sys.stderr,
            flush=True,
        )
    with_all, _ = accuracy(make(False, 0, changes, **on_all), train, labels, *test)

    mean, half = float(np.mean(differences)), interval(differences)
    columns = (
        "seed",
        "accuracy, pretrained",
        "not pretrained",
        "difference",
        "fit seconds, pretrained",
        "not pretrained",
    )
    print(f"\nMNIST, {n_labels} labels of {len(train)}, {len(test[0])} test images:\n")
    print(table(columns, rows))
    print(f"\nAll {len(train)} labels, not pretrained: {with_all:.4f}")
    print(
        f"Difference by pretraining: {100 * mean:+.2f} points, 95 % interval "
        f"{100 * (mean - half):+.2f} to {100 * (mean + half):+.2f}"
    )
    if arguments.fast:
        print("No bars are judged on so few images.")
        return 0
    reached = float(np.mean(accuracies))
    gap = with_all - reached
    for text, met in (
        (f"accuracy {reached:.4f} >= {STRETCH}", reached >= STRETCH),
        (
            f"{100 * gap:.2f} <= {100 * STRETCH_GAP} points below all labels",
            gap <= STRETCH_GAP,
        ),
    ):
        print(f"stretch, {text}: {'met' if met else 'missed'}")
    return verdict([(f"mean difference {100 * mean:+.2f} points >= 0", mean >= 0)])


if __name__ == "__main__":
    sys.exit(main())
