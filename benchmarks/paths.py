"""Gradients by path: time and memory from 10^3 to 10^7 operations, beside its peers.

On arrays the computation has steps `w*a + 0.957*b` whose operands are drawn from the last 50
results. Ours is everything: values, gradient, the contribution of every edge, mass, number of
paths, ten best paths. The peers give the gradient alone. Each size and each peer has a process of
its own. The file has the same steps as text, one a line; it is read by the command line.
"""

from __future__ import annotations

import heapq
import importlib.util
import json
import math
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from paths_file import FACTOR, LINES, STATES, WINDOW, time_file, write_file

HERE = Path(__file__).resolve().parent
SIZES = (10**3, 10**4, 10**5, 10**6, 10**7)
PEER_SIZES = {"micrograd": SIZES[:4], "torch": SIZES[:4], "jax": SIZES[:4]}
RUNS = 3
LONG = 10**6
"""From this size on a peer is called once; its first call is dear only by its imports."""
STEPS, BEST = 100_000, 1000
"""Of the residual chain, which has 2^STEPS paths, and how many of them are ranked."""
SECONDS = 60.0
"""For one process; what takes longer is left out and said."""
WEIGHTS = 52


def draw(operations: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each step which weight and which two earlier results it takes; a point."""
    random = np.random.default_rng(0)
    steps = operations // 3
    back = random.integers(1, WINDOW + 1, size=(steps, 2))
    point = np.concatenate([random.normal(size=STATES), random.uniform(-0.02, 0.106, size=WEIGHTS)])
    return random.integers(0, WEIGHTS, size=steps), back, point


def build_tape(weight: np.ndarray, back: np.ndarray) -> Any:
    """The computation as arrays: states, weights, the factor, then three operations a step."""
    from gradiometer.numeric import CODES, CONSTANT, INPUT, Tape

    steps, base = len(weight), STATES + WEIGHTS + 1
    opcode = np.full(base + 3 * steps, CODES["*"], np.uint8)
    opcode[: base - 1], opcode[base - 1] = INPUT, CONSTANT
    opcode[base + 2 :: 3] = CODES["+"]
    arity = np.full(len(opcode) + 1, 2)
    arity[: base + 1] = 0
    earlier = np.arange(steps)[:, None] - back
    node = np.where(earlier >= 0, base + 3 * earlier + 2, STATES + earlier)
    operand = np.empty((steps, 6), np.int32)
    operand[:, 0], operand[:, 1] = STATES + weight, node[:, 0]
    operand[:, 2], operand[:, 3] = base - 1, node[:, 1]
    operand[:, 4] = base + 3 * np.arange(steps)
    operand[:, 5] = operand[:, 4] + 1
    first = np.cumsum(arity).astype(np.int64)
    return Tape(opcode, first, operand.ravel(), np.array([FACTOR]), len(opcode) - 1)


def run_steps(weight: np.ndarray, back: np.ndarray, inputs: list[Any]) -> Any:
    """The same computation with the numbers of a peer."""
    states, weights = list(inputs[:STATES]), inputs[STATES:]
    for w, (a, b) in zip(weight.tolist(), back.tolist(), strict=True):
        states.append(weights[w] * states[-a] + FACTOR * states[-b])
    return states[-1]


def measure(call: Callable[[], Any], runs: int) -> dict[str, float]:
    """Medians of processor and wall seconds after a first call, and the first call's wall time.

    Processor time is also told apart: what the program computes, and what the system takes to
    hand out memory.
    """
    rows = []
    for _ in range(1 + runs):
        before, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        call()
        after = resource.getrusage(resource.RUSAGE_SELF)
        user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        rows.append((user + system, user, system, time.perf_counter() - wall))
    first = rows[0][3]
    # The first call counts only where there is no other.
    rows = rows[1:] or rows
    cpus, users, systems, walls = zip(*rows, strict=True)
    return {
        "cpu": statistics.median(cpus), "least cpu": min(cpus),
        "user": statistics.median(users), "system": statistics.median(systems),
        "wall": statistics.median(walls), "first": first,
    }  # fmt: skip


def peak_megabytes() -> float:
    """The largest memory the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def time_ours(operations: int) -> dict[str, Any]:
    """Everything for one input, from tape and point on."""
    from gradiometer.numeric import analyse_paths, linearise, run_tape

    weight, back, point = draw(operations)
    tape = build_tape(weight, back)
    source = STATES - 1

    def everything() -> Any:
        graph = linearise(run_tape(tape, point)).graph
        return graph, analyse_paths(graph, source)

    times = measure(everything, RUNS)
    graph, found = everything()
    return {
        **times, "edges": graph.edge_count, "megabytes": peak_megabytes(),
        "gradient": float(found.back.adjoint[source].to_float()[0]),
        "log2 paths": float(found.back.count[source].log2()[0]),
        "share of mass": found.coverage.mass_share,
    }  # fmt: skip


def time_micrograd(operations: int) -> dict[str, Any]:
    """Forward and backward; its recursion needs a limit and a stack far above the usual ones."""
    from micrograd.engine import Value

    weight, back, point = draw(operations)
    inputs: list[Any] = []

    def gradient() -> None:
        inputs[:] = map(Value, point.tolist())
        run_steps(weight, back, inputs).backward()

    sys.setrecursionlimit(10**8)
    times = measure(gradient, 0 if operations >= LONG else 1)
    return {**times, "megabytes": peak_megabytes(), "gradient": inputs[STATES - 1].grad}


def time_torch(operations: int) -> dict[str, Any]:
    """Forward and backward on tensors without dimensions."""
    import torch

    weight, back, point = draw(operations)
    inputs: list[Any] = []

    def gradient() -> None:
        inputs[:] = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        run_steps(weight, back, inputs).backward()

    times = measure(gradient, 0 if operations >= LONG else 1)
    return {**times, "megabytes": peak_megabytes(), "gradient": float(inputs[STATES - 1].grad)}


def time_jax(operations: int) -> dict[str, Any]:
    """The compiled gradient of a scan that carries the last results; the first call compiles.

    Written out one by one, 10^4 operations already take jax minutes to compile.
    """
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    weight, back, point = draw(operations)

    def last(inputs: Any) -> Any:
        def step(states: Any, row: Any) -> Any:
            w, a, b = row
            new = inputs[STATES + w] * states[-a] + FACTOR * states[-b]
            return jnp.append(states[1:], new), None

        return jax.lax.scan(step, inputs[:STATES], (weight, back[:, 0], back[:, 1]))[0][-1]

    gradient = jax.jit(jax.grad(last))
    times = measure(lambda: gradient(point).block_until_ready(), 1)
    found = float(gradient(point)[STATES - 1])
    return {**times, "megabytes": peak_megabytes(), "gradient": found}


def time_chain(steps: int) -> dict[str, Any]:
    """The best of the 2^steps paths of a product of `1 + w`, against the sums that they must be."""
    from gradiometer.numeric import LinearGraph, grow_path_tree, rank_paths

    weights = np.random.default_rng(1).uniform(0.01, 0.99, steps)
    local = np.ones(2 * steps)
    local[1::2] = weights
    first = np.concatenate([[0], 2 * np.arange(steps + 1)]).astype(np.int64)
    start = np.repeat(np.arange(steps, dtype=np.int32), 2)
    graph = LinearGraph(first, start, local, np.array([0], np.int32), steps)
    times = measure(lambda: rank_paths(grow_path_tree(graph), 0, most=BEST), RUNS)
    found = rank_paths(grow_path_tree(graph), 0, most=BEST)
    # A path is a set of steps whose weight it takes: the best are those with the smallest sums.
    sums = smallest_sums(-np.log(weights), BEST)
    off = np.max(np.abs(-found.value.log() - sums))
    return {
        **times,
        "megabytes": peak_megabytes(),
        "paths": len(found),
        "largest error": float(off),
    }


def smallest_sums(sizes: np.ndarray, count: int) -> np.ndarray:
    """The *count* smallest sums of subsets of positive numbers, ascending."""
    ordered = np.sort(sizes)[: count + 1].tolist()
    found, waiting = [0.0], [(ordered[0], 0)]
    while len(found) < count:
        total, last = heapq.heappop(waiting)
        found.append(total)
        if last + 1 < len(ordered):
            heapq.heappush(waiting, (total + ordered[last + 1], last + 1))
            heapq.heappush(waiting, (total - ordered[last] + ordered[last + 1], last + 1))
    return np.array(found)


WAYS = {
    "gradiometer": time_ours, "micrograd": time_micrograd, "torch": time_torch, "jax": time_jax,
    "chain": time_chain, "file": time_file,
}  # fmt: skip


def run_child(way: str, operations: int) -> dict[str, Any] | None:
    """What one process measured; None when it failed or took too long."""
    command = [sys.executable, str(HERE / "paths.py"), way, str(operations)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def time_paths() -> dict[str, Any]:
    """The times of all ways and sizes; peers that are not installed are left out."""
    ours = {str(n): run_child("gradiometer", n) for n in SIZES}
    peers = {
        name: {str(n): run_child(name, n) for n in sizes}
        for name, sizes in PEER_SIZES.items()
        if importlib.util.find_spec(name) is not None
    }
    arrays = {"gradiometer": ours, **peers}
    check_gradients(arrays)
    return {"arrays": arrays, "file": run_child("file", LINES), "chain": run_child("chain", STEPS)}


def check_gradients(arrays: dict[str, dict[str, Any]]) -> None:
    """Stop when a peer has another gradient."""
    for way, rows in arrays.items():
        for size, row in rows.items():
            ours = arrays["gradiometer"][size]
            if row and ours and not math.isclose(row["gradient"], ours["gradient"], rel_tol=1e-9):
                raise SystemExit(f"{way} has another gradient for {size} operations")


def write_paths(results: dict[str, Any]) -> list[str]:
    """The times as lines of Markdown."""
    columns = ("cpu", "user", "system", "wall", "first", "megabytes")
    lines = [
        "| gradients by path | operations | " + " | ".join(columns) + " | CPU over ours |",
        "|---" * (len(columns) + 3) + "|",
    ]
    ours = results["arrays"]["gradiometer"]
    for way, rows in results["arrays"].items():
        for operations, row in rows.items():
            cells = [f"{row[c]:.3g}" for c in columns] if row else [f"> {SECONDS:g} s or failed"]
            cells += ["–"] * (len(columns) - len(cells))
            own = ours[operations]
            ratio = f"{row['cpu'] / own['cpu']:.1f}" if row and own else "–"
            lines.append(f"| {way} | {int(operations):,} | {' | '.join(cells)} | {ratio} |")
    note = (
        "Seconds; ours is everything for one input, a peer's is forward and backward alone. "
        "`first` is the first call of a process (imports, loading or compiling kernels included); "
        "`system` is what the system takes to hand out memory."
    )
    return [*lines, "", note, "", *write_growth(ours), *write_file(results["file"]),
            *write_chain(results["chain"])]  # fmt: skip


def write_growth(ours: dict[str, Any]) -> list[str]:
    """Nanoseconds for each operation, by size: equal numbers are linear growth."""
    rows = [(int(size), row) for size, row in ours.items() if row]
    said = [
        f"{size:,}: {1e9 * row['user'] / size:.0f} + {1e9 * row['system'] / size:.0f}"
        for size, row in rows
    ]
    return [f"Nanoseconds of processor for an operation, user + system: {'; '.join(said)}.", ""]


def write_chain(row: dict[str, Any] | None) -> list[str]:
    """What the ranking of the chain took."""
    if row is None:
        return ["The paths of the chain were not ranked."]
    return [
        f"The {row['paths']:,} best of the 2^{STEPS:,} paths of a residual chain: "
        f"{row['cpu']:.2f} s CPU, {row['wall']:.2f} s wall; logarithms differ from the closed form "
        f"by at most {row['largest error']:.1e}."
    ]


def draw_figure(results: dict[str, Any], path: Path) -> None:
    """Processor seconds against operations, both logarithmic, with a line of slope 1."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    arrays = results["arrays"]
    for way, rows in arrays.items():
        points = [(int(n), row["cpu"]) for n, row in rows.items() if row]
        if points:
            axes.loglog(*zip(*points, strict=True), marker="o", label=way)
    million = arrays["gradiometer"][str(10**6)]
    if million:
        scale = million["cpu"] / 10**6
        axes.loglog(SIZES, [scale * n for n in SIZES], color="0.6", ls=":", label="linear")
    axes.set_xlabel("operations")
    axes.set_ylabel("processor seconds")
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """All ways and sizes, or in a child one of them, with a stack for the recursion of peers."""
    if len(sys.argv) == 1:
        results = time_paths()
        sys.stdout.write("\n".join(write_paths(results)) + "\n")
        draw_figure(results, HERE / "paths.svg")
        return
    threading.stack_size(1 << 30)
    way, operations = sys.argv[1], int(sys.argv[2])
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(WAYS[way](operations)))
    thread.start()
    thread.join()
    sys.stdout.write(json.dumps(found[0]) + "\n")


if __name__ == "__main__":
    main()
