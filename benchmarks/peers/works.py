"""Data and settings of each piece of work, which all libraries are given alike."""

import os
from functools import cache

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from skdeep.datasets import (
    fetch_cifar10,
    fetch_mnist,
    fetch_sms_spam,
    make_messages,
    make_shapes,
)
from skdeep.encoding.vocabulary import learn_text_encoding

N_CLASSES = 10

DIGITS = {"rates": (0.0003, 0.001, 0.003), "n_folds": 5, "epochs": 10, "batch": 32}
DIGITS_SHAPE = (8, 8, 1)
TEXTS = {"rates": (0.001, 0.004), "n_folds": 3, "epochs": 2, "batch": 32}
N_TEXTS = 2000
MAX_CHARACTERS = 160
CNN_SIZES = {"embedding_size": 32, "filters": 64, "kernel_sizes": (3,), "dropout": 0.5}
CIFAR = {"rate": 0.001, "epochs": 2, "batch": 128}
CIFAR_SHAPE = (32, 32, 3)
N_CIFAR, N_CIFAR_TEST = 3000, 5000
AUTOENCODER = {"rate": 0.001, "epochs": 2, "batch": 128}
AUTOENCODER_SIZES = (784, 100, 30)
N_MNIST = 60_000
LSTM = {"rate": 0.003, "epochs": 4, "batch": 64}
LSTM_UNITS = LSTM_EMBEDDING = 64
N_WORDS = 5000
SEARCHES = {"digits search": DIGITS, "text search": TEXTS}
FITS = {"CIFAR CNN": CIFAR, "autoencoder": AUTOENCODER, "LSTM": LSTM}
# Conversations to train on, of the first messages, and to be judged on, of the others.
# What is learned varies by twenty points from seed to seed, in Keras as in skdeep, now
# and then: one bad run of five does not change a median, two do.
N_CONVERSATIONS = {"train": 900, "test": 2000}
N_MESSAGES, N_MESSAGES_TO_TRAIN = 5000, 4000


def shorten(work):
    """Leave a part of a piece of work; return how many such parts make the whole."""
    if work in SEARCHES:
        search = SEARCHES[work]
        n_fits = len(search["rates"]) * search["n_folds"]
        # As many fits as keep all workers at work to the end, however many there are.
        n_left = min(2 * (os.cpu_count() or 1), n_fits)
        search |= {"rates": search["rates"][:1], "n_folds": n_left}
        return n_fits / n_left
    epochs, FITS[work]["epochs"] = FITS[work]["epochs"], 1
    return epochs


@cache
def digits():
    """Return scikit-learn's digits, (1797, 8, 8, 1) in [0, 1], and their classes."""
    from sklearn.datasets import load_digits

    images, classes = load_digits(return_X_y=True)
    return (images / 16).astype("float32").reshape(-1, *DIGITS_SHAPE), classes


@cache
def all_messages():
    """Return 5,000 text messages and which are spam (1)."""
    try:
        texts, labels = fetch_sms_spam(
            download_if_missing=False, drop_duplicates=True, return_X_y=True
        )
    except OSError:
        texts, labels = make_messages(N_MESSAGES, random_state=0, return_X_y=True)
    chosen = np.random.default_rng(0).permutation(len(texts))[:N_MESSAGES]
    return np.asarray(texts, object)[chosen], np.asarray(labels)[chosen].astype(int)


def messages():
    """Return 2,000 text messages and which are spam (1)."""
    return tuple(column[:N_TEXTS] for column in all_messages())


class PaddedCharacters(TransformerMixin, BaseEstimator):
    """Turn texts into rows of the ids of their characters, for other libraries."""

    def fit(self, X, y=None):
        """Learn the alphabet."""
        self.encoding_ = learn_text_encoding(
            list(X), analyzer="char", max_length=MAX_CHARACTERS
        )
        return self

    def transform(self, X):
        """Return ids, padded to one length."""
        ids = self.encoding_.encode(list(X)).to_padded(length=MAX_CHARACTERS)
        return ids.astype(np.int64)


def words_of(texts):
    """Learn what numbers stand for the words of texts."""
    return learn_text_encoding(
        list(texts), analyzer="word", max_length=None, max_features=N_WORDS
    )


def padded(encoding, texts):
    """Return token ids (n_texts, length), padded with 0."""
    return encoding.encode(list(texts)).to_padded()


@cache
def conversations():
    """Return training and test texts of one to many messages, and which hold spam."""
    generator = np.random.default_rng(1)
    texts, spam = all_messages()
    split = np.split(np.arange(len(texts)), [N_MESSAGES_TO_TRAIN])
    parts = []
    for n_conversations, known in zip(N_CONVERSATIONS.values(), split, strict=True):
        joined, labels = [], []
        for _ in range(n_conversations):
            # Lengths like those of reviews and mails: many short, few long.
            chosen = generator.choice(known, size=1 + int(generator.exponential(3)))
            joined.append(" ".join(texts[chosen]))
            labels.append(int(spam[chosen].any()))
        parts.append((np.asarray(joined, object), np.asarray(labels)))
    return tuple(parts)


@cache
def small_images():
    """Return training and test images of CIFAR-10, uint8, and their classes."""
    try:
        train = fetch_cifar10(download_if_missing=False, return_X_y=True)
        test = fetch_cifar10(download_if_missing=False, subset="test", return_X_y=True)
    except OSError:
        made = make_shapes(
            N_CIFAR + N_CIFAR_TEST, image_shape=CIFAR_SHAPE, random_state=0
        )
        train = made.data[:N_CIFAR], made.target[:N_CIFAR]
        test = made.data[N_CIFAR:], made.target[N_CIFAR:]
    return (
        (train[0][:N_CIFAR], np.asarray(train[1])[:N_CIFAR].astype(int)),
        (test[0][:N_CIFAR_TEST], np.asarray(test[1])[:N_CIFAR_TEST].astype(int)),
    )


@cache
def flat_digits():
    """Return MNIST's 60,000 training and 10,000 test images, (n, 784), uint8."""
    try:
        parts = [
            fetch_mnist(download_if_missing=False, subset=subset, return_X_y=True)[0]
            for subset in ("train", "test")
        ]
    except OSError:
        made = make_shapes(N_MNIST + 10_000, image_shape=(28, 28, 1), random_state=0)
        parts = [made.data[:N_MNIST], made.data[N_MNIST:]]
    return tuple(np.ascontiguousarray(part.reshape(len(part), -1)) for part in parts)
