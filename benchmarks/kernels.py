"""Millions of runs: seconds of compiled kernels beside peers that give the same positions.

Peers make fewer runs; their seconds are scaled to a million. Every number is a median of runs
taken in turn. Peers return positions alone, so beside them our runs have no labels either. The
limit is what one core does with one division and one square root for each step and coordinate.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from kernels_peer import RATE, RULES, list_peers, make_limit

STEPS = 1000
MANY, FEW = 1_000_000, 4_096
"""Runs of ours, and of peers and of one core."""
ROUNDS = 5
ALONE = 64
"""How many times as many runs as a peer one core makes, which spreads what every call costs."""
STREAMED, STREAMED_STEPS = 100_000_000, 100
"""Runs that one process makes block by block, and the steps of each."""
SURFACES = ("barrier", "double_well", "rosenbrock")
SETTINGS: dict[str, tuple[Any, dict[str, str]]] = {
    # As peers make it; the entry `sgd` also adds its weight decay, of 0, in each step.
    "sgd": ({
        "name": "descent",
        "parameters": {"learning_rate": {"default": "1/1000"}},
        "step": {"x'": "x - learning_rate*g"},
    }, {}),
    "momentum": ("sgd", {"momentum": "9/10"}),
    "adam": ("adam", {}),
    "adamw": ("adamw", {}),
    "rmsprop": ("rmsprop", {}),
    "lion": ({
        "name": "lion",
        "parameters": {"learning_rate": {"default": "1/1000"}},
        "state": {"m": "0"},
        "step": {"x'": "x - learning_rate*sign(0.9*m + (1 - 0.9)*g)",
                 "m'": "0.99*m + (1 - 0.99)*g"},
    }, {}),
}  # fmt: skip
COLD = (
    "from kernels import plan\n"
    "plan('adam', 'barrier').run([0.0]*64, steps=1000)\n"
)  # fmt: skip
STREAM = """
import json, resource, sys, time
import numpy as np
from kernels import plan
count, steps = int(sys.argv[1]), int(sys.argv[2])
start = time.perf_counter()
draw = lambda a, b: (-1 + 2 * np.arange(a, b) / count, {})
made = plan("sgd", "barrier").stream(count, draw, steps=steps, inside=(-5, 1.25))
runs = sum(len(part.step) for part in made)
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
json.dump({"runs": runs, "seconds": time.perf_counter() - start, "peak MB": peak / 1e6}, sys.stdout)
"""


def plan(rule: str, surface: str, **options: Any) -> Any:
    """The plan of a rule on a landscape."""
    from gradiometer.model import read_objective, read_optimizer, settle
    from gradiometer.numeric import plan_runs

    named, chosen = SETTINGS[rule]
    optimizer, objective = read_optimizer(named), read_objective(surface)
    shape = {"h": "1/8"} if surface == "barrier" else {}
    values = settle([optimizer.owner, objective.owner],
                    {"learning_rate": str(RATE), **chosen, **shape})  # fmt: skip
    bind = objective.bind_surface if surface == "rosenbrock" else objective.bind
    return plan_runs(optimizer.bind(values["optimizer"]), bind(values["objective"]), **options)


def draw_starts(surface: str, count: int) -> Any:
    shape = (count, 2) if surface == "rosenbrock" else (count,)
    return np.random.default_rng(0).uniform(-1, 1, shape)


def clock(call: Callable[[], object]) -> tuple[float, float]:
    """Wall seconds and processor seconds of a call."""
    wall, spent = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - spent


def compare(ours: Any, theirs: Any) -> float:
    """The share of runs that end at the same place up to a millionth, or both at no number."""
    with np.errstate(all="ignore"):
        near = np.abs(ours - theirs) <= 1e-6 * np.maximum(1, np.abs(ours))
    near |= ~np.isfinite(ours) & ~np.isfinite(theirs)
    return float(near.reshape(len(ours), -1).all(axis=1).mean())


def time_pair(rule: str, surface: str, many: int, few: int) -> dict[str, Any]:
    """One rule on one landscape: ours on all cores and on one, the peers, all in turn."""
    made = plan(rule, surface, labels=False)
    starts, short = draw_starts(surface, many), draw_starts(surface, few)
    expected = made.run(short, steps=STEPS).position
    shifted = made.run(np.nextafter(short, np.inf), steps=STEPS).position
    calls: dict[str, Callable[[], object]] = {
        "all cores": lambda: made.run(starts, steps=STEPS),
        "one core": lambda: made.run(starts[: ALONE * few], steps=STEPS, threads=1),
    }
    agreement = {}
    for name, make in list_peers().items():
        peer = make(rule, surface, STEPS)
        if peer is not None:
            agreement[name] = compare(expected, peer(short))
            calls[name] = lambda p=peer: p(short)
    limit, lanes = make_limit(), np.full(128, 1.5)
    calls["limit"] = lambda: limit(lanes, few * STEPS // 64)
    limit(lanes, 1)
    rounds = [{name: clock(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    sizes = {"all cores": many, "one core": ALONE * few}
    rows = {
        name: {kind: statistics.median(r[name][at] for r in rounds) * MANY / sizes.get(name, few)
               for at, kind in enumerate(("wall s", "processor s"))}
        for name in calls
    }  # fmt: skip
    ratios = {
        f"beside {name}": statistics.median(
            r[name][0] / few / (r["all cores"][0] / many) for r in rounds
        )
        for name in agreement
    }
    by_core = {
        name: statistics.median(ALONE * r[name][1] / r["one core"][1] for r in rounds)
        for name in agreement
    }
    coordinates = starts.size // len(starts)
    share = coordinates * statistics.median(
        r["limit"][1] * ALONE / r["one core"][1] for r in rounds
    )
    return {"seconds": rows, "same positions": agreement, "same from the next float":
            compare(expected, shifted), "ratios": ratios, "by core": by_core, "of limit": share,
            "both cores": rows["one core"]["wall s"] / rows["all cores"]["wall s"]}  # fmt: skip


def time_labels(many: int) -> dict[str, float]:
    """Seconds of Adam with verdicts: no decision comes early, and all come early."""
    starts = draw_starts("barrier", many)
    watched = plan("adam", "barrier", lowest=True)
    plain, early = plan("adam", "barrier"), plan("sgd", "barrier")
    calls = {
        "adam, labels": lambda: plain.run(starts, steps=STEPS, inside=(-5, 1.25)),
        "sgd, labels": lambda: early.run(starts, steps=STEPS, inside=(-5, 1.25)),
        "adam, labels and lowest loss": lambda: watched.run(starts, steps=STEPS),
        "adam, 10,000 steps, most have escaped early": lambda: plain.run(
            starts, steps=10 * STEPS, values={"learning_rate": 0.1}, inside=(-5, 1.25)
        ),
        "sgd, 100,000 steps, all repeat": lambda: early.run(starts, steps=100 * STEPS),
    }
    for call in calls.values():
        call()
    return {name: statistics.median(clock(call)[0] for _ in range(ROUNDS))
            for name, call in calls.items()}  # fmt: skip


def time_cold() -> dict[str, float]:
    """Wall seconds of a process that imports, plans and runs: nothing kept, and all kept."""

    def run(folder: str) -> float:
        here = Path(__file__).resolve().parent
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", COLD], check=True, cwd=here,
                       env={**os.environ, "GRADIOMETER_CACHE": folder})  # fmt: skip
        return time.perf_counter() - start

    def fresh() -> float:
        with tempfile.TemporaryDirectory() as folder:
            return run(folder)

    with tempfile.TemporaryDirectory() as folder:
        run(folder)
        kept = [run(folder) for _ in range(ROUNDS)]
    return {"nothing kept": statistics.median(fresh() for _ in range(ROUNDS)),
            "kernel kept": statistics.median(kept)}  # fmt: skip


def time_stream(count: int = STREAMED, steps: int = STREAMED_STEPS) -> dict[str, float]:
    """Runs, seconds and the largest memory of a process that makes runs block by block."""
    here = Path(__file__).resolve().parent
    done = subprocess.run([sys.executable, "-c", STREAM, str(count), str(steps)], check=True,
                          cwd=here, capture_output=True)  # fmt: skip
    return json.loads(done.stdout)


def time_kernels(many: int = MANY, few: int = FEW) -> dict[str, Any]:
    """Seconds of kernels and peers."""
    pairs = {f"{rule}, {surface}": time_pair(rule, surface, many, few)
             for surface in SURFACES for rule in RULES}  # fmt: skip
    return {"pairs": pairs, "labels s": time_labels(many), "process s": time_cold(),
            "stream": time_stream(min(100 * many, STREAMED))}  # fmt: skip


def write_kernels(results: dict[str, Any]) -> list[str]:
    """The results as lines of Markdown."""
    return [
        *write_pairs(results["pairs"]),
        "",
        "| a million runs with verdicts, both cores | seconds |", "|---|---:|",
        *(f"| {name} | {seconds:.2f} |" for name, seconds in results["labels s"].items()),
        "",
        "| a process that imports, plans and makes 64 runs of Adam | seconds |", "|---|---:|",
        *(f"| {name} | {seconds:.2f} |" for name, seconds in results["process s"].items()),
        "",
        "{runs:,} runs of {steps} steps of SGD with labels, block by block: {seconds:.1f} s and "
        "{peak MB:.0f} MB at most for the whole process.".format(
            steps=STREAMED_STEPS, **results["stream"]),
    ]  # fmt: skip


def write_pairs(pairs: dict[str, Any]) -> list[str]:
    """The rules on the landscapes, and how far peers agree."""
    names = ("optax", "torch", "NumPy", "naive Numba")
    lines = [
        f"| a million runs of {STEPS:,} steps, float64, positions alone | seconds "
        "| 10⁹ steps a second | both cores beside one | of the limit of one core "
        "| optax by processor seconds | "
        + " | ".join(f"{name}, scaled (ratio)" for name in names) + " |",
        "|---|" + "---:|" * (5 + len(names)),
    ]  # fmt: skip
    for title, row in pairs.items():
        wall = row["seconds"]["all cores"]["wall s"]
        cells = [
            f"{row['seconds'][n]['wall s']:.3g} ({row['ratios'][f'beside {n}']:.1f}×)"
            if n in row["seconds"] else "" for n in names
        ]  # fmt: skip
        by_core = f"{row['by core']['optax']:.1f}×" if "optax" in row["by core"] else ""
        lines.append(
            f"| {title} | {wall:.2f} | {MANY * STEPS / wall / 1e9:.2f} | {row['both cores']:.2f}× "
            f"| {row['of limit']:.2f} | {by_core} | {' | '.join(cells)} |"
        )
    worst, title, peer = min((share, title, peer) for title, row in pairs.items()
                             for peer, share in row["same positions"].items())  # fmt: skip
    return [
        *lines,
        "",
        "The limit is one division and one square root for each step and coordinate; rules without "
        f"them may pass it. Peers make {FEW:,} runs, scaled to a million, which fit in the first "
        "cache; optax uses one core for them, and its ratio by processor seconds is one core "
        f"beside one core. At least {worst:.2%} of a peer's runs end where ours do, up to a "
        f"millionth: {title} beside {peer}, where of our own runs "
        f"{pairs[title]['same from the next float']:.2%} do when they start one float further.",
    ]


def main() -> None:
    """Print the results alone; a number makes fewer runs."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    sys.stdout.write("\n".join(write_kernels(time_kernels(many))) + "\n")


if __name__ == "__main__":
    main()
