"""The convolutional text classifier and its published architectures."""

import numpy as np
import pytest

from skdeep import CharCNNClassifier
from skdeep.networks import character_cnn
from tests.common.instances import TEXTS

SMALL = {
    "embedding_size": 6,
    "filters": 6,
    "kernel_sizes": (2, 3),
    "max_length": 40,
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.02,
    "random_state": 0,
}
ARCHITECTURES = ["parallel", "kim", "expose"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_learns(architecture):
    """Every architecture learns to tell messages apart by their characters."""
    # The two dense layers of eXpose learn more slowly.
    slower = {"learning_rate": 0.003, "epochs": 20} if architecture == "expose" else {}
    classifier = CharCNNClassifier(architecture, **SMALL | {"epochs": 12} | slower)
    classifier.fit(TEXTS.X, TEXTS.y)
    assert classifier.score(TEXTS.new, TEXTS.new_y) > 0.9
    # Each text has the same bits alone, in an odd crowd, and among all.
    whole = classifier.predict_proba(TEXTS.new)
    for rows in ([3], [5, 60, 2], range(33)):
        found = classifier.predict_proba([TEXTS.new[row] for row in rows])
        np.testing.assert_array_equal(found, whole[list(rows)])


@pytest.mark.parametrize("architecture", ["kim", "expose"])
def test_published_sizes(architecture):
    """Without sizes of one's own the network is the published one."""
    classifier = CharCNNClassifier(architecture)
    classifier.classes_ = np.array(["ham", "spam"])
    classifier.vocabulary_ = {"a": 2, "b": 3}
    classifier.max_length_ = 100
    n_weights = classifier._network()().count_params()
    if architecture == "expose":
        assert n_weights == 2_219_137
    else:
        # Embedding, three widths of 100 filters over 300 numbers, two outputs.
        convolutions = sum(width * 300 * 100 + 100 for width in (3, 4, 5))
        assert n_weights == 4 * 300 + convolutions + 300 * 2 + 2


def test_kim_has_an_output_for_each_class():
    """Kim's network has two outputs for two classes, and works all the same."""
    classifier = CharCNNClassifier("kim", **SMALL).fit(TEXTS.X, TEXTS.y)
    assert classifier.weights_[-1].shape == (2,)
    assert classifier.predict_proba(TEXTS.new).shape == (70, 2)
    norms = np.linalg.norm(classifier.weights_[-2], axis=0)
    assert (norms <= 3 + 1e-5).all()


def test_expose_reads_the_end():
    """The eXpose network reads the last printable characters, without capitals."""
    classifier = CharCNNClassifier("expose", **SMALL | {"max_length": 5})
    classifier.fit(TEXTS.X, TEXTS.y)
    assert classifier.max_length_ == 5
    found = classifier.predict_proba(["a prize", "PRIZE", "no prize", "pr\u00fcize"])
    for row in found[1:]:
        np.testing.assert_array_equal(row, found[0])
    default = CharCNNClassifier("expose", **SMALL | {"max_length": None})
    assert default.fit(TEXTS.X, TEXTS.y).max_length_ == 100
    with pytest.raises(ValueError, match=r"expose.*characters.*analyzer='word'"):
        CharCNNClassifier("expose", analyzer="word").fit(TEXTS.X, TEXTS.y)


def test_misspelt_words():
    """A word never seen is read by its characters."""
    classifier = CharCNNClassifier(**SMALL | {"epochs": 15}).fit(TEXTS.X, TEXTS.y)
    spam = classifier.predict_proba(["prizee winnn", "laterr homee"])[:, 1]
    assert spam[0] > 0.5 > spam[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("architecture", "deep"),
        ("embedding_size", 0),
        ("filters", "many"),
        ("kernel_sizes", 3),
        ("dropout", 1.5),
        ("analyzer", None),
        ("max_length", -1),
    ],
)
def test_wrong_parameters(name, value):
    """Values that make no network are refused by name."""
    with pytest.raises(ValueError, match=name):
        CharCNNClassifier(**SMALL | {name: value}).fit(TEXTS.X, TEXTS.y)


def test_sizes_are_passed_on():
    """Sizes of one's own replace the architecture's."""
    classifier = CharCNNClassifier("kim", **SMALL | {"dropout": 0.1})
    classifier.classes_ = np.array([0, 1, 2])
    classifier.vocabulary_ = {"a": 2}
    network = character_cnn.kim_classifier(
        vocabulary_size=3,
        n_outputs=3,
        embedding_size=6,
        filters=6,
        kernel_sizes=(2, 3),
        dropout=0.1,
    )
    assert classifier._network()().get_config() == network.get_config()
