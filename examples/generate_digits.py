"""Can a network write digits that nobody has written?

An autoencoder has a code for each image, but a code drawn at random decodes to
nothing in particular: nobody told the network where codes should lie. A variational
autoencoder is told. Its encoder gives a Gaussian for each image instead of a point,
and pays for each nat by which that differs from the standard normal. So codes drawn
from the standard normal decode to images, and on a straight line between two codes one
digit turns into another.

The program trains one, draws codes and decodes them, walks from digit to digit, and
prints how probable new images are under the model, in nats, between two bounds and
beside a linear network with a code of the same length. Run it with

    python examples/generate_digits.py

On scikit-learn's bundled digits it takes less than a minute on two processor cores;
`--data mnist` takes the real thing from the data home (`SKDEEP_DATA`, or
`~/skdeep_data`), or downloads it. `--data cifar10` does the same with small
photographs, with convolutions and a Gaussian for each pixel; samples of a network so
simple are blurred landscapes at best.
"""

# %%
# What the program needs.
import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skdeep import VariationalAutoencoderTransformer
from skdeep.datasets import fetch_cifar10, fetch_mnist

N_SCORED = 1000
N_DRAWS = 100
SIDE, N_STEPS, N_WALKS = 8, 9, 5
# Few and small images need other networks than many.
BINARY = {"likelihood": "bernoulli", "binarization": "dynamic"}
SETTINGS = {
    "digits": BINARY
    | {
        "n_components": 8,
        "hidden_layer_sizes": (128, 64),
        "epochs": 120,
        "batch_size": 64,
        "learning_rate": 0.003,
    },
    "mnist": BINARY
    | {
        "n_components": 40,
        "hidden_layer_sizes": (400, 400),
        "epochs": 30,
        "batch_size": 200,
        "learning_rate": 0.002,
    },
    "cifar10": {
        "n_components": 128,
        "architecture": "convolutional",
        "filters": (32, 64, 128),
        "epochs": 6,
        "precision": "auto",
    },
}
FETCHERS = {"mnist": fetch_mnist, "cifar10": fetch_cifar10}
N_EPOCHS_FAST = 5


# %%
# The images, as bytes, and a part of them to score. A grey pixel of a digit is taken
# for the probability of a black one, and drawn anew each time (dynamic binarisation).
def load_data(name):
    """Return training images, new images, and the labels of both."""
    if name in FETCHERS:
        fetch = FETCHERS[name]
        parts = [fetch(subset=s, return_X_y=True) for s in ("train", "test")]
        return parts[0][0], parts[1][0], parts[0][1], parts[1][1]
    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    return train_test_split(
        images, digits.target, test_size=0.2, stratify=digits.target, random_state=0
    )


def make_models(data, fast):
    """Return the network and its linear twin by name, not fitted."""
    settings = dict(SETTINGS[data])
    if fast:
        settings["epochs"] = N_EPOCHS_FAST
    linear = settings | {"hidden_layer_sizes": (), "architecture": "dense"}
    return {
        name: VariationalAutoencoderTransformer(**chosen, random_state=0)
        for name, chosen in {"deep": settings, "linear": linear}.items()
    }


# %%
# How probable are new images? The exact answer is an integral over all codes. The
# evidence lower bound is below it, and importance sampling comes close from below.
def score(name, model, new):
    """Print bounds of the log likelihood of new images."""
    bound = model.score(new)
    estimate = model.log_likelihood(new, N_DRAWS).mean()
    print(
        f"  {name:8s} {bound:8.2f} <= {estimate:8.2f}   "
        f"({estimate - bound:.2f} nats between them)"
    )


# %%
# Walks through the space of codes, from one digit to the next.
def walks(model, new, labels):
    """Return images on straight lines between codes of different digits."""
    first = [np.flatnonzero(labels == label)[0] for label in range(2 * N_WALKS)]
    codes = model.transform(new[first])
    shares = np.linspace(0, 1, N_STEPS)[:, None]
    lines = [
        (1 - shares) * codes[2 * walk] + shares * codes[2 * walk + 1]
        for walk in range(N_WALKS)
    ]
    images = model.inverse_transform(np.concatenate(lines))
    return images.reshape(N_WALKS, N_STEPS, *new.shape[1:])


def tiled(images):
    """Return one picture of images in rows and columns."""
    # Pixels of a Gaussian model may lie a little outside of their range.
    images = np.clip(images, 0, 255).astype(np.uint8)
    # A line keeps neighbours apart.
    margins = [(0, 0), (0, 0), (1, 0), (1, 0), (0, 0)]
    images = np.pad(images, margins[: images.ndim])
    n_rows, n_columns, height, width = images.shape[:4]
    picture = images.swapaxes(1, 2)
    return picture.reshape(n_rows * height, n_columns * width, *images.shape[4:])


def draw(model, new, labels, path):
    """Write images, samples and walks to an image file."""
    samples = model.sample(SIDE**2, random_state=0)
    pictures = {
        "Images from the data": new[: SIDE**2],
        "Images that the network made": samples,
    }
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    axes = figure.subplots(1, 3)
    for ax, (title, images) in zip(axes, pictures.items(), strict=False):
        square = images.reshape(SIDE, SIDE, *new.shape[1:])
        ax.imshow(tiled(square), cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(title)
    axes[2].imshow(tiled(walks(model, new, labels)), cmap="gray_r", vmin=0, vmax=255)
    axes[2].set_title("From one class to the next")
    for ax in axes:
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
    add("--output", type=Path, default=Path("generate_digits.png"))
    options = parser.parse_args(argv)
    if not options.output.absolute().parent.is_dir():
        parser.error(f"--output: there is no folder {options.output.parent}")
    return options


def main(argv=None):
    """Train, score, generate and draw."""
    options = parse(argv)
    images, new, _, labels = load_data(options.data)
    print(f"Data: {options.data}, {len(images)} images and {len(new)} new ones")
    models = make_models(options.data, options.fast)
    print("\nLog likelihood of new images in nats, lower bound and estimate:")
    for name, model in models.items():
        score(name, model.fit(images), new[:N_SCORED])
    draw(models["deep"], new, labels, options.output)
    print(f"\nImages, samples and walks: {options.output}")


if __name__ == "__main__":
    main()
