"""Files of data sets that are damaged at random, or mean harm.

What single readers refuse by name stands in the tests of each; here all of them get
what nobody has thought of, under a hook that sees what the interpreter does.
"""

import gzip
import io
import pickle
import re
import struct
import sys
import tarfile
import tracemalloc
import zipfile
import zlib
from contextlib import contextmanager

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from skdeep.datasets import load_image_folder, load_messages
from skdeep.datasets.cifar10 import MEMBERS, read_tar_parts
from skdeep.datasets.image_files import decode_image, natural_shape
from skdeep.datasets.image_splits import SplitLayout, read_npz_parts

LAYOUT = SplitLayout((4, 5, 3), {"train": 6, "test": 4}, ("a", "b"))
CIFAR = SplitLayout((32, 32, 3), {"train": 10, "test": 2}, ("a", "b"))
# One folder serves many examples, which write one file anew each time.
MANY = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FORBIDDEN = ("exec", "os.", "subprocess.", "socket.", "pickle.", "ctypes.", "shutil.")

_watched = []


def _watch(event, arguments):
    """Take down what a file should not be able to bring about."""
    if _watched and _watched[-1] is not None:
        writes = event == "open" and arguments[2] & 3
        # Python imports an encoding when it first meets it.
        imports = event == "exec" and arguments[0].co_name == "<module>"
        if writes or (event.startswith(FORBIDDEN) and not imports):
            _watched[-1].append(f"{event} {arguments!r:.100}")


sys.addaudithook(_watch)


@contextmanager
def nothing_is_executed(allowed=()):
    """Fail if anything is run, written or sent."""
    seen = []
    _watched.append(seen)
    try:
        yield
    finally:
        _watched.pop()
    assert [event for event in seen if not event.startswith(allowed)] == []


def damaged(data, content):
    """Draw a damaged version of some bytes."""
    content = bytearray(content)
    kind = data.draw(st.sampled_from(["flip", "cut", "insert", "overwrite", "number"]))
    place = data.draw(st.integers(0, len(content) - 1))
    if kind == "flip":
        for _ in range(data.draw(st.integers(1, 5))):
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(
                st.integers(1, 255)
            )
    elif kind == "cut":
        del content[place : place + data.draw(st.integers(1, 500))]
    elif kind == "insert":
        content[place:place] = data.draw(st.binary(min_size=1, max_size=20))
    elif kind == "overwrite":
        content[place : place + 20] = data.draw(st.binary(min_size=1, max_size=20))
    else:
        number = data.draw(st.sampled_from([0, 1, 2**16 - 1, 2**31 - 1, 2**32 - 1]))
        content[place : place + 4] = struct.pack(">I", number)
    return bytes(content)


def image_content(suffix, **options):
    """Return a small photograph, as a file."""
    rows, columns = np.mgrid[:48, :64]
    pixels = np.stack([rows * 5, columns * 4, rows + columns], axis=-1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, suffix, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        image_content("png"),
        image_content("jpeg"),
        image_content("jpeg", progressive=True, optimize=True),
    ],
    ids=["png", "jpeg", "progressive"],
)
@MANY
@given(data=st.data())
def test_damaged_images(tmp_path, content, data):
    """A damaged image is an image of the right shape, or refused by its name."""
    path = tmp_path / "a.png"
    path.write_bytes(damaged(data, content))
    with nothing_is_executed():
        try:
            assert decode_image(path, (8, 8, 3)).shape == (8, 8, 3)
        except ValueError as error:
            assert str(path) in str(error)
        try:
            assert len(natural_shape(path)) == 3
        except ValueError as error:
            assert str(path) in str(error)


