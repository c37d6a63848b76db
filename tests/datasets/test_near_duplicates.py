"""Groups of near-duplicates, compared with a slow and obvious way to find them."""

import re
import time
import unicodedata

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.datasets import fetch_sms_spam, group_near_duplicates


def normal_form(text):
    """Return a text as it is compared."""
    text = unicodedata.normalize("NFC", text)
    kept = re.sub(r"[^\w\s]|_", " ", text.lower())
    return " ".join(re.sub(r"\d", "0", kept).split()) or text.strip()


def runs_of(text):
    """Return the set of runs of five characters; a shorter text is one run."""
    return {text[start : start + 5] for start in range(max(1, len(text) - 4))}


def slow_groups(texts, threshold):
    """Compare all pairs, and spread the smallest number along those that are close."""
    runs = [runs_of(normal_form(text)) for text in texts]
    group = list(range(len(texts)))
    for second in range(len(texts)):
        for first in range(second):
            shared = len(runs[first] & runs[second])
            if shared >= threshold * len(runs[first] | runs[second]) - 1e-9:
                old, new = group[second], group[first]
                group = [new if number == old else number for number in group]
    order = {number: rank for rank, number in enumerate(dict.fromkeys(group))}
    return [order[number] for number in group]


# Few letters, so that there are many near-duplicates.
texts = st.lists(st.text(alphabet="ab1 .é\u0301", max_size=14), max_size=12)
# Thresholds that no fraction of small integers equals, where rounding decides.
thresholds = st.sampled_from([0.05, 0.299, 0.501, 0.599, 0.751, 1.0])


@settings(deadline=None, max_examples=150)
@given(texts, thresholds)
def test_groups_are_those_of_all_pairs(texts, threshold):
    """No pair is missed and none is made up."""
    groups = group_near_duplicates(texts, threshold=threshold)
    assert groups.dtype == np.int64
    assert groups.tolist() == slow_groups(texts, threshold)


@settings(deadline=None, max_examples=30)
@given(texts, st.randoms())
def test_order_does_not_matter(texts, random):
    """The same texts in another order form the same groups."""
    order = list(range(len(texts)))
    random.shuffle(order)
    groups = group_near_duplicates(texts)
    shuffled = group_near_duplicates([texts[at] for at in order])
    for first, one in enumerate(order):
        for second, other in enumerate(order):
            together = groups[one] == groups[other]
            assert (shuffled[first] == shuffled[second]) == together


def test_exact_threshold_is_near():
    """A pair exactly at the threshold belongs together."""
    # 3 shared runs of 5: "abcde bcdef cdefg" of "zabcdefg" and "abcdefgy".
    pair = ["zabcdefg", "abcdefgy"]
    assert group_near_duplicates(pair, threshold=0.6).tolist() == [0, 0]
    assert group_near_duplicates(pair, threshold=0.61).tolist() == [0, 1]


def test_chains_are_one_group():
    """Texts that are near-duplicates of a third one are in its group."""
    base = "abcdefghijklmnopqrstuvwxyz"
    texts = [base[:20], base[:24], base[4:], "something else"]
    assert group_near_duplicates([texts[0], texts[2]]).tolist() == [0, 1]
    assert group_near_duplicates(texts).tolist() == [0, 0, 0, 1]


def test_what_is_ignored():
    """Case, punctuation, blanks and the values of digits make no difference."""
    texts = ["Call 0123 NOW!!", "call  0999 now", "call 0123, now"]
    assert group_near_duplicates(texts, threshold=1).tolist() == [0, 0, 0]


@pytest.mark.parametrize("text", ["Félicitations, vous êtes sélectionné", "각 나라"])
def test_how_a_letter_is_written_does_not_matter(text):
    """A letter with its accent is the same in one code point or in two."""
    texts = [text, unicodedata.normalize("NFD", text)]
    assert texts[0] != texts[1]
    assert group_near_duplicates(texts, threshold=1).tolist() == [0, 0]


def test_texts_of_punctuation_stand_for_themselves():
    """Texts without a letter or digit are not all taken for the same."""
    assert group_near_duplicates([":)", "??", ":) ", "", " "]).tolist() == [
        0,
        1,
        0,
        2,
        2,
    ]


def test_many_templates_across_blocks(monkeypatch):
    """Pairs are found across the blocks in which rows are compared."""
    monkeypatch.setattr("skdeep.datasets.near_duplicates._ROWS_PER_BLOCK", 3)
    words = ["zebra", "onion", "river", "candle", "mirror", "planet", "violin"]
    texts = [f"please bring the {word} to room {n}" * 2 for n in "ab" for word in words]
    assert group_near_duplicates(texts).tolist() == slow_groups(texts, 0.6)


@pytest.mark.parametrize("container", [list, tuple, np.array, pd.Series, pl.Series])
def test_containers(container):
    """Any one-dimensional container of strings will do."""
    groups = group_near_duplicates(container(["hello there", "bye", "hello there!"]))
    assert groups.tolist() == [0, 1, 0]


def test_no_texts():
    """No text, no group."""
    assert group_near_duplicates([]).shape == (0,)


@pytest.mark.parametrize("text", ["a single text", b"bytes"])
def test_single_text_is_refused(text):
    """A bare string is not taken for a sequence of letters."""
    with pytest.raises(TypeError, match=r"Pass \[text\]"):
        group_near_duplicates(text)


def test_other_elements_are_refused():
    """What is no string is named with its position."""
    with pytest.raises(TypeError, match="float at position 1"):
        group_near_duplicates(["a", float("nan")])


@pytest.mark.parametrize("threshold", [0, 1.5, -1, "high"])
def test_threshold_out_of_range(threshold):
    """The threshold is a number in (0, 1]."""
    with pytest.raises(ValueError, match="threshold"):
        group_near_duplicates(["a"], threshold=threshold)


def test_real_messages(data_home):
    """The groups of the SMS Spam Collection are the known ones, and found fast."""
    if not (data_home / "SMSSpamCollection").exists():
        pytest.skip(f"There is no SMSSpamCollection in {data_home}.")
    texts, labels = fetch_sms_spam(
        data_home=data_home, download_if_missing=False, return_X_y=True
    )
    started = time.process_time()
    groups = group_near_duplicates(texts)
    seconds = time.process_time() - started
    assert len(set(groups)) == 4896
    assert len(set(groups[labels == 1])) == 445
    assert set(groups[labels == 1]).isdisjoint(groups[labels == 0])
    assert len(set(group_near_duplicates(texts[labels == 1], threshold=0.5))) == 424
    # About half a second of work; waiting for a busy machine does not count.
    assert seconds < 2
