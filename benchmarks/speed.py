"""Is skdeep as fast as what its users would write instead?

    python -m pip install ".[benchmark]"
    python benchmarks/speed.py --json speed.json

Gives the same data, network, batch size and epochs to skdeep, SciKeras, plain Keras,
skorch and a plain PyTorch loop, in turns, each time in a process of its own, and prints
medians with what was learned beside them: nobody wins by learning less. Compiling is
timed, and so is the start of a search's worker processes, which skdeep's threads do
without; what is imported before that is not. Each library is tried in searches with a
worker for each core and with twice as many, and each but skdeep, which is left to its
own rule, with one thread and all threads: on a part of the work (some fits of a search,
one epoch of a fit), once. The setting whose time for the whole is likely the shortest
does the whole work as often as is asked for, and only that counts.
scikit-learn's network, where it can do the work, and the others in bfloat16, where the
processor multiplies it, stand beside them, timed once; aeon's networks are for time
series, which none of this is. After that come predictions, memory over hundreds of
fits, a thousand candidates, and how time grows with rows, candidates, classes and
workers; `--only` names parts. A part that fails is a bar that is missed.

Real data are used where SKDEEP_DATA or the data home has them, generated ones
elsewhere. Fails if a bar is missed. Do nothing else meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from peers.copies import THREADS, Library
from peers.measures import MEASURES
from peers.once import JOBS
from report import machine, multiplies_bfloat16, table, verdict

HERE = Path(__file__).resolve().parent
# Seconds after which a process has failed.
PATIENCE = 900
# Library -> what it is imported as.
PACKAGES = {
    "SciKeras": "scikeras",
    "Keras": "keras",
    "skorch": "skorch",
    "torch": "torch",
    "scikit-learn": "sklearn",
}
SEARCHES = ("digits search", "text search")
# Work -> library -> how many times as fast as it skdeep must be.
BARS = {
    "digits search": {"SciKeras": 8.0, "skorch": 2.5, "torch": 2.0},
    "text search": {"SciKeras": 2.0, "skorch": 1.2},
    "CIFAR CNN": {"Keras": 1.0, "torch": 1.0},
    "autoencoder": {"Keras": 2.0, "torch": 1.0},
    "LSTM": {"Keras": 1.5, "torch": 1 / 1.3},
}
# The same for training in bfloat16 against the other's float32, with as much learned.
BFLOAT16_BARS = {"CIFAR CNN": {"Keras": 1.5, "torch": 1.5}}
# How much worse than the best other library's median quality may be.
TOLERANCE = {
    "digits search": 0.01,
    "text search": 0.015,
    "CIFAR CNN": 0.02,
    "LSTM": 0.03,
}
ERROR_TOLERANCE = 0.1


@dataclass(frozen=True)
class Setting:
    """Threads of a process, and processes or threads of joblib."""

    threads: int
    n_jobs: int = 1

    def __str__(self) -> str:
        jobs = f", n_jobs={self.n_jobs}" if self.n_jobs > 1 else ""
        return f"{self.threads or 'default'} threads{jobs}"


@dataclass
class Contest:
    """What one library has done of one piece of work, in one precision."""

    work: str
    library: str
    precision: str = "float32"
    trials: dict[Setting, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)

    @property
    def judged(self) -> bool:
        """Whether a bar is about it; what is only shown is timed once."""
        bars = BARS[self.work]
        return self.library == "skdeep" or (
            self.library in bars and self.precision == "float32"
        )

    @property
    def best(self) -> Setting:
        """The setting that would take least time for the whole work."""
        return min(self.trials, key=lambda setting: self.trials[setting])

    def record(self) -> dict[str, object]:
        """Return everything measured, as JSON takes it."""
        trials = {str(setting): taken for setting, taken in self.trials.items()}
        return vars(self) | {"trials": trials, "best": str(self.best)}

    def try_out(self, library: Library, setting: Setting) -> str:
        """Do a part of the work in a setting; say how long the whole would take."""
        found = self._do(library, setting, seed=0, short=True)
        self.trials[setting] = found["seconds"]
        return f"{found['seconds']:.2f} s, reckoned from a part"

    def run(self, library: Library, seed: int) -> str:
        """Do the work once in the best setting; say what came out."""
        found = self._do(library, self.best, seed=seed, short=False)
        self.seconds.append(found["seconds"])
        self.quality.append(found["quality"])
        return f"{found['seconds']:.2f} s, quality {found['quality']:.4g}"

    def _do(
        self, library: Library, setting: Setting, *, seed: int, short: bool
    ) -> dict[str, float]:
        """Have the library work in a process of its own."""
        threads = str(setting.threads)
        found = library.run(
            self.work,
            environment=dict.fromkeys(THREADS, threads) if setting.threads else {},
            patience=PATIENCE,
            seed=seed,
            n_jobs=setting.n_jobs,
            precision=self.precision,
            short=short,
        )
        if found is None:
            raise RuntimeError(
                f"{self.library} took more than {PATIENCE} s for {self.work}."
            )
        return found


def settings_of(work: str, library: str) -> list[Setting]:
    """Return the settings that a library is tried with, those likely best first."""
    n_cores = os.cpu_count() or 1
    # skdeep: what a user gets who sets nothing but n_jobs.
    alone = [Setting(0)] if library == "skdeep" else [Setting(n_cores), Setting(1)]
    if work not in SEARCHES:
        return alone
    threads = 1 if library != "skdeep" else 0
    # While one worker builds a network, another may use its core.
    return [Setting(threads, n_jobs=n) for n in (n_cores, 2 * n_cores)] + alone


def compete(work: str, n_rounds: int, libraries: dict[str, Library]) -> list[Contest]:
    """Have all libraries do a piece of work, in turns, each in its best setting."""

    def tell(contest: Contest, setting: Setting, found: str) -> None:
        name = f"{work}, {contest.library}, {contest.precision}, {setting}"
        print(f"{name}: {found}", file=sys.stderr, flush=True)

    contests = [Contest(work, library) for library in JOBS[work]]
    if work in BFLOAT16_BARS and multiplies_bfloat16():
        contests += [Contest(work, library, "bfloat16") for library in JOBS[work]]
    for contest in contests:
        for setting in settings_of(work, contest.library):
            found = contest.try_out(libraries[contest.library], setting)
            tell(contest, setting, found)
    for number in range(n_rounds):
        for contest in contests:
            if contest.judged or number == 0:
                found = contest.run(libraries[contest.library], seed=number)
                tell(contest, contest.best, found)
    return contests


def judge(work: str, contests: list[Contest]) -> tuple[list[tuple], list[tuple]]:
    """Return the rows of the table, and which bars were met."""
    by_name = {(c.library, c.precision): c for c in contests}
    seconds = {name: median(c.seconds) for name, c in by_name.items()}
    rows, bars = [], []
    for contest in contests:
        name = contest.library, contest.precision
        times = contest.seconds
        relative = seconds[name] / seconds["skdeep", "float32"]
        rows.append(
            (
                f"{work}, {contest.precision}",
                contest.library,
                str(contest.best),
                median(times),
                min(times),
                max(times),
                relative,
                median(contest.quality),
            )
        )
    for precision, wanted in (
        ("float32", BARS[work]),
        ("bfloat16", BFLOAT16_BARS.get(work, {})),
    ):
        if ("skdeep", precision) not in by_name:
            continue
        for library, bar in wanted.items():
            ratio = seconds[library, "float32"] / seconds["skdeep", precision]
            text = f"{work}, {precision}: {ratio:.2f} times as fast as {library}"
            bars.append((f"{text} >= {bar:.2f}", ratio >= bar))
    others = [
        median(c.quality)
        for c in contests
        if c.library in BARS[work] and c.precision == "float32"
    ]
    for contest in [c for c in contests if c.library == "skdeep"]:
        quality = median(contest.quality)
        if work == "autoencoder":
            fair = quality <= min(others) * (1 + ERROR_TOLERANCE)
            text = f"error {quality:.4g} <= {min(others):.4g} + {ERROR_TOLERANCE:.0%}"
        else:
            fair = quality >= max(others) - TOLERANCE[work]
            text = f"accuracy {quality:.4f} >= {max(others):.4f} - {TOLERANCE[work]}"
        bars.append((f"{work}, {contest.precision}: {text}", fair))
    return rows, bars


def measure(name: str) -> dict[str, list]:
    """Take a measure of skdeep alone, in a process of its own."""
    command = [sys.executable, str(HERE / "peers" / "measures.py"), name]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    if done.returncode:
        raise RuntimeError(f"The measure {name!r} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def commit() -> str:
    """Return the commit that is checked out, or that there is none."""
    done = subprocess.run(
        ["git", "-C", str(HERE), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "no checkout"


def missing_packages(works: list[str]) -> list[str]:
    """Return the packages of other libraries that the works need and are not there."""
    needed = {
        PACKAGES.get(library, "skdeep") for work in works for library in JOBS[work]
    }
    return sorted(name for name in needed if find_spec(name) is None)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = [*BARS, *MEASURES]
    parser.add_argument("--only", nargs="*", choices=parts, default=parts)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file for everything measured")
    arguments = parser.parse_args(argv)
    works = [part for part in arguments.only if part in BARS]
    if missing := missing_packages(works):
        parser.error(
            f"{', '.join(missing)} cannot be imported: install what this compares by "
            "python -m pip install '.[benchmark]'"
        )
    print(machine(), f"commit {commit()}", sep="\n", flush=True)
    if not multiplies_bfloat16():
        print("This processor does not multiply bfloat16: its bars are left out.")
    start = time.perf_counter()
    rows: list[tuple] = []
    bars: list[tuple] = []
    everything: dict[str, Any] = {"machine": machine(), "commit": commit()}
    everything |= {"runs": [], "measures": {}}

    def keep() -> None:
        everything["minutes"] = (time.perf_counter() - start) / 60
        everything["bars"] = [{"bar": text, "met": bool(met)} for text, met in bars]
        if arguments.json:
            text = json.dumps(everything, indent=1)
            arguments.json.write_text(text, encoding="utf-8")

    keep()
    names = sorted({library for work in works for library in JOBS[work]})
    # All import at once, and wait; then one works at a time.
    with ExitStack() as stack:
        libraries = {
            name: stack.enter_context(closing(Library(name))) for name in names
        }
        for work in works:
            with failure_missing_a_bar(work, bars):
                contests = compete(work, arguments.rounds, libraries)
                some_rows, some_bars = judge(work, contests)
                rows += some_rows
                bars += some_bars
                everything["runs"] += [contest.record() for contest in contests]
            keep()
    for name in [part for part in arguments.only if part in MEASURES]:
        with failure_missing_a_bar(name, bars):
            found = everything["measures"][name] = measure(name)
            bars += [(f"{name}: {text}", met) for text, met in found["bars"]]
        keep()
    columns = ["work", "library", "best setting", "median s", "min", "max"]
    print(table([*columns, "relative", "quality"], rows))
    found = [row for taken in everything["measures"].values() for row in taken["rows"]]
    print("\n" + table(["skdeep alone", "value", "unit"], found))
    print(f"\n{everything['minutes']:.1f} minutes in all")
    return verdict(bars)


@contextmanager
def failure_missing_a_bar(part: str, bars: list[tuple]) -> Iterator[None]:
    """Note a part that fails among the bars, so that the others are still measured."""
    try:
        yield
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr, flush=True)
        bars.append((f"{part}: failed, {str(error).splitlines()[0]}", False))


if __name__ == "__main__":
    sys.exit(main())
