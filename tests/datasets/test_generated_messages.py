"""Generated messages: their form, their classes and how hard they are."""

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from skdeep.datasets import make_messages


def area_under_curve(vectorizer, X, y):
    """Train a linear classifier on half of the messages and score the others."""
    halves = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
    X_train, X_test, y_train, y_test = halves
    model = make_pipeline(vectorizer, LinearSVC()).fit(X_train, y_train)
    return roc_auc_score(y_test, model.decision_function(X_test))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "vectorizer",
    [
        TfidfVectorizer(),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True),
    ],
    ids=["words", "characters"],
)
def test_linear_model_is_good_but_not_perfect(seed, vectorizer):
    """By default the classes can be told apart well, but not completely."""
    X, y = make_messages(1500, random_state=seed, return_X_y=True)
    assert 0.9 <= area_under_curve(vectorizer, X, y) <= 0.995


def test_noise_makes_it_harder():
    """Without noise the classes are separate; the more noise, the less they are."""
    areas = []
    for noise in (0, 0.3, 0.8):
        X, y = make_messages(1500, noise=noise, random_state=0, return_X_y=True)
        areas.append(area_under_curve(TfidfVectorizer(), X, y))
    assert areas[0] > 0.999
    assert areas[0] > areas[1] + 0.02 > areas[2] + 0.04


def test_form():
    """The Bunch has the same keys as that of real messages, and says what it is."""
    bunch = make_messages(200, random_state=0)
    assert set(bunch) == {
        *("data", "target", "target_names", "groups", "frame", "DESCR")
    }
    assert (bunch.data.shape, bunch.data.dtype) == ((200,), np.dtype(object))
    assert all(isinstance(text, str) and text.strip() for text in bunch.data)
    assert bunch.target.dtype == np.int64
    assert bunch.target_names == ["ham", "spam"]
    assert bunch.groups.shape == (200,)
    assert "nobody ever wrote" in bunch.DESCR
    assert not any("{" in text or "}" in text for text in bunch.data)


@pytest.mark.parametrize(
    ("n_samples", "spam_fraction", "n_spam"),
    [
        (1000, 0.134, 134),
        (10, 0.5, 5),
        (10, 0, 0),
        (10, 1, 10),
        (3, 0.01, 1),
        (3, 0.99, 2),
        (1, 0.2, 0),
        (1, 0.9, 1),
    ],
)
def test_share_of_spam(n_samples, spam_fraction, n_spam):
    """The share is exact, and both classes appear unless that is ruled out."""
    _, y = make_messages(
        n_samples, spam_fraction=spam_fraction, random_state=0, return_X_y=True
    )
    assert (len(y), y.sum()) == (n_samples, n_spam)


def test_classes_are_mixed():
    """Spam does not come first or last."""
    _, y = make_messages(400, random_state=0, return_X_y=True)
    rows = np.flatnonzero(y)
    assert rows.min() < 50
    assert rows.max() > 350


def test_seed_decides():
    """A seed gives the same messages again, another seed or none gives others."""
    first = make_messages(50, random_state=1)
    again = make_messages(50, random_state=np.random.RandomState(1))
    assert first.data.tolist() == again.data.tolist()
    assert first.target.tolist() == again.target.tolist()
    assert first.data.tolist() != make_messages(50, random_state=2).data.tolist()
    assert make_messages(50).data.tolist() != make_messages(50).data.tolist()


def test_generators_of_the_caller_are_left_alone():
    """Neither Python's nor NumPy's own generator is moved on."""
    random.seed(0)
    state = random.getstate()
    numbers = np.random.get_state()[1].copy()
    make_messages(20, random_state=0)
    assert random.getstate() == state
    np.testing.assert_array_equal(np.random.get_state()[1], numbers)


def test_messages_are_various():
    """Most messages are no near-duplicates, but some are, as in reality."""
    bunch = make_messages(1000, random_state=0)
    assert 0.7 < len(set(bunch.groups)) / 1000 < 0.97
    assert len(set(bunch.data)) > 980


@pytest.mark.parametrize(
    "options",
    [
        {"n_samples": 0},
        {"spam_fraction": 1.5},
        {"spam_fraction": -0.1},
        {"noise": 2},
        {"noise": "much"},
        {"random_state": "x"},
    ],
)
def test_parameters_are_checked(options):
    """A parameter out of its range is named."""
    (name,) = options
    with pytest.raises(ValueError, match=f"The '{name}' parameter"):
        make_messages(**options)
