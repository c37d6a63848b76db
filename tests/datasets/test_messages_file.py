"""Messages from CSV and TSV files."""

import csv

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep.datasets import fetch_sms_spam, load_messages


@pytest.fixture
def write(tmp_path):
    """Give a function that writes a text to a file."""

    def write(text, name="messages.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_separators_and_ends_of_lines(write, separator, end, encoding):
    """The first line says how columns are separated; UTF-8 may have its mark."""
    lines = [["label", "text"], ["spam", "WIN é"], ["ham", "see you"], ["", ""]]
    text = end.join(separator.join(line) for line in lines[:3]) + end + end
    bunch = load_messages(write(text, encoding=encoding))
    assert bunch.data.tolist() == ["WIN é", "see you"]
    assert bunch.target.tolist() == [1, 0]
    assert bunch.target_names == ["ham", "spam"]
    assert set(bunch) == {
        *("data", "target", "target_names", "groups", "frame", "DESCR")
    }


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("text,label", "hi,a\nyo,b\nhi,a"),
        ("Message,x", "hi,a\nyo,b\nhi,a"),
        ("x,CLASS", "hi,a\nyo,b\nhi,a"),
        ("id,SMS,Target,more", "1,hi,a,\n2,yo,b,\n3,hi,a,"),
        ("target,x", "a,hi\nb,yo\na,hi"),
        # Names that say nothing: more different values are messages.
        ("v1,v2", "hi,a\nyo,b\nhey,a"),
        ("v1,v2", "a,hi\nb,yo\na,hey"),
    ],
)
def test_columns_are_guessed(write, header, rows):
    """Columns are found by their names, by elimination or by their values."""
    bunch = load_messages(write(f"{header}\n{rows}\n"))
    assert bunch.target_names == ["a", "b"]
    assert bunch.data[:2].tolist() == ["hi", "yo"]
    assert bunch.target.tolist() == [0, 1, 0]


def test_columns_are_named(write):
    """Named columns are taken, whatever their names look like."""
    path = write("text,label,kind\nhi,hello there,a\nyo,you,b\n")
    bunch = load_messages(path, text_column="label", label_column="kind")
    assert bunch.data.tolist() == ["hello there", "you"]
    assert bunch.target_names == ["a", "b"]
    assert "'label'" in bunch.DESCR
    assert "'kind'" in bunch.DESCR


def test_one_column_is_named(write):
    """Of two columns, naming one is enough."""
    path = write("v1,v2\nhi,a\nhi,b\n")
    assert load_messages(path, label_column="v2").data.tolist() == ["hi", "hi"]
    assert load_messages(path, text_column="v2").data.tolist() == ["a", "b"]


def test_file_without_names(write):
    """A first line that is a message itself is one."""
    path = write("ham\tsee you\nspam\tWIN\nham\tok\n", name="messages.tsv")
    bunch = load_messages(path)
    assert bunch.data.tolist() == ["see you", "WIN", "ok"]
    assert bunch.target.tolist() == [0, 1, 0]


def test_stray_quotes_in_tab_separated_files(write):
    """A quote at the start of a message does not swallow the next lines."""
    path = write('ham\t"so he said\nspam\tWIN\nham\tsaid "no"\n')
    bunch = load_messages(path)
    assert bunch.data.tolist() == ['"so he said', "WIN", 'said "no"']


def test_quoted_fields(write):
    """Quoted messages may have separators, quotes and ends of lines."""
    text = 'text,label\n"a, ""b""\nc",x\n,y\n" d ",x\n'
    bunch = load_messages(write(text))
    assert bunch.data.tolist() == ['a, "b"\nc', "", " d "]


def test_words_that_look_like_nothing(write):
    """Messages that say "NA" or "null" are messages, numbers stay text."""
    bunch = load_messages(write("text,label\nNA,1\nnull,0\n007,1\n"))
    assert bunch.data.tolist() == ["NA", "null", "007"]


def test_labels_that_are_numbers(write):
    """Whole numbers are sorted by value, other labels as text."""
    rows = "a,10\nb,9\nc,-1\nd,9\n"
    assert load_messages(write("text,label\n" + rows)).target_names == ["-1", "9", "10"]
    rows += "e,x\n"
    names = load_messages(write("text,label\n" + rows)).target_names
    assert names == ["-1", "10", "9", "x"]


