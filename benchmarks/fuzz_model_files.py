"""Does loading a damaged or forged model file ever go wrong?

    python benchmarks/fuzz_model_files.py

Saves five models and changes their files in 10,000 ways, drawn from a seed. Files that
are *damaged* have bytes flipped, cut out, repeated or exchanged. Files that are
*forged* were changed by somebody who knows the format: classes, numbers, arrays and
their headers are exchanged, and sizes and digests made right again.

A damaged file must load to a model that predicts the same bits, or be refused with
`ModelFileError`. So must a forged one, except that it may say, in all form, something
else: then it is another model, and using it may work or raise an ordinary exception,
but not crash. Nothing may take more than 2 seconds of processor time or 200 MB. Fails
otherwise, and prints the number of the mutation, which `--first N --mutations 1`
repeats.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skdeep import (
    CharCNNClassifier,
    DenoisingAutoencoderTransformer,
    HammingNeighbors,
    SemanticHashingTransformer,
)
from skdeep.datasets import make_messages
from skdeep.encoding.archive import read_archive, write_archive
from skdeep.persistence import ModelFileError, load, manifest, save

SECONDS, MEGABYTES = 2.0, 200.0
SCHEMA = "schema.json"

# How each line of a worker starts.
_MARK = '{"number": '

Rng = np.random.Generator
Members = dict[str, bytes]


def make_models() -> dict[str, tuple[Any, Any]]:
    """Return fitted models and what to predict."""
    X, y = load_digits(return_X_y=True)
    images, labels = X[:80] / 16, y[:80] % 2
    texts, kinds = make_messages(80, random_state=0, return_X_y=True)
    fast = {"epochs": 1, "batch_size": 32, "random_state": 0}
    code = DenoisingAutoencoderTransformer(4, hidden_layer_sizes=(8,), **fast)
    forest = RandomForestClassifier(5, max_depth=4, random_state=0)
    search = GridSearchCV(
        make_pipeline(code, LogisticRegression()),
        {"logisticregression__C": [0.1, 1.0]},
        scoring="roc_auc",
        cv=2,
    )
    characters = CharCNNClassifier(
        "kim", embedding_size=4, filters=4, kernel_sizes=(2, 3), **fast
    )
    words = make_pipeline(
        TfidfVectorizer(), KNeighborsClassifier(3, algorithm="brute", metric="cosine")
    )
    hashing = SemanticHashingTransformer(8, hidden_layer_sizes=(8,), **fast)
    neighbors = HammingNeighbors(2, algorithm="multi_index")
    return {
        "search": (search.fit(images, labels), images),
        "forest": (make_pipeline(code, forest).fit(images, labels), images),
        "characters": (characters.fit(texts, kinds), texts),
        "words": (words.fit(texts, kinds), texts),
        "neighbors": (make_pipeline(hashing, neighbors).fit(images), images),
    }


def outputs(model: Any, X: Any) -> list[np.ndarray]:
    """Return what a model computes."""
    if hasattr(model, "predict_proba"):
        return [model.predict_proba(X), model.predict(X)]
    return list(model[-1].kneighbors(model[:-1].transform(X)))


# -- damage ----------------------------------------------------------------------------


def flip_bits(rng: Rng, content: bytearray) -> None:
    """Flip one to eight bits."""
    for place in rng.integers(0, len(content), rng.integers(1, 9)):
        content[place] ^= 1 << int(rng.integers(8))


def flip_in_structure(rng: Rng, content: bytearray) -> None:
    """Flip a bit near the start or the end, where the archive describes itself."""
    width = min(len(content), 400)
    place = int(rng.integers(-width, width))
    content[place] ^= 1 << int(rng.integers(8))


def truncate(rng: Rng, content: bytearray) -> None:
    """Cut the end off."""
    del content[int(rng.integers(0, len(content))) :]


def append(rng: Rng, content: bytearray) -> None:
    """Add something at the end."""
    content += rng.bytes(int(rng.integers(1, 1000)))


def _span(rng: Rng, content: bytearray) -> slice:
    start = int(rng.integers(0, len(content)))
    return slice(start, start + int(rng.integers(1, 200)))


def cut(rng: Rng, content: bytearray) -> None:
    """Cut some bytes out."""
    del content[_span(rng, content)]


def repeat(rng: Rng, content: bytearray) -> None:
    """Insert a piece of the file at another place."""
    place = int(rng.integers(0, len(content)))
    content[place:place] = content[_span(rng, content)]


def overwrite(rng: Rng, content: bytearray) -> None:
    """Overwrite some bytes by others, of one value or of many."""
    span = _span(rng, content)
    length = len(content[span])
    one = bytes([int(rng.choice([0, 1, 127, 128, 255]))]) * length
    content[span] = one if rng.random() < 0.5 else rng.bytes(length)


def set_size(rng: Rng, content: bytearray) -> None:
    """Write a large or small number where one might be believed."""
    numbers = [0, 1, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1]
    place = int(rng.integers(0, max(len(content) - 4, 1)))
    number = int(rng.choice(numbers))
    content[place : place + 4] = number.to_bytes(4, "little")


DAMAGES = (
    flip_bits,
    flip_in_structure,
    truncate,
    append,
    cut,
    repeat,
    overwrite,
    set_size,
)


# -- forgery ---------------------------------------------------------------------------


def forge(members: Members) -> bytes:
    """Return a file with these members and a manifest that agrees with them."""
    header = manifest.make_manifest(members, "forged")
    return b"".join(write_archive([(manifest.NAME, header), *members.items()]))


def parts_of(value: Any, kind: type = dict) -> list[Any]:
    """Return all dicts of a schema, however deep."""
    found, stack = [], [value]
    while stack:
        item = stack.pop()
        if isinstance(item, kind):
            found.append(item)
        if isinstance(item, dict | list):
            stack += item.values() if isinstance(item, dict) else item
    return found


def _of_schema(change: Callable[[Rng, list[dict[str, Any]]], None]) -> Any:
    """Make a forgery of a function that changes nodes."""

    def forgery(rng: Rng, members: Members) -> None:
        root = json.loads(members[SCHEMA])
        nodes = [part for part in parts_of(root) if "__loader__" in part]
        change(rng, nodes)
        members[SCHEMA] = json.dumps(root).encode()

    forgery.__name__ = change.__name__
    forgery.__doc__ = change.__doc__
    return forgery


NUMBERS = (
    "0 1 -1 2 7 1000 10000000 1000000000 99999999999999999999 1e308 0.5 -0.5 NaN "
    'Infinity null true "adam" "linear" "relu" "" "None" "../../etc/passwd"'
).split()
NAMES = (
    ("posix", "system"),
    ("builtins", "eval"),
    ("builtins", "map"),
    ("builtins", "list"),
    ("subprocess", "Popen"),
    ("numpy", "ndarray"),
    ("numpy", "load"),
    ("numpy", "void"),
    ("skdeep", "RNNClassifier"),
    ("skdeep", "HammingNeighbors"),
    ("sklearn.svm._classes", "SVC"),
    ("sklearn.pipeline", "Pipeline"),
    ("sklearn.datasets._base", "load_files"),
    ("keras.layers", "Lambda"),
)


@_of_schema
def change_values(rng: Rng, nodes: list[dict[str, Any]]) -> None:
    """Put other numbers and texts in the place of some."""
    values = [node for node in nodes if node["__loader__"] == "JsonNode"]
    for node in rng.choice(values, rng.integers(1, 4)):
        node["content"] = str(rng.choice(NUMBERS))
        if rng.random() < 0.7:
            node["__id__"] = int(rng.integers(10**6, 10**9))


@_of_schema
def change_names(rng: Rng, nodes: list[dict[str, Any]]) -> None:
    """Name other classes and functions."""
    node = rng.choice(nodes)
    node["__module__"], node["__class__"] = map(str, rng.choice(NAMES))


@_of_schema
def change_loaders(rng: Rng, nodes: list[dict[str, Any]]) -> None:
    """Have a node built by another loader."""
    loaders = sorted({node["__loader__"] for node in nodes} | {"MethodNode"})
    rng.choice(nodes)["__loader__"] = str(rng.choice(loaders))


@_of_schema
def exchange_nodes(rng: Rng, nodes: list[dict[str, Any]]) -> None:
    """Put one node, or a copy of it, in the place of another."""
    one, other = rng.choice(nodes, 2, replace=False)
    copy = json.loads(json.dumps(other))
    one.clear()
    one.update(copy)


@_of_schema
def remove_parts(rng: Rng, nodes: list[dict[str, Any]]) -> None:
    """Remove an entry of a node, or of what it contains."""
    node = rng.choice(nodes)
    content = node.get("content")
    if isinstance(content, dict | list) and content and rng.random() < 0.7:
        place = int(rng.integers(len(content)))
        del content[list(content)[place] if isinstance(content, dict) else place]
    else:
        node.pop(str(rng.choice(sorted(node))))


@_of_schema
def change_references(rng: Rng, nodes: list[dict[str, Any]]) -> None:
    """Refer to another array, or to another object."""
    with_files = [node for node in nodes if "file" in node]
    node = rng.choice(with_files)
    if rng.random() < 0.5:
        node["file"] = rng.choice(with_files)["file"]
    else:
        node["__id__"] = rng.choice(nodes)["__id__"]


def _array_name(rng: Rng, members: Members) -> str:
    return str(rng.choice(sorted(members.keys() - {SCHEMA})))


def exchange_arrays(rng: Rng, members: Members) -> None:
    """Exchange two arrays."""
    one, other = _array_name(rng, members), _array_name(rng, members)
    members[one], members[other] = members[other], members[one]


def change_header(rng: Rng, members: Members) -> None:
    """Claim another shape or dtype in the header of an array."""
    name = _array_name(rng, members)
    content = members[name]
    old, new = (
        (b"'<f4'", b"'|O8'"),
        (b"'<f4'", b"'<i4'"),
        (b"'<i8'", b"'<f8'"),
        (b"False", b"True "),
        (b"(", b"(9"),
        (b"(", b"(0, "),
        (b"1", b"9"),
        (b"}", b"+"),
    )[int(rng.integers(8))]
    header, rest = content[:128], content[128:]
    header = header.replace(old, new, 1)[:127].ljust(127) + b"\n"
    members[name] = header + rest


def change_content(rng: Rng, members: Members) -> None:
    """Write other numbers into an array."""
    name = _array_name(rng, members)
    content = bytearray(members[name])
    if len(content) > 128:
        place = int(rng.integers(128, len(content)))
        values = (b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f", rng.bytes(8))
        value = values[int(rng.integers(4))]
        content[place : place + len(value)] = value
    members[name] = bytes(content)


def put_pickle(rng: Rng, members: Members) -> None:
    """Put a pickle that runs a command in the place of an array."""
    members[_array_name(rng, members)] = b"cposix\nsystem\n(S'touch hacked'\ntR."


def change_members(rng: Rng, members: Members) -> None:
    """Leave a member out, or add one."""
    name = _array_name(rng, members)
    if rng.random() < 0.5:
        del members[name]
    else:
        members["999.npy"] = members[name]


FORGERIES = (
    change_values,
    change_names,
    change_loaders,
    exchange_nodes,
    remove_parts,
    change_references,
    exchange_arrays,
    change_header,
    change_content,
    put_pickle,
    change_members,
)


def mutated(rng: Rng, content: bytes) -> tuple[str, bool, bytes]:
    """Return the name of a mutation, whether it is a forgery, and its result."""
    is_forged = bool(rng.random() < 0.4)
    while True:
        change: Any = rng.choice(np.array(FORGERIES if is_forged else DAMAGES))
        if is_forged:
            views = read_archive(memoryview(content))
            members = {k: bytes(v) for k, v in views.items() if k != manifest.NAME}
            change(rng, members)
            result = forge(members)
        else:
            damaged = bytearray(content)
            change(rng, damaged)
            result = bytes(damaged)
        if result != content:
            return change.__name__, is_forged, result


# -- measuring -------------------------------------------------------------------------


def reset_peak() -> None:
    """Have the system measure the peak of memory anew."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def megabytes(key: str) -> float:
    """Return the memory of this process, VmRSS now or VmHWM at most, in MB."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    values = [line.split()[1] for line in lines if line.startswith(f"{key}:")]
    return int(values[0]) / 1024 if values else 0.0


def attempt(path: Path, wanted: list[np.ndarray], X: Any) -> dict[str, Any]:
    """Load a file and say what came of it."""
    reset_peak()
    before, start = megabytes("VmRSS"), time.process_time()
    model, outcome = None, "refused"
    try:
        model = load(path)
    except ModelFileError:
        pass
    except Exception as error:
        outcome = f"{type(error).__name__}: {error}"[:200]
    seconds = time.process_time() - start
    memory = megabytes("VmHWM") - before
    if model is not None:
        try:
            found = outputs(model, X)
            equal = len(found) == len(wanted) and all(
                map(np.array_equal, found, wanted)
            )
            outcome = "equal" if equal else "different"
        except Exception:
            outcome = "unusable"
    return {"outcome": outcome, "seconds": seconds, "megabytes": memory}


def work(folder: Path, seed: int, numbers: range) -> None:
    """Try some mutations and print a line of JSON for each."""
    warnings.simplefilter("ignore")
    models = make_models()
    contents, wanted = {}, {}
    for name, (model, X) in models.items():
        save(model, folder / name)
        contents[name] = (folder / name).read_bytes()
        wanted[name] = outputs(load(folder / name), X)
    os.chdir(folder)
    path = folder / f"mutated_{numbers.start}"
    for number in numbers:
        rng = np.random.default_rng([seed, number])
        name = str(rng.choice(sorted(models)))
        kind, is_forged, content = mutated(rng, contents[name])
        path.write_bytes(content)
        result = {"number": number, "model": name, "kind": kind, "forged": is_forged}
        print(json.dumps(result), flush=True)
        result |= attempt(path, wanted[name], models[name][1])
        print(json.dumps(result), flush=True)
    path.unlink()
    if any(folder.glob("hacked*")):
        raise SystemExit("A model file ran a command.")


def run_worker(seed: int, numbers: range) -> list[dict[str, Any]]:
    """Run mutations in a process of their own, and another one if it crashes."""
    results: list[dict[str, Any]] = []
    while numbers:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--folder", folder]
            command += ["--seed", str(seed), "--first", str(numbers.start)]
            command += ["--mutations", str(len(numbers))]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        # A model that was told to be verbose writes lines of its own.
        own = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
        lines = [json.loads(line) for line in own]
        results += [line for line in lines if "outcome" in line]
        if done.returncode == 0:
            return results
        if not lines:
            raise SystemExit(f"The worker failed with exit status {done.returncode}.")
        crash = {"outcome": f"crash {done.returncode}", "seconds": 0, "megabytes": 0}
        results.append(lines[-1] | crash)
        numbers = range(lines[-1]["number"] + 1, numbers.stop)
    return results


def is_lawful(result: dict[str, Any]) -> bool:
    """Tell whether a file did no harm."""
    allowed = {"refused", "equal"}
    if result["forged"]:
        allowed |= {"different", "unusable"}
    return (
        result["outcome"] in allowed
        and result["seconds"] <= SECONDS
        and result["megabytes"] <= MEGABYTES
    )


def report(results: list[dict[str, Any]]) -> str:
    """Return a table of what came of each kind of mutation."""
    outcomes = ("refused", "equal", "different", "unusable")
    lines = [
        "| mutation | files | " + " | ".join(outcomes) + " | worst s | worst MB |",
        "|---|---" + "|---" * len(outcomes) + "|---|---|",
    ]
    kinds = [(kind.__name__, False) for kind in DAMAGES]
    kinds += [(kind.__name__, True) for kind in FORGERIES]
    for kind, is_forged in [*kinds, ("all", None)]:
        some = [r for r in results if kind in (r["kind"], "all")]
        if some:
            counts = Counter(r["outcome"] for r in some)
            cells = [f"{'forged: ' if is_forged else ''}{kind}", len(some)]
            cells += [counts[outcome] for outcome in outcomes]
            cells += [f"{max(r['seconds'] for r in some):.2f}"]
            cells += [f"{max(r['megabytes'] for r in some):.0f}"]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the mutations; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    numbers = range(arguments.first, arguments.first + arguments.mutations)
    if arguments.folder is not None:
        work(arguments.folder, arguments.seed, numbers)
        return 0
    start = time.perf_counter()
    results = run_worker(arguments.seed, numbers)
    print(report(results))
    unlawful = [result for result in results if not is_lawful(result)]
    for result in unlawful[:20]:
        print(result)
    seconds = time.perf_counter() - start
    print(f"{len(results)} files in {seconds:.0f} s; {len(unlawful)} did harm.")
    return int(bool(unlawful) or len(results) != len(numbers))


if __name__ == "__main__":
    raise SystemExit(main())
