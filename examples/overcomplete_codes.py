"""Is a perfect reconstruction the proof of a good code?

An autoencoder is asked for its input again. If its code is shorter than the input,
under-complete, it has to find out what images have in common. If the code is longer,
over-complete, it can copy: the error vanishes, and nothing has been learnt. Other
restraints can take the place of a short code: few active units (sparse), or units that
hardly move when the image does (contractive).

The program fits one under-complete and three over-complete codes, and asks each three
questions. How large is the error on new images? How large is it on images whose pixels
were shuffled, which are no digits any more? A network that knows what digits look like
should be bad at these; one that copies does not notice. And how much does the code
tell a linear classifier about the digit, from few labels? Run it with

    python examples/overcomplete_codes.py

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
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skdeep import StackedAutoencoderTransformer
from skdeep.datasets import fetch_cifar10, fetch_mnist

N_LABELLED, N_DRAWS = 100, 10
N_SHOWN = 5
# Few and small images need other networks than many.
SETTINGS = {
    "digits": {"short": 16, "long": 128, "epochs": 60, "batch_size": 32},
    "mnist": {"short": 32, "long": 1000, "epochs": 10, "batch_size": 128},
    "cifar10": {"short": 100, "long": 4000, "epochs": 5, "batch_size": 128},
}
N_TRAINING = 20_000
N_EPOCHS_FAST = 2


# %%
# The images, as flat rows of pixels from 0 to 1, and a part of them that no network
# sees before it is judged.
def load_data(name):
    """Return training images, new images, and the labels of both."""
    if name == "digits":
        images, labels = load_digits(return_X_y=True)
        return train_test_split(
            (images / 16).astype(np.float32),
            labels,
            test_size=0.3,
            stratify=labels,
            random_state=0,
        )
    fetch = {"mnist": fetch_mnist, "cifar10": fetch_cifar10}[name]
    images, labels = fetch(return_X_y=True)
    new, new_labels = fetch(subset="test", return_X_y=True)
    images, labels = images[:N_TRAINING], labels[:N_TRAINING]
    rows = [p.reshape(len(p), -1).astype(np.float32) / 255 for p in (images, new)]
    return *rows, labels, new_labels


def shuffled(images):
    """Return images with their pixels in another order, the same for all images."""
    order = np.random.default_rng(0).permutation(images.shape[1])
    return images[:, order]


# %%
# The codes: one layer from pixels to code, and the same kernel back.
def make_networks(data, fast):
    """Return the networks by name, not fitted."""
    settings = dict(SETTINGS[data])
    short, long = settings.pop("short"), settings.pop("long")
    if fast:
        settings["epochs"] = N_EPOCHS_FAST
    restraints = {
        f"{short} units": {"n_components": short},
        f"{long} units": {},
        f"{long} units, sparse": {
            "code_activation": "sigmoid",
            "sparsity": "kl",
            "sparsity_weight": 0.01,
        },
        f"{long} units, contractive": {
            "code_activation": "sigmoid",
            "contractive": 0.01,
        },
    }
    common = {
        "hidden_layer_sizes": (),
        "n_components": long,
        "learning_rate": 0.01,
        "random_state": 0,
    }
    return {
        name: StackedAutoencoderTransformer(**(common | settings | restraint))
        for name, restraint in restraints.items()
    }


def error(network, images):
    """Return the mean squared error of the reconstructions."""
    return -network.score(images)


# %%
# What the code tells about the digit. A classifier that saw all labels could make up
# for a bad code, so it gets few, and several draws of them. Codes are scaled as a
# whole: unit by unit would change what is near to what, which is the code's merit.
def standardised(codes, new_codes):
    """Return both centred at the mean of the first, whose mean squared length is 1."""
    mean = codes.mean(axis=0)
    length = np.sqrt(((codes - mean) ** 2).sum(axis=1).mean())
    return (codes - mean) / length, (new_codes - mean) / length


def probe(codes, new_codes, labels, new_labels):
    """Return the mean accuracy of a linear classifier that sees few labels."""
    accuracies = []
    codes, new_codes = standardised(codes, new_codes)
    for draw in range(N_DRAWS):
        chosen, _ = train_test_split(
            np.arange(len(labels)),
            train_size=N_LABELLED,
            stratify=labels,
            random_state=draw,
        )
        classifier = LogisticRegression(C=30, max_iter=1000)
        classifier.fit(codes[chosen], labels[chosen])
        accuracies.append(classifier.score(new_codes, new_labels))
    return np.mean(accuracies)


def judge(networks, images, new, labels, new_labels):
    """Fit the networks and print the answers to the three questions."""
    width = max(map(len, networks))
    print(f"\n{'code':{width}s}   new images   shuffled   linear probe")
    accuracy = probe(images, new, labels, new_labels)
    print(f"{'the pixels themselves':{width}s} {'':12s} {'':10s} {accuracy:14.1%}")
    for name, network in networks.items():
        network.fit(images)
        codes, new_codes = network.transform(images), network.transform(new)
        accuracy = probe(codes, new_codes, labels, new_labels)
        print(
            f"{name:{width}s} {error(network, new):12.6f}"
            f" {error(network, shuffled(new)):10.6f} {accuracy:14.1%}"
        )


# %%
# The picture: digits and shuffled digits, and what becomes of them.
def draw(networks, new, image_shape, path):
    """Write images and reconstructions to an image file."""
    images = np.concatenate([new[:N_SHOWN], shuffled(new[:N_SHOWN])])
    rows = {"image": images}
    for name, network in networks.items():
        rows[name] = network.inverse_transform(network.transform(images))
    figure = Figure(figsize=(2 * N_SHOWN + 2, len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), len(images))
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name.replace(", ", ",\n"), rotation=0, ha="right")
        for ax, picture in zip(line, pictures, strict=True):
            ax.imshow(picture.reshape(image_shape).clip(0, 1), "gray_r", vmin=0, vmax=1)
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
    """Fit, ask and draw."""
    options = parse(argv)
    images, new, labels, new_labels = load_data(options.data)
    print(f"Data: {options.data}, {len(images)} images and {len(new)} new ones")
    networks = make_networks(options.data, options.fast)
    judge(networks, images, new, labels, new_labels)
    path = options.output / "overcomplete_codes.png"
    image_shape = {"digits": (8, 8), "mnist": (28, 28), "cifar10": (32, 32, 3)}
    draw(networks, new, image_shape[options.data], path)
    print(f"\nImages, shuffled images and reconstructions: {path}")


if __name__ == "__main__":
    main()
