"""The form in which all loaders return messages."""

import numpy as np

from skdeep.datasets.messages import assemble_messages

TEXTS = ["b", "a", "b", "c", "a"]


def test_order_is_kept():
    """Messages come in the order in which they were given."""
    bunch = assemble_messages(TEXTS, [0, 1, 0, 1, 0], ("x", "y"), "text")
    assert bunch.data.tolist() == TEXTS
    assert bunch.target.tolist() == [0, 1, 0, 1, 0]
    assert bunch.groups.tolist() == [0, 1, 0, 2, 1]
    assert bunch.target_names == ["x", "y"]


def test_first_of_equal_messages_is_kept():
    """Without duplicates, the first one's label counts."""
    X, y = assemble_messages(
        TEXTS, [0, 1, 0, 1, 0], "xy", "", drop_duplicates=True, return_X_y=True
    )
    assert X.tolist() == ["b", "a", "c"]
    assert y.tolist() == [0, 1, 1]


def test_grouping_is_left_out_for_a_pair(monkeypatch):
    """A pair has no groups, so they are not looked for."""
    monkeypatch.setattr("skdeep.datasets.messages.group_near_duplicates", None)
    X, y = assemble_messages(TEXTS, [0] * 5, "x", "", return_X_y=True)
    assert (X.dtype, y.dtype) == (np.dtype(object), np.dtype(np.int64))
