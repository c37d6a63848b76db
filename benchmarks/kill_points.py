"""Kill fits at random points and compare what they end with.

Twenty fits of five kinds are killed fifty times each, and started again after each
kill until they end. Some kills are those of whole processes, SIGKILL at a random
instant of training. Starting TensorFlow takes seconds, so most are kills of the
process that writes the checkpoint, at a random step: before or after the system's
calls, or with a part of a piece written. The fit then loses all that it had in memory,
as if it had been killed itself, and a new estimator goes on from what is on the disk.

After every kill the file must be the whole checkpoint of an epoch, not older than the
one before, or not there yet. In the end weights, history and number of epochs must have
the same bits as those of a fit that was never killed, and nothing may be left in the
folder. The program fails otherwise.

    python benchmarks/kill_points.py
    python benchmarks/kill_points.py --fits 20 --kills 50 --process-kills 50

The last kills whole processes only: about a second of processor time for each.
"""

import argparse
import hashlib
import os
import pickle
import select
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from report import machine, table, verdict

from skdeep import (
    DenoisingAutoencoderTransformer,
    SemanticHashingTransformer,
    StackedAutoencoderTransformer,
    VariationalAutoencoderTransformer,
)
from skdeep.encoding import atomic_file
from skdeep.encoding.checkpoint_file import read_checkpoint, write_checkpoint
from skdeep.encoding.file_lock import lock_path
from skdeep.encoding.malformed_file import MalformedFileError
from skdeep.mixins import checkpointing
from skdeep.mixins.checkpointing import FitCheckpoint
from skdeep.runtime import LookaheadSGD

# The network, and what of its training has a state that must survive. No objects of
# Keras: a process that has made one uses TensorFlow and cannot be forked any more.
KINDS = {
    "dense, Adam": (StackedAutoencoderTransformer, {"hidden_layer_sizes": (8,)}),
    "pretrained, averages": (
        StackedAutoencoderTransformer,
        {
            "hidden_layer_sizes": (8,),
            "pretraining": "greedy",
            "pretraining_epochs": 1,
            "optimizer": "sgd",
            "optimizer__momentum": 0.9,
            "optimizer__use_ema": True,
        },
    ),
    "noisy, lookahead": (
        DenoisingAutoencoderTransformer,
        {"hidden_layer_sizes": (8,), "optimizer": LookaheadSGD, "learning_rate": 0.05},
    ),
    "variational, early stopping": (
        VariationalAutoencoderTransformer,
        {
            "hidden_layer_sizes": (8,),
            "early_stopping": True,
            "n_iter_no_change": 1000,
            "learning_rate_schedule": "linear",
        },
    ),
    "hashing, RMSprop": (
        SemanticHashingTransformer,
        {"hidden_layer_sizes": (8,), "optimizer": "rmsprop"},
    ),
}
# Enough that a fit is not over before it has been killed as often as it should.
EPOCHS_PER_KILL = 3
ROWS, COLUMNS, CODE, BATCH = 64, 12, 4, 16


class Lost(BaseException):
    """All that the fit had in memory is gone."""


def estimator(kind, seed, epochs, path=None):
    """Return an unfitted estimator."""
    make, settings = KINDS[kind]
    settings = {"epochs": epochs, "batch_size": BATCH, **settings}
    return make(**settings).set_params(
        **{"n_bits" if "hashing" in kind else "n_components": CODE},
        random_state=seed,
        checkpoint=path,
    )


def rows(seed):
    """Return what to train on."""
    return np.random.default_rng(seed).uniform(size=(ROWS, COLUMNS))


def digest(fitted):
    """Return a digest of every bit that a fit has left."""
    content = hashlib.sha256(repr((fitted.history_, fitted.n_iter_)).encode())
    for array in fitted.weights_:
        content.update(array.tobytes())
    return content.hexdigest()


# -- children --------------------------------------------------------------------------


def forked(function, *arguments):
    """Call a function in a child; return its process id and where its result comes."""
    read, write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child:
        os.close(write)
        return child, read
    status = 1
    try:
        os.close(read)
        with open(write, "wb", buffering=0) as pipe:
            function(pipe, *arguments)
        status = 0
    finally:
        os._exit(status)


def result_of(child, read):
    """Wait for a child to end; return what it has sent."""
    with open(read, "rb") as pipe:
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"A child ended with status {status}.")
    return pickle.loads(content)


def whole(pipe, kind, seed, epochs):
    """Fit without any kill."""
    start = time.perf_counter()
    fitted = estimator(kind, seed, epochs).fit(rows(seed))
    taken = time.perf_counter() - start
    pipe.write(pickle.dumps((digest(fitted), taken)))


def resumed(pipe, kind, seed, epochs, path):
    """Fit from the checkpoint, if there is one; say when training begins."""
    begin = FitCheckpoint.load

    def tell(checkpoint):
        pipe.write(b"begun")
        return begin(checkpoint)

    FitCheckpoint.load = tell
    fitted = estimator(kind, seed, epochs, path).fit(rows(seed))
    pipe.write(digest(fitted).encode())


# -- what is on the disk ---------------------------------------------------------------


class Disk:
    """What a killed fit has left, looked at after each kill."""

    def __init__(self, path):
        self.path = path
        self.found = Counter()
        self.epoch = 0

    def look(self):
        """Count what is there."""
        self.found["kills"] += 1
        try:
            epoch = read_checkpoint(self.path).about["epoch"]
        except FileNotFoundError:
            epoch = 0
        except MalformedFileError as error:
            print(f"torn: {error}")
            self.found["torn"] += 1
            return
        self.found["older"] += epoch < self.epoch
        self.found["newer"] += epoch > self.epoch
        self.epoch = epoch
        parts = [n for n in os.listdir(self.path.parent) if n.endswith(".part")]
        # Those of earlier kills were to be removed by the fit that came after them.
        self.found["unfinished"] += len(parts) > 0
        self.found["piled up"] += len(parts) > 1


