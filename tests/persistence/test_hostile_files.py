import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import skdeep
from skdeep.persistence import ModelFileError, load
from tests.common.hostile_files import hostile_files

# A file may take as long as so many plain readings of 50,000 objects, some seconds: a
# number of seconds would fail on a slow machine. The largest take 80 to 130 of them.
READINGS, MEGABYTES = 300, 200

# Loads good files first, so that everything that loading needs is imported. Then it
# loads the others under an audit hook, which sees all that the interpreter does.
WATCHED = r"""
import json, sys, time, warnings
from pathlib import Path

from skdeep.persistence import ModelFileError, load

folder = Path(sys.argv[1])
for path in sorted(folder.glob("good_*")) * 2:
    load(path)
events, watching = [], False
KNOWN = ("skdeep", "sklearn", "skops", "numpy", "scipy", "keras", "tensorflow")
FORBIDDEN = (
    "exec", "code.__new__", "ctypes", "os.", "subprocess.", "socket.", "pickle.",
    "marshal.", "shutil.", "tempfile.", "urllib.", "ftplib.", "http.", "pty.",
    "function.__new__", "cpython.", "mmap.", "sqlite3.", "winreg.", "webbrowser.",
)
# A header of an array is read as a literal. That makes a syntax tree, and no code.
LITERAL = "<unknown>"


def is_harmless(event, arguments):
    if event == "import":
        package = arguments[0].partition(".")[0]
        dangerous = ("subprocess", "pickle", "ctypes")
        return package in {*KNOWN, *sys.stdlib_module_names}.difference(dangerous)
    if event == "open":
        path, mode, flags = arguments
        return not flags & 3 and (mode is None or not set(mode) & set("wax+"))
    if event == "compile":
        return arguments[1] == LITERAL
    return not event.startswith(FORBIDDEN)


def watch(event, arguments):
    if watching and not is_harmless(event, arguments):
        events.append(f"{event} {arguments!r:.200}")


def megabytes(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return [int(line.split()[1]) / 1024 for line in lines if line.startswith(key)][0]


def reading():
    text = json.dumps([{"number": str(number)} for number in range(50_000)])
    start = time.process_time()
    json.loads(text)
    return time.process_time() - start


unit = sorted(reading() for _ in range(5))[2]
sys.addaudithook(watch)
warnings.simplefilter("ignore")
for path in sorted(folder.glob("hostile_*")):
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass
    before, start = megabytes("VmRSS"), time.process_time()
    events.clear()
    watching = True
    try:
        load(path)
        outcome = "loaded"
    except ModelFileError as error:
        outcome = "refused"
    except Exception as error:
        outcome = f"{type(error).__name__}: {error}"
    finally:
        watching = False
    result = {
        "name": path.name,
        "outcome": outcome,
        "readings": (time.process_time() - start) / unit,
        "megabytes": megabytes("VmHWM") - before,
        "events": list(events),
    }
    print(json.dumps(result), flush=True)
# The hook itself has to work.
watching = True
events.clear()
exec("pass")
open(folder / "written", "w").close()
print(json.dumps({"name": "control", "events": list(events)}))
"""


@pytest.fixture(scope="module")
def corpus(contents):
    """Give all hostile files and the patterns of their refusals."""
    return hostile_files(contents)


def test_each_is_refused_by_name(corpus, tmp_path, monkeypatch):
    """Each hostile file is refused, and the message says why."""
    assert len(corpus) > 150
    path = tmp_path / "model"
    wrong = {}
    for name, (content, pattern) in corpus.items():
        path.write_bytes(content)
        try:
            with pytest.raises(
                ModelFileError, match=f"model cannot be loaded: .*(?s:{pattern})"
            ):
                load(path)
        except (Exception, pytest.fail.Exception) as error:
            wrong[name] = str(error)
    assert not wrong, "\n".join(f"{name}: {text}" for name, text in wrong.items())
    assert os.listdir(tmp_path) == ["model"]


@pytest.fixture(scope="module")
def watched(corpus, contents, tmp_path_factory):
    """Give what a process saw that loads all files under an audit hook."""
    folder = tmp_path_factory.mktemp("hostile")
    for number, content in enumerate(contents.values()):
        (folder / f"good_{number}").write_bytes(content)
    names = {}
    for number, (name, (content, _)) in enumerate(corpus.items()):
        (folder / f"hostile_{number:04d}").write_bytes(content)
        names[f"hostile_{number:04d}"] = name
    environment = dict(os.environ, PYTHONPATH=str(Path(skdeep.__file__).parents[1]))
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(folder)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert not (folder / "hacked").exists()
    *results, control = results
    assert {r["name"] for r in results} == set(names)
    found = {names[result["name"]]: result for result in results}
    return found, control


@pytest.mark.slow
def test_nothing_is_executed(watched):
    """The interpreter neither runs, writes nor imports anything that it should not."""
    found, control = watched
    assert {name: r["events"] for name, r in found.items() if r["events"]} == {}
    assert {name for name, r in found.items() if r["outcome"] != "refused"} == set()
    kinds = [event.partition(" ")[0] for event in control["events"]]
    assert {"exec", "open"} <= set(kinds)


@pytest.mark.slow
def test_nothing_takes_long_or_much(watched):
    """Each file is refused in the time of some plain readings and within 200 MB."""
    found, _ = watched
    slow = {n: r["readings"] for n, r in found.items() if r["readings"] > READINGS}
    large = {n: r["megabytes"] for n, r in found.items() if r["megabytes"] > MEGABYTES}
    assert (slow, large) == ({}, {})
