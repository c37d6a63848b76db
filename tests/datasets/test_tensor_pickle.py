"""Files of PyTorch's tensors, and those that try to be more."""

import io
import os
import pickle
import struct
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdeep.datasets.tensor_pickle import load_tensor_pickle

MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
HEADER = MAGIC + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
STORAGES = {"<f4": "FloatStorage", "<f8": "DoubleStorage", "<i8": "LongStorage"}


def torch_modules():
    """Return modules that are called as PyTorch's, with what its files name."""
    torch, inner = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch._utils = inner

    def rebuild(*arguments):
        raise AssertionError("Nothing of PyTorch's is ever called.")

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    inner._rebuild_tensor_v2 = rebuild
    for name in STORAGES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    return {"torch": torch, "torch._utils": inner}


MODULES = torch_modules()


class Tensor:
    """Pickles as PyTorch pickles a tensor."""

    def __init__(self, key, array, shape, strides, offset=0):
        self.key, self.array = key, array
        self.rest = (offset, shape, strides, False, OrderedDict())

    def __reduce__(self):
        return MODULES["torch._utils"]._rebuild_tensor_v2, (self, *self.rest)


class Pickler(pickle.Pickler):
    """Refers to the numbers of a tensor, which follow the pickle."""

    inside = None

    def persistent_id(self, obj):
        # A tensor is its own first argument; only there it stands for its numbers.
        if isinstance(obj, Tensor) and self.inside is obj:
            name = STORAGES[obj.array.dtype.str]
            kind = getattr(MODULES["torch"], name)
            return ("storage", kind, obj.key, "cpu", obj.array.size, None)
        self.inside = obj if isinstance(obj, Tensor) else self.inside
        return None


def tensor_file(tensors, versions=True, numbers=None):
    """Return the content of a file as PyTorch wrote them before version 1.6."""
    named = OrderedDict(tensors)
    if versions:
        named._metadata = OrderedDict({"": {"version": 1}})
    file = io.BytesIO()
    before = {name: sys.modules.get(name) for name in MODULES}
    sys.modules.update(MODULES)
    try:
        Pickler(file, 2).dump(named)
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    storages = {t.key: t.array for t in tensors.values() if isinstance(t, Tensor)}
    content = HEADER + file.getvalue() + pickle.dumps(sorted(storages), 2)
    for key in sorted(storages):
        content += struct.pack("<q", storages[key].size) + storages[key].tobytes()
    return content


