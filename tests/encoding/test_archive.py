import io
import zipfile

import hypothesis.strategies as st
import pytest
from hypothesis import given

from skdeep.encoding import archive
from skdeep.encoding.archive import read_archive, write_archive
from skdeep.encoding.malformed_file import MalformedFileError

NAMES = st.from_regex(r"[a-z0-9_]{1,9}\.(json|npy|npz)", fullmatch=True)
MEMBERS = st.dictionaries(NAMES, st.binary(max_size=50), min_size=1, max_size=5)


def archive_of(members):
    """Return members as one archive."""
    return b"".join(write_archive(members.items()))


@given(MEMBERS)
def test_what_was_written_is_read(members):
    """Members come back in their order."""
    found = read_archive(memoryview(archive_of(members)))
    assert [(n, bytes(c)) for n, c in found.items()] == list(members.items())


@given(MEMBERS)
def test_it_is_a_zip_archive(members):
    """Python's own reader sees the same members."""
    with zipfile.ZipFile(io.BytesIO(archive_of(members))) as file:
        assert file.testzip() is None
        assert {name: file.read(name) for name in file.namelist()} == members
        assert file.namelist() == list(members)


@given(MEMBERS, st.data())
def test_every_other_byte_is_noticed(members, data):
    """There is only one archive of some members: any change of a byte is refused."""
    content = bytearray(archive_of(members))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(MalformedFileError):
        read_archive(memoryview(content))


@given(MEMBERS, st.data())
def test_every_cut_is_noticed(members, data):
    """An archive that ends early, or goes on, is refused."""
    content = archive_of(members)
    cut = data.draw(st.integers(0, len(content) - 1))
    more = data.draw(st.binary(min_size=1, max_size=30))
    for changed in (content[:cut], content + more, content[cut:], more + content):
        if changed != content:
            with pytest.raises(MalformedFileError):
                read_archive(memoryview(changed))


@given(st.binary(max_size=200))
def test_anything_else_is_refused(content):
    """Random bytes are no archive, also behind the right start."""
    for some in (content, b"PK\3\4" + content):
        with pytest.raises(MalformedFileError):
            read_archive(memoryview(some))


def test_too_large_and_too_many(monkeypatch):
    """Archives that readers could not read are not written."""
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    with pytest.raises(MalformedFileError, match="3 arrays, more than the 2"):
        archive_of({f"{n}.npy": b"" for n in range(3)})
    monkeypatch.setattr(archive, "MAX_BYTES", 100)
    with pytest.raises(MalformedFileError, match="more than 100 bytes"):
        archive_of({"0.npy": bytes(100)})
