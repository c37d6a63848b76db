"""Which folds are drawn, and which are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import (
    KFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from skdeep.model_comparison.folds import materialise_folds, resolve_splitter

X = np.zeros((40, 1))
Y = np.arange(40) % 4 // 3


def folds(cv, groups=None):
    """Return the folds of the small data set."""
    splitter = resolve_splitter(cv, Y, grouped=groups is not None)
    params = {} if groups is None else {"groups": groups}
    return materialise_folds(splitter, X, Y, params)


def assert_same_folds(found, expected):
    """Compare two lists of (train, test)."""
    for (train, test), (expected_train, expected_test) in zip(
        found, expected, strict=True
    ):
        np.testing.assert_array_equal(train, expected_train)
        np.testing.assert_array_equal(test, expected_test)


def test_none_means_five_stratified_folds():
    """Without groups the folds are those of StratifiedKFold."""
    assert_same_folds(folds(None), StratifiedKFold(5).split(X, Y))
    assert_same_folds(folds(3), StratifiedKFold(3).split(X, Y))


def test_groups_make_a_number_of_folds_keep_them_whole():
    """With groups the folds are those of a seeded StratifiedGroupKFold."""
    groups = np.arange(40) // 2
    expected = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    assert_same_folds(folds(None, groups), expected.split(X, Y, groups))
    expected = StratifiedGroupKFold(4, shuffle=True, random_state=0)
    assert_same_folds(folds(4, groups), expected.split(X, Y, groups))


def test_given_folds_must_keep_groups_whole():
    """Whoever passes folds and groups is told if they contradict one another."""
    groups = np.repeat(np.arange(20), 2)
    given = list(KFold(4, shuffle=True, random_state=0).split(X))
    with pytest.raises(ValueError, match=r"Fold 0 of cv tests rows of .* groups"):
        folds(given, groups)
    whole = list(KFold(4).split(X))
    assert_same_folds(folds(whole, groups), whole)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 15), min_size=40, max_size=40))
def test_no_group_stands_on_both_sides(groups):
    """Whatever the groups, train and test share none, and every row is tested once."""
    groups = np.array(groups)
    if len(np.unique(groups)) < 5 or len(np.unique(Y)) < 2:
        return
    try:
        found = folds(5, groups)
    except ValueError as error:
        # Very unequal groups can leave a fold without rows, which is refused.
        assert "Both parts need rows" in str(error)
        return
    for train, test in found:
        assert not set(groups[train]) & set(groups[test])
    tested = np.concatenate([test for _, test in found])
    assert sorted(tested) == list(range(40))


def test_a_splitter_is_used_as_it_is():
    """Random folds are drawn once, with the splitter's own seed."""
    cv = ShuffleSplit(3, test_size=0.2, random_state=1)
    assert_same_folds(folds(cv), cv.split(X))


def test_an_iterable_may_hold_masks():
    """Boolean masks become row numbers."""
    mask = np.arange(40) < 30
    [(train, test)] = folds([(mask, ~mask)])
    assert train.tolist() == list(range(30))
    assert test.tolist() == list(range(30, 40))


def test_groups_that_a_splitter_ignores_are_spoken_of():
    """Scikit-learn's own warning reaches the user."""
    with pytest.warns(UserWarning, match="groups parameter is ignored"):
        folds(KFold(4), groups=np.arange(40))


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([], "no fold"),
        ([(np.arange(10), [])], "Fold 0 has 10 training rows and 0 test rows"),
        ([(np.arange(10), np.arange(9, 12))], "tests 1 of the rows it trains on"),
        ([(np.arange(10), [40])], "there are 40 rows"),
        ([(np.arange(10), [-1])], "numbered from 0"),
    ],
)
def test_refuses_folds_that_prove_nothing(cv, message):
    """No folds, empty parts, shared rows and rows that do not exist are errors."""
    with pytest.raises(ValueError, match=message):
        folds(cv)
