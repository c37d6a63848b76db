"""What scikit-learn itself can do of the same work."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from peers import works


def sklearn_autoencoder(seed, n_jobs):
    """Train the dense autoencoder; its code is rectified, as all hidden layers are."""
    train, test = (part.astype("float32") / 255 for part in works.flat_digits())
    _, n_hidden, n_code = works.AUTOENCODER_SIZES
    network = MLPRegressor(
        hidden_layer_sizes=(n_hidden, n_code, n_hidden),
        alpha=0.0,
        batch_size=works.AUTOENCODER["batch"],
        learning_rate_init=works.AUTOENCODER["rate"],
        max_iter=works.AUTOENCODER["epochs"],
        random_state=seed,
    )

    def fit():
        with warnings.catch_warnings():
            # So few epochs are what was asked for.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(train, train)

    return fit, lambda: np.mean((network.predict(test) - test) ** 2)