def whole(key, array):
    """Return a tensor that is the whole of an array."""
    strides = tuple(s // array.itemsize for s in array.strides)
    return Tensor(key, array, array.shape, strides)


ARRAY = np.arange(24, dtype="<f4").reshape(2, 3, 4)
FILE = tensor_file(
    {
        "kernel": whole("0", ARRAY),
        "transposed": Tensor("0", ARRAY, (4, 3, 2), (1, 4, 12)),
        "part": Tensor("0", ARRAY, (3,), (2,), offset=19),
        "count": Tensor("1", np.array(7, dtype="<i8"), (), ()),
        "double": whole("2", np.array([0.1, np.pi])),
        "empty": Tensor("2", np.array([0.1, np.pi]), (0, 2), (2, 1)),
    }
)


def test_tensors_come_back():
    """Whole, transposed, partial, scalar and empty tensors are what they were."""
    tensors = load_tensor_pickle(FILE)
    assert list(tensors) == "kernel transposed part count double empty".split()
    np.testing.assert_array_equal(tensors["kernel"], ARRAY)
    np.testing.assert_array_equal(tensors["transposed"], ARRAY.transpose(2, 1, 0))
    np.testing.assert_array_equal(tensors["part"], [19, 21, 23])
    assert tensors["count"].dtype == np.int64
    assert tensors["count"] == 7
    np.testing.assert_array_equal(tensors["double"], [0.1, np.pi])
    assert tensors["empty"].shape == (0, 2)
    assert not any(tensor.flags.writeable for tensor in tensors.values())
    assert load_tensor_pickle(tensor_file({}, versions=False)) == {}


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize(
    "value",
    [
        Call(os.system, "touch hacked"),
        Call(eval, "open('hacked', 'w')"),
        Call(open, "hacked", "w"),
        Call(getattr, "", "join"),
        Call(np.fromfile, "hacked"),
        Call(bytearray, 10),
    ],
    ids=lambda value: value.call[0].__name__,
)
def test_calls_are_refused(value, part, tmp_path, monkeypatch):
    """No function is called, in whichever of the pickles it stands."""
    monkeypatch.chdir(tmp_path)
    parts = [
        MAGIC,
        pickle.dumps(1001, 2),
        pickle.dumps({"little_endian": True}, 2),
        b"",
    ]
    parts[part] = pickle.dumps(value, 2)
    with pytest.raises(ValueError, match="which weights do not need"):
        load_tensor_pickle(b"".join(parts))
    assert list(tmp_path.iterdir()) == []


REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
FLOATS = b"ctorch\nFloatStorage\n"
NUMBERS = b"(X\x07\x00\x00\x00storage" + FLOATS + b"X\x01\x00\x00\x000X\x03\x00\x00\x00"
NUMBERS += b"cpuK\x04NtQ"
KEYS, NO_KEYS = pickle.dumps(["0"], 2), pickle.dumps([], 2)
FOUR = struct.pack("<q", 4) + np.arange(4, dtype="<f4").tobytes()
EMPTY = b"ccollections\nOrderedDict\n)R"


def forged(tensor, keys=KEYS, numbers=FOUR):
    """Return a file whose only tensor is written by hand."""
    name = b"X\x01\x00\x00\x00t"
    return HEADER + b"\x80\x02" + EMPTY + name + tensor + b"s." + keys + numbers


def rebuilt(shape, strides=b"K\x01\x85", offset=b"K\x00"):
    """Return the operations that rebuild a tensor of four numbers."""
    return REBUILD + b"(" + NUMBERS + offset + shape + strides + b"tR"


def test_the_forger_can_also_write_honestly():
    """The tensor that the others are made from is accepted."""
    tensors = load_tensor_pickle(forged(rebuilt(b"K\x04\x85")))
    np.testing.assert_array_equal(tensors["t"], [0, 1, 2, 3])


HUGE = b"\x8a\x05\xff\xff\xff\xff\x7f"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        # Shapes, strides and offsets that lead out of the numbers.
        (forged(rebuilt(b"K\x05\x85")), "reaches beyond its 4 numbers"),
        (forged(rebuilt(HUGE + b"\x85", b"K\x00\x85")), "reaches beyond"),
        (forged(rebuilt(HUGE + b"\x85")), "reaches beyond"),
        (forged(rebuilt(b"K\x02\x85", b"K\x04\x85")), "reaches beyond"),
        (forged(rebuilt(b"K\x02\x85", offset=b"K\x03")), "reaches beyond"),
        (forged(rebuilt(b"J\xff\xff\xff\xff\x85")), "tensor of shape"),
        (forged(rebuilt(b"K\x02\x85", b"J\xff\xff\xff\xff\x85")), "of strides"),
        (forged(rebuilt(b"K\x02\x85", offset=b"J\xff\xff\xff\xff")), "of shape"),
        (forged(rebuilt(b"\x88\x85")), "tensor of shape"),
        (forged(rebuilt(b"K\x04")), "tensor of shape"),
        (forged(rebuilt(b"K\x04K\x01\x86")), "of strides"),
        (
            forged(rebuilt(b"(" + b"K\x01" * 9 + b"t", b"(" + b"K\x01" * 9 + b"t")),
            "shap",
        ),
        # Storages that are not there, or of another size.
        (forged(rebuilt(b"K\x04\x85"), numbers=FOUR[:-1]), "15 bytes are left"),
        (forged(rebuilt(b"K\x04\x85"), numbers=FOUR + b"x"), "something follows"),
        (
            forged(rebuilt(b"K\x04\x85"), numbers=struct.pack("<q", -4)),
            "followed by -4",
        ),
        (forged(rebuilt(b"K\x04\x85"), keys=NO_KEYS), "list of storages"),
        (forged(rebuilt(b"K\x04\x85"), keys=pickle.dumps(["0"] * 2, 2)), "list of"),
        (forged(rebuilt(b"K\x04\x85"), keys=pickle.dumps({}, 2)), "list of storages"),
        # Things that are no tensors, or are made to be something else.
        (forged(b"K\x01", NO_KEYS, b""), "holds a int under 't'"),
        (forged(NUMBERS), "holds a _Storage"),
        (forged(REBUILD, NO_KEYS, b""), "holds a _StandIn"),
        (forged(REBUILD + b"(K\x00K\x00))tR"), "without numbers"),
        (forged(FLOATS + b"(K\x09tR"), "calls a class of storages"),
        (forged(REBUILD + b"}X\x01\x00\x00\x00xK\x01sb"), "sets the state"),
        (forged(FLOATS + b"}b"), "sets the state"),
        (forged(NUMBERS + b"}b"), "sets the state"),
        (forged(rebuilt(b"K\x04\x85") + b"}b"), "sets the state"),
        (forged(b"ccollections\nOrderedDict\n(]tR"), "fills a dict"),
        # Operations that files of weights do not have.
        (forged(b"P0\n"), "operation PERSID"),
        (forged(b"(cbuiltins\nlist\no"), "operation OBJ"),
        (forged(b"r\xff\xff\xff\x7fK\x01"), "numbers an object 2147483647"),
        (HEADER + b"\x80\x02K\x01.", "holds a int, no tensors"),
        # Other files.
        (pickle.dumps(1, 2), "does not start like one"),
        (MAGIC + pickle.dumps(1002, 2), "protocol 1001"),
        (MAGIC + pickle.dumps(1001, 2) + pickle.dumps({}, 2), "little-endian"),
        (b"PK\x03\x04", "an archive as PyTorch writes since"),
        (b"", "not a file of PyTorch's tensors"),
        (b"<html>", "not a file of PyTorch's tensors"),
    ],
)
def test_forged_files(content, problem):
    """Whatever the file does, it is refused with a reason."""
    with pytest.raises(ValueError, match=problem):
        load_tensor_pickle(content)


