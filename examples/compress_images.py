"""How few numbers does an image fit into?

A convolutional autoencoder has two halves. The encoder looks for small patterns
(`Conv2D`), keeps the strongest answers of each neighbourhood (`MaxPooling2D`) and sums
them up in a few numbers, the code. The decoder goes the same way back: it makes small
maps of the code, blows them up (`UpSampling2D`) and draws (`Conv2D`). All that it knows
of an image are these few numbers, and it is trained to give back all pixels.

Principal component analysis does the same with a single matrix, and no linear map
does it better. The program makes codes of several lengths with both, and prints the
mean squared error on images that neither has seen, and which share of it remains with
the network. It also prints the layers of one network and the shapes between them. Run
it with

    python examples/compress_images.py

On scikit-learn's bundled digits it takes less than a minute on two processor cores;
`--data mnist` and `--data cifar10` take the real thing from the data home
(`SKDEEP_DATA`, or `~/skdeep_data`), or download it. Photographs take a quarter of an
hour: `benchmarks/convolutional_autoencoder.py` holds the settings that beat PCA there.
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

from skdeep import ConvAutoencoderTransformer
from skdeep.datasets import fetch_cifar10, fetch_mnist

N_SHOWN = 10
# Lengths of codes, and settings: few and small images need other networks than many.
SETTINGS = {
    "digits": (
        (2, 4, 8),
        {"filters": (32, 64), "epochs": 60, "batch_size": 32, "learning_rate": 0.003},
    ),
    "mnist": ((8, 16, 32), {"filters": (16, 32), "epochs": 5, "learning_rate": 0.003}),
    "cifar10": ((128,), {"filters": (32,), "epochs": 20, "precision": "auto"}),
}
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
    parts = [fetch(subset=s, return_X_y=True)[0] for s in ("train", "test")]
    return [part.astype(np.float32) / 255 for part in parts]


def pixels(images):
    """Return images as flat rows."""
    return images.reshape(len(images), -1)


# %%
# What the network is made of. `model_` is an ordinary Keras model with the fitted
# weights.
def show_layers(autoencoder):
    """Print the layers of both halves, and what each gives to the next."""
    for part in ("encoder", "decoder"):
        print(f"\nLayers of the {part}:")
        for layer in autoencoder.model_.get_layer(part).layers:
            shape = " x ".join(str(size) for size in layer.output.shape[1:])
            print(f"  {type(layer).__name__:16s} {shape}")


# %%
# Codes of several lengths. Pixels lie between 0 and 1, and what leaves that range is
# put back, for both.
def rebuild(model, images, new):
    """Fit a model; return the new images as their codes let it rebuild them."""
    rebuilt = model.fit(images).inverse_transform(model.transform(new))
    return np.clip(pixels(rebuilt), 0, 1)


def compare(lengths, settings, images, new):
    """Print errors by length; return the last network and its images by name."""
    n_new, n_values = pixels(new).shape
    print(f"\nMean squared error on {n_new} new images of {n_values} values")
    print("  code       PCA   autoencoder   share")
    pictures = {"image": pixels(new)}
    for length in lengths:
        autoencoder = ConvAutoencoderTransformer(length, **settings, random_state=0)
        network = rebuild(autoencoder, images, new)
        linear = rebuild(PCA(length, random_state=0), pixels(images), pixels(new))
        errors = [np.mean((pixels(new) - r) ** 2) for r in (linear, network)]
        share = f"{errors[1] / errors[0]:7.0%}"
        print(f"  {length:4d} {errors[0]:9.5f} {errors[1]:13.5f} {share}")
        pictures |= {f"PCA, {length}": linear, f"network, {length}": network}
    return autoencoder, pictures


# %%
# The picture: new images, and what is left of them after codes of each length.
def draw(shape, pictures, path):
    """Write images and reconstructions to an image file."""
    figure = Figure(figsize=(N_SHOWN, len(pictures)), layout="constrained")
    axes = figure.subplots(len(pictures), N_SHOWN)
    for line, (name, rows) in zip(axes, pictures.items(), strict=True):
        line[0].set_ylabel(name)
        for ax, row in zip(line, rows, strict=False):
            ax.imshow(row.reshape(shape), cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=100)


# %%
# Everything together.
def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", default="digits", choices=SETTINGS, help="which images")
    add("--fast", action="store_true", help="few epochs, which learn little; two codes")
    add("--output", type=Path, default=Path(), help="folder for the picture")
    options = parser.parse_args(argv)
    if not options.output.is_dir():
        parser.error(f"--output: there is no folder {options.output}")
    return options


def main(argv=None):
    """Fit, compare and draw."""
    options = parse(argv)
    images, new = load_data(options.data)
    print(f"Data: {options.data}, {len(images)} images and {len(new)} new ones")
    lengths, settings = SETTINGS[options.data]
    if options.fast:
        lengths, settings = lengths[:2], settings | {"epochs": N_EPOCHS_FAST}
    autoencoder, pictures = compare(lengths, settings, images, new)
    show_layers(autoencoder)
    path = options.output / "compress_images.png"
    draw(new.shape[1:], pictures, path)
    print(f"\nImages and what is left of them: {path}")


if __name__ == "__main__":
    main()
