"""Model files that mean harm, or come from somebody who does."""

import io
import json
import pickle
import struct
import zipfile
import zlib

import numpy as np

from skdeep.encoding import archive
from skdeep.persistence import manifest, schema
from tests.common.model_files import (
    attributes_of,
    file_of,
    members_of,
    node_named,
    value_node,
)

CODE = "ConvAutoencoderTransformer"
# The protocol 0 pickle of a call of `os.system`, as small as it gets.
COMMAND = b"cposix\nsystem\n(S'touch hacked'\ntR."


class Command:
    """Runs a command when it is unpickled."""

    def __reduce__(self):
        return exec, ("open('hacked', 'w')",)


def hostile_files(contents):
    """Return hostile files: name -> (content, pattern of the refusal).

    Parameters
    ----------
    contents : dict from str to bytes
        Files of good models, of the kinds in ``tests/persistence/conftest.py``.
    """
    files = _containers(contents["autoencoder"]) | _manifests(contents["autoencoder"])
    files |= _texts(contents["autoencoder"]) | _arrays(contents["autoencoder"])
    files |= _types(contents) | _networks(contents) | _native(contents)
    files |= _backbones(contents["backbone"])
    return files


def npy(array, **header):
    """Return an array as a file, with changes of its header."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, np.lib.format.header_data_from_array_1_0(array) | header
    )
    return buffer.getvalue() + array.tobytes("A")


def zipped(members, compression=zipfile.ZIP_STORED, change=lambda info: None):
    """Return members as an ordinary zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            info.compress_type = compression
            change(info)
            file.writestr(info, content)
    return buffer.getvalue()


def _raw(content):
    views = archive.read_archive(memoryview(content))
    return [(name, bytes(view)) for name, view in views.items()]


def _containers(good):
    """Archives that are not what the writer makes of their members."""
    members = _raw(good)
    renamed = [("../" + name if name[0] == "0" else name, c) for name, c in members]
    end = good.rindex(b"PK\5\6")
    start = struct.unpack("<I", good[end + 16 : end + 20])[0]
    files = {
        "nothing": (b"", "does not start"),
        "one byte": (b"P", "does not start"),
        "start only": (b"PK\3\4", "does not end"),
        "empty archive": (zipped([]), "does not start"),
        "a pickle": (pickle.dumps(Command()), "does not start"),
        "a text": (b'{"format": "skdeep model"}', "does not start"),
        "trailing garbage": (good + b"\0", "does not end"),
        "trailing archive": (good + good, "where its directory is"),
        "leading garbage": (b"#!/bin/sh\n" + good, "does not start"),
        "comment": (good[:-2] + b"\1\0x", "does not end"),
        "compressed": (
            zipped(members, zipfile.ZIP_DEFLATED),
            "describes 'manifest.json' in another way",
        ),
        "zip bomb": (
            zipped([*members, ("99.npy", bytes(500_000_000))], zipfile.ZIP_DEFLATED),
            "in another way",
        ),
        "lzma": (zipped(members, zipfile.ZIP_LZMA), "in another way"),
        "symbolic link": (
            zipped(members, change=lambda i: setattr(i, "external_attr", 0xA1ED << 16)),
            "in another way",
        ),
        "folder": (zipped([*members, ("folder/", b"")]), "names a member b'folder/'"),
        "path traversal": (zipped(renamed), r"names a member b'\.\./0"),
        "absolute path": (
            zipped([*members, ("/tmp/hacked", b"x")]),
            "names a member b'/tmp/hacked'",
        ),
        "duplicate member": (
            b"".join(archive.write_archive([*members, members[-1]])),
            "two members",
        ),
        "encrypted": (_patched(good, start + 8, b"\1\0"), "in another way"),
        "unknown compression": (_patched(good, start + 10, b"\x63\0"), "another way"),
        "sizes that differ": (
            _patched(good, start + 24, b"\xff\xff\xff\x7f"),
            "in another way",
        ),
        "offset beyond the end": (
            _patched(good, start + 42, b"\xff\xff\xff\x7f"),
            "in another way",
        ),
        "many members": (_patched(good, end + 8, b"\xff\xff\xff\xff"), "65535 members"),
        "directory elsewhere": (_patched(good, end + 16, b"\0\0\0\0"), "last bytes"),
        "no directory": (_patched(good, end + 12, b"\0\0\0\0"), "last bytes"),
        "overlapping members": (_overlapping(), "in another way"),
        "hidden bytes": (_with_gap(good, start), "belong to no member"),
    }
    for name in ("manifest.json", "schema.json", "0.npy"):
        place = good.rindex(name.encode(), 0, start) + len(name) + 5
        files[f"flipped bit in {name}"] = (
            _patched(good, place, bytes([good[place] ^ 4])),
            f"{name}' was changed",
        )
    for share in (0.01, 0.3, 0.6, 0.9, 0.99):
        files[f"cut at {share}"] = (good[: int(share * len(good))], "does not")
    return files


