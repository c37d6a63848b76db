"""The container: a zip archive of which only one form is accepted.

Zip files can say everything twice, and readers differ in whom they believe. Here a
file is accepted only if it equals, byte for byte, what the writer makes of its
members: stored without compression, one after the other, in the order of the
directory, with no dates, flags, comments, links, extra fields or gaps. So an archive
unpacks to no more than its own size, and every reader sees the same members in it.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator

from skdeep.encoding.malformed_file import MalformedFileError

Buffer = bytes | memoryview

# Offsets and sizes in such archives have 32 bits, of which some readers use 31.
MAX_BYTES = 2**31 - 1
MAX_MEMBERS = 20_000

_NAME = re.compile(rb"[a-z0-9_]{1,9}\.(?:json|npy|npz)")
_HEADER = struct.Struct("<4s5H3I2H")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_START = b"PK\3\4"
_VERSION = 20
_ON_UNIX = 3 << 8
_FIRST_OF_JANUARY_1980 = 0x21
_PLAIN_FILE = 0o100644 << 16


def write_archive(members: Iterable[tuple[str, Buffer]]) -> Iterator[Buffer]:
    """Yield the bytes of an archive, piece by piece.

    Parameters
    ----------
    members : iterable of (str, bytes-like)
        Names and contents, in their order.

    Raises
    ------
    MalformedFileError
        If the archive would have more than 2 GiB, or too many members.
    """
    offset, entries = 0, []
    for name, content in members:
        crc = zlib.crc32(content)
        header = _header(name.encode("ascii"), crc, len(content))
        entries.append(_entry(name.encode("ascii"), crc, len(content), offset))
        offset += len(header) + len(content)
        if offset > MAX_BYTES:
            raise MalformedFileError(
                f"it takes more than {MAX_BYTES} bytes, the most that such a file may "
                "have"
            )
        yield header
        yield content
    if len(entries) > MAX_MEMBERS:
        raise MalformedFileError(
            f"it consists of {len(entries)} arrays, more than the {MAX_MEMBERS} that "
            "such a file may have"
        )
    directory = b"".join(entries)
    yield directory
    yield _end(len(entries), len(directory), offset)


def read_archive(data: memoryview) -> dict[str, memoryview]:
    """Return the members of an archive without copying them.

    Parameters
    ----------
    data : memoryview of bytes
        The whole archive.

    Returns
    -------
    members : dict from str to memoryview
        Contents by name, in their order.

    Raises
    ------
    MalformedFileError
        If the bytes are not those that `write_archive` makes of the members.
    """
    if bytes(data[:4]) != _START:
        raise MalformedFileError("it does not start as files written by skdeep do")
    directory, start = _directory(data)
    members: dict[str, memoryview] = {}
    place = offset = 0
    while place < len(directory):
        entry = directory[place : place + _ENTRY.size]
        if len(entry) < _ENTRY.size:
            raise _torn("its directory ends within an entry")
        fields = _ENTRY.unpack(entry)
        crc, size, name_length = fields[7], fields[9], fields[10]
        end = place + _ENTRY.size + name_length
        name = bytes(directory[place + _ENTRY.size : end])
        if not _NAME.fullmatch(name):
            raise _torn(f"its directory names a member {name[:60]!r}")
        text = name.decode("ascii")
        if text in members:
            raise _torn(f"it has two members {text!r}")
        if bytes(directory[place:end]) != _entry(name, crc, size, offset):
            raise _torn(f"its directory describes {text!r} in another way than skdeep")
        header = _header(name, crc, size)
        if bytes(data[offset : offset + len(header)]) != header:
            raise _torn(f"the header of its member {text!r} differs from the directory")
        offset += len(header)
        if offset + size > start:
            raise _torn(f"its member {text!r} reaches into the directory")
        members[text] = data[offset : offset + size]
        if zlib.crc32(members[text]) != crc:
            raise _torn(f"its member {text!r} was changed")
        place, offset = end, offset + size
    if offset != start:
        raise _torn("it has bytes that belong to no member")
    return members


def _directory(data: memoryview) -> tuple[memoryview, int]:
    """Return the directory and where it starts."""
    end = bytes(data[-_END.size :])
    if len(end) < _END.size or end[:4] != b"PK\5\6":
        raise _torn("it does not end as such files do")
    fields = _END.unpack(end)
    n_members, size, start = fields[4], fields[5], fields[6]
    if end != _end(n_members, size, start) or start + size + len(end) != len(data):
        raise _torn("its last bytes do not tell where its directory is")
    if n_members > MAX_MEMBERS:
        raise _torn(f"it has {n_members} members, more than {MAX_MEMBERS}")
    directory = data[start : start + size]
    if n_members * _ENTRY.size > size:
        raise _torn(f"its directory is too short for {n_members} members")
    return directory, start


def _torn(problem: str) -> MalformedFileError:
    return MalformedFileError(
        f"{problem}. It was damaged or changed; take another copy of the file"
    )


def _header(name: bytes, crc: int, size: int) -> bytes:
    fields = (_VERSION, 0, 0, 0, _FIRST_OF_JANUARY_1980, crc, size, size, len(name), 0)
    return _HEADER.pack(_START, *fields) + name


def _entry(name: bytes, crc: int, size: int, offset: int) -> bytes:
    versions = (_ON_UNIX | _VERSION, _VERSION)
    moment = (0, _FIRST_OF_JANUARY_1980)
    lengths = (len(name), 0, 0)
    fields = (*versions, 0, 0, *moment, crc, size, size, *lengths, 0, 0, _PLAIN_FILE)
    return _ENTRY.pack(b"PK\1\2", *fields, offset) + name


def _end(n_members: int, size: int, start: int) -> bytes:
    return _END.pack(b"PK\5\6", 0, 0, n_members, n_members, size, start, 0)
