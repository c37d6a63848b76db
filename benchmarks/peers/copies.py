"""A process that has imported a library, and copies itself for each piece of work.

To start Python and import TensorFlow takes longer than much of the work. A copy of a
process that has imported a library, but not started its threads, is as good as a new
one. Needs a system that can copy processes (`os.fork`).

Run as a program with the name of a library, it reads orders from its standard input,
one JSON object in a line, and answers each with a line of JSON.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from peers.once import JOBS, import_library, work_once

# Seconds for everything that is not timed: data, the start of threads, the quality.
PATIENCE = 600
# Variables by which libraries are told their threads, left to each piece of work.
THREADS = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")


class Library:
    """A library in a process of its own.

    Parameters
    ----------
    name : str
        One of those in `peers.once.JOBS`.
    """

    def __init__(self, name):
        self.name = name
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        for variable in THREADS:
            environment.pop(variable, None)
        here = Path(__file__).resolve().parents[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "peers.copies", name],
            cwd=here,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, work, *, environment, patience, **settings):
        """Do work in a copy of the process.

        Parameters
        ----------
        work : str
            One of `peers.once.JOBS`.
        environment : dict
            Variables to set.
        patience : float
            Seconds after which the work is given up.
        **settings : dict
            See `peers.once.work_once`.

        Returns
        -------
        found : dict or None
            Seconds and quality; None if it was given up.

        Raises
        ------
        RuntimeError
            If the work fails.
        """
        order = {"work": work, "environment": environment, "patience": patience}
        answer = ""
        with suppress(OSError):
            print(json.dumps(order | settings), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The process of {self.name} has ended.")
        found = json.loads(answer)
        if found and "error" in found:
            raise RuntimeError(f"{self.name} failed at {work}:\n{found['error']}")
        return found

    def close(self):
        """End the process."""
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def copied(library, order):
    """Do what is ordered in a copy of this process; return what it found."""
    environment, patience = order.pop("environment"), order.pop("patience")
    receiver, sender = os.pipe()
    with tempfile.TemporaryFile() as messages:
        process = os.fork()
        if process == 0:
            # Alone with its workers, so that they can be ended with it.
            os.setsid()
            os.dup2(messages.fileno(), 1)
            os.dup2(messages.fileno(), 2)
            os.environ.update(environment)
            status = 1
            try:
                found = work_once(
                    library=library, tell=lambda: os.write(sender, b"\n"), **order
                )
                os.write(sender, json.dumps(found).encode())
                status = 0
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stderr.flush()
                os._exit(status)
        os.close(sender)
        try:
            answer = received(receiver, patience)
        finally:
            os.close(receiver)
            # Its workers, too, but not what puts away what they shared.
            os.killpg(process, signal.SIGTERM)
            os.waitpid(process, 0)
        if answer is None:
            return None
        if not answer:
            messages.seek(0)
            return {"error": messages.read().decode(errors="replace")[-2000:]}
        return json.loads(answer)


def received(receiver, patience):
    """Return what the copy wrote; None if it was late with the work."""
    # Until the work begins, ends, and was judged.
    waits, text = (PATIENCE, patience, PATIENCE), b""
    while not text.strip():
        n_told = text.count(b"\n")
        if not select.select([receiver], [], [], waits[n_told])[0]:
            return None if n_told == 1 else b""
        part = os.read(receiver, 1 << 16)
        if not part:
            break
        text += part
    return text.strip()


def main() -> int:
    """Answer orders until there are no more."""
    (library,) = sys.argv[1:]
    import_library(library)
    load_data(library)
    for line in sys.stdin:
        print(json.dumps(copied(library, json.loads(line))), flush=True)
    return 0


def load_data(library):
    """Have the data of the library's work in memory."""
    from peers import works

    data = {
        "digits search": works.digits,
        "text search": works.messages,
        "CIFAR CNN": works.small_images,
        "autoencoder": works.flat_digits,
        "LSTM": works.conversations,
    }
    for work, load in data.items():
        if library in JOBS[work]:
            load()


if __name__ == "__main__":
    sys.exit(main())