def _patched(content, place, new):
    return content[:place] + new + content[place + len(new) :]


def _with_gap(good, start):
    end = good.rindex(b"PK\5\6")
    moved = good[:start] + b"secret" + good[start:end]
    return moved + _patched(good[end:], 16, struct.pack("<I", start + 6))


def _overlapping(n_members=2_000, size=1_000_000):
    """Return a small archive whose members all are the same megabyte."""
    content = bytes(size)
    crc = zlib.crc32(content)
    data = archive._header(b"0.npy", crc, size) + content
    entries = [
        archive._entry(f"{n}.npy".encode(), crc, size, 0) for n in range(n_members)
    ]
    directory = b"".join(entries)
    return data + directory + archive._end(n_members, len(directory), len(data))


def _manifests(good):
    """Files whose manifest does not agree with them, or with this release."""
    members = members_of(good)
    plain = dict(_raw(good))
    text = json.loads(plain[manifest.NAME])
    digests = text["members"]
    swapped = digests | {"0.npy": digests["1.npy"], "1.npy": digests["0.npy"]}

    def with_manifest(content):
        pieces = plain | {manifest.NAME: content}
        return b"".join(archive.write_archive(pieces.items()))

    twice = json.dumps(text)[:-1] + ', "format_version": 1}'
    return {
        "no manifest": (
            b"".join(archive.write_archive(list(plain.items())[1:])),
            "no member 'manifest.json'",
        ),
        "newer format": (
            file_of(members, format_version=2, versions={"skdeep": "9.0"}),
            r"version 2 of the format and was written by skdeep 9\.0",
        ),
        "older format": (file_of(members, format_version=0), "version 0 of the format"),
        "another format": (file_of(members, format="zip"), "does not say that it is"),
        "format of the wrong type": (file_of(members, format_version=True), "not say"),
        "format version as text": (file_of(members, format_version="1"), "not say"),
        "no versions": (file_of(members, versions=None), "written with"),
        "strange versions": (file_of(members, versions={"skdeep": [1]}), "written w"),
        "no digests": (file_of(members, members={}), "not those that"),
        "digests as list": (file_of(members, members=[]), "not those that"),
        "swapped digests": (file_of(members, members=swapped), "size and SHA-256"),
        "repeated keys": (with_manifest(twice.encode()), "same key twice"),
        "manifest that is a list": (with_manifest(b"[]"), "not a JSON object"),
        "manifest that is no text": (with_manifest(b"\xff\xfe"), "not valid"),
        "manifest of many values": (
            with_manifest(b'{"a":[' + b"0," * 500_000 + b"0]}"),
            "values or texts",
        ),
        "large manifest": (with_manifest(b" " * 5_000_000), "bytes, more than"),
        "deep manifest": (with_manifest(b'{"a":' + b"[" * 5_000), "nested too deeply"),
        "additional member": (
            file_of(members | {"999.npy": members["0.npy"]}),
            "nothing refers to its member '999.npy'",
        ),
    }