def test_blanks_around_labels(write):
    """Blanks around a label do not make another class."""
    bunch = load_messages(write("text,label\na, x\nb,x \nc,y\n"))
    assert bunch.target.tolist() == [0, 0, 1]


def test_options(write):
    """Duplicates are left out, and pandas objects or a pair returned, on demand."""
    path = write("text,label\na,x\na,x\nb,y\n")
    bunch = load_messages(path, drop_duplicates=True, as_frame=True)
    assert bunch.frame["text"].tolist() == ["a", "b"]
    assert isinstance(bunch.target, pd.Series)
    X, y = load_messages(path, return_X_y=True)
    assert (X.tolist(), y.tolist()) == (["a", "a", "b"], [0, 0, 1])


def test_old_encoding(write):
    """Another encoding is asked for by the error, and used when it is passed."""
    path = write("label,text\nham,£5 grüße\nspam,WIN\n", encoding="latin-1")
    with pytest.raises(ValueError, match="Pass the encoding") as raised:
        load_messages(path)
    assert str(path) in str(raised.value)
    assert load_messages(path, encoding="latin-1").data[0] == "£5 grüße"
    with pytest.raises(ValueError, match="unknown encoding"):
        load_messages(path, encoding="no such code")


@pytest.mark.parametrize(
    ("text", "options", "problem"),
    [
        ("", {}, "single column"),
        ("text\nhi\n", {}, "single column"),
        ("text,label\n", {}, "no messages"),
        ("text,label\nhi,a\nyo\n", {}, "line 3 has 1 columns, but the first has 2"),
        ("text,label\nhi,a\nyo,b,c\n", {}, "line 3 has 3 columns"),
        ('text,label\n"hi,a\nyo,b\n', {}, "line 3"),
        ('text,label\n"hi" there,a\nyo,b\n', {}, "line 2"),
        ("text,label\nhi,a\nyo,\n", {}, "label of message 2"),
        ("a,b,c\n1,2,3\n", {}, "Pass text_column and label_column"),
        ("a,b\n1,2\n3,4\n", {}, "Pass text_column and label_column"),
        ("text,message,label\n1,2,3\n", {}, "Pass text_column"),
        ("text,label\nhi,a\n", {"text_column": "sms"}, "text_column='sms'"),
        ("text,label\nhi,a\n", {"label_column": "sms"}, "label_column='sms'"),
        ("text,text,x\nhi,a,b\n", {"text_column": "text"}, "2 columns"),
        ("a,b\nx,y\n", {"text_column": "a", "label_column": "a"}, "unclear"),
        ("text,label\na,1\nb,2\nc,3\n", {}, "differ from each other"),
    ],
)
def test_what_is_no_table_of_messages(write, text, options, problem):
    """Whatever is wrong is said, with the name of the file."""
    path = write(text)
    with pytest.raises(ValueError, match=problem) as raised:
        load_messages(path, **options)
    assert str(path) in str(raised.value)


def test_texts_that_are_too_long_for_the_reader(write):
    """The message says which, and how to read them."""
    path = write(f"label,text\nham,hi\nspam,{'x' * 131_073}\n")
    with pytest.raises(ValueError, match=r"131,072 characters in line 3.*field_size"):
        load_messages(path)


def test_missing_file(tmp_path):
    """A file that does not exist is named."""
    with pytest.raises(FileNotFoundError, match=r"gone\.csv"):
        load_messages(tmp_path / "gone.csv")


# Any character but the ends of lines that csv normalizes, and what UTF-8 cannot say.
characters = st.characters(codec="utf-8", exclude_characters="\r\x00")


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.text(characters, max_size=12), min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t"]),
)
def test_what_was_written_is_read(tmp_path_factory, texts, separator):
    """Messages survive being written by Python's own writer of such files."""
    path = tmp_path_factory.getbasetemp() / "written_messages.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL)
        writer.writerow(["label", "text"])
        writer.writerows(["a", text] for text in texts)
    X, y = load_messages(path, return_X_y=True)
    assert X.tolist() == texts
    assert not y.any()


def test_real_file(data_home):
    """The original collection is read as its own fetcher reads it."""
    path = data_home / "SMSSpamCollection"
    if not path.exists():
        pytest.skip(f"There is no SMSSpamCollection in {data_home}.")
    X, y = load_messages(path, return_X_y=True)
    expected = fetch_sms_spam(
        data_home=data_home, download_if_missing=False, return_X_y=True
    )
    assert X.tolist() == expected[0].tolist()
    assert y.tolist() == expected[1].tolist()
