"""What users of SciKeras and of plain Keras write for each piece of work."""

import keras
import numpy as np
from scikeras.wrappers import KerasClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from peers import networks, works


def scikeras_digits(seed, n_jobs):
    """Search the learning rate of the CNN for digits."""
    images, classes = works.digits()
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
    search = GridSearchCV(
        classifier, grid, cv=works.DIGITS["n_folds"], n_jobs=n_jobs, refit=False
    )
    return lambda: search.fit(images, classes), lambda: search.best_score_


def scikeras_texts(seed, n_jobs):
    """Search the learning rate of the CNN over characters."""
    texts, spam = works.messages()
    n_ids = works.PaddedCharacters().fit(texts).encoding_.vocabulary_size
    classifier = KerasClassifier(
        networks.text_network,
        model__vocabulary_size=n_ids,
        loss="binary_crossentropy",
        optimizer="adam",
        epochs=works.TEXTS["epochs"],
        batch_size=works.TEXTS["batch"],
        random_state=seed,
        verbose=0,
    )
    pipeline = Pipeline([("characters", works.PaddedCharacters()), ("cnn", classifier)])
    grid = {"cnn__optimizer__learning_rate": list(works.TEXTS["rates"])}
    search = GridSearchCV(
        pipeline, grid, cv=works.TEXTS["n_folds"], n_jobs=n_jobs, refit=False
    )
    return lambda: search.fit(texts, spam), lambda: search.best_score_


def keras_cifar(seed, n_jobs, precision="float32"):
    """Train the CNN for CIFAR-10."""
    (images, classes), (others, other_classes) = works.small_images()
    images = images.astype("float32")

    def fit():
        keras.utils.set_random_seed(seed)
        model = networks.cifar_network(precision)
        model.compile(
            keras.optimizers.Adam(works.CIFAR["rate"]),
            "sparse_categorical_crossentropy",
            jit_compile=False,
        )
        model.fit(
            images,
            classes,
            batch_size=works.CIFAR["batch"],
            epochs=works.CIFAR["epochs"],
            verbose=0,
        )
        fitted.append(model)

    def accuracy():
        found = fitted[0].predict(others.astype("float32"), batch_size=500, verbose=0)
        return np.mean(found.argmax(axis=1) == other_classes)

    fitted: list = []
    return fit, accuracy


def keras_autoencoder(seed, n_jobs):
    """Train the dense autoencoder."""
    train, test = (part.astype("float32") / 255 for part in works.flat_digits())

    def fit():
        keras.utils.set_random_seed(seed)
        model = networks.autoencoder_network()
        model.compile(
            keras.optimizers.Adam(works.AUTOENCODER["rate"]), "mse", jit_compile=False
        )
        model.fit(
            train,
            train,
            batch_size=works.AUTOENCODER["batch"],
            epochs=works.AUTOENCODER["epochs"],
            verbose=0,
        )
        fitted.append(model)

    def error():
        found = fitted[0].predict(test, batch_size=1000, verbose=0)
        return np.mean((found - test) ** 2)

    fitted: list = []
    return fit, error


def keras_lstm(seed, n_jobs):
    """Train the LSTM over words."""
    (texts, spam), (others, spam_of_others) = works.conversations()

    def fit():
        keras.utils.set_random_seed(seed)
        # Reading the texts is part of the work.
        words = works.words_of(texts)
        model = networks.lstm_network(words.vocabulary_size)
        model.compile(
            keras.optimizers.Adam(works.LSTM["rate"]),
            "binary_crossentropy",
            jit_compile=False,
        )
        model.fit(
            works.padded(words, texts),
            spam,
            batch_size=works.LSTM["batch"],
            epochs=works.LSTM["epochs"],
            verbose=0,
        )
        fitted.append((model, words))

    def accuracy():
        model, words = fitted[0]
        ids = works.padded(words, others)
        found = model.predict(ids, batch_size=500, verbose=0).ravel() > 0.5
        return np.mean(found == spam_of_others)

    fitted: list = []
    return fit, accuracy