def test_stand_ins_are_not_changed_by_a_forged_file():
    """A refused file leaves nothing behind for the next one."""
    for part in (REBUILD, FLOATS, b"ccollections\nOrderedDict\n"):
        with pytest.raises(ValueError, match="sets the state"):
            load_tensor_pickle(forged(part + b"}X\x06\x00\x00\x00_buildK\x01sb"))
    test_tensors_come_back()


def test_one_storage_described_in_two_ways():
    """A tensor cannot see more of a storage than the file has."""
    numbers = NUMBERS.replace(b"K\x04NtQ", b"K\x05NtQ")
    second = REBUILD + b"(" + numbers + b"K\x00K\x05\x85K\x01\x85tR"
    with pytest.raises(ValueError, match="one storage in two ways"):
        load_tensor_pickle(
            forged(rebuilt(b"K\x04\x85") + b"sX\x01\x00\x00\x00u" + second)
        )


@given(cut=st.integers(min_value=0, max_value=len(FILE) - 1))
def test_torn_files(cut):
    """A file that ends too early is refused, wherever it ends."""
    with pytest.raises(ValueError, match="not a file of PyTorch's tensors"):
        load_tensor_pickle(FILE[:cut])


@given(bit=st.integers(min_value=0, max_value=8 * len(FILE) - 1))
def test_flipped_bits(bit):
    """A file with one wrong bit is refused, or gives tensors of numbers."""
    content = bytearray(FILE)
    content[bit // 8] ^= 1 << bit % 8
    try:
        tensors = load_tensor_pickle(bytes(content))
    except ValueError:
        return
    assert all(tensor.dtype.kind in "fiu" for tensor in tensors.values())
    assert sum(tensor.size for tensor in tensors.values()) < 100


@given(st.binary(max_size=60))
def test_random_bytes(content):
    """Random bytes after an honest beginning are refused as no tensors."""
    for start in (b"", HEADER):
        with pytest.raises(ValueError, match=r"PyTorch's tensors|an archive"):
            load_tensor_pickle(start + content)
