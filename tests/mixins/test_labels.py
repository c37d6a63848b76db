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
    numbers = (np.int8(0), 1, True)
    assert small().fit(TEXTS, numbers).classes_.tolist() == [0, 1]
