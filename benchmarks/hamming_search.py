"""How much faster than scikit-learn is `HammingNeighbors` on a million codes?

    python benchmarks/hamming_search.py

Draws 1,000,000 codes of 30 random bits, and queries that differ from some of them in
a few bits. Finds the 10 nearest codes of 1,000 queries by each algorithm and by
scikit-learn's brute force on the same bits, and everything within 2 bits of one query
at a time. Fails unless all distances agree, the batch is 20 times faster than
scikit-learn, and the median single query takes less than 0.75 milliseconds.

Random codes are the hard case for tables: nothing is near anything. scikit-learn gets
float64, its fastest type here, and all cores; `HammingNeighbors` gets one.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from report import machine, table, verdict
from sklearn.neighbors import NearestNeighbors

from skdeep.hashing import HammingNeighbors

SPEED_UP = 20
MILLISECONDS = 0.75


def seconds(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Return the time of one call, and its result."""
    start = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - start, result


def single_queries(neighbors: HammingNeighbors, queries: np.ndarray) -> float:
    """Return the median milliseconds of a search within 2 bits of one query."""
    neighbors.radius_neighbors(queries[:1])
    times = [
        seconds(neighbors.radius_neighbors, queries[row : row + 1])[0]
        for row in range(len(queries))
    ]
    return 1e3 * float(np.median(times))


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--bits", type=int, default=30)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--random-state", type=int, default=0)
    arguments = parser.parse_args(argv)

    rng = np.random.default_rng(arguments.random_state)
    shape = (arguments.codes, arguments.bits)
    codes = rng.integers(0, 2, shape, dtype=np.uint8)
    chosen = rng.integers(0, arguments.codes, arguments.queries)
    flips = rng.random((arguments.queries, arguments.bits)) < 0.1
    queries = codes[chosen] ^ flips
    print(machine())
    print(f"{arguments.codes} codes of {arguments.bits} bits, k = 10, radius 2")

    peer = NearestNeighbors(
        n_neighbors=10, metric="hamming", algorithm="brute", n_jobs=-1
    )
    fit_time, _ = seconds(peer.fit, codes.astype(np.float64))
    peer_time, (shares, _) = seconds(peer.kneighbors, queries.astype(np.float64))
    expected = np.rint(shares * arguments.bits).astype(np.int64)
    rows: list[tuple[Any, ...]] = [
        ("scikit-learn, brute", fit_time, peer_time, 1.0, "", "")
    ]

    algorithms = ["auto", "multi_index", "brute"]
    if importlib.util.find_spec("faiss") is not None:
        algorithms.append("faiss")
    bars = []
    indices: dict[str, np.ndarray] = {}
    for algorithm in algorithms:
        neighbors = HammingNeighbors(10, 2, algorithm)
        fit_time, _ = seconds(neighbors.fit, codes)
        batch_time, found = seconds(neighbors.kneighbors, queries)
        indices[algorithm] = found[1]
        within_time, _ = seconds(neighbors.radius_neighbors, queries)
        few = queries if algorithm in ("auto", "multi_index") else queries[:50]
        single = single_queries(neighbors, few)
        ratio = peer_time / batch_time
        rows.append((algorithm, fit_time, batch_time, ratio, within_time, single))
        equal = np.array_equal(found[0], expected)
        bars.append((f"{algorithm}: the distances of scikit-learn", equal))
        if algorithm == "auto":
            text = f"auto: {ratio:.0f} times faster than scikit-learn (>= {SPEED_UP})"
            bars.append((text, ratio >= SPEED_UP))
            text = f"auto: one query in {single:.2f} ms (< {MILLISECONDS} ms)"
            bars.append((text, single < MILLISECONDS))
    same = all(np.array_equal(found, indices["auto"]) for found in indices.values())
    bars.append(("all algorithms return the same indices", same))

    columns = ["search", "fit, s", f"{arguments.queries} x 10 nearest, s", "ratio"]
    columns += [f"{arguments.queries} x radius 2, s", "one x radius 2, ms"]
    print(table(columns, rows))
    return verdict(bars)


if __name__ == "__main__":
    sys.exit(main())
