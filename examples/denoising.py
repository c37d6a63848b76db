"""Can a network repair images without being told what noise is?

A denoising autoencoder is trained to give back clean images from corrupted ones. It
is told nothing about noise; it learns what clean images look like, and finds the one
that the corrupted one may have been. Vincent et al. (2008) proposed it to learn
features; here it does what its name says.

For each kind of corruption, the program trains one, corrupts images that it has never
seen, and prints the peak signal-to-noise ratio of the corrupted images and of the
repaired ones, in decibels: 3 more means half the error. Beside them stand images
repaired by PCA, which drops what lies outside of the directions that clean images
vary in, and by an autoencoder of the same size that saw no corruption in training.
Run it with

    python examples/denoising.py

On scikit-learn's bundled digits it takes less than a minute on two processor cores;
`--data mnist` and `--data cifar10` take the real thing from the data home
(`SKDEEP_DATA`, or `~/skdeep_data`), or download it. Colour images get convolutions.
"""

# %%
# What the program needs.
import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skdeep import DenoisingAutoencoderTransformer
from skdeep.datasets import fetch_cifar10, fetch_mnist
from skdeep.metrics import peak_signal_noise_ratio

LEVELS = {"gaussian": 0.3, "masking": 0.3, "salt_and_pepper": 0.3}
EXPLAINED_VARIANCE = 0.8
N_SHOWN = 8
# Few and small images need other networks than many.
SETTINGS = {
    "digits": {
        "n_components": 64,
        "hidden_layer_sizes": (256,),
        "epochs": 60,
        "batch_size": 32,
        "learning_rate": 0.003,
    },
    "mnist": {"epochs": 10, "learning_rate": 0.003},
    "cifar10": {
        "architecture": "convolutional",
        "n_components": None,
        "filters": (64,),
        "epochs": 5,
        "learning_rate": 0.003,
    },
}
N_NEW = 2000
N_EPOCHS_FAST = 2


# %%
# The images, with pixels from 0 to 1, and a part of them that no model sees before it
# is judged.
def load_data(name):
    """Return training images and new ones."""
    if name == "digits":
        images = (load_digits().images / 16).astype(np.float32)
        return train_test_split(images, test_size=0.3, random_state=0)
    fetch = {"mnist": fetch_mnist, "cifar10": fetch_cifar10}[name]
    images, _ = fetch(return_X_y=True)
    new, _ = fetch(subset="test", return_X_y=True)
    return [part.astype(np.float32) / 255 for part in (images, new[:N_NEW])]


def corrupt(images, kind, level, random_state=0):
    """Return corrupted copies: the same corruption as in training, other draws."""
    generator = np.random.default_rng(random_state)
    if kind == "gaussian":
        noise = generator.normal(0, level, images.shape)
        return (images + noise).astype(np.float32)
    draws = generator.random(images.shape)
    replaced = draws < level / 2 if kind == "salt_and_pepper" else 0
    return np.where(draws < level, replaced, images).astype(np.float32)


# %%
# Three ways to repair. All give a clean image back from what they keep of a corrupted
# one; they differ in what they were taught to keep.
def repair(images, noisy, kind, settings):
    """Return repaired images by name of the method."""
    rows, noisy_rows = (part.reshape(len(part), -1) for part in (images, noisy))
    pca = PCA(EXPLAINED_VARIANCE, svd_solver="covariance_eigh").fit(rows)
    projected = pca.inverse_transform(pca.transform(noisy_rows))
    repaired = {"PCA": projected.reshape(noisy.shape)}
    for name, level in (("plain", 0.0), ("denoising", LEVELS[kind])):
        autoencoder = DenoisingAutoencoderTransformer(
            **settings,
            corruption=kind,
            corruption_level=level,
            output_activation="sigmoid",
            random_state=0,
        )
        repaired[name] = autoencoder.fit(images).denoise(noisy)
    return repaired


# %%
# The picture: what was, what was left of it, and what was made of that.
def draw(clean, found, path):
    """Write clean, corrupted and repaired images to an image file."""
    figure = Figure(figsize=(3 * N_SHOWN, 5.5), layout="constrained")
    parts = figure.subfigures(1, len(found))
    for part, (kind, pictures) in zip(parts, found.items(), strict=True):
        part.suptitle(kind.replace("_", " "))
        rows = {**pictures, "clean": clean}
        axes = part.subplots(len(rows), N_SHOWN)
        for line, (name, images) in zip(axes, rows.items(), strict=True):
            line[0].set_ylabel(name)
            for ax, image in zip(line, images, strict=False):
                ax.imshow(np.clip(image, 0, 1), cmap="gray_r", vmin=0, vmax=1)
                ax.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=100)


# %%
# Everything together.
def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="digits", choices=SETTINGS, help="which images")
    add("--fast", action="store_true", help="few epochs, which learn little")
    add("--output", type=Path, default=Path(), help="folder for the picture")
    options = parser.parse_args(argv)
    if not options.output.is_dir():
        parser.error(f"--output: there is no folder {options.output}")
    return options


def main(argv=None):
    """Corrupt, repair, judge and draw."""
    options = parse(argv)
    images, new = load_data(options.data)
    print(f"Data: {options.data}, {len(images)} images and {len(new)} new ones")
    settings = dict(SETTINGS[options.data])
    if options.fast:
        settings["epochs"] = N_EPOCHS_FAST
    print("\nPeak signal-to-noise ratio of new images, in decibels:")
    print("corruption       corrupted     PCA   plain   denoising")
    found = {}
    for kind, level in LEVELS.items():
        noisy = corrupt(new, kind, level)
        found[kind] = {"corrupted": noisy, **repair(images, noisy, kind, settings)}
        ratios = [peak_signal_noise_ratio(new, part) for part in found[kind].values()]
        cells = zip(ratios, (10, 7, 7, 11), strict=True)
        figures = " ".join(f"{ratio:{width}.2f}" for ratio, width in cells)
        print(f"{kind:15s} {figures}")
    path = options.output / "denoising.png"
    draw(new, found, path)
    print(f"\nClean, corrupted and repaired images: {path}")


if __name__ == "__main__":
    main()
