"""Scorers in scikit-learn's model selection."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer

from skdeep.metrics import (
    bucket_purity,
    hashing_map_scorer,
    hashing_purity_scorer,
    leave_one_out_mean_average_precision,
)

SCORERS = [hashing_map_scorer, hashing_purity_scorer]


@pytest.fixture(scope="module")
def digits():
    """Return a few images of digits."""
    X, y = load_digits(return_X_y=True)
    return X[:300], y[:300]


def hasher(n_bits):
    """Return a pipeline that hashes by the signs of principal components."""
    return make_pipeline(PCA(n_bits, random_state=0), Binarizer(threshold=0.0))


@pytest.mark.parametrize("scorer", SCORERS)
def test_scorers_work_in_a_grid_search(scorer, digits):
    """More bits retrieve better, and the search finds that."""
    grid = {"pca__n_components": [1, 6]}
    search = GridSearchCV(hasher(1), grid, scoring=scorer, cv=3, error_score="raise")
    search.fit(*digits)
    assert search.best_params_ == {"pca__n_components": 6}
    assert 0 < search.best_score_ < 1


def test_scores_are_those_of_the_held_out_fold(digits):
    """Queries and database are the rows scored, hashed by what was fitted elsewhere."""
    X, y = digits
    folds = [(np.arange(100, 300), np.arange(100))]
    fitted = hasher(6).fit(X[100:], y[100:])
    codes = fitted.transform(X[:100])
    scores = cross_val_score(hasher(6), X, y, cv=folds, scoring=hashing_map_scorer)
    expected = leave_one_out_mean_average_precision(codes, y[:100])
    assert scores[0] == pytest.approx(expected)
    purity = hashing_purity_scorer(fitted, X[:100], y[:100])
    assert purity == bucket_purity(codes, y[:100], min_size=1).adjusted_purity


@pytest.mark.parametrize("scorer", SCORERS)
def test_useless_codes_score_near_zero_or_chance(scorer, digits):
    """One bucket for all rows is worth no more than shuffled labels."""
    X, y = digits
    constant = Binarizer(threshold=1e9).fit(X)
    shuffled = np.random.default_rng(0).permutation(y)
    good = scorer(hasher(6).fit(X), X, y)
    assert scorer(constant, X, y) == pytest.approx(
        scorer(constant, X, shuffled), abs=1e-12
    )
    assert scorer(constant, X, y) < good / 2


@pytest.mark.parametrize("scorer", SCORERS)
def test_labels_and_bits_are_needed(scorer, digits):
    """Missing labels and real-valued outputs are errors, named."""
    X, y = digits
    with pytest.raises(ValueError, match="y is missing"):
        scorer(hasher(2).fit(X), X)
    with pytest.raises(ValueError, match="only zeros and ones"):
        scorer(PCA(2).fit(X), X, y)
