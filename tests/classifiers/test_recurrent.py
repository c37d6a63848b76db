"""The recurrent text classifier."""

import numpy as np
import pytest

from skdeep import RNNClassifier
from skdeep.networks.recurrent import recurrent_classifier
from tests.common.instances import TEXTS

SMALL = {
    "units": 5,
    "embedding_size": 6,
    "max_features": 20,
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.02,
    "random_state": 0,
}


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
def test_learns(cell):
    """Every cell learns to tell messages apart."""
    classifier = RNNClassifier(cell, **SMALL | {"epochs": 12})
    classifier.fit(TEXTS.X, TEXTS.y)
    assert classifier.score(TEXTS.new, TEXTS.new_y) > 0.9
    losses = classifier.history_["loss"]
    assert losses[-1] < losses[0] / 2
    assert classifier.history_["accuracy"][-1] > 0.9
    # Each text has the same bits alone, in an odd crowd, and among all.
    whole = classifier.predict_proba(TEXTS.new)
    for rows in ([3], [5, 60, 2], range(33)):
        found = classifier.predict_proba([TEXTS.new[row] for row in rows])
        np.testing.assert_array_equal(found, whole[list(rows)])


def test_order_of_words_counts():
    """What no bag of words can learn, a recurrent network does."""
    generator = np.random.default_rng(0)
    fillers = ["so", "then", "well", "oh"]
    texts, y = [], []
    for number in range(160):
        words = ["dog", "man"] if number % 2 else ["man", "dog"]
        middle = generator.choice(fillers, number % 4).tolist()
        texts.append(" ".join([words[0], "bites", *middle, words[1], f"{number}"]))
        y.append(number % 2)
    classifier = RNNClassifier(
        **SMALL | {"units": 16, "epochs": 25, "max_features": None}
    ).fit(texts[:120], y[:120])
    assert classifier.score(texts[120:], y[120:]) > 0.9


@pytest.mark.parametrize(
    "changes",
    [
        {"cell": "gru"},
        {"units": 3},
        {"n_layers": 2},
        {"bidirectional": False},
        {"embedding_size": 4},
        {"pooling": "last"},
        {"dropout": 0.0},
        {"token_dropout": 0.0},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_parameters_reach_the_network(changes):
    """Each parameter of the network is one of the builder's, and is passed on."""
    classifier = RNNClassifier(**SMALL | changes)
    # Nothing of a network is trained here; it is built from what a fit leaves.
    classifier.vocabulary_ = {"a": 2, "b": 3}
    classifier.classes_ = np.array([0, 1])
    names = (
        "cell units n_layers bidirectional embedding_size pooling dropout token_dropout"
    )
    network = recurrent_classifier(
        vocabulary_size=4,
        n_outputs=1,
        **{name: getattr(classifier, name) for name in names.split()},
    )
    assert classifier._network()().get_config() == network.get_config()


def test_more_than_two_classes():
    """Three classes have three probabilities, and all can be told apart."""
    X = [f"{word} {number}" for number in range(20) for word in ("red", "hot", "big")]
    y = ["colour", "heat", "size"] * 20
    classifier = RNNClassifier("simple", **SMALL | {"epochs": 15}).fit(X, y)
    assert classifier.classes_.tolist() == ["colour", "heat", "size"]
    assert classifier.score(X, y) == 1.0
    assert classifier.weights_[-1].shape == (3,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cell", "rnn"),
        ("units", 0),
        ("n_layers", 0.5),
        ("pooling", "min"),
        ("dropout", 1.0),
        ("token_dropout", -0.1),
        ("analyzer", "letters"),
        ("max_features", 0),
        ("max_length", 0),
        ("class_weight", "equal"),
    ],
)
def test_wrong_parameters(name, value):
    """Values that make no network are refused by name."""
    with pytest.raises(ValueError, match=name):
        RNNClassifier(**SMALL | {name: value}).fit(TEXTS.X, TEXTS.y)


def test_blank_texts_only():
    """Texts without any token cannot be learned from, which is said."""
    with pytest.raises(ValueError, match="empty vocabulary"):
        RNNClassifier(**SMALL).fit(["", " "], [0, 1])