def _texts(good):
    """Schemas that are too much, or no schemas."""
    members = members_of(good)

    def with_schema(content):
        return file_of(members | {schema.NAME: content})

    deep = value_node("1")
    for number in range(120):
        deep = value_node("1", 10**9 + number) | {
            "__loader__": "ListNode",
            "__class__": "list",
            "content": [deep],
        }
    nested = members_of(good)
    attributes_of(nested, CODE)["filters"] = deep
    many = members_of(good)
    node = value_node("1") | {"__loader__": "ListNode", "__class__": "list"}
    items = [value_node("1", 2 * 10**9)] * 160_000
    attributes_of(many, CODE)["filters"] = node | {"content": items}
    return {
        "no schema": (
            file_of({k: c for k, c in members.items() if k != schema.NAME}),
            "no member 'schema.json'",
        ),
        "huge schema": (with_schema(b" " * 60_000_000), "bytes, more than"),
        "schema of many values": (
            with_schema(b'{"a":[' + b"[]," * 3_000_000 + b"[]]}"),
            "values or texts",
        ),
        "schema of many brackets": (with_schema(b"[" * 40_000_000), "more than"),
        "deep schema": (with_schema(b'{"a":' * 100_000), "nested too deeply"),
        "text that does not end": (
            with_schema(b'{"a":"' + b'\\"' * 10_000_000),
            "texts",
        ),
        "many texts that do not end": (with_schema(b'"\\' * 10_000_000), "texts"),
        "huge number": (with_schema(b'{"a":' + b"9" * 1_000_000 + b"}"), "not valid"),
        "not a number": (with_schema(b'{"protocol":NaN}'), "NaN"),
        "empty schema": (with_schema(b"{}"), "not described"),
        "schema of a list": (with_schema(b"[1,2]"), "not a JSON object"),
        "binary schema": (with_schema(bytes(range(256))), "not valid"),
        "objects in objects": (file_of(nested), "100 deep"),
        "many objects": (file_of(many), "one object too many|values or texts"),
    }


def _arrays(good):
    """Arrays that are something else than their header or the model says."""

    def with_first(content, name="0.npy"):
        return file_of(members_of(good) | {name: content})

    weights = attributes_of(members_of(good), CODE)["weights_"]["content"]
    largest = max(
        (node["file"] for node in weights), key=lambda n: len(members_of(good)[n])
    )
    one, other = weights[0]["file"], weights[1]["file"]
    members = members_of(good)
    swapped = members | {one: members[other], other: members[one]}
    objects = io.BytesIO()
    np.save(objects, np.array([Command()], dtype=object), allow_pickle=True)
    numbers = np.arange(6.0)
    nested = b"(" * 1000
    return {
        "pickle in place of an array": (with_first(pickle.dumps(Command())), "array"),
        "command in place of an array": (with_first(COMMAND), "not a file of an array"),
        "array of objects": (with_first(objects.getvalue()), "no array of numbers"),
        "empty member": (with_first(b""), "not a file of an array"),
        "shape bomb": (
            with_first(npy(numbers, shape=(2**40, 2**20)), largest),
            "48 bytes for an array of shape",
        ),
        "negative shape": (with_first(npy(numbers, shape=(-6,))), "no array of"),
        "too many dimensions": (with_first(npy(numbers, shape=(1,) * 20 + (6,))), "48"),
        "itemsize bomb": (
            with_first(npy(np.array([], "U1"), descr="<U999999999")),
            "has the dtype|impossible dtype",
        ),
        "impossible dtype": (with_first(npy(numbers, descr="<f7")), "impossible|dtype"),
        "dtype of objects": (with_first(npy(numbers, descr="|O8")), "no array of"),
        "dtype of dates": (with_first(npy(numbers, descr="<M8[ns]")), "no array of"),
        "dtype of records": (
            with_first(npy(numbers, descr=[("a", "<f8")]), largest),
            "array of records|describe",
        ),
        "code in a header": (
            with_first(npy(numbers).replace(b"False", b"exit(", 1)),
            "no array of numbers",
        ),
        "nested header": (
            with_first(b"\x93NUMPY\1\0" + struct.pack("<H", 1000) + nested),
            "no array of numbers",
        ),
        "newer header": (with_first(b"\x93NUMPY\2\0" + bytes(200)), "not a file of"),
        "swapped arrays": (file_of(swapped), "network that its parameters describe"),
        "array that is too short": (with_first(npy(numbers)[:-1]), "47 bytes"),
        "array that is too long": (with_first(npy(numbers) + b"\0"), "49 bytes"),
    }


