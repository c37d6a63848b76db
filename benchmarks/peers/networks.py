"""The networks in Keras, which skdeep, SciKeras and Keras itself train alike."""

import keras
from keras import layers

from peers import works
from skdeep.networks.character_cnn import character_cnn_classifier


def digits_network():
    """Return a small CNN for the digits, from images to probabilities."""
    return keras.Sequential(
        [
            keras.Input(works.DIGITS_SHAPE),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(works.N_CLASSES, activation="softmax"),
        ]
    )


def tiny_network(units=8, n_classes=works.N_CLASSES):
    """Return two dense layers on flat digits."""
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(units, activation="relu"),
            layers.Dense(n_classes, activation="softmax"),
        ]
    )


def text_network(vocabulary_size):
    """Return a CNN over characters, from ids to the probability of spam."""
    logits = character_cnn_classifier(
        vocabulary_size=vocabulary_size,
        n_outputs=1,
        ngram_range=(1, 1),
        embedding_size=works.CNN_SIZES["embedding_size"],
        filters=works.CNN_SIZES["filters"],
        kernel_sizes=works.CNN_SIZES["kernel_sizes"],
        dropout=works.CNN_SIZES["dropout"],
    )
    return keras.Model(logits.input, layers.Activation("sigmoid")(logits.output))


def cifar_network(precision="float32"):
    """Return four convolutions and a dense layer, from images to probabilities."""
    chosen = "mixed_bfloat16" if precision == "bfloat16" else precision
    policy = keras.DTypePolicy(chosen)
    return keras.Sequential(
        [
            keras.Input(works.CIFAR_SHAPE),
            layers.Rescaling(1 / 255, dtype=policy),
            layers.Conv2D(32, 3, padding="same", activation="relu", dtype=policy),
            layers.Conv2D(32, 3, activation="relu", dtype=policy),
            layers.MaxPooling2D(dtype=policy),
            layers.Conv2D(64, 3, padding="same", activation="relu", dtype=policy),
            layers.Conv2D(64, 3, activation="relu", dtype=policy),
            layers.MaxPooling2D(dtype=policy),
            layers.Flatten(dtype=policy),
            layers.Dense(512, activation="relu", dtype=policy),
            layers.Dense(works.N_CLASSES, activation="softmax", dtype="float32"),
        ]
    )


def autoencoder_network():
    """Return a dense autoencoder of pixels in [0, 1]."""
    n_pixels, n_hidden, n_code = works.AUTOENCODER_SIZES
    return keras.Sequential(
        [
            keras.Input((n_pixels,)),
            layers.Dense(n_hidden, activation="relu"),
            layers.Dense(n_code),
            layers.Dense(n_hidden, activation="relu"),
            layers.Dense(n_pixels),
        ]
    )


def lstm_network(vocabulary_size):
    """Return an LSTM over words, from padded ids to the probability of spam."""
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(vocabulary_size, works.LSTM_EMBEDDING, mask_zero=True),
            layers.LSTM(works.LSTM_UNITS),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
