import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.encoding.text import check_texts

TEXTS = ["free entry", "", "שלום 👋🏽", "a\x00b", "naïve"]


class Shouted(str):
    """A subclass whose `str()` is not the text it holds."""

    def __str__(self):
        return "other"


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        lambda texts: np.array(texts, dtype=object),
        np.array,
        pd.Series,
        lambda texts: pd.Series(texts, index=range(7, 7 + len(texts))),
        lambda texts: pd.Series(texts, dtype=object),
        lambda texts: pd.Series(texts, dtype="string"),
        lambda texts: pd.Series(texts, dtype="category"),
        pd.Index,
        pl.Series,
        lambda texts: pl.Series(texts, dtype=pl.Categorical),
    ],
)
def test_every_kind_of_sequence_gives_the_same_list(container):
    """The container that holds the texts makes no difference."""
    checked = check_texts(container(TEXTS))
    assert checked == TEXTS
    assert all(type(text) is str for text in checked)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=1))
def test_any_str_is_accepted_unchanged(texts):
    """No character is special, lone surrogates included."""
    checked = check_texts(texts)
    assert checked == texts
    assert checked is not texts


def test_lone_surrogate_is_accepted():
    """Half of a surrogate pair, as broken JSON gives it, is a valid `str`."""
    assert check_texts(["\ud83d", "\udc00 x"]) == ["\ud83d", "\udc00 x"]


def test_subclasses_of_str_become_plain_str():
    """The characters count, not what a subclass writes."""
    checked = check_texts([Shouted("held"), np.str_("numpy")])
    assert checked == ["held", "numpy"]
    assert [type(text) for text in checked] == [str, str]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("free entry", r"X is a str \('free entry'\).*Pass \[X\]"),
        (b"free entry", r"X is bytes.*Decode"),
        (["a", b"b"], r"X\[1\] is bytes \(b'b'\).*Decode"),
        (["a", None], r"X\[1\] is None, a missing value"),
        (["a", float("nan")], r"X\[1\] is NaN, a missing value"),
        (["a", np.float64("nan")], r"X\[1\] is NaN, a missing value"),
        (["a", pd.NA], r"X\[1\] is <NA>, a missing value"),
        (["a", pd.NaT], r"X\[1\] is NaT, a missing value"),
        (pd.Series(["a", None], dtype="string"), r"X\[1\] is <NA>, a missing value"),
        (pd.Series(["a", None]), r"X\[1\] is (None|NaN), a missing value"),
        (pl.Series(["a", None]), r"X\[1\] is None, a missing value"),
        (["a", "b", 3], r"X\[2\] is 3, of type int"),
        (np.array([1.5, 2.5]), r"X\[0\] is 1.5, of type float"),
        (["a", ["b"]], r"X\[1\] is of type list, which makes X two-dimensional"),
        (["a", np.array(["b"])], r"X\[1\] is of type ndarray, which makes X two-dim"),
        (["a", {"text": "b"}], r"X\[1\] is \{'text': 'b'\}, of type dict"),
        (np.array([["a"], ["b"]]), r"X has 2 dimension\(s\), shape=\(2, 1\)"),
        (np.array("a"), r"X has 0 dimension\(s\), shape=\(\)"),
        (pd.DataFrame({"text": ["a"]}), r"X has 2 dimension\(s\).*frame\['text'\]"),
        (pl.DataFrame({"text": ["a"]}), r"X has 2 dimension\(s\)"),
        ({"a": "b"}, r"X is of type dict"),
        ({"a", "b"}, r"X is of type set"),
        ((text for text in "ab"), r"X is of type generator.*Pass list\(X\)"),
        (3, r"X is of type int"),
        (None, r"X is of type NoneType"),
    ],
)
def test_what_is_not_a_sequence_of_str_is_refused_by_name(texts, message):
    """The message names the position, what was found there, and what to do."""
    with pytest.raises(ValueError, match=message):
        check_texts(texts)


@pytest.mark.parametrize("texts", [[], (), np.array([], dtype=object), pd.Series([])])
def test_no_text_at_all_is_refused_in_scikit_learns_words(texts):
    """An empty sequence raises as it does in any scikit-learn estimator."""
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        check_texts(texts)


def test_messages_use_the_given_name_and_stay_short():
    """A message calls the argument by its name and never quotes a whole text."""
    with pytest.raises(ValueError, match="raw_documents") as caught:
        check_texts("x" * 10_000, name="raw_documents")
    assert len(str(caught.value)) < 300
