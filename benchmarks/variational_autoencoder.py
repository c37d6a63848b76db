"""How well does a variational autoencoder describe MNIST, in nats?

    python benchmarks/variational_autoencoder.py --data-home FOLDER

Trains `VariationalAutoencoderTransformer` on the 60,000 training images, binarised
anew for each batch, and prints on the 10,000 test images, each binarised by one draw:

* minus the evidence lower bound (ELBO),
* minus the log likelihood by importance sampling with 500 draws of the code,
* the divergence between posterior and prior, which is near zero for a model that
  ignores its code,

and beside them the ELBO of as many training images, which shows how much is learned by
heart. Optimizer, batches and units were chosen on a part of the training images. Draws
samples to a picture. Lower is better; figures for other ways to binarise
are on other scales. Fails if the ELBO misses its bar or a fit takes more than five
minutes.
"""

import argparse
import sys
import time

import numpy as np
from report import machine, table, verdict

from skdeep import VariationalAutoencoderTransformer
from skdeep.datasets import fetch_mnist

BAR, STRETCH, LIKELIHOOD_STRETCH = 95.0, 90.0, 87.0
MINUTES = 5
N_DRAWS = 500
N_FAST, N_FAST_TEST = 3000, 300
NETWORK = {
    "n_components": 40,
    "hidden_layer_sizes": (400, 400),
    "activation": "gelu",
    "likelihood": "bernoulli",
    "binarization": "dynamic",
    "epochs": 30,
    "batch_size": 100,
    "optimizer": "nadam",
    "learning_rate": 0.002,
}


def divergence(model, X):
    """Return the mean divergence of the posteriors of images, in nats."""
    posterior = model.model_.get_layer("encoder").predict(
        X[..., None].astype(np.float32) / 255, batch_size=1000, verbose=0
    )
    mean, log_variance = np.split(posterior.astype(np.float64), 2, axis=1)
    terms = mean**2 + np.exp(log_variance) - log_variance - 1
    return float(0.5 * terms.sum(axis=1).mean())


def draw(samples, path):
    """Draw a square of samples to a file."""
    from matplotlib.figure import Figure

    side = int(np.sqrt(len(samples)))
    square = samples[: side**2].reshape(side, side, *samples.shape[1:3])
    picture = square.transpose(0, 2, 1, 3).reshape(side * samples.shape[1], -1)
    figure = Figure(figsize=(6, 6), layout="constrained")
    ax = figure.subplots()
    ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
    ax.set(xticks=[], yticks=[], title="Expected pixels for codes from the prior")
    figure.savefig(path, dpi=150)


def measure(seed, train, test, settings, n_draws):
    """Fit one model; return it and its row of the table."""
    model = VariationalAutoencoderTransformer(**settings, random_state=seed)
    start = time.perf_counter()
    model.fit(train)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    row = (
        seed,
        -model.score(test),
        -float(model.log_likelihood(test, n_draws).mean()),
        divergence(model, test),
        -model.score(train[: len(test)]),
        seconds,
        time.perf_counter() - start,
    )
    print(f"seed {seed}: -ELBO {row[1]:.2f}", file=sys.stderr, flush=True)
    return model, row


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", help="folder with mnist.npz")
    parser.add_argument("--seeds", type=int, default=3, help="number of fits")
    parser.add_argument(
        "--fast", action="store_true", help="few images and epochs; no bars are judged"
    )
    parser.add_argument("--output", default="variational_autoencoder.png")
    arguments = parser.parse_args(argv)

    train, _ = fetch_mnist(data_home=arguments.data_home, return_X_y=True)
    test, _ = fetch_mnist(data_home=arguments.data_home, subset="test", return_X_y=True)
    settings, n_draws = NETWORK, N_DRAWS
    if arguments.fast:
        train, test = train[:N_FAST], test[:N_FAST_TEST]
        settings, n_draws = NETWORK | {"epochs": 3}, 20
    print(machine(), flush=True)
    rows = []
    for seed in range(arguments.seeds):
        model, row = measure(seed, train, test, settings, n_draws)
        rows.append(row)
        if seed == 0:
            draw(model.sample(100, random_state=0), arguments.output)
    columns = (
        "seed",
        "test -ELBO",
        f"test -log likelihood ({n_draws} draws)",
        "test divergence",
        "training -ELBO",
        "fit seconds",
        "scoring seconds",
    )
    print(f"\nMNIST, dynamic binarisation, {len(test)} test images, in nats:\n")
    print(table(columns, rows))
    print(f"\nSamples: {arguments.output}")
    bound, likelihood = np.mean([row[1:3] for row in rows], axis=0)
    slowest = max(row[5] for row in rows)
    if arguments.fast:
        print("No bars are judged on so few images.")
        return 0
    for name, value, bar in (
        ("-ELBO", bound, STRETCH),
        ("-log likelihood", likelihood, LIKELIHOOD_STRETCH),
    ):
        met = "met" if value <= bar else "missed"
        print(f"stretch, {name} {value:.2f} <= {bar}: {met}")
    return verdict(
        [
            (f"mean test -ELBO {bound:.2f} <= {BAR} nats", bound <= BAR),
            (f"fit in {slowest:.0f} s <= {MINUTES} minutes", slowest <= MINUTES * 60),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
