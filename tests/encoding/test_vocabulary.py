import pickle
import string
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.encoding.vocabulary import (
    TextEncoding,
    learn_text_encoding,
    printable_text_encoding,
    word_tokens,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
SOME_TEXT = st.text("ab01 .é\ud83d👋", max_size=12)


def rows_of(sequences):
    """Return the ids as a list of lists."""
    return [list(row) for row in np.split(sequences.ids, sequences.offsets[1:-1])]


def encoded_slowly(encoding, texts):
    """Encode token by token: the obvious way, for characters and words."""
    rows = []
    for text in texts:
        text = text.lower() if encoding.lowercase else text
        tokens = list(text) if encoding.analyzer == "char" else word_tokens(text)
        ids = [encoding.vocabulary.get(token, 1) for token in tokens]
        if encoding.unknown == "drop":
            ids = [id_ for id_ in ids if id_ != 1]
        n = encoding.max_length
        rows.append((ids[:n] if encoding.truncation == "first" else ids[-n:]) or [1])
    return rows


@settings(deadline=None)
@given(
    st.lists(SOME_TEXT, min_size=1, max_size=6),
    st.sampled_from(["char", "word"]),
    st.booleans(),
    st.sampled_from(["first", "last"]),
    st.sampled_from(["keep", "drop"]),
    st.integers(1, 8),
)
def test_encoding_matches_a_loop_over_tokens(
    texts, analyzer, lowercase, truncation, unknown, max_length
):
    """Ids, truncation and empty texts agree with a slow reference."""
    encoding = TextEncoding(
        vocabulary={"a": 2, "0": 3, "👋": 4, " ": 5, "00": 6, "\ud83d": 7},
        max_length=max_length,
        analyzer=analyzer,
        lowercase=lowercase,
        truncation=truncation,
        unknown=unknown,
    )
    assert rows_of(encoding.encode(texts)) == encoded_slowly(encoding, texts)


@settings(deadline=None)
@given(st.lists(ANY_TEXT, min_size=1), st.sampled_from(["char", "word"]))
def test_any_text_can_be_encoded(texts, analyzer):
    """Every row has between one token and the maximal length, none of them padding."""
    encoding = learn_text_encoding(["some words"], analyzer=analyzer, max_length=5)
    sequences = encoding.encode(texts)
    assert len(sequences) == len(texts)
    assert sequences.lengths.min() >= 1
    assert sequences.lengths.max() <= 5
    assert 0 < sequences.ids.min() <= sequences.ids.max() < encoding.vocabulary_size


@settings(deadline=None)
@given(st.lists(SOME_TEXT, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_vocabulary_depends_on_the_set_of_texts_only(texts, random):
    """Neither the order of the rows nor their repetition changes an id."""
    texts = [*texts, "anchor"]
    shuffled = texts + texts[:3]
    random.shuffle(shuffled)
    first = learn_text_encoding(texts, analyzer="char")
    second = learn_text_encoding(shuffled, analyzer="char")
    assert list(first.vocabulary.items()) == list(second.vocabulary.items())
    assert first.max_length == second.max_length


def test_frequent_tokens_come_first_and_ties_go_by_code_point():
    """Ids fall with frequency; `max_features` keeps the most frequent tokens."""
    texts = ["b a b", "c b a", "d"]
    encoding = learn_text_encoding(texts)
    assert encoding.vocabulary == {"b": 2, "a": 3, "c": 4, "d": 5}
    assert encoding.vocabulary_size == 6
    smaller = learn_text_encoding(texts, max_features=2)
    assert smaller.vocabulary == {"b": 2, "a": 3}
    assert rows_of(smaller.encode(["a d b"])) == [[3, 1, 2]]


def test_words_numbers_and_marks_are_tokens():
    """Numbers keep only their length, other visible characters stand alone."""
    tokens = word_tokens("Can't WIN £1,000_now!! 0800-123 👋 ٣x")
    expected = "Can ' t WIN £ 0 , 000 _ now ! ! 0000 - 000 👋 0 x"
    assert tokens == expected.split()


def test_lowercase_merges_words():
    """With `lowercase`, capitals make no new tokens."""
    assert learn_text_encoding(["Free FREE free"], lowercase=True).vocabulary == {
        "free": 2
    }
    assert len(learn_text_encoding(["Free FREE free"]).vocabulary) == 3


def test_default_length_covers_99_of_100_training_texts():
    """One very long training text does not set the length."""
    texts = ["x" * n for n in range(1, 100)] + ["y" * 100_000]
    encoding = learn_text_encoding(texts, analyzer="char")
    assert encoding.max_length == 99
    assert "y" in encoding.vocabulary
    assert learn_text_encoding([" ", "a"], max_length=7).max_length == 7


@pytest.mark.parametrize(
    ("truncation", "expected"), [("first", "start"), ("last", "finis")]
)
def test_truncation_chooses_the_end_that_is_kept(truncation, expected):
    """The vocabulary, too, knows only what is kept."""
    encoding = learn_text_encoding(
        ["start and finis"], analyzer="char", max_length=5, truncation=truncation
    )
    assert set(encoding.vocabulary) == set(expected)
    assert encoding.encode(["start and finis"]).lengths[0] == 5


def test_callable_analyzer_gets_the_raw_text():
    """A callable decides alone, as in scikit-learn's vectorizers."""
    encoding = learn_text_encoding(["B-a", "a"], analyzer=split_at_dash, lowercase=True)
    assert encoding.vocabulary == {"a": 2, "B": 3}
    assert rows_of(encoding.encode(["B-b", "a"])) == [[3, 1], [2]]
    with pytest.raises(ValueError, match="analyzer must return str tokens, got 3"):
        learn_text_encoding(["abc"], analyzer=lambda text: [len(text)])


def split_at_dash(text):
    """Cut a text at its dashes."""
    return text.split("-")


def test_encoding_of_expose_keeps_the_last_printable_characters():
    """Lower-cased, others dropped, the last 100 kept; "0" is not the padding."""
    encoding = printable_text_encoding()
    assert set(encoding.vocabulary) == set(string.printable.lower())
    assert encoding.vocabulary_size == 76
    assert encoding.vocabulary["0"] == 2
    sequences = encoding.encode(["é" * 500 + "AB" + "c" * 99 + "ü", "👋", "0"])
    np.testing.assert_array_equal(sequences.lengths, [100, 1, 1])
    assert rows_of(sequences)[0][0] == encoding.vocabulary["b"]
    assert rows_of(sequences)[1:] == [[1], [2]]


def test_large_vocabularies_need_wider_ids():
    """Ids are uint16 up to 65,536 of them, int32 beyond."""
    vocabulary = {str(number): number for number in range(2, 2**16)}
    small = TextEncoding(vocabulary=vocabulary, max_length=1, analyzer=split_at_dash)
    assert small.encode(["65535"]).ids.dtype == np.uint16
    vocabulary["more"] = 2**16
    large = TextEncoding(vocabulary=vocabulary, max_length=1, analyzer=split_at_dash)
    assert large.encode(["more"]).ids.dtype == np.int32
    assert large.encode(["more"]).ids[0] == 2**16


def test_encoding_survives_pickling():
    """What was learnt is plain data."""
    encoding = learn_text_encoding(["some text"])
    assert type(encoding.vocabulary) is dict
    assert pickle.loads(pickle.dumps(encoding)) == encoding


def test_texts_without_tokens_are_refused_in_training_only():
    """There must be something to learn; afterwards blank texts are unknown tokens."""
    with pytest.raises(ValueError, match="empty vocabulary"):
        learn_text_encoding(["", "  "])
    assert rows_of(learn_text_encoding(["", "a"]).encode(["", " ", "a", ""])) == [
        [1],
        [1],
        [2],
        [1],
    ]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"analyzer": "char_wb"}, "analyzer must be 'word', 'char' or a callable"),
        ({"truncation": "middle"}, "truncation must be 'first' or 'last'"),
        ({"max_length": 0}, "max_length must be at least 1, got 0"),
    ],
)
def test_unknown_rules_are_refused(rules, message):
    """A value that does not exist is named."""
    with pytest.raises(ValueError, match=message):
        learn_text_encoding(["a"], **rules)
    with pytest.raises(ValueError, match=message):
        TextEncoding(**{"vocabulary": {}, "max_length": 1, **rules})


def test_unknown_treatment_of_unknown_tokens_is_refused():
    """They are kept as id 1 or dropped."""
    with pytest.raises(ValueError, match="unknown must be 'keep' or 'drop'"):
        TextEncoding(vocabulary={}, max_length=1, unknown="raise")


@pytest.mark.parametrize("analyzer", ["char", "word"])
def test_thousands_of_texts_and_a_huge_one_take_well_under_a_second(analyzer):
    """Encoding 5,000 messages and one of a million characters is fast."""
    texts = [f"message {n} is about call {n * 7919} and prizes" for n in range(5_000)]
    texts.append("word " * 200_000)
    encoding = learn_text_encoding(texts[:-1], analyzer=analyzer)
    start = time.process_time()
    sequences = encoding.encode(texts)
    assert time.process_time() - start < 1.0
    assert sequences.lengths[-1] == encoding.max_length
