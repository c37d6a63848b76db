"""What has a network learned to see?

A denoising autoencoder is trained to repair images. To do so it must know what images
look like: each unit of its first layer answers to some pattern of pixels, each unit of
its code to something that whole images have or have not. This program draws both.

It prints how rough the filters of the first layer are, their total variation, before
and after training: noise is rough, a pattern is not. It counts the units that answer to
all images alike, and so say nothing. And it shows new images that the network has never
seen, those that each unit of the code answers to most. Nobody told the network which
class an image belongs to; that most of the images of one unit are of one class, more
than of images drawn at random, is what it found by itself. Run it with

    python examples/look_inside.py

On scikit-learn's bundled digits it takes less than a minute on two processor cores;
`--data mnist` and `--data cifar10` take the real thing from the data home
(`SKDEEP_DATA`, or `~/skdeep_data`), or download it. Colour images get convolutions.
"""

# %%
# What the program needs.
import argparse
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skdeep import DenoisingAutoencoderTransformer
from skdeep.datasets import fetch_cifar10, fetch_mnist
from skdeep.inspection import (
    corrupt_samples,
    dead_units,
    first_layer_filters,
    top_images,
)
from skdeep.metrics import peak_signal_noise_ratio
from skdeep.plotting import (
    FiltersDisplay,
    ReconstructionDisplay,
    TopImagesDisplay,
    TrainingHistoryDisplay,
)

N_TOP = 9
N_NEW = 2000
# Weights that nothing calls for fade, so that what is left of a filter was learned.
COMMON = {
    "activation": "relu",
    "corruption": "masking",
    "corruption_level": 0.4,
    "output_activation": "sigmoid",
    "optimizer": "adamw",
    "optimizer__weight_decay": 0.1,
    "learning_rate": 0.003,
    "early_stopping": True,
    "random_state": 0,
}
# Few and small images need other networks than many.
SETTINGS = {
    "digits": {
        "n_components": 16,
        "hidden_layer_sizes": (64,),
        "epochs": 60,
        "batch_size": 32,
    },
    "mnist": {"n_components": 32, "hidden_layer_sizes": (256,), "epochs": 15},
    "cifar10": {
        "architecture": "convolutional",
        "n_components": 64,
        "filters": (64,),
        "kernel_size": 5,
        "epochs": 5,
        "optimizer__weight_decay": 0.01,
    },
}
FIRST_LAYERS = {"dense": "hidden_1_activation", "convolutional": "stage_1_activation"}
N_EPOCHS_FAST = 2


# %%
# The images, with pixels from 0 to 1, and a part of them that the network does not see.
def load_data(name):
    """Return training images, new ones, and the labels of these."""
    if name == "digits":
        digits = load_digits()
        images = (digits.images / 16).astype(np.float32)
        images, new, _, labels = train_test_split(
            images, digits.target, test_size=0.3, random_state=0
        )
        return images, new, labels
    fetch = {"mnist": fetch_mnist, "cifar10": fetch_cifar10}[name]
    images, _ = fetch(return_X_y=True)
    new, labels = fetch(subset="test", return_X_y=True)
    images, new = (part.astype(np.float32) / 255 for part in (images, new[:N_NEW]))
    return images, new, labels[:N_NEW]


# %%
# Filters. Those of a network before training are noise: no pixel knows of its
# neighbours. If training has changed that, neighbours agree more.
def roughness(filters):
    """Return the mean total variation of filters, relative to their weights."""
    steps = [np.abs(np.diff(filters, axis=a)).sum(axis=(1, 2, 3)) for a in (1, 2)]
    weights = np.abs(filters).sum(axis=(1, 2, 3))
    # A filter that has faded altogether has no roughness.
    there = weights > 1e-3 * weights.max()
    return float(np.mean(sum(steps)[there] / weights[there]))


def describe_filters(model, images):
    """Print how rough the filters are before and after training."""
    untrained = clone(model).set_params(fit__epochs=0, early_stopping=False)
    before = first_layer_filters(untrained.fit(images[:100]))
    after = first_layer_filters(model)
    print(
        f"First-layer filters: {len(after)}, roughness {roughness(before):.2f} before "
        f"training, {roughness(after):.2f} after"
    )


# %%
# Units of the code, and the new images that they answer to most.
def describe_units(model, new, labels):
    """Print how many units are dead, and how alike the top images of the others are."""
    layer = FIRST_LAYERS[model.architecture]
    for name, path in (("first layer", layer), ("code", None)):
        found = top_images(model, new, 1, path)
        dead = dead_units(model, new, path)
        print(f"Dead units of the {name}: {len(dead)} of {len(found.indices)}")
    found = top_images(model, new, N_TOP)
    live = found.indices[~found.dead]
    random = np.random.default_rng(0).integers(0, len(new), (1000, N_TOP))
    shares = [
        np.mean([largest_share(labels[of_unit]) for of_unit in indices])
        for indices in (live, random)
    ]
    print(
        f"Of the top {N_TOP} images of a unit of the code, {100 * shares[0]:.0f} % are "
        f"of one class; of {N_TOP} images at random, {100 * shares[1]:.0f} %"
    )


def largest_share(labels):
    """Return the share of the most frequent label."""
    return np.unique(labels, return_counts=True)[1].max() / len(labels)


# %%
# The pictures.
def draw(model, new, folder):
    """Write the pictures, and print where."""
    displays = {
        "training": lambda: TrainingHistoryDisplay.from_estimator(model),
        "reconstructions": lambda: ReconstructionDisplay.from_estimator(
            model, new, random_state=0
        ),
        "filters": lambda: FiltersDisplay.from_estimator(model),
        "top_images": lambda: TopImagesDisplay.from_estimator(model, new, N_TOP),
    }
    print("\nPictures:")
    for name, make in displays.items():
        path = folder / f"look_inside_{name}.png"
        figure = make().figure_
        figure.savefig(path, dpi=120)
        pyplot.close(figure)
        print(f"  {name.replace('_', ' ')}: {path}")


# %%
# Everything together.
def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="digits", choices=SETTINGS, help="which images")
    add("--fast", action="store_true", help="few epochs, which learn little")
    add("--output", type=Path, default=Path(), help="folder for the pictures")
    options = parser.parse_args(argv)
    if not options.output.is_dir():
        parser.error(f"--output: there is no folder {options.output}")
    return options


def main(argv=None):
    """Train, look inside and draw."""
    options = parse(argv)
    images, new, labels = load_data(options.data)
    print(f"Data: {options.data}, {len(images)} images and {len(new)} new ones")
    settings = COMMON | SETTINGS[options.data]
    if options.fast:
        settings["epochs"] = N_EPOCHS_FAST
    model = DenoisingAutoencoderTransformer(**settings).fit(images)
    noisy = corrupt_samples(model, new, random_state=0)
    ratios = [
        peak_signal_noise_ratio(new, part) for part in (noisy, model.denoise(noisy))
    ]
    print(
        f"New images, peak signal-to-noise ratio: corrupted {ratios[0]:.1f} dB, "
        f"repaired {ratios[1]:.1f} dB"
    )
    describe_filters(model, images)
    describe_units(model, new, labels)
    draw(model, new, options.output)


if __name__ == "__main__":
    main()