def _types(contents):
    """Schemas that name what they may not name."""
    files = {}

    def add(name, pattern, change, model="autoencoder"):
        members = members_of(contents[model])
        change(members)
        files[name] = (file_of(members), pattern)

    def rename(module, name, loader=None, of=CODE):
        def change(members):
            node = node_named(members, of)
            node.update({"__module__": module, "__class__": name})
            if loader is not None:
                node["__loader__"] = loader

        return change

    def put(node):
        def change(members):
            attributes_of(members, CODE)["callbacks"] = node

        return change

    def named(loader, module, name, **more):
        names = {"__loader__": loader, "__module__": module, "__class__": name}
        return {"__id__": 10**9} | names | more

    empty = named("TupleNode", "builtins", "tuple", content=[]) | {"__id__": 10**9 + 1}
    for module, name in (
        ("subprocess", "Popen"),
        ("builtins", "object"),
        ("skdeep", "_ESTIMATORS"),
        ("skdeep.autoencoders._convolutional", CODE),
        ("sklearn.neighbors._kd_tree", "KDTree"),
        ("keras.layers", "Lambda"),
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ):
        add(f"object {module}.{name}", "is a .*which is neither", rename(module, name))
    for module, name in (
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("builtins", "map"),
        ("numpy", "load"),
        ("pickle", "loads"),
        ("keras.callbacks", "ModelCheckpoint"),
        ("sklearn.datasets._base", "load_files"),
        ("skdeep.persistence", "load"),
        ("a.module.that.does.not", "exist"),
    ):
        for loader in ("FunctionNode", "TypeNode"):
            node = named(loader, module, name)
            add(f"{loader} {module}.{name}", "has to vouch for", put(node))
    for module, name, loader in (
        ("builtins", "eval", "ConstructorFromReduceNode"),
        ("subprocess", "Popen", "ConstructorFromReduceNode"),
        ("builtins", "list", "MethodNode"),
        ("operator", "methodcaller", "OperatorFuncNode"),
        ("functools", "partial", "PartialNode"),
        ("collections", "defaultdict", "DefaultDictNode"),
        ("builtins", "bytes", "BytesNode"),
        ("numpy.random._generator", "Generator", "RandomGeneratorNode"),
        ("builtins", "list", "CachedNode"),
        ("builtins", "list", "NoSuchNode"),
        ("numpy", "void", "NdArrayNode"),
        ("numpy", "memmap", "NdArrayNode"),
        ("subprocess", "Popen", "ListNode"),
        ("subprocess", "Popen", "DictNode"),
        ("subprocess", "Popen", "LossNode"),
        ("subprocess", "Popen", "TreeNode"),
        ("subprocess", "Popen", "JsonNode"),
        ("subprocess", "Popen", "SliceNode"),
    ):
        node = named(loader, module, name, content=empty, type="json", shape=empty)
        pattern = "which is neither|lacks a part|not described"
        add(f"{loader} of {module}.{name}", pattern, put(node))
    add(
        "another class",
        "parameter or attribute|lacks",
        rename("skdeep", "RNNClassifier"),
    )
    add(
        "list at the top",
        "does not hold an est|lacks",
        rename("builtins", "list", "ListNode"),
    )
    add("older protocol", "protocol 1", lambda m: m[schema.NAME].update(protocol=1))
    add("newer protocol", "protocol 3", lambda m: m[schema.NAME].update(protocol=3))
    add("boolean protocol", "protocol", lambda m: m[schema.NAME].update(protocol=True))
    good = members_of(contents["autoencoder"])
    number = attributes_of(good, CODE)["filters"]["__id__"]
    add(
        "two objects of one number",
        "number of something else",
        put(value_node("3", number)),
    )
    add("no number", "has no number", put(value_node("3", "7")))
    add("number zero", "has no number", put(value_node("3", 0)))
    add("JSON in JSON", "is not a number", put(value_node("[" * 100_000)))
    add("invalid JSON in JSON", "is not a number", put(value_node("nope")))
    endless = named("FunctionNode", "os", "system")
    add("no words", "not described", put(endless | {"__class__": None}))
    add("long words", "not described", put(endless | {"__module__": "a." * 1000}))
    loaded = named("NdArrayNode", "numpy", "ndarray", type="numpy", file="schema.json")
    add("schema as an array", "no array|not a file|not its", put(loaded))
    stolen = loaded | {"file": "0.npy"}
    add("an array of two objects", "not its", put(stolen))
    add("missing array", "not its", put(loaded | {"file": "../0.npy"}))
    return files


