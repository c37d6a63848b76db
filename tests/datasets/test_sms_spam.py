"""Fetching the SMS Spam Collection."""

import dataclasses
import hashlib
import zipfile

import numpy as np
import pandas as pd
import pytest

from skdeep.datasets import fetch_sms_spam, sms_spam

LINES = [
    "ham\tsee you at six",
    "spam\tWIN 500 now, call 0900 123",
    # A character that str.splitlines takes for the end of a line, and a tab.
    "ham\tone\x85line\twith a tab",
    "ham\tsee you at six",
    'spam\t"WIN 900 now, call 0900 456',
    "ham\tgrüße £5",
]
CONTENT = ("\n".join(LINES) + "\n").encode()


@pytest.fixture
def origin(tmp_path, monkeypatch):
    """Give the path of a small archive that stands for the original."""
    monkeypatch.setattr(sms_spam, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(sms_spam, "_N_BYTES", len(CONTENT))
    path = tmp_path / "origin.zip"
    write_zip(path, {"SMSSpamCollection": CONTENT, "readme": b"x"})
    archive = dataclasses.replace(sms_spam.ARCHIVE, url=f"file://localhost{path}")
    monkeypatch.setattr(sms_spam, "ARCHIVE", archive)
    return path


@pytest.fixture
def home(tmp_path):
    """Give an empty data home."""
    path = tmp_path / "home"
    path.mkdir()
    return path


def write_zip(path, members):
    """Write members to a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_download_once(origin, home):
    """Only the verified collection is kept, and it is used by the next call."""
    bunch = fetch_sms_spam(data_home=home)
    assert [entry.name for entry in home.iterdir()] == ["SMSSpamCollection"]
    assert (home / "SMSSpamCollection").read_bytes() == CONTENT
    origin.unlink()
    again = fetch_sms_spam(data_home=home, download_if_missing=False)
    assert again.data.tolist() == bunch.data.tolist()


def test_content(origin, home):
    """Messages, labels, names and groups are those of the file, in its order."""
    bunch = fetch_sms_spam(data_home=home)
    assert set(bunch) == {
        *("data", "target", "target_names", "groups", "frame", "DESCR")
    }
    assert bunch.data.tolist() == [line.split("\t", 1)[1] for line in LINES]
    assert bunch.data.dtype == object
    assert bunch.target.tolist() == [0, 1, 0, 0, 1, 0]
    assert bunch.target.dtype == np.int64
    assert bunch.target_names == ["ham", "spam"]
    assert bunch.groups.tolist() == [0, 1, 2, 0, 1, 3]
    assert bunch.frame is None
    assert "10.1145/2034691.2034742" in bunch.DESCR


def test_without_duplicates(origin, home):
    """Of equal messages the first is kept."""
    bunch = fetch_sms_spam(data_home=home, drop_duplicates=True)
    kept = [LINES[row].split("\t", 1)[1] for row in (0, 1, 2, 4, 5)]
    assert bunch.data.tolist() == kept
    assert bunch.target.tolist() == [0, 1, 0, 1, 0]
    assert bunch.groups.tolist() == [0, 1, 2, 1, 3]


def test_pair(origin, home):
    """The pair has the same messages and labels as the Bunch."""
    X, y = fetch_sms_spam(data_home=home, return_X_y=True)
    bunch = fetch_sms_spam(data_home=home)
    assert X.tolist() == bunch.data.tolist()
    assert y.tolist() == bunch.target.tolist()


def test_frame(origin, home):
    """With as_frame, messages and labels are pandas Series of one frame."""
    bunch = fetch_sms_spam(data_home=home, as_frame=True)
    assert bunch.frame.columns.tolist() == ["text", "label"]
    pd.testing.assert_series_equal(bunch.data, bunch.frame["text"])
    pd.testing.assert_series_equal(bunch.target, bunch.frame["label"])
    X, y = fetch_sms_spam(data_home=home, as_frame=True, return_X_y=True)
    assert X.tolist() == bunch.data.tolist()
    assert isinstance(y, pd.Series)


def test_archive_in_the_data_home(origin, home):
    """The zip archive as the server sends it will do as well."""
    (home / "sms+spam+collection.zip").write_bytes(origin.read_bytes())
    X, _ = fetch_sms_spam(data_home=home, download_if_missing=False, return_X_y=True)
    assert len(X) == len(LINES)
    assert [entry.name for entry in home.iterdir()] == ["sms+spam+collection.zip"]


def test_changed_file_is_refused(origin, home):
    """A collection with another digest is named, and not replaced."""
    path = home / "SMSSpamCollection"
    path.write_bytes(CONTENT[:-5])
    with pytest.raises(OSError, match="torn or has been changed") as raised:
        fetch_sms_spam(data_home=home)
    assert str(path) in str(raised.value)
    assert path.read_bytes() == CONTENT[:-5]


def test_offline(home):
    """Without the file and without a download, the error says what to get."""
    with pytest.raises(OSError, match="download_if_missing is False") as raised:
        fetch_sms_spam(data_home=home, download_if_missing=False)
    for expected in (sms_spam.ARCHIVE.url, "SMSSpamCollection", str(home)):
        assert expected in str(raised.value)
    assert list(home.iterdir()) == []


@pytest.fixture
def write_protected(home, monkeypatch):
    """Let no folder be made in the data home; even root is refused."""

    def refuse(path, mode=0o777, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tempfile._os.mkdir", refuse)


def test_refusal_writes_nothing(home, write_protected):
    """Whoever wants no download need not be able to write to the data home."""
    with pytest.raises(OSError, match="download_if_missing is False") as raised:
        fetch_sms_spam(data_home=home, download_if_missing=False)
    assert sms_spam.ARCHIVE.url in str(raised.value)


def test_data_home_that_cannot_be_written_to(origin, home, write_protected):
    """A folder that takes no file is said, with what to get by hand."""
    with pytest.raises(OSError, match="cannot be kept there") as raised:
        fetch_sms_spam(data_home=home)
    for expected in (sms_spam.ARCHIVE.url, str(home), "Permission denied"):
        assert expected in str(raised.value)


def test_answer_of_a_proxy(origin, home):
    """A page instead of the archive is said, and no file that is gone is named."""
    origin.write_text("<html>Sign in to use this network.</html>", encoding="utf-8")
    with pytest.raises(OSError, match="not a readable zip archive") as raised:
        fetch_sms_spam(data_home=home)
    for expected in (sms_spam.ARCHIVE.url, str(home), "To work offline"):
        assert expected in str(raised.value)
    assert ".part_" not in str(raised.value)
    assert list(home.iterdir()) == []


def test_archive_of_somebody_else(origin, home, monkeypatch):
    """An archive that may not be read is whole, so nobody is told to delete it."""
    path = home / "sms+spam+collection.zip"
    path.write_bytes(origin.read_bytes())

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(sms_spam.zipfile, "ZipFile", refuse)
    with pytest.raises(PermissionError, match="Permission denied") as raised:
        fetch_sms_spam(data_home=home)
    assert str(path) in str(raised.value)
    assert "Delete" not in str(raised.value)


@pytest.mark.filterwarnings("ignore:Retry downloading:UserWarning")
def test_failed_download(origin, home):
    """Without a network, the error says what to get, and nothing is left behind."""
    origin.unlink()
    with pytest.raises(OSError, match="downloading it failed") as raised:
        fetch_sms_spam(data_home=home, n_retries=1, delay=0.01)
    assert str(home) in str(raised.value)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "members",
    [
        {"readme": b"x"},
        {"SMSSpamCollection": CONTENT[:-1]},
        {"SMSSpamCollection": CONTENT + b"ham\tone more\n"},
        {"SMSSpamCollection": b"ham\t" + bytes(10**7)},
        {"../SMSSpamCollection": CONTENT},
        {"folder/SMSSpamCollection": CONTENT},
    ],
    ids=["missing", "short", "long", "bomb", "outside", "inside"],
)
def test_archive_of_something_else(origin, home, members):
    """An archive with another content is refused, and nothing is left behind."""
    write_zip(origin, members)
    with pytest.raises(OSError, match="SMSSpamCollection") as raised:
        fetch_sms_spam(data_home=home)
    assert "sms+spam+collection.zip" in str(raised.value)
    assert list(home.iterdir()) == []
    assert not (home.parent / "SMSSpamCollection").exists()


def test_names_that_lead_elsewhere(origin, home):
    """Members with a path of their own are not extracted."""
    write_zip(origin, {"../escaped": b"x", "SMSSpamCollection": CONTENT})
    fetch_sms_spam(data_home=home)
    assert sorted(home.parent.rglob("*escaped*")) == []


@pytest.mark.parametrize("share", [0, 0.4, 0.9])
def test_torn_archive(origin, home, share):
    """A torn archive is named, whether downloaded or found."""
    content = origin.read_bytes()
    torn = content[: int(share * len(content))]
    origin.write_bytes(torn)
    with pytest.raises(OSError, match=r"not a readable zip archive"):
        fetch_sms_spam(data_home=home)
    assert list(home.iterdir()) == []
    path = home / "sms+spam+collection.zip"
    path.write_bytes(torn)
    with pytest.raises(OSError, match=r"not a readable zip archive") as raised:
        fetch_sms_spam(data_home=home)
    assert str(path) in str(raised.value)


def test_real_file(data_home):
    """The real file has the known numbers of messages."""
    if not (data_home / "SMSSpamCollection").exists():
        pytest.skip(f"There is no SMSSpamCollection in {data_home}.")
    options = {"data_home": data_home, "download_if_missing": False}
    X, y = fetch_sms_spam(return_X_y=True, **options)
    assert (len(X), y.sum()) == (5574, 747)
    X, y = fetch_sms_spam(drop_duplicates=True, return_X_y=True, **options)
    assert (len(X), y.sum()) == (5171, 653)
