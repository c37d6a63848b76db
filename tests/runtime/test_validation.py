"""The rows that early stopping watches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep.runtime.validation import validation_split

strata_lists = st.lists(st.integers(0, 4), min_size=1, max_size=200)


@given(strata_lists, st.floats(0.01, 0.99), st.integers(0, 9))
def test_split(strata, fraction, seed):
    """The parts are disjoint, complete and sorted; each class is trained on."""
    strata = np.array(strata)
    try:
        training, watched = validation_split(
            len(strata), fraction, strata, np.random.default_rng(seed)
        )
    except ValueError:
        # Only where rounding or the last row of each class leaves nothing to watch.
        n_spare = len(strata) - len(np.unique(strata))
        assert n_spare == 0 or fraction * len(strata) < len(np.unique(strata))
        return
    together = np.concatenate([training, watched])
    np.testing.assert_array_equal(np.sort(together), np.arange(len(strata)))
    for part in (training, watched):
        np.testing.assert_array_equal(part, np.sort(part))
    assert set(strata[training]) == set(strata)
    assert len(watched) > 0


@given(st.lists(st.integers(2, 60), min_size=1, max_size=5), st.floats(0.1, 0.5))
def test_shares_of_classes(sizes, fraction):
    """Each class, and all together, give their share, but for a row."""
    strata = np.repeat(np.arange(len(sizes)), sizes)
    try:
        _, watched = validation_split(
            len(strata), fraction, strata, np.random.default_rng(0)
        )
    except ValueError:
        return
    counts = np.bincount(strata[watched], minlength=len(sizes))
    assert (np.abs(counts - fraction * np.array(sizes)) <= 1).all()
    assert abs(len(watched) - fraction * len(strata)) <= 1


def test_rare_classes_add_up():
    """Many small classes together still give their share."""
    strata = np.repeat(np.arange(20), 3)
    _, watched = validation_split(60, 0.1, strata, np.random.default_rng(0))
    assert len(watched) == 6
    assert np.bincount(strata[watched]).max() == 1


def test_single_rows_are_not_made_up_for_by_another_class():
    """What classes of one row cannot give is not taken from those that have more."""
    strata = np.append(np.arange(1000), np.full(100, 1000))
    training, watched = validation_split(1100, 0.1, strata, np.random.default_rng(0))
    assert (strata[watched] == 1000).sum() in (10, 11)
    assert (strata[training] == 1000).sum() in (89, 90)


def test_random():
    """The generator decides which rows; every row may be watched."""
    seen = set()
    for seed in range(40):
        split = validation_split(10, 0.3, None, np.random.default_rng(seed))
        again = validation_split(10, 0.3, None, np.random.default_rng(seed))
        np.testing.assert_array_equal(split[1], again[1])
        assert len(split[1]) == 3
        seen |= set(split[1].tolist())
    assert seen == set(range(10))


@pytest.mark.parametrize(("n_rows", "fraction"), [(1, 0.5), (4, 0.1), (2, 0.2)])
def test_nothing_to_watch(n_rows, fraction):
    """Too few rows are an error that says what to do."""
    with pytest.raises(ValueError, match=f"validation_fraction={fraction} of {n_rows}"):
        validation_split(n_rows, fraction, None, np.random.default_rng(0))