def _networks(contents):
    """Parameters and weights that do not belong together."""
    files = {}

    def add(name, pattern, model="autoencoder", **values):
        members = members_of(contents[model])
        cls = CODE if model == "autoencoder" else "CharCNNClassifier"
        state = node_named(members, cls)["content"]
        for number, (key, text) in enumerate(values.items()):
            if key not in state["content"]:
                types = state["key_types"]["content"]
                types.append(types[0])
            state["content"][key] = value_node(text, 10**9 + number)
        files[name] = (file_of(members), pattern)

    describe = "network that its parameters describe|describe no network"
    for size in ("5", "1000000000", "99999999999999999999999", "0", "-1", "1e300"):
        add(f"n_components={size}", describe, n_components=size)
        add(f"kernel_size={size}", describe, kernel_size=size)
        add(f"embedding_size={size}", describe, "characters", embedding_size=size)
        add(f"characters filters={size}", describe, "characters", filters=size)
    add("unknown activation", describe, activation='"no such"')
    add("activation of code", describe, activation='"__import__(\\"os\\")"')
    add("parameter of another type", describe, interpolation="3")
    add("shape of an image", describe, image_shape_="3")
    add("no weights", "nothing refers", weights_="null")
    add("no vocabulary", describe, "characters", vocabulary_="null")
    add("unknown attribute", "attribute 'run'", run='"x"')
    add("attribute in place of a method", "attribute '_network'", _network="1")
    add("attribute in place of a property", "attribute 'model_'", model_="1")

    bombs = {
        "filters": [1] * 50_000,
        "image_shape_": [10**9, 10**9, 10**9],
        "kernel_sizes": [1] * 50_000,
    }
    for key, sizes in bombs.items():
        model = "characters" if key == "kernel_sizes" else "autoencoder"
        members = members_of(contents[model])
        cls = CODE if model == "autoencoder" else "CharCNNClassifier"
        items = [value_node(str(size), 2 * 10**9 + size) for size in sizes]
        attributes_of(members, cls)[key] = {
            "__class__": "tuple",
            "__module__": "builtins",
            "__loader__": "TupleNode",
            "content": items,
            "__id__": 10**9,
        }
        files[f"bomb in {key}"] = (file_of(members), describe)

    members = members_of(contents["characters"])
    donor = members_of(contents["autoencoder"])
    weights = attributes_of(members, "CharCNNClassifier")["weights_"]["content"]
    theirs = attributes_of(donor, CODE)["weights_"]["content"]
    for mine, other in zip(weights, theirs, strict=False):
        members[mine["file"]] = donor[other["file"]]
    files["weights of another class"] = (file_of(members), describe)

    members = members_of(contents["autoencoder"])
    for node in attributes_of(members, CODE)["weights_"]["content"]:
        if len(members[node["file"]]) > 200:
            old = members[node["file"]]
            members[node["file"]] = old.replace(b"<f4", b"<i4", 1)
    files["weights of another type"] = (file_of(members), describe)
    return files


