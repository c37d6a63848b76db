"""The same work in skdeep."""

import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from peers import networks, works
from skdeep import (
    CharCNNClassifier,
    KerasClassifier,
    RNNClassifier,
    StackedAutoencoderTransformer,
)


def search(estimator, grid, n_folds, n_jobs, X, y):
    """Return a search in threads, ready to run, and how to read its score."""
    found = GridSearchCV(estimator, grid, cv=n_folds, n_jobs=n_jobs, refit=False)

    def fit():
        with parallel_config(backend="threading"):
            found.fit(X, y)

    return fit, lambda: found.best_score_


def digits(seed, n_jobs):
    """Search the learning rate of the CNN for digits."""
    classifier = KerasClassifier(
        networks.digits_network,
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        epochs=works.DIGITS["epochs"],
        batch_size=works.DIGITS["batch"],
        random_state=seed,
        verbose=0,
    )
    grid = {"optimizer__learning_rate": list(works.DIGITS["rates"])}
    return search(classifier, grid, works.DIGITS["n_folds"], n_jobs, *works.digits())


def texts(seed, n_jobs):
    """Search the learning rate of the CNN over characters."""
    classifier = CharCNNClassifier(
        ngram_range=(1, 1),
        **works.CNN_SIZES,
        max_length=works.MAX_CHARACTERS,
        epochs=works.TEXTS["epochs"],
        batch_size=works.TEXTS["batch"],
        learning_rate_schedule="constant",
        random_state=seed,
    )
    grid = {"cnn__learning_rate": list(works.TEXTS["rates"])}
    pipeline = Pipeline([("cnn", classifier)])
    return search(pipeline, grid, works.TEXTS["n_folds"], n_jobs, *works.messages())


def cifar(seed, n_jobs, precision="float32"):
    """Train the CNN for CIFAR-10."""
    (images, classes), (others, other_classes) = works.small_images()
    classifier = KerasClassifier(
        networks.cifar_network,
        model__precision=precision,
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        optimizer__learning_rate=works.CIFAR["rate"],
        epochs=works.CIFAR["epochs"],
        batch_size=works.CIFAR["batch"],
        random_state=seed,
        verbose=0,
    )
    return (
        lambda: classifier.fit(images, classes),
        lambda: classifier.score(others, other_classes),
    )


def autoencoder(seed, n_jobs):
    """Train the dense autoencoder."""
    train, test = works.flat_digits()
    _, n_hidden, n_code = works.AUTOENCODER_SIZES
    estimator = StackedAutoencoderTransformer(
        (n_hidden,),
        n_code,
        activation="relu",
        tied_weights=False,
        epochs=works.AUTOENCODER["epochs"],
        batch_size=works.AUTOENCODER["batch"],
        learning_rate=works.AUTOENCODER["rate"],
        learning_rate_schedule="constant",
        random_state=seed,
    )

    def error():
        found = estimator.inverse_transform(estimator.transform(test))
        return np.mean(((found - test) / 255) ** 2)

    return lambda: estimator.fit(train), error


def lstm(seed, n_jobs):
    """Train the LSTM over words."""
    train, test = works.conversations()
    classifier = RNNClassifier(
        "lstm",
        units=works.LSTM_UNITS,
        embedding_size=works.LSTM_EMBEDDING,
        bidirectional=False,
        pooling="last",
        dropout=0.0,
        token_dropout=0.0,
        max_features=works.N_WORDS,
        max_length=max(len(text) for text in train[0]),
        epochs=works.LSTM["epochs"],
        batch_size=works.LSTM["batch"],
        learning_rate=works.LSTM["rate"],
        learning_rate_schedule="constant",
        random_state=seed,
    )
    return (
        lambda: classifier.fit(*train),
        lambda: classifier.score(*test),
    )
