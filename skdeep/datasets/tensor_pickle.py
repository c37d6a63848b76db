"""Weights in PyTorch's older file format, read without PyTorch or running anything."""

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

# What such files start with, so that they can be told from other pickles.
_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION = 1001
_MAX_DIMENSIONS = 8
# What PyTorch's files are written with. Other operations make classes or copies, and
# a memo is as long as the largest number it is asked for.
_OPERATIONS = frozenset(
    "PROTO STOP MARK GLOBAL REDUCE BUILD BINPERSID BINPUT LONG_BINPUT BINGET "
    "LONG_BINGET NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINUNICODE "
    "EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST APPEND APPENDS EMPTY_DICT "
    "SETITEM SETITEMS".split()
)
_MAX_MEMO = 2**20
# Numbers of a storage in the file, after a count of 8 bytes.
_STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
}


def load_tensor_pickle(content: bytes) -> dict[str, NDArray[Any]]:
    """Load the named tensors of a file that PyTorch wrote before version 1.6.

    A pickle is a program that may call whatever it can name. Here it can name an
    ordered dict, PyTorch's function that puts a tensor together, and its storages of
    plain numbers. Each of them is replaced by a stand-in of ours, so that nothing of
    PyTorch's, nor of anybody else's, is called.

    Parameters
    ----------
    content : bytes
        The file, as `torch.save(model.state_dict(), path)` wrote it with
        ``_use_new_zipfile_serialization=False``.

    Returns
    -------
    tensors : dict of str to ndarray
        The tensors by name, in the order of the file; read-only.

    Raises
    ------
    ValueError
        If the file is of another kind, is torn, names anything else, or a tensor
        reaches beyond the numbers that the file has.
    """
    if content[:4] == b"PK\x03\x04":
        raise ValueError(
            "it is an archive as PyTorch writes since version 1.6. Save it there with "
            "torch.save(tensors, path, _use_new_zipfile_serialization=False)"
        )
    try:
        # Everything a forged stream can make the unpickler raise is the same news.
        return _load(io.BytesIO(content))
    except Exception as error:
        raise ValueError(
            f"it is not a file of PyTorch's tensors of plain numbers: {error}"
        ) from error


def _load(file: io.BytesIO) -> dict[str, NDArray[Any]]:
    if _unpickled(file)[0] != _MAGIC_NUMBER:
        raise pickle.UnpicklingError("it does not start like one")
    if _unpickled(file)[0] != _PROTOCOL_VERSION:
        raise pickle.UnpicklingError(f"it is not of protocol {_PROTOCOL_VERSION}")
    system, _ = _unpickled(file)
    if system.get("little_endian") is not True:
        raise pickle.UnpicklingError("its numbers are not in little-endian order")
    named, storages = _unpickled(file)
    if not isinstance(named, _NamedTensors):
        raise pickle.UnpicklingError(f"it holds a {type(named).__name__}, no tensors")
    keys, _ = _unpickled(file)
    if not isinstance(keys, list) or sorted(keys) != sorted(storages):
        raise pickle.UnpicklingError("its list of storages is not that of its tensors")
    for key in keys:
        storages[key].read(file)
    if file.read(1):
        raise pickle.UnpicklingError("something follows after its numbers")
    return {name: tensor.array() for name, tensor in named.tensors()}


def _unpickled(file: io.BytesIO) -> tuple[Any, dict[str, "_Storage"]]:
    """Return the next object of the file, and the storages that it refers to."""
    start = file.tell()
    for operation, argument, _ in pickletools.genops(file):
        if operation.name not in _OPERATIONS:
            raise pickle.UnpicklingError(f"it has the operation {operation.name}")
        if operation.name == "LONG_BINPUT" and (argument or 0) > _MAX_MEMO:
            raise pickle.UnpicklingError(f"it numbers an object {argument}")
    file.seek(start)
    unpickler = _TensorUnpickler(file)
    return unpickler.load(), unpickler.storages


class _Storage:
    """Numbers in the file, of which tensors are views."""

    __slots__ = ("dtype", "size", "values")

    def __init__(self, dtype: np.dtype, size: int) -> None:
        self.dtype = dtype
        self.size = size

    def __setstate__(self, state: Any) -> NoReturn:
        raise pickle.UnpicklingError("it sets the state of something that has none")

    def read(self, file: io.BytesIO) -> None:
        """Read the numbers from where the file stands."""
        count = int.from_bytes(file.read(8), "little", signed=True)
        if count != self.size:
            raise pickle.UnpicklingError(
                f"a storage of {self.size} numbers is followed by {count}"
            )
        n_bytes = self.size * self.dtype.itemsize
        # Asked for more than there is, `read` returns what there is.
        content = file.read(n_bytes)
        if len(content) != n_bytes:
            raise pickle.UnpicklingError(
                f"{len(content)} bytes are left of a storage of {n_bytes}"
            )
        self.values = np.frombuffer(content, self.dtype)