def _backbones(good):
    """Backbones that Keras would build before anybody looks at them."""
    layer = {"module": "keras.layers", "registered_name": None}
    layers = [
        layer | {"class_name": "InputLayer", "config": {"batch_shape": [None, 10**5]}},
        layer | {"class_name": "Dense", "config": {"units": 10**5}},
    ]
    huge = {
        "module": "keras",
        "class_name": "Sequential",
        "registered_name": None,
        "config": {"name": "huge", "layers": layers},
    }
    unknown = {"module": None, "class_name": "Mine", "registered_name": "no>Mine"}
    described = "is none that you registered|no description|can be built here|too deep"
    files = {}
    for name, text in {
        "huge": json.dumps(huge),
        "unknown": json.dumps(unknown | {"config": {}}),
        "without a module": json.dumps({"class_name": "Dense", "config": {"units": 1}}),
        "in brackets": "[" * 10_000,
    }.items():
        members = members_of(good)
        types = node_named(members, "TransferLearningClassifier")["content"]
        nothing = {"__class__": "list", "__module__": "builtins", "content": []}
        types["content"]["backbone"] = {
            "__class__": "dict",
            "__module__": "builtins",
            "__loader__": "DictNode",
            "__id__": 10**9,
            "key_types": types["key_types"]
            | {"content": types["key_types"]["content"][:2], "__id__": 10**9 + 1},
            "content": {
                "config": value_node(json.dumps(text), 10**9 + 2),
                "weights": nothing | {"__loader__": "ListNode", "__id__": 10**9 + 3},
            },
        }
        files[f"backbone {name}"] = (file_of(members), described)
    return files


def _native(contents):
    """Numbers that lead compiled code out of its arrays."""
    files = {}

    def tree(name, field, value, pattern="indices lead out"):
        members = members_of(contents["forest"])
        node = node_named(members, "Tree")["content"]["content"]["nodes"]
        content = members[node["file"]]
        nodes = np.load(io.BytesIO(content)).copy()
        nodes[field][0] = value
        buffer = io.BytesIO()
        np.save(buffer, nodes)
        members[node["file"]] = buffer.getvalue()
        files[name] = (file_of(members), pattern)

    tree("child beyond the end", "left_child", 10**6)
    tree("child before the start", "right_child", -10)
    tree("child of itself", "left_child", 0)
    tree("feature beyond the end", "feature", 10**9)
    tree("feature before the start", "feature", -5)
    for key, text in (("node_count", "1000"), ("nodes", None), ("values", None)):
        members = members_of(contents["forest"])
        state = node_named(members, "Tree")["content"]["content"]
        if text is None:
            del state[key]
        else:
            state[key] = value_node(text)
        files[f"tree with other {key}"] = (
            file_of(members),
            "indices lead out|lacks|keys",
        )
    members = members_of(contents["forest"])
    arguments = node_named(members, "Tree")["__reduce__"]["args"]["content"]
    arguments[0] = value_node("100000")
    files["tree of many features"] = (file_of(members), "indices lead out")

    for key, value in (("indices", 10**6), ("indices", -1), ("indptr", 10**6)):
        members = members_of(contents["words"])
        node = node_named(members, "csr_matrix")
        parts = archive.read_archive(memoryview(members[node["file"]]))
        arrays = {
            name: np.load(io.BytesIO(part)).copy() for name, part in parts.items()
        }
        arrays[f"{key}.npy"][-1] = value
        pieces = [(name, npy(array)) for name, array in arrays.items()]
        members[node["file"]] = b"".join(archive.write_archive(pieces))
        files[f"sparse {key} {value}"] = (file_of(members), "indices lead out")
    for key, length in (("_intercept_", 0), ("_n_support", 4), ("support_", 1)):
        members = members_of(contents["words"])
        node = attributes_of(members, "SVC")[key]
        old = np.load(io.BytesIO(members[node["file"]]))
        members[node["file"]] = npy(np.resize(old, length))
        files[f"support vectors with {key}"] = (file_of(members), "sizes do not agree")
    for text in ("100000000000", "-1", "25", "true", "1.5", '"8"'):
        members = members_of(contents["neighbors"])
        tables = attributes_of(members, "HammingNeighbors")["tables_"]["content"]
        tables[0]["content"]["key_bits"] = value_node(text)
        files[f"table with {text} bits"] = (file_of(members), "belong to its codes")
    members = members_of(contents["words"])
    node = node_named(members, "csr_matrix")
    bomb = zipped([("data.npy", bytes(300_000_000))], zipfile.ZIP_DEFLATED)
    members[node["file"]] = bomb
    files["zip bomb in a sparse matrix"] = (file_of(members), "in another way")
    return files