# -- kills of whole processes ----------------------------------------------------------


def kill_processes(disk, kind, seed, epochs, n_kills, generator, longest):
    """Kill a fit's process at random instants; return how many it took."""
    for _ in range(n_kills):
        child, read = forked(resumed, kind, seed, epochs, disk.path)
        begun = os.read(read, 5) == b"begun"
        if begun:
            # Whoever ends before that was too fast to be killed.
            select.select([read], [], [], generator.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(read)
        disk.look()


# -- kills of the writer ---------------------------------------------------------------


def die_at(number, share):
    """Have this process kill itself at a step of writing a file."""
    steps = [0]

    def step():
        if steps[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        steps[0] += 1

    def around(function):
        def stepping(*arguments):
            step()
            result = function(*arguments)
            step()
            return result

        return stepping

    class DyingFile:
        def __init__(self, *arguments):
            step()
            self._file = open(*arguments, buffering=0)
            step()

        def __getattr__(self, name):
            return getattr(self._file, name)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self._file.close()

        def write(self, piece):
            cut = int(share * len(piece))
            self._file.write(piece[:cut])
            step()
            self._file.write(piece[cut:])
            step()

    names = ("chmod", "fsync", "replace", "close")
    replaced = {name: around(getattr(os, name)) for name in names}
    atomic_file.open = DyingFile
    atomic_file.os = SimpleNamespace(**(vars(os) | replaced))
    return steps


def killed_writer(generator, *arguments):
    """Write a checkpoint in a child that dies on the way, at a random step."""
    n_arrays = sum(map(len, arguments[2].values()))
    # A header and a content for each array and the manifest, the directory and its
    # end, each in two steps; ten of the system. Half of the deaths are among the last,
    # where files change their names.
    n_steps = 4 * (n_arrays + 1) + 4 + 10
    first = 0 if generator.random() < 0.5 else n_steps - 12
    number, share = int(generator.integers(first, n_steps)), generator.random()

    def write(pipe):
        die_at(number, share)
        write_checkpoint(*arguments)

    child, read = forked(write)
    os.close(read)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def kill_writers(pipe, disk, kind, seed, epochs, n_kills, generator):
    """Have fits lose everything while they write, and go on until one ends."""
    left = [n_kills]

    def write(*arguments):
        if left[0] and generator.random() < 0.7:
            dead = killed_writer(generator, *arguments)
            left[0] -= dead
            disk.look() if dead else None
            raise Lost
        write_checkpoint(*arguments)

    checkpointing.write_checkpoint = write
    # What the system would do if the process had been killed: the file stays.
    while True:
        try:
            fitted = estimator(kind, seed, epochs, disk.path).fit(rows(seed))
            break
        except Lost:
            continue
    pipe.write(pickle.dumps((digest(fitted), disk.found, left[0])))


# -- the whole -------------------------------------------------------------------------


def killed_fit(folder, kind, number, arguments):
    """Kill one fit as often as asked; return what was found."""
    generator = np.random.default_rng([arguments.seed, number])
    epochs, seed = EPOCHS_PER_KILL * arguments.kills, number
    wanted, seconds = result_of(*forked(whole, kind, seed, epochs))
    n_processes = min(arguments.process_kills, arguments.kills)
    disk = Disk(Path(folder, f"fit {number}.checkpoint"))
    # With its compilation, a whole fit takes a multiple of the instants to be hit.
    longest = min(0.2, seconds / 4)
    kill_processes(disk, kind, seed, epochs, n_processes, generator, longest)
    ended, found, left = result_of(
        *forked(
            kill_writers,
            disk,
            kind,
            seed,
            epochs,
            arguments.kills - n_processes,
            generator,
        )
    )
    found["by process"] = n_processes
    found["equal"] = int(ended == wanted)
    found["spared"] = left
    found["left over"] = len(os.listdir(folder))
    lock_path(disk.path).unlink(missing_ok=True)
    return found


def main():
    """Kill all fits and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fits", type=int, default=20)
    parser.add_argument("--kills", type=int, default=50, help="of each fit")
    parser.add_argument(
        "--process-kills", type=int, default=3, help="those that kill whole processes"
    )
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    start = time.perf_counter()
    totals = {kind: Counter() for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.fits):
            kind = list(KINDS)[number % len(KINDS)]
            totals[kind] += Counter(fits=1)
            totals[kind].update(killed_fit(folder, kind, number, arguments))
    columns = ["fits", "kills", "by process", "newer", "unfinished", "torn", "equal"]
    print(machine())
    print(f"{time.perf_counter() - start:.0f} s")
    print()
    print(
        table(
            ["training", *columns],
            [[kind, *(found[c] for c in columns)] for kind, found in totals.items()],
        )
    )
    every = sum(totals.values(), Counter())
    return verdict(
        [
            (
                f"{every['kills']} kills of {arguments.fits * arguments.kills}",
                every["kills"] == arguments.fits * arguments.kills,
            ),
            ("no torn file", every["torn"] == 0),
            ("no epoch lost that had been written", every["older"] == 0),
            ("unfinished files are removed", every["piled up"] == 0),
            ("nothing left over", every["left over"] == 0),
            ("same bits as without kills", every["equal"] == arguments.fits),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