def png(*chunks):
    """Return a PNG file of these chunks."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in chunks:
        check = zlib.crc32(kind + content)
        parts.append(struct.pack(">I", len(content)) + kind + content)
        parts.append(struct.pack(">I", check))
    return b"".join(parts)


HEADER = (b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
PIXELS = (b"IDAT", zlib.compress(bytes(72)))
END = (b"IEND", b"")
BOMB = zlib.compress(bytes(100_000_000), 9)


@pytest.mark.parametrize(
    "chunks",
    [
        [HEADER, (b"zTXt", b"comment\0\0" + BOMB), PIXELS, END],
        [HEADER, (b"iTXt", b"comment\0\1\0\0\0" + BOMB), PIXELS, END],
        [HEADER, (b"iCCP", b"profile\0\0" + BOMB), PIXELS, END],
        [HEADER, (b"IDAT", BOMB), END],
        [HEADER, *[(b"tEXt", b"a\0" + bytes(1000))] * 2_000, PIXELS, END],
        [HEADER, HEADER, PIXELS, END],
        [PIXELS, HEADER, END],
        [HEADER, (b"PLTE", b""), (b"tRNS", bytes(300)), PIXELS, END],
    ],
    ids="text unicode profile pixels texts headers order palette".split(),
)
def test_bombs_inside_of_images(tmp_path, chunks):
    """What unpacks to 100 MB beside or behind the pixels takes no such memory."""
    path = tmp_path / "bomb.png"
    path.write_bytes(png(*chunks))
    tracemalloc.start()
    try:
        with nothing_is_executed():
            try:
                assert decode_image(path, (8, 8)).shape == (8, 8)
            except ValueError as error:
                assert str(path) in str(error)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30 * 2**20


def test_image_folder_of_bombs(tmp_path):
    """A folder is read up to the first file that claims too many pixels."""
    (tmp_path / "class").mkdir()
    huge = (b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0))
    (tmp_path / "class" / "a.png").write_bytes(png(HEADER, PIXELS, END))
    (tmp_path / "class" / "b.png").write_bytes(png(huge, PIXELS, END))
    with pytest.raises(ValueError, match=r"b\.png cannot be read.*pixels"):
        load_image_folder(tmp_path, image_shape=(8, 8))


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    """Give the content of a small npz archive."""
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    arrays = {}
    for part, n_samples in LAYOUT.n_samples.items():
        arrays[f"x_{part}"] = np.zeros((n_samples, *LAYOUT.image_shape), np.uint8)
        arrays[f"y_{part}"] = np.arange(n_samples) % 2
    np.savez_compressed(path, **arrays)
    return path.read_bytes()


@MANY
@given(data=st.data())
def test_damaged_npz(tmp_path, npz, data):
    """A damaged archive of arrays holds what it held, or is refused by its name."""
    path = tmp_path / "a.npz"
    path.write_bytes(damaged(data, npz))
    with nothing_is_executed():
        try:
            ((images, labels),) = read_npz_parts(path, LAYOUT, "test")
        except (OSError, ValueError) as error:
            assert str(path) in str(error)
        else:
            assert not images.any()
            assert labels.tolist() == [0, 1, 0, 1]


class Command:
    """Runs a command when it is unpickled."""

    def __reduce__(self):
        return exec, ("open('hacked', 'w')",)


def test_npz_that_runs_commands(tmp_path):
    """A pickle in the place of an array is refused and not run."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([Command()], dtype=object), allow_pickle=True)
    for content in (buffer.getvalue(), pickle.dumps(Command())):
        path = tmp_path / "a.npz"
        with zipfile.ZipFile(path, "w") as archive:
            for key in ("x_test.npy", "y_test.npy"):
                archive.writestr(key, content)
        with nothing_is_executed(), pytest.raises((OSError, ValueError)):
            read_npz_parts(path, LAYOUT, "test")


@pytest.fixture(scope="module")
def batch():
    """Give a small CIFAR batch as Python 2 pickled it."""
    rows = bytes(2 * 3072)
    return (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\n"
        b"cnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02M\x00\x0c\x86"
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89T" + struct.pack("<i", len(rows)) + rows + b"tb"
        b"U\x06labelsq\x03]q\x04(K\x00K\x01eu."
    )


@MANY
@given(data=st.data())
def test_damaged_cifar_batches(tmp_path, batch, data):
    """A damaged batch in a sound archive is read as numbers, or refused by its name."""
    path = tmp_path / "cifar-10-python.tar.gz"
    content = damaged(data, batch)
    with gzip.open(path, "wb", compresslevel=1) as packed:
        with tarfile.open(fileobj=packed, mode="w|") as archive:
            for name in MEMBERS["test"]:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    # Our reader is an unpickler, whose names stand for nothing that runs.
    with nothing_is_executed(allowed="pickle.find_class"):
        try:
            ((images, labels),) = read_tar_parts(path, CIFAR, "test")
        except (OSError, ValueError) as error:
            assert str(path) in str(error)
        else:
            assert images.shape == (2, 32, 32, 3)
            assert images.dtype == np.uint8
            assert labels.dtype == np.int64


def test_sound_cifar_batch(tmp_path, batch):
    """The batch of these tests is one that is read."""
    path = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(MEMBERS["test"][0])
        member.size = len(batch)
        archive.addfile(member, io.BytesIO(batch))
    ((images, labels),) = read_tar_parts(path, CIFAR, "test")
    assert labels.tolist() == [0, 1]
    assert not images.any()


@MANY
@given(data=st.data())
def test_damaged_tables_of_messages(tmp_path, data):
    """A damaged table gives texts and labels, or is refused by its name."""
    path = tmp_path / "messages.csv"
    content = (
        b'label,text\nham,"see you, later"\nspam,win\nham,""\nspam,"a ""b"""\n' * 3
    )
    path.write_bytes(damaged(data, content))
    with nothing_is_executed():
        try:
            texts, labels = load_messages(path, return_X_y=True)
        except (OSError, ValueError) as error:
            assert re.search(r"messages\.csv|text_column|label_column", str(error))
        else:
            assert len(texts) == len(labels)
            assert all(isinstance(text, str) for text in texts)
