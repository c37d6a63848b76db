"""Does training on more images than memory holds take little memory, and no longer?

    python benchmarks/streamed_images.py --gigabytes 12

Writes random images to a file, maps it into memory and trains a small convolutional
network on it for one epoch, in a process of its own whose peak of resident memory is
read from the system. Before and after that, in turns, the same network is trained on
some of the images in memory and on as many in the file; medians of these are what the
speed is compared with. The file is dropped from the page cache before it is read, and
deleted at the end. Fails if the process takes more than 1.5 GB, or trains on fewer than
80 % of the images per second that training in memory does.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from report import machine, table, verdict

LARGEST_GIGABYTES, SMALLEST_RATIO = 1.5, 0.8
N_CLASSES, N_TILES = 10, 8
BLOCK_IMAGES = 2048
BATCH_SIZE = 128


def write_images(folder: Path, n_images: int, size: int) -> None:
    """Write images of few colours to a file, block by block, and their classes."""
    generator = np.random.default_rng(0)
    colours = generator.integers(256, size=(N_CLASSES, 4, 3), dtype=np.uint8)
    labels = generator.integers(N_CLASSES, size=n_images)
    np.save(folder / "labels.npy", labels)
    side = size // N_TILES
    with open(folder / "images.raw", "wb") as file:
        for start in range(0, n_images, BLOCK_IMAGES):
            some = labels[start : start + BLOCK_IMAGES]
            which = generator.integers(4, size=(len(some), N_TILES, N_TILES))
            tiles = colours[some[:, None, None], which]
            file.write(tiles.repeat(side, axis=1).repeat(side, axis=2).tobytes())
        file.flush()
        os.fsync(file.fileno())


def forget_file(path: Path) -> None:
    """Drop a file from the page cache, so that reading it means reading the disk."""
    if hasattr(os, "posix_fadvise"):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def peak_gigabytes() -> float:
    """Return the largest resident memory that this process has had so far."""
    import resource

    # The maximum of a child begins at what its parent had when it was started, so the
    # system's own count for this program is preferred.
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="utf-8").splitlines()
        (line,) = [line for line in lines if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024 / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def train(folder: Path, size: int, n_images: int, kind: str) -> dict[str, float]:
    """Train for one epoch on the first images; return what it took."""
    import keras
    from sklearn import config_context

    from skdeep import CNNHashingTransformer

    class Stopwatch(keras.callbacks.Callback):
        """Measure the epoch: neither compiling nor looking for equal images."""

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - self.start)

    seconds: list[float] = []
    images = np.memmap(
        folder / "images.raw", np.uint8, mode="r", shape=(n_images, size, size, 3)
    )
    labels = np.load(folder / "labels.npy")[:n_images]
    if kind == "memory":
        images = np.array(images)
    estimator = CNNHashingTransformer(
        16, filters=(8, 16), epochs=1, batch_size=BATCH_SIZE, random_state=0
    )
    # Compiles what the next fit uses again.
    estimator.fit(np.array(images[: 4 * BATCH_SIZE]), labels[: 4 * BATCH_SIZE])
    before = peak_gigabytes()
    estimator.set_params(callbacks=[Stopwatch()])
    # Some of the images would fit into memory; they are to be streamed all the same.
    with config_context(working_memory=1 if kind == "stream" else 1024):
        estimator.fit(images, labels)
    return {
        "images_per_second": n_images / seconds[0],
        "seconds": seconds[0],
        "gigabytes_before": before,
        "gigabytes": peak_gigabytes(),
        "accuracy": estimator.history_["accuracy"][-1],
    }


def run(folder: Path, size: int, n_images: int, kind: str) -> dict[str, float]:
    """Train in a process of its own; return what it took."""
    found = subprocess.run(
        [
            *(sys.executable, str(Path(__file__).resolve()), "--worker", kind),
            *("--folder", str(folder), "--image-size", str(size)),
            *("--images", str(n_images)),
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(found.stdout.splitlines()[-1])


def measure(
    folder: Path, size: int, n_images: int, n_some: int, rounds: int
) -> dict[str, list[dict[str, float]]]:
    """Train in turns: in memory, on as much of the file, and once on all of it."""
    results: dict[str, list[dict[str, float]]] = {"memory": [], "stream": [], "all": []}
    for number in range(rounds):
        if number == rounds // 2:
            forget_file(folder / "images.raw")
            results["all"].append(run(folder, size, n_images, "all"))
        for kind in ("memory", "stream"):
            results[kind].append(run(folder, size, n_some, kind))
    return results


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=12.0)
    parser.add_argument("--image-size", type=int, default=64, help="a multiple of 8")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--folder", help="where to write the file")
    parser.add_argument("--images", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    size = arguments.image_size
    if arguments.worker:
        folder = Path(arguments.folder)
        print(json.dumps(train(folder, size, arguments.images, arguments.worker)))
        return 0
    n_images = int(arguments.gigabytes * 1e9 / (3 * size * size))
    # Enough for seconds of training, few enough for the memory of any machine.
    n_some = min(n_images, 20_000)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        free = shutil.disk_usage(name).free / 1e9
        if free < 1.05 * arguments.gigabytes + 1:
            parser.error(
                f"{name} has {free:.1f} GB left, too few for a file of "
                f"{arguments.gigabytes} GB. Choose another --folder, or fewer "
                "--gigabytes."
            )
        print(machine())
        start = time.perf_counter()
        write_images(Path(name), n_images, size)
        print(
            f"{n_images} images of {size} x {size} x 3 bytes "
            f"({3 * size * size * n_images / 1e9:.3g} GB) written in "
            f"{time.perf_counter() - start:.0f} s."
        )
        results = measure(Path(name), size, n_images, n_some, arguments.rounds)
    return report(results, n_images, n_some)


def report(
    results: dict[str, list[dict[str, float]]], n_images: int, n_some: int
) -> int:
    """Print what was measured; return the exit status."""
    medians = {
        kind: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for kind, runs in results.items()
    }
    in_memory = medians["memory"]["images_per_second"]
    names = {
        "memory": ("in memory", n_some),
        "stream": ("from the file", n_some),
        "all": ("from the file", n_images),
    }
    rows = [
        (
            *(*names[kind], len(results[kind])),
            *(found["seconds"], found["images_per_second"]),
            found["images_per_second"] / in_memory,
            *(found["gigabytes_before"], found["gigabytes"], found["accuracy"]),
        )
        for kind, found in medians.items()
    ]
    columns = "images are;images;runs;epoch (s);images/s;relative;GB before;peak GB"
    print(table([*columns.split(";"), "accuracy"], rows))
    peak = medians["all"]["gigabytes"]
    ratio = medians["all"]["images_per_second"] / in_memory
    return verdict(
        [
            (
                f"peak of resident memory {peak:.3f} GB <= {LARGEST_GIGABYTES} GB",
                peak <= LARGEST_GIGABYTES,
            ),
            (
                f"{ratio:.1%} of the speed in memory >= {SMALLEST_RATIO:.0%}",
                ratio >= SMALLEST_RATIO,
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