class _Tensor:
    """A view of a storage that is not read yet."""

    __slots__ = ("_offset", "_shape", "_storage", "_strides")

    def __init__(self, storage: Any, offset: Any, shape: Any, strides: Any) -> None:
        if not isinstance(storage, _Storage):
            raise pickle.UnpicklingError("it has a tensor without numbers")
        if (
            not _are_sizes((offset,))
            or not _are_sizes(shape)
            or len(shape) > (_MAX_DIMENSIONS)
        ):
            raise pickle.UnpicklingError(f"it has a tensor of shape {shape!r}")
        if not _are_sizes(strides) or len(strides) != len(shape):
            raise pickle.UnpicklingError(f"it has a tensor of strides {strides!r}")
        self._storage = storage
        self._offset, self._shape, self._strides = offset, shape, strides

    def __setstate__(self, state: Any) -> NoReturn:
        raise pickle.UnpicklingError("it sets the state of something that has none")

    def array(self) -> NDArray[Any]:
        """Return the numbers, once the storage was read."""
        size, total = math.prod(self._shape), self._storage.size
        steps = zip(self._shape, self._strides, strict=True)
        last = self._offset + sum((n - 1) * stride for n, stride in steps)
        # Views that overlap could pretend to be far larger than the file.
        if size > total or (size and last >= total):
            raise pickle.UnpicklingError(
                f"a tensor of shape {self._shape} reaches beyond its {total} numbers"
            )
        values = self._storage.values[self._offset if size else 0 :]
        return np.lib.stride_tricks.as_strided(
            values,
            self._shape,
            [stride * values.itemsize for stride in self._strides],
            writeable=False,
        )


class _NamedTensors(dict):
    """The dict of all tensors; what else PyTorch notes on it is not looked at."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        # Versions of the modules follow.
        pass

    def tensors(self) -> list[tuple[str, _Tensor]]:
        """Return names and tensors."""
        for name, value in self.items():
            if not isinstance(name, str) or not isinstance(value, _Tensor):
                raise pickle.UnpicklingError(
                    f"it holds a {type(value).__name__} under {name!r}, not a tensor"
                )
        return list(self.items())


class _StandIn:
    """A callable whose state a pickle cannot set, unlike that of a function."""

    __slots__ = ("_build",)

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build

    def __call__(self, *arguments: Any) -> Any:
        return self._build(*arguments)

    def __setstate__(self, state: Any) -> NoReturn:
        raise pickle.UnpicklingError("it sets the state of something that has none")


class _StorageKind(_StandIn):
    """A name of a storage class, which is only ever an argument."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        super().__init__(_refuse_call)
        self.dtype = np.dtype(dtype)


def _refuse_call(*arguments: Any) -> NoReturn:
    raise pickle.UnpicklingError("it calls a class of storages")


def _start_dict(*content: Any) -> _NamedTensors:
    if content:
        raise pickle.UnpicklingError("it fills a dict in a way that PyTorch does not")
    return _NamedTensors()


def _rebuild_tensor(
    storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any
) -> _Tensor:
    """Stand in for PyTorch's function; gradients and hooks follow and are not used."""
    return _Tensor(storage, offset, shape, strides)


def _are_sizes(values: Any) -> bool:
    return isinstance(values, tuple) and all(
        type(value) is int and 0 <= value < 2**40 for value in values
    )


class _TensorUnpickler(pickle.Unpickler):
    """An unpickler that can only build containers, numbers, text and tensors."""

    _ADMITTED = {
        ("collections", "OrderedDict"): _StandIn(_start_dict),
        ("torch._utils", "_rebuild_tensor_v2"): _StandIn(_rebuild_tensor),
    } | {("torch", name): _StorageKind(dtype) for name, dtype in _STORAGES.items()}

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return our stand-in for one of the admitted names."""
        try:
            return self._ADMITTED[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it names {module_name}.{global_name}, which weights do not need"
            ) from None

    def persistent_load(self, pid: Any, /) -> _Storage:
        """Return the storage that is described, to be read after the pickle."""
        kind, storage, key, _, size, view = pid
        if kind != "storage" or not isinstance(storage, _StorageKind):
            raise pickle.UnpicklingError("it refers to something else than numbers")
        if not isinstance(key, str) or not _are_sizes((size,)) or view is not None:
            raise pickle.UnpicklingError("it describes a storage that cannot be read")
        known = self.storages.setdefault(key, _Storage(storage.dtype, size))
        if (known.dtype, known.size) != (storage.dtype, size):
            raise pickle.UnpicklingError("it describes one storage in two ways")
        return known
