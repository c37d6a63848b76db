"""Files from the internet, here from a file:// address."""

import hashlib
import os
import stat

import pytest

from skdeep.datasets.download import RemoteFile, download, verify_sha256

CONTENT = b"the content of the file"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path):
    """Give a file that can be downloaded."""
    path = tmp_path / "source" / "origin.bin"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return RemoteFile(f"file://localhost{path}", "data.bin", SHA256)


@pytest.fixture
def folder(tmp_path):
    """Give an empty data home."""
    path = tmp_path / "home"
    path.mkdir()
    return path


def fetch(source, folder, **options):
    """Download with the least of waiting."""
    options = {"download_if_missing": True, "n_retries": 1, "delay": 0.01, **options}
    return download(source, folder, folder=folder, **options)


def test_file_is_downloaded_under_its_name(source, folder):
    """What is downloaded has the right content and leaves nothing else behind."""
    path = fetch(source, folder)
    assert path == folder / "data.bin"
    assert path.read_bytes() == CONTENT
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_others_may_read_what_is_downloaded(source, folder, umask, mode):
    """A downloaded file has the mode of any other file that is made here."""
    before = os.umask(umask)
    try:
        path = fetch(source, folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert list(folder.iterdir()) == [path]


def test_refusal_tells_how_to_do_without(source, folder):
    """Without permission to download, the error names address, file and folder."""
    with pytest.raises(OSError, match="download_if_missing is False") as raised:
        fetch(source, folder, download_if_missing=False, accepted=("other.npz",))
    for expected in (source.url, "data.bin", str(folder), "other.npz"):
        assert expected in str(raised.value)


@pytest.mark.filterwarnings("ignore:Retry downloading:UserWarning")
def test_failed_download_tells_how_to_do_without(source, folder):
    """Without a network, the error names cause, address, file and folder."""
    gone = RemoteFile(source.url + ".gone", "data.bin", SHA256)
    with pytest.raises(OSError, match="downloading it failed") as raised:
        fetch(gone, folder)
    for expected in (gone.url, "data.bin", str(folder), "No such file"):
        assert expected in str(raised.value)
    assert list(folder.iterdir()) == []


def test_wrong_content_is_not_kept(source, folder):
    """A download with another digest is refused and leaves nothing behind."""
    other = RemoteFile(source.url, "data.bin", "0" * 64)
    with pytest.raises(OSError, match="SHA256 checksum"):
        fetch(other, folder)
    assert list(folder.iterdir()) == []


def test_retries_are_passed_on(source, folder, monkeypatch):
    """The number of retries and the delay reach scikit-learn's fetch_file."""
    seen = {}

    def fetch_file(url, **options):
        seen.update(options, url=url)
        raise ConnectionResetError("the line is dead")

    monkeypatch.setattr("sklearn.datasets.fetch_file", fetch_file)
    with pytest.raises(OSError, match="the line is dead"):
        fetch(source, folder, n_retries=7, delay=2.5)
    assert (seen["n_retries"], seen["delay"]) == (7, 2.5)
    assert (seen["url"], seen["sha256"]) == (source.url, SHA256)


def test_digest_of_a_file(tmp_path):
    """The right digest passes; another one names the file and both digests."""
    path = tmp_path / "data.bin"
    path.write_bytes(CONTENT)
    verify_sha256(path, SHA256)
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(OSError, match="torn or has been changed") as raised:
        verify_sha256(path, SHA256)
    torn = hashlib.sha256(CONTENT[:-1]).hexdigest()
    for expected in (str(path), SHA256, torn):
        assert expected in str(raised.value)
