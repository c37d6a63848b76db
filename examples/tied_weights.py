"""Does an autoencoder need two sets of weights?

The decoder of a stacked autoencoder mirrors its encoder, layer by layer. If the two
are to undo each other, why should the decoder learn kernels of its own? With tied
weights it uses the encoder's, transposed, and learns only its biases: half the
numbers to fit, and half to store. For a linear network nothing is lost at all, since
principal component analysis does exactly that.

The program fits the same network with tied and with free kernels, on few images and on
many, and PCA with a code of the same length. It counts the parameters, and prints the
mean squared error on the training images and on new ones. Run it with

    python examples/tied_weights.py

On scikit-learn's bundled digits it takes less than a minute on two processor cores;
`--data mnist` and `--data cifar10` take the real thing from the data home
(`SKDEEP_DATA`, or `~/skdeep_data`), or download it.
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

from skdeep import StackedAutoencoderTransformer
from skdeep.datasets import fetch_cifar10, fetch_mnist

N_SHOWN = 10
# Few and small images need other networks than many.
SETTINGS = {
    "digits": {
        "hidden_layer_sizes": (40,),
        "n_components": 8,
        "epochs": 100,
        "batch_size": 32,
    },
    "mnist": {"hidden_layer_sizes": (100,), "n_components": 30, "epochs": 20},
    "cifar10": {"hidden_layer_sizes": (400,), "n_components": 100, "epochs": 20},
}
FEW = {"digits": 150, "mnist": 2000, "cifar10": 2000}
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


# %%
# The two networks differ in one parameter. What a sigmoid output gives is a pixel,
# whatever the code.
def make_networks(data, fast):
    """Return the tied and the free network by name, not fitted."""
    settings = dict(SETTINGS[data])
    if fast:
        settings["epochs"] = N_EPOCHS_FAST
    return {
        name: StackedAutoencoderTransformer(
            **settings,
            tied_weights=tied,
            output_activation="sigmoid",
            learning_rate=0.01,
            random_state=0,
        )
        for name, tied in (("tied", True), ("free", False))
    }


# %%
# The kernels of a tied decoder are not equal to the encoder's, they *are* the
# encoder's: one array among the weights, one variable in the Keras model.
def show_the_tie(autoencoder):
    """Print which variables the network has, and which are in both halves."""
    model = autoencoder.model_
    encoder, decoder = (model.get_layer(part) for part in ("encoder", "decoder"))
    shared = {id(v) for v in encoder.weights} & {id(v) for v in decoder.weights}
    print("\nVariables of the tied network:")
    for variable in model.weights:
        note = "  in both halves" if id(variable) in shared else ""
        print(f"  {variable.path:22s} {tuple(variable.shape)!s:12s}{note}")


def pixels(images):
    """Return images as flat rows."""
    return images.reshape(len(images), -1)


def mean_squared_error(images, rebuilt):
    """Return the mean squared error over all pixels."""
    return float(np.mean((pixels(images) - pixels(rebuilt)) ** 2))


def compare(networks, n_components, images, new):
    """Print a table of errors; return the reconstructions of new images by name."""
    pca = PCA(n_components, random_state=0).fit(pixels(images))
    n_parameters = pca.components_.size + pca.mean_.size
    fitted = {"PCA": (pca, pixels(images), pixels(new), n_parameters)}
    for name, network in networks.items():
        network.fit(images)
        n_parameters = sum(weights.size for weights in network.weights_)
        fitted[name] = (network, images, new, n_parameters)
    print(f"\n{len(images)} training images")
    print("  model   parameters   error there   error on new images")
    rebuilt = {}
    for name, (model, seen, unseen, n_parameters) in fitted.items():
        there, rebuilt[name] = (
            model.inverse_transform(model.transform(part)) for part in (seen, unseen)
        )
        print(
            f"  {name:6s} {n_parameters:11,d} {mean_squared_error(images, there):13.5f}"
            f" {mean_squared_error(new, rebuilt[name]):21.5f}"
        )
    return rebuilt


# %%
# The picture: new images, and what each model makes of them.
def draw(new, rebuilt, path):
    """Write images and reconstructions to an image file."""
    rows = {"image": new, **rebuilt}
    figure = Figure(figsize=(N_SHOWN, len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), N_SHOWN)
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name)
        for ax, image in zip(line, images, strict=False):
            picture = np.clip(image.reshape(new.shape[1:]), 0, 1)
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
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
    add("--output", type=Path, default=Path(), help="folder for the picture")
    options = parser.parse_args(argv)
    if not options.output.is_dir():
        parser.error(f"--output: there is no folder {options.output}")
    return options


def main(argv=None):
    """Fit, count, compare and draw."""
    options = parse(argv)
    images, new = load_data(options.data)
    print(f"Data: {options.data}, {len(images)} images and {len(new)} new ones")
    networks = make_networks(options.data, options.fast)
    n_components = SETTINGS[options.data]["n_components"]
    for n_images in (FEW[options.data], len(images)):
        rebuilt = compare(networks, n_components, images[:n_images], new)
    show_the_tie(networks["tied"])
    path = options.output / "tied_weights.png"
    draw(new, rebuilt, path)
    print(f"\nImages and reconstructions: {path}")


if __name__ == "__main__":
    main()
