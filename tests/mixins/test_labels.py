"""Which labels of classes are taken, and which are refused."""

import numpy as np
import pytest

from skdeep import PretrainedEncoderClassifier, RNNClassifier

TEXTS = ["good morning", "win a prize", "see you soon"]


def small():
    """Return a text classifier that takes no time."""
    return RNNClassifier(
        units=2, embedding_size=2, epochs=1, max_length=4, random_state=0
    )


@pytest.mark.parametrize("container", [list, tuple])
@pytest.mark.parametrize("other", [float("nan"), None, -1, True, b"ham"])
def test_words_beside_anything_else_are_refused(container, other):
    """NumPy would make words of them in silence: "nan", "None", "-1"."""
    kinds = rf"mixes labels of the types \[.*'{type(other).__name__}'.*\]"
    with pytest.raises(ValueError, match=kinds):
        small().fit(TEXTS, container(["ham", "spam", other]))


def test_a_mark_for_unlabelled_rows_among_words_is_refused():
    """It would have become a class of that name."""
    X = np.zeros((3, 4, 4))
    with pytest.raises(ValueError, match="mixes labels of the types"):
        PretrainedEncoderClassifier().fit(X, ["cat", "dog", -1])


def test_words_of_several_types_are_words():
    """Those of NumPy and of Python go together, as do numbers of all types."""
    words = [np.str_("ham"), "spam", "ham"]
    assert small().fit(TEXTS, words).classes_.tolist() == ["ham", "spam"]
    array = np.array(words, dtype=object)
    assert small().fit(TEXTS, array).classes_.tolist() == ["ham", "spam"]
    numbers = (np.int8(0), 1, True)
    assert small().fit(TEXTS, numbers).classes_.tolist() == [0, 1]


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize(
    "classes",
    [
        [1, "ham", "spam"],
        np.array(["ham", "spam", 1], dtype=object),
        np.array(["ham", "spam", None], dtype=object),
    ],
)
def test_classes_of_words_and_something_else_are_refused(fitted, classes):
    """NumPy would make a class "1", or fail to sort them."""
    model = small().fit(TEXTS, ["ham", "spam", "ham"]) if fitted else small()
    with pytest.raises(ValueError, match="classes mixes labels of the types"):
        model.partial_fit(TEXTS, ["ham", "spam", "ham"], classes=classes)
    assert hasattr(model, "classes_") == fitted


@pytest.mark.parametrize(
    "classes",
    [
        "spam",
        2,
        {0, 1},
        [0],
        [[0, 1]],
        [0.0, 1.0, float("nan")],
        [0.0, 1.0, 1.5],
        np.ma.masked_array([0, 1, 2], [False, False, True]),
    ],
)
def test_classes_that_are_no_labels_are_refused(classes):
    """A set was one class, and what is no number became one that is never found."""
    with pytest.raises(ValueError, match="classes"):
        small().partial_fit(TEXTS, [0, 1, 0], classes=classes)


@pytest.mark.parametrize(
    "classes", [range(3), (2, 1, 0), np.array([0, 1, 2, 1]), range(30)]
)
def test_classes_may_come_in_any_order_and_container(classes):
    """They are sorted, and each counts once."""
    model = small().partial_fit(TEXTS, [0, 1, 0], classes=classes)
    assert model.classes_.tolist() == sorted(set(classes))
